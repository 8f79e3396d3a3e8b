/** Lookups: pages put together, failures that never look like short lists, answers that are kept, and who waits for whom. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFaults } from '../../src/destination/bind.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import { readManifest } from '../../src/manifest/read.ts';
import type { OutboundRequest, Reply } from '../../src/outbound/exchange.ts';
import { RPC_CODES, RpcError } from '../../src/rpc/method.ts';
import { type Answering, atWork, broken, call, destinationOf, hanging, json, people, text } from './calling.ts';

const SEND = 'post: /rows\njson: "{{ record }}"';

function indented(lines: string, by: number): string {
  return lines.replace(/^(?=.)/gm, ' '.repeat(by));
}

/** A destination whose fields are what the lookup `things` lists. @param lines of YAML: the lookup */
function listing(lines: string, parts: Parameters<typeof destinationOf>[1] = {}) {
  const top = `lookups:\n  things:\n${indented(lines, 4)}\nfields:\n  - { each: lookups.things, id: "{{ item.id }}" }\n${parts.top ?? ''}`;
  return destinationOf(SEND, { ...parts, top });
}

async function fieldsOf(work: ReturnType<typeof atWork>): Promise<string[]> {
  const { fields } = (await work.ask('list_fields')) as { fields: { id: string }[] }; // the protocol's own answer
  return fields.map(({ id }) => id);
}

const things = (...ids: unknown[]) => ids.map((id) => ({ id }));
const pathOf = ({ url }: OutboundRequest) => url.replace('https://api.test/v1', '');

/** A list of five in pages of two, by whatever the request says of where it is. */
function paged(from: number, more: (next: number) => Record<string, unknown>): Record<string, unknown> {
  return { items: things(...[1, 2, 3, 4, 5].slice(from, from + 2)), ...(from + 2 < 5 ? more(from + 2) : {}) };
}

const parameter = (request: OutboundRequest, name: string) => new URL(request.url).searchParams.get(name);
const bodyFrom = (request: OutboundRequest) => JSON.parse(String(request.body ?? '{}'));

