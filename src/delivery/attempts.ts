/** Sends one planned request until it is settled: attempts, waits and pauses, within the time of its call. */

import type { Answer, Reply, Unreachable } from '../outbound/exchange.ts';
import { backoff, DEFAULT_RETRY_ON, retryAfter, retryable } from '../outbound/retry.ts';
import { type PlannedRequest, rejected, type Verdict, type World } from './call.ts';
import { judge } from './judge.ts';
import { reasonText } from './reason.ts';
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
  /** An attempt ended without an answer, and may have arrived. */
  #unknown = false;
  /** What the last attempt that failed says, for when another is not made. */
  #last: readonly Verdict[] | undefined;

  constructor(planned: PlannedRequest, world: World, time: CallTime) {
    this.#planned = planned;
    this.#world = world;
    this.#time = time;
  }

  async attempt(attempt: number): Promise<readonly Verdict[] | undefined> {
    const { clock, pacer } = this.#world;
    const entered = await pacer.enter(clock, this.#time);
    if (!entered) return this.#notEntered();
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

  #notEntered(): readonly Verdict[] {
    const pause = this.#world.pacer.pausedFor(this.#world.clock);
    const why = this.#time.closing.aborted || pause === 0 ? this.#time.whyClosed() : tooLong(pause);
    return this.#last?.map((verdict) => addition(verdict, `not tried again: ${why}`)) ?? this.#all(`not attempted: ${why}`);
  }

  #answered(answer: Answer, attempt: number): Next {
    const judgement = judge(this.#planned, answer);
    const after = judgement.kind === 'retry' ? judgement.after : undefined;
    const wait = this.#asked(after === undefined ? answer.headers : { 'retry-after': after });
    // Whatever becomes of these rows: what comes next is to wait.
    if (wait !== undefined && (answer.status >= 400 || judgement.kind === 'retry')) {
      this.#world.pacer.pause(this.#world.clock, wait);
    }
    const again = judgement.kind === 'retry' || (judgement.kind === 'failed' && this.#retryable(answer) === 'yes');
    if (!again) return judgement;
    const { verdicts } = judgement;
    const unknown = 'outcome unknown: an earlier attempt may have arrived';
    return this.#again(this.#unknown ? verdicts.map((verdict) => addition(verdict, unknown)) : verdicts, attempt, wait);
  }

  #unreachable(reply: Unreachable, attempt: number): Next {
    const again = this.#retryable(reply) === 'yes';
    this.#unknown ||= reply.mayHaveArrived || reply.phase === 'after';
    if (reply.code === 'ENOTFOUND') this.#notFoundBefore = true;
    const verdicts = this.#all(`${this.#unknown ? 'outcome unknown' : 'not delivered'}: ${reply.sentence}`);
    return again ? this.#again(verdicts, attempt, undefined) : { verdicts };
  }

  #retryable(reply: Reply): ReturnType<typeof retryable> {
    const { request, outbound } = this.#planned;
    const { retry } = request;
    const idempotent = request.idempotent ?? (outbound.method !== 'POST' && outbound.method !== 'PATCH');
    return retryable(reply, { idempotent, on: retry.on ?? DEFAULT_RETRY_ON, notFoundBefore: this.#notFoundBefore });
  }

  /** Milliseconds that an answer asks to wait; a time that has passed stands for the shortest delay. */
  #asked(headers: Answer['headers']): number | undefined {
    const asked = retryAfter(headers, this.#world.clock.now());
    if (asked.kind !== 'wait') return undefined;
    return asked.ms > 0 ? asked.ms : this.#jitter(0);
  }

  #jitter(attempt: number): number {
    const { base, cap } = this.#planned.request.retry;
    return backoff(attempt, this.#world.random, base, cap);
  }

  /** Another attempt, if one is left and fits into the time of the call. */
  #again(verdicts: readonly Verdict[], attempt: number, asked: number | undefined): Next {
    if (attempt + 1 >= this.#planned.request.retry.attempts) return { verdicts };
    const wait = asked ?? this.#jitter(attempt);
    if (wait >= this.#time.leftToStart()) {
      const why = asked === undefined ? 'no time was left to try again' : tooLong(asked);
      return { verdicts: verdicts.map((verdict) => addition(verdict, why)) };
    }
    this.#last = verdicts;
    return { wait };
  }

  #all(reason: string): Verdict[] {
    const verdict = rejected(reason);
    return this.#planned.rows.map(() => verdict);
  }
}

function tooLong(wait: number): string {
  return `the API asks to wait ${Math.ceil(wait / 1000)} s, longer than this call has left`;
}

/** Characters of a reason that is said more of. */
const MAX_BASE = 350;

function addition(verdict: Verdict, more: string): Verdict {
  if (verdict.accepted) return verdict;
  return rejected(`${(reasonText(verdict.reason, MAX_BASE) ?? '').replace(/\.$/, '')} (${more})`);
}
