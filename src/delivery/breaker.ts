/** Stops sending to an API that fails, and tries with one request whether it is back. */

import { Recent } from './recent.ts';

/** It opens where of so many requests or more, in so many milliseconds, this part failed. */
const SPAN = 10_000;
const LEAST = 10;
const PART = 0.5;
/** Milliseconds until one request is tried: the first time, and at most, when the API failed again and again. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 3000;

export class Breaker {
  readonly #requests = new Recent(SPAN);
  readonly #failures = new Recent(SPAN);
  /** Undefined while it is closed. */
  #open: { until: number; why: string; wait: number; trying: boolean } | undefined;

  /** Why nothing may be sent now; undefined where one may. */
  refuses(now: number): string | undefined {
    const open = this.#open;
    if (open === undefined || (now >= open.until && !open.trying)) return undefined;
    const seconds = Math.max(1, Math.ceil((open.until - now) / 1000));
    return `${open.why}; one request is tried in ${seconds} s`;
  }

  /** A request leaves: while the breaker is open it is the one that is tried. @returns whether it is */
  sent(): boolean {
    if (this.#open === undefined) return false;
    this.#open.trying = true;
    return true;
  }

  /**
   * A request came back.
   * @param tried whether it was the one that is tried
   * @param failed undefined where it tells nothing about the API
   * @returns whether nothing more may be sent from now on
   */
  done(now: number, tried: boolean, failed: boolean | undefined): boolean {
    const open = this.#open;
    if (tried && open !== undefined) {
      open.trying = false;
      if (failed === undefined) return false;
      this.#clear();
      if (!failed) return false;
      this.#open = { ...open, ...waiting(now, Math.min(LONGEST_WAIT, open.wait * 2)) };
      return true;
    }
    if (open !== undefined || failed === undefined) return false;
    this.#requests.add(now);
    if (failed) this.#failures.add(now);
    const requests = this.#requests.count(now);
    if (!failed || requests < LEAST || this.#failures.count(now) < PART * requests) return false;
    this.open(now, FIRST_WAIT, 'half of the requests to the API failed just now');
    return true;
  }

  /** Nothing is sent for so long, whatever the API answers meanwhile. */
  open(now: number, wait: number, why: string): void {
    this.#clear();
    this.#open = { why, ...waiting(now, wait) };
  }

  #clear(): void {
    this.#open = undefined;
    this.#requests.clear();
    this.#failures.clear();
  }
}

function waiting(now: number, wait: number): { until: number; wait: number; trying: boolean } {
  return { until: now + wait, wait, trying: false };
}
