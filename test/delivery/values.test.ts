/** Values that would break what surrounds them, in every place: each arrives as it is, or its row is rejected. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { realClock } from '../../src/commands/real-world.ts';
import type { BoundDestination } from '../../src/destination/bind.ts';
import { parseJson } from '../../src/json/parse.ts';
import { ExactNumber, stringifyJson } from '../../src/numbers.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import type { Transport } from '../../src/outbound/transport.ts';
import { TRANSPORTS } from '../outbound/transports.ts';
import { call, destinationOf, json } from './calling.ts';

/** As JSON, so that long numbers and lone surrogates can be written. */
const VALUES: readonly string[] = [
  ...[
    'plain',
    '"',
    '\\',
    '\n',
    '{{ 7 | plus: 1 }}',
    '{% raw %}',
    '</a>',
    '../',
    '..',
    '.',
    '...',
    '%2f',
    '%2e%2e',
    '%',
    '%zz',
    '\r\nX-Evil: 1',
    '\u2028',
  ],
  ...[
    '\ud800',
    'a\udc00b',
    '🙂',
    '__proto__',
    'constructor',
    '',
    ' ',
    ' x ',
    'x'.repeat(10_000),
    '\t',
    'a\tb',
    '\0',
    'é',
    'Ā',
    '\u007f',
    '\u0085',
  ],
  ...[
    'a/b',
    'a/../b',
    'a\\..\\b',
    '/',
    '//evil.test/',
    'https://evil.test/',
    '?a=1',
    '#a',
    '&a=1',
    'a=1;z=3',
    '+',
    'a b',
    "'",
    '","a":"2',
    '[object Object]',
    '@',
    ':',
    '~!*()',
    '\ufeff',
    '\uffff',
    'e\u0301',
  ],
]
  .map((text) => JSON.stringify(text))
  .concat([
    '9007199254740993',
    '1e400',
    '-0.1',
    '0',
    'true',
    'false',
    'null',
    '[]',
    '["a","b"]',
    '[null,1]',
    '{}',
    '{"a":1}',
    '{"__proto__":{"x":1}}',
    '[[1]]',
  ]);

/** What arrived, whole. */
interface Arrived {
  readonly url: string;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  readonly body: string;
}

interface Place {
  readonly name: string;
  readonly request: string;
  /** What the value must have become, to be compared with `read`; undefined where its row must be rejected. */
  readonly wanted: (value: unknown) => unknown;
  readonly read: (arrived: Arrived) => unknown;
}

const control = (text: string) => /[^\P{Cc}\u0080-\u009f]/u.test(text);
const wellFormed = (text: string | undefined) => (text?.isWellFormed() ? text : undefined);

/** A scalar's text; undefined for a list or a map. */
function textOf(value: unknown): string | undefined {
  if (value === null) return '';
  return typeof value === 'object' && !(value instanceof ExactNumber) ? undefined : String(value);
}

function segment(text: string | undefined): string | undefined {
  const parts = text?.split(/[/\\]/) ?? [];
  return text === '' || text === undefined || control(text) || parts.includes('.') || parts.includes('..')
    ? undefined
    : wellFormed(text);
}

function header(text: string | undefined): string | undefined {
  if (
    text === undefined ||
    control(text.replaceAll('\t', '')) ||
    text !== text.trim() ||
    Buffer.from(text, 'latin1').toString('latin1') !== text
  )
    return undefined;
  return text;
}

/** As PHP and Rails read them: a list repeats its name, a map nests with brackets; a list of lists has no name. */
function pairs(name: string, value: unknown): [string, string][] | undefined {
  const text = textOf(value);
  if (text !== undefined) return text.isWellFormed() ? [[name, text]] : undefined;
  if (Array.isArray(value) && value.some(Array.isArray)) return undefined;
  const inner = Array.isArray(value)
    ? value.map((item) => pairs(typeof item === 'object' && item !== null ? `${name}[]` : name, item))
    : Object.entries(value as object).map(([key, item]) => pairs(`${name}[${key}]`, item)); // neither a scalar nor a list
  return inner.some((each) => each === undefined) ? undefined : inner.flatMap((each) => each ?? []);
}

const around = (value: unknown) => {
  const own = pairs('v', value);
  return own && [['a', '1'], ...own, ['z', '2']];
};
const inBody = (body: string) => [...new URLSearchParams(body)];

