/** What truly arrived at a chaos target: every request and what it met, every row and the requests that took it; bounded. */

import { parseJson } from '../../json/parse.ts';
import type { Step } from './faults.ts';

/** One row of a request. */
export interface Row {
  /** As it came: text or a number. */
  readonly id: unknown;
  /** The word that its id stands under. */
  readonly under: string;
  /** The text of its id, which is what the ledger knows it by: 1 and "1" are one row, as in a database with a column of text. */
  readonly name: string;
  /** The row as JSON: texts take a third of the memory of the objects, and their size is known. */
  readonly json: string;
}

/** What the API answers to a request with rows: the same again to the same idempotency key. */
export interface Answer {
  readonly ok: boolean;
  readonly results: readonly Result[];
}

/** The id under its own word too, as most APIs have it. */
interface Result extends Readonly<Record<string, unknown>> {
  readonly id: unknown;
  readonly ok: boolean;
  readonly error?: string;
}

/** A row that arrived. */
export interface Entry {
  readonly id: string;
  /** As it arrived last. */
  readonly value: unknown;
  /** The numbers of the requests that took it, in order: more than one are duplicates. */
  readonly requests: readonly number[];
}

/**
 * What a request can meet beside faults. `refused`: an honest no, to a request that is wrong. `cut`: it did not arrive whole.
 * `elsewhere`: it followed a redirect. `underway`: it is not known yet.
 */
export type Met = Step | 'refused' | 'cut' | 'elsewhere' | 'underway';

/** What became of a request. */
export interface Outcome {
  readonly met: Met;
  /** Rows in it, as far as it was read, and those of them that the ledger took. */
  readonly rows: number;
  readonly taken: number;
  /** Its idempotency key had been seen with this body: answered again, not taken again. */
  readonly replayed: boolean;
}

export interface Arrival extends Outcome {
  /** From 1. */
  readonly number: number;
  readonly method: string;
  /** Without its query, which may hold secrets. */
  readonly path: string;
  /** Its idempotency key. */
  readonly key: string | undefined;
}

export interface Summary {
  /** All that came, whatever became of them; control is not counted. */
  readonly requests: number;
  /** How often rows were taken, how many are different, and the rest. */
  readonly rows: number;
  readonly distinct: number;
  readonly duplicates: number;
  readonly replayed: number;
  /** How many requests met what. */
  readonly met: Readonly<Record<string, number>>;
}

export interface Bounds {
  /** Requests, rows as often as they were taken, and results that are kept for idempotency keys. */
  readonly entries: number;
  /** Characters of all that is kept: rows, ids, paths, keys. */
  readonly characters: number;
}

const BOUNDS: Bounds = { entries: 1_000_000, characters: 256_000_000 };

interface Held {
  json: string;
  readonly requests: number[];
}

interface Remembered {
  readonly digest: string;
  readonly answer: Answer;
}

export class Ledger {
  readonly #bounds: Bounds;
  readonly #arrivals: Arrival[] = [];
  readonly #rows = new Map<string, Held>();
  readonly #answers = new Map<string, Remembered>();
  #entries = 0;
  #characters = 0;

  constructor(bounds: Partial<Bounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  get(id: string): Entry | undefined {
    const held = this.#rows.get(id);
    return held && entryOf(id, held);
  }

  /** In the order of their first arrival. */
  *rows(): Iterable<Entry> {
    for (const [id, held] of this.#rows) yield entryOf(id, held);
  }

  requests(): readonly Arrival[] {
    return this.#arrivals;
  }

  summary(): Summary {
    const met: Record<string, number> = {};
    let rows = 0;
    let replayed = 0;
    for (const arrival of this.#arrivals) {
      met[arrival.met] = (met[arrival.met] ?? 0) + 1;
      rows += arrival.taken;
      if (arrival.replayed) replayed++;
    }
    const distinct = this.#rows.size;
    return { requests: this.#arrivals.length, rows, distinct, duplicates: rows - distinct, replayed, met };
  }

  /** Writes a request down as it arrives. @returns its number, or nothing where the ledger is full */
  begin(method: string, path: string, key: string | undefined): number | undefined {
    if (!this.#grow(1, method.length + path.length + (key?.length ?? 0))) return undefined;
    const number = this.#arrivals.length + 1;
    this.#arrivals.push({ number, method, path, key, met: 'underway', rows: 0, taken: 0, replayed: false });
    return number;
  }

  /** Writes down what became of it. */
  end(number: number, outcome: Outcome): void {
    const arrival = this.#arrivals[number - 1];
    if (arrival !== undefined) this.#arrivals[number - 1] = { ...arrival, ...outcome };
  }

  /**
   * All of these rows or none.
   * @param again what the idempotency key of the request gets from now on
   * @returns whether there was room
   */
  take(number: number, rows: readonly Row[], again?: Remembered & { readonly key: string }): boolean {
    const results = again?.answer.results ?? [];
    const characters = length(rows.flatMap(({ name, json }) => [name, json])) + length(results.map(({ id }) => String(id)));
    if (!this.#grow(rows.length + results.length, characters)) return false;
    for (const { name, json } of rows) {
      const held = this.#rows.get(name);
      if (held === undefined) {
        this.#rows.set(name, { json, requests: [number] });
        continue;
      }
      this.#characters -= name.length + held.json.length;
      held.json = json;
      held.requests.push(number);
    }
    if (again !== undefined) this.#answers.set(again.key, { digest: again.digest, answer: again.answer });
    return true;
  }

  /** The answer that was given under this key; `other` where it was given to another body. */
  recall(key: string, digest: string): Answer | 'other' | undefined {
    const remembered = this.#answers.get(key);
    return remembered?.digest === digest ? remembered.answer : remembered && 'other';
  }

  #grow(entries: number, characters: number): boolean {
    if (this.#entries + entries > this.#bounds.entries || this.#characters + characters > this.#bounds.characters) return false;
    this.#entries += entries;
    this.#characters += characters;
    return true;
  }
}

function length(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}

function entryOf(id: string, { json, requests }: Held): Entry {
  return { id, value: parseJson(json), requests };
}
