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

/*
 * Classes, not closures: of a closure V8 learns anew for each manifest how it runs, and compiles it for each. Of many destinations
 * none would be called often enough.
 */

/** Writes the JSON of a tree. */
export class TreeWriter {
  readonly #reads: readonly Read[];
  readonly #part: Part;

  constructor(node: Node) {
    const reads: Read[] = [];
    this.#part = compilePart(node, reads);
    this.#reads = reads;
  }

  /** Tells whether there is a value: of a missing one it writes nothing. */
  write(scope: Scope, out: JsonWriter): boolean {
    return this.#part.write(new From(scope, this.#reads), out);
  }
}

/** Writes each element of a list, or what is none, behind the other: a line for each. */
export class LinesWriter {
  /** Undefined where only the value tells how many there are. */
  readonly #lines: readonly TreeWriter[] | undefined;
  readonly #value: Run;

  constructor(node: Node) {
    this.#value = compileValue(node);
    if (node.kind !== 'leaf') this.#lines = (node.kind === 'list' ? node.items : [node]).map((line) => new TreeWriter(line));
  }

  write(scope: Scope, out: JsonWriter): void {
    if (this.#lines === undefined) return this.#writeValue(this.#value(scope) ?? null, out);
    for (const line of this.#lines) {
      if (!line.write(scope, out)) out.value(null);
      out.byte(LINE_FEED);
    }
  }

  #writeValue(value: unknown, out: JsonWriter): void {
    for (const line of Array.isArray(value) ? value : [value]) {
      out.value(line ?? null);
      out.byte(LINE_FEED);
    }
  }
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

/** Writes a part of a tree, and tells whether it has a value. */
interface Part {
  write(from: From, out: JsonWriter): boolean;
}

function compilePart(node: Node, reads: Read[]): Part {
  if (node.kind === 'leaf') return compileLeafPart(node.code, reads);
  if (node.kind === 'list') return new ListPart(node.items.map((item) => compilePart(item, reads)));
  // What is written and what is spread may have the same keys.
  return node.spread === undefined ? new MapPart(node, reads) : new ValuePart(compileValue(node));
}

function compileLeafPart({ run, fixed, path, joins }: Code, reads: Read[]): Part {
  if (fixed !== undefined) return new ValuePart(() => fixed.value);
  const otherwise = new ValuePart((scope) => checked(run(scope)));
  const read = readOf(path, reads);
  if (read !== undefined) return new ReadPart(read, otherwise);
  const parts = joins?.map((join) => (typeof join === 'string' ? textOf(join) : readOf(join, reads)));
  return parts?.every((part) => part !== undefined) === true ? new JoinPart(parts, otherwise) : otherwise;
}

/** Which of the reads it is, where it is one. */
function readOf([of, name, third]: readonly string[] = [], reads: Read[]): number | undefined {
  if ((of !== 'record' && of !== 'row') || name === undefined || third !== undefined) return undefined;
  const known = reads.findIndex((read) => read.of === of && read.name === name);
  return known < 0 ? reads.push({ of, name }) - 1 : known;
}

/** What is worked out, and printed. */
class ValuePart implements Part {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  write({ scope }: From, out: JsonWriter): boolean {
    const value = this.#run(scope);
    if (value === undefined) return false;
    out.value(value);
    return true;
  }
}

/** A value by its name. */
class ReadPart implements Part {
  readonly #read: number;
  readonly #otherwise: Part;

  constructor(read: number, otherwise: Part) {
    this.#read = read;
    this.#otherwise = otherwise;
  }

  write(from: From, out: JsonWriter): boolean {
    const place = from.place(this.#read);
    if (place === NO_PLACE.missing) return false;
    if (place < 0 || from.rows === undefined) return this.#otherwise.write(from, out);
    out.place(from.rows, place);
    return true;
  }
}

/** Longer texts are counted: see `Limits`. */
const SHORT = 1024;

/** A text of words and of values by their names. What is a text in the row is joined as it stands there, escapes and all. */
class JoinPart implements Part {
  readonly #parts: readonly (number | Uint8Array)[];
  readonly #otherwise: Part;

  constructor(parts: readonly (number | Uint8Array)[], otherwise: Part) {
    this.#parts = parts;
    this.#otherwise = otherwise;
  }

  write(from: From, out: JsonWriter): boolean {
    const before = out.length;
    if (from.rows !== undefined && this.#join(from, from.rows, out)) return true;
    out.backTo(before);
    return this.#otherwise.write(from, out);
  }

  #join(from: From, { bytes, places }: JsonRows, out: JsonWriter): boolean {
    out.byte(QUOTE);
    for (const part of this.#parts) {
      if (typeof part !== 'number') out.copy(part);
      else {
        const place = from.place(part);
        if (place < 0) return false;
        const start = places[place] as number; // a place has two
        const end = places[place + 1] as number;
        if (bytes[start] !== QUOTE || end < 0 || end - start > SHORT) return false;
        out.copy(bytes, start + 1, end - 1);
      }
    }
    out.byte(QUOTE);
    return true;
  }
}

/** A text as it stands within quotes. */
function textOf(text: string): Uint8Array {
  return bytesOf(JSON.stringify(text).slice(1, -1));
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}

class ListPart implements Part {
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  write(from: From, out: JsonWriter): boolean {
    out.byte(OPEN_LIST);
    for (const part of this.#parts) {
      // Positions hold: a missing element is null.
      if (!part.write(from, out)) out.value(null);
      out.byte(COMMA);
    }
    out.close(CLOSE_LIST);
    return true;
  }
}

/** The values that are left out, as they are written. */
const LEFT_OUT: Readonly<Record<Omit, readonly Uint8Array[]>> = {
  nothing: [],
  nulls: [bytesOf('null')],
  empties: ['null', '""', '[]', '{}'].map(bytesOf),
};

interface Entry {
  /** With its colon. */
  readonly key: Uint8Array;
  /** Which of the reads its value is, where it is one. */
  readonly read: number | undefined;
  readonly part: Part;
}

class MapPart implements Part {
  readonly #entries: readonly Entry[];
  readonly #leftOut: readonly Uint8Array[];
  /** Bytes of the longest that is left out. */
  readonly #longest: number;

  constructor({ entries, omit }: MapNode, reads: Read[]) {
    this.#entries = entries.map(([key, child]) => ({
      key: bytesOf(`${JSON.stringify(key)}:`),
      read: child.kind === 'leaf' ? readOf(child.code.path, reads) : undefined,
      part: compilePart(child, reads),
    }));
    this.#leftOut = LEFT_OUT[omit];
    this.#longest = Math.max(0, ...this.#leftOut.map(({ length }) => length));
  }

  write(from: From, out: JsonWriter): boolean {
    out.byte(OPEN_MAP);
    for (const { key, read, part } of this.#entries) {
      if (read !== undefined && from.copies(key, read, this.#longest, out)) continue;
      const before = out.length;
      out.copy(key);
      const begun = out.length;
      if (!part.write(from, out) || this.#leavesOut(begun, out)) out.backTo(before);
      else out.byte(COMMA);
    }
    out.close(CLOSE_MAP);
    return true;
  }

  #leavesOut(begun: number, out: JsonWriter): boolean {
    if (out.length - begun > this.#longest) return false;
    return this.#leftOut.some((value) => out.isBehind(begun, value));
  }
}
