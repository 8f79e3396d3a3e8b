/** A server on this machine that stands in for an API, and keeps a ledger of what it was asked. */

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The JSON of the body; undefined where it is none. */
  readonly json: unknown;
}

export interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

export interface StandIn {
  readonly url: string;
  readonly ledger: readonly Asked[];
}

/** Ends with the tests. */
export async function standIn(answer: (asked: Asked) => Answered): Promise<StandIn> {
  const ledger: Asked[] = [];
  const server = createServer((incoming, outgoing) => {
    void read(incoming).then((asked) => {
      ledger.push(asked);
      const { status = 200, headers = {}, json } = answer(asked);
      outgoing.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      outgoing.end(json === undefined ? '' : JSON.stringify(json));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo; // a TCP server's address is an object
  return { url: `http://127.0.0.1:${port}`, ledger };
}

async function read(incoming: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://stand-in');
  return {
    method: incoming.method ?? '',
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    json: parsed(Buffer.concat(chunks).toString('utf8')),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member of a JSON object; undefined where it is none. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}
