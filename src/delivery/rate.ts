/** Declared rates, kept exactly: in no stretch of a window's length are more requests begun than it allows. */

import type { RateLimit } from '../destination/destination.ts';

/** A limit that a request falls under, and whose share of it is used: `by`, as text. */
export interface RateKey {
  readonly limit: RateLimit;
  readonly by: string;
}

/** Keys that are remembered before those that are no longer needed are looked for. */
const TIDY = 10_000;

export class Rates {
  /** When the latest requests of each key began, oldest first; as many at most as its limit allows. */
  readonly #begun = new Map<RateLimit, Map<string, Times>>();

  /** Milliseconds until all of these allow one more; 0 for at once. */
  waitFor(keys: readonly RateKey[], now: number): number {
    let wait = 0;
    for (const { limit, by } of keys) {
      const times = this.#begun.get(limit)?.get(by);
      if (times !== undefined && times.size >= limit.requests) wait = Math.max(wait, times.oldest + limit.per - now);
    }
    return wait;
  }

  /** One more begins, under all of these. */
  take(keys: readonly RateKey[], now: number): void {
    for (const { limit, by } of keys) {
      const all = this.#begun.get(limit) ?? new Map<string, Times>();
      const times = all.get(by) ?? new Times();
      if (times.size >= limit.requests) times.shift();
      times.push(now);
      this.#begun.set(limit, all.set(by, times));
      if (all.size > TIDY) for (const [key, one] of all) if (one.newest + limit.per <= now) all.delete(key);
    }
  }
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
