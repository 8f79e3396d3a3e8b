/** What every measurement is given, and what it gives. */

import type { Figure } from '../goals.ts';
import type { Hot } from '../profile.ts';
import type { Rules } from '../race.ts';
import type { Stage } from '../stage.ts';

export interface Bench {
  readonly stage: Stage;
  readonly rules: Rules;
  /** A shorter form: figures are rough. */
  readonly quick: boolean;
  /** Profiles are taken even where no goal is missed. */
  readonly profile: boolean;
  say(text: string): void;
}

/** A table beside the goals: all that was measured. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

export interface Profile {
  readonly title: string;
  readonly hot: readonly Hot[];
  /** The profile itself, for a tool that shows it. */
  readonly raw: object;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  readonly tables?: readonly Table[];
  readonly profiles?: readonly Profile[];
  /** What a reader must know of these figures. */
  readonly notes?: readonly string[];
}

export type Suite = (bench: Bench) => Promise<Outcome>;
