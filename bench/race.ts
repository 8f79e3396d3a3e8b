/** Servers measured side by side: in each round every one of them has its turn, so what the machine does meanwhile hits all alike. */

import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Call } from './contacts.ts';
import type { Drive, Server, Stage } from './stage.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** One who takes part. */
export interface Contender {
  readonly name: string;
  readonly server: Server;
  readonly urls: readonly string[];
  readonly call: Call;
  readonly atOnce: number;
}

export interface Rules {
  readonly rounds: number;
  /** Milliseconds of calls that are measured in each turn; those under way at the end are waited for. */
  readonly turn: number;
  /** Before the first round, until the compilers of V8 are done. */
  readonly warmUp: number;
}

/** One turn of one server, from the first call to the answer of the last. */
export interface Turn {
  readonly rows: number;
  readonly requests: number;
  readonly ms: number;
  /** Microseconds of CPU that the server took for a row. */
  readonly cpuPerRow: number;
  /** Rows a second. */
  readonly rate: number;
  /** How much of a core the server took. */
  readonly share: number;
}

/**
 * Of each turn this part is driven before, unmeasured, and every URL at least once: connections are open again, and what others
 * left in the caches is gone.
 */
const SETTLE = 0.25;
/** Milliseconds without calls before the measurement: what was put off is done. */
const STILL = 50;

export async function race(stage: Stage, contenders: readonly Contender[], rules: Rules): Promise<Map<Contender, Turn[]>> {
  const turns = new Map<Contender, Turn[]>(contenders.map((one) => [one, []]));
  for (const one of contenders) {
    await stage.expect(one.call);
    await stage.check(one.name, one.urls, one.call);
    await stage.drive(one.call, { urls: one.urls, atOnce: one.atOnce, ms: rules.warmUp }, one.name);
  }
  for (let round = 0; round < rules.rounds; round++) {
    // Who begins changes from round to round.
    const order = contenders.map((_, index) => contenders[(index + round) % contenders.length]);
    for (const one of order) if (one !== undefined) turns.get(one)?.push(await turn(stage, one, rules.turn));
  }
  return turns;
}

async function turn(stage: Stage, one: Contender, ms: number): Promise<Turn> {
  const drive: Drive = { urls: one.urls, atOnce: one.atOnce };
  await stage.expect(one.call);
  const { calls } = await stage.drive(one.call, { ...drive, ms: ms * SETTLE }, one.name);
  await stage.drive(one.call, { ...drive, most: one.urls.length - calls }, one.name);
  await wait(STILL);
  const before = await stage.usage(one.server);
  const begun = performance.now();
  const { rows, requests, ms: driven } = await stage.counted(one.name, one.call, { ...drive, ms });
  const after = await stage.usage(one.server);
  const cpu = after.cpu - before.cpu;
  return {
    rows,
    requests,
    ms: driven,
    cpuPerRow: cpu / rows,
    rate: (rows / driven) * 1000,
    share: cpu / 1000 / (performance.now() - begun),
  };
}

/** How many times the rows for the same CPU one gets through, against another: round by round, so what both met is left out. */
export function ratioOf(one: readonly Turn[], other: readonly Turn[]): Spread {
  return spreadOf(one.map(({ cpuPerRow }, round) => (other[round]?.cpuPerRow ?? Number.NaN) / cpuPerRow));
}
