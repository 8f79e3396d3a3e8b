/** A clock that jumps to its next timer whenever nothing else is left to do: waits of minutes take no time, and runs repeat exactly. */

import type { Clock } from '../delivery/call.ts';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** For worlds without real input and output: whatever runs there runs in microtasks, so an idle turn of the event loop means that all wait. */
export class VirtualClock implements Clock {
  readonly #begin: number;
  #elapsed = 0;
  #timers: Timer[] = [];
  #ticking = false;

  /** @param begin milliseconds since 1970 */
  constructor(begin: number) {
    this.#begin = begin;
  }

  now(): number {
    return this.#begin + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer: Timer = {
        at: this.#elapsed + Math.max(0, milliseconds),
        fire: () => {
          signal.removeEventListener('abort', timer.fire);
          this.#timers = this.#timers.filter((one) => one !== timer);
          resolve();
        },
      };
      signal.addEventListener('abort', timer.fire, { once: true });
      this.#timers.push(timer);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#ticking || this.#timers.length === 0) return;
    this.#ticking = true;
    setImmediate(() => {
      this.#ticking = false;
      const next = this.#timers.reduce<Timer | undefined>(
        (first, timer) => (first === undefined || timer.at < first.at ? timer : first),
        undefined,
      );
      if (next !== undefined) {
        this.#elapsed = Math.max(this.#elapsed, next.at);
        next.fire();
      }
      this.#schedule();
    });
  }
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32, a public-domain generator). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** UUIDs (version 4, RFC 9562 section 5.4) that are the same for the same numbers. */
export function uuidsOf(random: () => number): () => string {
  return () =>
    '00000000-0000-4000-8000-000000000000'.replace(/[08]/g, (digit) =>
      (digit === '8' ? 8 + Math.floor(random() * 4) : Math.floor(random() * 16)).toString(16),
    );
}
