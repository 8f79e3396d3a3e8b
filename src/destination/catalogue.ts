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
import { givenSecrets, type Supply, settingFilesOf, variableOf } from './settings.ts';

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
  /** What its settings are read from. */
  readonly settingFiles: readonly string[];
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
    const names = readdirSync(folder).filter((name) => MANIFEST.test(name) && !CASES.test(name));
    return pathsIn(folder, names.sort());
  } catch (cause) {
    throw new Fault({
      code: 'usage.folder',
      sentence: `The folder ${folder} cannot be read. Name the folder that holds the manifests with --destinations or ROWPOST_DESTINATIONS.`,
      cause,
    });
  }
}

/** As `join` makes each of them, in a tenth of the time. */
export function pathsIn(folder: string, names: readonly string[]): string[] {
  const before = join(folder, '_').slice(0, -1);
  return names.map((name) => before + name);
}

export function idOf(file: string): string {
  return MANIFEST.exec(file.split(/[\\/]/).at(-1) ?? '')?.[1] ?? file;
}

/** Work of some milliseconds at a time: others may have theirs done in between. */
type InPieces<T> = Generator<void, T, void>;

function atOnce<T>(pieces: InPieces<T>): T {
  for (;;) {
    const piece = pieces.next();
    if (piece.done) return piece.value;
  }
}

/** @throws {Fault} where there is no folder */
export function loadCatalogue(folder: string, supply: Supply): ReadonlyMap<string, Loaded> {
  return atOnce(loadInPieces(folder, supply));
}

/** One file, read, compiled and bound. */
export function load(id: string, file: string, supply: Supply): Loaded {
  return atOnce(loadFile(id, file, supply));
}

/** What was loaded before, and the files that may be others by now: of manifests and of settings. */
export interface Earlier {
  readonly catalogue: ReadonlyMap<string, Loaded>;
  readonly changed: ReadonlySet<string>;
}

/**
 * One file after another. What did not change is not read again, and a file with the same text not compiled again.
 * @throws {Fault} where there is no folder
 */
export function* loadInPieces(folder: string, supply: Supply, earlier?: Earlier): InPieces<ReadonlyMap<string, Loaded>> {
  const { catalogue: known, changed } = earlier ?? NOTHING;
  const files = manifestFiles(folder);
  const named = isOf(known, files) ? known : nameEach(files, known);
  const catalogue = new Map<string, Loaded>();
  for (const [id, one] of named) {
    if (typeof one !== 'string' && (isClash(one) || holds(one, changed))) {
      catalogue.set(id, one);
      continue;
    }
    yield;
    const loaded = typeof one === 'string' ? loadFile(id, one, supply) : loadFile(id, one.file, supply, one);
    catalogue.set(id, yield* loaded);
  }
  yield;
  return catalogue;
}

const NOTHING: Earlier = { catalogue: new Map(), changed: new Set() };

/** Whether these files are what was loaded, so that each has the name that it had. */
function isOf(catalogue: ReadonlyMap<string, Loaded>, files: readonly string[]): boolean {
  if (catalogue.size !== files.length) return false;
  let at = 0;
  for (const { file } of catalogue.values()) if (file !== files[at++]) return false;
  return true;
}

/** Each file by its id: what is known of it, where something is. Of two whose settings would share variables the second is broken. */
function nameEach(files: readonly string[], known: ReadonlyMap<string, Loaded>): ReadonlyMap<string, Loaded | string> {
  const named = new Map<string, Loaded | string>();
  const owners = new Map<string, string>();
  for (const file of files) {
    const id = idOf(file);
    const variables = variableOf(id, '');
    const owner = owners.get(variables);
    const clash = owner && `${owner} has the same name for the environment (${variables}…). Rename one of the two files.`;
    const name = clash !== undefined && named.has(id) ? `${id} (${basename(file)})` : id;
    const before = known.get(name);
    const same = before?.file === file && (isClash(before) ? before.faults[0]?.sentence : undefined) === clash;
    named.set(name, same ? before : clash === undefined ? file : broken(name, file, [clashOf(file, clash)]));
    if (owner === undefined) owners.set(variables, file);
  }
  return named;
}

function clashOf(file: string, sentence: string): Fault {
  return new Fault({ code: 'manifest.clash', sentence, place: { file, line: 1, column: 1, length: 1, text: '' } });
}

function isClash({ faults }: Loaded): boolean {
  return faults[0]?.code === 'manifest.clash';
}

/** Whether what was loaded is right, and nothing that it was read from changed. What is not right is tried again each time. */
function holds({ file, destination, faults, missing, settingFiles }: Loaded, changed: ReadonlySet<string>): boolean {
  if (destination === undefined || faults.length + missing.length > 0 || changed.has(file)) return false;
  return !settingFiles.some((path) => changed.has(path));
}

function* loadFile(id: string, file: string, supply: Supply, previous?: Loaded): InPieces<Loaded> {
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
  yield;
  const compiled = compileDestination(manifest);
  if (isFaults(compiled)) return broken(id, file, compiled, text);
  const { destination, raws, templates } = compiled;
  const bound = bindDestination(destination, supply);
  const secrets = secretsOf(destination, bound, supply);
  const settingFiles = settingFilesOf(destination, supply);
  const right = { id, file, text, destination, faults: [], secrets, settingFiles, raws, templates };
  return isFaults(bound) ? { ...right, bound: undefined, missing: bound } : { ...right, bound, missing: [] };
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
  const none = { destination: undefined, bound: undefined, missing: [], secrets: [], settingFiles: [], raws: [], templates: 0 };
  return { id, file, text, faults, ...none };
}
