/** Sends one planned request until it is settled: attempts, waits and pauses, within the time of its call. */

import type { Answer, OutboundRequest, Reply, Unreachable } from '../outbound/exchange.ts';
import { limitPause } from '../outbound/rate-headers.ts';
import { backoff, DEFAULT_RETRY_ON, mayBeTaken, retryAfter, retryable } from '../outbound/retry.ts';
import { withAuth } from './auth.ts';
import { tooLong } from './bulkhead.ts';
import { type PlannedRequest, type ReasonCode, rejected, type Verdict, type World } from './call.ts';
import { type Judgement, judge } from './judge.ts';
import { reasonText } from './reason.ts';
import type { CallTime } from './time.ts';

/** One more go after so many milliseconds, or the verdicts that hold. */
type Next = { readonly wait: number } | { readonly verdicts: readonly Verdict[] };

const MAYBE_EARLIER = 'outcome unknown: an earlier attempt may have arrived';

/** Milliseconds for which nothing is sent after `then: stop`, where the manifest does not say until when. */
const STOPPED = 60_000;

/** Verdicts for the rows of the request, in its order. Never throws but for a bug. */
export async function settleRequest(planned: PlannedRequest, world: World, time: CallTime): Promise<readonly Verdict[]> {
  const sending = new Sending(planned, world, time);
  for (;;) {
    const verdicts = await sending.attempt();
    if (verdicts !== undefined) return verdicts;
  }
}

class Sending {
  readonly #planned: PlannedRequest;
  readonly #world: World;
  readonly #time: CallTime;
  #outbound: OutboundRequest;
  /** Attempts made so far. */
  #made = 0;
  #notFoundBefore = false;
  #renewed = false;
  /** An attempt ended without an answer, and may have arrived. */
  #unknown = false;
  /** What the last attempt that failed says, for when another is not made. */
  #last: readonly Verdict[] | undefined;

  constructor(planned: PlannedRequest, world: World, time: CallTime) {
    this.#planned = planned;
    this.#outbound = planned.outbound;
    this.#world = world;
    this.#time = time;
  }

