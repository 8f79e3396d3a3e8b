/** Slow start: after a pause or an outage what waited does not come all at once. */

import type { RateKey } from './rate.ts';
import { Recent } from './recent.ts';

const SECOND = 1000;
/** So many times the requests of the busiest second before, or for each place so many a second. */
const RAMP = 1.5;
const LEAST_RAMP = 2;

/** The requests begun since a start, and how many may be in flight; twice as many with each answer. */
export interface Start {
  inFlight: number;
  places: number;
}

export class SlowStart {
  #start: Start = { inFlight: 0, places: Number.POSITIVE_INFINITY };
  /** Requests of the last seconds. */
  readonly #sent = new Recent(10 * SECOND);
  /** What is gone up to, until nothing waits any more. */
  #ramp: RateKey | undefined;

  /** @param places how many requests may be in flight at other times */
  begin(now: number, places: number): void {
    this.#start = { inFlight: 0, places: 1 };
    const requests = Math.max(LEAST_RAMP * places, Math.ceil(RAMP * this.#sent.peak(now)));
    this.#ramp ??= { limit: { requests, per: SECOND, by: undefined }, by: '' };
  }

  /** Nothing waits any more. */
  end(): void {
    this.#ramp = undefined;
  }

  get hasPlace(): boolean {
    return this.#start.inFlight < this.#start.places;
  }

  /** The rates that hold now: the declared ones, and what may be gone up to. */
  rates(declared: readonly RateKey[]): readonly RateKey[] {
    return this.#ramp === undefined ? declared : [...declared, this.#ramp];
  }

  /** A request leaves. @returns where it counts until it is back */
  sent(now: number): Start {
    this.#sent.add(now);
    this.#start.inFlight++;
    return this.#start;
  }
}
