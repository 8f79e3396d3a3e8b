/** Many manifests: how long a start takes, and what callers feel of it when one of them changes. */

import type { Profiler } from 'node:inspector';
import { setTimeout as wait } from 'node:timers/promises';
import { type Call, callOf } from '../contacts.ts';
import { type Figure, isMet } from '../goals.ts';
import { type Profile, profileOf } from '../profile.ts';
import type { Driven, Stage } from '../stage.ts';
import { percentile, spreadOf } from '../statistics.ts';
import { type Copies, copies, DESTINATION_COUNT } from './copies.ts';
import { type Bench, type Outcome, showSpread } from './suite.ts';

const ROWS = 10;
/** Milliseconds between two calls, and between two changes. */
const EVERY = 5;
const CHANGE_EVERY = 500;
/** Milliseconds of calls, so that a p99 is that of 800. */
const WINDOW = 4000;
/** Milliseconds until a change that was just made has been taken up. */
const SETTLED = 500;

export async function reload(bench: Bench): Promise<Outcome> {
  const folder = copies(DESTINATION_COUNT);
  const outcomes = [await starting(bench, folder), await changing(bench, folder)];
  return {
    figures: outcomes.flatMap(({ figures }) => figures),
    tables: outcomes.flatMap(({ tables = [] }) => tables),
    profiles: outcomes.flatMap(({ profiles = [] }) => profiles),
  };
}

async function starting({ stage, rules, profile, say }: Bench, folder: Copies): Promise<Outcome> {
  const starts: number[] = [];
  for (let start = 0; start < rules.rounds; start++) {
    const server = await stage.rowpost('500', folder.path);
    starts.push(server.startedIn);
    await stage.end(server);
  }
  say(`starts in ${showSpread(spreadOf(starts), (ms) => ms.toFixed(0))} ms`);
  const figure: Figure = { goal: 'start500', spread: spreadOf(starts) };
  const profiles = profile || isMet(figure) === false ? [await profiledStart(stage, folder)] : [];
  return { figures: [figure], profiles };
}

async function profiledStart(stage: Stage, folder: Copies): Promise<Profile> {
  const server = await stage.rowpost('500', folder.path, { profiled: true });
  const raw = await server.child.ask<Profiler.Profile>('profiled');
  await stage.end(server);
  return profileOf('Start with 500 manifests', raw);
}

async function changing({ stage, rules, quick, profile, say }: Bench, folder: Copies): Promise<Outcome> {
  const server = await stage.rowpost('500', folder.path);
  const urls = folder.ids.map((id) => `${server.url}${id}`);
  const call = callOf(ROWS);
  await stage.drive(call, { urls, atOnce: 2, most: 2 * DESTINATION_COUNT }, 'to warm up');
  const window = quick ? WINDOW / 2 : WINDOW;
  const calm: number[] = [];
  const changed: number[] = [];
  const dropped: number[] = [];
  let changes = 0;
  const change = () => folder.change(folder.ids[changes++ % DESTINATION_COUNT] ?? '');
  for (let round = 0; round < rules.rounds; round++) {
    calm.push(percentile((await stage.pace(call, urls, EVERY, window)).times, 0.99));
    const { times, failures } = await paceWhile(stage, call, urls, window, change);
    changed.push(percentile(times, 0.99));
    dropped.push(failures.length);
  }
  const reloads = server.heard('destinations reloaded');
  if (reloads !== changes) throw new Error(`of ${changes} changes ${reloads} were taken up: nothing was measured`);
  const ms = (times: readonly number[]) => showSpread(spreadOf(times), (time) => time.toFixed(1));
  say(`p99 ${ms(calm)} ms, with ${changes} reloads ${ms(changed)} ms`);
  const slower: Figure = {
    goal: 'reloadP99',
    spread: spreadOf(changed.map((time, round) => time / (calm[round] ?? Number.NaN))),
  };
  const profiles: Profile[] = [];
  if (profile || isMet(slower) === false) {
    await server.child.ask('profile');
    await paceWhile(stage, call, urls, window, change);
    profiles.push(profileOf('Calls while manifests change', await server.child.ask<Profiler.Profile>('profiled')));
  }
  await stage.end(server);
  const lines = [
    ['nothing changes', ms(calm)],
    [`a manifest changes every ${CHANGE_EVERY} ms`, ms(changed)],
  ];
  const title = `A call of ${ROWS} rows every ${EVERY} ms, to ${DESTINATION_COUNT} destinations in turn`;
  return {
    figures: [slower, { goal: 'reloadDropped', spread: spreadOf(dropped) }],
    tables: [{ title, head: ['', 'p99, ms'], lines }],
    profiles,
  };
}

/** Calls at a fixed pace, while something is changed time and again. */
async function paceWhile(
  stage: Stage,
  call: Call,
  urls: readonly string[],
  window: number,
  change: () => void,
): Promise<Driven & { readonly times: readonly number[] }> {
  let under = true;
  const changes = (async () => {
    while (under) {
      change();
      await wait(CHANGE_EVERY);
    }
  })();
  const paced = await stage.pace(call, urls, EVERY, window);
  under = false;
  await changes;
  await wait(SETTLED);
  return paced;
}
