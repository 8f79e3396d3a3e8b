/** How many requests of a destination may be in flight, and until when it asked us to wait. */

import type { Clock } from './call.ts';

export class Pacer {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;
  #pausedUntil = 0;

  /** @param limit requests in flight at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Nothing starts for so many milliseconds; a longer pause that was asked for before stays. */
  pause(clock: Clock, milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, clock.elapsed() + milliseconds);
  }

  /** Milliseconds until requests may start again. */
  pausedFor(clock: Clock): number {
    return Math.max(0, this.#pausedUntil - clock.elapsed());
  }

  /** Waits for a pause to end and for a place, first come first served; false where the signal fired before. */
  async enter(clock: Clock, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const pause = this.pausedFor(clock);
      if (signal.aborted) return false;
      if (pause > 0) await clock.wait(pause, signal);
      else if (this.#inFlight < this.#limit) {
        this.#inFlight++;
        return true;
      } else await this.#turn(signal);
    }
  }

  leave(): void {
    this.#inFlight--;
    this.#waiting.shift()?.();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(go);
    });
  }
}
