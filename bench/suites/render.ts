/** Rendering alone: a body of twenty fields as JSON text, in a process for each way. */

import assert from 'node:assert/strict';
import type { Profiler } from 'node:inspector';
import { Child } from '../child.ts';
import { callOf, recordOf, rows } from '../contacts.ts';
import { type Figure, type GoalName, isMet } from '../goals.ts';
import { hottest } from '../profile.ts';
import { spreadOf } from '../statistics.ts';
import { type Bench, type Outcome, showSpread } from './suite.ts';

const ROWPOST = 'Rowpost';
const PEERS: Readonly<Record<string, GoalName>> = {
  'by hand': 'hand',
  'RudderStack’s template engine': 'rudder',
  'LiquidJS renderSync': 'liquid',
};
const RECORDS = 1000;
/** Milliseconds: there is no network to settle, so turns may be shorter and more. */
const TURN = 200;
const WARM_UP = 1500;
const TURNS_A_ROUND = 3;
const HOT = 20;

export async function render({ stage, rules, profile, say }: Bench): Promise<Outcome> {
  const records = rows(RECORDS).map(recordOf);
  const probe = new URL('../children/probe.js', import.meta.url).href;
  const ways = new Map<string, Child>();
  const times = new Map<string, number[]>();
  for (const way of [ROWPOST, ...Object.keys(PEERS)]) {
    const child = new Child('children/render.js', { core: stage.cores?.tested, args: [way], node: ['--import', probe] });
    ways.set(way, child);
    times.set(way, []);
    await child.told();
    const texts = await child.ask<string[]>('load', records);
    assert.deepEqual(
      texts.map((text) => JSON.parse(text)),
      callOf(RECORDS).contacts,
      `${way} renders something else`,
    );
    await child.ask('render', WARM_UP);
  }
  for (let turn = 0; turn < rules.rounds * TURNS_A_ROUND; turn++) {
    for (const [way, child] of ways) {
      const { renders, cpu } = await child.ask<{ renders: number; cpu: number }>('render', TURN);
      times.get(way)?.push(cpu / renders);
    }
  }
  const ours = times.get(ROWPOST) ?? [];
  const figures = Object.entries(PEERS).map(([way, goal]): Figure => {
    const theirs = times.get(way) ?? [];
    return { goal, spread: spreadOf(ours.map((time, index) => (theirs[index] ?? Number.NaN) / time)) };
  });
  const lines = [...times].map(([way, all]) => [way, showSpread(spreadOf(all), (value) => value.toFixed(2))]);
  for (const [way = '', time = ''] of lines) say(`${way}: ${time} µs`);
  const profiles = [];
  const rowpost = ways.get(ROWPOST);
  if (rowpost !== undefined && (profile || figures.some((figure) => isMet(figure) === false))) {
    await rowpost.ask('profile');
    await rowpost.ask('render', WARM_UP);
    const raw = await rowpost.ask<Profiler.Profile>('profiled');
    profiles.push({ title: 'Rendering 20 fields: Rowpost', hot: hottest(raw, HOT), raw });
  }
  for (const child of ways.values()) await child.end();
  const title = 'Rendering 20 fields';
  const bars = [...times].map(([name, all]) => ({ name, spread: spreadOf(all.map((time) => 1e6 / time)) }));
  const chart = { title, axis: 'bodies for a second of CPU', bars };
  return { figures, tables: [{ title, head: ['', 'CPU, µs a body'], lines }], chart, profiles };
}
