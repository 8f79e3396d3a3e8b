/** Values as an attacker would choose them, each made from a chance of its own; and their JSON, printed here. */

type Chance = () => number;

/** A number as it is written, and as it must arrive: in its own digits where a double would change it. */
export class Numeral {
  readonly written: string;
  readonly text: string;

  constructor(written: string, text: string) {
    this.written = written;
    this.text = text;
  }
}

/** A map of JSON: entries in their order, each name once; what is missing is left out. */
export class Dict {
  readonly entries: readonly (readonly [string, Value])[];

  constructor(entries: Iterable<readonly [string, Value | undefined]>) {
    const given: (readonly [string, Value])[] = [];
    for (const [name, value] of new Map(entries)) if (value !== undefined) given.push([name, value]);
    this.entries = given;
  }
}

export type Value = null | boolean | string | Numeral | Dict | readonly Value[];

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** The JSON of a value, as a caller would write it. */
export function jsonOf(value: Value): string {
  if (value instanceof Numeral) return value.written;
  if (value instanceof Dict) return `{${value.entries.map(([name, one]) => `${JSON.stringify(name)}:${jsonOf(one)}`).join()}}`;
  return isList(value) ? `[${value.map(jsonOf).join()}]` : JSON.stringify(value);
}

function pick<T>(chance: Chance, list: readonly T[]): T {
  return list[whole(chance, list.length)] as T; // no list here is empty
}

function whole(chance: Chance, below: number): number {
  return Math.floor(chance() * below);
}

function some<T>(chance: Chance, least: number, most: number, one: () => T): T[] {
  return Array.from({ length: least + whole(chance, most - least + 1) }, one);
}

/** Names and words that mean something to a runtime, to a template, to HTTP or to us. */
const NAMES = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'toJSON', 'then'],
  ...['length', 'size', 'first', 'last', 'id', 'v', 'w', 'm', 'p', 'a', 'z', 'row', 'record', 'items', 'settings', 'position'],
  ...['', ' ', '.', '..', '...', '0', '-1', '1e3', '007', 'null', 'undefined', 'NaN', 'true', '[object Object]'],
  ...['host', 'Content-Length', 'Transfer-Encoding', 'TE', 'a[x]', 'z[]', 'f[a]', 'k0[x]', 'first[x]', 'a][b'],
];

/** What ends, opens or escapes something in one of the syntaxes that a request is made of, or in ours. */
const PIECES = [
  ...['"', "'", '\\', '\\"', '\\\\', '\\u0022', '\\u0000', '\\ud800', '","x":"', '"}', '{"a":1}', '[]', '[', ']', '][', '{'],
  ...['}', ':', ',', '/*', '//', '&', '=', ';', '?', '#', '+', '%', '%%', '%2', '%zz', '%00', '%0d%0a', '%20', '%25', '%26'],
  ...['%3d', '%5b', '%u002e', '%c0%ae', '%ff', '&a=1', 'a=1', '&z=3', '/', '//', '\\', '.', '..', '...', '../', '/..', '..\\'],
  ...['./', '..;/', '%2e', '%2E%2e', '%2f', '%5c', '..%2f', '%252e', '\uff0e', '\u2024', '\uff0f', '\u2215', '\r\n', '\n'],
  ...['\r', '\t', '\0', '\v', '\f', '\u001b[31m', '\u007f', '\u0085', '\u00a0', '\u2028', '\u2029', '\ufeff', '\u3000', ' '],
  ...['  ', '\r\nX-Evil: 1', '\r\n folded', '\r\nContent-Length: 0\r\n\r\n', ' HTTP/1.1\r\nHost: evil.test', '0\r\n\r\n', ': '],
  // The low bytes of these are a line break.
  ...['\u010d\u010aX-Evil: 1', '嘍嘊', 'Transfer-Encoding: chunked', '@evil.test', ':80', 'https://evil.test/'],
  ...['{{', '}}', '{%', '%}', '{{-', '-%}', '{{ 7 | plus: 1 }}', '{{ settings.key }}', '{{ row.v | raw }}', '| raw'],
  ...['{% raw %}', '{% endraw %}', '{% comment %}', '{% assign z = 1 %}', '<', '>', '</a>', '<![CDATA[', ']]>', '<!--'],
  ...['&amp;', '&#34;', '&quot;', '$&', '$1', '$`', "$'", '%s', '%n', '`', '#{1}', "';--", '|', '~', '^', '!', '*', '(', ')'],
  ...['\ud800', '\udfff', '\ude00\ud83d', '\ud83d', '\u202e', '\u2066', '\u200b', '\u200d', '\u0301', '\ufffc', '\ufffd'],
  ...['\uffff', '\ufdd0', '\u{10ffff}', '\u{1f600}', '\u{1d11e}', 'é', 'Ā', 'ß', '日本', '\u0080', '\u0001'],
];
const DOTS = ['.', '..', '/', '\\', '%2e', '%2f', '%5c', ';', 'x'];