describe('pages', () => {
  const cursor = (request: OutboundRequest) =>
    json(
      200,
      paged(Number(parameter(request, 'cursor') ?? 0), (next) => ({ next })),
    );
  const linked = (request: OutboundRequest, link: (next: number) => string) => {
    const from = Number(parameter(request, 'from') ?? 0);
    return json(
      200,
      paged(from, () => ({})),
      from + 2 < 5 ? { link: link(from + 2) } : { link: '</things?from=0>; rel="first"' },
    );
  };

  for (const [name, lookup, send, paths] of [
    [
      'by a cursor',
      'get: /things\nquery: { limit: 2, cursor: "" }\nlist: body.items\nnext: { cursor: "{{ body.next }}" }',
      cursor,
      ['/things?limit=2&cursor=', '/things?limit=2&cursor=2', '/things?limit=2&cursor=4'],
    ],
    [
      'by a cursor beside a constant',
      'get: /things\nlist: body.items\nnext: { cursor: "{{ body.next }}", limit: 2 }',
      cursor,
      ['/things', '/things?cursor=2&limit=2', '/things?cursor=4&limit=2'],
    ],
    [
      'by a cursor in brackets',
      'get: /things\nquery: { page: { size: 2 } }\nlist: body.items\nnext: { page: { after: "{{ body.next }}", size: 2 } }',
      (request: OutboundRequest) =>
        json(
          200,
          paged(Number(parameter(request, 'page[after]') ?? 0), (next) => ({ next })),
        ),
      ['/things?page%5Bsize%5D=2', '/things?page%5Bafter%5D=2&page%5Bsize%5D=2', '/things?page%5Bafter%5D=4&page%5Bsize%5D=2'],
    ],
    [
      'by two values, of which one may be missing',
      'get: /things\nlist: body.items\nnext: { shard: "{{ body.shard }}", key: "{{ body.key }}" }',
      (request: OutboundRequest) => {
        const page = [parameter(request, 'shard'), parameter(request, 'key')].join('/');
        return json(
          200,
          {
            '/': { items: things(1, 2), shard: 'a', key: 'b' },
            'a/b': { items: things(3, 4), shard: 'c', key: null },
            'c/': { items: things(5) },
          }[page],
        );
      },
      ['/things', '/things?shard=a&key=b', '/things?shard=c'],
    ],
    [
      'by number',
      'get: /things\nquery: { page: 1 }\nlist: body.items\nnext: { page: "{{ page | plus: 1 }}" }',
      (request: OutboundRequest) =>
        json(
          200,
          paged(2 * (Number(parameter(request, 'page')) - 1), () => ({})),
        ),
      ['/things?page=1', '/things?page=2', '/things?page=3', '/things?page=4'],
    ],
    [
      'by offset',
      'get: /things\nlist: body.items\nnext: { offset: "{{ count }}" }',
      (request: OutboundRequest) =>
        json(
          200,
          paged(Number(parameter(request, 'offset') ?? 0), () => ({})),
        ),
      ['/things', '/things?offset=2', '/things?offset=4', '/things?offset=5'],
    ],
    [
      'by number, as long as the answer says there are more',
      'get: /things\nlist: body.items\nnext: { page: "{% if body.more %}{{ page | plus: 1 }}{% endif %}" }',
      (request: OutboundRequest) =>
        json(
          200,
          paged(2 * (Number(parameter(request, 'page') ?? 1) - 1), () => ({ more: true })),
        ),
      ['/things', '/things?page=2', '/things?page=3'],
    ],
    [
      'by a whole URL',
      'get: /things\nlist: body.items\nnext: "{{ body.next }}"',
      (request: OutboundRequest) =>
        json(
          200,
          paged(Number(parameter(request, 'from') ?? 0), (next) => ({
            next: `https://api.test/v1/other?from=${next}&q=a%20b#x`,
          })),
        ),
      ['/things', '/other?from=2&q=a%20b', '/other?from=4&q=a%20b'],
    ],
    [
      'by a relative URL',
      'get: /things\nquery: { a: 1 }\nlist: body.items\nnext: "{{ body.paging.next }}"',
      (request: OutboundRequest) =>
        json(
          200,
          paged(Number(parameter(request, 'from') ?? 0), (next) => ({ paging: { next: `?from=${next}` } })),
        ),
      ['/things?a=1', '/things?from=2', '/things?from=4'],
    ],
    [
      'by a Link header',
      'get: /things\nlist: body.items\nnext: link',
      (request: OutboundRequest) =>
        linked(
          request,
          (next) => `<https://api.test/v1/things?from=0>; rel="first", <https://api.test/v1/things?from=${next}>; rel="next"`,
        ),
      ['/things', '/things?from=2', '/things?from=4'],
    ],
    [
      'by a Link header as few write it',
      'get: /things\nlist: body.items\nnext: link',
      (request: OutboundRequest) =>
        linked(
          request,
          (next) => `<things?from=1,000>;title="a, b; rel=next \\"<";rel=prev ,<things?from=${next}> ; REL = "last NEXT" ;type=x`,
        ),
      ['/things', '/things?from=2', '/things?from=4'],
    ],
    [
      'by a Link header whose rel is not quoted',
      'get: /things\nlist: body.items\nnext: link',
      (request: OutboundRequest) => linked(request, (next) => `</v1/things?from=${next}>; rel=next; rel=prev, </v1/x>; rel=last`),
      ['/things', '/things?from=2', '/things?from=4'],
    ],
  ] as const) {
    it(name, async () => {
      const work = atWork(listing(lookup), { send });
      assert.deepEqual(await fieldsOf(work), ['1', '2', '3', '4', '5']);
      assert.deepEqual(
        work.sent.map(({ request }) => pathOf(request)),
        paths,
      );
    });
  }

  it('by keys of a JSON body', async () => {
    const lookup =
      'post: /things/search\njson: { filter: { kind: a }, after: "", limit: 2 }\nlist: body.items\nnext: { json: { after: "{{ body.next }}", paging: { size: 2 } } }';
    const work = atWork(listing(lookup), {
      send: (request) =>
        json(
          200,
          paged(Number(bodyFrom(request).after || 0), (next) => ({ next })),
        ),
    });
    assert.deepEqual(await fieldsOf(work), ['1', '2', '3', '4', '5']);
    assert.deepEqual(
      work.sent.map(({ request }) => bodyFrom(request)),
      [
        { filter: { kind: 'a' }, after: '', limit: 2 },
        { filter: { kind: 'a' }, limit: 2, after: 2, paging: { size: 2 } },
        { filter: { kind: 'a' }, limit: 2, after: 4, paging: { size: 2 } },
      ],
    );
  });

  it('keep every digit of a cursor', async () => {
    const lookup = 'post: /things\njson: { since: 0 }\nlist: body.items\nnext: { json: { since: "{{ body.next }}" } }';
    const first = { ...json(200, {}), body: '{"items":[{"id":1}],"next":12345678901234567890}' };
    const work = atWork(listing(lookup), { send: (_, n) => (n === 0 ? first : json(200, { items: things(2) })) });
    assert.deepEqual(await fieldsOf(work), ['1', '2']);
    assert.equal(String(work.sent[1]?.request.body), '{"since":12345678901234567890}');
  });

  for (const [name, parts] of [
    ['a query', { connection: 'auth: { query: { api_key: "{{ settings.key }}" } }' }],
    ['a header', { connection: 'auth: { bearer: "{{ settings.key }}" }' }],
  ] as const) {
    it(`are asked for with the credentials of ${name}, which links leave out`, async () => {
      const bound = listing('get: /things\nlist: body.items\nnext: link', {
        ...parts,
        top: 'settings: { key: { secret: true } }',
        settings: { key: 'a+key' },
      });
      const work = atWork(bound, {
        send: (_, n) => json(200, { items: things(n) }, n === 0 ? { link: '</v1/things?from=2&api_key=x>; rel=next' } : {}),
      });
      assert.deepEqual(await fieldsOf(work), ['0', '1']);
      const [first, second] = work.sent;
      assert.ok(first !== undefined && second !== undefined);
      const query = name === 'a query';
      assert.equal(pathOf(second.request), `/things?from=2&api_key=${query ? 'a%2Bkey' : 'x'}`);
      assert.equal(second.request.headers.authorization, first.request.headers.authorization);
    });
  }

  for (const [name, next, answer, count] of [
    ['is missing', '{ cursor: "{{ body.next }}" }', { items: things(1) }, 1],
    ['is empty', '{ cursor: "{{ body.next }}" }', { items: things(1), next: '' }, 1],
    ['is null', '{ cursor: "{{ body.next }}" }', { items: things(1), next: null }, 1],
    ['repeats', '{ cursor: "{{ body.next }}" }', { items: things(1), next: 'same' }, 2],
    ['is counted and a page has no elements', '{ page: "{{ page | plus: 1 }}" }', { items: [] }, 1],
    ['is a URL that is missing', '"{{ body.next }}"', { items: things(1) }, 1],
    ['is a URL of blanks', '"{{ body.next }}"', { items: things(1), next: ' ' }, 1],
    ['is the URL that was just read', '"{{ body.next }}"', { items: things(1), next: '/v1/things' }, 1],
    ['is a link that is missing', 'link', { items: things(1) }, 1],
  ] as const) {
    it(`end where the next ${name}`, async () => {
      const work = atWork(listing(`get: /things\nlist: body.items\nnext: ${next}`), { send: () => json(200, answer) });
      await fieldsOf(work);
      assert.equal(work.sent.length, count);
    });
  }

  it('go on behind a page without elements that names another', async () => {
    const pages = [{ items: [], next: 'b' }, { items: things(7) }];
    const work = atWork(listing('get: /things\nlist: body.items\nnext: { cursor: "{{ body.next }}" }'), {
      send: (_, n) => json(200, pages[n]),
    });
    assert.deepEqual(await fieldsOf(work), ['7']);
  });

  it('end where an earlier page comes again', async () => {
    const next = ['a', 'b', 'a'];
    const work = atWork(listing('get: /things\nquery: { c: "" }\nlist: body.items\nnext: { c: "{{ body.next }}" }'), {
      send: (_, n) => json(200, { items: things(n), next: next[n] }),
    });
    assert.deepEqual(await fieldsOf(work), ['0', '1', '2']);
  });

  it('beyond the limit are an error, never a shorter list', async () => {
    const lookup = 'get: /things\nlist: body.items\nnext: { page: "{{ page | plus: 1 }}" }\npages: 3';
    const send: Answering['send'] = (_, n) => json(200, { items: things(n) });
    await refused(atWork(listing(lookup), { send }), /^The API could not be asked for things: the list has more than 3 pages$/);
    const enough = atWork(listing(lookup), { send: (_, n) => json(200, { items: n < 2 ? things(n) : [] }) });
    assert.deepEqual(await fieldsOf(enough), ['0', '1']);
  });

  it('of hundreds of thousands of elements', async () => {
    const many = Array.from({ length: 300_000 }, (_, id) => ({ id }));
    const bound = destinationOf('post: /rows\njson: { n: "{{ lookups.things | size }}" }', {
      top: 'lookups:\n  things: { get: /things, list: body }\n',
    });
    const { sent } = await call(bound, { rows: people('a'), send: () => json(200, many) });
    assert.equal(String(sent[1]?.request.body), '{"n":300000}');
  });

  for (const next of [
    'https://evil.test/v1/things',
    'http://api.test/v1/things',
    'https://api.test:8443/v1/things',
    '//evil.test/v1',
    '\\\\evil.test\\v1',
    'https://api.test@evil.test/',
    'https://user:password@api.test/v1/things',
    'https://api.test.evil.test/',
    'ftp://api.test/',
    'javascript:alert(1)',
    'https://[',
  ]) {
    it(`at ${next} are not asked for`, async () => {
      for (const [how, headers] of [
        ['"{{ body.next }}"', {}],
        ['link', { link: `<${next}>; rel=next` }],
      ] as const) {
        const work = atWork(listing(`get: /things\nlist: body.items\nnext: ${how}`), {
          send: () => json(200, { items: things(1), next }, headers),
        });
        await refused(
          work,
          /^The API could not be asked for things: the next page is said to be at another server, which is not asked$/,
        );
        assert.equal(work.sent.length, 1);
      }
    });
  }

  for (const [next, sentence] of [
    ['{ limit: 100 }', /Nothing here changes from page to page/],
    ['{ json: { after: "{{ body.next }}" } }', /has no JSON body whose keys could change/],
    ['{ cursor: "{{ record.id }}" }', /record/],
  ] as const) {
    it(`${next} is a fault`, () => assert.match(faultsOf(`get: /things\nlist: body.items\nnext: ${next}`), sentence));
  }

  it('of no list are a fault', () => assert.match(faultsOf('get: /things\nnext: link'), /Pages are parts of a list/));
});

