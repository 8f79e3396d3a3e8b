/** What memory Rowpost takes: idle, for large calls, and over very many. */

import { setTimeout as wait } from 'node:timers/promises';
import { callOf } from '../contacts.ts';
import type { Figure, GoalName } from '../goals.ts';
import type { Server, Stage } from '../stage.ts';
import { spreadOf } from '../statistics.ts';
import type { Bench, Outcome } from './suite.ts';
import { showSpread } from './suite.ts';

const MB = 1024 * 1024;
/** Milliseconds after which a server is idle. */
const IDLE = 2000;
/** Fresh servers, and calls that each of them takes one after the other. */
const SERVERS = 3;
const CALLS = 3;
/** Rows of a call, and rows between two looks at the memory, in the long run. */
const ROWS = 1000;
const BETWEEN = 10_000;
const FIRST = 50_000;
/** Looks that are taken together: the heap goes up and down from one to the next. */
const TOGETHER = 5;

/** An idle server: what it takes, and how long its start does. */
export async function idle({ stage, rules, say }: Bench): Promise<Outcome> {
  const memory: number[] = [];
  const starts: number[] = [];
  for (let start = 0; start < rules.rounds; start++) {
    const server = await stage.rowpost('idle');
    await wait(IDLE);
    memory.push((await stage.usage(server)).rss / MB);
    starts.push(server.startedIn);
    await stage.end(server);
  }
  say(`${showSpread(spreadOf(memory), whole)} MB, started in ${showSpread(spreadOf(starts), whole)} ms`);
  return {
    figures: [
      { goal: 'idle', spread: spreadOf(memory) },
      { goal: 'start', spread: spreadOf(starts) },
    ],
  };
}

export async function memory({ stage, quick, say }: Bench): Promise<Outcome> {
  const figures: Figure[] = [];
  const lines: string[][] = [];
  const large: readonly (readonly [GoalName, number])[] = [
    ['peak10k', 10_000],
    ['peak100k', 100_000],
  ];
  for (const [goal, size] of large) {
    const peaks: number[] = [];
    for (let server = 0; server < (quick ? 1 : SERVERS); server++) peaks.push(await peakOf(stage, size));
    const spread = spreadOf(peaks);
    figures.push({ goal, spread });
    lines.push([
      `${CALLS} calls of ${size} rows, ${(callOf(size).bytes / MB).toFixed(1)} MB each: peak`,
      showSpread(spread, whole),
    ]);
    say(`${size} rows: peak ${showSpread(spread, whole)} MB`);
  }
  const server = await stage.rowpost('long');
  const looks = await lookedAt(stage, server, quick ? 200_000 : 1_000_000);
  await stage.end(server);
  const first = looks.slice(FIRST / BETWEEN - 1, FIRST / BETWEEN - 1 + TOGETHER);
  const last = looks.slice(-TOGETHER);
  const begin = spreadOf(first).median;
  figures.push({ goal: 'growth', spread: spreadOf(last.map((look) => look - begin)) });
  lines.push([`after ${FIRST} rows in calls of ${ROWS}`, showSpread(spreadOf(first), whole)]);
  lines.push([`after ${looks.length * BETWEEN} rows`, showSpread(spreadOf(last), whole)]);
  say(`${whole(begin)} MB after ${FIRST} rows, ${showSpread(spreadOf(last), whole)} MB after ${looks.length * BETWEEN}`);
  return { figures, tables: [{ title: 'Memory, 100 rows a request', head: ['', 'resident, MB'], lines }] };
}

/** The most that a fresh server took, in MB. */
async function peakOf(stage: Stage, size: number): Promise<number> {
  const server = await stage.rowpost('large');
  await stage.drive(callOf(size), { urls: [`${server.url}many`], atOnce: 1, most: CALLS }, server.name);
  const { peak } = await stage.usage(server);
  await stage.end(server);
  return peak / MB;
}

/** MB at each look. */
async function lookedAt(stage: Stage, server: Server, rows: number): Promise<number[]> {
  const looks: number[] = [];
  const drive = { urls: [`${server.url}many`], atOnce: 1, most: BETWEEN / ROWS };
  for (let sent = 0; sent < rows; sent += BETWEEN) {
    await stage.drive(callOf(ROWS), drive, server.name);
    looks.push((await stage.usage(server)).rss / MB);
  }
  return looks;
}

function whole(value: number): string {
  return value.toFixed(0);
}
