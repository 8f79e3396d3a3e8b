/** What is tried again, when, and until when: whole calls under a virtual clock. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { seededRandom, VirtualClock } from '../../src/cases/virtual-clock.ts';
import { Bulkhead } from '../../src/delivery/bulkhead.ts';
import { parseJson } from '../../src/json/parse.ts';
import type { Reply } from '../../src/outbound/exchange.ts';
import { BEGIN, broken, type Calling, call, destinationOf, hanging, json, people, type Row, text } from './calling.ts';

const POST = 'post: /r\njson: "{{ record }}"';
const PUT = 'put: /r\njson: "{{ record }}"';
const IDEMPOTENT = `${POST}\nidempotent: true`;
const FRAGILE_PUT = `${PUT}\nidempotent: false`;
const ONE = people('a');
const AFTER = { 'retry-after': '1' };
const never = new AbortController().signal;

describe('what is tried again', () => {
  /** The reply, then how often POST and an idempotent request leave, three attempts being allowed. */
  const table: [name: string, reply: Reply, post: number, idempotent: number][] = [
    ...['EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'TIMEOUT'].map((code): [string, Reply, number, number] => [
      `${code} before bytes left`,
      broken(code, 'before'),
      3,
      3,
    ]),
    ['ENOTFOUND once only', broken('ENOTFOUND', 'before'), 2, 2],
    ...['ECONNRESET', 'EPIPE', 'TIMEOUT', 'GARBLED'].map((code): [string, Reply, number, number] => [
      `${code} after bytes left`,
      broken(code),
      1,
      3,
    ]),
    ['a certificate', broken('CERT_HAS_EXPIRED', 'refused'), 1, 1],
    ['what the guard refuses', broken('ADDRESS_REFUSED', 'refused'), 1, 1],
    ['an answer over the cap', broken('TOO_LARGE', 'refused', true), 1, 1],
    ...[408, 421, 425, 429].map((status): [string, Reply, number, number] => [`${status}`, json(status, {}), 3, 3]),
    ...[500, 502, 503, 504, 520, 523, 527].map((status): [string, Reply, number, number] => [
      `${status}`,
      json(status, {}),
      1,
      3,
    ]),
    ['503 with Retry-After', json(503, {}, AFTER), 3, 3],
    ['403 with Retry-After', json(403, {}, AFTER), 3, 3],
    ['500 with Retry-After', json(500, {}, AFTER), 1, 3],
    ...[300, 301, 304, 307, 400, 401, 403, 404, 405, 409, 410, 413, 422, 423, 501, 505].map(
      (status): [string, Reply, number, number] => [`${status}`, json(status, {}), 1, 1],
    ),
    ['a 2xx that does not parse', text(200, '{'), 1, 1],
  ];
  for (const [name, reply, post, idempotent] of table) {
    it(name, async () => {
      // `ok` reads the body, so that a 2xx is no yes of itself.
      const ok = '\nresponse: { ok: body.ok }';
      for (const [request, attempts] of [
        [POST, post],
        [FRAGILE_PUT, post],
        [PUT, idempotent],
        [IDEMPOTENT, idempotent],
      ] as const) {
        const { sent, rejected } = await call(destinationOf(request + ok), { rows: ONE, send: () => reply });
        assert.equal(sent.length, attempts, request);
        assert.equal(rejected.length, 1);
        for (const one of sent) assert.deepEqual(one.request, sent[0]?.request);
      }
    });
  }

  it('until it is answered', async () => {
    const replies = [broken('ECONNREFUSED', 'before'), json(429, {}), json(200, {})];
    const { sent, reasons } = await call(destinationOf(POST), {
      rows: ONE,
      send: (_, n) => replies[n] ?? assert.fail('once too often'),
    });
    assert.deepEqual([sent.length, reasons], [3, {}]);
  });

  it('as often as the manifest says', async () => {
    for (const attempts of [1, 2, 10]) {
      const bound = destinationOf(`${POST}\nretry: { attempts: ${attempts}, backoff: 1ms..1ms }`);
      const { sent } = await call(bound, { rows: ONE, send: () => json(429, {}) });
      assert.equal(sent.length, attempts);
    }
  });

  it('among the statuses that the manifest names, and no unsafe one for that', async () => {
    const table: [on: string, status: number, post: number, put: number][] = [
      ['[429]', 503, 1, 1],
      ['[429]', 429, 3, 3],
      ['[500]', 429, 1, 1],
      ['[500]', 500, 1, 3],
      ['[409, 423]', 409, 1, 3],
      ['[409, 423]', 423, 1, 3],
      ['[404, 422]', 404, 1, 1],
      ['[]', 429, 1, 1],
    ];
    for (const [on, status, post, put] of table) {
      for (const [request, attempts] of [
        [POST, post],
        [PUT, put],
      ] as const) {
        const { sent } = await call(destinationOf(`${request}\nretry: { on: ${on} }`), {
          rows: ONE,
          send: () => json(status, {}),
        });
        assert.equal(sent.length, attempts, `${request} ${on} ${status}`);
      }
    }
  });

  it('in connection.retry for every request, the request wins', async () => {
    const connection = 'retry: { attempts: 2, backoff: 1s..1s }';
    for (const [request, attempts] of [
      [POST, 2],
      [`${POST}\nretry: { attempts: 4 }`, 4],
    ] as const) {
      const { sent } = await call(destinationOf(request, { connection }), { rows: ONE, send: () => json(429, {}) });
      assert.equal(sent.length, attempts);
    }
  });
});

