/** Every way by which a text can become the URL of a request, each with a transport behind a guard. */

import type { LookupAddress } from 'node:dns';
import { isIPv6 } from 'node:net';
import { realClock } from '../../src/commands/real-world.ts';
import { isFaults, withSettings } from '../../src/destination/bind.ts';
import type { Destination } from '../../src/destination/destination.ts';
import { bindGiven } from '../../src/destination/settings.ts';
import { createGuard, type GuardOptions, type Resolve } from '../../src/outbound/guard.ts';
import type { Transport, TransportOptions } from '../../src/outbound/transport.ts';
import { call } from '../delivery/calling.ts';
import { compiled } from '../destination/making.ts';
import { http, type RawServer, rawServer } from './raw-server.ts';
import { literalOf } from './spellings.ts';

export interface Door {
  readonly name: string;
  enter(text: string): Promise<unknown>;
}

export interface Doors {
  readonly all: readonly Door[];
  /** The API that may be called: the operator named its origin. */
  readonly own: RawServer;
  close(): Promise<void>;
}

const REDIRECTS = ['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent'];

function destination(url: string, words: string): Destination {
  return compiled(
    `version: 1\nname: Example\nconnection: { url: "${url}", auth: { bearer: token }, retry: { attempts: 1 }, timeout: 2s${words}`,
  );
}
const SEND = 'sync: { add: send }\nrequests: { send: { post: /rows, json: { a: 1 } } }\n';
const OF_SETTING = destination('{{ settings.text }}', ` }\nsettings: { text: {} }\n${SEND}`);
const OF_HOST = destination('http://{{ settings.text }}/v1', ` }\nsettings: { text: {} }\n${SEND}`);
const OF_CONFIGURATION = destination('{{ config.url }}', `, allow: "{{ settings.text }}" }\nsettings: { text: {} }\n${SEND}`);
const OF_ROW = destination(
  '{{ settings.text }}',
  ' }\nsettings: { text: {} }\nsync: { add: send }\nrequests: { send: { post: "/rows/{{ row.name }}/x", query: { q: "{{ row.name }}" }, headers: { X-Name: "{{ row.name | uri }}" }, json: "{{ record }}" } }\n',
);
const OF_ANSWER = destination(
  '{{ settings.text }}',
  ` }
settings: { text: {} }
lookups:
  url: { get: /pages/url, list: body.items, next: "{{ body.next }}" }
  link: { get: /pages/link, list: body.items, next: link }
  hop: { get: /moved }
sync: { add: by_url, change: by_link, remove: by_hop }
requests:
  by_url: { post: /rows, json: { n: "{{ lookups.url | size }}" } }
  by_link: { post: /rows, json: { n: "{{ lookups.link | size }}" } }
  by_hop: { post: /moved, json: { n: 1 } }
`,
);

/** A resolver that finds one address for every name. */
export function always(...addresses: readonly string[]): Resolve {
  return (_, __, done) => done(null, found(addresses));
}
export function found(addresses: readonly string[]): LookupAddress[] {
  return addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
}
const nowhere: Resolve = (_, __, done) => done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);

/** Allowed to be reached where what is proved is that nobody goes there: the guard is not what stops these. */
const LOOPBACK = ['127.0.0.0/8', '::1'];

