/** Which replies may be tried again, and when. */

import type { Answer, Reply } from './exchange.ts';
import { parseHttpDate } from './http-date.ts';

/** Nothing was taken: the server put the request off. */
const PUT_OFF: ReadonlySet<number> = new Set([408, 421, 425, 429]);
/** As `PUT_OFF` where the answer says when to come back. */
const PUT_OFF_WITH_TIME: ReadonlySet<number> = new Set([403, 503]);
/** The request may have been taken; 520–527 are Cloudflare's for an origin that failed it. */
const MAYBE_TAKEN: ReadonlySet<number> = new Set([500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527]);
/** Another change was in the way: tried again where the manifest names them. */
const NAMED: ReadonlySet<number> = new Set([409, 423]);

/** The statuses tried again unless the manifest chooses: 403 only with Retry-After, `MAYBE_TAKEN` only if idempotent. */
export const DEFAULT_RETRY_ON: ReadonlySet<number> = new Set([...PUT_OFF, ...PUT_OFF_WITH_TIME, ...MAYBE_TAKEN]);

export interface RetryPolicy {
  /** Sending the same bytes twice does what sending them once does, by method, manifest or idempotency key. */
  readonly idempotent: boolean;
  /** Statuses tried again. They narrow the table (and add 409, 423); what the table calls unsafe or final stays so. */
  readonly on: ReadonlySet<number>;
  /** The host name was not found by an earlier attempt of this request. */
  readonly notFoundBefore: boolean;
}

/** Whether the same bytes may be sent again. */
export function retryable(reply: Reply, { idempotent, on, notFoundBefore }: RetryPolicy): boolean {
  if (reply.kind === 'unreachable') {
    // The call is over: no attempt could follow.
    if (reply.phase === 'refused' || reply.code === 'ABORTED') return false;
    return reply.phase === 'before' ? reply.code !== 'ENOTFOUND' || !notFoundBefore : idempotent;
  }
  const { status } = reply;
  if (!on.has(status)) return false;
  if (PUT_OFF.has(status) || (PUT_OFF_WITH_TIME.has(status) && saysWhen(reply))) return true;
  return idempotent && (MAYBE_TAKEN.has(status) || NAMED.has(status));
}

/** Whether the API may have done what was asked: nothing says so, or it broke down over it. */
export function mayBeTaken(reply: Reply): boolean {
  if (reply.kind === 'unreachable') return reply.mayHaveArrived || reply.phase === 'after';
  return brokeDown(reply) && !(PUT_OFF_WITH_TIME.has(reply.status) && saysWhen(reply));
}

/** Whether a gateway or a server says that it is out of order, not that this request is wrong. */
export function brokeDown({ status }: Answer): boolean {
  return MAYBE_TAKEN.has(status);
}

function saysWhen({ headers }: Answer): boolean {
  return retryAfter(headers, 0).kind !== 'none';
}

export type RetryAfter =
  | { readonly kind: 'none' }
  /** Milliseconds; 0 stands for the shortest delay, to which the caller adds jitter. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** There, but neither seconds nor a date: the usual backoff. */
  | { readonly kind: 'unreadable' };

/** Reads `retry-after`: seconds or an HTTP date; of several values the longest that can be read. */
export function retryAfter(headers: Readonly<Record<string, string>>, nowMs: number): RetryAfter {
  const values = splitValues(headers['retry-after'] ?? '');
  if (values.length === 0) return { kind: 'none' };
  const waits = values.map((value) => readWait(value, nowMs)).filter((ms) => ms !== undefined);
  return waits.length === 0 ? { kind: 'unreadable' } : { kind: 'wait', ms: Math.max(...waits) };
}

/** Splits at commas, but keeps the one behind the day of a date. */
function splitValues(text: string): string[] {
  return text
    .split(/(?<!\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}),/i)
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

function readWait(value: string, nowMs: number): number | undefined {
  const ms = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(value) ? Math.ceil(Number(value) * 1000) : parseWait(value, nowMs);
  return ms === undefined ? undefined : Math.min(Math.max(ms, 0), Number.MAX_SAFE_INTEGER);
}

function parseWait(value: string, nowMs: number): number | undefined {
  const at = parseHttpDate(value, nowMs);
  return at === undefined ? undefined : at - nowMs;
}

/** Full jitter: anything from 1 ms to base · 2ⁿ or the cap, in milliseconds. `attempt` counts from 0. */
export function backoff(attempt: number, random: () => number, base = 500, cap = 30_000): number {
  // 2³⁰ times any base is over any cap; beyond 2¹⁰²³ the power would be infinite.
  const most = Math.min(cap, base * 2 ** Math.min(attempt, 30));
  return Math.max(1, Math.round(random() * most));
}
