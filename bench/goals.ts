/** What Rowpost wants to reach, and what a figure comes to. */

import type { Spread } from './statistics.ts';

export interface Goal {
  /** What is measured. */
  readonly what: string;
  /** `at least` so much, or `at most`. */
  readonly least?: number;
  readonly most?: number;
  /** What would be better still. */
  readonly stretch?: number;
  /** Of the figure, as a person reads it. */
  readonly unit: '×' | 'ms' | 'MB' | 'calls';
}

const goals = {
  axios: { what: 'One request a row: against jayson + axios', least: 4, unit: '×' },
  fetch: { what: '… against jayson + fetch', unit: '×' },
  undici: { what: '… against Koa + undici by hand', least: 0.8, stretch: 0.95, unit: '×' },
  segment: { what: '… against Segment’s actions-core', least: 6, unit: '×' },
  got: { what: '… over `transport: got`, against Koa + got by hand', least: 0.95, unit: '×' },
  many: { what: '100 rows a request: against Koa + undici by hand', least: 0.9, unit: '×' },
  liquid: { what: 'Rendering 20 fields: against LiquidJS `renderSync`', least: 15, unit: '×' },
  hand: { what: '… against hand-written JS', least: 0.8, stretch: 0.95, unit: '×' },
  rudder: { what: '… against RudderStack’s template engine', least: 0.9, stretch: 1, unit: '×' },
  calls: { what: 'CPU a row, dearest against cheapest: calls of 100, 1,000 and 10,000 rows', most: 1.1, unit: '×' },
  callsByHand: { what: '… the same of Koa + undici by hand', unit: '×' },
  callsMany: { what: '… the same with 100 rows a request', unit: '×' },
  destinations: { what: '… 500 destinations in turn, against one', most: 1.1, unit: '×' },
  start500: { what: 'Start with 500 manifests', most: 2000, unit: 'ms' },
  reloadP99: { what: '… p99 of calls while one of them is changed twice a second, against without', most: 2, unit: '×' },
  reloadDropped: { what: '… calls that failed meanwhile', most: 0, unit: 'calls' },
  peak10k: { what: 'Peak memory: calls of 10,000 rows (4 MB)', most: 210, unit: 'MB' },
  peak100k: { what: '… calls of 100,000 rows (41 MB)', most: 450, unit: 'MB' },
  growth: { what: '1,000,000 rows in calls of 1,000: growth after the first 50,000', most: 20, unit: 'MB' },
  idle: { what: 'An idle server: memory', most: 110, unit: 'MB' },
  start: { what: '… its start', most: 1000, unit: 'ms' },
} satisfies Record<string, Goal>;

/** In the order in which they are shown. */
export type GoalName = keyof typeof goals;
export const GOALS: Readonly<Record<GoalName, Goal>> = goals;

/** A goal's figure. */
export interface Figure {
  readonly goal: GoalName;
  readonly spread: Spread;
}

/** Undefined where there is no goal: the figure is there to be compared. */
export function isMet({ goal, spread }: Figure): boolean | undefined {
  const { least, most } = GOALS[goal];
  if (least === undefined && most === undefined) return undefined;
  return spread.median >= (least ?? Number.NEGATIVE_INFINITY) && spread.median <= (most ?? Number.POSITIVE_INFINITY);
}

export function showGoal({ least, most, stretch, unit }: Goal): string {
  if (least === undefined && most === undefined) return '';
  const more = stretch === undefined ? '' : ` (stretch ${stretch})`;
  return `${least === undefined ? `≤ ${show(most ?? 0, unit)}` : `≥ ${show(least, unit)}`}${more}`;
}

/** A figure with as many digits as mean something. */
export function show(value: number, unit: Goal['unit']): string {
  const digits = unit === '×' ? (value < 10 ? 2 : 1) : 0;
  return `${value.toFixed(digits)} ${unit}`;
}
