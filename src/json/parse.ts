/** JSON that keeps all digits of its numbers, within limits. */

import { randomBytes } from 'node:crypto';
import { ExactNumber, isExact, NUMERAL, SAFE_DIGITS } from '../numbers.ts';
import { MAX_DEPTH, MAX_VALUES, WEIGHT } from './limits.ts';
import { parsePlain } from './plain.ts';
import { BACKSLASH, CLOSE_LIST, CLOSE_MAP, COLON, COMMA, OPEN_LIST, OPEN_MAP, QUOTE } from './scan.ts';

/** A text that is not JSON, or JSON of too many or too deep values. The message is a sentence for the person who sent it. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
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

/*
 * Numbers that a double cannot hold pass through the native parser as strings that begin with a mark. No text can hold
 * it by chance or by malice: it is drawn at random when the process starts and never leaves this file.
 */
const MARK_START = 0x80; // a byte of Latin-1 that JSON does not escape
const mark = String.fromCharCode(MARK_START) + randomBytes(12).toString('base64url');

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

/** One pass over the text: checks depth and number of values, and finds `[start, end)` of the numerals that may not survive a double. */
function scan(text: string): number[] {
  const risky: number[] = [];
  let depth = 0;
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
    } else if (code === OPEN_MAP || code === OPEN_LIST) {
      if (++depth > MAX_DEPTH) throw new JsonError(`JSON nested deeper than ${MAX_DEPTH} levels`);
      values += WEIGHT.container;
    } else if (code === COMMA) {
      values++;
    } else if (code === CLOSE_MAP || code === CLOSE_LIST) {
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