describe('what is said of a row', () => {
  const table: [name: string, request: string, replies: Reply[], reason: RegExp][] = [
    ['that cannot have arrived', POST, [broken('ECONNREFUSED', 'before')], /^not delivered: It broke \(ECONNREFUSED\)\.$/],
    ['that the guard refused', POST, [broken('ADDRESS_REFUSED', 'refused')], /^not delivered: /],
    ['that may have arrived', POST, [broken('ECONNRESET')], /^outcome unknown: It broke \(ECONNRESET\)\.$/],
    ['whose answer is too large', POST, [broken('TOO_LARGE', 'refused', true)], /^outcome unknown: /],
    [
      'that may have arrived before it could not',
      PUT,
      [broken('ECONNRESET'), broken('ECONNREFUSED', 'before')],
      /^outcome unknown: It broke \(ECONNREFUSED\)/,
    ],
    [
      'that was put off after it may have arrived',
      PUT,
      [broken('ECONNRESET'), json(429, {})],
      /^HTTP 429: \{\} \(outcome unknown: an earlier attempt may have arrived\)$/,
    ],
    ['that was refused after it may have arrived', PUT, [broken('ECONNRESET'), json(422, { message: 'no' })], /^HTTP 422: no$/],
    ['that was put off', POST, [json(429, { message: 'slow down' })], /^HTTP 429: slow down$/],
  ];
  for (const [name, request, replies, reason] of table) {
    it(name, async () => {
      const { reasons } = await call(destinationOf(request), {
        rows: ONE,
        send: (_, n) => replies[Math.min(n, replies.length - 1)] ?? assert.fail('no reply'),
      });
      assert.match(reasons['1'] ?? '', reason);
    });
  }
});

