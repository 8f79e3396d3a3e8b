/** Golden cases played: which exchange answers which request, and how time passes. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { CaseSpec, ExchangeSpec, ResponseCase } from '../../src/cases/case.ts';
import { playCase } from '../../src/cases/play.ts';
import { seededRandom, VirtualClock } from '../../src/cases/virtual-clock.ts';
import type { Destination } from '../../src/destination/destination.ts';
import { Fault } from '../../src/fault.ts';
import { parseJson } from '../../src/json/parse.ts';
import { stringifyJson } from '../../src/numbers.ts';
import { destinationOf } from '../delivery/calling.ts';

const { destination } = destinationOf('post: /rows\njson: { a: "{{ record.a }}", b: 1 }');

const mappings = [{ from: 'a', to: 'a' }];
const adding = (...rows: unknown[]): CaseSpec['call'] => ({
  method: 'add',
  params: { idColumn: 'a', configuration: { mappings }, rows: rows.map((a) => ({ a })) },
});
const request = (a: unknown) => ({
  method: 'POST',
  url: 'https://api.test/v1/rows',
  headers: { 'content-type': 'application/json' },
  json: { b: 1, a },
});
const foreseen = (a: unknown, response: ResponseCase = {}): ExchangeSpec => ({ request: request(a), response });

const play = (one: Omit<CaseSpec, 'name'>, on: Destination = destination) =>
  playCase(on, { cases: [{ name: 'case', ...one }] }, { name: 'case', ...one });
const exchanges = (played: Awaited<ReturnType<typeof play>>) => played.sent.map(({ exchange }) => exchange);
const rejected = (...ids: unknown[]) => ({ result: { rejectedRows: ids.map((id) => ({ id, reason: 'HTTP 422: no' })) } });
const NO: ResponseCase = { status: 422, json: { message: 'no' } };
/** An answer to whatever comes. */
const any = (response: ResponseCase = {}): ExchangeSpec => ({ response });

