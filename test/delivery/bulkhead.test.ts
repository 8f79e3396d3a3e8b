/** What a destination keeps its API from: rates, pauses, too many retries, and requests in vain. Under a virtual clock. */

import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { describe, it } from 'node:test';
import { seededRandom, VirtualClock } from '../../src/cases/virtual-clock.ts';
import type { Reply } from '../../src/outbound/exchange.ts';
import { type Answering, atWork, BEGIN, broken, call, destinationOf, json, people } from './calling.ts';

const POST = 'post: /r\njson: "{{ record }}"';
const PUT = 'put: /r\njson: "{{ record }}"';
const never = new AbortController().signal;
setMaxListeners(0, never);
const many = (count: number) => people(...Array(count).keys());
const mappings = [{ from: 'email', to: 'email' }];
const params = (rows: readonly unknown[]) => ({ idColumn: 'id', configuration: { mappings }, rows });

describe('a declared rate', () => {
  it('is kept in every stretch of its length, and what fits into the call is sent', async () => {
    const bound = destinationOf(`${POST}\nrateLimit: { requests: 5, per: 1s }`);
    const { sent, reasons } = await call(bound, { rows: many(20) });
    assert.deepEqual(reasons, {});
    assert.deepEqual(
      sent.map(({ at }) => at),
      Array.from({ length: 20 }, (_, n) => 1000 * Math.floor(n / 5)),
    );
  });

  it('of several windows is the one that leaves least', async () => {
    const bound = destinationOf(`${POST}\nrateLimit: [{ requests: 2, per: 1s }, { requests: 5, per: 10s }]`);
    const { sent } = await call(bound, { rows: many(8) });
    assert.deepEqual(
      sent.map(({ at }) => at),
      [0, 0, 1000, 1000, 2000, 10_000, 10_000, 11_000],
    );
  });

  it('by a value is one for each of its values', async () => {
    const bound = destinationOf(`${POST}\nrateLimit: { requests: 1, per: 1s, by: record.email }`, {
      connection: 'concurrency: 10',
    });
    const { sent } = await call(bound, { rows: people('a', 'b', 'a', 'c', 'b') });
    assert.deepEqual(
      sent.map(({ at }) => at),
      [0, 0, 0, 1000, 1000],
    );
  });

  it('of the connection holds for lookups too', async () => {
    const bound = destinationOf(POST, {
      connection: 'rateLimit: { requests: 1, per: 2s }',
      top: 'lookups: { things: { get: /things, list: body } }\nfields: [{ each: lookups.things, id: "{{ item }}" }]',
    });
    const work = atWork(bound, { send: ({ method }) => json(200, method === 'GET' ? ['email'] : {}) });
    await work.ask('list_fields');
    await work.ask('add', params(people('a')));
    assert.deepEqual(
      work.sent.map(({ at, request }) => [at, request.method]),
      [
        [0, 'GET'],
        [2000, 'POST'],
      ],
    );
  });

  it('that leaves no room before the deadline rejects at once, and says for how long', async () => {
    const bound = destinationOf(`${POST}\nrateLimit: { requests: 3, per: 1m }`);
    const { took, reasons } = await call(bound, { rows: many(5) });
    assert.equal(took, 0);
    const reason = "not attempted: the manifest's rateLimit leaves no room for 60 s";
    assert.deepEqual(reasons, { 4: reason, 5: reason });
  });

  const sizes: [words: string, size: number][] = [
    ['', 100],
    ['rateLimit: { requests: 1, per: 1s }', 23],
    ['rateLimit: [{ requests: 1, per: 1s }, { requests: 10, per: 1m }]', 10],
    ['rateLimit: { requests: 1, per: 1s, by: record.email }', 23],
    ['rateLimit: { requests: 1, per: 1s }\nbatch: { size: 4 }', 4],
    ['rateLimit: { requests: 1, per: 10s }\nbatch: { size: 500 }', 500],
    ['rateLimit: { requests: 100, per: 1s }', 100],
  ];
  for (const [words, size] of sizes) {
    it(`makes the batch size ${size}: ${words.replace('\n', ', ') || 'none declared'}`, async () => {
      const body = words.includes('batch') ? 'post: /r\njson: "{{ records }}"' : POST;
      const { batchSize } = (await atWork(destinationOf(`${body}\n${words}`)).ask('behavior')) as { batchSize: number }; // the protocol's own answer
      assert.equal(batchSize, size);
    });
  }

  it('makes a declared batch size smaller where it could not be sent in time', async () => {
    const bound = destinationOf(`post: /r\njson: "{{ records }}"\nbatch: { size: 10 }\nrateLimit: { requests: 1, per: 5s }`, {
      top: 'behavior: { batchSize: 1000 }',
    });
    const { batchSize } = (await atWork(bound).ask('behavior')) as { batchSize: number }; // as above
    assert.equal(batchSize, 50);
    const { reasons } = await call(bound, { rows: many(batchSize) });
    assert.deepEqual(reasons, {});
  });
});

