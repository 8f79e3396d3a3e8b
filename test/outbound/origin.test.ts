/** Whatever rows, configuration and settings hold, and whatever the manifest: a request goes to the origin, the path and the parameters that were written. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { realClock } from '../../src/commands/real-world.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import type { Transport } from '../../src/outbound/transport.ts';
import { call, destinationOf, type Row } from '../delivery/calling.ts';
import { type Listeners, listeners, type Watched, watchConnections } from './listeners.ts';
import { http, type RawServer, rawServer } from './raw-server.ts';
import { TRANSPORTS } from './transports.ts';

/** `ORIGINS=5000 node test/run.js test/outbound/origin.test.ts` is the long form, in manifests; SEED repeats a run. */
const MANIFESTS = Number(process.env.ORIGINS ?? 60);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Rows of the one call of each manifest. */
const ROWS = 6;

/** Literal text between templates, as in the manifest; what it stands in is at least one piece. */
type Piece = { readonly literal: string } | { readonly template: string };

interface Written {
  readonly base: readonly string[];
  readonly method: string;
  readonly path: readonly (readonly Piece[])[];
  readonly query: Readonly<Record<string, readonly Piece[]>>;
  readonly headers: Readonly<Record<string, readonly Piece[]>>;
}

const literal = fc.stringMatching(/^[a-z0-9_~-]{1,6}$/).map((text) => ({ literal: text }));
const template = fc
  .constantFrom(
    'row.v',
    'record.w',
    'config.c',
    'settings.s',
    'row.v | append: row.w',
    'row.w | upcase',
    'config.c | default: row.v',
  )
  .map((expression) => ({ template: `{{ ${expression} }}` }));
const pieces = fc.oneof(
  fc.tuple(literal),
  fc.tuple(template),
  fc.tuple(literal, template),
  fc.tuple(template, literal),
  fc.tuple(template, literal, template),
  fc.tuple(literal, template, literal),
);
/** Segments whose values stand as they are. */
const unescaped = fc
  .constantFrom('raw', 'uri')
  .chain((filter) =>
    pieces.map((all) =>
      all.map((piece) => ('literal' in piece ? piece : { template: piece.template.replace(' }}', ` | ${filter} }}`) })),
    ),
  );
const names = (...all: string[]) => fc.dictionary(fc.constantFrom(...all), pieces, { maxKeys: 3, noNullPrototype: true });

const written: fc.Arbitrary<Written> = fc.record({
  base: fc.array(fc.constantFrom('v1', 'api', 'a.b', 'x~y'), { maxLength: 2 }),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  path: fc.array(fc.oneof({ weight: 4, arbitrary: pieces }, { weight: 1, arbitrary: unescaped }), { minLength: 1, maxLength: 4 }),
  query: names('q', 'page', 'filter', 'host', 'a.b', 'x-y'),
  headers: names('X-One', 'X-Forwarded-Host', 'Authorization', 'Origin', 'If-Match', 'Accept'),
});

/** What leads elsewhere if it is taken for more than a value; `PORT` is that of the listeners that must not be reached. */
const ELSEWHERE = [
  ...['http://127.0.0.1:PORT/', 'https://127.0.0.1:PORT/', '//127.0.0.1:PORT/', '\\\\127.0.0.1:PORT\\', '/\\127.0.0.1:PORT'],
  ...[
    '@127.0.0.1:PORT',
    '@127.0.0.1:PORT/',
    ':x@127.0.0.1:PORT/',
    '.127.0.0.1:PORT',
    ':PORT',
    ':PORT/',
    '127.0.0.1:PORT',
    '#@127.0.0.1:PORT',
  ],
  ...[
    '\r\nHost: 127.0.0.1:PORT',
    '\nHost: 127.0.0.1:PORT\r\n\r\n',
    ' HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\nGET / HTTP/1.1\r\nX: ',
  ],
  ...[
    '\r\n\r\nPOST /evil HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n',
    '0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n',
    '\r\nContent-Length: 0\r\n\r\n',
  ],
  ...[
    '../',
    '..',
    '.',
    '/',
    '/..',
    '../..',
    '..\\..',
    '..;/',
    '%2e%2e',
    '%2e%2e%2f',
    '..%2f..',
    '..%5c',
    '%252e%252e',
    '%00',
    '%',
    '%zz',
  ],
  ...['?', '?a=1', '&a=1', '&q=2', 'a=b&c', ';x=1', '#', '#/', '?#', '=', '+', '[]', '[a]', 'a[b]=c', '%26q=1', '%23', '%3f'],
  ...[
    'a b',
    'a\\b',
    '{{ settings.s }}',
    '{{ config.url }}',
    '{% raw %}',
    '\0',
    '\t',
    '\u2028',
    '\ud800',
    '\ufeff',
    'é',
    'Ā',
    '\uff0f',
    '\u2024\u2024',
    ' ',
    '',
  ],
];

