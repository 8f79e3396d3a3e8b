/** Many manifests: how long a start takes, and what callers feel of it when one of them changes. */

import { setTimeout as wait } from 'node:timers/promises';
import { callOf } from '../contacts.ts';
import { percentile, spreadOf } from '../statistics.ts';
import { copies, DESTINATION_COUNT } from './copies.ts';
import type { Bench, Outcome } from './suite.ts';
import { showSpread } from './suite.ts';

const ROWS = 10;
/** Milliseconds between two calls, and between two changes. */
const EVERY = 5;
const CHANGE_EVERY = 500;
/** Milliseconds of calls, so that a p99 is that of 800. */
const WINDOW = 4000;
/** Milliseconds until a change that was just made has been taken up. */
const SETTLED = 500;

export async function reload({ stage, rules, quick, say }: Bench): Promise<Outcome> {
  const folder = copies(DESTINATION_COUNT);
  const starts: number[] = [];
  for (let start = 0; start < rules.rounds; start++) {
    const server = await stage.rowpost('500', folder.path);
    starts.push(server.startedIn);
    await stage.end(server);
  }
  say(`starts in ${showSpread(spreadOf(starts), (ms) => ms.toFixed(0))} ms`);

  const server = await stage.rowpost('500', folder.path);
  const urls = folder.ids.map((id) => `${server.url}${id}`);
  const call = callOf(ROWS);
  await stage.drive(call, { urls, atOnce: 2, most: 2 * DESTINATION_COUNT }, 'to warm up');
  const window = quick ? WINDOW / 2 : WINDOW;
  const calm: number[] = [];
  const changed: number[] = [];
  const dropped: number[] = [];
  let changes = 0;
  for (let round = 0; round < rules.rounds; round++) {
    calm.push(percentile((await stage.pace(call, urls, EVERY, window)).times, 0.99));
    let under = true;
    const changing = (async () => {
      while (under) {
        folder.change(folder.ids[changes++ % DESTINATION_COUNT] ?? '');
        await wait(CHANGE_EVERY);
      }
    })();
    const { times, failures } = await stage.pace(call, urls, EVERY, window);
    under = false;
    await changing;
    await wait(SETTLED);
    changed.push(percentile(times, 0.99));
    dropped.push(failures.length);
  }
  const reloads = server.heard('destinations reloaded');
  await stage.end(server);
  if (reloads !== changes) throw new Error(`of ${changes} changes ${reloads} were taken up: nothing was measured`);
  const ms = (times: readonly number[]) => showSpread(spreadOf(times), (time) => time.toFixed(1));
  say(`p99 ${ms(calm)} ms, with ${changes} reloads ${ms(changed)} ms`);
  return {
    figures: [
      { goal: 'start500', spread: spreadOf(starts) },
      { goal: 'reloadP99', spread: spreadOf(changed.map((time, round) => time / (calm[round] ?? Number.NaN))) },
      { goal: 'reloadDropped', spread: spreadOf(dropped) },
    ],
    tables: [
      {
        title: `A call of ${ROWS} rows every ${EVERY} ms to ${DESTINATION_COUNT} destinations in turn`,
        head: ['', 'p99, ms'],
        lines: [
          ['nothing changes', ms(calm)],
          [`a manifest changes every ${CHANGE_EVERY} ms`, ms(changed)],
        ],
      },
    ],
  };
}
