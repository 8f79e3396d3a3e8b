/** An API on this machine that means harm: whatever it was sent, it says again, in every encoding and place, and it fails in every way. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { DISGUISES, type Encoding, ESCAPES } from './encodings.ts';
import { type Chance, one } from './failing-calls.ts';

export interface HostileApi {
  readonly port: number;
  /** All that came, decoded as far as possible. */
  readonly heard: Set<string>;
  asked: number;
}

export async function hostileApi(chance: Chance): Promise<HostileApi> {
  const api = { port: 0, heard: new Set<string>(), asked: 0 };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, chance, api).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close().closeAllConnections());
  api.port = (server.address() as AddressInfo).port; // a TCP server's address is an object
  return api;
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, chance: Chance, api: HostileApi): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const heard = textsOf(incoming, Buffer.concat(chunks).toString('utf8'));
  api.asked++;
  for (const text of heard) api.heard.add(text);
  const say = () => disguised(one(heard, chance), chance);
  const { pathname } = new URL(incoming.url ?? '/', 'http://hostile');
  if (pathname.endsWith('/things') && chance() < 0.8) {
    const things = Array.from({ length: 3 }, () => ({ id: say(), label: `Label ${say()}`, type: 'STRING' }));
    return send(outgoing, 200, JSON.stringify({ things }));
  }
  const harm = one(Object.values(HARMS), chance);
  harm(outgoing, say, chance, pathname);
}

/** What a request shows of a secret: all of it, and each part by itself. */
function textsOf({ headers, url = '' }: IncomingMessage, body: string): string[] {
  const texts = [url, body];
  for (const [name, value] of Object.entries(headers)) {
    if (!/^(?:authorization|host|x-.*)$/.test(name)) continue;
    const text = String(value);
    texts.push(text, Buffer.from(text, 'latin1').toString('utf8'), Buffer.from(text, 'base64').toString('utf8'));
  }
  const [, credentials = ''] = /^\S+ (.+)$/s.exec(headers.authorization ?? '') ?? [];
  texts.push(
    credentials,
    Buffer.from(credentials, 'base64').toString('utf8'),
    Buffer.from(credentials, 'latin1').toString('utf8'),
  );
  texts.push(...Buffer.from(credentials, 'base64').toString('utf8').split(/:(.*)/s));
  const { pathname, searchParams } = new URL(url, 'http://hostile');
  texts.push(...pathname.split('/').map(readable), ...searchParams.values(), ...leaves(body));
  return texts.filter((text) => text.length >= 8);
}

function readable(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function leaves(body: string): string[] {
  const walk = (value: unknown): string[] =>
    typeof value === 'object' && value !== null ? Object.values(value).flatMap(walk) : [String(value)];
  try {
    return walk(JSON.parse(body));
  } catch {
    return [...new URLSearchParams(body).values()];
  }
}

/** In another encoding, up to three deep; perhaps cut off; among other words. */
function disguised(text: string, chance: Chance): string {
  let said = one(Object.values(DISGUISES), chance)(text.toWellFormed());
  const escapes: Encoding[] = Array.from({ length: Math.floor(chance() * 3) }, () => one(Object.values(ESCAPES), chance));
  for (const escaping of escapes) said = escaping(said);
  if (chance() < 0.2) said = said.slice(0, Math.floor(chance() * said.length));
  return `${one(['the key ', 'token=', '"', '<b>', ''], chance)}${said}${one([' is refused', '"', '</b>', '', '…'], chance)}`;
}

type Harm = (outgoing: ServerResponse, say: () => string, chance: Chance, path: string) => void;

const STATUSES = [400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503];

const HARMS: Readonly<Record<string, Harm>> = {
  message: (outgoing, say, chance) => send(outgoing, one(STATUSES, chance), JSON.stringify({ message: say(), detail: say() })),
  nested: (outgoing, say, chance) =>
    send(outgoing, one(STATUSES, chance), JSON.stringify({ errors: [{ error: { detail: `a ${say()} b ${say()}` } }] })),
  named: (outgoing, say, chance) => send(outgoing, one(STATUSES, chance), JSON.stringify({ [say()]: { [say()]: [say()] } })),
  quoted: (outgoing, say, chance) =>
    send(outgoing, one(STATUSES, chance), JSON.stringify({ error: JSON.stringify({ request: say() }) })),
  text: (outgoing, say, chance) =>
    send(outgoing, one(STATUSES, chance), `Bad request: ${say()}`, { 'content-type': 'text/plain' }),
  page: (outgoing, say, chance) =>
    send(outgoing, one(STATUSES, chance), `<html><p>${say()}</p></html>`, { 'content-type': 'text/html' }),
  cut: (outgoing, say, chance) =>
    send(
      outgoing,
      one(STATUSES, chance),
      JSON.stringify({ message: `${'x'.repeat(130 + Math.floor(chance() * 400))} ${say()}` }),
    ),
  split: (outgoing, say, chance) => {
    const text = say();
    const middle = Math.floor(chance() * text.length);
    send(outgoing, 422, JSON.stringify({ message: text.slice(0, middle), detail: text.slice(middle) }));
  },
  refused: (outgoing, say) => send(outgoing, 200, JSON.stringify({ ok: false, message: say(), results: say() })),
  results: (outgoing, say) =>
    send(outgoing, 200, JSON.stringify({ ok: true, results: [say(), say(), say()].map((error) => ({ ok: false, error })) })),
  fewer: (outgoing, say) => send(outgoing, 200, JSON.stringify({ ok: true, results: [{ ok: say(), error: say() }] })),
  status: (outgoing, say, chance) => {
    outgoing.writeHead(one(STATUSES, chance), latin1(say()), { 'x-echo': latin1(say()) });
    outgoing.end();
  },
  headers: (outgoing, say) => send(outgoing, 400, '{}', { 'x-echo': latin1(say()), 'retry-after': latin1(say()) }),
  type: (outgoing, say) => send(outgoing, 400, say(), { 'content-type': latin1(`application/${say()}`) }),
  redirect: (outgoing, say) => send(outgoing, 302, say(), { location: latin1(`/elsewhere?${say()}`) }),
  notJson: (outgoing, say) => send(outgoing, 200, `{"ok": true, "results": [${say()}`),
  notZipped: (outgoing, say) => send(outgoing, 200, say(), { 'content-encoding': 'gzip' }),
  tooLong: (outgoing, say) => send(outgoing, 500, say().padEnd(70_000, '.')),
  reset: (outgoing) => outgoing.destroy(),
  half: (outgoing, say) => {
    outgoing.writeHead(200, { 'content-length': 1000 });
    outgoing.write(say(), () => outgoing.destroy());
  },
  noHttp: (outgoing, say) => outgoing.socket?.end(`HTTP/1.1 ${latin1(say())}\r\n\r\n`, 'latin1'),
  // One in fifty, so that not all of the time is spent waiting.
  silent: (outgoing, say, chance) => (chance() < 0.4 ? undefined : send(outgoing, 500, say())),
  yes: (outgoing) => send(outgoing, 200, '{"ok":true,"results":[{"ok":true},{"ok":true},{"ok":true}]}'),
};

function send(outgoing: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
  outgoing.end(body);
}

/** As it can stand in a header. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[^\x20-\x7e\xa0-\xff]/g, '')
    .slice(0, 4000);
}
