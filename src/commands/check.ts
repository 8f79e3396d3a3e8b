/** `rowpost check`: reads manifests as `serve` would, and shows every fault at its line. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import colors from 'picocolors';
import { batchSize } from '../destination/batch-size.ts';
import { idOf, type Loaded, load, loadCatalogue, manifestFiles } from '../destination/catalogue.ts';
import type { Destination, Request } from '../destination/destination.ts';
import { reachableSyncs } from '../destination/listing.ts';
import { ROW_NAMES } from '../destination/names.ts';
import { didYouMean, Fault } from '../fault.ts';
import { EXIT, type ExitCode, faultJson, hide, paintFault, print, printJson, supply } from './terminal.ts';

export interface CheckOptions {
  readonly destinations: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

export function check(names: readonly string[], { destinations, explain = false, json = false }: CheckOptions): ExitCode {
  const loaded = select(names, destinations);
  const faults = loaded.flatMap((one) => one.faults);
  if (json) {
    printJson({
      ok: faults.length === 0,
      destinations: loaded.map((one) => ({
        id: one.id,
        file: one.file,
        faults: one.faults.map(faultJson),
        settings: one.missing.map(faultJson),
        notes: notesOf(one),
        ...(explain && { templates: one.templates }),
      })),
    });
  } else report(loaded, faults, destinations, explain);
  return faults.length > 0 ? EXIT.faults : EXIT.ok;
}

/** How the files of golden cases end. */
export const CASES = /\.test\.ya?ml$/;

/** All of the folder, or the ones named: by id, or by the path of a file. @throws {Fault} for a name that is neither */
export function select(names: readonly string[], folder: string): Loaded[] {
  // A shell's destinations/*.yaml names the cases too: they stand for their manifest.
  const loaded =
    names.length === 0
      ? [...loadCatalogue(folder, supply()).values()]
      : [...new Set(names.map((name) => find(name, folder)))].map((file) => load(idOf(file), file, supply()));
  hide(loaded.flatMap(({ secrets }) => secrets));
  return loaded;
}

function find(name: string, folder: string): string {
  const stem = name.replace(CASES, '');
  const inFolder = join(folder, stem);
  const candidates = stem === name ? [name, inFolder, `${inFolder}.yaml`, `${inFolder}.yml`] : [`${stem}.yaml`, `${stem}.yml`];
  const file = candidates.find((path) => /\.ya?ml$/.test(path) && existsSync(path));
  if (file !== undefined) return file;
  const ids = manifestFiles(folder).map(idOf);
  throw new Fault({
    code: 'usage.destination',
    sentence: `There is no destination "${name}" in ${folder}, and no manifest of that path. Name an id${ids.length === 0 ? '' : ` (${ids.slice(0, NAMED).join(', ')}${ids.length > NAMED ? ', …' : ''})`} or the path of a manifest.`,
    hint: didYouMean(name, ids),
  });
}

/** As many ids as an error names. */
const NAMED = 10;

function report(loaded: readonly Loaded[], faults: readonly Fault[], folder: string, explain: boolean): void {
  for (const one of loaded) {
    for (const fault of one.faults) print(`${paintFault(fault)}\n`);
    if (one.faults.length > 0) continue;
    print(`${colors.green('ok')}  ${one.file}`);
    const notes = [...notesOf(one), ...(explain ? [`all ${one.templates} templates are compiled`] : [])];
    for (const note of notes) print(colors.dim(`    ${note}`));
    for (const fault of one.missing) print(colors.dim(`    to serve it: ${fault.message}`));
  }
  const count = `${loaded.length} ${loaded.length === 1 ? 'manifest' : 'manifests'}`;
  if (loaded.length === 0)
    print(`There are no manifests in ${folder}. Put a .yaml file there; docs/manifest.md says what it holds.`);
  else if (faults.length > 0) print(colors.red(`${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in ${count}`));
  else print(`No faults in ${count}.`);
}

/** What a reviewer should look at, although it is right: escapes switched off, and answers taken for a yes. */
function notesOf({ raws, destination }: Loaded): string[] {
  const accepts = [...(destination?.requests.values() ?? [])].flatMap((request) =>
    request.response.rules.flatMap((rule, index) =>
      rule.then === 'accept' ? [`requests.${request.name}.response.rules[${index}] accepts rows by a rule`] : [],
    ),
  );
  return [
    ...raws.map((path) => `${path.join('.')} switches escaping off with raw`),
    ...accepts,
    ...answersOf(destination),
    ...ratesOf(destination),
  ];
}

/** What the words on answers leave to ask. */
function answersOf(destination: Destination | undefined): string[] {
  if (destination === undefined) return [];
  const flows = reachableSyncs(destination.form).flatMap((sync) => [...sync.entries()]);
  const endless = flows.filter(
    ([, { steps }]) =>
      !steps.some((step) => (step.kind === 'request' ? step.end : step.kind === 'rule' && step.then === 'accept')),
  );
  const requests = [...destination.requests.values()];
  const joins = ({ response }: Request) => [...response.rows, ...response.errors];
  return [
    ...endless.map(
      ([operation]) => `sync.${operation} has no end: every step keeps its answer or only asks, so that no row is ever accepted`,
    ),
    ...requests.flatMap((request) =>
      joins(request).flatMap(({ rules }) =>
        rules.flatMap((rule, index) =>
          rule.then === 'accept' ? [`a rule of requests.${request.name}.response (${index}) accepts single rows`] : [],
        ),
      ),
    ),
    ...requests
      .filter((request) => request.batch === undefined && joins(request).some(({ index }) => index !== undefined))
      .map(({ name }) => `requests.${name}.response joins by index, and each request holds one row: its index is always 0`),
    ...requests
      .filter(
        ({ response, idempotent, idempotency, method }) =>
          response.bisect && !(idempotent ?? (idempotency !== undefined || method === 'PUT' || method === 'DELETE')),
      )
      .map(
        ({ name }) =>
          `requests.${name} is split where it is refused, and not said to be idempotent: what a refused request took in part is sent again`,
      ),
    ...requests.flatMap(({ name, response }) =>
      response.unlike.map(
        (side) =>
          `requests.${name}.response.${side} and response.key are joined as text, and only one of the two is made lower or upper case`,
      ),
    ),
    ...requests
      .filter(({ response }) => response.key !== undefined && joinsOnlyByAnswer(response.key.names))
      .map(
        ({ name }) =>
          `requests.${name}.response.key reads nothing of the row: all rows have the same key, and go one after the other`,
      ),
  ];
}

function joinsOnlyByAnswer(names: ReadonlySet<string>): boolean {
  return ![...names].some((name) => ROW_NAMES.has(name));
}

function ratesOf(destination: Destination | undefined): string[] {
  if (destination === undefined) return [];
  const requests = [...destination.requests.values()];
  const flows = reachableSyncs(destination.form).flatMap((sync) => [...sync.values()]);
  const { size, declared } = batchSize(destination, flows, destination.deadline);
  const keyed = requests.filter(({ idempotency, batch }) => idempotency?.by !== undefined && (batch?.size ?? 1) > 1);
  return [
    ...(size < declared
      ? [
          `behavior.batchSize would be ${declared}; at the declared rate ${size} rows can be sent within the deadline of ${destination.deadline / 1000} s, so ${size} is answered`,
        ]
      : []),
    ...keyed.map(
      ({ name }) =>
        `requests.${name}.idempotency.by makes one key of all rows of a request: it is the same again only where the same rows come again in one batch`,
    ),
  ];
}
