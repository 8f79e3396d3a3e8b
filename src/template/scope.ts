/** What templates see while they run. */

import { Budget } from './budget.ts';
import { FilterContext } from './context.ts';
import { MANIFEST_LIMITS } from './limits.ts';

/** Names and their values; only its own count, so that `constructor` is no name. */
export type Values = Record<string, unknown>;

const NOTHING: Values = Object.freeze(Object.create(null));

function plain(value: unknown): Values | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ? (value as Values) : undefined; // a map, whatever its values are
}

/** For each of some names the key under which its value is found. */
export type Columns = readonly (string | undefined)[];

/** A map that is only made when somebody needs the whole of it. */
export interface Fields {
  /** What it is made from. */
  readonly row: Readonly<Values>;
  /** The keys of `row` under which the values of names stand; undefined for one that must be asked for. @param names a list that stays as it is */
  columns(names: readonly string[]): Columns;
  /** The value of a name; undefined where it has none. */
  field(name: string): unknown;
  /** All of them: the same map each time. */
  whole(): Values;
}

/** One set of values. Those of a row stand over those of the call, of which nothing is copied: there is a scope for every row. */
export class Scope {
  readonly budget: Budget;
  /** What most templates of a row read stands where it is found without looking. */
  readonly row: unknown;
  /** The record, where it is not made yet. */
  readonly fields: Fields | undefined;
  readonly #record: unknown;
  readonly #values: Values;
  readonly #below: Scope | undefined;
  #filters: FilterContext | undefined;

  /** @param fields the `record`, where it is not among the values */
  constructor(values: Values, below?: Scope, budget = new Budget(MANIFEST_LIMITS), fields?: Fields) {
    this.budget = budget;
    this.#values = values;
    this.#below = below;
    const hasRow = Object.hasOwn(values, 'row');
    this.row = hasRow ? values.row : below?.row;
    const hasRecord = Object.hasOwn(values, 'record');
    this.fields = hasRecord ? undefined : (fields ?? below?.fields);
    this.#record = hasRecord ? values.record : this.fields === undefined ? below?.record : undefined;
  }

  /** The same values and some more, which win. What templates of the two take is counted apart. */
  with(more: Values, fields?: Fields): Scope {
    return new Scope(more, this, undefined, fields);
  }

  /** The row, where it inherits nothing but what every object does: then a property of another name is an own one. */
  get plainRow(): Values | undefined {
    return plain(this.row);
  }

  /** The same of a record that is made. */
  get plainRecord(): Values | undefined {
    return this.fields === undefined ? plain(this.#record) : undefined;
  }

  get record(): unknown {
    return this.fields === undefined ? this.#record : this.fields.whole();
  }

  get(name: string): unknown {
    if (name === 'record') return this.record;
    if (Object.hasOwn(this.#values, name)) return this.#values[name];
    return this.#below?.get(name);
  }

  has(name: string): boolean {
    if (name === 'record' && this.fields !== undefined) return true;
    return Object.hasOwn(this.#values, name) || (this.#below?.has(name) ?? false);
  }

  /** What filters see: nothing they do to it outlives them. */
  get filters(): FilterContext {
    this.#filters ??= new FilterContext(this);
    return this.#filters;
  }

  /** Room for what one render of a text assigns. */
  frame(locals: number): Frame {
    return new Frame(this, locals);
  }
}

/** Stands where a local name has no value yet. */
export const UNSET = Symbol('unset');

/** What one render of a text with tags sees: what it assigns is its alone, what it takes is counted with the rest. */
export class Frame extends Scope {
  /** By slots that were given out when the text was compiled. */
  readonly locals: unknown[];
  /** `break` or `continue` was met, and the blocks up to the loop around it are being left. */
  leaving: 'break' | 'continue' | undefined;

  constructor(below: Scope, locals: number) {
    super(NOTHING, below, below.budget);
    this.locals = new Array(locals).fill(UNSET);
  }
}

export function scopeOf(values: Values): Scope {
  return new Scope(values);
}
