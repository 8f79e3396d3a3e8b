/** The time of one call: until when requests may start, until when answers are waited for, and why it ended. */

import { End, type Ending } from '../outbound/ending.ts';
import type { Clock, World } from './call.ts';

/** The end of a call is kept for answering: this part of its time, between these bounds in milliseconds. */
const RESERVE = { part: 0.02, least: 50, most: 500 };
/** In the last part before that no request starts any more: it could hardly be answered. */
const LAST_START = { part: 0.02, least: 50, most: 500 };

/** Who waits to start something. */
export interface Waiting {
  giveUp(): void;
}

export class CallTime {
  /** Fires when nothing may start any more: little time is left, or the caller hung up. */
  readonly closing: Ending;
  /** Fires when answers are waited for no longer. */
  readonly ended: Ending;
  readonly #clock: Clock;
  readonly #gone: Ending;
  readonly #lastStart: number;
  readonly #end: number;
  readonly #done = new End();
  readonly #hungUp: () => void;
  /** A signal's own list of listeners costs more than all else that waiting does. */
  readonly #waiting = new Set<Waiting>();
  readonly #giveUp = (): void => {
    for (const waiting of [...this.#waiting]) waiting.giveUp();
  };

  /** @param begun when the call began, on the clock that only grows; now unless given */
  constructor({ clock, deadline, gone }: Pick<World, 'clock' | 'deadline' | 'gone'>, begun = clock.elapsed()) {
    const share = ({ part, least, most }: typeof RESERVE) => Math.min(most, Math.max(least, deadline * part));
    this.#clock = clock;
    this.#gone = gone;
    this.#end = begun + deadline - share(RESERVE);
    this.#lastStart = this.#end - share(LAST_START);
    const [closing, ended] = [new End(), new End()];
    this.closing = closing;
    this.ended = ended;
    void this.#pass(closing, ended);
    this.#hungUp = () => closing.abort();
    closing.addEventListener('abort', this.#giveUp);
    if (gone.aborted) this.#hungUp();
    else gone.addEventListener('abort', this.#hungUp, { once: true });
  }

  /** Tells it when nothing may start any more, until it no longer waits. */
  await(waiting: Waiting): void {
    this.#waiting.add(waiting);
  }

  forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  /** Milliseconds until answers are waited for no longer. */
  left(): number {
    return Math.max(1, this.#end - this.#clock.elapsed());
  }

  /** Milliseconds until nothing may start any more. */
  leftToStart(now = this.#clock.elapsed()): number {
    return Math.max(0, this.#lastStart - now);
  }

  /** Resolves when answers are waited for no longer. */
  over(): Promise<void> {
    return this.ended.aborted
      ? Promise.resolve()
      : new Promise((resolve) => this.ended.addEventListener('abort', () => resolve(), { once: true }));
  }

  whyClosed(): string {
    return this.#gone.aborted ? 'the caller hung up' : 'the deadline of the call had come';
  }

  /** Ends the timers, and leaves the caller's signal. */
  stop(): void {
    this.#done.abort();
    this.#gone.removeEventListener('abort', this.#hungUp);
  }

  async #pass(closing: End, ended: End): Promise<void> {
    await this.#clock.wait(this.#lastStart - this.#clock.elapsed(), this.#done);
    if (this.#done.aborted) return;
    closing.abort();
    await this.#clock.wait(this.#end - this.#clock.elapsed(), this.#done);
    if (!this.#done.aborted) ended.abort();
  }
}
