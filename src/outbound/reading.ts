/** Reads Node's response: a piece at a time, and no more of the connection than its body can need. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { addHeader, receiveAnswer } from './answer.ts';
import type { Answer, Reply } from './exchange.ts';
import { garbled } from './failure.ts';

export interface Reading {
  /** Whether the whole answer is here, though perhaps not taken. */
  readonly whole: boolean;
  /** When the API was last heard of; that is now while a piece is being inflated: it is not the API that is silent then. */
  heard(now: number): number;
  /** Takes what is here at once, since the connection is broken behind it. */
  rest(): void;
  stop(): void;
}

/** @param settle called once at least, and again where what comes later says otherwise */
export function readResponse(from: IncomingMessage, maxResponse: number, settle: (reply: Reply) => void): Reading {
  let taking = false;
  let ended = false;
  let stopped = false;
  let held: Buffer | null = null;
  let heard = performance.now();
  const head = { status: from.statusCode ?? 0, headers: joined(from.rawHeaders) };
  const taker = receiveAnswer(head, maxResponse, settle);
  const take = (): void => {
    if (taking || stopped) return;
    const piece: Buffer | null = held ?? from.read();
    held = null;
    if (piece !== null) {
      taking = true;
      taker.take(piece, () => {
        taking = false;
        heard = performance.now();
        take();
      });
    } else if (ended) {
      ended = false;
      if (from.complete) taker.end();
      else settle(garbled());
    }
  };
  from.on('readable', take);
  from.once('end', () => {
    ended = true;
    take();
  });

  return {
    get whole() {
      return from.complete;
    },
    heard: (now) => (taking ? now : heard),
    rest() {
      held = from.read();
      ended = true;
      take();
    },
    stop() {
      stopped = true;
      taker.drop();
    },
  };
}

/** Names in lower case, repeated ones joined. @param raw names and values in turn */
function joined(raw: readonly string[]): Answer['headers'] {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase() ?? '';
    const value = raw[at + 1] ?? '';
    addHeader(headers, name, value);
  }
  return headers;
}

export interface Wire {
  /** So many bytes more may come. */
  more(bytes: number): void;
  stop(): void;
}

/** Bounds what one answer may bring over its connection, whatever of it the parser skips. */
export function boundWire(socket: Socket, bytes: number, over: () => void): Wire {
  let left = bytes;
  const count = (piece: Buffer): void => {
    left -= piece.length;
    if (left < 0) over();
  };
  socket.on('data', count);
  return {
    more: (more) => {
      left += more;
    },
    stop: () => socket.off('data', count),
  };
}
