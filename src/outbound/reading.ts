/** Reads Node's response: a piece at a time, with an ear for silence, and no more of the connection than its body can need. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { receiveAnswer } from './answer.ts';
import type { Reply } from './exchange.ts';
import { garbled, stalled, tooLarge } from './failure.ts';
import { listenForSilence } from './silence.ts';

export interface Reading {
  /** Whether the whole answer is here, though perhaps not taken. */
  readonly whole: boolean;
  /** Takes what is here at once, since the connection is broken behind it. */
  rest(): void;
  stop(): void;
}

export interface Bounds {
  /** Bytes of the body, inflated. */
  readonly maxResponse: number;
  /** Milliseconds. */
  readonly silence: number;
}

/** @param settle called once at least, and again where what comes later says otherwise */
export function readResponse(from: IncomingMessage, { maxResponse, silence }: Bounds, settle: (reply: Reply) => void): Reading {
  let taking = false;
  let ended = false;
  let stopped = false;
  let held: Buffer | null = null;
  const headers = Object.fromEntries(
    Object.entries(from.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
  );
  const head = { status: from.statusCode ?? 0, headers };
  const taker = receiveAnswer(head, maxResponse, (result) =>
    settle(result === 'TOO_LARGE' ? tooLarge(maxResponse) : result === 'GARBLED' ? garbled() : result),
  );
  // While a piece is being inflated it is not the API that is silent.
  const quiet = listenForSilence(silence, () => taking || settle(stalled(silence)));

  const stop = (): void => {
    stopped = true;
    quiet.stop();
    taker.drop();
  };
  const take = (): void => {
    if (taking || stopped) return;
    const piece: Buffer | null = held ?? from.read();
    held = null;
    if (piece !== null) {
      quiet.heard();
      taking = true;
      taker.take(piece, () => {
        taking = false;
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
    rest() {
      held = from.read();
      ended = true;
      take();
    },
    stop,
  };
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
