/** Values as a hostile sender would make them: as large as a body may be, and shaped for what is slow. */

import { parseJson } from '../../src/json/parse.ts';

type Row = Record<string, unknown>;

/** A text of so many characters. */
export function textOf(size: number, part = 'x'): string {
  return part.repeat(Math.ceil(size / part.length)).slice(0, size);
}

export function listOf(length: number, element: (index: number) => unknown): unknown[] {
  return Array.from({ length }, (_, index) => element(index));
}

/** A map, parsed as a call's body is. */
export function mapOf(keys: number, value: string, key: (index: number) => string = (index) => `key_${index}`): Row {
  const entries = Array.from({ length: keys }, (_, index) => `${JSON.stringify(key(index))}:${value}`);
  return parseJson(`{${entries.join()}}`) as Row; // the text is a map's
}

/** Lists or maps inside each other, down to `inner`. */
export function nested(depth: number, inner: unknown, wrap: (inner: unknown) => unknown = (one) => [one]): unknown {
  let value = inner;
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

/** Texts of one length, too long for V8 to tell apart by anything else, that differ at their ends only. */
export function longTexts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => textOf(16_390) + String(index).padStart(10, '0'));
}

/** Whole numbers that fall together wherever V8 keeps them in a Set or a Map: its hash of 32 bits is public, so it can be run backwards. */
export function collidingNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => unhashed((index << 14) >>> 0) | 0);
}

const WORD = 0xffff_ffffn;

function unhashed(hash: number): number {
  let value = unshifted(BigInt(hash), 16n);
  value = (value * inverse(2057n)) & WORD;
  value = unshifted(value, 4n);
  value = (value * inverse(5n)) & WORD;
  value = unshifted(value, 12n);
  return Number(((value + 1n) * inverse(32_767n)) & WORD);
}

/** Of an odd number, modulo 2³²: Newton's iteration doubles the right digits. */
function inverse(odd: bigint): bigint {
  let found = 1n;
  for (let round = 0; round < 6; round++) found = (found * (2n - odd * found)) & WORD;
  return found & WORD;
}

/** What `value ^ (value >> shift)` was made of. */
function unshifted(mixed: bigint, shift: bigint): bigint {
  let value = mixed;
  for (let done = 0n; done < 32n; done += shift) value = mixed ^ (value >> shift);
  return value & WORD;
}
