/** What the server answers instead of a result when a request fails before its call is read. */

import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { beginning } from '../fault.ts';
import { rpcErrorText } from '../rpc/dispatch.ts';
import { RPC_CODES, type RpcCode, RpcError } from '../rpc/method.ts';

interface RefusalInit {
  readonly status: number;
  readonly code: RpcCode;
  readonly sentence: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: unknown;
}

/** A request that is not carried out. Callers get it as a JSON-RPC error beside the HTTP status. */
export class Refusal extends Error {
  readonly init: RefusalInit;

  constructor(init: RefusalInit) {
    super(init.sentence);
    this.init = init;
  }
}

export function refuse(ctx: Context, { init }: Refusal, redact: (text: string) => string): void {
  ctx.status = init.status;
  ctx.set(init.headers ?? {});
  answerJson(ctx, rpcErrorText(null, new RpcError(init.code, redact(init.sentence), init.data)));
}

/** Answers a bug of ours: a reference to look up in the log, and nothing else. */
export function answerBug(ctx: Context, reference: string): void {
  ctx.status = 500;
  answerJson(ctx, rpcErrorText(null, new RpcError(RPC_CODES.internal, `Internal error (reference ${reference})`)));
}

/** "Come back in …", for a server that stops or has too much to do. */
export function comeBack(sentence: string, seconds: number): Refusal {
  return new Refusal({
    status: 503,
    code: RPC_CODES.overloaded,
    sentence,
    headers: { 'Retry-After': String(seconds) },
    data: { retryAfter: seconds },
  });
}

/** Bytes of a long answer that are written at once: how they are taken in shows whether its reader is there. */
const SLICE = 64 * 1024;

export function answerJson(ctx: Context, text: string): void {
  // Not `ctx.type`, which looks the type up in a database.
  ctx.res.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (text.length <= SLICE) {
    ctx.body = text;
    return;
  }
  const bytes = Buffer.from(text);
  ctx.body = Readable.from(slices(bytes));
  ctx.length = bytes.length;
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
}

/** Part of a request that is quoted back: bounded, and without what could break a line of a log or terminal. */
export function quoted(text: string): string {
  return JSON.stringify(beginning(text, 80).replace(/\p{C}/gu, '?'));
}