async function refused(work: ReturnType<typeof atWork>, sentence: RegExp, method = 'list_fields'): Promise<void> {
  await assert.rejects(work.ask(method), (error) => {
    assert.ok(error instanceof RpcError);
    assert.equal(error.code, RPC_CODES.upstream);
    assert.match(error.message, sentence);
    return true;
  });
}

function faultsOf(lines: string, more = ''): string {
  const manifest = readManifest(
    'test',
    'test.yaml',
    `version: 1
name: Test
connection: { url: "https://api.test" }
lookups:
  things:
${indented(lines, 4)}
${more}fields: [{ each: lookups.things, id: "{{ item.id }}" }]
sync: { add: send }
requests: { send: { post: /rows, json: "{{ record }}" } }
`,
  );
  const compiled = isFaults(manifest) ? manifest : compileDestination(manifest);
  return isFaults(compiled) ? compiled.map((fault) => fault.message).join('\n') : '';
}

describe('what a lookup is', () => {
  const showing = (lookup: string, shown: string, top = '') =>
    destinationOf(`post: /rows\njson: { shown: "${shown}" }`, { top: `lookups:\n  things:\n${indented(lookup, 4)}\n${top}` });
  const first = async (bound: ReturnType<typeof destinationOf>, body: unknown) => {
    const { sent, rejected } = await call(bound, { rows: people('a'), send: (_, n) => json(200, n === 0 ? body : {}) });
    assert.deepEqual(rejected, []);
    return JSON.parse(String(sent[1]?.request.body ?? 'null')).shown;
  };

  it('without a list the whole body', async () => {
    assert.deepEqual(await first(showing('get: /me', '{{ lookups.things }}'), { id: 7, plan: 'a' }), { id: 7, plan: 'a' });
    assert.equal(await first(showing('get: /me', '{{ lookups.things.account.id }}'), { account: { id: 7 } }), 7);
  });

  it('of a map its entries', async () => {
    const bound = showing('get: /fields\nlist: body.fields', '{{ lookups.things }}');
    assert.deepEqual(await first(bound, { fields: { a: { type: 1 }, b: 2 } }), [
      { key: 'a', value: { type: 1 } },
      { key: 'b', value: 2 },
    ]);
  });

  it('a text, where it is read as one', async () => {
    const bound = showing('get: /me\nresponse: { parse: text }', '{{ lookups.things | strip }}');
    const { sent } = await call(bound, { rows: people('a'), send: (_, n) => (n === 0 ? text(200, ' pong\n') : json(200, {})) });
    assert.equal(String(sent[1]?.request.body), '{"shown":"pong"}');
  });

  it('asked with what the configuration says, encoded for its place', async () => {
    const bound = showing(
      'post: "/boards/{{ config.board }}/columns"\nquery: { m: "{{ mode }}", v: "{{ vars.v }}" }\njson: { b: "{{ config.board }}" }\nlist: body',
      '{{ lookups.things | size }}',
      'vars: { v: 2 }\nmodes: [{ id: m1, label: One }]\n',
    );
    const { sent } = await call(bound, {
      rows: people('a'),
      configuration: { board: 'a/b"c', mode: 'm1' },
      send: () => json(200, []),
    });
    const [asked] = sent;
    assert.ok(asked !== undefined);
    assert.equal(pathOf(asked.request), '/boards/a%2Fb%22c/columns?m=m1&v=2');
    assert.deepEqual(bodyFrom(asked.request), { b: 'a/b"c' });
  });

  it('made of others, each asked once', async () => {
    const bound = destinationOf('post: /rows\njson: { shown: "{{ lookups.columns }}", more: "{{ lookups.boards | size }}" }', {
      top: `lookups:
  columns: { get: "/boards/{{ lookups.boards[0].id }}/columns/{{ lookups.me.id }}", list: body }
  boards: { get: "/users/{{ lookups.me.id }}/boards", list: body }
  me: { get: /me }
  unused: { get: /unused }
`,
    });
    const answers: Record<string, unknown> = { '/me': { id: 7 }, '/users/7/boards': things('b'), '/boards/b/columns/7': [1, 2] };
    const { sent, rejected } = await call(bound, {
      rows: people('a', 'b'),
      send: (request) => json(200, answers[pathOf(request)] ?? {}),
    });
    assert.deepEqual(rejected, []);
    assert.deepEqual(
      sent.map(({ request }) => pathOf(request)),
      ['/me', '/users/7/boards', '/boards/b/columns/7', '/rows', '/rows'],
    );
    assert.equal(String(sent[3]?.request.body), '{"shown":[1,2],"more":1}');
  });

  for (const [name, lines, more] of [
    ['itself', 'get: "/x/{{ lookups.things.id }}"', ''],
    ['itself in its answer', 'get: /x\nlist: "body.items | where: \'a\', lookups.things"', ''],
    ['itself through another', 'get: "/x/{{ lookups.other.id }}"', '  other: { get: "/y/{{ lookups.things.id }}" }\n'],
    [
      'itself through two others',
      'get: "/x/{{ lookups.other.id }}"',
      '  other: { get: /y, list: "body | where: \'a\', lookups.third" }\n  third: { get: "/z/{{ lookups.things.id }}" }\n',
    ],
  ] as const) {
    it(`that reads ${name} is a fault`, () =>
      assert.match(faultsOf(lines, more), /"things" reads itself, directly or through others/));
  }

  it('that is not declared is a fault, and so is one that sees a row', () => {
    assert.match(
      faultsOf('get: "/x/{{ lookups.thing.id }}"'),
      /lookups\.thing is not declared\. There is things\. Did you mean "things"\?/,
    );
    assert.match(faultsOf('get: "/x/{{ row.id }}"'), /"row" is not seen here: a lookup asks once for all rows/);
    assert.match(faultsOf('get: /x\nquery: { a: "{{ config.message | liquid }}" }'), /sees none/);
  });
});

