/** Flows: rows go through steps together, and what one step is answered is seen by the next. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../../src/cases/virtual-clock.ts';
import type { OutboundRequest } from '../../src/outbound/exchange.ts';
import { type Answering, atWork, BEGIN, bodyOf, boundOf, broken, call, hanging, json, people, type Row } from './calling.ts';

type Send = NonNullable<Answering['send']>;

/** @param sync lines of YAML below `add:` @param requests lines below `requests:` */
function flow(sync: string, requests: string, more = '') {
  const indented = (text: string, by: number) => text.replace(/^(?=.)/gm, ' '.repeat(by));
  return boundOf(`version: 1
name: Flow
connection: { url: https://api.test, concurrency: 2 }
${more}
sync:
  add:
${indented(sync, 4)}
requests:
${indented(requests, 2)}
`);
}

const FIND = 'find: { get: /contacts, query: { email: "{{ record.email }}" } }';
const CREATE = 'create: { post: /contacts, json: { email: "{{ record.email }}" }, response: { reason: "{{ body.error }}" } }';
const UPDATE = 'update: { put: "/contacts/{{ steps.found.body.id }}", json: { email: "{{ record.email }}" } }';
const UPSERT = flow(
  `- { request: find, as: found }
- { if: steps.found.body.total > 1, then: reject, reason: "{{ steps.found.body.total }} contacts match" }
- { request: update, if: steps.found.body.total == 1 }
- { request: create, if: steps.found.body.total == 0 }`,
  [FIND, CREATE, UPDATE].join('\n'),
);
const line = ({ request }: { readonly request: OutboundRequest }) =>
  `${request.method} ${request.url.replace('https://api.test', '')}`;

/** Contacts that there are, by address: how many match. */
function contacts(there: Readonly<Record<string, number>>, otherwise: Send = () => json(200, {})): Send {
  return (request, n, options) => {
    if (request.method !== 'GET') return otherwise(request, n, options);
    const email = new URL(request.url).searchParams.get('email') ?? '';
    return json(200, { total: there[email] ?? 0, id: `id-of-${email}` });
  };
}

