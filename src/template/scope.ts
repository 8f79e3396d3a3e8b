/** What templates see while they run. */

import { Budget } from './budget.ts';
import { RowContext } from './context.ts';
import { engine } from './engine.ts';
import { MANIFEST_LIMITS } from './limits.ts';

/** Names and their values. Without a prototype, so that `constructor` is no name. */
export type Values = Record<string, unknown>;

/** One set of values; leaves of one row share it, so a value is looked up without being copied. */
export class Scope {
  readonly #values: Values;
  readonly #budget = new Budget(MANIFEST_LIMITS);
  #shared: RowContext | undefined;

  constructor(values: Values) {
    this.#values = values;
  }

  /** The same values and some more, which win. */
  with(more: Values): Scope {
    return new Scope(Object.assign(Object.create(null), this.#values, more));
  }

  get(name: string): unknown {
    return this.#values[name];
  }

  /** For bare values: nothing they do outlives them. */
  shared(): RowContext {
    this.#shared ??= this.fresh();
    return this.#shared;
  }

  /** For templates with tags: what they assign is theirs alone. */
  fresh(): RowContext {
    return new RowContext(this.#values, engine, this.#budget);
  }
}

export function scopeOf(values: Values): Scope {
  return new Scope(Object.assign(Object.create(null), values));
}