describe('the wait before another attempt', () => {
  const waits = async (send: Calling['send'], random = seededRandom(7), retry = 'attempts: 10') => {
    const bound = destinationOf(`${PUT}\nretry: { ${retry} }`, { top: 'behavior: { deadline: 600s }' });
    const { sent } = await call(bound, { rows: ONE, random, ...(send && { send }) });
    return sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
  };

  it('is full jitter: at most the base, doubled each time, up to the cap', async () => {
    for (const [retry, base, cap] of [
      ['attempts: 10', 500, 30_000],
      ['attempts: 10, backoff: 100ms..1s', 100, 1000],
    ] as const) {
      const most = Array.from({ length: 9 }, (_, n) => Math.min(cap, base * 2 ** n));
      assert.deepEqual(
        await waits(
          () => json(500, {}),
          () => 1 - Number.EPSILON,
          retry,
        ),
        most,
      );
      assert.deepEqual(
        await waits(
          () => json(500, {}),
          () => 0,
          retry,
        ),
        most.map(() => 1),
      );
      const property = fc.asyncProperty(fc.integer(), async (seed) => {
        const drawn = await waits(() => json(500, {}), seededRandom(seed), retry);
        assert.ok(drawn.every((wait, n) => wait >= 1 && wait <= (most[n] ?? 0)));
      });
      await fc.assert(property, { numRuns: 50 });
    }
  });

  it('repeats with the seed', async () => {
    assert.deepEqual(await waits(() => json(500, {})), await waits(() => json(500, {})));
  });

  const once = (headers: Record<string, string>) => (_: unknown, n: number) => (n === 0 ? json(429, {}, headers) : json(200, {}));
  const table: [value: string, from: number, to: number][] = [
    ['3', 3000, 3000],
    ['0.25', 250, 250],
    ['Sun, 01 Mar 2026 12:00:09 GMT', 9000, 9000],
    ['Sunday, 01-Mar-26 12:00:09 GMT', 9000, 9000],
    ['2, 4', 4000, 4000],
    // The shortest jittered delay: what is past says "now", and never at once.
    ['0', 1, 500],
    ['-5', 1, 500],
    ['Sun, 01 Mar 2026 11:59:00 GMT', 1, 500],
    // The usual backoff.
    ['soon', 1, 500],
    ['', 1, 500],
  ];
  for (const [value, from, to] of table) {
    it(`is what Retry-After: ${value || '(empty)'} asks`, async () => {
      const [wait = -1] = await waits(once({ 'retry-after': value }));
      assert.ok(wait >= from && wait <= to, `${wait} ms`);
    });
  }
});

describe('Retry-After', () => {
  it('longer than the time left rejects at once, saying so', async () => {
    const { sent, reasons, took } = await call(destinationOf(POST), {
      rows: ONE,
      send: () => json(429, { message: 'slow' }, { 'retry-after': '60' }),
    });
    assert.deepEqual([sent.length, took], [1, 0]);
    assert.equal(reasons['1'], 'HTTP 429: slow (the API asks to wait 60 s, longer than this call has left)');
  });

  it('holds the other requests of the call too', async () => {
    const bound = destinationOf(POST, { connection: 'concurrency: 2' });
    const { sent, reasons } = await call(bound, {
      rows: people('a', 'b', 'c', 'd'),
      send: (_, n) => (n === 0 ? json(429, {}, { 'retry-after': '3' }) : json(200, {})),
    });
    assert.deepEqual(reasons, {});
    assert.deepEqual(
      sent.map(({ at }) => at >= 3000),
      [false, false, true, true, true],
    );
  });

  it('holds the other calls of the destination too', async () => {
    const clock = new VirtualClock(BEGIN);
    const bulkhead = new Bulkhead(clock, 5);
    const bound = destinationOf(POST);
    const put = json(429, {}, { 'retry-after': '3' });
    const first = call(bound, { rows: ONE, clock, bulkhead, send: (_, n) => (n === 0 ? put : json(200, {})) });
    const second = clock.wait(100, never).then(() => call(bound, { rows: people('b'), clock, bulkhead }));
    assert.equal((await second).took, 2900);
    await first;
  });

  it('longer than the time of another call rejects its rows at once', async () => {
    const clock = new VirtualClock(BEGIN);
    const bulkhead = new Bulkhead(clock, 5);
    const bound = destinationOf(POST);
    await call(bound, { rows: ONE, clock, bulkhead, send: () => json(429, {}, { 'retry-after': '60' }) });
    const { sent, reasons, took } = await call(bound, { rows: people('b', 'c'), clock, bulkhead });
    assert.deepEqual([sent.length, took], [0, 0]);
    const reason = 'not attempted: the API asks to wait 60 s, longer than this call has left';
    assert.deepEqual(reasons, { 1: reason, 2: reason });
  });

  it('is heeded also of an answer that is not tried again', async () => {
    const bound = destinationOf(`${POST}\nretry: { attempts: 1 }`, { connection: 'concurrency: 1' });
    const { sent } = await call(bound, { rows: people('a', 'b'), send: () => json(503, {}, { 'retry-after': '4' }) });
    assert.deepEqual(
      sent.map(({ at }) => at),
      [0, 4000],
    );
  });

  it('of an answer that is well holds nobody', async () => {
    const bound = destinationOf(POST, { connection: 'concurrency: 1' });
    const { took } = await call(bound, { rows: people('a', 'b'), send: () => json(202, {}, { 'retry-after': '4' }) });
    assert.equal(took, 0);
  });

  it('of years is forgotten after an hour', async () => {
    const clock = new VirtualClock(BEGIN);
    const bulkhead = new Bulkhead(clock, 5);
    const bound = destinationOf(POST);
    await call(bound, { rows: ONE, clock, bulkhead, send: () => json(429, {}, { 'retry-after': '1772366400' }) });
    await clock.wait(3_600_000, never);
    const { sent, reasons } = await call(bound, { rows: ONE, clock, bulkhead });
    assert.deepEqual([sent.length, reasons], [1, {}]);
  });
});

