/** How much of a destination's traffic may be retries: an API in trouble must not be sent a multiple of what it cannot take. */

import { Recent } from './recent.ts';

/** Milliseconds that are looked back on, the part of the requests in it that may be retries, and how many may be in any case. */
const SPAN = 10_000;
const PART = 0.2;
const LEAST = 3;

export class RetryBudget {
  readonly #requests = new Recent(SPAN);
  readonly #retries = new Recent(SPAN);

  /** A request leaves for the first time. */
  sent(now: number): void {
    this.#requests.add(now);
  }

  /**
   * Takes one retry, where one is left.
   * @param own what its manifest grants a request of its own: without other traffic it may use that up
   */
  take(now: number, own: number): boolean {
    if (this.#retries.count(now) >= Math.max(LEAST, own, PART * this.#requests.count(now))) return false;
    this.#retries.add(now);
    return true;
  }
}
