/** What LiquidJS and our own evaluation look names up in, with a budget. */

import { Context, Drop, type Liquid } from 'liquidjs';
import type { Budget } from './budget.ts';
import { keysOf, sizeOf } from './measure.ts';
import { isMap } from './text.ts';

type Key = Parameters<Context['readProperty']>[1];
type Holder = Parameters<Context['readProperty']>[0];

/** A context in which what is read is counted, and `size` of a row or a record is a column, never Liquid's count of keys. */
export class RowContext extends Context {
  readonly budget: Budget;

  constructor(values: object, liquid: Liquid, budget: Budget) {
    super(values, liquid.options, { sync: true }, { liquid });
    this.budget = budget;
  }

  /** What holds a first name: what the template assigned, else the values. */
  holderOf(name: string): Holder {
    return (this as unknown as { findScope(name: string): Holder }).findScope(name); // private in the types only
  }

  override readProperty(object: Holder, key: Key): unknown {
    this.budget.steps(1);
    if (typeof key !== 'number') this.budget.key(sizeOf(key, this.budget));
    if (key === 'size' && isMap(object) && !(object instanceof Drop) && !Object.hasOwn(object, key)) {
      return this.#isColumns(object) ? undefined : keysOf(object, this.budget).length;
    }
    return super.readProperty(object, key);
  }

  #isColumns(object: object): boolean {
    const { row, record, rows, records } = this.environments as Record<string, unknown>; // what `Scope` put there
    return object === row || object === record || [rows, records].some((list) => this.#holds(list, object));
  }

  #holds(list: unknown, object: object): boolean {
    if (!Array.isArray(list)) return false;
    this.budget.steps(list.length / 32);
    return list.includes(object);
  }
}
