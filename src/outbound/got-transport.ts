/** Sends requests with got: once each, never following or retrying, over connections of its own behind the guard. */

import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import got, { type NativeRequestOptions, Options, type Request, type RequestFunction } from 'got';
import { type Agents, createAgents } from './agents.ts';
import type { Ending } from './ending.ts';
import type { OutboundRequest, Reply, SendOptions } from './exchange.ts';
import { aborted, failure, garbled, type Progress, stalled, timedOut, tooLarge } from './failure.ts';
import { boundWire, type Reading, readResponse, type Wire } from './reading.ts';
import {
  bodyLength,
  HEADERS,
  MAX_BEFORE,
  MAX_FRAMING,
  MAX_HEADERS,
  SILENCE,
  type Transport,
  type TransportOptions,
} from './transport.ts';
import { type Limited, UnderWay } from './under-way.ts';

export function createGotTransport({ connections, guard, maxResponse, silence = SILENCE }: TransportOptions): Transport {
  const agents = createAgents(connections, guard);
  const all = new Set<Limited>();
  const world = { agents, maxResponse, silence, all, underWay: new UnderWay(() => all) };
  const client = new Client();
  return {
    send: (request, sending) =>
      new Promise((resolve) => {
        if (sending.signal?.aborted) return resolve(aborted(NOT_LEFT));
        try {
          const attempt = new Attempt(world, sending, resolve);
          attempt.begin(client.start(request, (url, options) => attempt.open(url, options)));
        } catch (error) {
          resolve(failure(error, NOT_LEFT));
        }
      }),
    close: () => agents.destroy(),
  };
}

/** Begins requests with got, which copies these options for each: what they say of one request is written over for the next. */
class Client {
  readonly #options = new Options({
    isStream: true,
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    http2: false,
    allowGetBody: true,
    // Inflated in answer.ts, where the cap counts and where a whole answer can still be read off a broken connection.
    decompress: false,
  });

  constructor() {
    // got spreads these into what it gives to Node: on Node 20 that takes 30 µs where there are any, though all undefined.
    this.#options.cacheOptions = {};
  }

  start({ method, url, headers, body }: OutboundRequest, request: RequestFunction): Request {
    const options = this.#options;
    options.url = url;
    options.method = method;
    options.headers = { ...HEADERS, ...headers };
    options.request = request;
    options.body = body;
    const stream = got(undefined, undefined, options) as Request; // as `isStream` says
    // Else they would be kept until the next request.
    options.request = undefined;
    options.body = undefined;
    // got waits for a body to be piped in.
    if (body === undefined) stream.end();
    return stream;
  }
}

const NOT_LEFT: Progress = { left: false, answering: false };

/** What the requests of one transport share. */
interface World {
  readonly agents: Agents;
  /** Bytes of the body, inflated. */
  readonly maxResponse: number;
  /** Milliseconds. */
  readonly silence: number;
  readonly all: Set<Limited>;
  readonly underWay: UnderWay;
}

/**
 * One request, followed to its end. Node's own request and response are listened to before got's stream is: they tell when
 * the request could leave and whether the answer is whole, and they report an error before got has looked into it.
 */
class Attempt implements Progress, Limited {
  left = false;
  answering = false;
  readonly signal: Ending | undefined;
  readonly #timeout: number;
  /** When its time is over. */
  readonly #end: number;
  readonly #world: World;
  readonly #resolve: (reply: Reply) => void;
  #settled = false;
  #stream: Request | undefined;
  #wire: Wire | undefined;
  #reading: Reading | undefined;

  constructor(world: World, { timeout, signal }: SendOptions, resolve: (reply: Reply) => void) {
    this.signal = signal;
    this.#timeout = timeout;
    this.#end = performance.now() + timeout;
    this.#world = world;
    this.#resolve = resolve;
  }

  begin(stream: Request): void {
    this.#stream = stream;
    this.#world.all.add(this);
    this.#world.underWay.begin(this, this.#end);
    stream.on('error', (error) => this.#settle(failure(error, this)));
  }

  /** Makes Node's request, with no more of got's options than have something to say: Node copies them three times. */
  open(url: URL, { method, headers }: NativeRequestOptions): ClientRequest {
    const { hostname, port, pathname, search } = url;
    const secure = url.protocol === 'https:';
    const { agents } = this.#world;
    const request = (secure ? requestHttps : requestHttp)({
      agent: secure ? agents.https : agents.http,
      host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
      port,
      path: pathname + search,
      method,
      headers,
      maxHeaderSize: MAX_HEADERS,
    });
    // The upload can break on a connection that the API closed behind a whole answer (413, 401). Before got's own
    // listener, since that one begins to throw away what was received and not yet read.
    request.on('error', (error) => {
      if (this.#reading?.whole === true) this.#reading.rest();
      else this.#settle(failure(error, this));
    });
    request.on('socket', (socket) => this.#connected(socket));
    request.on('response', (from) => this.#answered(from));
    // 101 Switching Protocols was not asked for, and Node gives no response for it.
    request.on('upgrade', () => this.#settle(garbled()));
    return request;
  }

  abort(): void {
    this.#settle(aborted(this));
  }

  wake(now: number): number {
    const { silence } = this.#world;
    const silent = this.#reading === undefined ? Number.POSITIVE_INFINITY : this.#reading.heard(now) + silence;
    if (now < this.#end && now < silent) return Math.min(this.#end, silent);
    this.#settle(now < this.#end ? stalled(silence) : timedOut(this.#timeout, this));
    return Number.POSITIVE_INFINITY;
  }

  #connected(socket: Socket): void {
    this.#world.agents.whenOpen(socket, () => {
      this.left = true;
    });
    const flooded = () => this.#settle(this.answering ? tooLarge(this.#world.maxResponse) : garbled());
    if (!this.#settled) this.#wire = boundWire(socket, MAX_BEFORE, flooded);
  }

  #answered(from: IncomingMessage): void {
    const { maxResponse, silence, underWay } = this.#world;
    this.answering = true;
    this.#wire?.more(maxResponse * MAX_FRAMING);
    from.on('error', (error) => this.#settle(failure(error, this)));
    // What says that it is too large is not begun.
    if (bodyLength(from.statusCode ?? 0, from.headers) > maxResponse) this.#settle(tooLarge(maxResponse));
    if (this.#settled) return;
    this.#reading = readResponse(from, maxResponse, (reply) => this.#settle(reply));
    underWay.wakeAt(performance.now() + silence);
  }

  #settle(reply: Reply): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#world.all.delete(this);
    this.#reading?.stop();
    this.#wire?.stop();
    // Frees the connection where the answer came before the request was written whole; a finished request lets it be.
    this.#stream?.destroy();
    this.#resolve(reply);
  }
}
