/** A server on a free port of the loopback address, for tests. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after } from 'node:test';
import type { Credentials } from '../../src/credentials.ts';
import type { Fields, Log } from '../../src/observe/log.ts';
import type { Method } from '../../src/rpc/method.ts';
import { type AppDeps, createApp } from '../../src/server/app.ts';
import { createGate, type Gate } from '../../src/server/auth.ts';
import { createAddresses } from '../../src/server/caller.ts';
import type { CallContext, Hosted } from '../../src/server/hosted.ts';
import { type ListenOptions, listen } from '../../src/server/listen.ts';

export const TOKEN = 'correct-horse-battery';

interface Line extends Record<string, unknown> {
  readonly level: string;
  readonly message: string;
}

export function destination(id: string, methods: Record<string, Method<CallContext>> = {}, more: Partial<Hosted> = {}): Hosted {
  return { id, name: id, state: 'ready', problems: [], methods: new Map(Object.entries(methods)), ...more };
}

/** Who may call; everybody unless said otherwise. */
interface Admission {
  /** For all destinations. */
  readonly tokens?: readonly string[];
  readonly credentials?: () => Credentials;
  readonly allowFrom?: readonly string[];
  readonly trustedProxies?: readonly string[];
  readonly now?: () => number;
}

export function gateOf(admission: Admission): Gate {
  const { tokens = [], allowFrom = [], trustedProxies = [], now = Date.now } = admission;
  const open = { tokens: tokens.map((secret) => ({ secret, destinations: undefined })), signingKeys: [] };
  const { credentials = () => open } = admission;
  return createGate({ credentials, addresses: createAddresses(allowFrom, trustedProxies), now });
}

export async function serving(
  hosts: readonly Hosted[],
  more: Partial<AppDeps> & Admission = {},
  how: Partial<ListenOptions> = {},
) {
  const lines: Line[] = [];
  const write = (level: string) => (message: string, fields?: Fields) => lines.push({ ...fields, level, message });
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const hosted = new Map(hosts.map((each) => [each.id, each]));
  const app = createApp({
    hosted: () => hosted,
    gate: gateOf(more),
    bodyLimit: 100_000,
    log,
    redact: (text) => text,
    stopping: () => false,
    newReference: () => 'ref-1',
    ...more,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, maxConnections: 1000, log, ...how });
  after(() => server.close(0));

  /** Every way to ask, with a JSON-RPC call as the usual body. */
  async function post(path: string, body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}) {
    const response = await fetch(server.url + path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    });
    return { response, status: response.status, headers: response.headers, text: await response.text() };
  }

  async function get(path: string, init: RequestInit = {}) {
    const response = await fetch(server.url + path, init);
    return { response, status: response.status, headers: response.headers, text: await response.text() };
  }

  /** A bare connection, for what no HTTP client would send. */
  async function raw(): Promise<Socket> {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    after(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  return { server, lines, post, get, raw };
}

export function call(method: string, params: unknown = {}): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
}

/** Waits until something holds; a test that waits in vain fails by the runner's own limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
