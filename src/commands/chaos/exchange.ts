/** One request to a chaos target, what a fault does with it, and the ways to answer it: as HTTP has it, or byte for byte. */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { stringifyJson } from '../../numbers.ts';
import type { Answer } from './ledger.ts';

export interface Exchange {
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** What an honest API would answer to what was taken. */
  readonly answer: Answer;
  readonly pace: Pace;
}

/** Where redirects lead: who comes there is counted, and nothing is taken. */
export const ELSEWHERE = '/chaos/elsewhere';

/** The longest that an answer is late and that a target is down, milliseconds. */
export const LONGEST = 3_600_000;

/** Milliseconds. */
export interface Pace {
  /** Until a late answer. */
  readonly late: number;
  /** Between two bytes of an answer that drips. */
  readonly drip: number;
}

export interface FaultKind {
  readonly sentence: string;
  /** What becomes of the body before the fault is played: read unless this says otherwise. */
  readonly body?: 'unread' | 'late';
  /** The rows of the request that are in the ledger afterwards; `half`: every second one, beginning with the second. */
  readonly takes: 'all' | 'none' | 'half';
  /** What the answer tells a careful client: that the rows were taken, that they were not, each row's own fate, or nothing. */
  readonly says: 'yes' | 'no' | 'each' | 'nothing';
  play(exchange: Exchange): void | Promise<void>;
}

export type Headers = Readonly<Record<string, string>>;

const JSON_TYPE = { 'content-type': 'application/json' };

/** A whole answer. The connection stays open for the next request. */
export function send(
  { response }: Pick<Exchange, 'response'>,
  status: number,
  body: string | Buffer,
  headers: Headers = {},
): void {
  response.writeHead(status, { ...JSON_TYPE, 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

export function sendJson(exchange: Pick<Exchange, 'response'>, status: number, body: unknown, headers: Headers = {}): void {
  send(exchange, status, stringifyJson(body), headers);
}

/** Bytes as they are. What was written so leaves the connection of no use for another request. */
export function sendRaw({ socket }: Exchange, text: string): void {
  socket.write(text);
}

/** The head of a 200, for `sendRaw`. */
export function rawHead(headers: Headers): string {
  const lines = Object.entries({ ...JSON_TYPE, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`;
}

/** @returns whether somebody still waits for the answer */
export function wait(socket: Socket, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      socket.off('close', done);
      resolve(!socket.destroyed);
    };
    const timer = setTimeout(done, milliseconds);
    socket.once('close', done);
    if (socket.destroyed) done();
  });
}
