/** Sends requests with undici: once each, never following or retrying, over connections of its own behind the guard. */

import type { OutboundRequest, Reply, SendOptions } from './exchange.ts';
import { aborted, failure, type Progress } from './failure.ts';
import { Origin } from './lines.ts';
import { SILENCE, type Transport, type TransportOptions } from './transport.ts';
import { UnderWay } from './under-way.ts';
import { Attempt, type Wire } from './undici-attempt.ts';
import { failing } from './undici-error.ts';

/** Origins that keep connections while they have nothing to do; the configuration of a destination may name any number. */
const MOST_ORIGINS = 64;

export function createUndiciTransport(options: TransportOptions): Transport {
  const origins = new Origins(options);
  return {
    send: (request, sending) =>
      new Promise((resolve) => {
        if (sending.signal?.aborted) return resolve(aborted(NOT_LEFT));
        try {
          origins.start(request, sending, resolve);
        } catch (error) {
          resolve(failure(error, NOT_LEFT));
        }
      }),
    close: () => origins.close(),
  };
}

const NOT_LEFT: Progress = { left: false, answering: false };

/** The origins that one transport sends to. */
class Origins implements Wire {
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
