/** `rowpost check`: reads manifests as `serve` would, and shows every fault at its line. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import colors from 'picocolors';
import { idOf, type Loaded, load, loadCatalogue } from '../destination/catalogue.ts';
import { Fault } from '../fault.ts';
import { EXIT, type ExitCode, faultJson, paintFault, print, printJson, supply } from './terminal.ts';

export interface CheckOptions {
  readonly destinations: string;
  readonly json?: boolean;
}

export function check(names: readonly string[], { destinations, json = false }: CheckOptions): ExitCode {
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
      })),
    });
  } else report(loaded, faults);
  return faults.length > 0 ? EXIT.faults : EXIT.ok;
}

/** All of the folder, or the ones named: by id, or by the path of a file. @throws {Fault} for a name that is neither */
export function select(names: readonly string[], folder: string): Loaded[] {
  if (names.length === 0) return [...loadCatalogue(folder, supply()).values()];
  return names.map((name) => {
    const file = [name, join(folder, `${name}.yaml`), join(folder, `${name}.yml`)].find(
      (path) => /\.ya?ml$/.test(path) && existsSync(path),
    );
    if (file === undefined) {
      throw new Fault({
        code: 'usage.destination',
        sentence: `There is no destination "${name}" in ${folder}, and no file of that name. Name an id such as mailchimp, or the path of a manifest.`,
      });
    }
    return load(idOf(file), file, supply());
  });
}

function report(loaded: readonly Loaded[], faults: readonly Fault[]): void {
  for (const one of loaded) {
    for (const fault of one.faults) print(`${paintFault(fault)}\n`);
    if (one.faults.length > 0) continue;
    print(`${colors.green('ok')}  ${one.file}`);
    for (const note of notesOf(one)) print(colors.dim(`    ${note}`));
    for (const fault of one.missing) print(colors.dim(`    to serve it: ${fault.message}`));
  }
  const count = `${loaded.length} ${loaded.length === 1 ? 'manifest' : 'manifests'}`;
  if (loaded.length === 0)
    print('There are no manifests here. Put a .yaml file into the folder; docs/manifest.md says what it holds.');
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
  return [...raws.map((path) => `${path.join('.')} switches escaping off with raw`), ...accepts];
}