describe('whatever stands in Retry-After', () => {
  const values = [
    ...[
      '',
      ' ',
      '0',
      '-0',
      '+0',
      '-1',
      '-5',
      '-1e9',
      '0.0',
      '0.001',
      '0.5',
      '.5',
      '1',
      '1.',
      '01',
      '1.5',
      '2',
      '5',
      '24',
      '30',
      '120',
    ],
    ...[
      '1000000000',
      '99999999999999999999',
      '1e3',
      'Infinity',
      'NaN',
      '0x10',
      '1,2',
      '3, 1',
      '1;2',
      '٣',
      'soon',
      '5 s',
      'null',
      '"5"',
    ],
    'Sun, 01 Mar 2026 12:00:02 GMT',
    'Sunday, 01-Mar-26 12:00:02 GMT',
    'Sun Mar  1 12:00:02 2026',
    'Sun, 01 Mar 2026 11:00:00 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    'Sun, 01 Mar 2026 12:00:02 GMT, Sun, 01 Mar 2026 12:00:03 GMT',
    '2026-03-01T12:00:02Z',
  ];
  for (const status of [429, 503, 403]) {
    it(`of a ${status}, an API that says it for ever gets no more than its attempts, apart, and the call its answer`, async () => {
      for (const value of values) {
        const clock = new VirtualClock(BEGIN);
        const { sent, took, rejected } = await call(
          destinationOf(`${PUT}\nretry: { attempts: 10 }`, { connection: 'concurrency: 2' }),
          {
            clock,
            rows: people('a', 'b', 'c'),
            random: seededRandom(5),
            send: () => json(status, {}, { 'retry-after': value }),
          },
        );
        assert.ok(took < 25_000, `"${value}": ${took} ms`);
        assert.equal(rejected.length, 3, value);
        for (const email of ['a', 'b', 'c']) {
          const own = sent.filter(({ request }) => request.body?.includes(`"${email}"`)).map(({ at }) => at);
          assert.ok(own.length <= 10, `"${value}": ${own.length} attempts`);
          for (const [index, at] of own.slice(1).entries()) assert.ok(at >= (own[index] ?? at) + 1, `"${value}": at once`);
        }
      }
    });
  }
});

