/** What keeps a destination from harming others, its API and itself: places, pauses, rates, the retry budget and the breaker. */

import type { Reply } from '../outbound/exchange.ts';
import { brokeDown } from '../outbound/retry.ts';
import { Breaker } from './breaker.ts';
import { RetryBudget } from './budget.ts';
import type { Clock } from './call.ts';
import { Adaptive, type Concurrency, fixedConcurrency } from './concurrency.ts';
import { type RateKey, Rates } from './rate.ts';
import { SlowStart, type Start } from './slow-start.ts';
import type { CallTime, Waiting as GivingUp } from './time.ts';

/** Milliseconds. An API that asks for more is asked again after this: some write a time of day where seconds belong. */
const LONGEST_PAUSE = 3_600_000;

/** What the request of a row, or of somebody at the form, needs before it may leave. */
export interface Entering {
  /** Goes before the requests of rows: somebody is waiting at the form. */
  readonly urgent: boolean;
  readonly rates: readonly RateKey[];
  readonly time: Pick<CallTime, 'closing' | 'leftToStart' | 'whyClosed' | 'await' | 'forget'>;
  /** Whether it is sent again. */
  readonly again: boolean;
}

/** A request that may leave now. */
export interface Admitted {
  /** It came back; to be called once, whatever became of it. */
  done(reply: Reply | undefined): void;
}

class Leave implements Admitted {
  readonly begun: number;
  readonly start: Start;
  /** Whether it is the one that is tried where the breaker is open. */
  readonly tried: boolean;
  #back: ((leave: Leave, reply: Reply | undefined) => void) | undefined;

  constructor(begun: number, start: Start, tried: boolean, back: (leave: Leave, reply: Reply | undefined) => void) {
    this.begun = begun;
    this.start = start;
    this.tried = tried;
    this.#back = back;
  }

  done(reply: Reply | undefined): void {
    const back = this.#back;
    this.#back = undefined;
    back?.(this, reply);
  }
}

/** Stands in its queue from its making until it leaves or is refused. */
class Waiting implements GivingUp {
  readonly entering: Entering;
  readonly #queue: Set<Waiting>;
  readonly #leave: (answer: Admitted | string) => void;
  readonly #why: () => string | undefined;

  constructor(
    entering: Entering,
    queue: Set<Waiting>,
    leave: (answer: Admitted | string) => void,
    why: () => string | undefined,
  ) {
    this.entering = entering;
    this.#queue = queue;
    this.#leave = leave;
    this.#why = why;
    queue.add(this);
  }

  leave(answer: Admitted | string): void {
    this.#queue.delete(this);
    this.entering.time.forget(this);
    this.#leave(answer);
  }

  giveUp(): void {
    this.leave(this.#why() ?? this.entering.time.whyClosed());
  }
}

/** One for each destination and its settings; pure but for its clock. */
export class Bulkhead {
  readonly #clock: Clock;
  readonly #concurrency: Concurrency;
  readonly #breaker = new Breaker();
  readonly #budget = new RetryBudget();
  readonly #rates = new Rates();
  readonly #slowStart = new SlowStart();
  readonly #urgent = new Set<Waiting>();
  readonly #rows = new Set<Waiting>();
  readonly #queues = [this.#urgent, this.#rows];
  #inFlight = 0;
  #pausedUntil = 0;
  #timer: { readonly at: number; readonly cancel: AbortController } | undefined;

  constructor(clock: Clock, concurrency: number | 'auto') {
    this.#clock = clock;
    this.#concurrency = concurrency === 'auto' ? new Adaptive() : fixedConcurrency(concurrency);
  }

  /** Nothing starts for so many milliseconds; a longer pause that was asked for before stays. */
  pause(milliseconds: number): void {
    const now = this.#clock.elapsed();
    this.#pausedUntil = Math.max(this.#pausedUntil, now + Math.min(milliseconds, LONGEST_PAUSE));
    this.#slowStart.begin(now, this.#concurrency.limit);
  }

  /** Nothing is sent for so long, and what waits is refused: the manifest knows that it would be in vain. */
  stop(milliseconds: number, why: string): void {
    this.#breaker.open(this.#clock.elapsed(), Math.min(milliseconds, LONGEST_PAUSE), why);
    this.#refuseAll();
  }

  /** Whether one more request may be sent again, of one that may be so many times. To be asked once for each retry: it is counted. */
  mayRetry(own: number): boolean {
    return this.#budget.take(this.#clock.elapsed(), own);
  }