/** A text in one more coding; half a character has none in most of them. */
const CODINGS: readonly ((text: string) => string)[] = [
  encodeURIComponent,
  (text) => new URLSearchParams([['', text]]).toString().slice(1),
  (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  (text) => JSON.stringify(text),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => text.replace(/[^a-z0-9]/gi, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (text) => text.replace(/[^a-z0-9]/gi, (unit) => `&#${unit.charCodeAt(0)};`),
  (text) => Buffer.from(text).toString('base64'),
  (text) => text.normalize('NFKD'),
];

const pieces = (chance: Chance) => some(chance, 1, 5, () => pick(chance, chance() < 0.8 ? PIECES : ['x', 'ab', '1'])).join('');
const dots = (chance: Chance) => some(chance, 1, 5, () => pick(chance, DOTS)).join('');
const anyUnits = (chance: Chance) => String.fromCharCode(...some(chance, 1, 6, () => whole(chance, 0x10000)));
const long = (chance: Chance) => pick(chance, [...PIECES, 'x']).repeat(1 + whole(chance, chance() < 0.1 ? 8000 : 300));

/** All of Unicode, half of it from the scripts of Europe. */
function anyCharacters(chance: Chance): string {
  const points = some(chance, 1, 6, () => whole(chance, chance() < 0.5 ? 0x300 : 0x110000));
  return String.fromCodePoint(...points.filter((point) => point < 0xd800 || point > 0xdfff));
}

/** What anybody may have in a column: letters, digits, marks and spaces of any script. */
export function printable(chance: Chance): string {
  const blocks = [0x20, 0xa1, 0x391, 0x410, 0x5d0, 0x621, 0x905, 0x4e00, 0x1f300];
  const point = () => (chance() < 0.6 ? 0x20 + whole(chance, 95) : pick(chance, blocks) + whole(chance, 25));
  return String.fromCodePoint(...some(chance, 1, 12, point));
}

function coded(chance: Chance): string {
  let text = chance() < 0.5 ? pieces(chance) : dots(chance);
  for (let times = whole(chance, 3); times >= 0 && text.isWellFormed(); times--) text = pick(chance, CODINGS)(text);
  return text;
}

/** A text; one in five hundred is long. */
function hostileText(chance: Chance): string {
  const kind = chance();
  if (kind < 0.002) return long(chance);
  if (kind < 0.3) return pieces(chance);
  if (kind < 0.4) return dots(chance);
  if (kind < 0.55) return coded(chance);
  if (kind < 0.65) return anyUnits(chance);
  if (kind < 0.75) return anyCharacters(chance);
  if (kind < 0.95) return printable(chance);
  return pick(chance, NAMES);
}

export function hostileName(chance: Chance): string {
  return chance() < 0.7 ? pick(chance, NAMES) : hostileText(chance);
}

/** Too many digits for a double, or an exponent out of its reach. */
const KEPT = [
  ...['9007199254740993', '-90071992547409931', '0.12345678901234567890', '1e400', '7E+1234', '-1E-400', '1e-999'],
  `1${'0'.repeat(40)}1`,
];
const DOUBLES = ['0', '-0', '0e99999', '1.0', '1E2', '-1.50e+1', '1e21', '5e-324', '9007199254740992', '0.1', '-12', '429'];

function numeral(chance: Chance): Numeral {
  const kept = pick(chance, KEPT);
  if (chance() < 0.4) return new Numeral(kept, kept);
  const digits = chance() < 0.5 ? pick(chance, DOUBLES) : String(chance() * 10 ** (whole(chance, 600) - 300));
  return new Numeral(digits, String(Number(digits)));
}

export function hostileMap(chance: Chance, depth: number): Dict {
  return new Dict(some(chance, 0, 3, () => [hostileName(chance), hostileValue(chance, depth - 1)] as const));
}

/** Any value, lists and maps as deep as asked for. */
export function hostileValue(chance: Chance, depth: number): Value {
  const kind = chance();
  if (kind < 0.68 || depth <= 0) return hostileText(chance);
  if (kind < 0.8) return numeral(chance);
  if (kind < 0.83) return chance() < 0.5;
  if (kind < 0.86) return null;
  if (kind < 0.93) return some(chance, 0, 3, () => hostileValue(chance, depth - 1));
  return hostileMap(chance, depth);
}
