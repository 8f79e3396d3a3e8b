/** What the parts of templates become when a manifest is loaded. */

import type { Scope } from './scope.ts';

export type Run = (scope: Scope) => unknown;

/** A part of an expression. */
export interface Code {
  readonly run: Run;
  /** Steps that every run takes: whoever runs it charges them beforehand, those of all its parts at once. What depends on values is charged within. */
  readonly steps: number;
  /** The value, where it is written out in the template. */
  readonly fixed?: { readonly value: unknown };
  /** What it joins, where it is a text of nothing but words and such paths as they are. */
  readonly joins?: readonly (string | readonly string[])[];
  /** The names, where it is nothing but a path of names that are written out. */
  readonly path?: readonly string[];
}

export function fixed(value: unknown): Code {
  return { run: () => value, steps: 0, fixed: { value } };
}

/** Names that a text gives values to itself. */
export interface LocalNames {
  /** Where the name stands among the locals of a frame; `always`: whenever it is read it has a value. */
  find(name: string): { readonly slot: number; readonly always: boolean } | undefined;
}

export const NO_LOCALS: LocalNames = { find: () => undefined };

/** What an expression gives; its steps are taken before. */
export function charged({ run, steps }: Code): Run {
  return (scope) => {
    scope.budget.steps(steps);
    return run(scope);
  };
}
