/** How much of a destination's traffic may be retries: an API in trouble must not be sent a multiple of what it cannot take. */

import { Recent } from './recent.ts';

/** Milliseconds that are looked back on, the part of the requests in it that may be retries, and how many may be in any case. */
const SPAN = 10_000;
const PART = 0.2;
const LEAST = 3;

export class RetryBudget {
  readonly #requests = new Recent(SPAN);
  readonly #retries = new Recent(SPAN);

  sent(now: number, again: boolean): void {
    (again ? this.#retries : this.#requests).add(now);
  }

  /**
   * Whether one more request may be sent again.
   * @param own what its manifest grants a request of its own: without other traffic it may use that up
   */
  allows(now: number, own: number): boolean {
    return this.#retries.count(now) < Math.max(LEAST, own, PART * this.#requests.count(now));
  }
}
