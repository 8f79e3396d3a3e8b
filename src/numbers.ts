/** JSON in and out without losing a digit: numbers that a double cannot hold travel as `ExactNumber`. */

import { randomBytes } from 'node:crypto';

/** Nested deeper than this, a text is refused: `JSON.stringify` and walks over the value would overflow the stack. */
export const MAX_DEPTH = 100;

/** A text that is not JSON, or JSON nested too deeply. The message is a sentence for the person who sent it. */
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

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  valueOf(): number {
    return Number(this.#text);
  }

  toJSON(): string {
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

/** The number that a JSON or YAML numeral stands for: a double where that keeps its value, else the digits. */
export function exactNumber(text: string): number | ExactNumber {
  return isExact(text) ? Number(text) : new ExactNumber(text);
}

/** Whether a double holds this numeral as written: converting it to a double and back gives the same digits. */
function isExact(text: string): boolean {
  const value = Number(text);
  return Number.isFinite(value) && sameNumber(text, String(value));
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
  const digits = all.replace(/0+$/, '');
  return { sign: sign === '-' ? '-' : '', digits, exponent: Number(power) - fraction.length + (all.length - digits.length) };
}

/*
 * Exact numbers pass through the native parser and printer as strings that begin with a mark. No text can
 * hold the mark by chance or by malice: it is drawn at random when the process starts and never printed.
 */
const mark = `\u0001${randomBytes(16).toString('hex')}:`;
const printedMark = JSON.stringify(mark).slice(1, -1);
const printedNumber = new RegExp(`"${printedMark.replace(/\\/g, '\\\\')}([^"]*)"`, 'g');
let marked = false;

/** `JSON.stringify` that prints exact numbers with their own digits. Numbers that are not finite become `null`, as there. */
export function stringifyJson(value: unknown, indent?: number): string {
  marked = false;
  const text = JSON.stringify(value, undefined, indent) ?? 'null';
  return marked ? text.replace(printedNumber, '$1') : text;
}

/**
 * `JSON.parse` that keeps numbers a double cannot hold, and refuses text nested deeper than `MAX_DEPTH`.
 * `__proto__` is an ordinary key, and of two equal keys the last one wins, as in `JSON.parse`.
 * @throws {JsonError} whose message says what is wrong and where
 */
export function parseJson(text: string): unknown {
  const risky = scan(text);
  try {
    if (risky.length === 0) return JSON.parse(text);
    return JSON.parse(markNumbers(text, risky), (_, value) =>
      typeof value === 'string' && value.startsWith(mark) ? new ExactNumber(value.slice(mark.length)) : value,
    );
  } catch (cause) {
    throw new JsonError(`not JSON${parserPlace(cause)}`, { cause });
  }
}

/** Of the engine's message only the position is kept: the rest may quote the text, which may hold secrets. */
function parserPlace(cause: unknown): string {
  if (!(cause instanceof SyntaxError)) return '';
  const position = /at position (\d+)/.exec(cause.message)?.[1];
  if (position !== undefined) return ` (at character ${Number(position) + 1})`;
  return /end of JSON input|Unterminated/.test(cause.message) ? ' (it ends too early)' : '';
}

const QUOTE = 34;
const BACKSLASH = 92;

/** One pass over the text: checks the depth, and finds `[start, end)` of the numerals that may not survive a double. */
function scan(text: string): number[] {
  const risky: number[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
    } else if (code === 123 || code === 91) {
      if (++depth > MAX_DEPTH) throw new JsonError(`JSON nested deeper than ${MAX_DEPTH} levels`);
    } else if (code === 125 || code === 93) {
      depth--;
    } else if (code === 45 || (code >= 48 && code <= 57)) {
      const end = endOfNumeral(text, i);
      // Fifteen significant digits always survive; an exponent may overflow or underflow.
      if (end - i > 15 || hasExponent(text, i, end)) {
        const numeral = text.slice(i, end);
        if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(numeral) && !isExact(numeral)) risky.push(i, end);
      }
      i = end - 1;
    }
  }
  return risky;
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

function hasExponent(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 69 || code === 101) return true;
  }
  return false;
}

function markNumbers(text: string, risky: readonly number[]): string {
  let out = '';
  let from = 0;
  for (let i = 0; i < risky.length; i += 2) {
    const [start, end] = [risky[i] as number, risky[i + 1] as number];
    out += `${text.slice(from, start)}"${printedMark}${text.slice(start, end)}"`;
    from = end;
  }
  return out + text.slice(from);
}
