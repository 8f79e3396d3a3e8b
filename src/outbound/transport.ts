/** What all transports have in common: what they are made from, what requests carry by default, and how far an answer is read. */

import { CODINGS } from './answer.ts';
import type { Send } from './exchange.ts';
import type { Guard } from './guard.ts';

export interface TransportOptions {
  /** Connections to one origin at a time; more requests wait their turn inside their timeout. */
  readonly connections: number;
  readonly guard: Guard;
  /** Bytes of an answer's body, inflated, that are read. */
  readonly maxResponse: number;
  /** Milliseconds that an answer which has begun may be silent; 10 s unless given. */
  readonly silence?: number | undefined;
}

export interface Transport {
  readonly send: Send;
  /** Ends all connections, also those in use. What is sent later is sent nevertheless. */
  close(): void;
}

/** What a request carries unless it says otherwise. */
export const HEADERS = { 'user-agent': 'rowpost', accept: 'application/json, */*;q=0.5', 'accept-encoding': CODINGS };
/** Bytes of an answer's headers. Node's own 16 KiB is short of some APIs' cookies and policies. */
export const MAX_HEADERS = 65_536;
/** Bytes before the answer's own head is whole: room for some 1xx answers with headers of their own. */
export const MAX_BEFORE = 4 * MAX_HEADERS;
/** Bytes on the wire for one of the body, at most: a chunk of one byte takes six. Else chunk extensions could go on and on. */
export const MAX_FRAMING = 8;
/** Milliseconds. */
export const SILENCE = 10_000;
/**
 * Milliseconds an unused connection is kept; less where the server's `Keep-Alive` says less. Common servers close
 * after 5 s (Node, Apache), and a request on a connection just being closed has an unknown outcome.
 */
export const IDLE = 4_000;
/** Milliseconds before the next address of a host is tried beside the first; Node's own 250 is short for far hosts. */
export const NEXT_ADDRESS = 1_000;
/** The longest a timer of Node can wait, in milliseconds. */
export const LONGEST = 2 ** 31 - 1;

/** As the head says; an answer of 304 says the length of another one (RFC 9110 section 8.6). */
export function bodyLength(status: number, headers: { readonly 'content-length'?: string | undefined }): number {
  return status === 304 ? 0 : Number(headers['content-length'] ?? 0);
}
