/** From a manifest to a destination, or to all its faults. */

import { type Fault, inOrder } from '../fault.ts';
import type { Manifest, SettingSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import type { ManifestFile } from '../manifest/read.ts';
import { say } from '../manifest/say.ts';
import { compilePattern } from '../schema/pattern.ts';
import { Author } from './author.ts';
import { compileConnection } from './connection.ts';
import type { Connection, Destination, SettingDeclaration } from './destination.ts';
import { milliseconds } from './duration.ts';
import { FormCompiler } from './form.ts';
import { problemOfHeader } from './headers.ts';
import { compileLookups } from './lookup.ts';
import { placeNames } from './names.ts';
import { compileDefaults } from './rate-limit.ts';
import { compileRequest } from './request.ts';
import { checkValue, variableOf } from './settings.ts';

const DEFAULT_DEADLINE = '25s';

/** A destination, and what is told of how it was compiled. */
export interface CompiledManifest {
  readonly destination: Destination;
  /** Where the manifest opts out of escaping. */
  readonly raws: readonly Path[];
  /** How many templates it holds. */
  readonly templates: number;
}

export function compileDestination(file: ManifestFile): CompiledManifest | readonly Fault[] {
  const { id, manifest, yaml } = file;
  const author = new Author(file);
  const names = placeNames(manifest);
  const settings = Object.entries(manifest.settings ?? {}).map(([name, spec]) => declareSetting(id, name, spec, author));
  const deadline = deadlineOf(manifest, author);
  const defaults = compileDefaults(manifest.connection, deadline, author, names);
  const lookups = compileLookups(manifest.lookups ?? {}, defaults, author, names);
  const requests = new Map(
    Object.entries(manifest.requests).map(([name, spec]) => [name, compileRequest(name, spec, defaults, author, names)]),
  );
  const connection = compileConnection(manifest.connection, author, names);
  checkHeaderOrigins(manifest, connection, author);
  const destination: Destination = {
    id,
    name: manifest.name,
    description: manifest.description,
    file: yaml.file,
    settings,
    vars: manifest.vars ?? {},
    connection,
    form: new FormCompiler(author, names, requests).compile(manifest),
    lookups,
    requests,
    batchSize: manifest.behavior?.batchSize,
    skipInitialRun: manifest.behavior?.skipInitialRun ?? false,
    deadline,
  };
  return author.faults.length > 0 ? inOrder(author.faults) : { destination, raws: author.raws, templates: author.templates };
}

/** A caller that chooses the host must not be sent the operator's secrets. */
function checkHeaderOrigins(manifest: Manifest, { url }: Connection, author: Author): void {
  const settings = Object.entries(manifest.settings ?? {});
  const kept = settings.filter(([, spec]) => spec.secret === true && spec.header === undefined).map(([name]) => name);
  if (kept.length === 0) return;
  // What the templates read, however it is written: settings.host and settings['host'] are one.
  const read = new Set([...url.template.names, ...(url.allow?.names ?? [])]);
  for (const [name, spec] of settings) {
    if (spec.header === undefined || spec.enum !== undefined || !read.has(`settings.${name}`)) continue;
    const sentence = `A caller's header chooses the host through settings.${name}, and would be sent the operator's secret settings.${kept[0]}. Give ${name} an enum, or let every secret come with the call.`;
    author.fault('manifest.origin', ['settings', name, 'header'], sentence, 'key');
  }
}

/** At least a second: the caller's own time limits are tens of seconds. */
function deadlineOf(manifest: Manifest, author: Author): number {
  return milliseconds(manifest.behavior?.deadline ?? DEFAULT_DEADLINE, ['behavior', 'deadline'], author, { least: 1000 });
}

function declareSetting(id: string, name: string, spec: SettingSpec, author: Author): SettingDeclaration {
  const path: Path = ['settings', name];
  const pattern = spec.pattern === undefined ? undefined : compilePattern(spec.pattern, true);
  const unfit = pattern !== undefined && 'sentence' in pattern;
  if (unfit) author.faultWithin('manifest.pattern', [...path, 'pattern'], pattern.sentence, pattern.offset, pattern.length);
  if (spec.secret === true && spec.default !== undefined) {
    author.fault(
      'manifest.secret',
      [...path, 'default'],
      'A secret has no default: it would stand in this file. Supply it in the environment.',
      'key',
    );
  }
  const declaration: SettingDeclaration = {
    name,
    env: spec.env ?? variableOf(id, name),
    file: spec.file,
    header: spec.header?.toLowerCase(),
    secret: spec.secret ?? false,
    type: spec.type ?? 'text',
    fallback: spec.default,
    pattern: unfit ? undefined : pattern,
    allowed: spec.enum,
    description: spec.description,
  };
  if (spec.header !== undefined && problemOfHeader(spec.header) !== undefined) {
    author.fault('manifest.header', [...path, 'header'], `${say(spec.header)} cannot be a header of the caller's request.`);
  }
  if (spec.header?.toLowerCase() === 'authorization') {
    author.fault(
      'manifest.header',
      [...path, 'header'],
      `"${spec.header}" holds the caller's token for Rowpost itself, which no API may see. Choose another name, such as X-Api-Key.`,
    );
  }
  if (spec.header !== undefined && spec.secret === true && (spec.env !== undefined || spec.file !== undefined)) {
    author.fault(
      'manifest.secret',
      [...path, 'header'],
      'A secret that comes with the call comes by no other way: remove env and file, or header.',
      'key',
    );
  }
  const wrong = spec.default === undefined ? undefined : checkValue(declaration, spec.default);
  if (wrong !== undefined) {
    const quote = declaration.type === 'text' && typeof spec.default !== 'object';
    const hint = quote && typeof spec.default !== 'string' ? `Quote it: "${say(spec.default)}".` : undefined;
    author.fault('manifest.default', [...path, 'default'], `The default ${wrong}.`, 'value', hint);
  }
  return declaration;
}
