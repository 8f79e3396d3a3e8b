/** What becomes of a value in a place, or why its row is rejected: worked out from the documentation, not from the code. */

import { Dict, isList, Numeral, type Value } from './hostile.ts';

export type Pairs = readonly (readonly [string, string])[];

/** Why a row is rejected, and how its reason says so: there are no others. */
export const CAUSES = {
  empty: /^not sent: a part of the path is empty$/,
  control: /^not sent: a part of the path holds a control character$/,
  dots: /^not sent: a part of the path is "\." or "\.\.", which would lead elsewhere$/,
  surrogate: /^not sent: a text holds half a character \(a lone surrogate\), which cannot be sent$/,
  list: /^not sent: a (?:list|map) cannot stand inside a text; use join, or json for its JSON$/,
  missing: /^not sent: the body is missing: its only value is$/,
  spread: /^not sent: "\.\.\." was given a (?:list|value) that is no map$/,
  inner: /^not sent: ".*", the name of a value in a map, would be read as another nesting: it is empty or holds a bracket$/s,
  outer: /^not sent: the parameter ".*" would be read as a part of ".*"$/s,
  taken: /^not sent: the parameter ".*" is set already, by the URL or the credentials of the connection$/s,
  lists:
    /^not sent: the list ".*" holds (?:values beside lists or maps|lists, or maps that do not all begin with the same name), which parameters cannot tell; send it as json$/s,
  headerMap: /^not sent: headers must be a map of names and values$/,
  headerName:
    /^not sent: ".*" is (?:not the name of a header: letters, digits and hyphens make one|set by the HTTP client itself: leave it out|a header that cannot be sent: leave it out)$/s,
  headerControl: /^not sent: the header [^ ]+ would hold a control character or a line break$/,
  headerLatin:
    /^not sent: the header [^ ]+ would hold a character that headers cannot carry; encode it, for example with base64 or uri$/,
  headerBlank: /^not sent: the header [^ ]+ would begin or end with a blank, which is lost on the way$/,
} as const;

export type Cause = keyof typeof CAUSES;

/** A JSON value: its text in one form, how many keys it has, and its numbers that a double would change, sorted. */
export interface Canonical {
  readonly text: string;
  readonly keys: number;
  readonly digits: readonly string[];
}

/** JSON with its keys in order and its numbers as doubles, of parsed JSON or of a value as it was made. */
export function canonical(value: unknown): string {
  if (value instanceof Numeral) return String(Number(value.text));
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = value instanceof Dict ? value.entries : Object.entries(value);
  const sorted = entries.length < 2 ? entries : [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`;
}

export function wantedJson(value: Value): Canonical {
  const digits: string[] = [];
  let keys = 0;
  const walk = (one: Value): void => {
    if (one instanceof Numeral) {
      if (one.text !== String(Number(one.text))) digits.push(one.text);
    } else if (one instanceof Dict) {
      keys += one.entries.length;
      for (const [, inner] of one.entries) walk(inner);
    } else if (isList(one)) for (const inner of one) walk(inner);
  };
  walk(value);
  return { text: canonical(value), keys, digits: digits.sort() };
}

/** What is found out about one row on the way to its request. */
export class Fate {
  readonly causes = new Set<Cause>();

  /** The text of what is no list and no map. */
  text(value: Value | undefined): string {
    if (value === null || value === undefined) return '';
    if (value instanceof Numeral) return value.text;
    if (typeof value !== 'object') return String(value);
    this.causes.add('list');
    return '';
  }

  #wellFormed(text: string): string {
    if (!text.isWellFormed()) this.causes.add('surrogate');
    return text;
  }

  /** A segment of literal texts and values. */
  segment(...parts: readonly (string | { readonly of: Value | undefined })[]): string {
    const text = parts.map((part) => (typeof part === 'string' ? part : this.#wellFormed(this.text(part.of)))).join('');
    if (text === '') this.causes.add('empty');
    for (const unit of text) if (unit < ' ' || unit === '\u007f') this.causes.add('control');
    if (text.split(/[/\\]/).some((part) => /^\.\.?$/.test(part))) this.causes.add('dots');
    return text;
  }

  headers(...entries: readonly (readonly [string, Value | undefined])[]): Pairs {
    return entries.flatMap(([name, value]) => {
      if (value === undefined) return [];
      const text = this.text(value);
      for (const unit of text) {
        if ((unit < ' ' && unit !== '\t') || unit === '\u007f') this.causes.add('headerControl');
        if (unit > '\u00ff') this.causes.add('headerLatin');
      }
      if (/^\s|\s$/.test(text)) this.causes.add('headerBlank');
      return [[name.toLowerCase(), text]];
    });
  }

  parameters(...entries: readonly (readonly [string, Value | undefined])[]): Pairs {
    const given = new Dict(entries).entries;
    const names = new Set(given.map(([name]) => name));
    for (const name of names) {
      const parts = name.split('[');
      if (parts.some((_, index) => index > 0 && names.has(parts.slice(0, index).join('[')))) this.causes.add('outer');
    }
    const pairs = given.flatMap(([name, value]) => this.#pairs(name, value));
    return pairs.map(([name, text]) => [this.#wellFormed(name), this.#wellFormed(text)]);
  }

  #pairs(name: string, value: Value): [string, string][] {
    if (value instanceof Dict) {
      return value.entries.flatMap(([inner, one]) => {
        if (inner === '' || inner.includes('[') || inner.includes(']')) this.causes.add('inner');
        return this.#pairs(`${name}[${inner}]`, one);
      });
    }
    if (!isList(value)) return [[name, this.text(value)]];
    if (!value.some((one) => one instanceof Dict || isList(one))) return value.flatMap((one) => this.#pairs(name, one));
    const each = value.map((one) => this.#pairs(`${name}[]`, one));
    // Rack begins another map where it meets a name that the last one has.
    const first = each[0]?.[0]?.[0];
    const apart = each.every((own) => own[0]?.[0] === first && new Set(own.map(([inner]) => inner)).size === own.length);
    if (first === undefined || !apart || !value.every((one) => one instanceof Dict)) this.causes.add('lists');
    return each.flat();
  }

  /** The entries of a map that is spread, without those whose names are written beside it. */
  spread(value: Value | undefined, ...literal: readonly string[]): readonly (readonly [string, Value])[] {
    if (value === null || value === undefined) return [];
    if (value instanceof Dict) return value.entries.filter(([name]) => !literal.includes(name));
    this.causes.add('spread');
    return [];
  }
}
