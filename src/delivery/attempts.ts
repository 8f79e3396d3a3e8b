/** Sends one planned request until it is settled: attempts, waits and pauses, within the time of its call. */

import type { Answer, OutboundRequest, Reply, Unreachable } from '../outbound/exchange.ts';
import { limitPause } from '../outbound/rate-headers.ts';
import { backoff, DEFAULT_RETRY_ON, mayBeTaken, retryAfter, retryable } from '../outbound/retry.ts';
import { type ReadAnswer, readAnswer } from './answer.ts';
import { withAuth } from './auth.ts';
import { tooLong } from './bulkhead.ts';
import { type PlannedRequest, type ReasonCode, rejected, type Verdict, type World } from './call.ts';
import type { Joined } from './join.ts';
import { type Judgement, judge } from './judge.ts';
import { reasonText } from './reason.ts';
import type { CallTime } from './time.ts';

/** How the attempts at a request ended: nothing more comes of these bytes. */
export interface End {
  readonly verdicts: readonly Verdict[];
  /** The answer that settled it, where one did. */
  readonly answer: ReadAnswer | undefined;
  readonly joined: Joined | undefined;
  /** Whether the answer names a job, which is to be asked for. */
  readonly job?: boolean;
  /** Whether its rows were rejected together, for what one of them may be the cause of. */
  readonly whole: boolean;
  /** Attempts made, those before it included. */
  readonly made: number;
}

/** One more go after so many milliseconds, or what holds. */
type Next = { readonly wait: number } | End;

/** Statuses by which APIs refuse a request for a row that is in it. */
const FOR_ONE_ROW: ReadonlySet<number> = new Set([400, 409, 413, 422]);

const MAYBE_EARLIER = 'outcome unknown: an earlier attempt may have arrived';

/** Milliseconds for which nothing is sent after `then: stop`, where the manifest does not say until when. */
const STOPPED = 60_000;

/**
 * Sends the same bytes until the request is settled. Never throws but for a bug.
 * @param made attempts at its rows that were made already
 */
export function sendUntilSettled(planned: PlannedRequest, world: World, time: CallTime, made: number): Promise<End> {
  return new Sending(planned, world, time, made).run();
}

class Sending {
  readonly #planned: PlannedRequest;
  readonly #world: World;
  readonly #time: CallTime;
  #outbound: OutboundRequest;
  /** Attempts made so far. */
  #made: number;
  #notFoundBefore = false;
  #renewed = false;
  /** An attempt ended without an answer, and may have arrived. */
  #unknown = false;
  /** What the last attempt that failed says, for when another is not made. */
  #last: readonly Verdict[] | undefined;

  constructor(planned: PlannedRequest, world: World, time: CallTime, made: number) {
    this.#made = made;
    this.#planned = planned;
    this.#outbound = planned.outbound;
    this.#world = world;
    this.#time = time;
  }

