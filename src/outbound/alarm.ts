/** One timer for many deadlines: whoever has one is looked for when the earliest is due, so that setting it costs next to nothing. */

import { LONGEST } from './transport.ts';

export class Alarm {
  readonly #ring: (now: number) => number;
  #timer: NodeJS.Timeout | undefined;
  #time = Number.POSITIVE_INFINITY;

  /** @param ring sees to those whose time has come, and gives when the next one's does, on the clock of `performance.now()` */
  constructor(ring: (now: number) => number) {
    this.#ring = ring;
  }

  /** Rings at that time at the latest. It may ring for nobody, since nobody takes back what was set. */
  set(time: number): void {
    if (time >= this.#time) return;
    clearTimeout(this.#timer);
    this.#time = time;
    // What is waited for keeps the process, not the waiting.
    this.#timer = setTimeout(() => this.#due(), Math.min(time - performance.now(), LONGEST)).unref();
  }

  #due(): void {
    // One turn of the event loop more: after a long pause of ours what is waited for may be there, unread.
    setImmediate(() => {
      this.#time = Number.POSITIVE_INFINITY;
      this.set(this.#ring(performance.now()));
    });
  }
}