describe('a lookup that fails', () => {
  const LIST = 'get: /things\nlist: body.items';

  for (const [name, send, sentence, times] of [
    [
      'no list where it should be',
      () => json(200, { data: [] }),
      /HTTP 200, but there is no list where the manifest says \(list\)$/,
      1,
    ],
    ['a text for the list', () => json(200, { items: 'none' }), /there is no list/, 1],
    ['null for the list', () => json(200, { items: null }), /there is no list/, 1],
    [
      'a page of HTML',
      () => text(200, '<html>', { 'content-type': 'text/html' }),
      /HTTP 200, but the answer is text\/html, not JSON$/,
      1,
    ],
    ['half an answer', () => ({ ...json(200, {}), body: '{"items": [{"id"' }), /HTTP 200, but the answer is not JSON/, 1],
    ['nothing', () => text(200, ''), /HTTP 200, but the answer is empty$/, 1],
    ['no content', () => text(204, ''), /there is no list/, 1],
    ['a redirect', () => text(302, '', { location: 'https://evil.test/' }), /redirect, which is not followed$/, 1],
    ['a refusal', () => json(403, { message: 'scope is missing' }), /: HTTP 403: scope is missing$/, 1],
    ['a 404', () => json(404, {}), /: HTTP 404: /, 1],
    ['failures again and again', () => json(500, { error: 'oops' }), /: HTTP 500: oops/, 3],
    [
      'a limit that outlasts the call',
      () => text(429, '', { 'retry-after': '60' }),
      /the API asks to wait 60 s, longer than this call has left/,
      1,
    ],
    ['a broken connection', () => broken('ECONNRESET'), /It broke \(ECONNRESET\)/, 3],
    ['a certificate that is not right', () => broken('CERT_HAS_EXPIRED', 'refused'), /It broke \(CERT_HAS_EXPIRED\)/, 1],
  ] as const) {
    it(`for ${name}`, async () => {
      const work = atWork(listing(LIST), { send });
      await refused(work, /^The API could not be asked for things: /);
      const asked = work.sent.length;
      assert.equal(asked, times);
      // Until then nothing is asked of an API that asks to wait.
      await work.clock.wait(60_000, new AbortController().signal);
      await refused(work, sentence);
      assert.equal(work.sent.length, 2 * asked, 'a failing answer was kept');
    });
  }

  it('is tried again, and its second answer is a good one', async () => {
    for (const [first, wait] of [
      [json(503, {}, { 'retry-after': '2' }), 2000],
      [json(429, {}, { 'retry-after': '3' }), 3000],
      [broken('ECONNREFUSED', 'before', false), 0],
    ] as const) {
      const work = atWork(listing(LIST), { send: (_, n): Reply => (n === 0 ? first : json(200, { items: things(1) })) });
      assert.deepEqual(await fieldsOf(work), ['1']);
      assert.ok((work.sent[1]?.at ?? 0) >= wait);
    }
  });

  it('on a later page gives no shorter list', async () => {
    const work = atWork(listing(`${LIST}\nnext: { c: "{{ body.next }}" }`), {
      send: (_, n) => (n === 0 ? json(200, { items: things(1), next: 'a' }) : json(400, { message: 'bad cursor' })),
    });
    await refused(work, /HTTP 400: bad cursor$/);
  });

  it('as the manifest says, with its reason', async () => {
    const lookup = `${LIST}\nresponse: { ok: body.ok, reason: "It says {{ body.error }}", rules: [{ if: status == 404, then: reject, reason: there are none }] }`;
    const send = (status: number, body: unknown) => atWork(listing(lookup), { send: () => json(status, body) });
    await refused(send(200, { ok: false, error: 'no_auth', items: [] }), /things: It says no_auth$/);
    await refused(send(200, { items: [] }), /things: It says$/);
    await refused(send(404, {}), /things: there are none$/);
    assert.deepEqual(await fieldsOf(send(200, { ok: true, items: things(1) })), ['1']);
  });

  it('for not answering at all ends with the deadline, and is asked anew afterwards', async () => {
    let hangs = true;
    const work = atWork(listing(LIST), {
      send: () => (hangs ? hanging() : json(200, { items: things(1) })),
      deadline: 5000,
    });
    await refused(work, /no answer came in time: the deadline of the call had come$/);
    assert.ok(work.clock.elapsed() < 5000, `${work.clock.elapsed()} ms`);
    hangs = false;
    await work.clock.wait(1, new AbortController().signal);
    assert.deepEqual(await fieldsOf(work), ['1']);
  });

  it('rejects all rows with its reason, and nothing is sent', async () => {
    const bound = destinationOf('post: /rows\njson: { a: "{{ lookups.me.id }}" }', { top: 'lookups: { me: { get: /me } }' });
    const { reasons, sent } = await call(bound, { rows: people('a', 'b'), send: () => json(401, { message: 'who are you' }) });
    const reason = 'not attempted: The API could not be asked for me: HTTP 401: who are you';
    assert.deepEqual(reasons, { 1: reason, 2: reason });
    assert.deepEqual(
      sent.map(({ request }) => request.method),
      ['GET'],
    );
  });

  it('before its templates can be rendered sends nothing', async () => {
    const work = atWork(listing('get: "/boards/{{ object }}/things"\nlist: body'));
    await refused(work, /things: a part of the path is empty$/);
    assert.equal(work.sent.length, 0);
  });
});

