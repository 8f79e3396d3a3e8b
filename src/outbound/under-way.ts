/** The requests under way, which end with their time or their call: one timer for all of them, and one listener on a signal. */

import { Alarm } from './alarm.ts';
import type { Ending } from './ending.ts';

export interface Limited {
  /** Of its call. */
  readonly signal: Ending | undefined;
  abort(): void;
  /** Ends it where its time is over by now, and gives when that is else, on the clock of `performance.now()`. */
  wake(now: number): number;
}

export class UnderWay {
  readonly #all: () => Iterable<Limited>;
  readonly #signals = new WeakSet<Ending>();
  readonly #alarm = new Alarm((now) => {
    let next = Number.POSITIVE_INFINITY;
    for (const one of this.#all()) next = Math.min(next, one.wake(now));
    return next;
  });

  /** @param all those under way: some of them may end meanwhile */
  constructor(all: () => Iterable<Limited>) {
    this.#all = all;
  }

  /** @param end when its time is over */
  begin({ signal }: Limited, end: number): void {
    this.#alarm.set(end);
    if (signal === undefined || this.#signals.has(signal)) return;
    this.#signals.add(signal);
    const abort = () => {
      for (const each of this.#all()) if (each.signal === signal) each.abort();
    };
    signal.addEventListener('abort', abort, { once: true });
  }

  /** It is to be woken by then. */
  wakeAt(time: number): void {
    this.#alarm.set(time);
  }
}