describe('a flow', () => {
  it('takes each row through the steps that are for it', async () => {
    const { sent, reasons } = await call(UPSERT, { rows: people('new', 'old', 'twice'), send: contacts({ old: 1, twice: 2 }) });
    assert.deepEqual(reasons, { 3: '2 contacts match' });
    assert.deepEqual(sent.map(line).sort(), [
      'GET /contacts?email=new',
      'GET /contacts?email=old',
      'GET /contacts?email=twice',
      'POST /contacts',
      'PUT /contacts/id-of-old',
    ]);
  });

  it('rejects a row by the name of the step that did, and goes on with the others', async () => {
    const { reasons } = await call(UPSERT, {
      rows: people('a', 'b', 'c'),
      send: contacts({ b: 1 }, ({ method, body }) =>
        method === 'PUT'
          ? json(404, { message: 'gone' })
          : body?.includes('"c"')
            ? json(422, { error: 'bad address' })
            : json(201, {}),
      ),
    });
    assert.deepEqual(reasons, { 2: 'update: HTTP 404: gone', 3: 'create: bad address' });
  });

  it('rejects where the step before broke off, and sends nothing more for that row', async () => {
    const { sent, reasons } = await call(UPSERT, { rows: people('a'), send: () => broken('CERT_HAS_EXPIRED', 'refused') });
    assert.deepEqual([sent.length, reasons], [1, { 1: 'found: not delivered: It broke (CERT_HAS_EXPIRED).' }]);
  });

  it('rejects a row that no end took', async () => {
    const bound = flow(
      '- { request: find, as: found }\n- { request: create, if: steps.found.body.total == 0 }',
      [FIND, CREATE].join('\n'),
    );
    const { reasons } = await call(bound, { rows: people('a', 'b'), send: contacts({ b: 1 }) });
    assert.deepEqual(reasons, { 2: 'no step of the flow applied' });
  });

  it('accepts by a rule', async () => {
    const bound = flow(
      '- { request: find, as: found }\n- { if: steps.found.body.total == 1, then: accept }\n- { request: create }',
      [FIND, CREATE].join('\n'),
    );
    const { sent, reasons } = await call(bound, { rows: people('a', 'b'), send: contacts({ b: 1 }) });
    assert.deepEqual([sent.filter(({ request }) => request.method === 'POST').length, reasons], [1, {}]);
  });

  it('rejects where a question has no yes and no no', async () => {
    const bound = flow(
      '- { request: find, as: found }\n- { request: create, if: steps.found.body.total }',
      [FIND, CREATE].join('\n'),
    );
    const { reasons } = await call(bound, { rows: people('a'), send: contacts({ a: 3 }) });
    assert.match(reasons['1'] ?? '', /^not sent: create: /);
  });

  it('says what became of rows that time was over for', async () => {
    const { reasons } = await call(UPSERT, {
      rows: people('a', 'b'),
      deadline: 2000,
      send: contacts({}, ({ body }) => (body?.includes('"a"') ? hanging() : json(201, {}))),
    });
    assert.deepEqual(reasons, { 1: 'outcome unknown: the deadline of the call came before the answer' });
    const early = await call(UPSERT, { rows: people('a'), deadline: 2000, send: hanging });
    assert.match(early.reasons['1'] ?? '', /the deadline of the call came before the answer$/);
  });

  it('says that a row may have arrived, whatever was only asked since', async () => {
    const bound = flow(
      '- { request: create }\n- { request: look, as: looked }\n- { request: tag }',
      'create: { post: /c, json: {} }\nlook: { get: /c }\ntag: { put: /t, json: {} }',
    );
    const clock = new VirtualClock(BEGIN);
    const { sent, reasons } = await call(bound, {
      rows: people('a'),
      deadline: 2000,
      clock,
      send: async ({ method }) => {
        // Just too late for another request, and early enough to be heard.
        if (method === 'GET') await clock.wait(1920, new AbortController().signal);
        return json(200, {});
      },
    });
    assert.deepEqual(sent.map(line), ['POST /c', 'GET /c']);
    assert.deepEqual(reasons, { 1: 'outcome unknown: the deadline of the call came before the answer' });
  });

  it('has rows of one id go through it one after the other, to its end', async () => {
    const there: Record<string, number> = {};
    const { sent, reasons } = await call(UPSERT, {
      rows: [
        { id: 1, email: 'a' },
        { id: 2, email: 'b' },
        { id: 1, email: 'a' },
      ],
      send: contacts(there, ({ body }) => {
        const { email } = JSON.parse(String(body)) as { email: string }; // as the manifest writes it
        there[email] = 1;
        return json(201, {});
      }),
    });
    assert.deepEqual(reasons, {});
    assert.deepEqual(sent.map(line).slice(-2), ['GET /contacts?email=a', 'PUT /contacts/id-of-a']);
  });

  it('has rows of one key do so too', async () => {
    const keyed = flow(
      '- { request: find, as: found }\n- { request: create, if: steps.found.body.total == 0 }\n- { request: update, if: steps.found.body.total == 1 }',
      [FIND, CREATE.replace('response: {', 'response: { key: record.email,'), UPDATE].join('\n'),
    );
    const there: Record<string, number> = {};
    const { sent } = await call(keyed, {
      rows: people('a', 'a'),
      send: contacts(there, () => {
        there.a = 1;
        return json(201, {});
      }),
    });
    assert.deepEqual(sent.map(line), [
      'GET /contacts?email=a',
      'POST /contacts',
      'GET /contacts?email=a',
      'PUT /contacts/id-of-a',
    ]);
  });
});

