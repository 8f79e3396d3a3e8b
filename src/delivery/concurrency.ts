/** How many requests may be in flight: as declared, or found by trying. */

export interface Concurrency {
  readonly limit: number;
  /**
   * A request came back.
   * @param ms how long it took
   * @param refused whether the API had too much to do, or did not answer
   * @param full whether as many were in flight as may be
   */
  done(now: number, ms: number, refused: boolean, full: boolean): void;
}

/** `concurrency: auto` begins with this many, and goes no higher than the most. */
const BEGIN = 4;
export const MOST_AUTO = 100;
/** What is left of the number after a refusal (the usual factor is a half; APIs refuse for a moment). */
const BACK_OFF = 0.7;
/** An answer that takes so many times the usual shows that requests queue up over there. */
const SLOW = 2;
/** Of the usual time each answer changes this part. */
const SHARE = 0.05;

/** Additive increase, multiplicative decrease: one more for as many answers as there are places, fewer at once when refused. */
export class Adaptive implements Concurrency {
  #places = BEGIN;
  #usual: number | undefined;
  /** Until then requests that were sent before the last step down come back: they tell the same again. */
  #settling = 0;

  get limit(): number {
    return Math.floor(this.#places);
  }

  done(now: number, ms: number, refused: boolean, full: boolean): void {
    const usual = this.#usual ?? ms;
    if (refused || ms > SLOW * usual + 50) {
      if (now < this.#settling) return;
      this.#places = Math.max(1, this.#places * BACK_OFF);
      this.#settling = now + Math.max(usual, 100);
    } else if (full) this.#places = Math.min(MOST_AUTO, this.#places + 1 / this.#places);
    // What was refused says nothing of how long work takes; and the usual may not drift to where all queue up.
    if (!refused) this.#usual = usual + SHARE * (Math.min(ms, SLOW * usual) - usual);
  }
}

export function fixedConcurrency(limit: number): Concurrency {
  return { limit, done: () => undefined };
}
