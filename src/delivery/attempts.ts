/** Sends one planned request until it is settled: attempts, waits and pauses, within the time of its call. */

import type { Answer, Reply, Unreachable } from '../outbound/exchange.ts';
import { backoff, DEFAULT_RETRY_ON, retryAfter, retryable } from '../outbound/retry.ts';
import { type PlannedRequest, rejected, type Verdict, type World } from './call.ts';
import { type Judgement, judge } from './judge.ts';
import type { CallTime } from './time.ts';

/** One more go after so many milliseconds, or the verdicts that hold. */
type Next = { readonly wait: number } | { readonly verdicts: readonly Verdict[] };

/** Verdicts for the rows of the request, in its order. Never throws but for a bug. */
export async function settleRequest(planned: PlannedRequest, world: World, time: CallTime): Promise<readonly Verdict[]> {
  const sending = new Sending(planned, world, time);
  for (let attempt = 0; ; attempt++) {
    const verdicts = await sending.attempt(attempt);
    if (verdicts !== undefined) return verdicts;
  }
}

class Sending {
  readonly #planned: PlannedRequest;
  readonly #world: World;
  readonly #time: CallTime;
  #notFoundBefore = false;
  /** What the last attempt that failed says, for when there is no time for another. */
  #last: readonly Verdict[] | undefined;

  constructor(planned: PlannedRequest, world: World, time: CallTime) {
    this.#planned = planned;
    this.#world = world;
    this.#time = time;
  }

  async attempt(attempt: number): Promise<readonly Verdict[] | undefined> {
    const { clock, pacer } = this.#world;
    const entered = await pacer.enter(clock, this.#time.closing);
    if (!entered) return this.#last ?? this.#all(`not attempted: ${this.#time.whyClosed()}`);
    let reply: Reply;
    try {
      const timeout = Math.min(this.#planned.request.timeout, this.#time.left());
      reply = await this.#world.send(this.#planned.outbound, { timeout, signal: this.#time.ended });
    } finally {
      pacer.leave();
    }
    const next = reply.kind === 'answer' ? this.#answered(reply, attempt) : this.#unreachable(reply, attempt);
    if ('verdicts' in next) return next.verdicts;
    await clock.wait(next.wait, this.#time.closing);
    return undefined;
  }

  #answered(answer: Answer, attempt: number): Next {
    const judgement = judge(this.#planned, answer);
    if (judgement.kind === 'settled') return judgement;
    if (judgement.kind === 'retry') {
      return this.#again(judgement, attempt, judgement.after === undefined ? answer.headers : { 'retry-after': judgement.after });
    }
    return this.#retryable(answer) === 'yes' ? this.#again(judgement, attempt, answer.headers) : judgement;
  }

  #unreachable(reply: Unreachable, attempt: number): Next {
    const verdict = this.#retryable(reply);
    const prefix = reply.mayHaveArrived || reply.phase === 'after' ? 'outcome unknown' : 'not delivered';
    const verdicts = this.#all(`${prefix}: ${reply.sentence}`);
    if (reply.code === 'ENOTFOUND') this.#notFoundBefore = true;
    return verdict === 'yes' ? this.#again({ verdicts }, attempt, {}) : { verdicts };
  }

  #retryable(reply: Reply): ReturnType<typeof retryable> {
    const { request, outbound } = this.#planned;
    const { retry } = request;
    const idempotent = request.idempotent ?? (outbound.method !== 'POST' && outbound.method !== 'PATCH');
    return retryable(reply, { idempotent, on: retry.on ?? DEFAULT_RETRY_ON, notFoundBefore: this.#notFoundBefore });
  }

  /** Another attempt, if one is left and fits into the time of the call; `Retry-After` holds the whole destination. */
  #again({ verdicts }: Pick<Judgement, 'verdicts'>, attempt: number, headers: Answer['headers']): Next {
    const { clock, random, pacer } = this.#world;
    const { attempts, base, cap } = this.#planned.request.retry;
    const asked = retryAfter(headers, clock.now());
    const jittered = backoff(attempt, random, base, cap);
    // A time that has passed already stands for the shortest delay.
    const wait = asked.kind === 'wait' ? asked.ms + (asked.ms === 0 ? backoff(0, random, base, cap) : 0) : jittered;
    if (asked.kind === 'wait') pacer.pause(clock, wait);
    if (attempt + 1 >= attempts) return { verdicts };
    if (wait >= this.#time.leftToStart()) {
      return {
        verdicts: verdicts.map((verdict) =>
          addition(
            verdict,
            asked.kind === 'wait'
              ? `the API asks to wait ${seconds(wait)}, longer than this call has left`
              : 'no time was left to try again',
          ),
        ),
      };
    }
    this.#last = verdicts.map((verdict) => addition(verdict, 'no time was left to try again'));
    return { wait };
  }

  #all(reason: string): Verdict[] {
    return this.#planned.rows.map(() => rejected(reason));
  }
}

function addition(verdict: Verdict, more: string): Verdict {
  return verdict.accepted ? verdict : rejected(`${verdict.reason.replace(/\.$/, '')} (${more})`);
}

function seconds(milliseconds: number): string {
  return `${Math.ceil(milliseconds / 1000)} s`;
}
