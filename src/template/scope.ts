/** What templates see while they run. */

import type { JsonRows, Row } from '../json/rows.ts';
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

/** A value that a template reads by a name that is written out, and that nothing but a field or a column can have. */
export interface Read {
  readonly of: 'record' | 'row';
  readonly name: string;
}

/** What stands for the place of a value that has none. */
export const NO_PLACE = {
  /** There is no such value. */
  missing: -1,
  /** It must be asked for. */
  unknown: -2,
};

/** A row of the call, and its record: neither is made before somebody needs the whole of it. */
export interface Fields {
  readonly rows: JsonRows;
  /** Of the row. */
  readonly index: number;
  /** Where in `rows.places` each of these values begins, counted from the first of the row, or `NO_PLACE`. @param reads a list that stays as it is */
  placesOf(reads: readonly Read[]): Int32Array;
  /** The value of the row's column; undefined where it has none. */
  column(name: string): unknown;
  /** The value of the record's field; undefined where it has none. */
  field(name: string): unknown;
  /** The same map each time. */
  row(): Row;
  /** The same map each time. */
  record(): Values;
}

/** One set of values. Those of a row stand over those of the call, of which nothing is copied: there is a scope for every row. */
export class Scope {
  readonly budget: Budget;
  /** Where `row` and `record` come from, unless they are among the values. */
  readonly fields: Fields | undefined;
  readonly #row: unknown;
  readonly #record: unknown;
  readonly #values: Values;
  readonly #below: Scope | undefined;
  #filters: FilterContext | undefined;

  /** @param fields of the row and the record, where these are not among the values */
  constructor(values: Values, below?: Scope, budget = new Budget(MANIFEST_LIMITS), fields?: Fields) {
    this.budget = budget;
    this.#values = values;
    this.#below = below;
    const [hasRow, hasRecord] = [Object.hasOwn(values, 'row'), Object.hasOwn(values, 'record')];
    // Those below are only made where one of the two stands over them and the other does not.
    const lends = fields === undefined && !hasRow && !hasRecord ? below : undefined;
    this.fields = lends === undefined ? fields : lends.fields;
    this.#row = hasRow ? values.row : lends === undefined ? below?.row : lends.#row;
    this.#record = hasRecord ? values.record : lends === undefined ? below?.record : lends.#record;
  }

  /** The same values and some more, which win. What templates of the two take is counted apart. */
  with(more: Values, fields?: Fields): Scope {
    return new Scope(more, this, undefined, fields);
  }

  get row(): unknown {
    return this.fields === undefined ? this.#row : this.fields.row();
  }

  get record(): unknown {
    return this.fields === undefined ? this.#record : this.fields.record();
  }

  /** The row, where it is among the values and inherits nothing but what every object does: then a property of another name is an own one. */
  get plainRow(): Values | undefined {
    return this.fields === undefined ? plain(this.#row) : undefined;
  }

  get plainRecord(): Values | undefined {
    return this.fields === undefined ? plain(this.#record) : undefined;
  }

  get(name: string): unknown {
    if (name === 'record') return this.record;
    if (name === 'row') return this.row;
    if (Object.hasOwn(this.#values, name)) return this.#values[name];
    return this.#below?.get(name);
  }

  has(name: string): boolean {
    if (this.fields !== undefined && (name === 'row' || name === 'record')) return true;
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