describe('batches in a flow', () => {
  const JOB = `create: { post: /jobs, batch: { size: 100 }, json: { operation: upsert } }
upload:
  put: "/jobs/{{ steps.job.body.id }}/rows"
  batch: { size: 2 }
  json: "{{ records }}"
close: { patch: "/jobs/{{ steps.job.body.id }}", batch: { size: 100 }, json: { state: closed } }`;
  const STEPS = '- { request: create, as: job }\n- { request: upload, as: uploaded }\n- { request: close }';

  it('are of each step’s own size; what holds no rows is sent once for all', async () => {
    const { sent, reasons } = await call(flow(STEPS, JOB), {
      rows: people('a', 'b', 'c', 'd', 'e'),
      send: ({ method }) => json(200, method === 'POST' ? { id: 'j1' } : {}),
    });
    assert.deepEqual(reasons, {});
    assert.deepEqual(sent.map(line), [
      'POST /jobs',
      'PUT /jobs/j1/rows',
      'PUT /jobs/j1/rows',
      'PUT /jobs/j1/rows',
      'PATCH /jobs/j1',
    ]);
  });

  it('leave out what a step before rejected', async () => {
    const { sent, reasons } = await call(flow(STEPS, JOB), {
      rows: people('a', 'b', 'c'),
      send: ({ method, body }) =>
        body?.includes('"c"') ? json(400, { message: 'no' }) : json(200, method === 'POST' ? { id: 'j1' } : {}),
    });
    assert.deepEqual(reasons, { 3: 'uploaded: HTTP 400: no' });
    assert.equal(sent.length, 4);
  });

  it('keep apart rows whose bodies read different answers', async () => {
    const bound = flow(
      '- { request: team, as: team }\n- { request: send }',
      `team: { get: "/teams/{{ record.email }}" }
send: { post: /rows, batch: { size: 10 }, json: { team: "{{ steps.team.body.id }}", rows: "{{ records }}" } }`,
    );
    const { sent, reasons } = await call(bound, {
      rows: people('a', 'b'),
      send: ({ method, url }) => json(200, method === 'GET' ? { id: url.slice(-1) } : {}),
    });
    assert.deepEqual(reasons, {});
    const bodies = sent.slice(2).map((one) => bodyOf(one) as { team: string; rows: Row[] }); // as the manifest writes it
    assert.deepEqual(
      bodies.map(({ team, rows }) => [team, rows.length]),
      [
        ['a', 1],
        ['b', 1],
      ],
    );
  });

  for (const [reading, rejected] of [
    ['ok: body.team == steps.team.body.id', []],
    ['accepted: steps.team.body.rows', []],
    ['rules: [{ if: body.team == steps.team.body.id, then: accept }, { if: status == 200, then: reject }]', []],
    ['errors: { each: "body.errors[steps.team.body.id]", index: error.at }', ['2']],
    ['errors: { each: body.none, index: error.at, required: body.team != steps.team.body.id }', []],
    ['job: { get: "/jobs/{{ steps.team.body.id }}", until: body.done }', []],
    ['job: { get: "/jobs/{{ body.team }}", until: body.team == steps.team.body.id }', []],
  ] as const)
    it(`keep apart rows whose answer is read by different ones: ${reading}`, async () => {
      const bound = flow(
        '- { request: team, as: team }\n- { request: send }',
        `team: { get: "/teams/{{ record.email }}" }
send: { post: /rows, batch: { size: 10 }, json: "{{ records }}", response: { ${reading} } }`,
      );
      const { sent, reasons } = await call(bound, {
        rows: people('a', 'b'),
        send: (request) => {
          if (request.url.includes('/teams/')) return json(200, { id: request.url.slice(-1), rows: 1 });
          // As the manifest writes it; a job is of the team that its URL ends by.
          const team = request.method === 'POST' ? (bodyOf({ request }) as Row[])[0]?.email : request.url.slice(-1);
          return json(200, { team, done: true, errors: { b: [{ at: 0 }] } });
        },
      });
      const batches = sent.filter(({ request }) => request.method === 'POST').map((one) => bodyOf(one) as Row[]); // as above
      assert.deepEqual(
        batches.map((rows) => rows.map(({ email }) => email)),
        [['a'], ['b']],
      );
      assert.deepEqual(Object.keys(reasons), rejected);
    });

  it('give each row its own result', async () => {
    const bound = flow(
      '- { request: lookup, as: found }\n- { request: save }',
      `lookup:
  post: /search
  batch: { size: 10 }
  json: { emails: "{{ records | map: 'email' }}" }
  idempotent: true
  response: { key: record.email, rows: { each: body.results, key: result.email } }
save: { put: "/contacts/{{ steps.found.result.id }}" , json: { n: "{{ position }}" } }`,
    );
    const { sent, reasons } = await call(bound, {
      rows: people('a', 'b', 'c'),
      send: ({ method }) =>
        json(
          200,
          method === 'POST'
            ? {
                results: [
                  { email: 'b', id: 2 },
                  { email: 'a', id: 1 },
                ],
              }
            : {},
        ),
    });
    assert.deepEqual(reasons, { 3: 'found: the answer has no result for this row' });
    assert.deepEqual(sent.map(line), ['POST /search', 'PUT /contacts/1', 'PUT /contacts/2']);
  });
});

