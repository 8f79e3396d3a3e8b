/** Sends requests with got: once each, never following or retrying, over connections of its own behind the guard. */

import type { ClientRequest, IncomingMessage } from 'node:http';
import got, { type Request } from 'got';
import { type Agents, createAgents } from './agents.ts';
import { CODINGS, readAnswer } from './answer.ts';
import type { OutboundRequest, Reply, Send, SendOptions } from './exchange.ts';
import { aborted, failure, garbled, type Progress, timedOut, tooLarge } from './failure.ts';
import { AddressRefused, type Guard } from './guard.ts';

export interface TransportOptions {
  /** Connections to one origin at a time; more requests wait their turn inside their timeout. */
  readonly connections: number;
  readonly guard: Guard;
  /** Bytes of an answer's body, inflated, that are read. */
  readonly maxResponse: number;
}

export interface Transport {
  readonly send: Send;
  /** Ends all connections, also those in use. */
  close(): void;
}

/** What a request carries unless it says otherwise. */
const HEADERS = { 'user-agent': 'rowpost', accept: 'application/json, */*;q=0.5', 'accept-encoding': CODINGS };
/** Bytes of an answer's headers. Node's own 16 KiB is short of some APIs' cookies and policies. */
const MAX_HEADERS = 65_536;
/** The longest a timer of Node can wait, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

export function createGotTransport(options: TransportOptions): Transport {
  const agents = createAgents(options.connections, options.guard);
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
        const url = new URL(request.url);
        const refusal = options.guard.at(url.origin).refuses(url.hostname);
        if (refusal !== undefined) return failure(new AddressRefused(refusal), progress);
        return await attempt(start(request), sending, { agents, progress, maxResponse: options.maxResponse });
      } catch (error) {
        return failure(error, progress);
      }
    },
    close: () => agents.destroy(),
  };
}

interface Attempt {
  readonly agents: Agents;
  readonly progress: Progress;
  readonly maxResponse: number;
}

/**
 * Follows one request to its end. Node's own request and response are listened to beside got's stream: they tell when
 * the request could leave and whether the answer is whole, and they report an error before got has looked into it.
 */
function attempt(stream: Request, { timeout, signal }: SendOptions, { agents, progress, maxResponse }: Attempt): Promise<Reply> {
  return new Promise((resolve) => {
    let response: IncomingMessage | undefined;
    let settled = false;
    let size = 0;
    const chunks: Buffer[] = [];

    const settle = (reply: Reply | Promise<Reply>): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      // Frees the connection where the answer came before the request was written whole; a finished request lets it be.
      stream.destroy();
      resolve(reply);
    };
    const abort = (): void => settle(aborted(progress));
    // One turn of the event loop more: after a long pause of ours the answer may be there, unread.
    const timer = setTimeout(() => setImmediate(() => settle(timedOut(timeout, progress))), Math.min(timeout, LONGEST));
    signal?.addEventListener('abort', abort, { once: true });

    const read = (from: IncomingMessage): void => {
      for (let chunk: Buffer | null = from.read(); chunk !== null && !settled; chunk = from.read()) {
        size += chunk.length;
        chunks.push(chunk);
        if (size > maxResponse) settle(tooLarge(maxResponse));
      }
    };
    const finish = async (from: IncomingMessage): Promise<Reply> => {
      const received = { status: from.statusCode ?? 0, headers: from.headersDistinct, body: Buffer.concat(chunks) };
      const answer = await readAnswer(received, maxResponse);
      if (answer === 'TOO_LARGE') return tooLarge(maxResponse);
      return answer === 'GARBLED' ? garbled() : answer;
    };
    const end = (from: IncomingMessage): void => {
      read(from);
      if (!settled) settle(from.complete ? finish(from) : garbled());
    };
    const fail = (error: unknown): void => settle(failure(error, progress));

    stream.on('error', fail);
    stream.once('request', (request: ClientRequest) => {
      // The upload can break on a connection that the API closed behind a whole answer (413, 401). Before got's own
      // listener, since that one begins to throw away what was received and not yet read.
      request.prependListener('error', (error) => {
        if (response?.complete === true) end(response);
        else fail(error);
      });
      request.once('socket', (socket) => {
        agents.whenOpen(socket, () => {
          progress.left = true;
        });
      });
      request.once('response', (from) => {
        response = from;
        progress.answering = true;
        from.on('error', fail);
        from.on('readable', () => read(from));
        from.once('end', () => end(from));
      });
      // 101 Switching Protocols was not asked for, and Node gives no response for it.
      request.once('upgrade', () => settle(garbled()));
    });
  });
}