describe('then: retry', () => {
  const rule = (more: string) => `${POST}\nresponse: { rules: [{ if: body.error == 'ratelimited', then: retry${more} }] }`;
  const limited = (headers: Record<string, string> = {}, more: Row = {}) => json(200, { error: 'ratelimited', ...more }, headers);

  it('sends a POST again after a 200: it is the author’s word that nothing was taken', async () => {
    const { sent, reasons } = await call(destinationOf(rule('')), {
      rows: ONE,
      send: (_, n) => (n < 2 ? limited() : json(200, {})),
    });
    assert.deepEqual([sent.length, reasons], [3, {}]);
  });

  it('rejects after the last attempt, with its reason', async () => {
    const { sent, reasons } = await call(destinationOf(rule(', reason: "limited"')), { rows: ONE, send: () => limited() });
    assert.deepEqual([sent.length, reasons['1']], [3, 'limited']);
  });

  it('is no word on a body that cannot be read: then the status decides', async () => {
    const missing = '\nresponse: { rules: [{ if: not body.id, then: retry }] }';
    for (const [request, reply, times] of [
      [POST, json(200, {}), 3],
      [POST, text(200, '{'), 1],
      [POST, text(502, '<html>'), 1],
      [PUT, text(502, '<html>'), 3],
      [POST, text(429, ''), 3],
    ] as const) {
      const { sent, rejected } = await call(destinationOf(request + missing), { rows: ONE, send: () => reply });
      assert.deepEqual([sent.length, rejected.length], [times, 1], `${request} ${reply.status}`);
    }
  });

  const waits: [name: string, rule: string, reply: Reply, from: number, to: number][] = [
    ['after seconds', ', after: "headers[\'x-wait\']"', limited({ 'x-wait': '7' }), 7000, 7000],
    ['after a number of the body', ', after: body.wait', limited({}, { wait: 2.5 }), 2500, 2500],
    ['after a date', ', after: body.wait', limited({}, { wait: 'Sun, 01 Mar 2026 12:00:09 GMT' }), 9000, 9000],
    ['after what cannot be read: the usual backoff', ', after: body.wait', limited({}, { wait: 'x' }), 1, 500],
    ['after what cannot be computed: the usual backoff', ', after: "body.wait | number"', limited({}, { wait: 'x' }), 1, 500],
    ['after nothing: Retry-After', ', after: body.wait', limited({ 'retry-after': '4' }), 4000, 4000],
    ['after nothing at all: the usual backoff', '', limited(), 1, 500],
  ];
  for (const [name, more, reply, from, to] of waits) {
    it(name, async () => {
      const { sent } = await call(destinationOf(rule(more)), { rows: ONE, send: (_, n) => (n === 0 ? reply : json(200, {})) });
      const at = sent[1]?.at ?? -1;
      assert.ok(at >= from && at <= to, `${at} ms`);
    });
  }

  it('after longer than the time left rejects at once', async () => {
    const { took, reasons } = await call(destinationOf(rule(', after: body.wait')), {
      rows: ONE,
      send: () => limited({}, { wait: 100 }),
    });
    assert.equal(took, 0);
    assert.match(reasons['1'] ?? '', /the API asks to wait 100 s, longer than this call has left/);
  });
});

