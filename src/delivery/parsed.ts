/** What the readers of XML and of CSV share. */

import { MAX_VALUES } from '../json/limits.ts';

/** A text that is not what it should be, or too much of it. The message completes "the answer is …" and quotes nothing of it. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

/** Values of a text, counted while it is read: what is small as text may be large in memory. */
export class ValueCount {
  readonly #what: string;
  #values = 0;

  constructor(what: string) {
    this.#what = what;
  }

  /** @throws {UnreadableError} */
  add(values: number): void {
    this.#values += values;
    if (this.#values > MAX_VALUES) throw new UnreadableError(`${this.#what} of more than ${MAX_VALUES} values`);
  }
}

/** Sets what is data: `__proto__` is a name like any other. */
export function setOwn(map: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
  else map[name] = value;
}
