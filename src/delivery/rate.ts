/** Declared rates, kept exactly: in no stretch of a window's length are more requests begun than it allows. */

import type { RateLimit } from '../destination/destination.ts';

/** A limit that a request falls under, and whose share of it is used: `by`, as text. */
export interface RateKey {
  readonly limit: RateLimit;
  readonly by: string;
}

/** Keys of one limit that are remembered; beyond that the one that began first is forgotten. */
const MOST = 100_000;
/** From so many on those that are no longer needed are looked for, each time that they have doubled. */
const TIDY = 1000;

export class Rates {
  readonly #begun = new Map<RateLimit, Begun>();

  /** Milliseconds until all of these allow one more; 0 for at once. */
  waitFor(keys: readonly RateKey[], now: number): number {
    let wait = 0;
    for (const { limit, by } of keys) {
      const times = this.#begun.get(limit)?.times.get(by);
      if (times !== undefined && times.size >= limit.requests) wait = Math.max(wait, times.oldest + limit.per - now);
    }
    return wait;
  }

  /** One more begins, under all of these. */
  take(keys: readonly RateKey[], now: number): void {
    for (const { limit, by } of keys) {
      const begun = this.#begun.get(limit) ?? { times: new Map<string, Times>(), tidyAt: TIDY };
      this.#begun.set(limit, begun);
      const times = begun.times.get(by) ?? new Times();
      if (times.size >= limit.requests) times.shift();
      times.push(now);
      begun.times.set(by, times);
      if (begun.times.size > begun.tidyAt) tidy(begun, limit, now);
    }
  }
}

/** When the latest requests of each key began, oldest first; as many at most as their limit allows. */
interface Begun {
  readonly times: Map<string, Times>;
  tidyAt: number;
}

function tidy(begun: Begun, { per }: RateLimit, now: number): void {
  const { times } = begun;
  for (const [key, { newest }] of times) if (newest + per <= now || times.size > MOST) times.delete(key);
  begun.tidyAt = Math.min(MOST, Math.max(TIDY, 2 * times.size));
}

/** A queue of times. An array's own shift would move all that is behind. */
class Times {
  #times: number[] = [];
  #head = 0;

  get size(): number {
    return this.#times.length - this.#head;
  }

  get oldest(): number {
    return this.#times[this.#head] ?? 0;
  }

  get newest(): number {
    return this.#times.at(-1) ?? 0;
  }

  push(time: number): void {
    this.#times.push(time);
  }

  shift(): void {
    this.#head++;
    if (this.#head * 2 < this.#times.length) return;
    this.#times = this.#times.slice(this.#head);
    this.#head = 0;
  }
}