const PLACES: readonly Place[] = [
  {
    name: 'a leaf of JSON',
    request: 'json: { a: 1, v: "{{ record.v }}", z: 2 }',
    wanted: (value) => stringifyJson({ a: 1, v: value, z: 2 }),
    read: ({ body }) => stringifyJson(parseJson(body)),
  },
  {
    name: 'a text of JSON',
    request: 'json: { a: 1, v: "<{{ record.v }}>", z: 2 }',
    wanted: (value) => (textOf(value) === undefined ? undefined : stringifyJson({ a: 1, v: `<${textOf(value)}>`, z: 2 })),
    read: ({ body }) => stringifyJson(parseJson(body)),
  },
  {
    name: 'JSON text between quotes',
    request: 'json: |\n  {"a": 1, "v": "<{{ record.v }}>", "z": 2}',
    wanted: (value) => (textOf(value) === undefined ? undefined : stringifyJson({ a: 1, v: `<${textOf(value)}>`, z: 2 })),
    read: ({ body }) => stringifyJson(parseJson(body)),
  },
  {
    name: 'JSON text outside quotes',
    request: 'json: |\n  {"a": 1, "v": {{ record.v }}, "z": 2}',
    wanted: (value) => stringifyJson({ a: 1, v: value, z: 2 }),
    read: ({ body }) => stringifyJson(parseJson(body)),
  },
  {
    name: 'a form',
    request: 'form: { a: 1, v: "{{ record.v }}", z: 2 }',
    wanted: around,
    read: ({ body }) => inBody(body),
  },
  {
    name: 'a query',
    request: 'query: { a: 1, v: "{{ record.v }}", z: 2 }',
    wanted: around,
    read: ({ url }) => inBody(url.slice(url.indexOf('?') + 1)),
  },
  {
    name: 'a path',
    request: 'path: "/a/{{ record.v }}/z"',
    wanted: (value) => {
      const own = segment(textOf(value));
      return own === undefined ? undefined : ['', 'v1', 'a', own, 'z'];
    },
    read: ({ url }) => url.split('/').map(decodeURIComponent),
  },
  {
    name: 'a part of a path',
    request: 'path: "/a/x{{ record.v }}.json"',
    wanted: (value) => {
      const own = textOf(value);
      const whole = own === undefined ? undefined : segment(`x${own}.json`);
      return whole === undefined ? undefined : ['', 'v1', 'a', whole];
    },
    read: ({ url }) => url.split('/').map(decodeURIComponent),
  },
  {
    name: 'a header',
    request: 'headers: { X-A: "1", X-V: "{{ record.v }}", X-Z: "2" }',
    wanted: (value) => {
      const own = header(textOf(value));
      return own === undefined ? undefined : ['1', own, '2'];
    },
    read: ({ headers }) =>
      ['x-a', 'x-v', 'x-z'].map((name) => headers[headers.findIndex((each) => each.toLowerCase() === name) + 1]),
  },
  {
    name: 'a text',
    request: 'text: "a {{ record.v }} z"',
    wanted: (value) => {
      const own = textOf(value);
      return own?.isWellFormed() ? `a ${own} z` : undefined;
    },
    read: ({ body }) => body,
  },
];

const requestOf = ({ request }: Place) => `method: POST\n${request.startsWith('path') ? '' : 'path: /r\n'}${request}\n`;

