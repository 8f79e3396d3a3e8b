/** The bytes of a request's body: its type checked, inflated, bounded in size, and UTF-8. */

import { isUtf8 } from 'node:buffer';
import { type Readable, Transform } from 'node:stream';
import { type BrotliDecompress, createBrotliDecompress, createUnzip, type Unzip } from 'node:zlib';
import type { Context } from 'koa';
import bodyParser from 'koa-bodyparser';
import { RPC_CODES } from '../rpc/method.ts';
import type { Held } from './pending.ts';
import { quoted, Refusal } from './refusal.ts';

interface Body {
  /** How many, inflated. */
  readonly bytes: number;
  /** The bytes, once: they may be megabytes, which nobody shall hold for as long as the call takes. */
  take(): Buffer;
}

/**
 * @param held counts what is read
 * @param prove looks at the bytes, inflated, before anything is made of them
 * @throws {Refusal} where the body is not to be had, or is no text
 */
export type ReadBody = (ctx: Context, held: Held, prove: (body: Buffer) => void) => Promise<Body>;

/** @param limit bytes, counted after inflating */
export function createBodyReader(limit: number): ReadBody {
  const options = {
    // As JSON it would refuse `__proto__`, round long ids and lose what an empty body is: `rpc/` parses.
    enableTypes: ['text'],
    extendTypes: { text: ['application/json', 'application/*+json'] },
    textLimit: `${limit}b`,
    // Bytes rather than text: its decoder would put U+FFFD where the bytes are no UTF-8.
    encoding: null,
  };
  const parse = bodyParser(options);

  return async (ctx, held, prove) => {
    checkType(ctx);
    const inflater = createInflater(ctx);
    const counter = inflater === undefined && countAtOnce(ctx, held, limit) ? undefined : createCounter(ctx, inflater, held);
    try {
      await parse(counter === undefined ? ctx : readingFrom(ctx, counter), nothing);
    } catch (error) {
      throw bodyRefusal(error, limit, inflater);
    } finally {
      if (counter !== undefined) ctx.req.unpipe(inflater ?? counter);
      inflater?.destroy();
      counter?.destroy();
      // What was not read is let go by, so that the caller gets to read the answer.
      ctx.req.resume();
    }
    const bytes: unknown = ctx.request.body;
    // Held twice by the parser; a large one should be free as soon as it is decoded.
    ctx.request.body = undefined;
    ctx.request.rawBody = undefined;
    if (!Buffer.isBuffer(bytes)) {
      // The parser leaves alone what has no body, or a type that it reads more strictly than we do.
      if (ctx.get('transfer-encoding') === '' && !(Number(ctx.get('content-length')) > 0)) {
        prove(NOTHING);
        return bodyOf(NOTHING);
      }
      throw wrongType(ctx);
    }
    prove(bytes);
    if (!isUtf8(bytes))
      throw new Refusal({ status: 200, code: RPC_CODES.parse, sentence: 'Parse error: the body is not UTF-8.' });
    return bodyOf(bytes);
  };
}

const NOTHING = Buffer.alloc(0);