describe('an exchange', () => {
  it('answers the request that it shows, in any order, once', async () => {
    const played = await play({
      call: adding('x', 'y', 'x'),
      exchanges: [foreseen('y', NO), foreseen('x', NO), foreseen('x')],
    });
    assert.deepEqual(exchanges(played), [1, 0, 2]);
    assert.deepEqual(played.answer, rejected('x', 'y'));
    assert.deepEqual(
      played.sent.map((one) => stringifyJson(one.request.json)),
      ['x', 'y', 'x'].map((a) => stringifyJson({ a, b: 1 })),
    );
  });

  it('answers no request that differs in a word, where another shows it', async () => {
    const others: ExchangeSpec['request'][] = [
      { ...request('x'), method: 'PUT' },
      { ...request('x'), url: 'https://api.test/v1/row' },
      { ...request('x'), headers: {} },
      { ...request('x'), headers: { 'content-type': 'application/json', 'x-a': '1' } },
      { ...request('x'), json: { a: 'x', b: '1' } },
      { ...request('x'), json: { a: 'x', b: 1, c: null } },
      { ...request('x'), json: [{ a: 'x', b: 1 }] },
    ];
    for (const one of others) {
      const other = { ...(one && { request: one }), response: NO };
      const played = await play({ call: adding('x'), exchanges: [other, foreseen('x')] });
      assert.deepEqual(exchanges(played), [1], stringifyJson(one));
    }
  });

  it('without a request answers what no other shows, in its turn', async () => {
    const played = await play({ call: adding('x', 'y'), exchanges: [any(NO), any()] });
    assert.deepEqual(exchanges(played), [0, 1]);
    assert.deepEqual(played.answer, rejected('x'));
  });

  it('whose own request does not come answers a request that none shows', async () => {
    const played = await play({ call: adding('x', 'y'), exchanges: [foreseen('old', NO), foreseen('y')] });
    assert.deepEqual(exchanges(played), [0, 1]);
    assert.deepEqual(played.answer, rejected('x'));
  });

  it('is kept for the request that it shows, also where that comes later', async () => {
    const played = await play({ call: adding('x', 'y'), exchanges: [foreseen('y', NO), foreseen('old')] });
    assert.deepEqual(exchanges(played), [1, 0]);
    assert.deepEqual(played.answer, rejected('y'));
  });

  it('is chosen by what it shows, then where it shows nothing, then by method and URL, then in its turn', async () => {
    const elsewhere = { request: { ...request('old'), url: 'https://api.test/v1/old' }, response: NO };
    const played = await play({
      call: adding('x', 'y', 'z', 'zz'),
      exchanges: [elsewhere, foreseen('old'), any(NO), foreseen('x', NO)],
    });
    assert.deepEqual(exchanges(played), [3, 2, 1, 0]);
    assert.deepEqual(played.answer, rejected('x', 'y', 'zz'));
  });

  it('that is not needed is left', async () => {
    assert.deepEqual(exchanges(await play({ call: adding('x'), exchanges: [foreseen('z'), foreseen('x')] })), [1]);
  });

  it('that lacks leaves the row rejected, and the request is not tried again', async () => {
    for (const lacking of [[foreseen('y')], [foreseen('y'), {}], [foreseen('y'), { request: request('x') }]]) {
      const played = await play({ call: adding('x', 'y'), exchanges: lacking });
      assert.equal(played.sent.length, 2);
      assert.match(
        stringifyJson(played.answer),
        /^\{"result":\{"rejectedRows":\[\{"id":"x","reason":"not delivered: The case has no answer/,
      );
    }
  });

  it('answers the same when the requests that were sent are written down', async () => {
    const call = adding('x', 'y');
    const responses = [NO, {}];
    const first = await play({ call, exchanges: responses.map(any) });
    const written = first.sent.map(({ request: own }, index) => ({ request: own, response: responses[index] ?? {} }));
    assert.deepEqual(await play({ call, exchanges: written }), first);
  });
});

describe('an answer', () => {
  const put = destinationOf('put: /rows\njson: { a: "{{ record.a }}", b: 1 }').destination;
  const kinds: [ResponseCase, posts: number, puts: number, reason: RegExp][] = [
    [{ fail: 'refused' }, 3, 3, /^not delivered: The API refused the connection\.$/],
    [{ fail: 'reset' }, 1, 3, /^outcome unknown: The connection broke before an answer came\.$/],
    [{ fail: 'timeout' }, 1, 3, /^outcome unknown: The API did not answer in time\.$/],
    [{ fail: 'garbled' }, 1, 3, /^outcome unknown: The API's answer is damaged\.$/],
    [{ status: 500 }, 1, 3, /^outcome unknown: HTTP 500$/],
    [{ status: 500, text: 'oh no' }, 1, 3, /^outcome unknown: HTTP 500: oh no$/],
    [{ status: 429, json: { message: 'slow' } }, 3, 3, /^HTTP 429: slow$/],
    [
      { status: 422, headers: { 'Content-Type': 'text/html' }, json: { message: 'page' } },
      1,
      1,
      /^HTTP 422: \{"message":"page"\}$/,
    ],
  ];
  for (const [response, posts, puts, reason] of kinds) {
    it(`of ${JSON.stringify(response)} is one to delivery`, async () => {
      for (const [on, times] of [
        [destination, posts],
        [put, puts],
      ] as const) {
        const played = await play({ call: adding('x'), exchanges: Array(5).fill({ response }) }, on);
        assert.equal(played.sent.length, times);
        const { rejectedRows } = played.answer.result as { rejectedRows: { reason: string }[] }; // the protocol's own answer
        assert.match(rejectedRows[0]?.reason ?? '', reason);
      }
    });
  }

  it('is 200 without a body where the case says nothing', async () => {
    assert.deepEqual((await play({ call: adding('x'), exchanges: [any()] })).answer, rejected());
  });

  it('has headers whose case does not matter', async () => {
    const played = await play({
      call: adding('x'),
      exchanges: [{ response: { status: 429, headers: { 'Retry-AFTER': '99' } } }],
    });
    assert.equal(played.sent.length, 1);
    assert.match(stringifyJson(played.answer), /asks to wait 99 s/);
  });
});

describe('a case', () => {
  it('waits without taking time', async () => {
    const begin = performance.now();
    const late = { response: { status: 503, headers: { 'retry-after': '10' } } };
    const played = await play({ call: adding('x'), exchanges: [late, late, { response: {} }] });
    assert.deepEqual([exchanges(played), played.answer], [[0, 1, 2], rejected()]);
    assert.ok(performance.now() - begin < 2000);
  });

  it('begins when it says', async () => {
    const on = destinationOf('post: /rows\njson: { now: "{{ now }}" }').destination;
    for (const [now, seen] of [
      [undefined, '2026-01-01T00:00:00.000Z'],
      ['2024-02-29T12:00:00+02:00', '2024-02-29T10:00:00.000Z'],
    ] as const) {
      const played = await play({ call: adding('x'), exchanges: [any()], ...(now !== undefined && { now }) }, on);
      assert.equal(stringifyJson(played.sent[0]?.request.json), stringifyJson({ now: seen }));
    }
  });

  it('repeats with its seed', async () => {
    const on = destinationOf('put: /rows\nretry: { attempts: 10, backoff: 8s..30s }').destination;
    const run = async (seed: number) =>
      play({ call: adding('x'), exchanges: Array(10).fill({ response: { status: 500 } }), seed }, on);
    const counts = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const played = await run(seed);
      assert.deepEqual(await run(seed), played);
      counts.add(played.sent.length);
    }
    assert.ok(counts.size > 1, 'seeds differ');
  });

  it('sends one request at a time, in the order of its rows, whatever the manifest allows', async () => {
    const on = destinationOf('post: /rows\njson: { a: "{{ record.a }}", b: 1 }', { connection: 'concurrency: 50' }).destination;
    const rows = Array.from({ length: 30 }, (_, index) => index);
    const played = await play({ call: adding(...rows), exchanges: rows.map(() => any()) }, on);
    assert.deepEqual(exchanges(played), rows);
    assert.deepEqual(
      played.sent.map((one) => stringifyJson(one.request.json)),
      rows.map((a) => `{"a":${a},"b":1}`),
    );
  });

  it('answers an error where the call is wrong', async () => {
    const played = await play({ call: { method: 'add', params: { idColumn: 'id', configuration: {}, rows: [{ id: null }] } } });
    assert.deepEqual(played.sent, []);
    assert.match(stringifyJson(played.answer), /^\{"error":\{"code":-32602,/);
  });

  it('plays what the form asks too', async () => {
    const { answer } = await play({ call: { method: 'behavior' } });
    assert.deepEqual(answer, {
      result: { batchSize: 100, operations: { add: true, change: true, remove: true }, skipInitialRun: false },
    });
  });

  it('keeps every digit', async () => {
    const id = parseJson('9007199254740993');
    const played = await play({ call: adding(id), exchanges: [foreseen(id, NO)] });
    assert.equal(stringifyJson(played.answer), '{"result":{"rejectedRows":[{"id":9007199254740993,"reason":"HTTP 422: no"}]}}');
  });

  it('shows no secret', async () => {
    const { destination: on } = destinationOf(
      'post: "/{{ settings.key }}"\ntext: "key={{ settings.key }}"\nresponse: { reason: "{{ body.echo }}" }',
      {
        top: 'settings: { key: { secret: true } }',
        connection: 'auth: { bearer: "{{ settings.key }}" }',
        settings: { key: 's3cret-key-of-mine' },
      },
    );
    const one = {
      call: adding('x'),
      settings: { key: 's3cret-key-of-mine' },
      exchanges: [{ response: { status: 422, json: { echo: 'bad key s3cret-key-of-mine' } } }],
    };
    const played = await play(one, on);
    assert.equal(played.sent.length, 1);
    assert.doesNotMatch(stringifyJson(played), /s3cret/);
    assert.match(stringifyJson(played), /\[secret\]/);
  });

  it('with settings that the manifest does not take throws a fault', async () => {
    const { destination: on } = destinationOf('post: "/{{ settings.key }}"', {
      top: 'settings: { key: { pattern: "[a-z]+" } }',
      settings: { key: 'a' },
    });
    for (const settings of [{}, { key: 'A1' }]) {
      await assert.rejects(play({ call: adding('x'), settings }, on), (error) => error instanceof Fault);
    }
    const both = { cases: [], settings: { key: 'a' } };
    const played = await playCase(on, both, { name: 'x', call: adding('x'), settings: { key: 'b' }, exchanges: [any()] });
    assert.equal(played.sent[0]?.request.url, 'https://api.test/v1/b');
  });
});

describe('the virtual clock', () => {
  const never = new AbortController().signal;

  it('fires timers by time, those of one time in the order they were set', async () => {
    const clock = new VirtualClock(1000);
    const fired: string[] = [];
    const wait = async (name: string, milliseconds: number) => {
      await clock.wait(milliseconds, never);
      fired.push(`${name} ${clock.elapsed()} ${clock.now()}`);
    };
    await Promise.all([wait('b', 20), wait('a', 10), wait('c', 20), wait('zero', 0), wait('past', -5), wait('long', 1e9)]);
    assert.deepEqual(fired, ['zero 0 1000', 'past 0 1000', 'a 10 1010', 'b 20 1020', 'c 20 1020', 'long 1000000000 1000001000']);
  });

  it('lets everything run that can before it jumps', async () => {
    const clock = new VirtualClock(0);
    let steps = 0;
    const busy = (async () => {
      for (; steps < 1000; steps++) await Promise.resolve();
      await clock.wait(5, never);
      return clock.elapsed();
    })();
    await clock.wait(10, never);
    assert.deepEqual([steps, await busy], [1000, 5]);
  });

  it('ends a wait that is aborted at once, and no time passes for it', async () => {
    const clock = new VirtualClock(0);
    const controller = new AbortController();
    const waiting = clock.wait(60_000, controller.signal);
    await clock.wait(5, never);
    controller.abort();
    await waiting;
    assert.equal(clock.elapsed(), 5);
    await clock.wait(10, controller.signal);
    assert.equal(clock.elapsed(), 5);
    // The timer is gone: the next one does not wait for it.
    await clock.wait(100_000, never);
    assert.equal(clock.elapsed(), 100_005);
  });

  it('never goes back', async () => {
    const property = fc.asyncProperty(fc.array(fc.array(fc.nat(100), { maxLength: 5 }), { maxLength: 6 }), async (chains) => {
      const clock = new VirtualClock(0);
      const seen: number[] = [];
      const run = async (waits: readonly number[]) => {
        let due = 0;
        for (const milliseconds of waits) {
          due += milliseconds;
          await clock.wait(milliseconds, never);
          assert.equal(clock.elapsed(), due);
          seen.push(due);
        }
      };
      await Promise.all(chains.map(run));
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      );
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe('seeded random numbers', () => {
  it('repeat, differ by seed, and lie in [0, 1)', () => {
    const draw = (seed: number) => Array.from({ length: 1000 }, seededRandom(seed));
    assert.deepEqual(draw(7), draw(7));
    assert.notDeepEqual(draw(7), draw(8));
    for (const seed of [0, 1, -1, 2 ** 32, 1.5]) {
      const drawn = draw(seed);
      assert.ok(drawn.every((one) => one >= 0 && one < 1));
      const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
      assert.ok(mean > 0.45 && mean < 0.55, `${mean}`);
    }
  });
});
