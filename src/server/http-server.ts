/** Node's server, of HTTP or HTTPS, as Rowpost wants it: impatient, and polite to those whose request it does not want. */

import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type RequestListener,
  type Server,
  ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Certificate } from './certificate.ts';
import type { Connections } from './connections.ts';

export interface HttpServerOptions {
  /** Answers every request; always fulfilled, once the answer is handed over. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<unknown>;
  readonly connections: Connections;
  readonly certificate: Certificate | undefined;
  /** Whether each answer shall be the last of its connection. */
  closing(): boolean;
}

/** Milliseconds. */
const TIMEOUTS = {
  // Headers are sent at once by anybody but a slowloris.
  headersTimeout: 10_000,
  // To take in a request whole: the largest bodies over a slow line.
  requestTimeout: 120_000,
  // Longer than the 60 s after which load balancers drop an idle connection: were it shorter, one would now and then
  // send a call on a connection that we are just closing.
  keepAliveTimeout: 65_000,
  // How often the first two are looked at: the late ones of a flood are closed in small lots, and hold nobody up.
  connectionsCheckingInterval: 500,
} as const;

/** For a client to prove that it can speak TLS; Node's own 120 s is a gift to slow ones. */
const HANDSHAKE = 10_000;

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

export function createHttpServer({ handle, connections, certificate, closing }: HttpServerOptions): Server | TlsServer {
  /** Says `Connection: close` where the body was not read, too: whether it was is known when the answer goes out. */
  class Answer extends ServerResponse {
    override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
      const { req: request } = this;
      if (!request.complete || (closing() && connections.isLast(this))) this.setHeader('Connection', 'close');
      // What Node calls after a last answer, to close at once.
      if (!request.complete) request.socket.destroySoon = () => connections.letGo(request);
      return typeof reason === 'string' ? super.writeHead(status, reason, headers) : super.writeHead(status, reason);
    }
  }

  const answer: RequestListener = (request, response) => {
    const made = connections.began(request, response);
    if (made === undefined) return;
    // What of the body came with the head is seen by then, and a refusal does not end the connection for its sake.
    setImmediate(() => {
      if (!request.destroyed) void handle(request, response).then(made);
    });
  };
  const options = { ...TIMEOUTS, ServerResponse: Answer };
  const server =
    certificate === undefined
      ? createServer(options, answer)
      : createTlsServer({ ...options, handshakeTimeout: HANDSHAKE, ...pairOf(certificate), ALPNProtocols: ['http/1.1'] }, answer);
  return server.on('connection', (socket: Socket) => connections.opened(socket));
}

export function pairOf({ cert, key }: Certificate): { cert: string; key: string } {
  return { cert, key };
}
