/** Makes an answer of what is received: its body taken piece by piece, inflated and bounded on the way, decoded at its end. */

import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { Answer } from './exchange.ts';
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
  readonly headers: NodeJS.Dict<string[]>;
}

/** Why there is no answer: it is over the cap, or its compression cannot be undone. */
export type Unreadable = 'TOO_LARGE' | 'GARBLED';

/** Takes a body. */
export interface Taker {
  /** `taken` is called when it is ready for the next piece, which must not come before. */
  take(piece: Buffer, taken: () => void): void;
  /** The body was whole. */
  end(): void;
  /** Nothing more comes, and nothing is wanted. */
  drop(): void;
}

/** @param done called once unless what it gives is dropped before */
export function receiveAnswer(
  { status, headers }: Head,
  maxResponse: number,
  done: (result: Answer | Unreadable) => void,
): Taker {
  const joined = Object.fromEntries(Object.entries(headers).map(([name, values = []]) => [name, values.join(', ')]));
  const codings = (joined['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  const pieces = new Pieces();
  let taker: Taker = bounded(maxResponse, done, {
    take(piece, taken) {
      pieces.add(piece);
      taken();
    },
    end: () => done({ kind: 'answer', status, headers: joined, body: pieces.text(joined['content-type'] ?? '') }),
    drop: () => pieces.drop(),
  });
  const hopeless = codings.length > MOST_CODINGS || codings.some((coding) => UNREADABLE.has(coding));
  // A body of nothing needs no inflating, whatever its headers say.
  if (hopeless) return { ...taker, take: () => done('GARBLED') };
  for (const coding of codings) {
    const open = INFLATERS.get(coding);
    if (open !== undefined)
      taker = bounded(
        maxResponse,
        done,
        inflating(open, taker, () => done('GARBLED')),
      );
  }
  return taker;
}

/** Every stage is bounded: what inflates to nothing in the end may be endless in between. */
function bounded(maxResponse: number, done: (why: Unreadable) => void, taker: Taker): Taker {
  let size = 0;
  return {
    ...taker,
    take(piece, taken) {
      size += piece.length;
      if (size > maxResponse) done('TOO_LARGE');
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
