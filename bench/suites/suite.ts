/** What every measurement is given, and what it gives. */

import type { Figure } from '../goals.ts';
import type { Profile } from '../profile.ts';
import type { Rules } from '../race.ts';
import type { Stage } from '../stage.ts';
import type { Spread } from '../statistics.ts';

export interface Bench {
  readonly stage: Stage;
  readonly rules: Rules;
  /** A shorter form, whose figures are rough. */
  readonly quick: boolean;
  /** Profiles are taken even where no goal is missed. */
  readonly profile: boolean;
  say(text: string): void;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  readonly tables?: readonly Table[];
  readonly chart?: Chart;
  readonly profiles?: readonly Profile[];
}

/** All that was measured, beside the goals. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** Bars to be compared. */
export interface Chart {
  readonly title: string;
  readonly axis: string;
  readonly bars: readonly { readonly name: string; readonly spread: Spread }[];
}

export type Suite = (bench: Bench) => Promise<Outcome>;

export function showSpread({ median, least, most }: Spread, form: (value: number) => string): string {
  return `${form(median)} (${form(least)}–${form(most)})`;
}
