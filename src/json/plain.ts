/** JSON that the native parser reads as it is, as it does nearly all. */

import { SAFE_DIGITS, SMALLEST_NORMAL } from '../numbers.ts';
import { MAX_DEPTH, MAX_VALUES } from './limits.ts';
import { ZERO } from './scan.ts';

/**
 * What the native parser gives, where a few looks show that it lost nothing and that there is neither too much nor too
 * deep; else undefined. Nearly all texts are so, and a scan takes as long as parsing.
 */
export function parsePlain(text: string): unknown {
  if (text.length > MAX_VALUES || holdsLongNumeral(text)) return undefined; // the most values have a character each: `{},`
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const found = inspect(value, 0);
  return found === 'odd' || (found === 'zero' && /\d[eE]-/.test(text)) ? undefined : value;
}

/** Whether a numeral may have more digits than a double keeps; a text of digits looks like one. */
function holdsLongNumeral(text: string): boolean {
  const step = SAFE_DIGITS + 1;
  // So many characters in a row cannot all stand between two that are looked at.
  for (let i = step - 1; i < text.length; i += step) {
    if (!isOfNumeral(text.charCodeAt(i))) continue;
    let [start, end] = [i, i + 1];
    while (isOfNumeral(text.charCodeAt(start - 1))) start--;
    while (isOfNumeral(text.charCodeAt(end))) end++;
    if (end - start >= step) return true;
    i = Math.max(i, end - step);
  }
  return false;
}

function isOfNumeral(code: number): boolean {
  return (code >= ZERO && code <= 57) || code === 46;
}

/**
 * Looks at all values. `odd`: one is too deep, or a number over or under what a double holds; `zero`: one is zero, as such
 * a number may have become.
 */
function inspect(value: unknown, depth: number): Found {
  if (typeof value === 'number') return inspectNumber(value);
  if (typeof value !== 'object' || value === null) return 'plain';
  if (depth === MAX_DEPTH) return 'odd';
  return Array.isArray(value) ? inspectList(value, depth + 1) : inspectMap(value as Record<string, unknown>, depth + 1); // what else JSON has
}

type Found = 'plain' | 'zero' | 'odd';

function inspectNumber(value: number): Found {
  if (value === 0) return 'zero';
  return Number.isFinite(value) && Math.abs(value) >= SMALLEST_NORMAL ? 'plain' : 'odd';
}

/** What was just parsed has own members only. */
function inspectMap(map: Readonly<Record<string, unknown>>, depth: number): Found {
  let found: Found = 'plain';
  for (const key in map) {
    const member = map[key];
    if (typeof member === 'string') continue; // most are: a call for each would double the time
    const inner = inspect(member, depth);
    if (inner === 'odd') return inner;
    if (inner === 'zero') found = inner;
  }
  return found;
}

/** By places: asked for its keys, a list would make a text of each. */
function inspectList(list: readonly unknown[], depth: number): Found {
  let found: Found = 'plain';
  for (let index = 0; index < list.length; index++) {
    const inner = inspect(list[index], depth);
    if (inner === 'odd') return inner;
    if (inner === 'zero') found = inner;
  }
  return found;
}
