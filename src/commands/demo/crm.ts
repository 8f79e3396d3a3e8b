/** A made-up CRM on this machine that behaves as real APIs do: it refuses some rows, limits its rate once and fails once. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Crm {
  /** The base of its API. */
  readonly url: string;
  /** What it holds, by email address. */
  readonly contacts: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  close(): void;
}

const KEY = 'demo-key';
const PLANS = ['free', 'team', 'enterprise'];

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function startCrm(): Promise<Crm> {
  const contacts = new Map<string, Readonly<Record<string, unknown>>>();
  let batches = 0;

  function upsert(contact: Readonly<Record<string, unknown>>): object {
    const { email, plan } = contact;
    const refuse = (error: string) => ({ email, ok: false, error });
    if (typeof email !== 'string' || !/^[^@\s]+@[^@\s]+\.[a-z]+$/i.test(email)) return refuse('this is no email address');
    if (typeof plan !== 'string' || !PLANS.includes(plan))
      return refuse(`${JSON.stringify(plan ?? null)} is not a plan; it is free, team or enterprise`);
    if (email.startsWith('unsubscribed')) return refuse('this contact asked not to be stored');
    contacts.set(email.toLowerCase(), contact);
    return { email, ok: true };
  }

  function answerBatch(body: unknown): Answer {
    batches++;
    if (batches === 1) return { status: 429, headers: { 'retry-after': '1' }, body: { error: 'too many requests' } };
    if (batches === 3) return { status: 502, body: { error: 'the database is restarting' } };
    const list =
      body !== null && typeof body === 'object' && 'contacts' in body && Array.isArray(body.contacts) ? body.contacts : [];
    return { status: 200, body: { results: list.map(upsert) } };
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const path = (request.url ?? '').replace(/^\/v1/, '');
    if (request.headers['x-api-key'] !== KEY) return { status: 401, body: { error: 'the key is wrong' } };
    if (request.method === 'POST' && path === '/contacts/batch') return answerBatch(await readJson(request));
    if (request.method === 'DELETE' && path.startsWith('/contacts/')) {
      return { status: contacts.delete(decodeURIComponent(path.slice('/contacts/'.length))) ? 204 : 404 };
    }
    return { status: 404, body: { error: 'there is nothing here' } };
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (given) => respond(response, given),
      () => respond(response, { status: 400, body: { error: 'the body is no JSON' } }),
    );
  });
  const url = `http://127.0.0.1:${await listenLocally(server)}/v1`;
  return { url, contacts, close: () => server.close().closeAllConnections() };
}

function respond(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function listenLocally(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)); // a TCP server's address is an object
  });
}
