/** Whether a row costs the same however many come in a call, and however many destinations there are. */

import { callOf } from '../contacts.ts';
import type { Figure, GoalName } from '../goals.ts';
import { type Contender, race, type Turn } from '../race.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { copies, DESTINATION_COUNT } from './copies.ts';
import type { Bench, Outcome } from './suite.ts';
import { showSpread } from './suite.ts';

const SIZES = [100, 1000, 10_000];
const AT_ONCE = 2;
/** Small calls, so that every destination has its turn. */
const ROWS = 100;

export async function flat({ stage, rules, say }: Bench): Promise<Outcome> {
  const server = await stage.rowpost('one');
  const sized = (destination: string) =>
    SIZES.map((size): Contender => {
      const name = `${destination === 'one' ? 'one request a row' : '100 rows a request'}, ${size} rows a call`;
      return { name, server, urls: [`${server.url}${destination}`], call: callOf(size), atOnce: AT_ONCE };
    });
  const folder = copies(DESTINATION_COUNT);
  const hand = await stage.peer('koa-undici');
  const byHand = SIZES.map((size): Contender => {
    const name = `Koa + undici by hand: one request a row, ${size} rows a call`;
    return { name, server: hand, urls: [hand.url], call: callOf(size), atOnce: AT_ONCE };
  });
  const single = await stage.rowpost('single', copies(1).path);
  const all = await stage.rowpost('500', folder.path);
  const call = callOf(ROWS);
  const many = folder.ids.map((id) => `${all.url}${id}`);
  const one: Contender = {
    name: 'one destination',
    server: single,
    urls: [`${single.url}${folder.ids[0]}`],
    call,
    atOnce: AT_ONCE,
  };
  const every: Contender = { name: `${DESTINATION_COUNT} destinations in turn`, server: all, urls: many, call, atOnce: AT_ONCE };
  // Each destination is called before it is measured.
  await stage.drive(call, { urls: many, atOnce: AT_ONCE, most: DESTINATION_COUNT }, every.name);

  const contenders = { single: sized('one'), byHand, batched: sized('many'), destinations: [one, every] };
  const turns = await race(stage, Object.values(contenders).flat(), rules);
  for (const each of [server, hand, single, all]) await stage.end(each);
  const of = (contender: Contender) => turns.get(contender) ?? [];
  const lines = [...turns].map(([{ name }, own]) => [name, showSpread(spreadOf(own.map(costOf)), (cost) => cost.toFixed(1))]);
  for (const [name = '', cost = ''] of lines) say(`${name}: ${cost} µs of CPU a row`);
  const figure = (goal: GoalName, spread: Spread): Figure => ({ goal, spread });
  return {
    figures: [
      figure('calls', dearest(contenders.single.map(of))),
      figure('callsByHand', dearest(contenders.byHand.map(of))),
      figure('callsMany', dearest(contenders.batched.map(of))),
      figure('destinations', against(of(every), of(one))),
    ],
    tables: [{ title: 'What a row costs', head: ['', 'CPU, µs a row'], lines }],
  };
}

function costOf({ cpuPerRow }: Turn): number {
  return cpuPerRow;
}

/** Of those whose medians are furthest apart, round by round. */
function dearest(all: readonly (readonly Turn[])[]): Spread {
  const sorted = [...all].sort((a, b) => spreadOf(a.map(costOf)).median - spreadOf(b.map(costOf)).median);
  return against(sorted.at(-1) ?? [], sorted[0] ?? []);
}

function against(some: readonly Turn[], others: readonly Turn[]): Spread {
  return spreadOf(some.map((turn, round) => costOf(turn) / costOf(others[round] ?? turn)));
}
