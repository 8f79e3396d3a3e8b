/** LiquidJS's filters of lists whose work depends on what the elements are, written so that no sender can make it long. */

import { createHash } from 'node:crypto';
import { evalToken, Tokenizer, toValue, toValueSync } from 'liquidjs';
import type { Budget } from '../budget.ts';
import type { FilterContext } from '../context.ts';
import { elementsOf } from '../measure.ts';
import { orderedSize } from '../operators.ts';
import { scalarText } from '../text.ts';
import type { FilterFunction } from './registry.ts';

type ListFilter = (list: readonly unknown[], args: readonly unknown[], context: FilterContext) => unknown;

function ofList(filter: ListFilter): FilterFunction {
  return function list(given, ...args) {
    const value: unknown = toValue(given);
    const elements = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
    return filter(elements, args, (this as { context: FilterContext }).context); // LiquidJS calls every filter with its context
  };
}

/** Characters of a text that are read in a step to tell it apart. */
const DIGESTED = 8;

/** Beyond this many characters V8 tells texts apart by their length alone. */
const HASHED = 16_383;

/**
 * What a value is told apart by. V8 spreads numbers over a Set or a Map in a way that everyone knows: whoever sends
 * 60,000 that fall together keeps it busy for seconds. Short texts it spreads by a secret.
 */
function identity(value: unknown, budget: Budget): unknown {
  if (typeof value === 'number') return `number ${value}`;
  if (typeof value !== 'string') return value;
  budget.steps(value.length / DIGESTED);
  return value.length < HASHED ? `text ${value}` : `digest ${createHash('sha256').update(value, 'utf16le').digest('base64')}`;
}

/** Characters of texts that are compared in a step. */
const COMPARED = 64;

/** By a property, or by the elements themselves; what has none goes last. */
function sortedBy(key: (value: unknown) => unknown): ListFilter {
  return (list, [property], context) => {
    const names = property ? scalarText(property).split('.') : [];
    let characters = 0;
    const keyed = list.map((item) => {
      let at = item;
      for (const name of names) at = context.readProperty(at, name);
      if (at === undefined || at === null) return { item, own: undefined };
      characters += orderedSize(at, context.budget);
      return { item, own: key(at) as string }; // or a number, or a boolean
    });
    context.budget.steps((list.length + characters / COMPARED) * Math.log2(list.length + 1));
    return keyed.sort((a, b) => order(a.own, b.own)).map(({ item }) => item);
  };
}

function order(left: string | undefined, right: string | undefined): number {
  if (left === undefined) return right === undefined ? 0 : 1;
  if (right === undefined || left < right) return -1;
  return left > right ? 1 : 0;
}

export const listFilters: Readonly<Record<string, FilterFunction>> = {
  sort: ofList(sortedBy((value) => value)),
  sort_natural: ofList(sortedBy((value) => String.prototype.toLowerCase.call(value))),
  uniq: ofList((list, _, { budget }) => {
    const seen = new Map<unknown, unknown>();
    for (const value of list) seen.set(identity(value, budget), value);
    return [...seen.values()];
  }),
  group_by: function groupBy(value, property) {
    const { context } = this as { context: FilterContext }; // as above
    const token = new Tokenizer(scalarText(property)).readScopeValue();
    const groups = new Map<unknown, { name: unknown; items: unknown[] }>();
    for (const item of elementsOf(value, context.budget)) {
      const name: unknown = toValueSync(evalToken(token, context.spawn(item as object))); // it takes any value
      const own = identity(name, context.budget);
      const group = groups.get(own);
      if (group === undefined) groups.set(own, { name, items: [item] });
      else group.items.push(item);
    }
    return [...groups.values()];
  },
};