  async attempt(): Promise<readonly Verdict[] | undefined> {
    const { clock, bulkhead, send } = this.#world;
    const { rates, urgent, request } = this.#planned;
    const entered = await bulkhead.enter({ rates, urgent, time: this.#time, again: this.#made > 0 });
    if (typeof entered === 'string') return this.#notEntered(entered);
    this.#made++;
    let reply: Reply | undefined;
    try {
      const timeout = Math.min(request.timeout, this.#time.left());
      reply = await send(this.#outbound, { timeout, signal: this.#time.ended });
    } finally {
      entered.done(reply);
    }
    const next = reply.kind === 'answer' ? await this.#answered(reply) : this.#unreachable(reply);
    if ('verdicts' in next) return next.verdicts;
    await clock.wait(next.wait, this.#time.closing);
    return undefined;
  }

  #notEntered(why: string): readonly Verdict[] {
    return (
      this.#last?.map((verdict) => addition(verdict, `not tried again: ${why}`)) ??
      this.#all('not-attempted', `not attempted: ${why}`)
    );
  }

  async #answered(answer: Answer): Promise<Next> {
    const judgement = judge(this.#planned, answer);
    const asked = this.#pauseFor(answer, judgement);
    if (judgement.kind === 'stop') {
      const reason = judgement.verdicts.find((verdict) => !verdict.accepted)?.reason ?? 'stopped';
      this.#world.bulkhead.stop(asked ?? STOPPED, `the destination stopped (${reason})`);
    }
    if (judgement.kind === 'reauth' || (judgement.kind === 'failed' && answer.status === 401)) {
      if (await this.#renew()) {
        this.#last = judgement.verdicts;
        return { wait: 0 };
      }
    }
    const failed = judgement.kind === 'failed';
    const again = judgement.kind === 'retry' || (failed && this.#retryable(answer));
    let { verdicts } = judgement;
    // Asking changes nothing.
    if (failed && this.#outbound.method !== 'GET' && mayBeTaken(answer)) {
      this.#unknown = true;
      verdicts = verdicts.map(unknownOutcome);
    } else if (again && this.#unknown) verdicts = verdicts.map((verdict) => addition(verdict, MAYBE_EARLIER));
    return again ? this.#again(verdicts, asked) : { verdicts };
  }

  /** Milliseconds that the answer asks to wait, if it does. Whatever becomes of its rows: what comes next is to wait. */
  #pauseFor(answer: Answer, judgement: Judgement): number | undefined {
    const { clock, bulkhead } = this.#world;
    const after = 'after' in judgement ? judgement.after : undefined;
    const headers = after === undefined ? answer.headers : { 'retry-after': after };
    const asked =
      answer.status >= 400 || judgement.kind === 'retry' || after !== undefined ? retryAfter(headers, clock.now()) : undefined;
    // A time that has passed stands for the shortest delay.
    const wait = asked?.kind === 'wait' ? asked.ms || this.#jitter(0) : undefined;
    const used = limitPause(answer.headers, clock.now());
    const pause = Math.max(wait ?? 0, used ?? 0);
    if (pause > 0 && judgement.kind !== 'stop') bulkhead.pause(pause);
    return wait;
  }

  #unreachable(reply: Unreachable): Next {
    const again = this.#retryable(reply);
    this.#unknown ||= mayBeTaken(reply);
    if (reply.code === 'ENOTFOUND') this.#notFoundBefore = true;
    const verdicts = this.#unknown
      ? this.#all('outcome-unknown', `outcome unknown: ${reply.sentence}`)
      : this.#all('not-delivered', `not delivered: ${reply.sentence}`);
    return again ? this.#again(verdicts, undefined) : { verdicts };
  }

  /** Once for each request: whether what proves who we are is another one by now. */
  async #renew(): Promise<boolean> {
    const { auth } = this.#planned;
    if (auth === undefined || this.#renewed) return false;
    this.#renewed = true;
    const fresh = await this.#world.renewed?.(auth);
    if (fresh === undefined) return false;
    this.#outbound = withAuth(this.#planned.outbound, auth, fresh);
    return true;
  }

  #retryable(reply: Reply): boolean {
    const { request, outbound } = this.#planned;
    const { retry } = request;
    const idempotent =
      request.idempotent ?? (request.idempotency !== undefined || (outbound.method !== 'POST' && outbound.method !== 'PATCH'));
    return retryable(reply, { idempotent, on: retry.on ?? DEFAULT_RETRY_ON, notFoundBefore: this.#notFoundBefore });
  }

  /** Before the attempt that comes after those made. */
  #jitter(made: number): number {
    const { base, cap } = this.#planned.request.retry;
    return backoff(made, this.#world.random, base, cap);
  }

  /** Another attempt, if one is left, fits into the time of the call, and the destination may have one more. */
  #again(verdicts: readonly Verdict[], asked: number | undefined): Next {
    const { attempts } = this.#planned.request.retry;
    if (this.#made >= attempts) return { verdicts };
    const wait = asked ?? this.#jitter(this.#made - 1);
    const why = this.#whyNotAgain(wait, asked, attempts - 1);
    if (why !== undefined) return { verdicts: verdicts.map((verdict) => addition(verdict, why)) };
    this.#last = verdicts;
    return { wait };
  }

  #whyNotAgain(wait: number, asked: number | undefined, own: number): string | undefined {
    if (wait >= this.#time.leftToStart()) return asked === undefined ? 'no time was left to try again' : tooLong(asked);
    // Where the API itself says when to come back, its pause keeps retries in bounds.
    if (asked !== undefined || this.#world.bulkhead.mayRetry(own)) return undefined;
    return 'not tried again: too many of the requests to the API are being tried again';
  }

  #all(code: ReasonCode, reason: string): Verdict[] {
    const verdict = rejected(code, reason);
    return this.#planned.rows.map(() => verdict);
  }
}

/** The API failed while it worked on the request: what it did of it is not known. */
function unknownOutcome(verdict: Verdict): Verdict {
  return verdict.accepted ? verdict : rejected('outcome-unknown', `outcome unknown: ${verdict.reason}`);
}

/** Characters of a reason that is said more of. */
const MAX_BASE = 350;

function addition(verdict: Verdict, more: string): Verdict {
  if (verdict.accepted) return verdict;
  return rejected(verdict.code, `${(reasonText(verdict.reason, MAX_BASE) ?? '').replace(/\.$/, '')} (${more})`);
}
