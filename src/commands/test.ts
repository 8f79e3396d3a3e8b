/** `rowpost test`: plays the golden cases beside the manifests; with `--update` writes what came of them. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import colors from 'picocolors';
import { type CasesFile, readCases } from '../cases/case.ts';
import { compareCase } from '../cases/check.ts';
import { type Played, playCase } from '../cases/play.ts';
import { updateCases } from '../cases/update.ts';
import { isFaults } from '../destination/bind.ts';
import { idOf, type Loaded, manifestFiles } from '../destination/catalogue.ts';
import type { Destination } from '../destination/destination.ts';
import { Fault } from '../fault.ts';
import { CASES, select } from './check.ts';
import { EXIT, type ExitCode, faultJson, paintFault, print, printJson } from './terminal.ts';

export interface TestOptions {
  readonly destinations: string;
  readonly json?: boolean;
  readonly update?: boolean;
}

/** What came of one case. */
export interface CaseResult {
  readonly name: string;
  /** Where it stands: file, line and column. */
  readonly where: string;
  readonly differences: readonly string[];
}

export interface FileResult {
  readonly id: string;
  /** The file of cases; undefined where there is none. */
  readonly file: string | undefined;
  readonly faults: readonly Fault[];
  readonly cases: readonly CaseResult[];
  readonly updated: boolean;
}

export async function test(
  names: readonly string[],
  { destinations, json = false, update = false }: TestOptions,
): Promise<ExitCode> {
  const results: FileResult[] = [];
  for (const loaded of select(names, destinations)) results.push(await testDestination(loaded, update));
  if (names.length === 0) results.push(...orphans(destinations));
  const played = results.flatMap((one) => one.cases);
  const failed = played.filter((one) => one.differences.length > 0).length;
  const faults = results.flatMap((one) => one.faults).length;
  const ok = failed === 0 && faults === 0 && played.length > 0;
  if (json) {
    printJson({
      ok,
      passed: played.length - failed,
      failed,
      destinations: results.map((one) => ({ ...one, faults: one.faults.map(faultJson) })),
    });
  } else {
    for (const result of results) report(result);
    print(summary(played.length - failed, failed, faults));
  }
  return ok ? EXIT.ok : EXIT.faults;
}

function summary(passed: number, failed: number, faults: number): string {
  const found = faults === 0 ? '' : colors.red(`${faults} ${faults === 1 ? 'fault' : 'faults'}`);
  if (passed + failed === 0) {
    const why = faults === 0 ? 'Golden cases lie beside their manifest, in <name>.test.yaml.' : `${found}.`;
    return `${colors.red('No case was played.')} ${why}`;
  }
  return [
    failed + faults === 0 ? colors.green(`${passed} passed`) : `${passed} passed`,
    failed > 0 ? colors.red(`${failed} failed`) : '0 failed',
    ...(faults > 0 ? [found] : []),
  ].join(', ');
}

/** Cases without a manifest would never be played, and nobody would hear of it. */
function orphans(folder: string): FileResult[] {
  const manifests = new Set(manifestFiles(folder).map(idOf));
  return readdirSync(folder)
    .filter((name) => CASES.test(name) && !manifests.has(name.replace(CASES, '')))
    .map((name) => {
      const file = join(folder, name);
      const sentence = `${file} holds golden cases, but the manifest ${file.replace(CASES, '.yaml')} is not there. Rename one of the two, or remove the cases.`;
      return {
        id: name.replace(CASES, ''),
        file,
        faults: [new Fault({ code: 'cases.orphan', sentence })],
        cases: [],
        updated: false,
      };
    });
}

/** Plays the cases of one destination. */
export async function testDestination(loaded: Loaded, update: boolean): Promise<FileResult> {
  const nothing = { id: loaded.id, file: undefined, faults: [], cases: [], updated: false };
  if (loaded.destination === undefined) return { ...nothing, faults: loaded.faults };
  const file = ['.test.yaml', '.test.yml']
    .map((ending) => loaded.file.replace(/\.ya?ml$/, ending))
    .find((path) => existsSync(path));
  if (file === undefined) return nothing;
  const cases = readCases(file, readFileSync(file, 'utf8'));
  if (isFaults(cases)) return { ...nothing, file, faults: cases };
  return update ? updateAll(loaded.id, loaded.destination, cases) : playAll(loaded.id, loaded.destination, cases);
}

async function playAll(id: string, destination: Destination, file: CasesFile): Promise<FileResult> {
  const results: CaseResult[] = [];
  for (const [index, one] of file.spec.cases.entries()) {
    const where = whereOf(file, index);
    try {
      results.push({
        name: one.name,
        where,
        differences: compareCase(one, await playCase(destination, file.spec, one)),
      });
    } catch (error) {
      results.push({ name: one.name, where, differences: [failure(error)] });
    }
  }
  return { id, file: file.file, faults: [], cases: results, updated: false };
}

async function updateAll(id: string, destination: Destination, file: CasesFile): Promise<FileResult> {
  const played: (Played | undefined)[] = [];
  const failures = new Map<number, readonly string[]>();
  for (const [index, one] of file.spec.cases.entries()) {
    try {
      played.push(await playCase(destination, file.spec, one));
    } catch (error) {
      failures.set(index, [failure(error)]);
      played.push(undefined);
    }
  }
  const { text, wanted } = updateCases(file, played);
  const updated = text !== file.text;
  if (updated) writeFileSync(file.file, text);
  const written = updated ? readCases(file.file, text) : file;
  const cases = file.spec.cases.map((one, index) => ({
    name: one.name,
    where: whereOf(isFaults(written) ? file : written, index),
    differences: failures.get(index) ?? wanted.get(index) ?? [],
  }));
  return { id, file: file.file, faults: [], cases, updated };
}

function failure(error: unknown): string {
  if (error instanceof Fault) return `the case cannot be played: ${error.message}`;
  throw error;
}

function whereOf({ yaml }: CasesFile, index: number): string {
  const { file, line, column } = yaml.place(['cases', index]);
  return `${file}:${line}:${column}`;
}

function report({ id, file, faults, cases, updated }: FileResult): void {
  for (const fault of faults) print(`${paintFault(fault)}\n`);
  if (faults.length > 0) return;
  if (file === undefined) return print(colors.dim(`-   ${id} has no golden cases`));
  const failed = cases.filter((one) => one.differences.length > 0);
  print(
    `${failed.length === 0 ? colors.green('ok') : colors.red('failed')}  ${id}: ${cases.length} ${cases.length === 1 ? 'case' : 'cases'}${updated ? `, written to ${file}; read the difference before you keep it` : ''}`,
  );
  for (const one of failed) {
    print(`\n  ${colors.bold(one.name)}  ${colors.dim(one.where)}`);
    for (const difference of one.differences) print(`  ${paintDiff(difference)}\n`);
  }
}

function paintDiff(text: string): string {
  return text
    .split('\n')
    .map((line) => (/^ {4}\+(?!\+\+)/.test(line) ? colors.green(line) : /^ {4}-(?!--)/.test(line) ? colors.red(line) : line))
    .join('\n');
}