describe('the deadline of a call', () => {
  const bound = destinationOf('post: /rows\njson: { a: "{{ lookups.second.id }}" }', {
    top: `lookups:
  modes: { get: /modes, list: body, timeout: 60s }
  first: { get: /first, timeout: 60s }
  second: { get: "/second/{{ lookups.first.id }}", timeout: 60s }
modes: [{ each: lookups.modes, id: "{{ item }}" }]
`,
  });
  const slow = (milliseconds: Record<string, number>): { work: ReturnType<typeof atWork> } => {
    const work: ReturnType<typeof atWork> = atWork(bound, {
      deadline: 10_000,
      send: async (request) => {
        const [, name = ''] = /v1\/(\w+)/.exec(request.url) ?? [];
        await work.clock.wait(milliseconds[name] ?? 0, new AbortController().signal);
        return json(200, name === 'modes' ? ['m'] : { id: 1 });
      },
    });
    return { work };
  };
  const add = { idColumn: 'id', configuration: { mode: 'm' }, rows: people('a') };

  it('counts what lookups take, each of them and the rows together', async () => {
    const { work } = slow({ modes: 3000, first: 3000, second: 3000, rows: 3000 });
    const result = await work.ask('add', add);
    assert.ok(work.clock.elapsed() < 10_000, `${work.clock.elapsed()} ms`);
    assert.deepEqual(result, {
      rejectedRows: [{ id: 1, reason: 'outcome unknown: the deadline of the call came before the answer' }],
    });
  });

  it('ends lookups one after the other', async () => {
    const { work } = slow({ modes: 4000, first: 4000, second: 4000 });
    const result = await work.ask('add', add);
    assert.ok(work.clock.elapsed() < 10_000, `${work.clock.elapsed()} ms`);
    const reason =
      'not attempted: The API could not be asked for second: no answer came in time: the deadline of the call had come';
    assert.deepEqual(result, { rejectedRows: [{ id: 1, reason }] });
    assert.equal(work.sent.length, 3);
  });

  it('is enough where all of them are fast', async () => {
    const { work } = slow({ modes: 2000, first: 2000, second: 2000, rows: 2000 });
    assert.deepEqual(await work.ask('add', add), { rejectedRows: [] });
  });
});