describe('the deadline', () => {
  for (const deadline of [1000, 2000, 25_000, 60_000]) {
    it(`of ${deadline} ms comes after the answer, whatever hangs`, async () => {
      const sends: [Calling['send'], RegExp][] = [
        [hanging, /^outcome unknown: the deadline of the call came before the answer$/],
        [
          (_, __, { signal }) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve(broken('ABORTED')))),
          /^outcome unknown: /,
        ],
      ];
      for (const [send, reason] of sends) {
        const { reasons, took, sent } = await call(destinationOf(POST, { connection: 'concurrency: 2' }), {
          rows: people(1, 2, 3, 4),
          deadline,
          ...(send && { send }),
        });
        assert.ok(took < deadline && took > deadline * 0.8, `${took} ms`);
        assert.equal(sent.length, 2);
        for (const id of ['1', '2']) assert.match(reasons[id] ?? '', reason);
        for (const id of ['3', '4']) assert.equal(reasons[id], 'not attempted: the deadline of the call had come');
      }
    });
  }

  it('is the most that an attempt may take, and its own timeout else', async () => {
    const clock = new VirtualClock(BEGIN);
    const bound = destinationOf(`${PUT}\ntimeout: 10s\nretry: { backoff: 1ms..1ms }`);
    const { sent } = await call(bound, {
      rows: ONE,
      clock,
      send: async (_, __, { timeout }) => {
        await clock.wait(timeout, never);
        return broken('TIMEOUT');
      },
    });
    assert.deepEqual(
      sent.map(({ timeout }) => timeout),
      [10_000, 10_000, 25_000 - 500 - 20_002],
    );
  });

  it('lets no request start in its last part', async () => {
    const clock = new VirtualClock(BEGIN);
    const { sent, reasons, took } = await call(destinationOf(POST, { connection: 'concurrency: 1' }), {
      rows: people(...Array(100).keys()),
      clock,
      send: async () => {
        await clock.wait(900, never);
        return json(200, {});
      },
    });
    assert.ok(took < 25_000);
    assert.ok(Math.max(...sent.map(({ at }) => at)) <= 24_000);
    assert.equal(Object.keys(reasons).length, 100 - sent.length);
    assert.deepEqual(new Set(Object.values(reasons)), new Set(['not attempted: the deadline of the call had come']));
  });

  it('ends the waiting for another attempt', async () => {
    const bound = destinationOf(`${PUT}\nretry: { attempts: 10, backoff: 10s..30s }`);
    const { took, reasons } = await call(bound, { rows: ONE, random: () => 0.9, send: () => json(500, {}) });
    assert.ok(took < 25_000);
    assert.equal(reasons['1'], 'outcome unknown: HTTP 500: {} (no time was left to try again)');
  });

  it('in a wait for a place keeps what the last attempt said', async () => {
    const clock = new VirtualClock(BEGIN);
    const { reasons } = await call(destinationOf(PUT, { connection: 'concurrency: 2' }), {
      rows: people('put off', 'hangs'),
      clock,
      bulkhead: new Bulkhead(clock, 1),
      send: (_, n) => (n === 0 ? json(503, { message: 'busy' }) : hanging()),
    });
    assert.deepEqual(reasons, {
      1: 'outcome unknown: HTTP 503: busy (not tried again: the deadline of the call had come)',
      2: 'outcome unknown: the deadline of the call came before the answer',
    });
  });
});

describe('a caller that hangs up', () => {
  it('has nothing more sent, what is under way is waited for', async () => {
    const clock = new VirtualClock(BEGIN);
    const gone = new AbortController();
    const { sent, reasons } = await call(destinationOf(POST, { connection: 'concurrency: 2' }), {
      rows: people(1, 2, 3, 4),
      clock,
      gone: gone.signal,
      send: async (_, n) => {
        await clock.wait(100, never);
        if (n === 0) gone.abort();
        await clock.wait(100, never);
        return json(200, {});
      },
    });
    assert.equal(sent.length, 2);
    assert.deepEqual(reasons, { 3: 'not attempted: the caller hung up', 4: 'not attempted: the caller hung up' });
  });

  it('before the call has nothing sent', async () => {
    const { sent, reasons } = await call(destinationOf(POST), { rows: ONE, gone: AbortSignal.abort() });
    assert.deepEqual([sent.length, reasons], [0, { 1: 'not attempted: the caller hung up' }]);
  });

  it('in the wait for another attempt has none made', async () => {
    const clock = new VirtualClock(BEGIN);
    const gone = new AbortController();
    void clock.wait(1000, never).then(() => gone.abort());
    const { sent, reasons, took } = await call(destinationOf(POST), {
      rows: ONE,
      clock,
      gone: gone.signal,
      send: () => json(429, { message: 'slow' }, { 'retry-after': '10' }),
    });
    assert.deepEqual([sent.length, took], [1, 1000]);
    assert.equal(reasons['1'], 'HTTP 429: slow (not tried again: the caller hung up)');
  });
});