  /** Awaits only what is a promise: there is a request for every row, and each wait costs a turn and a promise. */
  async run(): Promise<End> {
    const { clock, bulkhead, send, breathe } = this.#world;
    const { rates, urgent, request } = this.#planned;
    for (;;) {
      const entering = bulkhead.enter({ rates, urgent, time: this.#time, again: this.#made > 0 });
      const entered = entering instanceof Promise ? await entering : entering;
      if (typeof entered === 'string') return this.#only(this.#notEntered(entered));
      this.#made++;
      let reply: Reply | undefined;
      let read: ReadAnswer | undefined;
      try {
        const timeout = Math.min(request.timeout, this.#time.left());
        this.#world.leaves?.(this.#planned);
        reply = await send(this.#outbound, { timeout, signal: this.#time.ended });
        if (reply.kind === 'answer') {
          // Before its place is free: what it says may hold back what comes next.
          const reading = readAnswer(reply, request.response.parse, breathe);
          read = reading instanceof Promise ? await reading : reading;
        }
      } finally {
        entered.done(reply);
      }
      const judged = reply.kind === 'answer' && read !== undefined ? this.#answered(reply, read) : this.#lost(reply);
      const next = judged instanceof Promise ? await judged : judged;
      if ('verdicts' in next) return next;
      await clock.wait(next.wait, this.#time.closing);
    }
  }

  #lost(reply: Reply): Next {
    if (reply.kind === 'unreachable') return this.#unreachable(reply);
    throw new TypeError('an answer that was not read');
  }

  #notEntered(why: string): readonly Verdict[] {
    return (
      this.#last?.map((verdict) => addition(verdict, `not tried again: ${why}`)) ??
      this.#all('not-attempted', `not attempted: ${why}`)
    );
  }

  #answered(answer: Answer, read: ReadAnswer): Next | Promise<Next> {
    const judgement = judge(this.#planned, read);
    const asked = this.#pauseFor(answer, judgement);
    if (judgement.kind === 'stop') {
      const reason = judgement.verdicts.find((verdict) => !verdict.accepted)?.reason ?? 'stopped';
      this.#world.bulkhead.stop(asked ?? STOPPED, `the destination stopped (${reason})`);
    }
    if (judgement.kind !== 'reauth' && (judgement.kind !== 'failed' || answer.status !== 401))
      return this.#judged(answer, read, judgement, asked);
    return this.#renew().then((renewed) => {
      if (!renewed) return this.#judged(answer, read, judgement, asked);
      this.#last = judgement.verdicts;
      return { wait: 0 };
    });
  }

  /** @param asked milliseconds that the answer asks to wait */
  #judged(answer: Answer, read: ReadAnswer, judgement: Judgement, asked: number | undefined): Next {
    if (judgement.kind === 'job') return { ...this.#only(judgement.verdicts), answer: read, job: true };
    if (judgement.kind === 'settled')
      return {
        verdicts: judgement.verdicts,
        answer: read,
        joined: judgement.joined,
        whole: judgement.whole === true,
        made: this.#made,
      };
    const failed = judgement.kind === 'failed';
    const again = judgement.kind === 'retry' || (failed && this.#retryable(answer));
    let { verdicts } = judgement;
    // Asking changes nothing.
    const unknown = failed && this.#outbound.method !== 'GET' && mayBeTaken(answer);
    if (unknown) {
      this.#unknown = true;
      verdicts = verdicts.map(unknownOutcome);
    } else if (again && this.#unknown) verdicts = verdicts.map((verdict) => addition(verdict, MAYBE_EARLIER));
    const whole = failed && !unknown && FOR_ONE_ROW.has(answer.status);
    const end = { verdicts, answer: read, joined: undefined, whole, made: this.#made };
    return again ? this.#again(end, asked) : end;
  }

  /** Milliseconds that the answer asks to wait, if it does. Whatever becomes of its rows: what comes next is to wait. */
  #pauseFor(answer: Answer, judgement: Judgement): number | undefined {
    const { clock, bulkhead } = this.#world;
    const after = 'after' in judgement ? judgement.after : undefined;
    const headers = after === undefined ? answer.headers : { 'retry-after': after };
    const asked =
      answer.status >= 400 || judgement.kind === 'retry' || after !== undefined ? retryAfter(headers, clock.now()) : undefined;
    // A time that has passed stands for the shortest delay.
    const wait = asked?.kind === 'wait' ? asked.ms || jitter(this.#planned, this.#world, 0) : undefined;
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
    const end = this.#only(verdicts);
    return again ? this.#again(end, undefined) : end;
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

  /**
   * Another attempt, if one is left, fits into the time of the call, and the destination may have one more.
   * @param end what holds if not
   */
  #again(end: End, asked: number | undefined): Next {
    const next = waitBeforeNext(this.#planned, this.#world, this.#time, this.#made, asked);
    if (next === undefined) return end;
    if (typeof next === 'string')
      return { ...end, verdicts: end.verdicts.map((verdict) => addition(verdict, next)), whole: false };
    this.#last = end.verdicts;
    return { wait: next };
  }

  /** Verdicts that no answer stands behind. */
  #only(verdicts: readonly Verdict[]): End {
    return { verdicts, answer: undefined, joined: undefined, whole: false, made: this.#made };
  }

  #all(code: ReasonCode, reason: string): Verdict[] {
    const verdict = rejected(code, reason);
    return this.#planned.rows.map(() => verdict);
  }
}

/** Milliseconds before the attempt that comes after so many. */
function jitter({ request }: PlannedRequest, { random }: World, before: number): number {
  return backoff(before, random, request.retry.base, request.retry.cap);
}

/**
 * Milliseconds until another attempt after those made, nothing where none is left, or why there is none.
 * @param asked how long the API asks to wait
 */
export function waitBeforeNext(
  planned: PlannedRequest,
  world: World,
  time: CallTime,
  made: number,
  asked: number | undefined,
): number | string | undefined {
  const { attempts } = planned.request.retry;
  if (made >= attempts) return undefined;
  const wait = asked ?? jitter(planned, world, made - 1);
  if (wait >= time.leftToStart()) return asked === undefined ? 'no time was left to try again' : tooLong(asked);
  // Where the API itself says when to come back, its pause keeps retries in bounds.
  if (asked !== undefined || world.bulkhead.mayRetry(attempts - 1)) return wait;
  return 'not tried again: too many of the requests to the API are being tried again';
}

/** The API failed while it worked on the request: what it did of it is not known. */
function unknownOutcome(verdict: Verdict): Verdict {
  return verdict.accepted ? verdict : rejected('outcome-unknown', `outcome unknown: ${verdict.reason}`);
}

/** Characters of a reason that is said more of. */
const MAX_BASE = 350;

export function addition(verdict: Verdict, more: string): Verdict {
  if (verdict.accepted) return verdict;
  return rejected(verdict.code, `${(reasonText(verdict.reason, MAX_BASE) ?? '').replace(/\.$/, '')} (${more})`);
}
