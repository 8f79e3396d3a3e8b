/** Rendering alone: a body of twenty fields from a row that is held already, in a process for each way. */

import assert from 'node:assert/strict';
import type { Profiler } from 'node:inspector';
import { Child } from '../child.ts';
import { callOf, recordOf, rows } from '../contacts.ts';
import { type Figure, type GoalName, isMet } from '../goals.ts';
import { type Profile, profileOf } from '../profile.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { type Bench, type Outcome, showSpread } from './suite.ts';

/** What children/render.js knows, with the goal of Rowpost against it. */
const ROWPOST = 'Rowpost';
export const LIQUIDJS = 'LiquidJS renderSync';
const PEERS: Readonly<Record<string, GoalName>> = {
  'by hand': 'hand',
  'RudderStack’s template engine': 'rudder',
  [LIQUIDJS]: 'liquid',
};
const RECORDS = 1000;
/** Milliseconds: there is no network to settle, so turns may be shorter and more. */
const TURN = 200;
const WARM_UP = 1500;
const TURNS_A_ROUND = 3;

export async function render({ stage, rules, profile, say }: Bench): Promise<Outcome> {
  const rendering = await startRendering(Object.keys(PEERS), { core: stage.cores?.tested });
  const times = await rendering.race(rules.rounds * TURNS_A_ROUND, TURN, WARM_UP);
  const figures = Object.entries(PEERS).map(([way, goal]): Figure => ({ goal, spread: ratioTo(times, way) }));
  const lines = [...times].map(([way, all]) => [way, showSpread(spreadOf(all), (value) => value.toFixed(2))]);
  for (const [way = '', time = ''] of lines) say(`${way}: ${time} µs`);
  const missed = figures.some((figure) => isMet(figure) === false);
  const profiles = profile || missed ? [await rendering.profile(WARM_UP)] : [];
  await rendering.end();
  const title = 'Rendering 20 fields';
  const bars = [...times].map(([name, all]) => ({ name, spread: spreadOf(all.map((time) => 1e6 / time)) }));
  const chart = { title, axis: 'bodies for a second of CPU', bars };
  return { figures, tables: [{ title, head: ['', 'CPU, µs a body'], lines }], chart, profiles };
}

/** Microseconds of CPU for a body, turn by turn. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** How many times the bodies for the same CPU Rowpost renders, against another. */
export function ratioTo(times: Times, way: string): Spread {
  const theirs = times.get(way) ?? [];
  return spreadOf((times.get(ROWPOST) ?? []).map((time, turn) => (theirs[turn] ?? Number.NaN) / time));
}

interface Rendering {
  /** Lets them render in turn. */
  race(turns: number, turn: number, warmUp: number): Promise<Times>;
  /** Where Rowpost's time goes. */
  profile(ms: number): Promise<Profile>;
  end(): Promise<void>;
}

/**
 * A process for Rowpost, and one for each of the others.
 * @param source whether Rowpost's source is taken, not what was built of it
 * @throws where one renders something else
 */
export async function startRendering(
  others: readonly string[],
  { core, source = false }: { core?: number | undefined; source?: boolean },
): Promise<Rendering> {
  const records = rows(RECORDS).map(recordOf);
  const probe = new URL('../children/probe.js', import.meta.url).href;
  // Node 20, whose types these are, runs no TypeScript by itself.
  const loader = source && !Reflect.get(process.features, 'typescript') ? ['--import', 'tsx'] : [];
  const ways = new Map<string, Child>();
  for (const way of [ROWPOST, ...others]) {
    const args = [way, source ? 'source' : 'built'];
    const child = new Child('children/render.js', { core, args, node: ['--import', probe, ...loader] });
    ways.set(way, child);
    await child.told();
    const bodies = (await child.ask<string[]>('load', records)).map((text) => JSON.parse(text));
    assert.deepEqual(bodies, callOf(RECORDS).contacts, `${way} renders something else`);
  }
  return {
    async race(turns, turn, warmUp) {
      const times = new Map<string, number[]>([...ways.keys()].map((way) => [way, []]));
      for (const child of ways.values()) await child.ask('render', warmUp);
      for (let count = 0; count < turns; count++) {
        for (const [way, child] of ways) {
          const { renders, cpu } = await child.ask<{ renders: number; cpu: number }>('render', turn);
          times.get(way)?.push(cpu / renders);
        }
      }
      return times;
    },
    async profile(ms) {
      const [own] = ways.values();
      await own?.ask('profile');
      await own?.ask('render', ms);
      const raw = (await own?.ask<Profiler.Profile>('profiled')) ?? { nodes: [], startTime: 0, endTime: 0 };
      return profileOf('Rendering 20 fields: Rowpost', raw);
    },
    async end() {
      for (const child of ways.values()) await child.end();
    },
  };
}
