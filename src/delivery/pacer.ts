/** How many requests of a destination may be in flight, and until when it asked us to wait. */

import type { Clock } from './call.ts';
import type { CallTime } from './time.ts';

/** Milliseconds. An API that asks for more is asked again after this: some write a time of day where seconds belong. */
const LONGEST_PAUSE = 3_600_000;

export class Pacer {
  readonly #limit: number;
  /** Takes the place that is passed on. */
  readonly #waiting: (() => void)[] = [];
  /** Places taken. */
  #inFlight = 0;
  #pausedUntil = 0;

  /** @param limit requests in flight at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Nothing starts for so many milliseconds; a longer pause that was asked for before stays. */
  pause(clock: Clock, milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, clock.elapsed() + Math.min(milliseconds, LONGEST_PAUSE));
  }

  /** Milliseconds until requests may start again. */
  pausedFor(clock: Clock): number {
    return Math.max(0, this.#pausedUntil - clock.elapsed());
  }

  /** Waits for a place, first come first served, and for a pause to end; false, at once, where the call has not so much time. */
  async enter(clock: Clock, time: Pick<CallTime, 'closing' | 'leftToStart'>): Promise<boolean> {
    const hopeless = () => time.closing.aborted || this.pausedFor(clock) >= time.leftToStart();
    if (hopeless() || !(await this.#place(time.closing))) return false;
    while (!hopeless()) {
      const pause = this.pausedFor(clock);
      if (pause === 0) return true;
      await clock.wait(pause, time.closing);
    }
    this.leave();
    return false;
  }

  /** Passes the place on. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inFlight--;
    else next();
  }

  #place(signal: AbortSignal): Promise<boolean> {
    if (this.#inFlight < this.#limit) {
      this.#inFlight++;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const take = () => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        resolve(false);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(take);
    });
  }
}
