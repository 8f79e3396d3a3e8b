/** Opens the port and closes it again without cutting off who is being answered. */

import { once } from 'node:events';
import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import { isIPv6 } from 'node:net';
import type Koa from 'koa';
import { Fault } from '../fault.ts';
import type { Log } from '../observe/log.ts';
import type { Certificate } from './certificate.ts';
import { Connections } from './connections.ts';
import { createHttpServer, pairOf } from './http-server.ts';
import { connectionsThatFit } from './open-files.ts';

export interface Listening {
  readonly url: string;
  readonly port: number;
  /**
   * Waits for the calls under way while new ones are answered as the application answers them by then, takes no more
   * connections after that, and after `graceMs` cuts off what is left.
   * @returns whether all were answered in time
   */
  close(graceMs: number): Promise<boolean>;
  /** New connections get this certificate; those there are keep theirs. */
  renew(certificate: Certificate): void;
}

interface Address {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface ListenOptions extends Address {
  /** With it the server speaks https. */
  readonly certificate?: Certificate | undefined;
  readonly maxConnections: number;
  readonly log?: Pick<Log, 'warn'>;
  readonly patience?: Partial<typeof PATIENCE>;
}

/** Milliseconds; Connections has what each is for. */
const PATIENCE = { stalled: 30_000, linger: 2000 };

/** @throws {Fault} where the port or the address cannot be had */
export async function listen(app: Koa, options: ListenOptions): Promise<Listening> {
  const { host, port, certificate, maxConnections, log } = options;
  const most = connectionsThatFit(maxConnections);
  if (most < maxConnections) {
    log?.warn('fewer connections are taken than is set: this process may not open more files (ulimit -n)', {
      maxConnections,
      most,
    });
  }
  const crowded = rarely((closed) => log?.warn('too many connections: the least deserving are closed', { most, closed }));
  const connections = new Connections({ ...PATIENCE, ...options.patience, most, crowded });
  let closing = false;
  // Koa answers its own errors.
  const server = createHttpServer({ handle: app.callback(), connections, certificate, closing: () => closing });
  await opened(server, { host, port });
  // Taking one may fail, and work the next time.
  const failed = rarely((times, error) => log?.warn('connections could not be taken', { times, error }));
  server.on('error', failed);

  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  let closed: Promise<boolean> | undefined;
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${bound}`,
    port: bound,
    close(graceMs) {
      closing = true;
      closed ??= closeServer(server, connections, graceMs);
      return closed;
    },
    renew(fresh) {
      if (server instanceof TlsServer) server.setSecureContext(pairOf(fresh));
    },
  };
}

/** Tells at once, and then at most once a minute, how often it happened since it was told last. */
function rarely(tell: (times: number, what?: unknown) => void): (what?: unknown) => void {
  const minute = 60_000;
  let times = 0;
  let told = Number.NEGATIVE_INFINITY;
  return (what) => {
    times++;
    if (performance.now() - told < minute) return;
    told = performance.now();
    tell(times, what);
    times = 0;
  };
}

/** Milliseconds between looks at connections that are left, and for requests that have begun to come when the port closes. */
const SWEEP = 100;
const LAST_REQUESTS = 2000;

async function closeServer(server: Server, connections: Connections, graceMs: number): Promise<boolean> {
  const closed = new Promise((resolve) => server.once('close', resolve));
  let inTime = true;
  const cutOff = setTimeout(() => {
    inTime = connections.answers.size === 0;
    server.close().closeAllConnections();
  }, graceMs);
  await allClosed(connections);
  server.close();
  // To Node these are not idle yet, and it looks no more how long they take.
  connections.closeWaiting(false);
  const impatient = setTimeout(() => connections.closeWaiting(true), LAST_REQUESTS);
  // An answer whose head was out already leaves its connection open for more.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP);
  await closed;
  for (const timer of [cutOff, impatient, sweep]) clearTimeout(timer);
  // The calls that were cut off shall hear of it while there is a process to clean up after them.
  await allClosed(connections);
  return inTime;
}

/** Of the answers that there are now. */
async function allClosed({ answers }: Connections): Promise<void> {
  await Promise.all([...answers].map((response) => new Promise((resolve) => response.once('close', resolve))));
}

/**
 * Connections that the system keeps until they are taken, of which Node takes one in each turn of its loop. Those of a burst that find
 * no room there try again after a second, honest ones too. The system may allow fewer.
 */
const BACKLOG = 4096;

async function opened(server: Server, { host, port }: Pick<Address, 'host' | 'port'>): Promise<void> {
  try {
    server.listen({ host, port, backlog: BACKLOG });
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
