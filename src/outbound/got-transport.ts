/** Sends requests with got: once each, never following or retrying, over connections of its own behind the guard. */

import type { ClientRequest } from 'node:http';
import got, { type Request } from 'got';
import { type Agents, createAgents } from './agents.ts';
import type { OutboundRequest, Reply, SendOptions } from './exchange.ts';
import { aborted, failure, garbled, type Progress, timedOut, tooLarge } from './failure.ts';
import { type Bounds, boundWire, type Reading, readResponse, type Wire } from './reading.ts';
import {
  bodyLength,
  HEADERS,
  LONGEST,
  MAX_BEFORE,
  MAX_FRAMING,
  MAX_HEADERS,
  SILENCE,
  type Transport,
  type TransportOptions,
} from './transport.ts';

export function createGotTransport(options: TransportOptions): Transport {
  const { connections, guard, maxResponse, silence = SILENCE } = options;
  const agents = createAgents(connections, guard);
  const client = got.extend({
    agent: { http: agents.http, https: agents.https },
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    http2: false,
    // Inflated in answer.ts, where the cap counts and where a whole answer can still be read off a broken connection.
    decompress: false,
    maxHeaderSize: MAX_HEADERS,
  });

  const start = (request: OutboundRequest): Request => {
    // As bytes: Node would write headers beside a text body as UTF-8, and they are Latin-1.
    const body = request.body === undefined ? undefined : Buffer.from(request.body, 'utf8');
    const stream = client.stream(request.url, {
      method: request.method,
      headers: { ...HEADERS, ...request.headers },
      ...(body === undefined ? {} : { body, allowGetBody: true }),
    });
    // got waits for a body to be piped in, except for GET.
    if (body === undefined && request.method !== 'GET') stream.end();
    return stream;
  };

  return {
    async send(request, sending) {
      const progress: Progress = { left: false, answering: false };
      try {
        if (sending.signal?.aborted) return aborted(progress);
        return await attempt(start(request), sending, { agents, progress, maxResponse, silence });
      } catch (error) {
        return failure(error, progress);
      }
    },
    close: () => agents.destroy(),
  };
}

interface Attempt extends Bounds {
  readonly agents: Agents;
  readonly progress: Progress;
}

/**
 * Follows one request to its end. Node's own request and response are listened to beside got's stream: they tell when
 * the request could leave and whether the answer is whole, and they report an error before got has looked into it.
 */
function attempt(stream: Request, { timeout, signal }: SendOptions, options: Attempt): Promise<Reply> {
  const { agents, progress, maxResponse } = options;
  return new Promise((resolve) => {
    let reading: Reading | undefined;
    let wire: Wire | undefined;
    let settled = false;

    const settle = (reply: Reply): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      reading?.stop();
      wire?.stop();
      // Frees the connection where the answer came before the request was written whole; a finished request lets it be.
      stream.destroy();
      resolve(reply);
    };
    const abort = (): void => settle(aborted(progress));
    // One turn of the event loop more: after a long pause of ours the answer may be there, unread.
    const timer = setTimeout(() => setImmediate(() => settle(timedOut(timeout, progress))), Math.min(timeout, LONGEST));
    signal?.addEventListener('abort', abort, { once: true });
    const fail = (error: unknown): void => settle(failure(error, progress));

    stream.on('error', fail);
    stream.once('request', (request: ClientRequest) => {
      // The upload can break on a connection that the API closed behind a whole answer (413, 401). Before got's own
      // listener, since that one begins to throw away what was received and not yet read.
      request.prependListener('error', (error) => {
        if (reading?.whole === true) reading.rest();
        else fail(error);
      });
      request.once('socket', (socket) => {
        agents.whenOpen(socket, () => {
          progress.left = true;
        });
        if (!settled) wire = boundWire(socket, MAX_BEFORE, () => settle(progress.answering ? tooLarge(maxResponse) : garbled()));
      });
      request.once('response', (from) => {
        progress.answering = true;
        wire?.more(maxResponse * MAX_FRAMING);
        from.on('error', fail);
        // What says that it is too large is not begun.
        if (bodyLength(from.statusCode ?? 0, from.headers) > maxResponse) settle(tooLarge(maxResponse));
        if (!settled) reading = readResponse(from, options, settle);
      });
      // 101 Switching Protocols was not asked for, and Node gives no response for it.
      request.once('upgrade', () => settle(garbled()));
    });
  });
}
