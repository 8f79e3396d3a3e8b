/** How large values are, found before anything is made of them. The walk itself takes steps, and ends at the limit. */

import { MAX_DEPTH } from '../json/limits.ts';
import { ExactNumber } from '../numbers.ts';
import type { Budget } from './budget.ts';
import { MAX_VALUE } from './limits.ts';
import { isMap } from './text.ts';

/** Characters of a number, a boolean or null at most, and the comma behind it. */
const SCALAR = 25;
/** Elements that are looked at in one step. */
const VISITED = 2;
/** Characters that are looked at in one step. */
const READ = 32;
/** Characters of which it is counted, in one step, how they are escaped. */
const COUNTED = 8;

/**
 * The characters of a value written out, about: of a text its own, of a list or a map those of all within.
 * @throws {Fault} where it is larger than values may be
 */
export function sizeOf(value: unknown, budget: Budget, depth = 0): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return SCALAR;
  if (value instanceof ExactNumber) return value.toString().length;
  const known = budget.sizes.get(value);
  if (known !== undefined) return known;
  if (depth > MAX_DEPTH) budget.tooDeep();
  let size = 2;
  if (Array.isArray(value)) {
    budget.steps(value.length / VISITED);
    for (const part of value) size = within(size + 1 + sizeOf(part, budget, depth + 1), budget);
  } else if (isMap(value)) {
    for (const key of keysOf(value, budget)) {
      size = within(size + 4 + key.length + sizeOf(value[key], budget, depth + 1), budget);
    }
  }
  budget.sizes.set(value, size);
  return size;
}

/** The characters of a value's JSON at most, where every level is indented. */
export function jsonSizeOf(value: unknown, budget: Budget, indent = 0, depth = 0): number {
  if (typeof value === 'string') return within(quotedSize(value, budget), budget);
  if (typeof value !== 'object' || value === null) return SCALAR;
  // Its digits travel behind a mark through the native printer.
  if (value instanceof ExactNumber) return value.toString().length + 3 * SCALAR;
  if (depth > MAX_DEPTH) budget.tooDeep();
  const line = indent * (depth + 1) + 2;
  let size = 2 + line;
  if (Array.isArray(value)) {
    budget.steps(value.length / VISITED);
    for (const part of value) size = within(size + line + jsonSizeOf(part, budget, indent, depth + 1), budget);
  } else if (isMap(value)) {
    for (const key of keysOf(value, budget)) {
      const own = quotedSize(key, budget) + jsonSizeOf(value[key], budget, indent, depth + 1);
      size = within(size + line + 2 + own, budget);
    }
  }
  return size;
}

/** Steps of a key that is listed. */
const LISTED = 4;
/** Steps of an entry that is made of a key and its value. */
const ENTRY = 4;

/** The keys of a map, each counted. */
export function keysOf(map: object, budget: Budget): string[] {
  const keys = Object.keys(map);
  budget.steps(keys.length * LISTED);
  return keys;
}

/** What a loop runs over: the elements of a list, the entries of a map, or a text by itself. */
export function elementsOf(value: unknown, budget: Budget): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (!isMap(value)) return [];
  const keys = keysOf(value, budget);
  budget.steps(keys.length * ENTRY);
  return keys.map((key) => [key, value[key]]);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

function quotedSize(text: string, budget: Budget): number {
  budget.steps(text.length / READ);
  if (!ESCAPED.test(text)) return text.length + 2;
  budget.steps(text.length / COUNTED);
  const whole = text.isWellFormed();
  let size = text.length + 2;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (!whole && code >= 0xd800 && code < 0xe000)) size += 5;
    else if (code === 0x22 || code === 0x5c) size += 1;
  }
  return size;
}

function within(size: number, budget: Budget): number {
  return size > MAX_VALUE ? budget.tooLarge() : size;
}
