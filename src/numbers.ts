/** JSON in and out without losing a digit: numbers that a double cannot hold travel as `ExactNumber`. */

import { randomBytes } from 'node:crypto';

/** Nested deeper than this, a text is refused: `JSON.stringify` and walks over the value would overflow the stack. */
export const MAX_DEPTH = 64;

/**
 * A text of more values than this is refused: what is small as text may be large in memory (`{},` takes 64 bytes), and
 * while it is parsed nothing else runs. Rows have sixteen bytes to a value and more, so 64 MB of them are within it.
 */
export const MAX_VALUES = 4_000_000;
/** As many values count what costs more than others: a list or a map, and a number that a double cannot hold. */
export const WEIGHT = { container: 2, longNumber: 4 };

/** A text that is not JSON, or JSON of too many or too deep values. The message is a sentence for the person who sent it. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/**
 * A number kept as it was written, because a double would change it (`12345678901234567890`, `1e400`).
 * Comparisons and arithmetic see its nearest double; text and JSON see its digits. The five comparison
 * methods are the ones that LiquidJS asks of a comparable value.
 */
export class ExactNumber {
  readonly #text: string;

  /** @param text a JSON numeral: it is printed into JSON as it is, so anything else throws */
  constructor(text: string) {
    if (!NUMERAL.test(text)) throw new TypeError('An ExactNumber is made of a JSON numeral.');
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  valueOf(): number {
    return Number(this.#text);
  }

  /** Under plain `JSON.stringify` a string of the digits; `stringifyJson` makes a number of it. */
  toJSON(): string {
    if (!printing) return this.#text;
    marked = true;
    return mark + this.#text;
  }

  equals(other: unknown): boolean {
    return other instanceof ExactNumber
      ? sameNumber(this.#text, other.#text)
      : typeof other === 'number' && sameNumber(this.#text, String(other));
  }

  gt(other: unknown): boolean {
    return this.valueOf() > Number(other);
  }

  geq(other: unknown): boolean {
    return this.equals(other) || this.gt(other);
  }

  lt(other: unknown): boolean {
    return this.valueOf() < Number(other);
  }

  leq(other: unknown): boolean {
    return this.equals(other) || this.lt(other);
  }
}

/**
 * The number that a decimal numeral of JSON or YAML stands for: a double where that keeps its value, else the digits.
 * YAML's `+1`, `007`, `.5` and `5.` are taken too; of any other text (`.inf`, `0x1F`) it is what `Number` makes of it.
 */
export function exactNumber(text: string): number | ExactNumber {
  const [, sign, whole = '', fraction = '', power = ''] = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+)?$/.exec(text) ?? [];
  if (sign === undefined || (whole === '' && fraction === '') || isExact(text)) return Number(text);
  const point = fraction === '' ? '' : `.${fraction}`;
  return new ExactNumber((sign === '-' ? '-' : '') + (whole.replace(/^0+/, '') || '0') + point + power);
}

/** Below it doubles have fewer digits. */
const SMALLEST_NORMAL = 2 ** -1022;

/** Whether a double holds this numeral as written: converting it to a double and back gives the same digits. */
function isExact(text: string): boolean {
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  // Fifteen digits always survive.
  if (text.length <= SAFE_DIGITS && Math.abs(value) >= SMALLEST_NORMAL) return true;
  const printed = String(value);
  return printed === text || sameNumber(text, printed);
}

function sameNumber(a: string, b: string): boolean {
  const left = decimal(a);
  const right = decimal(b);
  return left.digits === right.digits && (left.digits === '' || (left.exponent === right.exponent && left.sign === right.sign));
}

/** A numeral as sign, significant digits without zeros at either end, and the power of ten of the last one. */
function decimal(text: string): { sign: string; digits: string; exponent: number } {
  const [, sign = '', whole = '', fraction = '', power = '0'] = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, '');
  // By hand: /0+$/ is quadratic in a long run of zeros that does not end the text.
  let end = all.length;
  while (all.charCodeAt(end - 1) === ZERO) end--;
  const digits = all.slice(0, end);
  return { sign: sign === '-' ? '-' : '', digits, exponent: Number(power) - fraction.length + (all.length - end) };
}

/*
 * Exact numbers pass through the native parser and printer as strings that begin with a mark. No text can
 * hold the mark by chance or by malice: it is drawn at random when the process starts and never printed.
 */
const MARK_START = 0x80; // a byte of Latin-1 that JSON does not escape
const mark = String.fromCharCode(MARK_START) + randomBytes(12).toString('base64url');
const printedNumber = new RegExp(`"${mark}([^"]*)"`, 'g');
/** Whether `stringifyJson` runs: at no other time may the mark leave this module, or somebody could learn it. */
let printing = false;
/** Whether it met an exact number. */
let marked = false;

/** `JSON.stringify` that prints exact numbers with their own digits. Numbers that are not finite become `null`, as there. */
export function stringifyJson(value: unknown, indent?: number): string {
  const outerPrinting = printing;
  const outerMarked = marked;
  printing = true;
  marked = false;
  try {
    const text = JSON.stringify(value, undefined, indent) ?? 'null';
    return marked ? text.replace(printedNumber, '$1') : text;
  } finally {
    printing = outerPrinting;
    marked = outerMarked;
  }
}

/**
 * `JSON.parse` that keeps numbers a double cannot hold, and refuses text nested deeper than `MAX_DEPTH` or of more than `MAX_VALUES` values.
 * `__proto__` is an ordinary key, and of two equal keys the last one wins, as in `JSON.parse`.
 * @throws {JsonError} whose message says what is wrong and where
 */
export function parseJson(text: string): unknown {
  const value = parsePlain(text);
  return value === undefined ? parseScanned(text) : value;
}

/**
 * What the native parser gives, where a few looks show that it lost nothing and that there is neither too much nor too
 * deep; else undefined. Nearly all texts are so, and a scan takes as long as parsing.
 */
function parsePlain(text: string): unknown {
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

/** Digits that always survive a double. */
export const SAFE_DIGITS = 15;

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

function parseScanned(text: string): unknown {
  const risky = scan(text);
  try {
    return risky.length === 0 ? JSON.parse(text) : unmarked(JSON.parse(markNumbers(text, risky)));
  } catch (error) {
    const cause = risky.length === 0 ? error : mistakeIn(text, error);
    if (!(cause instanceof SyntaxError)) throw new JsonError('JSON with more long numbers than can be kept', { cause });
    throw new JsonError(`not JSON${parserPlace(cause)}`, { cause });
  }
}

/** The value with numbers where their marked digits stand. A reviver of `JSON.parse` would take three times as long. */
function unmarked(value: unknown): unknown {
  if (typeof value === 'string') {
    const isMarked = value.charCodeAt(0) === MARK_START && value.startsWith(mark);
    return isMarked ? new ExactNumber(value.slice(mark.length)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = unmarked(value[i]);
    return value;
  }
  // What was just parsed has own members only: a key or an index is enough to set one, `__proto__` too.
  const members = value as Record<string, unknown>;
  for (const key of Object.keys(members)) {
    const member = members[key];
    const own = unmarked(member);
    if (own !== member) members[key] = own;
  }
  return value;
}

/** Parses the text as it came, so that the place of the mistake is counted without the marks. */
function mistakeIn(text: string, error: unknown): unknown {
  try {
    JSON.parse(text);
    return error;
  } catch (plain) {
    return plain;
  }
}

/** Of the engine's message only the position is kept: the rest may quote the text, which may hold secrets. */
function parserPlace(cause: SyntaxError): string {
  const position = /at position (\d+)/.exec(cause.message)?.[1];
  if (position !== undefined) return ` (at character ${Number(position) + 1})`;
  return /end of JSON input|Unterminated/.test(cause.message) ? ' (it ends too early)' : '';
}

const QUOTE = 34;
const BACKSLASH = 92;
const ZERO = 48;
const COLON = 58;
const COMMA = 44;
/** A number as RFC 8259 writes it. */
const NUMERAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** One pass over the text: checks depth and number of values, and finds `[start, end)` of the numerals that may not survive a double. */
function scan(text: string): number[] {
  const risky: number[] = [];
  let depth = 0;
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
    } else if (code === 123 || code === 91) {
      if (++depth > MAX_DEPTH) throw new JsonError(`JSON nested deeper than ${MAX_DEPTH} levels`);
      values += WEIGHT.container;
    } else if (code === COMMA) {
      values++;
    } else if (code === 125 || code === 93) {
      depth--;
    } else if (code === 45 || (code >= 48 && code <= 57)) {
      const end = endOfNumeral(text, i);
      if (isRisky(text, i, end)) {
        risky.push(i, end);
        values += WEIGHT.longNumber - 1;
      }
      i = end - 1;
    }
    if (values > MAX_VALUES) throw new JsonError(`JSON of more than ${MAX_VALUES} values`);
  }
  return risky;
}

/** Whether the numeral in `[start, end)` is one that a double would change. */
function isRisky(text: string, start: number, end: number): boolean {
  // Fifteen significant digits always survive; an exponent may overflow or underflow.
  if (end - start <= SAFE_DIGITS && !hasExponent(text, start, end)) return false;
  const numeral = text.slice(start, end);
  return NUMERAL.test(numeral) && !isExact(numeral) && !isKey(text, end);
}

/** The index of the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let i = start;
  for (;;) {
    i = text.indexOf('"', i + 1);
    if (i === -1) return text.length;
    let slashes = 0;
    while (text.charCodeAt(i - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return i;
  }
}

function endOfNumeral(text: string, start: number): number {
  let i = start + 1;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const inside = (code >= 48 && code <= 57) || code === 46 || code === 43 || code === 45 || code === 69 || code === 101;
    if (!inside) break;
  }
  return i;
}

/** A numeral before a colon is a mistake for the parser to find; marked, it would become a key that shows the mark. */
function isKey(text: string, end: number): boolean {
  let i = end;
  while (text.charCodeAt(i) <= 32) i++;
  return text.charCodeAt(i) === COLON;
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 69 || code === 101) return true;
  }
  return false;
}

function markNumbers(text: string, risky: readonly number[]): string {
  const before = `"${mark}`;
  let out = '';
  let from = 0;
  for (let i = 0; i < risky.length; i += 2) {
    const [start, end] = [risky[i] as number, risky[i + 1] as number];
    // In two steps: in one it takes a third longer.
    out += text.slice(from, start) + before;
    out += `${text.slice(start, end)}"`;
    from = end;
  }
  return out + text.slice(from);
}
