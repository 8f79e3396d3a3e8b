/** Answers that speak of single rows: some go again by themselves, whole batches are halved, jobs are waited for. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../../src/cases/virtual-clock.ts';
import { type Answering, atWork, BEGIN, bodyOf, broken, call, destinationOf, json, people, type Row, text } from './calling.ts';

type Send = NonNullable<Answering['send']>;
const never = new AbortController().signal;
const BATCH = 'post: /rows\nbatch: { size: 10 }\njson: "{{ records }}"\n';
const emails = (one: Parameters<typeof bodyOf>[0]) => (bodyOf(one) as Row[]).map(({ email }) => email); // the bodies of these tests are lists of records

describe('rules of single results', () => {
  const request = (rules: string) =>
    `${BATCH}response: { key: record.email, rows: { each: body, key: result.email, ok: result.ok, rules: [${rules}], reason: "{{ result.why }}" } }`;
  const RETRY = '{ if: result.code == 429, then: retry, after: result.wait }';
  const results = (make: (email: string, times: number) => object): Send => {
    const times = new Map<string, number>();
    return (sent) =>
      json(
        200,
        (JSON.parse(String(sent.body)) as { email: string }[]).map(({ email }) => {
          const n = (times.get(email) ?? 0) + 1;
          times.set(email, n);
          return { email, ...make(email, n) };
        }),
      );
  };

  it('send those rows again by themselves, after what they say', async () => {
    const { sent, reasons } = await call(destinationOf(request(RETRY)), {
      rows: people('a', 'b', 'c'),
      send: results((email, n) => (email === 'b' && n < 3 ? { code: 429, wait: 2 } : { ok: true })),
    });
    assert.deepEqual(reasons, {});
    assert.deepEqual(sent.map(emails), [['a', 'b', 'c'], ['b'], ['b']]);
    assert.deepEqual(
      sent.map(({ at }) => at),
      [0, 2000, 4000],
    );
  });

  it('send them no more often than attempts allow', async () => {
    const { sent, reasons } = await call(destinationOf(request(RETRY)), {
      rows: people('a', 'b'),
      send: results((email) => (email === 'b' ? { code: 429, wait: 1, why: 'limited' } : { ok: true })),
    });
    assert.deepEqual([sent.length, reasons], [3, { 2: 'limited' }]);
  });

  it('say where there is no time to', async () => {
    const { reasons } = await call(destinationOf(request(RETRY)), {
      rows: people('a', 'b'),
      send: results((email) => (email === 'b' ? { code: 429, wait: 60, why: 'limited' } : { ok: true })),
    });
    assert.deepEqual(reasons, { 2: 'limited (the API asks to wait 60 s, longer than this call has left)' });
  });

  it('accept and reject before ok is asked', async () => {
    const rules = "{ if: result.code == 409, then: accept }, { if: result.code == 1, then: reject, reason: 'never' }";
    const { reasons } = await call(destinationOf(request(rules)), {
      rows: people('a', 'b', 'c'),
      send: results(
        (email) => ({ a: { code: 409, ok: false }, b: { code: 1, ok: true }, c: { ok: false, why: 'bad' } })[email] ?? {},
      ),
    });
    assert.deepEqual(reasons, { 2: 'never', 3: 'bad' });
  });

  it('that cannot be answered reject', async () => {
    const { reasons } = await call(destinationOf(request('{ if: result.code, then: accept }')), {
      rows: people('a'),
      send: results(() => ({ code: 5, ok: true })),
    });
    assert.match(reasons['1'] ?? '', /could not be judged/);
  });

  it('of errors do the same', async () => {
    const bound = destinationOf(
      `${BATCH}response: { key: record.email, errors: { each: body.errors, key: error.email, rules: [{ if: error.code == 'exists', then: accept }, { if: error.code == 'locked', then: retry }] } }`,
    );
    const { sent, reasons } = await call(bound, {
      rows: people('a', 'b', 'c'),
      send: (_, n) =>
        json(
          200,
          n === 0
            ? {
                errors: [
                  { email: 'a', code: 'exists' },
                  { email: 'b', code: 'locked' },
                  { email: 'c', message: 'bad' },
                ],
              }
            : { errors: [] },
        ),
    });
    assert.deepEqual(reasons, { 3: 'bad' });
    assert.deepEqual(sent.map(emails), [['a', 'b', 'c'], ['b']]);
  });
});

describe('several lists', () => {
  const bound = destinationOf(
    `${BATCH}response: { errors: [{ each: body.events, index: error.at, reason: "event: {{ error.why }}" }, { each: body.users, index: error.at, reason: "user: {{ error.why }}" }] }`,
  );
  it('of errors each name their rows', async () => {
    const { reasons } = await call(bound, {
      rows: people('a', 'b', 'c'),
      send: () => json(200, { events: [{ at: 0, why: 'x' }], users: [{ at: 2, why: 'y' }] }),
    });
    assert.deepEqual(reasons, { 1: 'event: x', 3: 'user: y' });
  });

  it('may be missing', async () => {
    assert.deepEqual((await call(bound, { rows: people('a'), send: () => json(200, {}) })).reasons, {});
  });

  it('of results: a row that none of them names is rejected, and of two the failing one counts', async () => {
    const rows = destinationOf(
      `${BATCH}response: { key: record.email, rows: [{ each: body.new, key: result.email, ok: result.ok }, { each: body.old, key: result.email, ok: result.ok }] }`,
    );
    const { reasons } = await call(rows, {
      rows: people('a', 'b', 'c', 'd'),
      send: () =>
        json(200, {
          new: [
            { email: 'a', ok: true },
            { email: 'd', ok: false, message: 'no' },
          ],
          old: [
            { email: 'b', ok: true },
            { email: 'd', ok: true },
          ],
        }),
    });
    assert.deepEqual(reasons, { 3: 'the answer has no result for this row', 4: 'no' });
  });
});

it('the body of a batch knows which field identifies its rows', async () => {
  const bound = destinationOf('post: /rows\nbatch: { size: 10 }\njson: { by: "{{ identifier }}", rows: "{{ records }}" }');
  const { sent } = await call(bound, {
    rows: people('a'),
    configuration: { identifierMapping: [{ from: 'email', to: 'email' }] },
  });
  assert.deepEqual(sent.map(bodyOf), [{ by: 'email', rows: [{ id: 1, email: 'a' }] }]);
});

describe('a row of several keys', () => {
  const bound = destinationOf(`${BATCH}response: { key: record.email, errors: { each: body.errors, key: error.email } }`, {
    connection: 'concurrency: 1',
  });

  it('is named by any of them', async () => {
    const { reasons } = await call(bound, {
      rows: people(['a', 'b'], ['c'], 'd', [], null),
      send: () =>
        json(200, {
          errors: [
            { email: 'b', message: 'no b' },
            { email: ['x', 'd'], message: 'no d' },
          ],
        }),
    });
    assert.deepEqual(reasons, { 1: 'no b', 3: 'no d' });
  });

  it('shares no request with a row that has one of them', async () => {
    const { sent } = await call(bound, { rows: people(['a', 'b'], ['c'], ['b', 'c']), send: () => json(200, {}) });
    assert.deepEqual(
      sent.map((one) => emails(one).length),
      [2, 1],
    );
  });
});

describe('bisect', () => {
  const bisecting = (more = '') => destinationOf(`${BATCH}response: { bisect: true${more} }`, { connection: 'concurrency: 1' });
  const refusing =
    (...bad: string[]): Send =>
    ({ body }) =>
      bad.some((one) => body?.includes(`"${one}"`)) ? json(422, { message: 'bad row' }) : json(200, {});

  it('gets down to the bad row, and sends no row again that was taken', async () => {
    const { sent, reasons } = await call(bisecting(), {
      rows: people('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      send: refusing('f'),
    });
    assert.deepEqual(reasons, { 6: 'HTTP 422: bad row' });
    assert.deepEqual(sent.map(emails), [
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
      ['a', 'b', 'c', 'd'],
      ['e', 'f', 'g', 'h'],
      ['e', 'f'],
      ['e'],
      ['f'],
      ['g', 'h'],
    ]);
  });

  it('finds several', async () => {
    const { reasons } = await call(bisecting(), { rows: people('a', 'b', 'c', 'd', 'e'), send: refusing('a', 'e') });
    assert.deepEqual(Object.keys(reasons), ['1', '5']);
  });

  it('splits what ok refuses', async () => {
    const { reasons } = await call(bisecting(', ok: body.ok, reason: "{{ body.why }}"'), {
      rows: people('a', 'b', 'c'),
      send: ({ body }) => json(200, body?.includes('"b"') ? { ok: false, why: 'no b' } : { ok: true }),
    });
    assert.deepEqual(reasons, { 2: 'no b' });
  });

  it('does not split what ok finds nothing in, since it does not parse', async () => {
    const { sent, reasons } = await call(bisecting(', ok: body.ok'), {
      rows: people('a', 'b'),
      send: () => ({ ...json(200, {}), body: '{"ok": ' }),
    });
    assert.equal(sent.length, 1);
    assert.match(reasons['1'] ?? '', /^HTTP 200, but the answer is not JSON .*, so it does not say which rows were taken$/);
  });

  for (const [name, reply] of [
    ['an unknown outcome', broken('ECONNRESET')],
    ['a breakdown', json(500, {})],
    ['what is not for a row', json(403, {})],
    ['a redirect', json(302, {})],
  ] as const) {
    it(`does not split ${name}`, async () => {
      const { sent, rejected } = await call(bisecting(), { rows: people('a', 'b', 'c'), send: () => reply });
      assert.deepEqual([sent.length, rejected.length], [1, 3]);
    });
  }

  it('does not split where a damaged answer tells ok nothing', async () => {
    const { sent, reasons } = await call(bisecting(', ok: body.ok, reason: "{{ body.why }}"'), {
      rows: people('a', 'b'),
      send: () => text(200, '{"ok": tr', { 'content-type': 'application/json' }),
    });
    assert.equal(sent.length, 1);
    assert.match(reasons['1'] ?? '', /^HTTP 200, but the answer is not JSON .*, so it does not say which rows were taken$/);
  });

  it('comes to an end where all are bad', async () => {
    const rows = Array.from({ length: 400 }, (_, id) => ({ id, email: `e${id}` }));
    const bound = destinationOf(`${BATCH.replace('10', '400')}response: { bisect: true }`);
    const { sent, rejected, reasons } = await call(bound, { rows, send: () => json(400, { message: 'no' }) });
    assert.equal(rejected.length, 400);
    assert.equal(sent.length, 101);
    assert.ok(Object.values(reasons).includes('HTTP 400: no (not split further: 100 parts of the batch were sent already)'));
  });

  it('ends with the call', async () => {
    const clock = new VirtualClock(BEGIN);
    const { took, rejected, reasons } = await call(bisecting(), {
      rows: people('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      clock,
      deadline: 5000,
      send: async () => {
        await clock.wait(1500, never);
        return json(400, { message: 'no' });
      },
    });
    assert.ok(took < 5000);
    assert.equal(rejected.length, 8);
    assert.ok(
      Object.values(reasons).some((reason) => /not split further: the deadline|not attempted|outcome unknown/.test(reason)),
    );
  });
});

describe('a job', () => {
  const JOB = `${BATCH}response:
  key: record.email
  job: { get: "/jobs/{{ body.id }}", until: body.state == 'done', failed: body.state == 'failed', every: 1s, timeout: 10s }
  reason: "{{ body.error }}"
  rows: { each: body.results, key: result.email, ok: result.ok, reason: "{{ result.why }}" }
`;
  /** A job that is done after so many looks. */
  const jobs = (looks: number, done: object): { send: Send; begun: () => number } => {
    let begun = 0;
    let looked = 0;
    return {
      begun: () => begun,
      send: ({ method, url }) => {
        if (method === 'POST') return json(202, { id: `j${++begun}` });
        assert.match(url, /\/jobs\/j\d+$/);
        return json(200, ++looked < looks ? { state: 'running' } : done);
      },
    };
  };
  const RESULTS = {
    state: 'done',
    results: [
      { email: 'a', ok: true },
      { email: 'b', ok: false, why: 'bad' },
    ],
  };

  it('is asked for until it is done, and its last answer is judged', async () => {
    const { send } = jobs(3, RESULTS);
    const { sent, reasons, took } = await call(destinationOf(JOB), { rows: people('a', 'b'), send });
    assert.deepEqual(reasons, { 2: 'bad' });
    assert.deepEqual([sent.length, took], [4, 2000]);
  });

  it('that failed rejects all, saying why', async () => {
    const { send } = jobs(1, { state: 'failed', error: 'no quota' });
    assert.deepEqual((await call(destinationOf(JOB), { rows: people('a', 'b'), send })).reasons, {
      1: 'no quota',
      2: 'no quota',
    });
  });

  it('that leaves rows out rejects them', async () => {
    const { send } = jobs(1, { state: 'done', results: [{ email: 'a', ok: true }] });
    assert.deepEqual((await call(destinationOf(JOB), { rows: people('a', 'b'), send })).reasons, {
      2: 'the answer has no result for this row',
    });
  });

  it('that takes longer is joined when the same rows come again', async () => {
    const { send, begun } = jobs(14, RESULTS);
    const work = atWork(destinationOf(JOB), { send });
    const params = { idColumn: 'id', configuration: { mappings: [{ from: 'email', to: 'email' }] }, rows: people('a', 'b') };
    const reason = 'outcome unknown: the job is still running; these rows join it when they come again';
    assert.deepEqual(await work.ask('add', params), {
      rejectedRows: [
        { id: 1, reason },
        { id: 2, reason },
      ],
    });
    // It is remembered from the end of the call, not from its begin.
    await work.clock.wait(5000, never);
    assert.deepEqual(await work.ask('add', params), { rejectedRows: [{ id: 2, reason: 'bad' }] });
    assert.equal(begun(), 1);
    await work.ask('add', params);
    assert.equal(begun(), 2);
  });

  const params = { idColumn: 'id', configuration: { mappings: [{ from: 'email', to: 'email' }] }, rows: people('a', 'b') };

  it('that is waited for when the caller hangs up is remembered for its time, and joined', async () => {
    const { send, begun } = jobs(3, RESULTS);
    const work = atWork(destinationOf(JOB), { send });
    const gone = new AbortController();
    const left = work.ask('add', params, gone.signal);
    await work.clock.wait(1500, never);
    gone.abort();
    await left;
    // Longer since it began than it may take; shorter since the caller hung up.
    await work.clock.wait(9500, never);
    assert.deepEqual(await work.ask('add', params), { rejectedRows: [{ id: 2, reason: 'bad' }] });
    assert.equal(begun(), 1);
  });

  it('that is joined has no more time for that', async () => {
    let down = false;
    const { send, begun } = jobs(100, RESULTS);
    const work = atWork(destinationOf(JOB), {
      send: (request, n, options) => (down && request.method === 'GET' ? json(403, {}) : send(request, n, options)),
    });
    await work.ask('add', params);
    down = true;
    await work.clock.wait(6000, never);
    await work.ask('add', params);
    assert.equal(begun(), 1);
    await work.clock.wait(6000, never);
    await work.ask('add', params);
    assert.equal(begun(), 2);
  });

  it('whose last answer ok refuses is rejected whole, and split', async () => {
    const bound = destinationOf(
      `${BATCH}response: { bisect: true, ok: body.ok, reason: "{{ body.why }}", job: { get: "/jobs/{{ body.id }}", until: body.done } }`,
      { connection: 'concurrency: 1' },
    );
    const { sent, reasons } = await call(bound, {
      rows: people('a', 'b', 'c', 'd'),
      send: ({ method, url, body }) => {
        if (method === 'POST') return json(202, { id: body?.includes('"c"') === true ? 'bad' : 'good' });
        return json(200, url.endsWith('/bad') ? { done: true, ok: false, why: 'no c' } : { done: true, ok: true });
      },
    });
    assert.deepEqual(reasons, { 3: 'no c' });
    assert.deepEqual(sent.filter(({ request }) => request.method === 'POST').map(emails), [
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
      ['c', 'd'],
      ['c'],
      ['d'],
    ]);
  });

  it('that cannot be asked for leaves the outcome unknown', async () => {
    const { reasons } = await call(destinationOf(JOB), {
      rows: people('a'),
      send: ({ method }) => (method === 'POST' ? json(202, { id: 'j' }) : json(403, { message: 'no' })),
    });
    assert.deepEqual(reasons, { 1: 'outcome unknown: the job could not be asked for: HTTP 403: no' });
  });

  it('is not asked for where the answer that should name it is damaged', async () => {
    const damaged = text(200, '{"id": "j', { 'content-type': 'application/json' });
    const { sent, reasons } = await call(destinationOf(JOB), { rows: people('a'), send: () => damaged });
    assert.equal(sent.length, 1);
    assert.match(reasons['1'] ?? '', /^HTTP 200, but the answer is not JSON .*, so it does not say which rows were taken$/);
  });

  it('is none where the request is refused', async () => {
    const { sent, reasons } = await call(destinationOf(JOB), { rows: people('a'), send: () => json(400, { error: 'bad' }) });
    assert.deepEqual([sent.length, reasons], [1, { 1: 'bad' }]);
  });

  it('may be at a URL of the answer, and its results elsewhere', async () => {
    const bound = destinationOf(
      `${BATCH}response:
  key: record.email
  job: { get: "{{ headers.location }}", until: body.done, fetch: "{{ headers.location }}/results", every: 1s }
  rows: { each: body, key: result.email, ok: result.ok }
`,
    );
    const { sent, reasons } = await call(bound, {
      rows: people('a', 'b'),
      send: ({ method, url }) =>
        method === 'POST'
          ? json(202, {}, { location: '/v1/jobs/7' })
          : json(
              200,
              url.endsWith('/results')
                ? [
                    { email: 'a', ok: true },
                    { email: 'b', ok: true },
                  ]
                : { done: true },
            ),
    });
    assert.deepEqual(reasons, {});
    assert.deepEqual(
      sent.map(({ request }) => request.url),
      ['https://api.test/v1/rows', 'https://api.test/v1/jobs/7', 'https://api.test/v1/jobs/7/results'],
    );
  });

  it('at another server is not asked for', async () => {
    const bound = destinationOf(`${BATCH}response: { job: { get: "{{ headers.location }}", until: body.done } }`);
    for (const location of [
      'https://evil.test/j',
      '//evil.test/j',
      'https://api.test@evil.test/',
      '../../x',
      '/a/%2e%2e/b',
      '',
    ]) {
      const { sent, reasons } = await call(bound, { rows: people('a'), send: () => json(202, {}, { location }) });
      assert.equal(sent.length, 1, location);
      assert.match(
        reasons['1'] ?? '',
        /^outcome unknown: the job could not be asked for: the URL that the path begins with (?:leads elsewhere|is missing)/,
      );
    }
  });
});

