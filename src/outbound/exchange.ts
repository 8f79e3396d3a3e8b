/** What leaves and what comes back: the seam between delivery and the HTTP clients. */

import type { Ending } from './ending.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A request, ready to leave: every retry sends exactly these bytes. */
export interface OutboundRequest {
  readonly method: HttpMethod;
  /** Absolute, already encoded and checked; its origin is one the manifest or the operator named. */
  readonly url: string;
  /** Names in lower case. Values hold characters U+0020–U+00FF and tab only. */
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8: what is held as bytes is not moved by the garbage collector. */
  readonly body: Buffer | undefined;
}

/** An answer that arrived whole. Its status may be any. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Names in lower case; repeated headers joined with ", " as RFC 9110 section 5.3 allows. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text, inflated and decoded; empty where there is none. */
  readonly body: string;
}

/** No whole answer came. */
export interface Unreachable {
  readonly kind: 'unreachable';
  /**
   * `before`: no byte of the request can have left, so nothing was taken. `after`: the outcome is unknown.
   * `refused`: we did not try (address guard) or must not try again (certificate, an answer over the cap, a name that does not exist).
   */
  readonly phase: 'before' | 'after' | 'refused';
  /** Whether the request may have been taken although `phase` is `refused` (an answer over the cap). */
  readonly mayHaveArrived: boolean;
  /** A stable word: a Node error code, or `TIMEOUT`, `ABORTED`, `ADDRESS_REFUSED`, `TOO_LARGE`, `GARBLED`. */
  readonly code: string;
  /** For the rejected row's reason: what happened and what to do. Holds no URL, header or secret. */
  readonly sentence: string;
}

export type Reply = Answer | Unreachable;

export interface SendOptions {
  /** Milliseconds for this attempt, from lookup to the last byte of the answer. */
  readonly timeout: number;
  /** Ends the attempt when the call is over; the reply is then `ABORTED`. */
  readonly signal?: Ending | undefined;
}

/** Sends one request once, without retries or redirects. Never throws: what goes wrong is a reply. */
export type Send = (request: OutboundRequest, options: SendOptions) => Promise<Reply>;
