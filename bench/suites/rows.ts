/** Rows through servers: Rowpost against connectors that others write, each with the very same requests to the sink. */

import type { Profiler } from 'node:inspector';
import { type Call, callOf } from '../contacts.ts';
import { type Figure, type GoalName, isMet } from '../goals.ts';
import { type Profile, profileOf } from '../profile.ts';
import { type Contender, race, ratioOf, type Turn } from '../race.ts';
import { DESTINATIONS, type Server, type Stage } from '../stage.ts';
import { spreadOf } from '../statistics.ts';
import { type Bench, type Chart, type Outcome, showSpread, type Table } from './suite.ts';

/** Rows of a call, and calls under way at once: while one is read, the rows of the other are sent. */
const ROWS = 1000;
const AT_ONCE = 2;

interface Peer {
  readonly goal: GoalName;
  readonly file: string;
  readonly name: string;
}

/** One request a row, over the transport that a manifest has where it names none. */
export function oneRow(bench: Bench): Promise<Outcome> {
  return against(bench, 'One request a row', { destination: 'one', name: 'Rowpost' }, [
    { goal: 'undici', file: 'koa-undici', name: 'Koa + undici by hand' },
    { goal: 'fetch', file: 'jayson-fetch', name: 'jayson + fetch' },
    { goal: 'axios', file: 'jayson-axios', name: 'jayson + axios' },
    { goal: 'segment', file: 'segment', name: 'Segment actions-core' },
  ]);
}

export function overGot(bench: Bench): Promise<Outcome> {
  const rowpost = { destination: 'one-over-got', name: 'Rowpost, transport: got' };
  return against(bench, 'One request a row, over got', rowpost, [{ goal: 'got', file: 'koa-got', name: 'Koa + got by hand' }]);
}

export function manyRows(bench: Bench): Promise<Outcome> {
  const peers: Peer[] = [{ goal: 'many', file: 'koa-undici', name: 'Koa + undici by hand' }];
  return against(bench, '100 rows a request', { destination: 'many', name: 'Rowpost' }, peers, 100);
}

async function against(
  { stage, rules, profile, say }: Bench,
  title: string,
  rowpost: { destination: string; name: string },
  peers: readonly Peer[],
  batch = 1,
): Promise<Outcome> {
  const call = callOf(ROWS);
  const own = await stage.rowpost(rowpost.name, DESTINATIONS);
  const us = contender(own, rowpost.name, `${own.url}${rowpost.destination}`, call);
  const them = new Map<Peer, Contender>();
  for (const peer of peers) {
    const server = await stage.peer(peer.file, batch);
    them.set(peer, contender(server, peer.name, server.url, call));
  }
  const turns = await race(stage, [us, ...them.values()], rules);
  const ours = turns.get(us) ?? [];
  const figures = [...them].map(([{ goal }, one]): Figure => ({ goal, spread: ratioOf(ours, turns.get(one) ?? []) }));
  for (const [one, all] of turns) say(`${one.name}: ${describe(all)}`);
  const missed = figures.some((figure) => isMet(figure) === false);
  const profiles = profile || missed ? [await profiled(stage, us, rules.turn, `${title}: ${rowpost.name}`)] : [];
  for (const { server } of [us, ...them.values()]) await stage.end(server);
  return { figures, tables: [tableOf(title, turns)], chart: chartOf(title, turns), profiles };
}

function contender(server: Server, name: string, url: string, call: Call): Contender {
  return { name, server, urls: [url], call, atOnce: AT_ONCE };
}

async function profiled(stage: Stage, one: Contender, ms: number, title: string): Promise<Profile> {
  await one.server.child.ask('profile');
  await stage.drive(one.call, { urls: one.urls, atOnce: one.atOnce, ms }, one.name);
  const raw = await one.server.child.ask<Profiler.Profile>('profiled');
  return profileOf(title, raw);
}

function describe(turns: readonly Turn[]): string {
  const rate = spreadOf(turns.map((turn) => turn.rate)).median;
  const cpu = spreadOf(turns.map((turn) => turn.cpuPerRow)).median;
  return `${rate.toFixed(0)} rows/s, ${cpu.toFixed(1)} µs of CPU a row`;
}

function tableOf(title: string, turns: ReadonlyMap<{ readonly name: string }, readonly Turn[]>): Table {
  const whole = (value: number) => value.toFixed(0);
  const tenths = (value: number) => value.toFixed(1);
  const lines = [...turns].map(([{ name }, all]) => {
    const shown = (pick: (turn: Turn) => number, form: (value: number) => string) => showSpread(spreadOf(all.map(pick)), form);
    return [
      name,
      shown(({ cpuPerRow }) => cpuPerRow, tenths),
      shown(({ cpuPerRow }) => 1e6 / cpuPerRow, whole),
      shown(({ rate }) => rate, whole),
      shown(({ share }) => share * 100, whole),
    ];
  });
  return { title, head: ['', 'CPU, µs a row', 'rows a second of CPU', 'rows/s as measured', 'of its core, %'], lines };
}

function chartOf(title: string, turns: ReadonlyMap<{ readonly name: string }, readonly Turn[]>): Chart {
  const bars = [...turns].map(([{ name }, all]) => ({ name, spread: spreadOf(all.map(({ cpuPerRow }) => 1e6 / cpuPerRow)) }));
  return { title, axis: 'rows for a second of CPU', bars };
}
