/** JSON from the bytes of a body. A large one is parsed in pieces: it never stands in memory as one text, of two bytes a character where one of them needs two. */

import { isAscii } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { JsonError, MAX_VALUES, parseJson, parsePlain, WEIGHT } from '../numbers.ts';

/** In bytes. */
export interface Sizes {
  /** A body from which on it is parsed in pieces: for smaller ones it takes longer than it is worth. */
  readonly large: number;
  /** The least of a piece. */
  readonly piece: number;
}

const SIZES: Sizes = { large: 8 * 1024 * 1024, piece: 16 * 1024 };
/** Bytes behind the least within which a piece must end. */
const REACH = 1024 * 1024;
/** Places where it cannot be cut after all: so many are tried, and what is left is one piece. */
const MISSES = 20;
/** How deep the list is that is cut: the rows of `{"params":{"rows":[…]}}`. */
const LEVEL = 3;

/**
 * @param bytes UTF-8; a mark of the byte order is not of the text (https://encoding.spec.whatwg.org/#utf-8-decode)
 * @throws {JsonError} as `parseJson` does
 */
export function parseBytes(bytes: Buffer, { large, piece }: Sizes = SIZES): unknown {
  const text = bytes.subarray(0, BYTE_ORDER.length).equals(BYTE_ORDER) ? bytes.subarray(BYTE_ORDER.length) : bytes;
  const pieces = text.length < large ? undefined : parsePieces(text, piece);
  return pieces === undefined ? parseJson(textOf(text)) : pieces.value;
}

const BYTE_ORDER = Buffer.from('\ufeff');

/** Decoding what is ASCII as Latin-1 takes a fraction of the time. */
function textOf(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}

/** Stands for a piece in the text around it. Drawn at random when the process starts and never printed: no body can hold it. */
const MARK = randomBytes(12).toString('base64url');

/**
 * Exactly what `parseJson` gives, or nothing: for a text with a mistake, with too many or too deep values, or with numbers
 * that a double cannot hold.
 *
 * A piece is cut where it looks like the end of an element, and is right if it parses: JSON that begins where an element
 * does can be read in one way only. In its place stands a text, which is an element too; so the whole is right where all
 * pieces are, what is around them is, and each of these texts is found as an element of a list.
 */
function parsePieces(bytes: Buffer, least: number): { readonly value: unknown } | undefined {
  if (mostValues(bytes) > MAX_VALUES) return undefined;
  const pieces = new Map<string, readonly unknown[]>();
  let around = '';
  let from = 0;
  for (const { start, end, elements } of cut(bytes, least)) {
    const mark = `${MARK}${pieces.size}`;
    pieces.set(mark, elements);
    around += `${textOf(bytes.subarray(from, start))}"${mark}"`;
    from = end;
  }
  if (pieces.size === 0) return undefined;
  try {
    const value = parseJson(around + textOf(bytes.subarray(from)));
    return fill(value, 1, pieces) === pieces.size ? { value } : undefined;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** What a byte may add to the number of values, were it not inside a string. */
const ADDS = new Uint8Array(256);
ADDS[','.charCodeAt(0)] = 1;
ADDS['['.charCodeAt(0)] = WEIGHT.container;
ADDS['{'.charCodeAt(0)] = WEIGHT.container;

function mostValues(bytes: Buffer): number {
  let most = 0;
  for (let at = 0; at < bytes.length; at++) most += ADDS[bytes[at] as number] as number; // the table has all bytes
  return most;
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly elements: readonly unknown[];
}

/** Pieces of the first list whose elements fill one, one behind the other: maps that begin with the same key. */
function* cut(bytes: Buffer, least: number): Generator<Piece> {
  let misses = 0;
  for (let start = bytes.indexOf('[{') + 1; start > 0; start = bytes.indexOf('[{', start) + 1) {
    const first = bytes.subarray(start, bytes.indexOf(':', start) + 1);
    const between = Buffer.concat([Buffer.from('},'), first]);
    let begun = false;
    let place = start + least;
    for (let end = ending(bytes, between, place); end > 0; end = ending(bytes, between, place)) {
      const elements = parsePlain(`[${textOf(bytes.subarray(start, end))}]`, LEVEL - 1);
      if (Array.isArray(elements)) {
        yield { start, end, elements };
        begun = true;
        start = end + 1;
        place = start + least;
      } else {
        if (++misses > MISSES) return;
        place = end;
      }
    }
    if (begun || ++misses > MISSES) return;
  }
}

/** Where the first element ends that does so behind a place and has another behind it, as it looks; 0 where there is none. */
function ending(bytes: Buffer, between: Buffer, place: number): number {
  const at = bytes.subarray(place, place + REACH).indexOf(between);
  return at < 0 ? 0 : place + at + 1;
}

/** Puts the pieces where their marks stand, and counts them. */
function fill(value: unknown, level: number, pieces: ReadonlyMap<string, readonly unknown[]>): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (level < LEVEL) return Object.values(value).reduce((sum: number, inner: unknown) => sum + fill(inner, level + 1, pieces), 0);
  if (!Array.isArray(value)) return 0;
  let found = 0;
  for (const element of value.splice(0)) {
    const piece = typeof element === 'string' ? pieces.get(element) : undefined;
    if (piece === undefined) value.push(element);
    else {
      found++;
      for (const one of piece) value.push(one);
    }
  }
  return found;
}