describe('kept answers', () => {
  const wait = (work: ReturnType<typeof atWork>, milliseconds: number) =>
    work.clock.wait(milliseconds, new AbortController().signal);
  const rows = (bound: ReturnType<typeof destinationOf>, answering: Answering = {}) => {
    const work = atWork(bound, {
      send: (request) => json(200, request.method === 'GET' ? { id: work.sent.length, items: [] } : {}),
      ...answering,
    });
    const gets = () => work.sent.filter(({ request }) => request.method === 'GET').length;
    const add = async (configuration: Record<string, unknown> = {}) => {
      assert.deepEqual(await work.ask('add', { idColumn: 'id', configuration, rows: people('a') }), { rejectedRows: [] });
      return gets();
    };
    return { work, gets, add };
  };
  const cached = (cache: string) =>
    destinationOf('post: /rows\njson: { a: "{{ lookups.me.id }}" }', { top: `lookups: { me: { get: /me${cache} } }` });

  for (const [cache, age] of [
    ['', 60_000],
    [', cache: 5m', 300_000],
    [', cache: 2s', 2000],
  ] as const) {
    it(`serve rows for ${age / 1000} s${cache === '' ? ' unless the manifest says otherwise' : ''}`, async () => {
      const { work, add } = rows(cached(cache));
      assert.equal(await add(), 1);
      await wait(work, age - 10);
      assert.equal(await add(), 1);
      await wait(work, 20);
      assert.equal(await add(), 2);
    });
  }

  it('never serve the form when they are older than 10 s', async () => {
    const work = atWork(listing('get: /things\nlist: body.items\ncache: 5m'), {
      send: () => json(200, { items: things(work.sent.length) }),
    });
    assert.deepEqual(await fieldsOf(work), ['1']);
    await wait(work, 9_990);
    assert.deepEqual(await fieldsOf(work), ['1']);
    await wait(work, 20);
    assert.deepEqual(await fieldsOf(work), ['2']);
    await wait(work, 10_020);
    await work.ask('validate', { configuration: {} });
    assert.equal(work.sent.length, 3);
  });

  it('of the form serve rows, and those of rows the form', async () => {
    const bound = destinationOf('post: /rows\njson: { a: "{{ lookups.things | size }}" }', {
      top: 'lookups: { things: { get: /things, list: body.items, cache: 5m } }\nfields: [{ each: lookups.things, id: "{{ item.id }}" }]',
    });
    const { work, gets, add } = rows(bound);
    await work.ask('list_fields');
    await wait(work, 60_000);
    assert.equal(await add(), 1);
    await work.ask('list_fields');
    assert.equal(gets(), 2);
    await add();
    assert.equal(gets(), 2);
  });

  it('are fetched once for all that wait', async () => {
    const bound = destinationOf('post: /rows\njson: { a: "{{ lookups.things | size }}" }', {
      top: 'lookups: { things: { get: /things, list: body.items } }\nfields: [{ each: lookups.things, id: "{{ item.id }}" }]',
    });
    const { work, gets, add } = rows(bound, {
      send: async (request) => {
        await wait(work, 1000);
        return json(200, request.method === 'GET' ? { items: things(1) } : {});
      },
    });
    await Promise.all([...Array.from({ length: 50 }, () => add()), ...Array.from({ length: 50 }, () => work.ask('list_fields'))]);
    assert.equal(gets(), 1);
  });

  it('that fail for one fail for all that wait, and for nobody later', async () => {
    const work = atWork(listing('get: /things\nlist: body.items'), {
      send: async (_, n) => {
        await wait(work, 1000);
        return n === 0 ? json(403, {}) : json(200, { items: things(1) });
      },
    });
    const ends = await Promise.allSettled(Array.from({ length: 10 }, () => fieldsOf(work)));
    assert.deepEqual(new Set(ends.map(({ status }) => status)), new Set(['rejected']));
    assert.deepEqual(await fieldsOf(work), ['1']);
    assert.equal(work.sent.length, 2);
  });

  it('are not waited for by the form where they were asked for long ago', async () => {
    let slow = true;
    const work = atWork(listing('get: /things\nlist: body.items\ntimeout: 60s'), {
      send: async (_, n) => {
        if (slow) await wait(work, 20_000);
        return json(200, { items: things(n) });
      },
    });
    const first = fieldsOf(work);
    await wait(work, 9000);
    const second = fieldsOf(work);
    await wait(work, 2000);
    slow = false;
    assert.deepEqual(await fieldsOf(work), ['1']);
    assert.deepEqual([await first, await second], [['0'], ['0']]);
    assert.deepEqual(await fieldsOf(work), ['1'], 'the older answer took the place of the newer');
  });

  it('are kept by what is asked', async () => {
    const bound = destinationOf('post: /rows\njson: { a: "{{ lookups.board.id }}" }', {
      top: 'lookups: { board: { get: "/boards/{{ config.board }}" } }',
    });
    const { add } = rows(bound);
    assert.equal(await add({ board: 'a' }), 1);
    assert.equal(await add({ board: 'b' }), 2);
    assert.equal(await add({ board: 'a', more: 1 }), 2);
  });

  it('are kept by how the answer is read too', async () => {
    const bound = destinationOf('post: /rows\njson: { a: "{{ lookups.things }}" }', {
      top: 'lookups: { things: { get: /all, list: "body[config.kind]" } }',
    });
    const work = atWork(bound, { send: (request) => json(200, request.method === 'GET' ? { a: [1], b: [2] } : {}) });
    for (const kind of ['a', 'b', 'a']) await work.ask('add', { idColumn: 'id', configuration: { kind }, rows: people('x') });
    assert.deepEqual(
      work.sent.flatMap(({ request }) => request.body?.toString() ?? []),
      ['{"a":[1]}', '{"a":[2]}', '{"a":[1]}'],
    );
    assert.equal(work.sent.length, 5);
  });

  it('are not more than 200: the one kept for the longest goes first', async () => {
    const bound = destinationOf('post: /rows\njson: { a: "{{ lookups.board.id }}" }', {
      top: 'lookups: { board: { get: "/boards/{{ config.board }}", cache: 10m } }',
    });
    const { add } = rows(bound);
    for (let board = 0; board < 201; board++) await add({ board });
    assert.equal(await add({ board: 200 }), 201);
    assert.equal(await add({ board: 1 }), 201);
    assert.equal(await add({ board: 0 }), 202);
  });
});

