/** All destinations of a folder: each ready, or broken with its faults, and none stopping another. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Fault } from '../fault.ts';
import type { Path } from '../manifest/places.ts';
import { readManifest } from '../manifest/read.ts';
import { stringifyJson } from '../numbers.ts';
import { type BoundDestination, bindDestination, isFaults } from './bind.ts';
import { compileDestination } from './compile.ts';
import type { Destination } from './destination.ts';
import { givenSecrets, type Supply, settingFiles, variableOf } from './settings.ts';

/** One file of the folder. */
export interface Loaded {
  readonly id: string;
  readonly file: string;
  /** Undefined where it was not read. */
  readonly text: string | undefined;
  /** There where the manifest is right. */
  readonly destination: Destination | undefined;
  /** There where its settings are right too, or were when they were read last. */
  readonly bound: BoundDestination | undefined;
  /** Of the manifest, which its author mends. */
  readonly faults: readonly Fault[];
  /** Of the settings as they are now, which the operator mends. */
  readonly missing: readonly Fault[];
  /** The operator's secrets, right or wrong: what is said of this file must not show them. */
  readonly secrets: readonly string[];
  /** Where outputs opt out of escaping. */
  readonly raws: readonly Path[];
  /** How many templates it holds. */
  readonly templates: number;
}

const MANIFEST = /^(?!\.)(.+?)\.ya?ml$/;
const CASES = /\.test\.ya?ml$/;

/** The manifests of a folder, by name; golden cases and hidden files are not among them. @throws {Fault} where there is no folder */
export function manifestFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => MANIFEST.test(name) && !CASES.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (cause) {
    throw new Fault({
      code: 'usage.folder',
      sentence: `The folder ${folder} cannot be read. Name the folder that holds the manifests with --destinations or ROWPOST_DESTINATIONS.`,
      cause,
    });
  }
}

export function idOf(file: string): string {
  return MANIFEST.exec(file.split(/[\\/]/).at(-1) ?? '')?.[1] ?? file;
}

/** All of it at once. @throws {Fault} where there is no folder */
export function loadCatalogue(folder: string, supply: Supply): ReadonlyMap<string, Loaded> {
  return new Map(Array.from(loadEach(folder, supply), (loaded) => [loaded.id, loaded]));
}

/** What was loaded before, and the files that may be others by now: of manifests and of settings. */
export interface Earlier {
  readonly catalogue: ReadonlyMap<string, Loaded>;
  readonly changed: ReadonlySet<string>;
}

/**
 * One after another, so that other work can be done in between. What did not change is not read again, and a file with the
 * same text not compiled again.
 * @throws {Fault} where there is no folder
 */
export function* loadEach(folder: string, supply: Supply, earlier?: Earlier): Generator<Loaded, void> {
  const taken = new Set<string>();
  const owners = new Map<string, string>();
  for (const file of manifestFiles(folder)) {
    const id = idOf(file);
    const variables = variableOf(id, '');
    const owner = owners.get(variables);
    if (owner === undefined) {
      owners.set(variables, file);
      taken.add(id);
      const before = earlier?.catalogue.get(id);
      yield earlier !== undefined && before?.file === file && holds(before, earlier.changed, supply)
        ? before
        : load(id, file, supply, before);
      continue;
    }
    const sentence = `${owner} has the same name for the environment (${variables}…). Rename one of the two files.`;
    const name = taken.has(id) ? `${id} (${basename(file)})` : id;
    taken.add(name);
    const before = earlier?.catalogue.get(name);
    const known = before?.file === file && before.faults[0]?.sentence === sentence ? before : undefined;
    const place = { file, line: 1, column: 1, length: 1, text: '' };
    yield known ?? broken(name, file, [new Fault({ code: 'manifest.clash', sentence, place })]);
  }
}

/** Whether what was loaded is right, and nothing that it was read from changed. What is not right is tried again each time. */
function holds({ file, destination, faults, missing }: Loaded, changed: ReadonlySet<string>, supply: Supply): boolean {
  if (destination === undefined || faults.length + missing.length > 0 || changed.has(file)) return false;
  return !settingFiles(destination, supply).some((path) => changed.has(path));
}

/** One file, read, compiled and bound. */
export function load(id: string, file: string, supply: Supply, previous?: Loaded): Loaded {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const sentence = `${file} cannot be read. Check that it exists and that Rowpost may read it.`;
    const fault = new Fault({ code: 'manifest.file', sentence, cause });
    return previous?.file === file && previous.faults[0]?.message === fault.message ? previous : broken(id, file, [fault]);
  }
  // Faults of the same text are the same.
  if (previous?.file === file && previous.text === text) return rebound(previous, supply);
  const manifest = readManifest(id, file, text);
  if (isFaults(manifest)) return broken(id, file, manifest, text);
  const compiled = compileDestination(manifest);
  if (isFaults(compiled)) return broken(id, file, compiled, text);
  const { destination, raws, templates } = compiled;
  const bound = bindDestination(destination, supply);
  const secrets = secretsOf(destination, bound, supply);
  return isFaults(bound)
    ? { id, file, text, destination, bound: undefined, faults: [], missing: bound, secrets, raws, templates }
    : { id, file, text, destination, bound, faults: [], missing: [], secrets, raws, templates };
}

/** Settings from files may have changed by now, or be there at last; where one cannot be read any more, its last good value holds. */
function rebound(previous: Loaded, supply: Supply): Loaded {
  const { destination, missing } = previous;
  if (destination === undefined) return previous;
  const bound = bindDestination(destination, supply);
  const secrets = secretsOf(destination, bound, supply);
  if (isFaults(bound)) {
    const same = bound.length === missing.length && bound.every(({ message }, index) => message === missing[index]?.message);
    return same ? previous : { ...previous, missing: bound, secrets };
  }
  const values = ({ settings }: BoundDestination) => stringifyJson(settings.values);
  const same = missing.length === 0 && previous.bound !== undefined && values(bound) === values(previous.bound);
  return same ? previous : { ...previous, bound, missing: [], secrets };
}

function secretsOf({ settings }: Destination, bound: BoundDestination | readonly Fault[], supply: Supply): readonly string[] {
  return isFaults(bound) ? givenSecrets(settings, supply) : bound.settings.secrets;
}

function broken(id: string, file: string, faults: readonly Fault[], text?: string): Loaded {
  return { id, file, text, destination: undefined, bound: undefined, faults, missing: [], secrets: [], raws: [], templates: 0 };
}
