/** A folder of many destinations: one manifest of the benchmark, so many times. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from '../contacts.ts';
import { DESTINATIONS } from '../stage.ts';

export const DESTINATION_COUNT = 500;

export interface Copies {
  readonly path: string;
  readonly ids: readonly string[];
  /** Writes one of them anew, with another description. */
  change(id: string): void;
}

/** A hundred rows a request, over two connections each: five hundred times fifty would measure the opening of connections. */
export function copies(count: number): Copies {
  const path = scratch();
  const text = readFileSync(join(DESTINATIONS, 'many.yaml'), 'utf8').replace('concurrency: 50', 'concurrency: 2');
  const ids = Array.from({ length: count }, (_, index) => `copy-${index + 1}`);
  let changes = 0;
  const write = (id: string) =>
    writeFileSync(
      join(path, `${id}.yaml`),
      text.replace(/^name: .*\ndescription: .*$/m, `name: ${id}\ndescription: Version ${changes}.`),
    );
  for (const id of ids) write(id);
  return {
    path,
    ids,
    change(id) {
      changes++;
      write(id);
    },
  };
}
