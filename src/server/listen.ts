/** Opens the port and closes it again without cutting off who is being answered. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import type Koa from 'koa';
import { Fault } from '../fault.ts';
import type { Certificate } from './certificate.ts';
import { Connections } from './connections.ts';

export interface Listening {
  readonly url: string;
  readonly port: number;
  /**
   * Takes no more connections, waits for the calls under way, and after `graceMs` cuts off those that are left.
   * @returns whether all were answered in time
   */
  close(graceMs: number): Promise<boolean>;
  /** New connections get this certificate; those there are keep theirs. */
  renew(certificate: Certificate): void;
}

export interface Address {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** With it the server speaks https. */
  readonly certificate?: Certificate | undefined;
  readonly maxConnections: number;
}

const TIMEOUTS = {
  // Headers are sent at once by anybody but a slowloris.
  headersTimeout: 10_000,
  // To take in a request whole: the largest bodies over a slow line.
  requestTimeout: 120_000,
  // Longer than the 60 s after which load balancers drop an idle connection: were it shorter, one would now and then
  // send a call on a connection that we are just closing.
  keepAliveTimeout: 65_000,
  // How often the first two are looked at.
  connectionsCheckingInterval: 2000,
} as const;

/** Milliseconds for a client to prove that it can speak TLS; Node's own 120 s is a gift to slow ones. */
const HANDSHAKE = 10_000;
/** Milliseconds for which the rest of a body is taken in that nobody wants any more, so that its sender gets to read the answer. */
const LINGER = 2_000;
/** Milliseconds between looks at answers on their way, and how often one may be found where it was before its reader is given up. */
const LOOK = 10_000;
const STALLED_LOOKS = 3;

/** @throws {Fault} where the port or the address cannot be had */
export async function listen(app: Koa, { host, port, certificate, maxConnections }: Address): Promise<Listening> {
  const handle = app.callback();
  const answering = new Set<ServerResponse>();
  const connections = new Connections(maxConnections);
  let closing = false;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    answering.add(response);
    connections.began(socket);
    response.once('close', () => {
      answering.delete(response);
      connections.ended(socket, request.complete);
    });
    response.once('finish', () => letGo(request));
    if (closing) response.setHeader('Connection', 'close');
    // Koa answers its own errors; the promise is always fulfilled.
    void handle(request, response);
  };
  const tlsServer =
    certificate &&
    createTlsServer({ ...TIMEOUTS, handshakeTimeout: HANDSHAKE, ...pairOf(certificate), ALPNProtocols: ['http/1.1'] }, answer);
  const server: Server = tlsServer ?? createServer(TIMEOUTS, answer);
  server.on('connection', (socket: Socket) => connections.opened(socket));
  const stalled = watchReaders(answering);
  await opened(server, { host, port });

  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  let closed: Promise<boolean> | undefined;
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${bound}`,
    port: bound,
    close(graceMs) {
      closing = true;
      closed ??= closeServer(server, { answering, connections }, graceMs).finally(() => clearInterval(stalled));
      return closed;
    },
    renew: (fresh) => tlsServer?.setSecureContext(pairOf(fresh)),
  };
}

function pairOf({ cert, key }: Certificate): { cert: string; key: string } {
  return { cert, key };
}

/** The answer is out before the whole body came: what still comes is thrown away, for a while. */
function letGo(request: IncomingMessage): void {
  if (request.complete) return;
  request.resume();
  const end = setTimeout(() => request.socket.destroy(), LINGER).unref();
  request.once('close', () => clearTimeout(end));
}

/** Cuts off who does not read: else answers would pile up for nobody. */
function watchReaders(answering: ReadonlySet<ServerResponse>): NodeJS.Timeout {
  const seen = new WeakMap<ServerResponse, { left: number; looks: number }>();
  return setInterval(() => {
    for (const response of answering) {
      const left = response.writableEnded ? response.writableLength : 0;
      const before = seen.get(response);
      const looks = left > 0 && before?.left === left ? before.looks + 1 : 0;
      seen.set(response, { left, looks });
      if (looks >= STALLED_LOOKS) response.destroy();
    }
  }, LOOK).unref();
}

interface Open {
  readonly answering: ReadonlySet<ServerResponse>;
  readonly connections: Connections;
}

async function closeServer(server: Server, { answering, connections }: Open, graceMs: number): Promise<boolean> {
  for (const response of answering) {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  }
  return new Promise((resolve) => {
    let inTime = true;
    const cutOff = setTimeout(() => {
      inTime = answering.size === 0;
      server.closeAllConnections();
    }, graceMs);
    // An answer whose head was out already leaves its connection open for more.
    const sweep = setInterval(() => server.closeIdleConnections(), 100);
    server.close(() => {
      clearTimeout(cutOff);
      clearInterval(sweep);
      // The calls that were cut off shall hear of it while there is a process to clean up after them.
      void Promise.all([...answering].map((response) => once(response, 'close'))).then(() => resolve(inTime));
    });
    // To Node these are not idle yet.
    connections.closeUnused();
  });
}

async function opened(server: Server, { host, port }: Pick<Address, 'host' | 'port'>): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw listenFault(error, { host, port });
  }
}

function listenFault(error: unknown, { host, port }: Pick<Address, 'host' | 'port'>): Fault {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const elsewhere = 'Choose another with PORT or --port; 0 takes any free one.';
  if (code === 'EADDRINUSE') {
    return new Fault({
      code: 'settings.port',
      sentence: `Port ${port} of ${host} is in use already.`,
      hint: elsewhere,
      cause: error,
    });
  }
  if (code === 'EACCES') {
    return new Fault({
      code: 'settings.port',
      sentence: `This user may not listen on port ${port}.`,
      hint: elsewhere,
      cause: error,
    });
  }
  return new Fault({
    code: 'settings.host',
    sentence: `The server cannot listen on ${host}, port ${port} (${String(code ?? 'unknown error')}).`,
    hint: 'HOST or --host must be an address of this machine.',
    cause: error,
  });
}