for (const [name, create] of TRANSPORTS)
  describe(`over a real connection of ${name}`, () => {
    const arrived: Arrived[] = [];
    let server: Server;
    let transport: Transport;
    let url: string;

    before(async () => {
      server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          arrived.push({
            url: request.url ?? '',
            headers: request.rawHeaders,
            body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks)),
          });
          response.setHeader('content-type', 'application/json').end('{}');
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`; // a listening TCP server has an address of this kind
      transport = create({ connections: 1, guard: createGuard(['127.0.0.0/8']), maxResponse: 1_000_000 });
    });

    after(() => {
      transport.close();
      server.close();
    });

    /** The request of this row, or nothing where it was rejected. */
    async function deliverOne(bound: BoundDestination, v: unknown): Promise<Arrived | undefined> {
      arrived.length = 0;
      const { rejected } = await call(bound, {
        rows: [{ id: 1, v }],
        clock: realClock,
        send: (request, _, options) => transport.send(request, options),
      });
      assert.equal(arrived.length + rejected.length, 1);
      if (rejected[0] !== undefined) assert.match(rejected[0].reason, /^not sent: /);
      return arrived[0];
    }

    for (const place of PLACES) {
      it(`${place.name}: as it is, or not at all`, async () => {
        const bound = destinationOf(requestOf(place), { url });
        const usual = (await deliverOne(bound, 'x')) ?? assert.fail('nothing arrived');
        const shape = ({ url: own, headers }: Arrived) => [own.split('/').length, headers.filter((_, index) => index % 2 === 0)];
        let kept = 0;
        for (const written of VALUES) {
          const value = parseJson(written);
          const seen = await deliverOne(bound, value);
          const wanted = place.wanted(value);
          assert.deepEqual(seen && place.read(seen), wanted, `${place.name}: ${written.slice(0, 60)}`);
          if (seen === undefined) continue;
          kept++;
          assert.deepEqual(shape(seen), shape(usual), `${place.name}: ${written.slice(0, 60)}`);
        }
        assert.ok(kept > VALUES.length / 4, `${kept} values were sent`);
      });
    }

    it('names from data: as they are, or not at all', async () => {
      const table: [request: string, read: (arrived: Arrived) => unknown][] = [
        ['json: "{{ record.v }}"', ({ body }) => stringifyJson(parseJson(body))],
        ['json: { "...": "{{ record.v }}" }', ({ body }) => stringifyJson(parseJson(body))],
        ['form: { "...": "{{ record.v }}" }', ({ body }) => stringifyJson(Object.fromEntries(inBody(body)))],
        [
          'query: { "...": "{{ record.v }}" }',
          ({ url: own }) => stringifyJson(Object.fromEntries(inBody(own.slice(own.indexOf('?') + 1)))),
        ],
      ];
      for (const [request, read] of table) {
        const bound = destinationOf(`post: /r\n${request}`, { url });
        for (const written of VALUES.filter((each) => each.startsWith('"'))) {
          const name = JSON.parse(written) as string; // it begins with a quote
          const seen = await deliverOne(bound, Object.fromEntries([[name, '1']]));
          if (seen !== undefined) assert.equal(read(seen), stringifyJson(Object.fromEntries([[name, '1']])));
          else assert.ok(!name.isWellFormed(), written);
        }
      }
    });

    it('names of headers from data: only those that are names, and none of the connection’s own', async () => {
      const bound = destinationOf('post: /r\nheaders: "{{ record.v }}"', { url });
      for (const name of [
        '',
        ' ',
        'a b',
        'a:b',
        'x\r\nX-Evil',
        'é',
        'host',
        'Content-Length',
        'transfer-encoding',
        'connection',
        'x\0',
        '🙂',
        '__proto__',
        'upgrade',
      ]) {
        assert.equal(await deliverOne(bound, { [name]: '1' }), undefined, name);
      }
      const seen = await deliverOne(bound, { 'X-Own': 'a' });
      assert.ok(seen?.headers.some((name) => name.toLowerCase() === 'x-own'));
    });
  });

describe('whatever the text, in memory', () => {
  const odd = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom(...[...'"\\\n\r\t\0%./{}&=?#;:<> ~\u2028é'].map((each) => each.charCodeAt(0))),
    ),
    { maxLength: 8 },
  );
  const text = fc.oneof(
    odd.map((codes) => String.fromCharCode(...codes)),
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('..', '.', '/', '\\', '%2e', '%2f', '{{', '}}', '"', "'", '\\u0022', '\r\n', 'x', ':', 'é', '🙂'))
      .map((parts) => parts.join('')),
  );

  for (const place of PLACES) {
    it(`${place.name}: as it is, or not at all`, async () => {
      const bound = destinationOf(requestOf(place));
      const property = fc.asyncProperty(text, async (v) => {
        const { rejected, sent } = await call(bound, { rows: [{ id: 1, v }], send: () => json(200, {}) });
        assert.equal(rejected.length + sent.length, 1);
        const { request } = sent[0] ?? {};
        const seen = request && {
          url: request.url.slice('https://api.test'.length),
          headers: Object.entries(request.headers).flat(),
          body: String(request.body ?? ''),
        };
        assert.deepEqual(seen && place.read(seen), place.wanted(v));
        if (request === undefined) return;
        // What a URL parser makes of it is the same.
        assert.equal(new URL(request.url).href, request.url);
        assert.equal(new URL(request.url).origin, 'https://api.test');
      });
      await fc.assert(property, { numRuns: 1000 });
    });
  }
});