describe('only what is read is asked for', () => {
  const bound = destinationOf(
    `post: /rows
json: { a: "{{ lookups.body.id }}" }
rules: [{ if: "lookups.rule.id == record.none", then: reject, reason: none }]
response: { reason: "{{ lookups.reason.id }}" }`,
    {
      top: `lookups:
  objects: { get: /objects, list: body }
  modes: { get: /modes, list: body }
  fields: { get: /fields, list: body }
  options: { get: /options, list: body }
  validate: { get: /validate }
  body: { get: /body }
  rule: { get: /rule }
  reason: { get: /reason }
  nobody: { get: /nobody }
objects: [{ each: lookups.objects, id: "{{ item.id }}" }]
modes: [{ each: lookups.modes, if: item.id != "off", id: "{{ item.id }}", label: "{{ item.name }}" }]
fields: [{ each: lookups.fields, id: "{{ item.id }}", required: "{{ item.must }}" }]
options: { schema: { type: object, properties: { o: { type: string, enum: "{{ lookups.options | map: 'id' }}" } } } }
validate: [{ if: lookups.validate.strict and config.o == "a", error: "not {{ config.o }}" }]
`,
    },
  );
  const answers: Record<string, unknown> = {
    '/objects': things('o1'),
    '/modes': [{ id: 'm1', name: 'One' }, { id: 'off' }, { id: 'm1', name: 'Again' }],
    '/fields': [{ id: 'f', must: true }, { id: 'g' }],
    '/options': things('a', 'b', 'a'),
    '/validate': { strict: true },
  };
  const chosen = { object: 'o1', mode: 'm1' };

  for (const [method, params, result, asked] of [
    ['list_objects', undefined, { objects: [{ id: 'o1', label: 'o1' }] }, ['/objects']],
    ['list_modes', { object: 'o1' }, { modes: [{ id: 'm1', label: 'One' }] }, ['/objects', '/modes']],
    [
      'list_fields',
      chosen,
      {
        fields: [
          { id: 'f', label: 'f', type: 'STRING', required: true, identifier: false },
          { id: 'g', label: 'g', type: 'STRING', required: false, identifier: false },
        ],
      },
      ['/objects', '/modes', '/fields'],
    ],
    [
      'list_options',
      chosen,
      {
        options: {
          schema: { type: 'object', properties: { o: { type: 'string', enum: ['a', 'b', 'a'] } } },
          uiSchema: {},
        },
      },
      ['/objects', '/modes', '/options'],
    ],
    [
      'validate',
      { configuration: { ...chosen, o: 'a', mappings: [{ from: 'x', to: 'f' }] } },
      { errors: ['not a'] },
      ['/objects', '/modes', '/fields', '/options', '/validate'],
    ],
    [
      'validate',
      { configuration: { ...chosen, o: 'c', mappings: [{ from: 'x', to: 'g' }] } },
      { errors: ['The required field "f" is not mapped.', 'The option "o" must be one of a, b.'] },
      ['/objects', '/modes', '/fields', '/options', '/validate'],
    ],
    ['behavior', undefined, { batchSize: 100, operations: { add: true, change: true, remove: true }, skipInitialRun: false }, []],
    [
      'add',
      { idColumn: 'id', configuration: chosen, rows: people('a') },
      { rejectedRows: [] },
      ['/objects', '/modes', '/body', '/reason', '/rows', '/rule'],
    ],
    [
      'add',
      { idColumn: 'id', configuration: { ...chosen, mode: 'off' }, rows: people('a') },
      { rejectedRows: [{ id: 1, reason: 'There is no mode "off". There is m1.' }] },
      ['/objects', '/modes'],
    ],
  ] as const) {
    it(`by ${method} ${JSON.stringify(params ?? {}).slice(0, 80)}`, async () => {
      const work = atWork(bound, { send: (request) => json(200, answers[pathOf(request)] ?? { id: 1 }) });
      assert.deepEqual(await work.ask(method, params), result);
      const paths = work.sent.map(({ request }) => pathOf(request));
      assert.deepEqual([...new Set(paths)].sort(), [...asked].sort());
      assert.equal(paths.length, asked.length, 'asked twice');
    });
  }
});