describe('bodies of batches', () => {
  it('ndjson has a line for each item, several for a list', async () => {
    const bound = destinationOf(
      'post: /_bulk\nbatch: { size: 10 }\nitem: [{ index: { _id: "{{ id }}" } }, { email: "{{ record.email }}" }]\nndjson: "{{ items }}"',
    );
    const { sent } = await call(bound, { rows: people('a\n', 'b') });
    assert.equal(String(sent[0]?.request.body), '{"index":{"_id":1}}\n{"email":"a\\n"}\n{"index":{"_id":2}}\n{"email":"b"}\n');
    assert.equal(sent[0]?.request.headers['content-type'], 'application/x-ndjson');
  });

  it('are no larger than bytes, and a row that alone is larger is rejected', async () => {
    const bound = destinationOf('post: /r\nbatch: { size: 100, bytes: 200 }\njson: "{{ records }}"');
    const { sent, reasons } = await call(bound, {
      rows: people(...Array.from({ length: 30 }, (_, n) => `e${n}`), 'x'.repeat(300)),
    });
    assert.match(reasons['31'] ?? '', /^not sent: this row alone makes a body of 3\d\d bytes; batch\.bytes allows 200$/);
    assert.equal(Object.keys(reasons).length, 1);
    for (const { request } of sent) assert.ok(Number(request.body?.length) <= 200);
    assert.ok(sent.length <= 5, `${sent.length} requests`);
  });

  it('hold only rows for which by is the same', async () => {
    const bound = destinationOf('post: /r\nbatch: { size: 10, by: record.email }\njson: "{{ records }}"');
    const { sent } = await call(bound, { rows: people('x', 'y', 'x', null, 1, '1') });
    assert.deepEqual(sent.map(emails), [['x', 'x'], ['y'], [null], [1], ['1']]);
  });
});

