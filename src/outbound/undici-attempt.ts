/** One request, followed to its end: undici calls it while it is sent and answered, and never gets an error of ours. */

import type { Dispatcher } from 'undici';
import { receiveAnswer, type Taker } from './answer.ts';
import type { Ending } from './ending.ts';
import type { OutboundRequest, Reply, SendOptions } from './exchange.ts';
import { aborted, failure, garbled, type Progress, stalled, timedOut, tooLarge } from './failure.ts';
import type { Carried, Line, Origin } from './lines.ts';
import { bodyLength, MAX_FRAMING } from './transport.ts';
import type { UnderWay } from './under-way.ts';
import { asNode } from './undici-error.ts';
import { headerList, joined } from './undici-headers.ts';

/** What the requests of one transport share. */
export interface Wire {
  /** Bytes of the body, inflated. */
  readonly maxResponse: number;
  /** Milliseconds. */
  readonly silence: number;
  readonly underWay: UnderWay;
}

export class Attempt implements Carried, Progress {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer | null;
  /** undici would close the connection behind a GET or DELETE with a body. */
  readonly reset = false;
  /** One request at a time as it is. */
  readonly blocking = false;

  left = false;
  answering = false;
  line: Line | undefined;
  readonly signal: Ending | undefined;
  readonly #timeout: number;
  /** When its time is over. */
  readonly end: number;
  readonly #wire: Wire;
  readonly #origin: Origin;
  readonly #resolve: (reply: Reply) => void;
  #settled = false;
  #taker: Taker | undefined;
  #taking = false;
  /** What of the body came in one with what is being inflated. */
  #pieces: Buffer[] | undefined;
  /** Whether the whole answer has come. */
  #whole = false;
  /** Whether something of the answer has come since it was last looked at. */
  #fresh = false;
  /** When that was; nothing for an answer that came at once. */
  #heard: number | undefined;

  constructor(
    wire: Wire,
    origin: Origin,
    path: string,
    request: OutboundRequest,
    sending: SendOptions,
    resolve: (reply: Reply) => void,
  ) {
    this.method = request.method;
    this.path = path;
    this.headers = headerList(request.headers);
    this.body = request.body ?? null;
    this.signal = sending.signal;
    this.#timeout = sending.timeout;
    this.end = performance.now() + sending.timeout;
    this.#wire = wire;
    this.#origin = origin;
    this.#resolve = resolve;
  }

  onConnect(): void {
    this.left = true;
    this.line?.begin(this);
  }

  onHeaders(status: number, raw: Buffer[]): boolean {
    if (this.#settled) return true;
    const { maxResponse } = this.#wire;
    this.answering = true;
    this.#fresh = true;
    this.line?.more(maxResponse * MAX_FRAMING);
    const headers = joined(raw);
    // What says that it is too large is not begun.
    if (bodyLength(status, headers) > maxResponse) {
      this.#settle(tooLarge(maxResponse));
      return true;
    }
    this.#taker = receiveAnswer({ status, headers }, maxResponse, (reply) => this.#settle(reply));
    // These have no body, but undici misses the length that they say, and breaks the connection.
    if ((status === 304 || status === 204) && Number(headers['content-length'] ?? 0) > 0) this.#taker.end();
    return true;
  }

  onData(piece: Buffer): boolean {
    this.#fresh = true;
    if (!this.#taking) this.#take(piece);
    else if (this.#pieces === undefined) this.#pieces = [piece];
    else this.#pieces.push(piece);
    return true;
  }

  onComplete(): void {
    this.#whole = true;
    if (!this.#taking) this.#taker?.end();
  }

  onError(error: unknown): void {
    // What comes behind a whole answer does not change it.
    if (!this.#whole) this.#settle(failure(asNode(error, this.line?.ended === true), this));
  }

  flooded(): void {
    if (!this.#whole) this.#settle(this.answering ? tooLarge(this.#wire.maxResponse) : garbled());
  }

  lull(): void {
    if (!this.#fresh || this.#whole) return;
    this.#fresh = false;
    this.#heard = performance.now();
    this.#wire.underWay.wakeAt(this.#heard + this.#wire.silence);
  }

  abort(): void {
    this.#settle(aborted(this));
  }

  wake(now: number): number {
    const { silence } = this.#wire;
    // While a piece is being inflated it is not the API that is silent.
    if (this.#taking) this.#heard = now;
    const silent = this.#heard === undefined ? Number.POSITIVE_INFINITY : this.#heard + silence;
    if (now < this.end && now < silent) return Math.min(this.end, silent);
    this.#settle(now < this.end ? stalled(silence) : timedOut(this.#timeout, this));
    return Number.POSITIVE_INFINITY;
  }

  /** Gives a piece to the taker; more are held back until it is ready. */
  #take(piece: Buffer): void {
    let ready = false;
    this.#taking = true;
    this.#taker?.take(piece, () => {
      this.#taking = false;
      if (!ready) return;
      // Until now it was not the API that was silent.
      if (this.#heard !== undefined) this.#heard = performance.now();
      this.#more();
    });
    ready = true;
    if (this.#taking) this.line?.hold();
  }

  /** The taker is ready again. */
  #more(): void {
    const pieces = this.#pieces;
    this.#pieces = undefined;
    if (pieces !== undefined) this.#take(Buffer.concat(pieces));
    else if (this.#whole) this.#taker?.end();
    else this.line?.go();
  }

  #settle(reply: Reply): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#taker?.drop();
    this.#pieces = undefined;
    if (this.line === undefined) this.#origin.leave(this);
    else if (this.#whole) this.line.done();
    else this.line.drop();
    this.#resolve(reply);
  }
}