  /** Waits for its turn: first come, first served, as far as rates allow. @returns why it may not leave, where it may not in time */
  enter(entering: Entering): Promise<Admitted | string> | Admitted | string {
    const now = this.#clock.elapsed();
    const hopeless = this.#hopeless(entering, now);
    if (hopeless !== undefined) return hopeless;
    if (this.#mayLeaveNow(entering, now)) return this.#admitted(entering, now);
    return new Promise((resolve) => {
      const { urgent, time } = entering;
      const waiting = new Waiting(entering, urgent ? this.#urgent : this.#rows, resolve, () =>
        this.#hopeless(entering, this.#clock.elapsed()),
      );
      time.await(waiting);
      this.#next(now);
    });
  }

  /** Whether nobody waits, and nothing is to be waited for. */
  #mayLeaveNow({ rates }: Entering, now: number): boolean {
    if (this.#urgent.size > 0 || this.#rows.size > 0 || !this.#hasPlace) return false;
    if (this.#pausedUntil > now || this.#rates.waitFor(this.#slowStart.rates(rates), now) > 0) return false;
    this.#slowStart.end();
    return true;
  }

  /** Whether there is a place for one more. */
  get #hasPlace(): boolean {
    return this.#inFlight < this.#concurrency.limit && this.#slowStart.hasPlace;
  }

  /** Why waiting would be in vain. */
  #hopeless({ time, rates }: Entering, now: number): string | undefined {
    const refused = this.#breaker.refuses(now);
    if (refused !== undefined) return refused;
    const left = time.leftToStart(now);
    const pause = this.#pausedUntil - now;
    if (pause > 0 && pause >= left) return tooLong(pause);
    const wait = this.#rates.waitFor(rates, now);
    if (wait > 0 && wait >= left) return `the manifest's rateLimit leaves no room for ${Math.ceil(wait / 1000)} s`;
    return time.closing.aborted ? time.whyClosed() : undefined;
  }

  #admitted({ rates, again }: Entering, begun: number): Admitted {
    this.#inFlight++;
    this.#rates.take(this.#slowStart.rates(rates), begun);
    if (!again) this.#budget.sent(begun);
    return new Leave(begun, this.#slowStart.sent(begun), this.#breaker.sent(), this.#done);
  }

  readonly #done = ({ begun, start, tried }: Leave, reply: Reply | undefined): void => {
    const now = this.#clock.elapsed();
    const failed = reply === undefined ? undefined : isOutage(reply);
    this.#concurrency.done(now, now - begun, failed === true || isRefusal(reply), this.#inFlight >= this.#concurrency.limit);
    this.#inFlight--;
    start.inFlight--;
    if (this.#breaker.done(now, tried, failed)) {
      this.#slowStart.begin(now, this.#concurrency.limit);
      this.#refuseAll();
    } else if (failed === false) start.places *= 2;
    this.#next(now);
  };

  /** Lets in whom it may, in order, and comes back when the next one may. */
  #next(now: number): void {
    const pause = this.#pausedUntil - now;
    let soonest = pause > 0 ? pause : Number.POSITIVE_INFINITY;
    for (const queue of this.#queues) {
      for (const waiting of queue) {
        if (!this.#hasPlace) return;
        const why = this.#hopeless(waiting.entering, now);
        if (why !== undefined) waiting.leave(why);
        else if (pause <= 0) {
          const wait = this.#rates.waitFor(this.#slowStart.rates(waiting.entering.rates), now);
          if (wait > 0) soonest = Math.min(soonest, wait);
          else waiting.leave(this.#admitted(waiting.entering, now));
        }
      }
    }
    if (pause <= 0 && this.#queues.every((queue) => queue.size === 0)) this.#slowStart.end();
    if (soonest !== Number.POSITIVE_INFINITY && this.#queues.some((queue) => queue.size > 0)) this.#wake(now + soonest);
  }

  #wake(at: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel.abort();
    const timer = { at, cancel: new AbortController() };
    this.#timer = timer;
    void this.#clock.wait(at - this.#clock.elapsed(), timer.cancel.signal).then(() => {
      if (this.#timer !== timer) return;
      this.#timer = undefined;
      this.#next(this.#clock.elapsed());
    });
  }

  #refuseAll(): void {
    const why = this.#breaker.refuses(this.#clock.elapsed());
    if (why === undefined) return;
    for (const queue of this.#queues) for (const waiting of queue) waiting.leave(why);
  }
}

export function tooLong(wait: number): string {
  return `the API asks to wait ${Math.ceil(wait / 1000)} s, longer than this call has left`;
}

/** Whether the API failed; undefined where the reply says nothing about it. */
function isOutage(reply: Reply): boolean | undefined {
  if (reply.kind === 'answer') return brokeDown(reply) && reply.headers['retry-after'] === undefined;
  return reply.phase === 'refused' || reply.code === 'ABORTED' ? undefined : true;
}

function isRefusal(reply: Reply | undefined): boolean {
  return reply?.kind === 'answer' && (reply.status === 429 || reply.status === 503);
}
