/** Numbers that a double cannot hold: kept as they were written, and printed so into JSON. */

import { randomBytes } from 'node:crypto';

/** A number as RFC 8259 writes it. */
export const NUMERAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Digits that always survive a double. */
export const SAFE_DIGITS = 15;
/** Below it doubles have fewer digits. */
export const SMALLEST_NORMAL = 2 ** -1022;

const ZERO = 48;

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

/** Whether a double holds this numeral as written: converting it to a double and back gives the same digits. */
export function isExact(text: string): boolean {
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
 * Exact numbers pass through the native printer as strings that begin with a mark. No text can hold the mark
 * by chance or by malice: it is drawn at random when the process starts and never printed.
 */
const mark = randomBytes(12).toString('base64url');
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
