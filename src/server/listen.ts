/** Opens the port and closes it again without cutting off who is being answered. */

import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import type Koa from 'koa';
import { Fault } from '../fault.ts';

export interface Listening {
  readonly url: string;
  readonly port: number;
  /**
   * Takes no more connections, waits for the calls under way, and after `graceMs` cuts off those that are left.
   * @returns whether all were answered in time
   */
  close(graceMs: number): Promise<boolean>;
}

export interface Address {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
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

/** @throws {Fault} where the port or the address cannot be had */
export async function listen(app: Koa, { host, port }: Address): Promise<Listening> {
  const handle = app.callback();
  const answering = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let closing = false;

  const server = createServer(TIMEOUTS, (request, response) => {
    answering.add(response);
    response.once('close', () => answering.delete(response));
    if (closing) response.setHeader('Connection', 'close');
    // Koa answers its own errors; the promise is always fulfilled.
    void handle(request, response);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await opened(server, { host, port });

  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  let closed: Promise<boolean> | undefined;
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${bound}`,
    port: bound,
    close(graceMs) {
      closing = true;
      closed ??= closeServer(server, { answering, sockets }, graceMs);
      return closed;
    },
  };
}

interface Connections {
  readonly answering: ReadonlySet<ServerResponse>;
  readonly sockets: ReadonlySet<Socket>;
}

async function closeServer(server: Server, { answering, sockets }: Connections, graceMs: number): Promise<boolean> {
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
    // Opened ahead of need, as browsers and load balancers do: to Node these are not idle yet.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });
}

async function opened(server: Server, { host, port }: Address): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw listenFault(error, { host, port });
  }
}

function listenFault(error: unknown, { host, port }: Address): Fault {
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
