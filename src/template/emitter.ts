/** Gathers what a template puts out, up to its limit. */

import type { Emitter } from 'liquidjs';
import type { Budget } from './budget.ts';
import { scalarText } from './text.ts';

/** Parts are joined in lots: a text that is added to a million times would drag along a million nodes of V8's. */
const LOT = 1000;

export class BoundedEmitter implements Emitter {
  readonly #budget: Budget;
  #lots: string[] = [];
  #parts: string[] = [];

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  write(part: unknown): void {
    const text = scalarText(part);
    this.#budget.output(text.length);
    this.#parts.push(text);
    if (this.#parts.length === LOT) {
      this.#lots.push(this.#parts.join(''));
      this.#parts = [];
    }
  }

  get buffer(): string {
    return this.#lots.length === 0 ? this.#parts.join('') : this.#lots.join('') + this.#parts.join('');
  }
}