function bodyOf(bytes: Buffer): Body {
  let left = bytes;
  return {
    bytes: bytes.length,
    take() {
      const taken = left;
      left = NOTHING;
      return taken;
    },
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc8259#section-8.1 JSON between systems is UTF-8 */
function checkType(ctx: Context): void {
  const type = ctx.get('content-type');
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type) ?? [];
  if (/^\s*application\/(?:[\w!#$&^.-]+\+)?json\s*(?:;|$)/i.test(type) && /^utf-?8$/i.test(charset)) return;
  throw wrongType(ctx);
}

function wrongType(ctx: Context): Refusal {
  const type = ctx.get('content-type');
  return unsupported(
    `The content type must be application/json in UTF-8; ${type === '' ? 'there is none' : `it is ${quoted(type)}`}.`,
  );
}

/** Bytes at a time: for each the event loop waits its turn, and Node's own 16 KiB are thirty turns for half a megabyte. */
const INFLATING = { chunkSize: 64 * 1024 };

type Inflater = Unzip | BrotliDecompress;

/**
 * The stream that inflates the body, where it is compressed. The parser could inflate by itself, but then nobody holds
 * its stream: an error after the limit was met would end the process, and a caller that hangs up would leave it waiting.
 */
function createInflater(ctx: Context): Inflater | undefined {
  const coding = ctx.get('content-encoding').trim().toLowerCase();
  if (coding === '' || coding === 'identity') {
    // The parser looks too, and knows the word in lower case only.
    delete ctx.req.headers['content-encoding'];
    return undefined;
  }
  const known = coding === 'gzip' || coding === 'x-gzip' || coding === 'deflate';
  if (!known && coding !== 'br') {
    throw unsupported(`The content encoding must be gzip, deflate, br or identity; it is ${quoted(coding)}.`, {
      'Accept-Encoding': 'gzip, deflate, br',
    });
  }
  const inflater = known ? createUnzip(INFLATING) : createBrotliDecompress(INFLATING);
  // Whoever reads hears of its errors; this listener is for those that come when nobody does any more.
  inflater.on('error', () => undefined);
  ctx.req.once('close', () => {
    if (!ctx.req.complete) inflater.destroy(abortedError());
  });
  ctx.req.pipe(inflater);
  return inflater;
}

/** As the parser's own reader calls it. */
function abortedError(): Error {
  return Object.assign(new Error('request aborted'), { type: 'request.aborted' });
}

/** A body that says how long it is is counted before it is read. */
function countAtOnce(ctx: Context, held: Held, limit: number): boolean {
  const length = ctx.get('content-length');
  if (!/^\d+$/.test(length)) return false;
  // What is over the limit is refused before it is read.
  held.add(Math.min(Number(length), limit));
  return true;
}

/** Counts what it lets through: of a body whose length is known only when it has been read. */
function createCounter(ctx: Context, inflater: Inflater | undefined, held: Held): Transform {
  const counter = new Transform({
    transform(chunk: Buffer, _, done) {
      try {
        held.add(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error); // a refusal
      }
    },
  });
  counter.on('error', () => undefined);
  const source = inflater ?? ctx.req;
  const aborted = () => counter.destroy(abortedError());
  // What breaks an inflater tells what is wrong with the body; what breaks the request is a caller that hung up.
  source.once('error', inflater === undefined ? aborted : (error: Error) => counter.destroy(error));
  source.pipe(counter);
  ctx.req.once('close', () => {
    if (!ctx.req.complete) aborted();
  });
  // Where the parser looks for the length and coding of what it reads: unknown, and none.
  return Object.assign(counter, { headers: {} });
}

/** The same context for a parser that shall read another stream. */
function readingFrom(ctx: Context, stream: Readable): Context {
  return Object.create(ctx, { req: { value: stream } });
}

function bodyRefusal(error: unknown, limit: number, inflater: Inflater | undefined): unknown {
  // The name that raw-body gives to what went wrong.
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') {
    return new Refusal({
      status: 413,
      code: RPC_CODES.invalidRequest,
      sentence: `The body is larger than ${limit} bytes (ROWPOST_BODY_LIMIT).`,
    });
  }
  if (type === 'request.aborted' || type === 'request.size.invalid' || type === 'stream.not.readable')
    return unreadable('broke off');
  return inflater?.errored === error ? unreadable('cannot be inflated') : error;
}

function unreadable(what: string): Refusal {
  return new Refusal({ status: 400, code: RPC_CODES.parse, sentence: `Parse error: the body ${what}.` });
}

function unsupported(sentence: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal({ status: 415, code: RPC_CODES.invalidRequest, sentence, headers });
}

/** The parser is called as a function; it wants to have a middleware behind it. */
async function nothing(): Promise<void> {
  // The body is read by now.
}
