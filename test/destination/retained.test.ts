/** What a destination keeps of the file that it was compiled from: nothing, since a file takes ten times the memory of what is made of it. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isFaults } from '../../src/destination/bind.ts';
import { idOf } from '../../src/destination/catalogue.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import type { Destination } from '../../src/destination/destination.ts';
import { showFault } from '../../src/fault.ts';
import { readManifest } from '../../src/manifest/read.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const FILES = ['destinations', 'test/manifest/whole'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /(?<!\.test)\.yaml$/.test(name))
    .map((name) => `${folder}/${name}`),
);

function compiled(file: string): { destination: Destination; yaml: WeakRef<object> } {
  const read = readManifest(idOf(file), file, readFileSync(file, 'utf8'));
  if (isFaults(read)) return assert.fail(read.map(showFault).join('\n'));
  const result = compileDestination(read);
  if (isFaults(result)) return assert.fail(result.map(showFault).join('\n'));
  return { destination: result.destination, yaml: new WeakRef(read.yaml) };
}

describe('a destination keeps nothing of its file', () => {
  for (const file of FILES) {
    it(file, async () => {
      const { destination, yaml } = compiled(file);
      // What a weak reference was made of lives until the end of its turn.
      await nextTurn();
      collect();
      assert.equal(yaml.deref(), undefined);
      assert.equal(destination.id, idOf(file));
    });
  }
});