describe('ensure', () => {
  const COMPANY = `company: { post: /companies, json: { name: "{{ record.email }}" } }
look: { get: /companies, query: { name: "{{ record.email }}" } }
save: { put: "/companies/{{ steps.company.value }}/rows/{{ id }}", json: {} }`;
  const made = flow(
    '- { as: company, ensure: { key: record.email, request: company, value: body.id } }\n- { request: save }',
    COMPANY,
  );
  const ids: Send = ({ method, body }) =>
    json(200, method === 'POST' ? { id: `of-${(JSON.parse(String(body)) as { name: string }).name}` } : {}); // as the manifest writes it

  it('makes it once for each key, whoever needs it', async () => {
    const { sent, reasons } = await call(made, { rows: people('x', 'y', 'x', 'x'), send: ids });
    assert.deepEqual(reasons, {});
    assert.deepEqual(sent.map(line).sort(), [
      'POST /companies',
      'POST /companies',
      'PUT /companies/of-x/rows/1',
      'PUT /companies/of-x/rows/3',
      'PUT /companies/of-x/rows/4',
      'PUT /companies/of-y/rows/2',
    ]);
  });

  const params = (rows: readonly Row[]) => ({
    idColumn: 'id',
    configuration: { mappings: [{ from: 'email', to: 'email' }] },
    rows,
  });
  const posts = (work: ReturnType<typeof atWork>) => work.sent.filter(({ request }) => request.method === 'POST').length;

  it('keeps it from call to call, for ten minutes', async () => {
    const work = atWork(made, { send: ids });
    await work.ask('add', params(people('x')));
    await work.ask('add', params(people('x')));
    assert.equal(posts(work), 1);
    await work.clock.wait(600_001, new AbortController().signal);
    await work.ask('add', params(people('x')));
    assert.equal(posts(work), 2);
  });

  it('makes it anew after a 404 to a request that used it', async () => {
    let gone = false;
    const work = atWork(made, {
      send: (request, n, options) => {
        if (request.method === 'PUT' && gone) return json(404, { message: 'no such company' });
        return ids(request, n, options);
      },
    });
    await work.ask('add', params(people('x')));
    gone = true;
    assert.deepEqual(await work.ask('add', params(people('x'))), {
      rejectedRows: [{ id: 1, reason: 'save: HTTP 404: no such company' }],
    });
    gone = false;
    assert.deepEqual(await work.ask('add', params(people('x'))), { rejectedRows: [] });
    assert.equal(posts(work), 2);
  });

  it('keeps what was made anew before a late 404 to a request that used the old one', async () => {
    const work = atWork(made, {
      send: async ({ method, url }, n) => {
        if (method === 'POST') return json(200, { id: `made-${n}` });
        if (!url.includes('/made-0/')) return json(200, {});
        // The first to leave is the last to be answered.
        if (n === 1) await work.clock.wait(3000, new AbortController().signal);
        return json(404, { message: 'gone' });
      },
    });
    const ask = () => work.ask('add', params(people('x')));
    const late = ask();
    await work.clock.wait(1000, new AbortController().signal);
    const rejected = { rejectedRows: [{ id: 1, reason: 'save: HTTP 404: gone' }] };
    assert.deepEqual(await ask(), rejected);
    assert.deepEqual(await ask(), { rejectedRows: [] });
    assert.equal(posts(work), 2);
    assert.deepEqual(await late, rejected);
    assert.deepEqual(await ask(), { rejectedRows: [] });
    assert.equal(posts(work), 2);
  });

  it('tells keys apart as text', async () => {
    const { sent, reasons } = await call(made, { rows: people(1, '1', 2), send: () => json(200, { id: 7 }) });
    assert.deepEqual(reasons, {});
    assert.equal(sent.filter(({ request }) => request.method === 'POST').length, 2);
  });

  it('that fails rejects the rows that need it, and is tried again by the next call', async () => {
    let fails = true;
    const send: Send = (request, n, options) =>
      fails && request.body?.includes('"x"') ? json(422, { message: 'no' }) : ids(request, n, options);
    const work = atWork(made, { send });
    const reason = 'company: company: HTTP 422: no';
    assert.deepEqual(await work.ask('add', params(people('x', 'y', 'x'))), {
      rejectedRows: [
        { id: 1, reason },
        { id: 3, reason },
      ],
    });
    fails = false;
    assert.deepEqual(await work.ask('add', params(people('x'))), { rejectedRows: [] });
  });

  it('without a value rejects', async () => {
    const { reasons } = await call(made, { rows: people('x'), send: () => json(200, {}) });
    assert.deepEqual(reasons, { 1: 'company: the answers hold no value to keep' });
  });

  it('finds it, then makes it', async () => {
    const found = flow(
      `- as: company
  ensure:
    key: record.email
    steps: [{ request: look, as: there }, { request: company, as: new, if: steps.there.body.id == nil }]
    value: "steps.there.body.id | default: steps.new.body.id"
- { request: save }`,
      COMPANY,
    );
    const { sent, reasons } = await call(found, {
      rows: people('x', 'y'),
      send: (request, n, options) =>
        request.method === 'GET' ? json(200, request.url.endsWith('x') ? { id: 'old-x' } : {}) : ids(request, n, options),
    });
    assert.deepEqual(reasons, {});
    assert.deepEqual(sent.map(line).slice(-2), ['PUT /companies/old-x/rows/1', 'PUT /companies/of-y/rows/2']);
  });
});

