/** Sends requests with undici: once each, never following or retrying, over connections of its own behind the guard. */

import { type Dispatcher, errors, util } from 'undici';
import { addHeader, receiveAnswer, type Taker } from './answer.ts';
import type { Ending } from './ending.ts';
import type { OutboundRequest, Reply, SendOptions } from './exchange.ts';
import { aborted, failure, garbled, type Progress, stalled, timedOut, tooLarge } from './failure.ts';
import { type Carried, type Line, Origin } from './lines.ts';
import { bodyLength, HEADERS, MAX_FRAMING, SILENCE, type Transport, type TransportOptions } from './transport.ts';
import { UnderWay } from './under-way.ts';

/** Origins that keep connections while they have nothing to do; the configuration of a destination may name any number. */
const MOST_ORIGINS = 64;

export function createUndiciTransport(options: TransportOptions): Transport {
  const wire = new Wire(options);
  return {
    send: (request, sending) =>
      new Promise((resolve) => {
        if (sending.signal?.aborted) return resolve(aborted(NOT_LEFT));
        try {
          wire.start(request, sending, resolve);
        } catch (error) {
          resolve(failure(error, NOT_LEFT));
        }
      }),
    close: () => wire.close(),
  };
}

const NOT_LEFT: Progress = { left: false, answering: false };

/** What the requests of one transport share. */
class Wire {
  readonly maxResponse: number;
  readonly silence: number;
  readonly underWay = new UnderWay(() => [...this.#origins.values()].flatMap((origin) => origin.underWay()));
  readonly #options: TransportOptions;
  readonly #origins = new Map<string, Origin>();

  constructor(options: TransportOptions) {
    this.#options = options;
    this.maxResponse = options.maxResponse;
    this.silence = options.silence ?? SILENCE;
  }

  start(request: OutboundRequest, sending: SendOptions, resolve: (reply: Reply) => void): void {
    const { url } = request;
    const at = url.indexOf('/', 'https://'.length);
    const known = at < 0 ? undefined : this.#origins.get(url.slice(0, at));
    const plain = known === undefined ? '' : url.slice(at);
    if (known !== undefined && PLAIN.test(plain)) return this.#carry(known, plain, request, sending, resolve);
    const { origin, protocol, pathname, search } = new URL(url);
    if (protocol !== 'http:' && protocol !== 'https:') throw failing('ERR_UNSUPPORTED_PROTOCOL');
    this.#carry(this.#origin(origin), pathname + search, request, sending, resolve);
  }

  close(): void {
    for (const origin of [...this.#origins.values()]) origin.close(failing('ECONNRESET'));
  }

  #carry(origin: Origin, path: string, request: OutboundRequest, sending: SendOptions, resolve: (reply: Reply) => void): void {
    const attempt = new Attempt(this, origin, path, request, sending, resolve);
    this.underWay.begin(attempt, attempt.end);
    origin.carry(attempt);
  }

  #origin(name: string): Origin {
    const known = this.#origins.get(name);
    if (known !== undefined) return known;
    if (this.#origins.size >= MOST_ORIGINS) [...this.#origins.values()].find(({ idle }) => idle)?.close(failing('ECONNRESET'));
    const { connections, guard } = this.#options;
    const made = new Origin(name, connections, guard, () => this.#origins.delete(name));
    this.#origins.set(name, made);
    return made;
  }
}

/** Path and parameters that the URL parser leaves as they are. */
const PLAIN = /^(?!.*(?:\/\.|%2e))[\w/?&=%.,:;@!$()*+~-]*$/i;

/** One request, followed to its end: undici calls it while it is sent and answered, and never gets an error of ours. */
class Attempt implements Carried, Progress {
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
    this.#taker = receiveAnswer({ status, headers }, maxResponse, (result) =>
      this.#settle(result === 'TOO_LARGE' ? tooLarge(maxResponse) : result === 'GARBLED' ? garbled() : result),
    );
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

const DEFAULTS = Object.entries(HEADERS);

/** Names and values in turn. The requests of a call mostly have the very same. */
function headerList(headers: OutboundRequest['headers']): string[] {
  if (latest.headers === headers) return latest.list;
  const list: string[] = [];
  for (const [name, value] of DEFAULTS) list.push(name, headers[name] ?? value);
  for (const name of Object.keys(headers)) if (!Object.hasOwn(HEADERS, name)) list.push(name, headers[name] ?? '');
  latest = { headers, list };
  return list;
}

let latest: { readonly headers: OutboundRequest['headers']; readonly list: string[] } = { headers: {}, list: DEFAULTS.flat() };

/** As Node's own client has them: names in lower case, values without the blanks around them, repeated ones joined. */
function joined(raw: readonly Buffer[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = util.headerNameToString(raw[at] ?? '');
    const text = raw[at + 1]?.toString('latin1') ?? '';
    const value = text.endsWith(' ') || text.endsWith('\t') ? text.replace(/[ \t]+$/, '') : text;
    addHeader(headers, name, value);
  }
  return headers;
}

/** undici's codes for what Node's own client calls otherwise. */
const CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_HEADERS_OVERFLOW: 'HPE_HEADER_OVERFLOW',
  UND_ERR_INVALID_ARG: 'ERR_INVALID_CHAR',
};

/** @param ended whether the server has closed its side: what its parser misses then is no damage */
function asNode(error: unknown, ended: boolean): unknown {
  if (error instanceof errors.HTTPParserError || error instanceof errors.ResponseContentLengthMismatchError)
    return failing(ended ? 'ECONNRESET' : 'HPE_INVALID');
  const code = error instanceof errors.UndiciError ? CODES[error.code] : undefined;
  return code === undefined ? error : failing(code);
}

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}
