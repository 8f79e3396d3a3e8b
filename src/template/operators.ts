/** Comparisons, as LiquidJS makes them, but in plain functions that count what they compare. */

import { Drop, toValue, toValueSync } from 'liquidjs';
import { ExactNumber } from '../numbers.ts';
import type { Budget } from './budget.ts';
import { searchSteps } from './costs.ts';
import { keysOf, sizeOf } from './measure.ts';
import { renderFault } from './render-fault.ts';
import { isMap } from './text.ts';

/** Characters of two texts that are compared in a step. */
const COMPARED = 64;

type Compare = (left: unknown, right: unknown, budget: Budget) => boolean;

export const OPERATORS = {
  '==': equal,
  '!=': (left: unknown, right: unknown, budget: Budget) => !equal(left, right, budget),
  '<': ordering('lt', 'gt', (left, right) => left < right),
  '<=': ordering('leq', 'geq', (left, right) => left <= right),
  '>': ordering('gt', 'lt', (left, right) => left > right),
  '>=': ordering('geq', 'leq', (left, right) => left >= right),
  contains,
  not: (value: unknown) => !isTrue(value),
  and: (left: unknown, right: unknown) => isTrue(left) && isTrue(right),
  or: (left: unknown, right: unknown) => isTrue(left) || isTrue(right),
};

/** Liquid's: 0 and "" are true. */
export function isTrue(value: unknown): boolean {
  const plain: unknown = toValue(value);
  return plain !== false && plain !== undefined && plain !== null;
}

/** What compares itself: exact numbers, and LiquidJS's `nil`, `empty` and `blank`. */
interface Comparable {
  equals(other: unknown): unknown;
  lt(other: unknown): boolean;
  leq(other: unknown): boolean;
  gt(other: unknown): boolean;
  geq(other: unknown): boolean;
}

function isComparable(value: unknown): value is Comparable {
  return value instanceof ExactNumber || (value instanceof Drop && typeof value.equals === 'function');
}

export function equal(left: unknown, right: unknown, budget: Budget): boolean {
  budget.steps(1);
  if (isComparable(left)) return toValueSync(left.equals(standIn(right, budget))) as boolean; // LiquidJS's own are generators of one
  if (isComparable(right)) return toValueSync(right.equals(standIn(left, budget))) as boolean; // as above
  const [one, other]: unknown[] = [toValue(left), toValue(right)];
  if (Array.isArray(one))
    return Array.isArray(other) && one.length === other.length && one.every((part, index) => equal(part, other[index], budget));
  if (typeof one === 'string' && typeof other === 'string' && one.length === other.length) budget.steps(one.length / COMPARED);
  return one === other;
}

/** As empty and as blank as the value. LiquidJS lists the keys of a map again, and keeps a note of every blank it meets in a text. */
function standIn(value: unknown, budget: Budget): unknown {
  if (typeof value === 'string' && value !== '') {
    budget.steps(value.length / COMPARED);
    return /\S/.test(value) ? 'x' : ' ';
  }
  return isMap(value) && keysOf(value, budget).length > 0 ? true : value;
}

/**
 * The characters of what is about to be put in order.
 * @throws {Fault} for a list or a map: JavaScript would compare what it makes of them as text
 */
export function orderedSize(value: unknown, budget: Budget): number {
  if (!Array.isArray(value) && !isMap(value)) return sizeOf(value, budget);
  const what = Array.isArray(value) ? 'a list' : 'a map';
  throw renderFault('order', `${what} is neither less nor greater than anything; compare its size, or one of its values`);
}

/** Missing and null are in no order with anything; in JavaScript null would be less than 1. */
function ordering(
  method: 'lt' | 'leq' | 'gt' | 'geq',
  turned: typeof method,
  compare: (left: string, right: string) => boolean,
): Compare {
  return (left, right, budget) => {
    const [one, other]: unknown[] = [toValue(left), toValue(right)];
    if (one === undefined || one === null || other === undefined || other === null) return false;
    budget.steps(1 + (orderedSize(one, budget) + orderedSize(other, budget)) / COMPARED);
    if (isComparable(left)) return left[method](right);
    if (isComparable(right)) return right[turned](left);
    return compare(one as string, other as string); // or numbers, or booleans
  };
}

function contains(left: unknown, right: unknown, budget: Budget): boolean {
  const [all, part]: unknown[] = [toValue(left), toValue(right)];
  if (Array.isArray(all)) return all.some((one) => equal(one, right, budget));
  if (typeof all !== 'string' || Array.isArray(part) || isMap(part)) return false;
  budget.steps(1 + searchSteps(all.length, sizeOf(part, budget)));
  return all.includes(part as string); // JavaScript makes a text of the rest, as it does for `indexOf`
}