describe('what an API says of its own limit', () => {
  const at = (headers: Record<string, string>, status = 200) =>
    call(destinationOf(POST, { connection: 'concurrency: 1' }), {
      rows: people('a', 'b'),
      send: (_, n) => json(n === 0 ? status : 200, {}, n === 0 ? headers : {}),
    }).then(({ sent }) => sent[1]?.at);
  const seconds = (after: number) => String(BEGIN / 1000 + after);
  const table: [name: string, headers: Record<string, string>, at: number][] = [
    ['RateLimit of the draft', { ratelimit: '"default";r=0;t=7' }, 7000],
    ['RateLimit, several policies', { ratelimit: '"a";r=5;t=60, "b";r=0;t=3' }, 3000],
    ['RateLimit with something left', { ratelimit: '"default";r=1;t=7' }, 0],
    ['RateLimit of an earlier draft', { ratelimit: 'limit=10, remaining=0, reset=4' }, 4000],
    ['RateLimit-Remaining and -Reset', { 'ratelimit-remaining': '0', 'ratelimit-reset': '5' }, 5000],
    ['X-RateLimit, seconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '6' }, 6000],
    ['X-RateLimit, a time', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': seconds(9) }, 9000],
    ['X-RateLimit, a time in milliseconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(BEGIN + 2500) }, 2500],
    ['X-Rate-Limit, spelled with a hyphen', { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '8' }, 8000],
    ['a time that has passed', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': seconds(-9) }, 0],
    ['nothing left, and not until when', { 'x-ratelimit-remaining': '0' }, 0],
    ['nonsense', { ratelimit: 'yes; r=0', 'x-ratelimit-remaining': 'none', 'x-ratelimit-reset': 'soon' }, 0],
  ];
  for (const [name, headers, expected] of table) it(name, async () => assert.equal(await at(headers), expected));
});

describe('concurrency: auto', () => {
  /** An API that works on so many requests at once; the others queue up over there, or are refused. */
  async function served(
    places: number,
    refuses: boolean,
  ): Promise<{ most: number; late: number; refused: number; rate: number }> {
    const clock = new VirtualClock(BEGIN);
    const bound = destinationOf(PUT, { connection: 'concurrency: auto' });
    let inFlight = 0;
    let most = 0;
    let refused = 0;
    const seen: number[] = [];
    const work = atWork(bound, {
      clock,
      async send() {
        seen.push(++inFlight);
        most = Math.max(most, inFlight);
        try {
          if (refuses && inFlight > places) {
            refused++;
            await clock.wait(5, never);
            return json(429, {});
          }
          await clock.wait(100 * Math.max(1, inFlight / places), never);
          return json(200, {});
        } finally {
          inFlight--;
        }
      },
    });
    for (let n = 0; n < 6; n++) await work.ask('add', params(many(600)));
    const later = seen.slice(-600);
    return {
      most,
      late: later.reduce((sum, one) => sum + one, 0) / later.length,
      refused,
      rate: seen.length / (clock.elapsed() / 1000),
    };
  }

  it('finds how many an API can do where it queues the others up', async () => {
    for (const places of [5, 20]) {
      const { late, rate } = await served(places, false);
      assert.ok(late > places * 0.6 && late < places * 3, `${places} places: ${late} in flight`);
      assert.ok(rate > places * 10 * 0.6, `${rate} a second of ${places * 10}`);
    }
  });

  it('finds it where the API refuses the others', async () => {
    const { late, refused } = await served(10, true);
    assert.ok(late > 5 && late < 13, `${late} in flight`);
    assert.ok(refused < 600, `${refused} of 3600 refused`);
  });

  it('goes no higher than 100', async () => {
    const { most } = await served(1000, false);
    assert.ok(most > 50 && most <= 100, `${most} in flight`);
  });
});

describe('an API that is out for a minute', () => {
  const UP = 30_000;
  const DOWN = 60_000;
  const AFTER = 30_000;
  const EACH = 10;
  const EVERY = 200;
  /** What a second of load holds. */
  const BASE = (EACH * 1000) / EVERY;

  /** Calls of ten rows, five a second, for two minutes. */
  async function outage(reply: (clock: VirtualClock) => Promise<Reply>, request = PUT) {
    const clock = new VirtualClock(BEGIN);
    const isDown = () => clock.elapsed() >= UP && clock.elapsed() < UP + DOWN;
    const accepted: number[] = [];
    const work = atWork(destinationOf(request, { connection: 'concurrency: 20' }), {
      clock,
      random: seededRandom(3),
      send: async () => {
        await clock.wait(20, never);
        if (isDown()) return reply(clock);
        return json(200, {});
      },
    });
    const calls: Promise<void>[] = [];
    for (let at = 0; at < UP + DOWN + AFTER; at += EVERY) {
      await clock.wait(at - clock.elapsed(), never);
      const one = async () => {
        const said = (await work.ask('add', params(many(EACH)))) as { rejectedRows: unknown[] }; // the protocol's own answer
        for (let n = said.rejectedRows.length; n < EACH; n++) accepted.push(clock.elapsed());
      };
      calls.push(one());
    }
    await Promise.all(calls);
    const down = work.sent.filter(({ at }) => at >= UP && at < UP + DOWN).length;
    const back = work.sent.map(({ at }) => at).filter((at) => at >= UP + DOWN);
    const burst = Math.max(...back.map((from) => back.filter((at) => at >= from && at < from + 1000).length));
    const within = (from: number, to: number) => accepted.filter((at) => at >= UP + DOWN + from && at < UP + DOWN + to).length;
    return { down, offered: (BASE * DOWN) / 1000, burst, fifth: within(5000, 6000), rest: within(6000, 25_000) / 19 };
  }

  const kinds: [name: string, reply: (clock: VirtualClock) => Promise<Reply>][] = [
    ['refuses connections', async () => broken('ECONNREFUSED', 'before')],
    ['breaks them', async () => broken('ECONNRESET')],
    ['answers 503', async () => json(503, {})],
    ['answers 503 and when to come back', async () => json(503, {}, { 'retry-after': '2' })],
    ['answers 429', async () => json(429, {})],
    [
      'hangs for two seconds',
      async (clock) => {
        await clock.wait(2000, never);
        return broken('TIMEOUT');
      },
    ],
  ];
  for (const [name, reply] of kinds) {
    it(`and ${name}: is left alone, and has its full rate within five seconds of coming back, without a burst`, async (t) => {
      const { down, offered, burst, fifth, rest } = await outage(reply);
      t.diagnostic(`${down} requests in the outage of ${offered} offered; after it ${burst} in a second at most, of ${BASE}`);
      assert.ok(down <= offered * (name === 'answers 429' ? 1.2 : 0.2), `${down} requests in the outage`);
      assert.ok(fifth >= BASE * 0.9 && rest >= BASE * 0.99, `${fifth}, then ${rest} rows a second of ${BASE}`);
      assert.ok(burst <= BASE * 1.5, `${burst} requests in a second of ${BASE}`);
    });
  }
});

describe('retries', () => {
  it('are a fifth of the traffic at most, and say so', async () => {
    const bound = destinationOf(POST, { connection: 'concurrency: 5' });
    const send: Answering['send'] = (_, n) => (n % 2 === 0 ? json(429, { message: 'busy' }) : json(200, {}));
    const { sent, reasons } = await call(bound, { rows: many(200), send });
    const retried = sent.length - 200;
    assert.ok(retried > 20 && retried <= 0.2 * 200, `${retried} retries`);
    assert.ok(
      Object.values(reasons).includes(
        'HTTP 429: busy (not tried again: too many of the requests to the API are being tried again)',
      ),
    );
  });

  it('that the API asked for are not counted', async () => {
    const bound = destinationOf(POST, { connection: 'concurrency: 5' });
    const put = json(429, {}, { 'retry-after': '0.1' });
    const { reasons } = await call(bound, { rows: many(20), send: (_, n) => (n < 8 ? put : json(200, {})) });
    assert.deepEqual(reasons, {});
  });
});

describe('somebody at the form', () => {
  it('goes before rows', async () => {
    const clock = new VirtualClock(BEGIN);
    const bound = destinationOf(POST, {
      connection: 'concurrency: 1',
      top: 'lookups: { things: { get: /things, list: body } }\nfields: [{ each: lookups.things, id: "{{ item }}" }]',
    });
    const work = atWork(bound, {
      clock,
      send: async ({ method }) => {
        await clock.wait(1000, never);
        return json(200, method === 'GET' ? ['email'] : {});
      },
    });
    const rows = work.ask('add', params(many(10)));
    await clock.wait(1500, never);
    await work.ask('list_fields');
    assert.equal(clock.elapsed(), 3000);
    await rows;
  });
});

describe('then: stop', () => {
  const stopping = (more = '') =>
    `${POST}\nresponse: { reason: "{{ body.error }}", rules: [{ if: body.error == 'suspended', then: stop${more} }] }`;
  const reply: Answering['send'] = (_, n) => (n === 1 ? json(403, { error: 'suspended' }) : json(200, {}));

  it('rejects these rows and every one not yet sent, for a minute', async () => {
    const clock = new VirtualClock(BEGIN);
    const bound = destinationOf(stopping(), { connection: 'concurrency: 1' });
    const work = atWork(bound, { clock, send: reply });
    const add = async () => ((await work.ask('add', params(many(4)))) as { rejectedRows: unknown[] }).rejectedRows; // the protocol's own answer
    const reason = 'not attempted: the destination stopped (suspended); one request is tried in 60 s';
    assert.deepEqual(await add(), [
      { id: 2, reason: 'suspended' },
      { id: 3, reason },
      { id: 4, reason },
    ]);
    assert.equal(work.sent.length, 2);
    await clock.wait(59_000, never);
    assert.equal((await add()).length, 4);
    await clock.wait(1000, never);
    assert.deepEqual(await add(), []);
  });

  it('holds as long as after says', async () => {
    const clock = new VirtualClock(BEGIN);
    const work = atWork(destinationOf(stopping(', after: 300'), { connection: 'concurrency: 1' }), { clock, send: reply });
    await work.ask('add', params(many(4)));
    await clock.wait(299_000, never);
    assert.equal(work.sent.length, 2);
    assert.match(JSON.stringify(await work.ask('add', params(many(1)))), /stopped \(suspended\); one request is tried in 1 s/);
    await clock.wait(1000, never);
    assert.deepEqual(await work.ask('add', params(many(1))), { rejectedRows: [] });
  });

  it('refuses what waits already, and lets what is under way end', async () => {
    const clock = new VirtualClock(BEGIN);
    const bound = destinationOf(stopping(), { connection: 'concurrency: 2' });
    const { sent, reasons } = await call(bound, {
      clock,
      rows: many(6),
      send: async (_, n) => {
        await clock.wait(n === 0 ? 500 : 100, never);
        return n === 1 ? json(403, { error: 'suspended' }) : json(200, {});
      },
    });
    assert.deepEqual([sent.length, Object.keys(reasons)], [2, ['2', '3', '4', '5', '6']]);
  });
});

describe('a secret that was renewed', () => {
  const auth = 'auth: { bearer: "{{ settings.token }}" }';
  const bound = (request = POST) =>
    destinationOf(request, { connection: auth, top: 'settings: { token: { secret: true } }', settings: { token: 'old' } });
  const old = 'Bearer old';
  const knows: Answering['send'] = ({ headers }) =>
    headers.authorization === old ? json(401, { message: 'expired' }) : json(200, {});
  const renewed = async () => ({ headers: { authorization: 'Bearer new' }, query: [] });

  it('is used once for a 401, also of what is not idempotent', async () => {
    const { sent, reasons } = await call(bound(), { rows: people('a'), send: knows, renewed });
    assert.deepEqual(reasons, {});
    assert.deepEqual(
      sent.map(({ request }) => request.headers.authorization),
      [old, 'Bearer new'],
    );
    assert.deepEqual(sent[0]?.request.body, sent[1]?.request.body);
  });

  it('that is refused too is not tried again', async () => {
    const { sent, reasons } = await call(bound(), { rows: people('a'), send: () => json(401, { message: 'no' }), renewed });
    assert.deepEqual([sent.length, reasons], [2, { 1: 'HTTP 401: no' }]);
  });

  it('or not is asked for by then: reauth too', async () => {
    const request = `${POST}\nresponse: { rules: [{ if: body.error == 'token_expired', then: reauth, reason: "token" }] }`;
    const expired: Answering['send'] = ({ headers }) =>
      json(200, headers.authorization === old ? { error: 'token_expired' } : {});
    assert.deepEqual((await call(bound(request), { rows: people('a'), send: expired, renewed })).reasons, {});
    assert.deepEqual((await call(bound(request), { rows: people('a'), send: expired })).reasons, { 1: 'token' });
  });

  it('and is the same as before changes nothing', async () => {
    const same = async () => undefined;
    const { sent, reasons } = await call(bound(), { rows: people('a'), send: knows, renewed: same });
    assert.deepEqual([sent.length, reasons], [1, { 1: 'HTTP 401: expired' }]);
  });
});

describe('idempotency', () => {
  const keyed = (more = '') => `${POST}\nidempotency: { header: Idempotency-Key${more} }`;
  const keysOf = (sent: readonly { readonly request: { readonly headers: Readonly<Record<string, string>> } }[]) =>
    sent.map(({ request }) => request.headers['idempotency-key']);

  it('sends a new key for each request, the same in its retries, and may be repeated', async () => {
    const { sent, reasons } = await call(destinationOf(keyed(), { connection: 'concurrency: 1' }), {
      rows: people('a', 'b'),
      send: (_, n) => (n === 0 ? broken('ECONNRESET') : json(200, {})),
    });
    assert.deepEqual(reasons, {});
    const [first, again, second] = keysOf(sent);
    assert.match(first ?? '', /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    assert.equal(again, first);
    assert.notEqual(second, first);
  });

  it('by a value is the same in every call, and another for another value', async () => {
    const bound = destinationOf(keyed(', by: record.email'), { connection: 'concurrency: 1' });
    const work = atWork(bound);
    for (let n = 0; n < 2; n++) await work.ask('add', params(people('a', 'b')));
    const [a, b, again, too] = keysOf(work.sent);
    assert.deepEqual([again, too], [a, b]);
    assert.notEqual(a, b);
  });

  it('by a value that is missing rejects the row', async () => {
    const { sent, reasons } = await call(destinationOf(keyed(', by: record.email')), {
      rows: people('a', null, 'c'),
    });
    assert.deepEqual([sent.length, reasons], [2, { 2: 'not sent: idempotency.by gave nothing for this row' }]);
  });

  it('in the body is a key of the row', async () => {
    const { sent } = await call(
      destinationOf('post: /r\njson: { key: "{{ idempotency_key }}", again: "{{ idempotency_key }}" }'),
      {
        rows: people('a', 'b'),
      },
    );
    const [one, two] = sent.map(({ request }) => JSON.parse(String(request.body)) as { key: string; again: string }); // as the manifest writes it
    assert.equal(one?.key, one?.again);
    assert.notEqual(one?.key, two?.key);
  });
});
