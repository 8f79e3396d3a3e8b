/** `rowpost list`: the destinations of the folder, their state, and where callers find them. */

import colors from 'picocolors';
import { OPERATIONS } from '../destination/destination.ts';
import { reachableSyncs } from '../destination/listing.ts';
import { select } from './check.ts';
import { EXIT, type ExitCode, print, printJson, table } from './terminal.ts';

export interface ListOptions {
  readonly destinations: string;
  readonly json?: boolean;
}

export function list({ destinations, json = false }: ListOptions): ExitCode {
  const entries = select([], destinations).map(({ id, file, destination, bound, faults, missing }) => {
    const syncs = destination === undefined ? [] : reachableSyncs(destination.form);
    return {
      id,
      name: destination?.name ?? id,
      state: bound !== undefined ? 'ready' : faults.length > 0 ? 'broken' : 'settings missing',
      operations: OPERATIONS.filter((operation) => syncs.some((sync) => sync.has(operation))),
      path: `/hightouch/${id}`,
      file,
      problems: [...faults, ...missing].map((fault) => `${fault.where}${fault.where === '' ? '' : '  '}${fault.message}`),
    };
  });
  if (json) {
    printJson({ destinations: entries });
    return EXIT.ok;
  }
  if (entries.length === 0)
    print(`There are no manifests in ${destinations}. Put a .yaml file there; docs/manifest.md says what it holds.`);
  else
    print(
      table([
        ['ID', 'NAME', 'STATE', 'OPERATIONS', 'PATH'],
        ...entries.map((one) => [one.id, one.name, one.state, one.operations.join(' ') || '-', one.path]),
      ]),
    );
  for (const one of entries) {
    for (const problem of one.problems) print(colors.dim(`\n${one.id}: ${problem}`));
  }
  return EXIT.ok;
}
