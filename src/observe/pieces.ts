/** Pieces of secrets, by four characters of each: a text is gone through once, however many secrets there are. */

import { CUT, type Decoded } from './decoded.ts';

/** Characters that a piece is found by, and of the shortest secret. */
export const SHORTEST = 4;

/**
 * The most characters of a piece. What is longer is looked for in pieces: so a part of it is found too, cut off at either
 * end, and no text takes longer than so many comparisons for each of its characters.
 */
export const PIECE = 16;

/** Pieces of one form; of a longer one they stand further apart. */
const MOST_PIECES = 64;

/** What a secret may turn up as. */
export interface Form {
  /** Folded. */
  readonly text: string;
  /** Characters of its pieces: so many of them stand in no innocent text. */
  readonly piece: number;
}

/** A form of a secret from one offset to another, and how many characters of it, on either side, no other piece sees to. */
interface Piece {
  readonly form: Uint16Array;
  readonly from: number;
  readonly to: number;
  readonly reach: number;
  /** Where in the form the characters end that the piece is found by. */
  readonly anchor: number;
}

/** Buckets for each piece: most characters of a text then meet an empty one. */
const SPARE = 16;
const FEWEST_BUCKETS = 10;
const MOST_BUCKETS = 17;

export class Pieces {
  /** Powers of two. */
  #size = FEWEST_BUCKETS;
  #buckets: (Piece[] | undefined)[] = empty(FEWEST_BUCKETS);
  #count = 0;
  /** Forms by their first characters: for what was cut off before there was a whole piece of it. */
  readonly #heads = new Map<number, Uint16Array[]>();