describe('batches and jobs that go again', () => {
  it('split what is still refused after the last attempt', async () => {
    const bound = destinationOf(`${BATCH}idempotent: true\nretry: { attempts: 2, on: [409] }\nresponse: { bisect: true }`);
    const { reasons } = await call(bound, {
      rows: people('a', 'b'),
      send: ({ body }) => json(body?.includes('"b"') ? 409 : 200, { message: 'in the way' }),
    });
    assert.deepEqual(Object.keys(reasons), ['2']);
  });

  const limited = (
    elements: object[],
    rest: object[] = [],
  ): Promise<{ reasons: Readonly<Record<string, string>>; sent: readonly unknown[] }> =>
    call(
      destinationOf(
        `${BATCH}response: { rows: { each: body, index: result.at, ok: result.ok, rules: [{ if: result.wait != nil, then: retry, after: result.wait }] } }`,
      ),
      { rows: people('a', 'b'), send: (_, n) => json(200, n === 0 ? elements : rest) },
    );

  it('do not wait for a row that must wait for too long', async () => {
    const { reasons, sent } = await limited(
      [
        { at: 0, wait: 90 },
        { at: 1, wait: 1 },
      ],
      [{ at: 0, ok: true }],
    );
    assert.deepEqual([Object.keys(reasons), sent.length], [['1'], 2]);
  });

  it('do not send a row again that is also said to be taken', async () => {
    const { reasons, sent } = await limited([
      { at: 0, wait: 1 },
      { at: 0, ok: true },
      { at: 1, ok: true },
    ]);
    assert.deepEqual([Object.keys(reasons), sent.length], [['1'], 1]);
  });

  it('join only the job of the same headers, and ask again for results that could not be had', async () => {
    const bound = destinationOf(
      `${BATCH}headers: { X-List: "{{ config.list }}" }\nresponse: { job: { get: "/jobs/{{ body.id }}", until: body.done, fetch: /results } }`,
    );
    let fails = true;
    const work = atWork(bound, {
      send: ({ url }) => (fails && url.endsWith('/results') ? json(403, {}) : json(200, { id: 1, done: true })),
    });
    const add = (list: string) =>
      work.ask('add', { idColumn: 'id', configuration: { mappings: [{ from: 'email', to: 'email' }], list }, rows: people('a') });
    const begun = () => work.sent.filter(({ request }) => request.method === 'POST').length;
    await add('one');
    fails = false;
    await add('two');
    assert.equal(begun(), 2);
    assert.deepEqual(await add('one'), { rejectedRows: [] });
    assert.equal(begun(), 2);
  });
});
