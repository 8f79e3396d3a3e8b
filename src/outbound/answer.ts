/** Makes an answer of what is received: its body taken piece by piece, inflated and bounded on the way, decoded at its end. */

import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { Answer, Reply } from './exchange.ts';
import { garbled, tooLarge } from './failure.ts';
import { Pieces } from './pieces.ts';

/** What `accept-encoding` offers: the codings this file inflates, on every supported Node. */
export const CODINGS = 'gzip, deflate, br';

/** Codings that were not offered and cannot be read. Other words (`utf-8`, `none`) stand on plain bodies by mistake. */
const UNREADABLE = new Set(['zstd', 'compress', 'x-compress', 'dcb', 'dcz']);
/** Codings one on another: two are seen (a server and a proxy), more are an attack. */
const MOST_CODINGS = 2;

const INFLATERS: ReadonlyMap<string, (first: Buffer) => Transform> = new Map<string, (first: Buffer) => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['br', () => createBrotliDecompress()],
  // `deflate` means zlib's format (RFC 9110 section 8.4.1.2), yet some servers send it bare.
  ['deflate', (first) => (isZlib(first) ? createInflate() : createInflateRaw())],
]);

export interface Head {
  readonly status: number;
  readonly headers: Answer['headers'];
}

/** Repeated ones are joined, as RFC 9110 section 5.3 allows. @param name in lower case */
export function addHeader(headers: Record<string, string>, name: string, value: string): void {
  if (Object.hasOwn(headers, name)) headers[name] = `${headers[name]}, ${value}`;
  // Else it would be what the object derives from.
  else if (name === '__proto__') Object.defineProperty(headers, name, { value, writable: true, enumerable: true });
  else headers[name] = value;
}

/** Takes a body. */
export interface Taker {
  /** `taken` is called when it is ready for the next piece, which must not come before. */
  take(piece: Buffer, taken: () => void): void;
  /** The body was whole. */
  end(): void;
  /** Nothing more comes, and nothing is wanted. */
  drop(): void;
}

/** @param done called once unless what it gives is dropped before: with the answer, or with why there is none */
export function receiveAnswer(head: Head, maxResponse: number, done: (reply: Reply) => void): Taker {
  let taker: Taker = new Body(head, maxResponse, done);
  const coding = head.headers['content-encoding'];
  if (coding === undefined) return taker;
  const codings = coding
    .toLowerCase()
    .split(',')
    .map((one) => one.trim());
  const hopeless = codings.length > MOST_CODINGS || codings.some((one) => UNREADABLE.has(one));
  // A body of nothing needs no inflating, whatever its headers say.
  if (hopeless) return { take: () => done(garbled()), end: () => taker.end(), drop: () => undefined };
  for (const one of codings) {
    const open = INFLATERS.get(one);
    if (open !== undefined)
      taker = bounded(
        maxResponse,
        done,
        inflating(open, taker, () => done(garbled())),
      );
  }
  return taker;
}

/** The body itself, as it is once nothing has to be undone. */
class Body implements Taker {
  readonly #head: Head;
  readonly #maxResponse: number;
  readonly #done: (reply: Reply) => void;
  readonly #pieces = new Pieces();
  #size = 0;

  constructor(head: Head, maxResponse: number, done: (reply: Reply) => void) {
    this.#head = head;
    this.#maxResponse = maxResponse;
    this.#done = done;
  }

  take(piece: Buffer, taken: () => void): void {
    this.#size += piece.length;
    if (this.#size > this.#maxResponse) return this.#done(tooLarge(this.#maxResponse));
    this.#pieces.add(piece);
    taken();
  }

  end(): void {
    const { status, headers } = this.#head;
    this.#done({ kind: 'answer', status, headers, body: this.#pieces.text(headers['content-type'] ?? '') });
  }

  drop(): void {
    this.#pieces.drop();
  }
}

/** Every stage is bounded: what inflates to nothing in the end may be endless in between. */
function bounded(maxResponse: number, done: (reply: Reply) => void, taker: Taker): Taker {
  let size = 0;
  return {
    end: () => taker.end(),
    drop: () => taker.drop(),
    take(piece, taken) {
      size += piece.length;
      if (size > maxResponse) done(tooLarge(maxResponse));
      else taker.take(piece, taken);
    },
  };
}

/** Inflates a piece at a time, and no faster than the next stage takes it: a bomb is cut before it has gone off. */
function inflating(open: (first: Buffer) => Transform, next: Taker, fail: () => void): Taker {
  let inflater: Transform | undefined;
  /** What compression covers has ended; more may follow, which is ignored as browsers and curl do. */
  let over = false;
  let ended = false;
  let ready: (() => void) | undefined;
  const start = (first: Buffer): Transform => {
    const started = open(first);
    started.on('data', (piece: Buffer) => {
      started.pause();
      next.take(piece, () => started.resume());
    });
    started.on('end', () => {
      over = true;
      if (ended) next.end();
      // The inflater does not say so where it left some of the piece.
      else ready?.();
    });
    started.on('error', fail);
    return started;
  };
  return {
    take(piece, taken) {
      if (over) return taken();
      inflater ??= start(piece);
      ready = taken;
      inflater.write(piece, (error) => {
        if (!error && !over) taken();
      });
    },
    end() {
      ended = true;
      if (inflater === undefined || over) next.end();
      else inflater.end();
    },
    drop() {
      inflater?.destroy();
      next.drop();
    },
  };
}

/** RFC 1950 section 2.2: the method is 8 and the window at most 32 KiB. No bare deflate that is written by anybody begins so. */
function isZlib(first: Buffer): boolean {
  return (first.readUInt8(0) & 0x8f) === 8;
}