interface Values {
  readonly rows: readonly Row[];
  readonly c: unknown;
  readonly s: string;
}

const valuesFor = (port: number): fc.Arbitrary<Values> => {
  const hostile = fc.constantFrom(...ELSEWHERE).map((text) => text.replaceAll('PORT', String(port)));
  const text = fc.oneof(
    { weight: 4, arbitrary: hostile },
    { weight: 2, arbitrary: fc.array(hostile, { maxLength: 3 }).map((all) => all.join('')) },
    { weight: 2, arbitrary: fc.stringMatching(/^[a-z0-9]{1,5}$/) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  );
  const value = fc.oneof(
    { weight: 8, arbitrary: text },
    {
      weight: 2,
      arbitrary: fc.oneof(
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(text, { maxLength: 2 }),
        fc.dictionary(text, text, { maxKeys: 2 }),
      ),
    },
  );
  const row = fc.record({ v: value, w: value });
  const rows = fc.array(row, { minLength: ROWS, maxLength: ROWS }).map((all) => all.map((one, id) => ({ id, ...one })));
  return fc.record({ rows, c: value, s: text });
};

/** What chance may miss: values that only a segment's own checks stop. */
const UNESCAPED: Written = {
  base: ['v1'],
  method: 'DELETE',
  path: [[{ literal: 'lists' }], [{ literal: 'x' }, { template: '{{ row.v | raw }}' }], [{ literal: 'members' }]],
  query: {},
  headers: {},
};
const UNESCAPED_VALUES: Values = {
  rows: ['a', 'a/b', 'a\\b', 'a b', '#', '?', '/..', '%2f..', 'é', '\t'].map((v, id) => ({ id, v })),
  c: '',
  s: '',
};

const textOf = (all: readonly Piece[]): string =>
  all.map((piece) => ('literal' in piece ? piece.literal : piece.template)).join('');
const mapOf = (map: Written['query']): string =>
  JSON.stringify(Object.fromEntries(Object.entries(map).map(([name, all]) => [name, textOf(all)])));

function manifestOf({ method, path, query, headers }: Written): string {
  const segments = path.map((segment) => `/${textOf(segment)}`).join('');
  return `method: ${method}\npath: ${JSON.stringify(segments)}\nquery: ${mapOf(query)}\nheaders: ${mapOf(headers)}\nretry: { attempts: 1 }`;
}

/** What a segment of these pieces must look like: a value is anything that is no more than one segment, and not nothing. */
function patternOf(all: readonly Piece[]): RegExp {
  const value = "(?:[A-Za-z0-9_.~!'()*-]|%[0-9A-F]{2})*";
  // RFC 3986 section 3.3: what else may stand in a segment as it is.
  const raw = "(?:[A-Za-z0-9_.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}|[[\\]^|])*";
  const patternIn = (piece: Piece) => ('literal' in piece ? piece.literal : piece.template.includes('| raw') ? raw : value);
  return new RegExp(`^${all.map(patternIn).join('')}$`);
}

/** Holds a request, as it arrived, against what was written. */
function check(request: string, { base, method, path, query, headers }: Written, port: number): void {
  const [head = '', body, ...more] = request.split('\r\n\r\n');
  assert.deepEqual([body, more], ['', []], 'nothing behind the head');
  const [line = '', ...lines] = head.split('\r\n');
  const [, sentMethod, sentPath = '', , sentQuery] =
    /^([A-Z]+) (\/[^?# ]*)(\?([^# ]*))? HTTP\/1\.1$/.exec(line) ?? assert.fail(line);
  assert.equal(sentMethod, method);
  const segments = sentPath.slice(1).split('/');
  assert.equal(segments.length, base.length + path.length, line);
  assert.deepEqual(segments.slice(0, base.length), base);
  for (const [place, segment] of segments.slice(base.length).entries()) {
    assert.match(segment, patternOf(path[place] ?? []), line);
    assert.doesNotMatch(decodeURIComponent(segment), /^$|^(?:.*[/\\])?\.\.?(?:[/\\].*)?$/s, line);
  }
  // Lists and maps name themselves below the name that was written.
  const roots = (sentQuery ?? '').split('&').map((pair) => /^[^=%[]*/.exec(pair)?.[0] ?? '');
  if (sentQuery !== undefined) for (const root of roots) assert.ok(Object.hasOwn(query, root), line);
  const sentNames = lines.map((one) => one.slice(0, one.indexOf(':')).toLowerCase()).sort();
  const own = ['host', 'user-agent', 'accept', 'accept-encoding', 'connection'];
  const length = sentNames.includes('content-length') ? ['content-length'] : [];
  const wanted = new Set([...own, ...length, ...Object.keys(headers).map((name) => name.toLowerCase())]);
  assert.deepEqual(sentNames, [...wanted].sort());
  assert.deepEqual(
    lines
      .filter((one) => /^(?:host|content-length):/i.test(one))
      .map((one) => one.toLowerCase())
      .sort(),
    [...length.map(() => 'content-length: 0'), `host: 127.0.0.1:${port}`],
  );
}

for (const [name, create] of TRANSPORTS)
  describe(`${name}: the origin, the path and the parameters that were written`, () => {
    const arrived: string[] = [];
    let api: RawServer;
    let forbidden: Listeners;
    let watched: Watched;
    let transport: Transport;
    before(async () => {
      watched = watchConnections();
      forbidden = await listeners(['127.0.0.1', '127.0.0.2', '::1']);
      api = await rawServer((socket, request) => {
        arrived.push(request);
        socket.write(http('200 OK', { 'content-length': 0 }));
      });
      // The guard is not what stops these: all of this machine may be called.
      transport = create({ connections: 4, guard: createGuard(['127.0.0.0/8', '::1']), maxResponse: 1000 });
    });
    after(async () => {
      watched.stop();
      transport.close();
      forbidden.close();
      await api.close();
    });

    it(`${MANIFESTS} manifests, ${ROWS} rows each: nothing goes anywhere else`, { timeout: 900_000 }, async (t) => {
      let [requests, rejections] = [0, 0];
      const property = fc.asyncProperty(written, valuesFor(forbidden.port), async (one, { rows, c, s }) => {
        arrived.length = 0;
        const url = `${api.url}${one.base.map((segment) => `/${segment}`).join('')}`;
        const bound = destinationOf(manifestOf(one), { url, top: 'settings: { s: { default: "" } }', settings: { s } });
        const { rejected, sent, bugs } = await call(bound, {
          rows,
          configuration: { c, url: `http://127.0.0.1:${forbidden.port}/` },
          clock: realClock,
          send: (request, _, options) => transport.send(request, options),
        });
        const planned = sent.map(({ request }) => request.url.slice(api.url.length));
        const targets = arrived.map((request) => request.split(' ', 2)[1] ?? '');
        assert.deepEqual(targets.sort(), planned.sort(), 'no client reads the URL otherwise');
        assert.deepEqual(bugs, []);
        assert.equal(arrived.length + rejected.length, rows.length, 'one request for each row that was not rejected');
        for (const { reason } of rejected) assert.match(reason, /^not sent: /);
        for (const request of arrived) check(request, one, api.port);
        requests += arrived.length;
        rejections += rejected.length;
      });
      await fc.assert(property, {
        numRuns: MANIFESTS,
        seed: SEED,
        includeErrorInReport: true,
        examples: [[UNESCAPED, UNESCAPED_VALUES]],
      });
      assert.equal(forbidden.total(), 0);
      assert.deepEqual(
        watched.tried.filter((to) => to !== `127.0.0.1:${api.port}`),
        [],
      );
      assert.ok(requests > MANIFESTS && rejections > MANIFESTS / 10, `${requests} sent, ${rejections} rejected`);
      t.diagnostic(
        `${MANIFESTS} manifests: ${requests} requests arrived as written, ${rejections} rows were rejected, ${forbidden.total()} connections to other listeners; SEED=${SEED}`,
      );
    });
  });
