/**
 * The short form of the benchmark in bench/: what it costs is compared with what others cost in the same turns, by the CPU time of
 * processes of their own, so a busy machine hits both alike. The margins are wide: what was reached is in bench/RESULTS.md.
 */

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { callOf } from '../bench/contacts.ts';
import { type Contender, race, ratioOf } from '../bench/race.ts';
import { DESTINATIONS, Stage } from '../bench/stage.ts';
import type { Spread } from '../bench/statistics.ts';
import { LIQUIDJS, ratioTo, startRendering } from '../bench/suites/render.ts';

/** How many times as many bodies as LiquidJS for the same CPU, and rows as a connector written by hand. */
const RENDERS = 8;
const ROWS = 0.25;

/** Milliseconds, but for the counts: a few seconds in all. */
const RENDERING = { turns: 9, turn: 60, warmUp: 700 };
const RULES = { rounds: 5, turn: 300, warmUp: 1200 };

function show({ median, least, most }: Spread): string {
  return `${median.toFixed(2)} times (${least.toFixed(2)}–${most.toFixed(2)})`;
}

describe('rendering twenty fields', () => {
  it('takes a fraction of the CPU that LiquidJS takes', async (t) => {
    const rendering = await startRendering([LIQUIDJS], { source: true });
    after(() => rendering.end());
    const ratio = ratioTo(await rendering.race(RENDERING.turns, RENDERING.turn, RENDERING.warmUp), LIQUIDJS);
    t.diagnostic(`as many bodies for the same CPU: ${show(ratio)}`);
    assert.ok(ratio.median >= RENDERS, show(ratio));
  });
});

describe('one request a row', () => {
  it('costs not much more CPU than Koa and undici by hand', async (t) => {
    const stage = await Stage.set(undefined);
    after(() => stage.strike());
    const call = callOf(200);
    const rowpost = await stage.rowpost('Rowpost', DESTINATIONS, { main: '../bin/rowpost.js' });
    const hand = await stage.peer('koa-undici');
    const us: Contender = { name: rowpost.name, server: rowpost, urls: [`${rowpost.url}one`], call, atOnce: 2 };
    const them: Contender = { name: hand.name, server: hand, urls: [hand.url], call, atOnce: 2 };
    const turns = await race(stage, [us, them], RULES);
    const ratio = ratioOf(turns.get(us) ?? [], turns.get(them) ?? []);
    t.diagnostic(`as many rows for the same CPU: ${show(ratio)}`);
    assert.ok(ratio.median >= ROWS, show(ratio));
  });
});
