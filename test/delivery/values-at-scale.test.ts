/** Hostile values by the thousand, or million, in every place of a request: its structure never changes, and each arrives or its row is rejected. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PLACES } from './shapes.ts';
import type { Share, Tally } from './values-prover.ts';

/** Rows: `VALUES=1000000 node test/run.js test/delivery/values-at-scale.test.ts` is the long form; SEED repeats a run. */
const COUNT = Number(process.env.VALUES ?? 3000);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const LONG = process.env.VALUES !== undefined;

async function prove(t: TestContext, share: Share): Promise<Tally> {
  const child = fork(fileURLToPath(new URL('values-prover.ts', import.meta.url)), [JSON.stringify(share)], {
    execArgv: process.execArgv.filter((arg) => !arg.startsWith('--test')),
  });
  t.after(() => child.kill());
  const ended = once(child, 'exit').then(() => assert.fail('the process failed, as it says above'));
  const [tally]: unknown[] = await Promise.race([once(child, 'message'), ended]);
  return typeof tally === 'string' ? assert.fail(tally) : (tally as Tally); // what the process says last
}

describe('hostile values', () => {
  it(`${COUNT} rows in ${PLACES.length} places: as they are, or not at all`, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const start = performance.now();
    const step = LONG ? availableParallelism() : 1;
    const share = { seed: SEED, count: COUNT, step, wired: LONG ? 101 : 7 };
    const tallies = await Promise.all(Array.from({ length: step }, (_, from) => prove(t, { ...share, from })));
    const sum = (of: (tally: Tally) => number | undefined) => tallies.reduce((total, tally) => total + (of(tally) ?? 0), 0);
    const [memory, wired] = [sum((tally) => tally.memory), sum((tally) => tally.wired)];
    const seconds = Math.round((performance.now() - start) / 1000);
    t.diagnostic(`${COUNT} rows: ${memory} requests, and ${wired} over connections, in ${seconds} s`);
    const outcomes = Object.keys(Object.assign({}, ...tallies.map((tally) => tally.rows))) as (keyof Tally['rows'])[]; // its own keys
    if (LONG) for (const outcome of outcomes.sort()) t.diagnostic(`${outcome} ${sum((tally) => tally.rows[outcome])}`);
    for (const place of PLACES) {
      const sent = sum((tally) => tally.rows[`${place}: sent`]);
      assert.ok(sent > COUNT / 5, `${place}: nearly all was rejected`);
    }
  });
});