describe('options that the API lists', () => {
  const options = (list: unknown, schema = 'enum: "{{ lookups.things }}"') =>
    atWork(
      destinationOf(SEND, {
        top: `lookups: { things: { get: /things, list: body } }
options: { schema: { type: object, properties: { o: { title: Thing, ${schema} } } } }`,
      }),
      { send: () => json(200, list) },
    );

  for (const [name, list, value, errors] of [
    ['none', [], undefined, ['There is nothing to choose from for the option "Thing" yet.']],
    ['none, and one was chosen', [], 'a', ['There is nothing to choose from for the option "Thing" yet.']],
    ['one twice', ['a', 'a'], 'a', []],
    ['numbers', [1, 2], 2, []],
    ['another', ['a'], 'b', ['The option "Thing" must be one of a.']],
  ] as const) {
    it(name, async () => {
      assert.deepEqual(await options(list).ask('validate', { configuration: { o: value } }), { errors });
    });
  }

  it('are an error of the form where they make no schema', async () => {
    const { errors } = (await options(['a'], 'pattern: "{{ lookups.things | first | append: \'(\' }}"').ask('validate', {
      configuration: { o: 'a' },
    })) as { errors: string[] }; // the protocol's own answer
    assert.match(errors.join('\n'), /^The options of this destination are no JSON Schema: /);
  });
});

describe('how much is read and kept', () => {
  const long = (count: number) => json(200, { items: things(...Array.from({ length: count }, (_, index) => index)) });

  it('fails where the pages together are larger than what may be read', async () => {
    const lookup = 'get: /things\nquery: { page: 1 }\nlist: body.items\nnext: { page: "{{ page | plus: 1 }}" }';
    const work = atWork(listing(lookup), { send: () => long(10), largest: 1000 });
    await assert.rejects(work.ask('list_fields'), {
      name: 'RpcError',
      message: 'The API could not be asked for things: its pages hold more than 1000 characters together (ROWPOST_MAX_LOOKUP)',
    });
    assert.ok(work.sent.length < 20);
  });

  it('keeps no more than two of the largest answers', async () => {
    const bound = destinationOf(SEND, {
      top: 'lookups:\n  things: { get: "/{{ object }}", list: body.items, cache: 10m }\nfields:\n  - { each: lookups.things, id: "{{ item.id }}" }\nobjects: [{ id: a }, { id: b }, { id: c }, { id: d }]\n',
    });
    const work = atWork(bound, { send: () => long(80), largest: 1000 });
    const ask = (object: string) => work.ask('list_fields', { object });
    for (const object of ['a', 'b', 'a', 'b', 'c', 'c', 'b', 'a']) await ask(object);
    assert.deepEqual(
      work.sent.map(({ request }) => pathOf(request)),
      ['/a', '/b', '/c', '/a'],
    );
  });
});