  /** @returns what takes it out again */
  add({ text, piece }: Form): () => void {
    const form = Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
    const pieces = piecesOf(text, piece).map(([from, to, reach]) => this.#put({ form, from, to, reach, anchor: 0 }));
    this.#count += pieces.length;
    if (this.#count * SPARE > 1 << this.#size && this.#size < MOST_BUCKETS) this.#grow();
    const head = windowBehind(form, SHORTEST);
    this.#heads.set(head, [...(this.#heads.get(head) ?? []), form]);
    return () => {
      this.#count -= pieces.length;
      for (const piece of pieces) this.#remove(piece);
      const left = this.#heads.get(head)?.filter((one) => one !== form) ?? [];
      if (left.length > 0) this.#heads.set(head, left);
      else this.#heads.delete(head);
    };
  }

  /** @param found is told from where to where in the text there is a secret, or a part of one */
  find({ codes, starts, length }: Decoded, found: (from: number, to: number) => void): void {
    if (this.#count === 0) return;
    const buckets = this.#buckets;
    const shift = 32 - this.#size;
    let window = 0;
    for (let at = 0; at < length; at++) {
      const code = codes[at] ?? 0;
      window = (window << 8) ^ code;
      const bucket = buckets[Math.imul(window, GOLDEN) >>> shift];
      if (bucket !== undefined) {
        for (const piece of bucket) {
          const begin = at + 1 - piece.anchor;
          const right = agreement(codes, length, begin, piece);
          if (right < 0) continue;
          found(starts[begin + left(codes, begin, piece)] ?? 0, starts[begin + right] ?? 0);
        }
      }
      if (code === CUT) {
        const begin = this.#beginning(codes, at);
        if (begin < at) found(starts[begin] ?? 0, starts[at] ?? 0);
      }
    }
  }

  /** Where the beginning of a secret begins that a cut ends; the cut itself where there is none. */
  #beginning(codes: Uint16Array, cut: number): number {
    const last = codes[cut - 1] ?? 0;
    // Half a surrogate pair at the cut, or what became of it.
    const end = last === 0xfffd || (last >= 0xd800 && last < 0xdc00) ? cut - 1 : cut;
    for (let begin = Math.max(0, end - PIECE); begin <= end - SHORTEST; begin++) {
      const forms = this.#heads.get(windowBehind(codes, begin + SHORTEST)) ?? [];
      if (forms.some((form) => form.length > end - begin && same(codes, begin, form, end - begin))) return begin;
    }
    return cut;
  }

  /** By those of its characters that the fewest share: many secrets may begin alike. */
  #put(piece: Piece): Piece {
    let best = piece.to;
    for (let anchor = piece.to; anchor >= piece.from + SHORTEST; anchor--) {
      const others = this.#bucketOf(piece.form, anchor)?.length ?? 0;
      if (others < (this.#bucketOf(piece.form, best)?.length ?? 0)) best = anchor;
      if (others === 0) break;
    }
    const put = { ...piece, anchor: best };
    const slot = this.#slot(put);
    this.#buckets[slot] = [...(this.#buckets[slot] ?? []), put];
    return put;
  }

  #remove(piece: Piece): void {
    const slot = this.#slot(piece);
    const left = this.#buckets[slot]?.filter(({ form, from }) => form !== piece.form || from !== piece.from) ?? [];
    this.#buckets[slot] = left.length > 0 ? left : undefined;
  }

  #grow(): void {
    const pieces = this.#buckets.flatMap((bucket) => bucket ?? []);
    while (this.#count * SPARE > 1 << this.#size && this.#size < MOST_BUCKETS) this.#size++;
    this.#buckets = empty(this.#size);
    for (const piece of pieces) {
      const slot = this.#slot(piece);
      this.#buckets[slot] = [...(this.#buckets[slot] ?? []), piece];
    }
  }

  #slot({ form, anchor }: Piece): number {
    return Math.imul(windowBehind(form, anchor), GOLDEN) >>> (32 - this.#size);
  }

  #bucketOf(form: Uint16Array, anchor: number): Piece[] | undefined {
    return this.#buckets[Math.imul(windowBehind(form, anchor), GOLDEN) >>> (32 - this.#size)];
  }
}

/** Knuth's multiplicative hashing: 2³² by the golden ratio. */
const GOLDEN = 0x9e3779b1;

function empty(size: number): undefined[] {
  return new Array<undefined>(1 << size).fill(undefined);
}

/** Four characters as one number, as a loop over the text has it. */
function windowBehind(codes: Uint16Array, end: number): number {
  let window = 0;
  for (let at = end - SHORTEST; at < end; at++) window = (window << 8) ^ (codes[at] ?? 0);
  return window;
}

/** Offsets from, to and the reach of each. */
function piecesOf(form: string, size: number): (readonly [number, number, number])[] {
  const { length } = form;
  if (length <= size) return [[0, length, 0]];
  const stride = Math.max(size, Math.ceil(length / MOST_PIECES));
  const pieces: (readonly [number, number, number])[] = [];
  for (let from = 0; from + size < length; from += stride) pieces.push([from, from + size, stride]);
  pieces.push([length - size, length, stride]);
  // Indentation is no part of a secret. What stands there twice is found twice anyway.
  const texts = new Set<string>();
  return pieces.filter(([from, to]) => {
    const text = form.slice(from, to);
    return text.trim() !== '' && !texts.has(text) && texts.add(text);
  });
}

/** How far from where its form would begin a text goes on like a piece; negative where the piece is not there. */
function agreement(codes: Uint16Array, length: number, begin: number, { form, from, to, reach }: Piece): number {
  if (begin + from < 0 || begin + to > length) return -1;
  for (let at = from; at < to; at++) if (codes[begin + at] !== form[at]) return -1;
  const most = Math.min(form.length, to + reach, length - begin);
  let end = to;
  while (end < most && codes[begin + end] === form[end]) end++;
  return end;
}

/** The same to its left. */
function left(codes: Uint16Array, begin: number, { form, from, reach }: Piece): number {
  const least = Math.max(0, from - reach, -begin);
  let start = from;
  while (start > least && codes[begin + start - 1] === form[start - 1]) start--;
  return start;
}

function same(codes: Uint16Array, begin: number, form: Uint16Array, count: number): boolean {
  for (let at = 0; at < count; at++) if (codes[begin + at] !== form[at]) return false;
  return true;
}
