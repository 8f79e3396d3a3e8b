/** Counts what templates do with one set of values, and stops them at their limits. */

import { MAX_DEPTH } from '../json/limits.ts';
import { type Limits, MAX_VALUE } from './limits.ts';
import { renderFault } from './render-fault.ts';

/** Characters of a key beyond which V8 tells keys apart by their length alone: of equally long ones it compares each with all. */
const HASHED = 16_383;

/** Steps that a key of so many characters takes beside those of its map. */
export function keySteps(characters: number): number {
  if (characters <= 32) return 0;
  return characters > HASHED ? characters : characters / 32;
}

/** Every row and every request has one of its own. */
export class Budget {
  readonly #limits: Limits;
  #used = 0;
  #output = 0;
  #sizes: WeakMap<object, number> | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Steps that were taken so far. */
  get used(): number {
    return this.#used;
  }

  /** Sizes that were measured: a list that grows in a loop is not walked down to its last text at every turn. */
  get sizes(): WeakMap<object, number> {
    this.#sizes ??= new WeakMap();
    return this.#sizes;
  }

  /** Called before the work is done. What is no number stops the template too. */
  steps(count: number): void {
    this.#used += count;
    if (this.#used <= this.#limits.steps) return;
    this.#used = this.#limits.steps;
    this.#stop(
      'steps',
      `take ${this.#limits.steps.toLocaleString('en')} steps`,
      'loop over fewer elements, or send shorter values',
    );
  }

  /** A key of so many characters is looked up or made. */
  key(characters: number): void {
    const steps = keySteps(characters);
    if (steps > 0) this.steps(steps);
  }

  output(characters: number): void {
    this.#output += characters;
    if (this.#output > this.#limits.output)
      this.#stop('size', `make ${sizeText(this.#limits.output)} of text`, 'put out less, or send fewer rows at once');
  }

  tooLarge(): never {
    this.#stop('size', `handle values of ${sizeText(MAX_VALUE)}`, 'take only what is needed of them');
  }

  tooDeep(): never {
    this.#stop('size', `handle values nested ${MAX_DEPTH} levels deep`, 'nest less');
  }

  #stop(word: string, what: string, hint: string): never {
    throw renderFault(word, `${this.#limits.whose} may ${what} at most; ${hint}`);
  }
}

function sizeText(characters: number): string {
  return characters < 1024 * 1024 ? `${characters / 1024} KiB` : `${characters / 1024 / 1024} MiB`;
}
