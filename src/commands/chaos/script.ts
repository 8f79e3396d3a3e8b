/** Which fault each request meets: by its number, by a row in it, or by chance that a seed repeats. */

import { createHash } from 'node:crypto';
import { didYouMean, Fault } from '../../fault.ts';
import { isMap } from '../../template/text.ts';
import { FAULT_NAMES, type FaultName, isFaultName, type Step } from './faults.ts';

/** What is not given is honest. A row's own steps come first, then those by number, then chance. */
export interface ScriptPlan {
  /** What the first, second, … request meets. */
  readonly requests?: readonly Step[];
  /** What the first, second, … request with this row in it meets. The body is read before it can be told: also by `reset-early`. */
  readonly ids?: Readonly<Record<string, readonly Step[]>>;
  /** The share of requests that meet a fault, from 0 to 1, and which ones (all unless given; twice is twice as often). */
  readonly rate?: number;
  readonly faults?: readonly FaultName[];
  /** The same seed gives the same faults to the same numbers. */
  readonly seed?: number;
}

export class Script {
  readonly #requests: readonly Step[];
  readonly #ids: ReadonlyMap<string, Step[]>;
  readonly #rate: number;
  readonly #faults: readonly FaultName[];
  readonly #seed: number;
  #count = 0;

  constructor({ requests = [], ids = {}, rate = 0, faults = FAULT_NAMES, seed = 1 }: ScriptPlan) {
    this.#requests = requests;
    this.#ids = new Map(Object.entries(ids).map(([id, steps]) => [id, [...steps]]));
    this.#rate = rate;
    this.#faults = faults;
    this.#seed = seed;
  }

  /** Whether the rows of a request must be known first. */
  get needsRows(): boolean {
    return this.#ids.size > 0;
  }

  /** @returns the number of the next request, from 1 */
  next(): number {
    return ++this.#count;
  }

  byRow(names: Iterable<string>): Step | undefined {
    for (const name of names) {
      const step = this.#ids.get(name)?.shift();
      if (step !== undefined) return step;
    }
    return undefined;
  }

  byNumber(number: number): Step {
    return this.#requests[number - 1] ?? this.#byChance(number);
  }

  /** Of the number alone, so that it does not matter how many were asked before. */
  #byChance(number: number): Step {
    const digest = createHash('sha256').update(`${this.#seed}:${number}`).digest();
    if (digest.readUInt32BE(0) / 2 ** 32 >= this.#rate) return 'honest';
    return this.#faults[digest.readUInt32BE(4) % this.#faults.length] ?? 'honest';
  }
}

/** @throws {Fault} that says what is wrong with it */
export function readScript(value: unknown): ScriptPlan {
  if (!isMap(value)) throw wrong('A script is a JSON object.');
  const unknown = Object.keys(value).find((word) => !Object.hasOwn(READERS, word));
  if (unknown !== undefined)
    throw wrong(
      `"${unknown}" is no word of a script. Use ${Object.keys(READERS).join(', ')}.`,
      didYouMean(unknown, Object.keys(READERS)),
    );
  return Object.fromEntries(
    Object.entries(READERS).flatMap(([word, read]) => (word in value ? [[word, read(value[word])]] : [])),
  );
}

const READERS: { readonly [Word in keyof Required<ScriptPlan>]: (value: unknown) => NonNullable<ScriptPlan[Word]> } = {
  requests: (value) => readSteps(value, 'requests'),
  ids(value) {
    if (!isMap(value)) throw wrong('"ids" is an object of ids and lists of faults.');
    return Object.fromEntries(Object.entries(value).map(([id, steps]) => [id, readSteps(steps, `ids.${id}`)]));
  },
  rate(value) {
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    throw wrong('"rate" is a number from 0 to 1, such as 0.3.');
  },
  faults: readFaults,
  seed(value) {
    if (Number.isSafeInteger(value)) return Number(value);
    throw wrong('"seed" is a whole number.');
  },
};

/** @throws {Fault} */
export function readFaults(value: unknown): FaultName[] {
  if (!Array.isArray(value) || value.length === 0) throw wrong('"faults" is a list of names of faults.');
  return value.map(faultName);
}

function readSteps(value: unknown, where: string): Step[] {
  if (!Array.isArray(value)) throw wrong(`"${where}" is a list of names of faults; "honest" is none.`);
  return value.map((name) => (name === 'honest' ? 'honest' : faultName(name)));
}

function faultName(name: unknown): FaultName {
  if (isFaultName(name)) return name;
  const text = typeof name === 'string' ? name : (JSON.stringify(name) ?? '');
  throw wrong(`"${text}" is no fault. rowpost chaos --list shows them.`, didYouMean(text, FAULT_NAMES));
}

function wrong(sentence: string, hint?: string): Fault {
  return new Fault({ code: 'usage.script', sentence, hint });
}
