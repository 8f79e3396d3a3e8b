/** Makes destinations of short manifests. */

import assert from 'node:assert/strict';
import { type BoundDestination, bindDestination, isFaults } from '../../src/destination/bind.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import type { Destination } from '../../src/destination/destination.ts';
import type { Supply } from '../../src/destination/settings.ts';
import { type Fault, showFault } from '../../src/fault.ts';
import { readManifest } from '../../src/manifest/read.ts';

/** @param words lines beside those that every manifest has */
export function manifest(words: string, connection = 'url: https://api.example.com'): string {
  const sync = /^(?:sync|modes|objects):/m.test(words) ? '' : 'sync: { add: send }\n';
  return `version: 1\nname: Example\nconnection: { ${connection} }\n${sync}${words}\nrequests:\n  send: { post: /contacts }\n  drop: { delete: "/contacts/{{ id }}" }\n`;
}

export function compiled(text: string, id = 'example'): Destination {
  const file = readManifest(id, `${id}.yaml`, text);
  if (isFaults(file)) return assert.fail(file.map(showFault).join('\n'));
  const result = compileDestination(file);
  return isFaults(result) ? assert.fail(result.map(showFault).join('\n')) : result.destination;
}

/** An environment and files, both in memory. */
export function supply(env: Record<string, string> = {}, files: Record<string, string> = {}): Supply {
  return {
    env,
    readFile: (path) => files[path] ?? assert.fail(`there is no ${path}`),
  };
}

export function bound(text: string, from: Supply = supply()): BoundDestination {
  const result = bindDestination(compiled(text), from);
  return isFaults(result) ? assert.fail(messages(result).join('\n')) : result;
}

export function messages(faults: readonly Fault[]): string[] {
  return faults.map(({ code, message }) => `${code}: ${message}`);
}
