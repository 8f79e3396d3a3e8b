/** Query strings and form bodies: names and values encoded so that a value stays a value. */

import { encodeSegment } from '../template/places.ts';
import { renderFault } from '../template/render-fault.ts';
import { isMap, scalarText } from '../template/text.ts';

/**
 * `[name, value]` pairs of a map: a list repeats its name, a map nests with brackets (`a[b]`), null is an empty text.
 * In a list of maps the name repeats with empty brackets, as forms have it.
 */
export function pairsOf(map: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(map).flatMap(([name, value]) => pairs(name, value));
}

function pairs(name: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item) => pairs(isMap(item) || Array.isArray(item) ? `${name}[]` : name, item));
  if (isMap(value)) return Object.entries(value).flatMap(([key, inner]) => pairs(`${name}[${key}]`, inner));
  return [[name, scalarText(value)]];
}

/** RFC 3986: a space is %20, and nothing but unreserved characters is left as it is. */
export function queryString(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${strict(name)}=${strict(value)}`).join('&');
}

function strict(text: string): string {
  return encodeSegment(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** application/x-www-form-urlencoded, as the URL standard writes it: a space is +. */
export function formBody(pairs: readonly (readonly [string, string])[]): string {
  for (const text of pairs.flat()) {
    if (!text.isWellFormed())
      throw renderFault('surrogate', 'a text holds half a character (a lone surrogate), which cannot be sent');
  }
  return new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString();
}
