/** Finds where values end in the bytes of JSON: strictly, so that what passes is JSON to every parser (https://www.rfc-editor.org/rfc/rfc8259). */

import { SAFE_DIGITS } from '../numbers.ts';
import { WEIGHT } from './limits.ts';

/** No value ends at the beginning of a text. */
export const NOWHERE = 0;

export const QUOTE = 34;
export const COMMA = 44;
export const COLON = 58;
export const OPEN_LIST = 91;
export const CLOSE_LIST = 93;
export const OPEN_MAP = 123;
export const CLOSE_MAP = 125;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
export const ZERO = 48;
export const BACKSLASH = 92;
const SMALL_E = 101;
const SMALL_U = 117;
/** The bit that a small letter of ASCII has and its capital has not. */
const SMALL = 32;

/** What bytes may be, as bits. */
const IN_STRING = 1;
const DIGIT = 2;
const HEX = 4;
const SPACE = 8;
const ESCAPED = 16;
const KINDS = kinds();

function kinds(): Uint8Array {
  const made = new Uint8Array(256);
  const add = (bytes: Iterable<number>, kind: number) => {
    for (const byte of bytes) made[byte] = (made[byte] ?? 0) | kind;
  };
  add([...made.keys()].slice(SMALL), IN_STRING);
  for (const byte of [QUOTE, BACKSLASH]) made[byte] = 0;
  add(Buffer.from('0123456789'), DIGIT | HEX);
  add(Buffer.from('abcdefABCDEF'), HEX);
  add(Buffer.from(' \t\n\r'), SPACE);
  add(Buffer.from('"\\/bfnrtu'), ESCAPED);
  return made;
}

/** @param byte nothing behind the end of a text, which is of no kind */
function is(byte: number | undefined, kind: number): boolean {
  return ((KINDS[byte as number] as number) & kind) !== 0; // of no index there is nothing, whose bits are 0
}

export function behindSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  while (is(bytes[at], SPACE)) at++;
  return at;
}

/** What a text may hold. */
export interface Bounds {
  /** How many lists and maps may stand in each other. */
  readonly levels: number;
  /** How many values there are so far, weighed as `MAX_VALUES` counts them, or more: a number that is odd is taken for a long one. */
  values: number;
}

/** What an element or a member weighs, beside what it holds. @param end where it ends, inverted for what is odd */
export function weightOf(first: number | undefined, end: number): number {
  return end < 0 && (first === MINUS || is(first, DIGIT)) ? WEIGHT.longNumber : 1;
}

/**
 * Where the value ends that begins here; `NOWHERE` where none does, or one that is too deep. Inverted (`~`) where it is *odd*: where its
 * bytes are not what `stringifyJson` prints of it, or may not be. Lists, maps, strings with `\\/` or `\\u`, numbers of many digits or with an exponent.
 */
export function endOfValue(bytes: Uint8Array, start: number, bounds: Bounds, level = 0): number {
  const first = bytes[start];
  if (first === QUOTE) return endOfString(bytes, start);
  if (first === MINUS || is(first, DIGIT)) return endOfNumber(bytes, start);
  return first === OPEN_LIST || first === OPEN_MAP ? odd(endOfHolder(bytes, start, bounds, level + 1)) : endOfWord(bytes, start);
}

function odd(end: number): number {
  return end === NOWHERE ? NOWHERE : ~end;
}

/** Where a value ends, be it odd. */
export function behind(end: number): number {
  return end < 0 ? ~end : end;
}

/** @param start where its first quote stands */
export function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  let byte = bytes[at];
  while (is(byte, IN_STRING)) byte = bytes[++at];
  return byte === QUOTE ? at + 1 : endOfEscaped(bytes, at);
}

/** Printed are the short escapes, and others for what has no short one; which these are need not be known here. */
function endOfEscaped(bytes: Uint8Array, start: number): number {
  let at = start;
  let printed = true;
  for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[at]) {
    if (is(byte, IN_STRING)) at++;
    else {
      const escaped = byte === BACKSLASH ? bytes[at + 1] : undefined;
      at = endOfEscape(bytes, at + 1, escaped);
      if (at === NOWHERE) return NOWHERE;
      printed &&= escaped !== SLASH && escaped !== SMALL_U;
    }
  }
  return printed ? at + 1 : odd(at + 1);
}