describe('a bug', () => {
  it('that throws on sending rejects its rows, and no others', async () => {
    const bound = destinationOf('post: /r\nbatch: { size: 2 }\njson: "{{ records }}"');
    const bug = new TypeError('undefined is not a function');
    const { reasons, bugs } = await call(bound, {
      rows: people(1, 2, 3, 4, 5),
      send: (_, n) => {
        if (n === 1) throw bug;
        return json(200, {});
      },
    });
    assert.deepEqual(bugs, [bug]);
    const reason = 'internal error ref1: the row may have arrived';
    assert.deepEqual(reasons, { 3: reason, 4: reason });
  });

  it('gives its place back', async () => {
    const bound = destinationOf(POST, { connection: 'concurrency: 1' });
    const { sent, took } = await call(bound, { rows: people(1, 2, 3), send: () => Promise.reject(new Error('bug')) });
    assert.deepEqual([sent.length, took], [3, 0]);
  });
});

describe('concurrency', () => {
  it('is never exceeded, also across calls, and places are given in turn', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ at: fc.nat(3000), count: fc.integer({ min: 1, max: 6 }), gone: fc.option(fc.nat(4000)) }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.integer(),
      async (limit, calls, seed) => {
        const clock = new VirtualClock(BEGIN);
        const random = seededRandom(seed);
        const bulkhead = new Bulkhead(clock, limit);
        const bound = destinationOf(PUT, { connection: `concurrency: ${limit}` });
        let inFlight = 0;
        let most = 0;
        const run = async ({ at, count, gone }: { at: number; count: number; gone: number | null }) => {
          await clock.wait(at, never);
          const hangUp = new AbortController();
          if (gone !== null) void clock.wait(gone, never).then(() => hangUp.abort());
          return call(bound, {
            rows: Array.from({ length: count }, (_, id) => ({ id })),
            clock,
            bulkhead,
            random,
            gone: hangUp.signal,
            // Time for all: what is not attempted was forgotten.
            deadline: 3_600_000,
            send: async () => {
              most = Math.max(most, ++inFlight);
              await clock.wait(random() * 1000, never);
              inFlight--;
              const dice = random();
              if (dice < 0.2) return json(429, {}, { 'retry-after': String(random() * 5) });
              return dice < 0.3 ? broken('ECONNRESET') : json(200, {});
            },
          });
        };
        const called = await Promise.all(calls.map(run));
        assert.ok(most <= limit, `${most} in flight`);
        assert.equal(inFlight, 0);
        for (const [index, { rejected }] of called.entries()) {
          if (calls[index]?.gone === null)
            for (const { reason } of rejected) assert.doesNotMatch(reason, /not attempted: (?!half of the requests)/);
        }
        // Where the API seemed to be out, one request tells that it is back.
        await clock.wait(10_000, never);
        await call(bound, { rows: [{ id: 0 }], clock, bulkhead });
        // Every place came back.
        const { took, sent } = await call(bound, {
          rows: Array.from({ length: limit }, (_, id) => ({ id })),
          clock: clock,
          bulkhead,
        });
        assert.equal(sent.length, limit);
        assert.ok(took <= 5000);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it('is used: as many are in flight as may be', async () => {
    const clock = new VirtualClock(BEGIN);
    const { took } = await call(destinationOf(POST, { connection: 'concurrency: 5' }), {
      rows: people(...Array(20).keys()),
      clock,
      send: async () => {
        await clock.wait(1000, never);
        return json(200, {});
      },
    });
    assert.equal(took, 4000);
  });

  it('is not held by one that waits to try again', async () => {
    const { sent } = await call(destinationOf(`${PUT}\nretry: { backoff: 10s..10s }`, { connection: 'concurrency: 2' }), {
      rows: people('slow', 'b', 'c'),
      send: ({ body }, n) => ((parseJson(String(body)) as Row).email === 'slow' && n === 0 ? json(500, {}) : json(200, {})), // this test's own record
    });
    assert.deepEqual(
      sent.map(({ at }) => at < 100),
      [true, true, true, false],
    );
  });
});
