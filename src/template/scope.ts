/** What templates see while they run. */

import { Context } from 'liquidjs';
import { engine } from './engine.ts';

/** Names and their values. Without a prototype, so that `constructor` is no name. */
export type Values = Record<string, unknown>;

/** A context in which `size` of a row or a record is a column, never Liquid's count of keys. */
export class RowContext extends Context {
  override readProperty(...[object, key]: Parameters<Context['readProperty']>): unknown {
    if (key === 'size' && this.#isColumns(object) && !Object.hasOwn(object, key)) return undefined;
    return super.readProperty(object, key);
  }

  #isColumns(object: unknown): object is object {
    const { row, record, rows, records } = this.environments as Values; // what `Scope` put there
    if (typeof object !== 'object' || object === null) return false;
    return object === row || object === record || [rows, records].some((list) => Array.isArray(list) && list.includes(object));
  }
}

/** One set of values; leaves of one row share it, so a value is looked up without being copied. */
export class Scope {
  readonly #values: Values;
  #shared: Context | undefined;

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
  shared(): Context {
    this.#shared ??= this.fresh();
    return this.#shared;
  }

  /** For templates with tags: what they assign is theirs alone. */
  fresh(): Context {
    return new RowContext(this.#values, engine.options, { sync: true }, { liquid: engine });
  }
}

export function scopeOf(values: Values): Scope {
  return new Scope(Object.assign(Object.create(null), values));
}
