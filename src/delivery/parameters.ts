/** Query strings and form bodies: names and values encoded so that a value stays a value. */

import { beginning } from '../fault.ts';
import { encodeSegment } from '../template/places.ts';
import { renderFault } from '../template/render-fault.ts';
import { isMap, scalarText } from '../template/text.ts';

/**
 * `[name, value]` pairs of a map: a list repeats its name, a map nests with brackets (`a[b]`), null is an empty text.
 * In a list of maps the name repeats with empty brackets, as Rails reads it.
 * @param taken names that stand in the same place already
 * @throws {Fault} for what would be read as another value: brackets in names from data cannot be escaped
 */
export function pairsOf(map: Readonly<Record<string, unknown>>, taken: ReadonlySet<string> = NONE): [string, string][] {
  return Object.entries(map).flatMap(([name, value]) => {
    if (taken.size > 0 && taken.has(rootOf(name))) {
      throw renderFault('name', `the parameter ${quoted(name)} is set already, by the URL or the credentials of the connection`);
    }
    checkName(name, map);
    return pairs(name, value);
  });
}

const NONE: ReadonlySet<string> = new Set();

function pairs(name: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.some(isScalar) ? scalars(name, value) : maps(name, value);
  if (isMap(value)) return Object.entries(value).flatMap(([key, inner]) => pairs(`${name}[${innerName(key)}]`, inner));
  return [[name, scalarText(value)]];
}

function isScalar(value: unknown): boolean {
  return !isMap(value) && !Array.isArray(value);
}

function scalars(name: string, list: readonly unknown[]): [string, string][] {
  if (list.every(isScalar)) return list.flatMap((item) => pairs(name, item));
  throw renderFault('list', `the list ${quoted(name)} holds values beside lists or maps, ${UNTOLD}`);
}

/** A receiver takes a name that it has seen for the beginning of the next map: so must every map begin, and hold each name once. */
function maps(name: string, list: readonly unknown[]): [string, string][] {
  const each = list.map((item) => (isMap(item) ? pairs(`${name}[]`, item) : []));
  const first = each[0]?.[0]?.[0];
  for (const own of each) {
    if (own.length > 0 && own[0]?.[0] === first && new Set(own.map(([inner]) => inner)).size === own.length) continue;
    throw renderFault(
      'list',
      `the list ${quoted(name)} holds lists, or maps that do not all begin with the same name, ${UNTOLD}`,
    );
  }
  return each.flat();
}

const UNTOLD = 'which parameters cannot tell; send it as json';

/** What a receiver takes a name apart by: `user` of `user[id]`. */
export function rootOf(name: string): string {
  const bracket = name.indexOf('[');
  return bracket === -1 ? name : name.slice(0, bracket);
}

/** Brackets in a name that are looked behind; nothing that a manifest writes is nested deeper. */
const DEEPEST = 16;

/** `user[admin]` beside `user` would reach into it. */
function checkName(name: string, map: Readonly<Record<string, unknown>>): void {
  for (let at = name.indexOf('['), depth = 0; at !== -1 && depth < DEEPEST; at = name.indexOf('[', at + 1), depth++) {
    const outer = name.slice(0, at);
    if (Object.hasOwn(map, outer))
      throw renderFault('name', `the parameter ${quoted(name)} would be read as a part of ${quoted(outer)}`);
  }
}

function innerName(key: string): string {
  if (key !== '' && !/[[\]]/.test(key)) return key;
  throw renderFault(
    'name',
    `${quoted(key)}, the name of a value in a map, would be read as another nesting: it is empty or holds a bracket`,
  );
}

function quoted(name: string): string {
  return JSON.stringify(beginning(name, 60));
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
