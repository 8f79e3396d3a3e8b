/**
 * The keys of a row in their order. Rows with the same keys in the same order have the very same shape, found key by key; they are kept from
 * one call to the next, which mostly brings the same columns.
 */

import { COLON } from './scan.ts';

/** Bytes that all shapes may take, about: a body can have one for each row. */
const MOST = 8 * 1024 * 1024;
/** What one takes beside its key. */
const EACH = 200;
/** What a name and its place take, where somebody asked for places. */
const EACH_PLACE = 100;

/** What shapes of one beginning take. */
interface Taken {
  bytes: number;
}

let empty: Shape | undefined;

/** Of no keys: the beginning of all others. */
export function emptyShape(): Shape {
  if (empty === undefined || empty.taken.bytes >= MOST) empty = new Shape(NO_KEY, undefined, { bytes: 0 });
  return empty;
}

const NO_KEY = new Uint8Array(0);

export class Shape {
  /** The last of its keys as it stands in most bodies, with its quotes and the colon behind it. */
  readonly key: Uint8Array;
  /** How many keys it has. */
  readonly size: number;
  /** The shape with one key more that was met last: mostly it is the next one too. */
  next: Shape | undefined;
  readonly taken: Taken;
  readonly #before: Shape | undefined;
  /** Those with one key more, by that key. */
  #further: Map<string, Shape> | undefined;
  #places: ReadonlyMap<string, number> | undefined;

  constructor(key: Uint8Array, before: Shape | undefined, taken: Taken) {
    this.key = key;
    this.size = before === undefined ? 0 : before.size + 1;
    this.taken = taken;
    this.#before = before;
  }

  /** With one key more; undefined where there are too many already. @param key as JSON writes it */
  with(key: Buffer): Shape | undefined {
    const written = key.toString('latin1');
    let shape = this.#further?.get(written);
    if (shape === undefined) {
      // What is not taken counts too: where little room is left, all is begun anew.
      this.taken.bytes += EACH + 2 * key.length;
      if (this.taken.bytes >= MOST) return undefined;
      const own = new Uint8Array(key.length + 1);
      own.set(key);
      own[key.length] = COLON;
      shape = new Shape(own, this, this.taken);
      this.#further ??= new Map();
      this.#further.set(written, shape);
    }
    this.next = shape;
    return shape;
  }

  /** Which of its values, counted from 0, is that of a name: of two equal keys the last one, as in `JSON.parse`; below 0 for none. */
  placeOf(name: string): number {
    this.#places ??= this.#count();
    return this.#places.get(name) ?? -1;
  }

  #count(): Map<string, number> {
    const places = new Map<string, number>();
    this.taken.bytes += EACH_PLACE * this.size;
    for (let shape: Shape = this; shape.#before !== undefined; shape = shape.#before) {
      const name = JSON.parse(Buffer.from(shape.key.subarray(0, -1)).toString()) as string; // a string of JSON
      if (!places.has(name)) places.set(name, shape.size - 1);
    }
    return places;
  }
}
