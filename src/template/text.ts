/** Values as text: what may stand inside a longer text, a path, a header or a parameter. */

import { Drop, toValue } from 'liquidjs';
import { beginning } from '../fault.ts';
import { ExactNumber, stringifyJson } from '../numbers.ts';
import { renderFault } from './render-fault.ts';

/**
 * The text of a scalar; missing and null are empty.
 * @throws {Fault} for a list or a map, which have no text of their own
 */
export function scalarText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean' || value instanceof ExactNumber) return value.toString();
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return String(value);
    throw renderFault('number', `a calculation gave ${value}, which is no number that can be sent`);
  }
  if (value instanceof Drop) return scalarText(toValue(value));
  const what = Array.isArray(value) ? 'a list' : 'a map';
  throw renderFault('list', `${what} cannot stand inside a text; use join, or json for its JSON`);
}

/**
 * The text of a scalar that becomes bytes.
 * @throws {Fault} also for a lone surrogate, which UTF-8 cannot carry: it would come out as another text
 */
export function utf8Text(value: unknown): string {
  const text = scalarText(value);
  if (text.isWellFormed()) return text;
  throw renderFault('surrogate', 'a text holds half a character (a lone surrogate), which cannot be sent');
}

/** Characters of a value in a sentence. */
const SHOWN = 40;

/** The value in a sentence, a text shortened before it is quoted: it may be megabytes. Row values are the caller's own. */
export function shown(value: unknown): string {
  return beginning(stringifyJson(typeof value === 'string' ? value.slice(0, SHOWN) : value), SHOWN);
}

/** A map as data has it: not a list, not null, not a number of ours, and none of the objects that LiquidJS makes, such as `empty` and `forloop`. */
export function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof ExactNumber || value instanceof Drop);
}

/** A list as it is, a map as its entries; undefined of anything else. */
export function elementsOf(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return isMap(value) ? Object.entries(value).map(([key, own]) => ({ key, value: own })) : undefined;
}

/** The texts of a value, or of each of a list: what is empty is none. */
export function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(scalarText).filter((text) => text !== '');
}
