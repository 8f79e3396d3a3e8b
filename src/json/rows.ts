/**
 * The rows of a call as they stand in its body. Each is seen to be JSON, and the place of each value is kept: what it is, is read when
 * somebody asks. What is sent as it came is never parsed nor printed, which would be most of what a row costs.
 */

import { stringifyJson } from '../numbers.ts';
import { MAX_DEPTH, MAX_VALUES, WEIGHT } from './limits.ts';
import { parseJson } from './parse.ts';
import type { Bounds } from './scan.ts';
import {
  BACKSLASH,
  behind,
  behindColon,
  behindSpace,
  CLOSE_LIST,
  CLOSE_MAP,
  COMMA,
  endOfString,
  endOfValue,
  NOWHERE,
  OPEN_LIST,
  OPEN_MAP,
  QUOTE,
  stands,
  weightOf,
  ZERO,
} from './scan.ts';
import { emptyShape, type Shape } from './shape.ts';

/** Columns and values. */
export type Row = Readonly<Record<string, unknown>>;

/** What a body may hold. Around a value there are five levels: a batch of calls, the call, its params, the rows, the row. */
const OF_BODY = { levels: MAX_DEPTH - 5, most: MAX_VALUES };
/** What was parsed is within the bounds of `parseJson`, which counts less for some values, and fewer levels. A row must parse again. */
const PARSED = { levels: MAX_DEPTH - 1, most: Number.POSITIVE_INFINITY };

export class JsonRows {
  readonly length: number;
  /** UTF-8. */
  readonly bytes: Buffer;
  /** Where each value begins in the bytes, and where it ends, inverted for what is odd: see `endOfValue`. */
  readonly places: Int32Array;
  readonly #found: Found;
  /** The row without places that was asked last: to parse it for each of its columns would take as often as long. */
  #asked: { readonly index: number; readonly row: Row } | undefined;

  private constructor(bytes: Buffer, places: Int32Array, found: Found) {
    this.bytes = bytes;
    this.places = places;
    this.#found = found;
    this.length = found.starts.length;
  }

  /**
   * The list of maps that begins here, where it ends, and how many values it has, as `Bounds` tells them. Nothing where something is
   * no JSON or no map, and where there is so much or so deep that `parseJson` could refuse it: that tells what is wrong.
   * @param bytes UTF-8, known to be well-formed; they are held
   */
  static read(bytes: Buffer, start: number, bounds = OF_BODY): Read | undefined {
    const reader = new Reader(bytes, start, bounds);
    const end = reader.list();
    if (end === NOWHERE) return undefined;
    return { rows: new JsonRows(bytes, reader.places, reader.found), end, values: reader.values };
  }

  /** Of maps that are held already. @throws {RangeError} for deeper ones than `parseJson` gives */
  static of(rows: readonly Row[]): JsonRows {
    const read = JsonRows.read(Buffer.from(stringifyJson(rows)), 0, PARSED);
    if (read === undefined) throw new RangeError('These rows are deeper than a call may have them.');
    return read.rows;
  }

  /** What keys a row has; undefined for one whose values have no places. */
  shape(index: number): Shape | undefined {
    return this.#found.shapes[index];
  }

  /** Where in `places` those of a row begin, in the order of its keys. */
  firstPlace(index: number): number {
    return this.#found.firstPlaces[index] as number; // indexes are of rows
  }

  /** A row as a map, another one each time. */
  row(index: number): Row {
    const { starts, ends } = this.#found;
    return parseJson(this.bytes.toString('utf8', starts[index], ends[index])) as Row; // it was seen to be a map
  }

  /** The value of a column; undefined where the row lacks it. */
  value(index: number, column: string): unknown {
    const shape = this.shape(index);
    if (shape === undefined) {
      if (this.#asked?.index !== index) this.#asked = { index, row: this.row(index) };
      const { row } = this.#asked;
      return Object.hasOwn(row, column) ? row[column] : undefined;
    }
    const place = shape.placeOf(column);
    return place < 0 ? undefined : this.valueAt(this.firstPlace(index) + 2 * place);
  }

  /** @param place its index in `places` */
  valueAt(place: number): unknown {
    const start = this.places[place] as number; // its row has it, and the end behind it
    const end = this.places[place + 1] as number;
    if (end < 0) return parseJson(this.bytes.toString('utf8', start, ~end));
    const first = this.bytes[start] as number; // no value is empty
    if (first === QUOTE) return this.#text(start, end);
    return WORDS.has(first) ? WORDS.get(first) : this.#number(start, end);
  }

  /** Most texts are of ASCII, and hold no escape. */
  #text(start: number, end: number): string {
    const { bytes } = this;
    let ascii = true;
    for (let at = start + 1; at < end; at++) {
      const byte = bytes[at] as number; // it is within
      if (byte === BACKSLASH) return JSON.parse(bytes.toString('utf8', start, end)) as string; // it was seen to be one
      if (byte >= ASCII) ascii = false;
    }
    return bytes.toString(ascii ? 'latin1' : 'utf8', start + 1, end - 1);
  }