/** @param port where the listeners are that must not be reached */
export async function openDoors(create: (options: TransportOptions) => Transport, port: number): Promise<Doors> {
  let text = '';
  let turn = 0;
  const own = await rawServer((socket, request) => socket.write(answerOf(request, text, turn)));
  const transports: Transport[] = [];
  const sender = (allow: readonly string[], options: GuardOptions) => {
    const transport = create({ connections: 4, guard: createGuard(allow, options), maxResponse: 100_000 });
    transports.push(transport);
    return transport.send;
  };
  const closed = sender([], { resolve: always('127.0.0.1') });
  const open = sender(LOOPBACK, { resolve: nowhere, exemptOrigin: own.url });
  let answered: readonly string[] = [];
  const named = sender(['127.0.0.3'], { resolve: (_, __, done) => done(null, found(answered)) });

  /** One row is delivered, if the destination can be bound at all. */
  const deliver = async (
    destination: Destination,
    setting: string,
    send: Transport['send'],
    calling: Partial<Parameters<typeof call>[1]> = {},
  ): Promise<unknown> => {
    const settings = bindGiven(destination, { text: setting });
    const bound = isFaults(settings) ? settings : withSettings(destination, settings);
    if (isFaults(bound)) return bound;
    return call(bound, {
      rows: [{ id: 1 }],
      clock: realClock,
      ...calling,
      send: (request, _, options) => send(request, options),
    });
  };
  const door = (name: string, enter: Door['enter']): Door => ({
    name,
    enter: (given) => {
      text = given;
      turn++;
      return enter(given);
    },
  });

  return {
    own,
    all: [
      door('the URL of a request', (url) =>
        closed({ method: 'POST', url, headers: { authorization: 'Bearer token' }, body: Buffer.from('{}') }, { timeout: 2000 }),
      ),
      door('a setting that is the URL', (url) => deliver(OF_SETTING, url, closed)),
      door('a setting in the host', (url) => deliver(OF_HOST, hostIn(url), closed)),
      door('the configuration, its host allowed', (url) =>
        deliver(OF_CONFIGURATION, allowing(url), closed, { configuration: { url } }),
      ),
      door('the configuration, other hosts allowed', (url) =>
        deliver(
          OF_CONFIGURATION,
          `http://hooks.example.com:${port} http://*.0.0.1:${port} http://*.1:${port} http://*:${port}`,
          open,
          {
            configuration: { url },
          },
        ),
      ),
      door('a value in a path, a query and a header', (name) => deliver(OF_ROW, own.url, open, { rows: [{ id: 1, name }] })),
      door('the next page in a body', () => deliver(OF_ANSWER, own.url, open, { operation: 'add' })),
      door('the next page in a header', () => deliver(OF_ANSWER, own.url, open, { operation: 'change' })),
      door('a redirect', () => deliver(OF_ANSWER, own.url, open, { operation: 'remove' })),
      door('an address of a name', async (url) => {
        const literal = literalOf(url);
        if (literal === undefined) return;
        for (answered of [[literal], ['127.0.0.3', literal], [literal, '127.0.0.3']]) {
          await named({ method: 'GET', url: 'http://api.example:9/', headers: {}, body: undefined }, { timeout: 2000 });
        }
      }),
    ],
    async close() {
      for (const transport of transports) transport.close();
      await own.close();
    },
  };
}

/** The API's answer: pages and redirects that lead where `text` says. */
function answerOf(request: string, text: string, turn: number): Buffer {
  const json = (body: unknown, headers: Record<string, string> = {}) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const head = http('200 OK', { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
    return Buffer.concat([Buffer.from(head), bytes]);
  };
  // A header cannot hold a line break; all else is written as it is.
  const inHeader = text.replace(/[\r\n\0]/g, '');
  if (request.startsWith('GET /pages/url ')) return json({ items: [1], next: text });
  if (request.startsWith('GET /pages/link ')) return json({ items: [1] }, { link: `<${inHeader}>; rel="next"` });
  if (request.includes(' /moved ')) {
    const status = REDIRECTS[turn % REDIRECTS.length] ?? '';
    return Buffer.from(http(status, { location: inHeader, 'content-length': 0 }));
  }
  return json({ items: [] });
}

/** What stands where a host would. */
function hostIn(url: string): string {
  return url.replace(/^\s*(?:\w+:)?[/\\]*/, '').replace(/[/?#\\].*$/s, '');
}

/** An operator's list that names the very host, as it is written and as it is read. */
function allowing(url: string): string {
  return `${url} ${URL.canParse(url) ? new URL(url).origin : ''} http://${hostIn(url)}`;
}
