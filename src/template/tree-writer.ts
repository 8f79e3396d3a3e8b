/**
 * Writes the JSON of a tree. What stands in the body of the call as it would be printed is copied from there, neither parsed nor printed;
 * everything else is what `stringifyJson` makes of the tree's value.
 */

import type { JsonRows } from '../json/rows.ts';
import { CLOSE_LIST, CLOSE_MAP, COMMA, OPEN_LIST, OPEN_MAP, QUOTE } from '../json/scan.ts';
import type { JsonWriter } from '../json/writer.ts';
import { checked } from './checked.ts';
import type { Code, Run } from './code.ts';
import { NO_PLACE, type Read, type Scope } from './scope.ts';
import type { MapNode, Node, Omit } from './tree-node.ts';
import { compileValue } from './tree-value.ts';

/** Writes a value, and tells whether there is one: of a missing one it writes nothing. */
export type Write = (scope: Scope, out: JsonWriter) => boolean;

export function compileWrite(node: Node): Write {
  const reads: Read[] = [];
  const part = compilePart(node, reads);
  return (scope, out) => part(new From(scope, reads), out);
}

/** Writes each element of a list, or what is none, behind the other: a line for each. */
export function compileLines(node: Node): (scope: Scope, out: JsonWriter) => void {
  if (node.kind === 'leaf') {
    const value = compileValue(node);
    return (scope, out) => {
      const made = value(scope) ?? null;
      for (const line of Array.isArray(made) ? made : [made]) {
        out.value(line ?? null);
        out.byte(LINE_FEED);
      }
    };
  }
  const writes = (node.kind === 'list' ? node.items : [node]).map(compileWrite);
  return (scope, out) => {
    for (const write of writes) {
      if (!write(scope, out)) out.value(null);
      out.byte(LINE_FEED);
    }
  };
}

const LINE_FEED = 10;

/** What one evaluation of a tree is written from. */
class From {
  readonly scope: Scope;
  readonly rows: JsonRows | undefined;
  /** Where the values that are read by name stand, counted from the first of the row. */
  readonly #places: Int32Array | undefined;
  readonly #first: number;

  constructor(scope: Scope, reads: readonly Read[]) {
    const { fields } = scope;
    this.scope = scope;
    this.rows = fields?.rows;
    this.#places = fields?.placesOf(reads);
    this.#first = fields === undefined ? 0 : fields.rows.firstPlace(fields.index);
  }

  /** Where a value begins and ends in the places of the rows, or `NO_PLACE`. */
  place(read: number): number {
    if (this.#places === undefined) return NO_PLACE.unknown;
    const place = this.#places[read] as number; // there is one for each
    return place < 0 ? place : this.#first + place;
  }

  /** Writes a member of a map, where its value is copied and longer than those that may be left out. Most are. */
  copies(key: Uint8Array, read: number, longest: number, out: JsonWriter): boolean {
    const place = this.place(read);
    if (place < 0 || this.rows === undefined) return false;
    const { places, bytes } = this.rows;
    const start = places[place] as number; // a place has two
    const end = places[place + 1] as number;
    if (end <= start + longest) return false;
    out.member(key, bytes, start, end);
    return true;
  }
}

type Part = (from: From, out: JsonWriter) => boolean;

function compilePart(node: Node, reads: Read[]): Part {
  if (node.kind === 'leaf') return compileLeafPart(node.code, reads);
  if (node.kind === 'list') return compileList(node.items, reads);
  // What is written and what is spread may have the same keys.
  return node.spread === undefined ? compileMap(node, reads) : computed(compileValue(node));
}

function computed(run: Run): Part {
  return ({ scope }, out) => {
    const value = run(scope);
    if (value === undefined) return false;
    out.value(value);
    return true;
  };
}

function compileLeafPart({ run, fixed, path, joins }: Code, reads: Read[]): Part {
  if (fixed !== undefined) return computed(() => fixed.value);
  const otherwise = computed((scope) => checked(run(scope)));
  const read = readOf(path, reads);
  if (read !== undefined) return compileRead(read, otherwise);
  const parts = joins?.map((join) => (typeof join === 'string' ? textOf(join) : readOf(join, reads)));
  return parts?.every((part) => part !== undefined) === true ? compileJoin(parts, otherwise) : otherwise;
}

/** Which of the reads it is, where it is one. */
function readOf([of, name, third]: readonly string[] = [], reads: Read[]): number | undefined {
  if ((of !== 'record' && of !== 'row') || name === undefined || third !== undefined) return undefined;
  const known = reads.findIndex((read) => read.of === of && read.name === name);
  return known < 0 ? reads.push({ of, name }) - 1 : known;
}

function compileRead(read: number, otherwise: Part): Part {
  return (from, out) => {
    const place = from.place(read);
    if (place === NO_PLACE.missing) return false;
    if (place < 0 || from.rows === undefined) return otherwise(from, out);
    out.place(from.rows, place);
    return true;
  };
}

/** Longer texts are counted: see `Limits`. */
const SHORT = 1024;

/** What is a text in the row is joined as it stands there, escapes and all. */
function compileJoin(parts: readonly (number | Uint8Array)[], otherwise: Part): Part {
  return (from, out) => {
    const { rows } = from;
    if (rows === undefined) return otherwise(from, out);
    const before = out.length;
    out.byte(QUOTE);
    for (const part of parts) {
      if (typeof part !== 'number') out.copy(part);
      else {
        const place = from.place(part);
        const start = place < 0 ? 0 : (rows.places[place] as number); // a place has two, here and below
        const end = place < 0 ? 0 : (rows.places[place + 1] as number);
        if (rows.bytes[start] !== QUOTE || end < 0 || end - start > SHORT) {
          out.backTo(before);
          return otherwise(from, out);
        }
        out.copy(rows.bytes, start + 1, end - 1);
      }
    }
    out.byte(QUOTE);
    return true;
  };
}

/** A text as it stands within quotes. */
function textOf(text: string): Uint8Array {
  return bytesOf(JSON.stringify(text).slice(1, -1));
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}

function compileList(items: readonly Node[], reads: Read[]): Part {
  const parts = items.map((item) => compilePart(item, reads));
  return (from, out) => {
    out.byte(OPEN_LIST);
    for (const part of parts) {
      // Positions hold: a missing element is null.
      if (!part(from, out)) out.value(null);
      out.byte(COMMA);
    }
    out.close(CLOSE_LIST);
    return true;
  };
}

/** The values that are left out, as they are written. */
const LEFT_OUT: Readonly<Record<Omit, readonly Uint8Array[]>> = {
  nothing: [],
  nulls: [bytesOf('null')],
  empties: ['null', '""', '[]', '{}'].map(bytesOf),
};

function compileMap({ entries: given, omit }: MapNode, reads: Read[]): Part {
  const entries = given.map(([key, child]) => ({
    key: bytesOf(`${JSON.stringify(key)}:`),
    read: child.kind === 'leaf' ? readOf(child.code.path, reads) : undefined,
    part: compilePart(child, reads),
  }));
  const leftOut = LEFT_OUT[omit];
  const longest = Math.max(0, ...leftOut.map(({ length }) => length));
  return (from, out) => {
    out.byte(OPEN_MAP);
    for (const { key, read, part } of entries) {
      if (read !== undefined && from.copies(key, read, longest, out)) continue;
      const before = out.length;
      out.copy(key, 0, key.length);
      const begun = out.length;
      if (!part(from, out) || leftOut.some((value) => out.isBehind(begun, value))) out.backTo(before);
      else out.byte(COMMA);
    }
    out.close(CLOSE_MAP);
    return true;
  };
}
