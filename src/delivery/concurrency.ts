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
/** Answers that take so many times the least, and so many milliseconds more, show that requests queue up over there. */
const SLOW = 2;
const JITTER = 50;
/** Milliseconds after which the least is measured anew, with this part of the requests: fewer than could queue up by `SLOW`. */
const HOLDS = 30_000;
const PROBE = 1 / 4;
/** One answer tells little: so many are waited for. */
const ENOUGH = 5;

/**
 * Additive increase, multiplicative decrease, by rounds: as many answers as there are places, all of them to requests that began after the
 * last change. Until the first setback it doubles.
 */
export class Adaptive implements Concurrency {
  #places = BEGIN;
  #doubles = true;
  #probing = false;
  /** Mean milliseconds of an answer where nothing queues up, and until when that is believed. */
  #least = Number.POSITIVE_INFINITY;
  #believed = 0;
  #round = { since: 0, sum: 0, count: 0, full: false };

  get limit(): number {
    return Math.max(1, Math.floor(this.#probing ? this.#places * PROBE : this.#places));
  }

  done(now: number, ms: number, refused: boolean, full: boolean): void {
    const round = this.#round;
    if (now - ms < round.since) return;
    if (refused) this.#decrease();
    else {
      round.sum += ms;
      round.count++;
      round.full ||= full;
      if (round.count < Math.max(ENOUGH, this.limit)) return;
      this.#judge(now, round.sum / round.count, round.full);
    }
    this.#round = { since: now, sum: 0, count: 0, full: false };
  }

  #judge(now: number, mean: number, full: boolean): void {
    if (this.#probing || mean <= this.#least) {
      this.#least = mean;
      this.#believed = now + HOLDS;
    }
    if (this.#probing) this.#probing = false;
    else if (mean > SLOW * this.#least + JITTER) this.#decrease();
    else if (full) this.#places = Math.min(MOST_AUTO, this.#doubles ? this.#places * 2 : this.#places + 1);
    if (now >= this.#believed) this.#probing = true;
  }

  #decrease(): void {
    this.#places = Math.max(1, this.#places * BACK_OFF);
    this.#doubles = false;
    this.#probing = false;
  }
}

export function fixedConcurrency(limit: number): Concurrency {
  return { limit, done: () => undefined };
}