describe('what a flow reads and keeps', () => {
  it('calls a URL that a step was answered', async () => {
    const bound = flow(
      '- { request: begin, as: begun }\n- { request: send }',
      'begin: { post: /begin, json: {} }\nsend: { put: "{{ steps.begun.headers.location }}", json: {} }',
    );
    const { sent, reasons } = await call(bound, {
      rows: people('a'),
      send: ({ method }) => json(200, {}, method === 'POST' ? { location: '/up/7' } : {}),
    });
    assert.deepEqual([sent.map(line), reasons], [['POST /begin', 'PUT /up/7'], {}]);
  });

  it('has accepted a row that no further step is for, whatever the others wait for', async () => {
    const bound = flow(
      '- { request: create }\n- { request: tag, if: record.tag == true }',
      'create: { post: /c, json: { n: "{{ id }}" } }\ntag: { post: /t, json: {} }',
    );
    const { reasons } = await call(bound, {
      rows: [
        { id: 1, tag: false },
        { id: 2, tag: true },
      ],
      deadline: 2000,
      send: ({ url }) => (url.endsWith('/t') ? hanging() : json(201, {})),
    });
    assert.deepEqual(Object.keys(reasons), ['2']);
  });

  it('lets rows of one ensured value share a request that reads it', async () => {
    const bound = flow(
      '- { as: company, ensure: { key: record.email, request: company, value: body.id } }\n- { request: load }',
      `company: { post: /companies, json: { name: "{{ record.email }}" } }
load: { post: /load, batch: { size: 9 }, json: { company: "{{ steps.company.value }}", rows: "{{ records }}" } }`,
    );
    const { sent } = await call(bound, { rows: people('x', 'x', 'y', 'x'), send: ({ body }) => json(200, { id: String(body) }) });
    assert.equal(sent.filter(({ request }) => request.url.endsWith('/load')).length, 2);
  });

  it('makes anew what an inner request was answered 404 for', async () => {
    const bound = flow(
      `- { as: firm, ensure: { key: record.email, request: firm, value: body.id } }
- { as: team, ensure: { key: id, request: team, value: body.id, cache: 0s } }
- { request: save }`,
      `firm: { post: /firms, json: {} }
team: { post: "/firms/{{ steps.firm.value }}/teams", json: {} }
save: { put: "/teams/{{ steps.team.value }}", json: {} }`,
    );
    let gone = true;
    const work = atWork(bound, { send: ({ url }) => (gone && url.endsWith('/teams') ? json(404, {}) : json(200, { id: 1 })) });
    const params = { idColumn: 'id', configuration: { mappings: [{ from: 'email', to: 'email' }] }, rows: people('x') };
    await work.ask('add', params);
    gone = false;
    assert.deepEqual(await work.ask('add', params), { rejectedRows: [] });
    assert.equal(work.sent.filter(({ request }) => request.url.endsWith('/firms')).length, 2);
  });

  it('keeps what a request that is answered 404 does not read', async () => {
    const bound = flow(
      '- { as: firm, ensure: { key: record.email, request: firm, value: body.id } }\n- { request: save }',
      'firm: { post: /firms, json: {} }\nsave: { put: "/people/{{ id }}", json: {} }',
    );
    const work = atWork(bound, { send: ({ method }) => (method === 'PUT' ? json(404, {}) : json(200, { id: 1 })) });
    const params = { idColumn: 'id', configuration: { mappings: [{ from: 'email', to: 'email' }] }, rows: people('x') };
    await work.ask('add', params);
    await work.ask('add', params);
    assert.equal(work.sent.filter(({ request }) => request.method === 'POST').length, 1);
  });
});