  #number(start: number, end: number): number {
    let number = 0;
    for (let at = start; at < end; at++) {
      const digit = (this.bytes[at] as number) - ZERO; // it is within
      if (digit < 0) return Number(this.bytes.toString('latin1', start, end)); // a sign, or a point
      number = 10 * number + digit;
    }
    return number;
  }
}

interface Read {
  readonly rows: JsonRows;
  readonly end: number;
  readonly values: number;
}

/** Bytes below it are characters. */
const ASCII = 128;

/** Values that are known by their first letter. */
const WORDS: ReadonlyMap<number | undefined, unknown> = new Map<number, unknown>([
  ['t'.charCodeAt(0), true],
  ['f'.charCodeAt(0), false],
  ['n'.charCodeAt(0), null],
]);

/** By row. */
interface Found {
  readonly starts: number[];
  readonly ends: number[];
  readonly firstPlaces: number[];
  readonly shapes: (Shape | undefined)[];
}

/** Reads one list, once. */
class Reader {
  readonly found: Found = { starts: [], ends: [], firstPlaces: [], shapes: [] };
  places = new Int32Array(256);
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #bounds: Bounds;
  readonly #most: number;
  readonly #empty = emptyShape();
  #filled = 0;

  constructor(bytes: Buffer, start: number, { levels, most }: typeof OF_BODY) {
    this.#bytes = bytes;
    this.#start = start;
    this.#bounds = { levels, values: 0 };
    this.#most = most;
  }

  get values(): number {
    return this.#bounds.values;
  }

  /** Where it ends. */
  list(): number {
    const bytes = this.#bytes;
    if (bytes[this.#start] !== OPEN_LIST) return NOWHERE;
    let at = behindSpace(bytes, this.#start + 1);
    if (bytes[at] === CLOSE_LIST) return at + 1;
    for (;;) {
      if (bytes[at] !== OPEN_MAP) return NOWHERE;
      const end = this.#row(at);
      if (end === NOWHERE || this.#bounds.values > this.#most) return NOWHERE;
      at = behindSpace(bytes, end);
      if (bytes[at] === CLOSE_LIST) return at + 1;
      if (bytes[at] !== COMMA) return NOWHERE;
      at = behindSpace(bytes, at + 1);
    }
  }

  /** Where a row ends. */
  #row(start: number): number {
    const bytes = this.#bytes;
    const firstPlace = this.#filled;
    const { values } = this.#bounds;
    let shape = this.#empty;
    let at = behindSpace(bytes, start + 1);
    while (bytes[at] !== CLOSE_MAP || shape !== this.#empty) {
      const { next } = shape;
      if (next !== undefined && stands(bytes, at, next.key)) {
        at = behindSpace(bytes, at + next.key.length);
        shape = next;
      } else {
        const end = bytes[at] === QUOTE ? behind(endOfString(bytes, at)) : NOWHERE;
        const further = end === NOWHERE ? undefined : shape.with(bytes.subarray(at, end));
        if (further === undefined) return this.#loose(start, firstPlace, values);
        at = behindColon(bytes, end);
        shape = further;
      }
      const end = at === NOWHERE ? NOWHERE : endOfValue(bytes, at, this.#bounds);
      if (end === NOWHERE) return NOWHERE;
      if (end < 0) this.#bounds.values += weightOf(bytes[at], end) - 1;
      this.#add(at, end);
      at = behindSpace(bytes, behind(end));
      if (bytes[at] === CLOSE_MAP) break;
      if (bytes[at] !== COMMA) return NOWHERE;
      at = behindSpace(bytes, at + 1);
    }
    // The comma behind it counts, and stands for one of its members: there is one comma less between these.
    this.#bounds.values += WEIGHT.container + Math.max(shape.size, 1);
    return this.#keep(start, at + 1, firstPlace, shape);
  }

  /** A row without places: there are too many shapes, or it is none. @param values how many there were before it */
  #loose(start: number, firstPlace: number, values: number): number {
    this.#filled = firstPlace;
    const bounds = { levels: this.#bounds.levels + 1, values };
    const end = endOfValue(this.#bytes, start, bounds);
    this.#bounds.values = bounds.values;
    return end === NOWHERE ? NOWHERE : this.#keep(start, behind(end), firstPlace, undefined);
  }

  #keep(start: number, end: number, firstPlace: number, shape: Shape | undefined): number {
    const { starts, ends, firstPlaces, shapes } = this.found;
    starts.push(start);
    ends.push(end);
    firstPlaces.push(firstPlace);
    shapes.push(shape);
    return end;
  }

  #add(start: number, end: number): void {
    const place = this.#filled;
    if (place === this.places.length) this.#grow(start);
    this.places[place] = start;
    this.places[place + 1] = end;
    this.#filled = place + 2;
  }

  /** To what all will need if they go on like this. @param at how far it has come */
  #grow(at: number): void {
    const length = this.#bytes.length - this.#start;
    const all = (this.places.length * length) / (at - this.#start);
    const places = new Int32Array(2 * Math.ceil(Math.max(1.5 * this.places.length, 1.1 * all) / 2));
    places.set(this.places);
    this.places = places;
  }
}