/** @param escaped the byte behind the backslash */
function endOfEscape(bytes: Uint8Array, start: number, escaped: number | undefined): number {
  if (!is(escaped, ESCAPED)) return NOWHERE;
  const end = escaped === SMALL_U ? start + 5 : start + 1;
  for (let at = start + 1; at < end; at++) if (!is(bytes[at], HEX)) return NOWHERE;
  return end;
}

function endOfDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (is(bytes[at], DIGIT)) at++;
  return at;
}

/** Behind the point of a number that is printed with an exponent: it is below 0.000001. */
const TOO_SMALL = new Uint8Array(6).fill(ZERO);

/** As printed are numbers of at most fifteen digits in their shortest form, but for small ones, which get an exponent. */
function endOfNumber(bytes: Uint8Array, start: number): number {
  const whole = bytes[start] === MINUS ? start + 1 : start;
  const small = bytes[whole] === ZERO;
  let end = small ? whole + 1 : endOfDigits(bytes, whole);
  if (end === whole) return NOWHERE;
  let digits = end - whole;
  let printed = !(small && whole > start);
  if (bytes[end] === DOT) {
    const fraction = end + 1;
    end = endOfDigits(bytes, fraction);
    if (end === fraction) return NOWHERE;
    digits += end - fraction;
    printed = bytes[end - 1] !== ZERO && !(small && stands(bytes, fraction, TOO_SMALL));
  }
  if (((bytes[end] ?? 0) | SMALL) === SMALL_E) {
    const sign = bytes[end + 1];
    const power = sign === PLUS || sign === MINUS ? end + 2 : end + 1;
    end = endOfDigits(bytes, power);
    if (end === power) return NOWHERE;
    printed = false;
  }
  return printed && digits <= SAFE_DIGITS ? end : odd(end);
}

const WORDS = ['true', 'false', 'null'].map((word) => Uint8Array.from(Buffer.from(word)));

function endOfWord(bytes: Uint8Array, start: number): number {
  for (const word of WORDS) if (stands(bytes, start, word)) return start + word.length;
  return NOWHERE;
}

/** Whether these bytes stand here. */
export function stands(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  const { length } = expected;
  let same = 0;
  while (same < length && bytes[start + same] === expected[same]) same++;
  return same === length;
}

/** Of a list or a map. */
function endOfHolder(bytes: Uint8Array, start: number, bounds: Bounds, level: number): number {
  if (level > bounds.levels) return NOWHERE;
  bounds.values += WEIGHT.container;
  const isMap = bytes[start] === OPEN_MAP;
  const close = isMap ? CLOSE_MAP : CLOSE_LIST;
  let at = behindSpace(bytes, start + 1);
  if (bytes[at] === close) return at + 1;
  for (;;) {
    if (isMap) at = behindKey(bytes, at);
    const end = at === NOWHERE ? NOWHERE : endOfValue(bytes, at, bounds, level);
    if (end === NOWHERE) return NOWHERE;
    bounds.values += weightOf(bytes[at], end);
    at = behindSpace(bytes, behind(end));
    if (bytes[at] === close) return at + 1;
    if (bytes[at] !== COMMA) return NOWHERE;
    at = behindSpace(bytes, at + 1);
  }
}

/** Where the value behind a key begins; `NOWHERE` for no key. */
function behindKey(bytes: Uint8Array, start: number): number {
  const end = bytes[start] === QUOTE ? endOfString(bytes, start) : NOWHERE;
  return end === NOWHERE ? NOWHERE : behindColon(bytes, behind(end));
}

/** The same from behind the key. */
export function behindColon(bytes: Uint8Array, start: number): number {
  const colon = behindSpace(bytes, start);
  return bytes[colon] === COLON ? behindSpace(bytes, colon + 1) : NOWHERE;
}
