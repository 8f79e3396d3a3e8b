/** What a chaos target does when it does not misbehave, what it is told, and what it tells. */

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, describe, it } from 'node:test';
import type { Arrival } from '../../src/commands/chaos/ledger.ts';
import type { ScriptPlan } from '../../src/commands/chaos/script.ts';
import { type Chaos, type ChaosOptions, startChaos } from '../../src/commands/chaos/server.ts';
import { Fault } from '../../src/fault.ts';
import { later, until } from '../commands/running.ts';
import { rawClient, written } from './raw-client.ts';

async function started(options: ChaosOptions = {}): Promise<Chaos> {
  const chaos = await startChaos(options);
  after(() => chaos.close());
  return chaos;
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

async function send({ url }: Chaos, path: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(url + path, { method: 'POST', redirect: 'manual', ...init });
  return { status: response.status, text: await response.text() };
}

const post = (chaos: Chaos, body: unknown, headers: Record<string, string> = {}) =>
  send(chaos, '/v1/rows', { body: typeof body === 'string' ? body : JSON.stringify(body), headers });

const yes = (...results: object[]) => ({ status: 200, text: JSON.stringify({ ok: true, results }) });
const arrivals = ({ ledger }: Chaos) => [...ledger.rows()].map(({ id, value }) => [id, value]);

describe('rows', () => {
  const cases: [name: string, body: unknown, options: ChaosOptions, found: [id: string, value: unknown][]][] = [
    [
      'a list',
      [{ id: 'a' }, { id: 2 }],
      {},
      [
        ['a', { id: 'a' }],
        ['2', { id: 2 }],
      ],
    ],
    ['one object', { id: 'a', orders: [{ id: 5 }] }, {}, [['a', { id: 'a', orders: [{ id: 5 }] }]]],
    [
      'the first list of objects',
      { mode: 'upsert', tags: ['x'], members: [{ email: 'a@b.example' }] },
      {},
      [['a@b.example', { email: 'a@b.example' }]],
    ],
    ['an empty list', { rows: [] }, {}, []],
    [
      'a place of their own',
      { orders: [{ id: 1 }], data: { rows: [{ id: 2 }] } },
      { rows: 'body.data.rows' },
      [['2', { id: 2 }]],
    ],
    ['a place with one object', { contact: { id: 3 } }, { rows: 'contact' }, [['3', { id: 3 }]]],
    [
      'an id of its own',
      [{ id: 1, attributes: { sku: 'x' } }],
      { id: ['attributes.sku'] },
      [['x', { id: 1, attributes: { sku: 'x' } }]],
    ],
    ['the first id that is there', [{ id: '', key: 'k' }], {}, [['k', { id: '', key: 'k' }]]],
  ];
  for (const [name, body, options, found] of cases) {
    it(`are found: ${name}`, async () => {
      const chaos = await started(options);
      assert.equal((await post(chaos, body)).status, 200);
      assert.deepEqual(arrivals(chaos), found);
    });
  }

  it('keep every digit, in the ledger and in the answer', async () => {
    const chaos = await started();
    const { text } = await post(chaos, '[{"id":12345678901234567890,"v":1e400}]');
    assert.equal(text, '{"ok":true,"results":[{"id":12345678901234567890,"ok":true}]}');
    const ledger = await send(chaos, '/chaos/ledger', { method: 'GET' });
    assert.match(ledger.text, /"id":"12345678901234567890","value":\{"id":12345678901234567890,"v":1e400\}/);
  });

  it('are answered under the word of their own too', async () => {
    assert.deepEqual(await post(await started(), [{ email: 'a' }]), yes({ email: 'a', id: 'a', ok: true }));
  });

  it('may be named by the path', async () => {
    const chaos = await started();
    await send(chaos, '/v1/contacts/a%40b.example?x=1', { method: 'PUT', body: '{"name":"A"}' });
    await send(chaos, '/v1/contacts/c', { method: 'DELETE' });
    assert.deepEqual(arrivals(chaos), [
      ['a@b.example', { name: 'A' }],
      ['c', null],
    ]);
  });

  it('are none where somebody reads', async () => {
    const chaos = await started();
    assert.deepEqual(await send(chaos, '/v1/plans/7', { method: 'GET' }), yes());
    assert.deepEqual(arrivals(chaos), []);
  });

  for (const [name, body, status, error, options] of [
    ['no JSON', '{"id":', 400, 'the body is not JSON (it ends too early)', {}],
    ['nothing', '', 400, 'the body is not JSON (it ends too early)', {}],
    ['a row without an id, and others', [{ id: 1 }, { name: 'x' }], 422, /^row 2 has no id: expected one of id, email, /, {}],
    ['a row that is no object', ['a'], 422, /^row 1 has no id/, {}],
    ['nothing at the place', { data: {} }, 422, 'there is nothing at body.data.rows', { rows: 'body.data.rows' }],
  ] as const) {
    it(`are refused whole: ${name}`, async () => {
      const chaos = await started(options);
      const answer = await post(chaos, body);
      assert.equal(answer.status, status);
      if (typeof error === 'string') assert.equal(JSON.parse(answer.text).error, error);
      else assert.match(JSON.parse(answer.text).error, error);
      assert.deepEqual(chaos.ledger.summary(), {
        requests: 1,
        rows: 0,
        distinct: 0,
        duplicates: 0,
        replayed: 0,
        met: { refused: 1 },
      });
    });
  }

  it('are refused in a coding that is not read', async () => {
    assert.equal((await post(await started(), '[]', { 'content-encoding': 'gzip' })).status, 415);
  });
});

describe('the ledger', () => {
  it('tells of each row its last value and the requests that took it, and of each request what it met', async () => {
    const chaos = await started();
    await post(chaos, [
      { id: 'a', v: 1 },
      { id: 'b', v: 1 },
    ]);
    await post(chaos, [{ id: 'a', v: 2 }]);
    await post(chaos, [{ v: 1 }], { 'idempotency-key': 'k' });
    const a = { id: 'a', value: { id: 'a', v: 2 }, requests: [1, 2] };
    const b = { id: 'b', value: { id: 'b', v: 1 }, requests: [1] };
    const arrived = { method: 'POST', path: '/v1/rows', replayed: false };
    const requests = [
      { number: 1, ...arrived, met: 'honest', rows: 2, taken: 2 },
      { number: 2, ...arrived, met: 'honest', rows: 1, taken: 1 },
      { number: 3, ...arrived, key: 'k', met: 'refused', rows: 0, taken: 0 },
    ];
    const summary = { requests: 3, rows: 3, distinct: 2, duplicates: 1, replayed: 0, met: { honest: 2, refused: 1 } };
    assert.deepEqual([chaos.ledger.get('a'), chaos.ledger.get('z')], [a, undefined]);
    const get = async (path: string) => {
      const { status, text } = await send(chaos, path, { method: 'GET' });
      return [status, JSON.parse(text)];
    };
    assert.deepEqual(await get('/chaos/ledger'), [200, { summary, rows: [a, b], requests }]);
    assert.deepEqual(await get('/chaos/ledger?id=b'), [200, b]);
    assert.deepEqual((await get('/chaos/ledger?id=z'))[0], 404);
    assert.deepEqual(await get('/chaos/summary'), [200, summary]);
    assert.deepEqual(await send(chaos, '/chaos/reset'), { status: 200, text: '{"ok":true}' });
    assert.deepEqual((await get('/chaos/ledger'))[1], {
      summary: { requests: 0, rows: 0, distinct: 0, duplicates: 0, replayed: 0, met: {} },
      rows: [],
      requests: [],
    });
  });

  it('knows of a request before it is known what it meets', async () => {
    const chaos = await started();
    await rawClient(chaos.port, written([{ id: 'a' }]).slice(0, -1));
    await until(() => chaos.ledger.summary().requests === 1);
    assert.deepEqual(chaos.ledger.summary().met, { underway: 1 });
  });

  it('is not what a request is written into that was under way when it was emptied', async () => {
    const chaos = await started();
    const client = await rawClient(chaos.port, written([{ id: 'a' }]).slice(0, -1));
    await until(() => chaos.ledger.summary().requests === 1);
    chaos.reset();
    client.socket.write(']');
    await client.read(/"ok":true/);
    assert.deepEqual([...chaos.ledger.rows(), ...chaos.ledger.requests()], []);
  });

  it('is sent in pieces where it is long, and whole', async () => {
    const chaos = await started();
    const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, text: 'x'.repeat(100) }));
    await post(chaos, rows);
    const { text } = await send(chaos, '/chaos/ledger', { method: 'GET' });
    assert.deepEqual(
      JSON.parse(text).rows.map(({ value }: { value: unknown }) => value),
      rows,
    );
  });

  it('takes no more than it may keep, and says so', async () => {
    // A request and a row are one each.
    const chaos = await started({ bounds: { entries: 5 } });
    await post(chaos, [{ id: 1 }, { id: 2 }]);
    const { status, text } = await post(chaos, [{ id: 3 }, { id: 4 }]);
    assert.deepEqual([status, JSON.parse(text).error], [507, 'the ledger is full; POST /chaos/reset empties it']);
    assert.equal((await post(chaos, [])).status, 200);
    assert.equal((await post(chaos, [])).status, 507);
    assert.deepEqual(chaos.ledger.summary(), {
      requests: 3,
      rows: 2,
      distinct: 2,
      duplicates: 0,
      replayed: 0,
      met: { honest: 2, refused: 1 },
    });
    chaos.reset();
    assert.equal((await post(chaos, [{ id: 3 }])).status, 200);
    assert.equal((await post(await started({ bounds: { characters: 40 } }), [{ id: 1, v: 'x'.repeat(40) }])).status, 507);
    const long = await started({ bounds: { characters: 120 } });
    assert.equal((await post(long, [{ id: 1 }], { 'idempotency-key': 'k'.repeat(120) })).status, 507);
    assert.equal((await send(long, `/rows/${'x'.repeat(120)}`, { method: 'DELETE' })).status, 507);
    // What came in place of something else takes only its own room.
    for (let times = 0; times < 4; times++) assert.equal((await post(long, [{ id: 1, v: 'x' }])).status, 200);
    // A request, its row, and the answer that its key gets again.
    assert.equal((await post(await started({ bounds: { entries: 2 } }), [{ id: 1 }], { 'idempotency-key': 'k' })).status, 507);
  });

  it('counts what was sent to where a redirect led, and takes none of it', async () => {
    const chaos = await started({ script: { requests: ['http-307'] } });
    await send(chaos, '/v1/rows', { body: '[{"id":1}]', redirect: 'follow' });
    assert.deepEqual(chaos.ledger.summary().met, { elsewhere: 1, 'http-307': 1 });
    assert.equal(chaos.ledger.summary().rows, 0);
  });
});

describe('an idempotency key', () => {
  const key = { 'idempotency-key': 'k1' };

  it('that was seen gets the same answer, and nothing is taken twice', async () => {
    const chaos = await started();
    const first = await post(chaos, [{ id: 'a' }], key);
    assert.deepEqual(await post(chaos, [{ id: 'a' }], key), first);
    await post(chaos, [{ id: 'a' }], { 'idempotency-key': 'k2' });
    assert.deepEqual(chaos.ledger.get('a')?.requests, [1, 3]);
    assert.deepEqual(
      chaos.ledger.requests().map(({ key: one, replayed }) => [one, replayed]),
      [
        ['k1', false],
        ['k1', true],
        ['k2', false],
      ],
    );
    const { rows, replayed } = chaos.ledger.summary();
    assert.deepEqual({ rows, replayed }, { rows: 2, replayed: 1 });
  });

  it('with another body is refused', async () => {
    const chaos = await started();
    await post(chaos, [{ id: 'a' }], key);
    assert.equal((await post(chaos, [{ id: 'b' }], key)).status, 422);
    assert.equal(chaos.ledger.get('b') !== undefined, false);
  });

  it('is remembered of what was taken without an answer, not of what was not taken', async () => {
    const chaos = await started({ script: { requests: ['reset-taken', 'honest', 'http-503', 'honest', 'partial', 'honest'] } });
    await assert.rejects(post(chaos, [{ id: 'a' }], key));
    await post(chaos, [{ id: 'a' }], key);
    assert.deepEqual(chaos.ledger.get('a')?.requests, [1]);
    for (const status of [503, 200]) assert.equal((await post(chaos, [{ id: 'b' }], { 'idempotency-key': 'k2' })).status, status);
    assert.deepEqual(chaos.ledger.get('b')?.requests, [4]);
    const half = await post(chaos, [{ id: 'c' }, { id: 'd' }], { 'idempotency-key': 'k3' });
    assert.deepEqual(await post(chaos, [{ id: 'c' }, { id: 'd' }], { 'idempotency-key': 'k3' }), half);
    assert.deepEqual([chaos.ledger.get('c') !== undefined, chaos.ledger.get('d') !== undefined], [false, true]);
  });
});

describe('a script', () => {
  /** What requests met, one after the other. */
  async function met(script: ScriptPlan, bodies: readonly unknown[]): Promise<string[]> {
    const lines: string[] = [];
    const told = new EventEmitter();
    const seen = (line: Arrival) => told.emit('line', lines.push(line.met));
    const chaos = await started({ script, seen, late: 1, drip: 0 });
    for (const body of bodies) {
      const line = once(told, 'line');
      const client = await rawClient(chaos.port, written(body));
      await line;
      client.socket.destroy();
    }
    return lines;
  }
  const ten = Array.from({ length: 10 }, (_, id) => ({ id }));

  it('goes by the number of the request', async () => {
    assert.deepEqual(await met({ requests: ['http-500', 'honest', 'reset-early'] }, ten.slice(0, 4)), [
      'http-500',
      'honest',
      'reset-early',
      'honest',
    ]);
  });

  it('goes by the row, then by the number', async () => {
    const script = {
      ids: { '7': ['http-429', 'honest', 'reset-early'] },
      requests: ['http-408', 'http-409', 'http-425'],
    } as const;
    const bodies = [[{ id: 1 }, { id: 7 }], { id: 1 }, { id: 7 }, { id: 7 }, { id: 7 }];
    assert.deepEqual(await met(script, bodies), ['http-429', 'http-409', 'honest', 'reset-early', 'honest']);
  });

  it('goes by chance that the seed repeats, as often as its rate says', async () => {
    const script = { rate: 0.5, seed: 7 };
    const many = Array.from({ length: 200 }, (_, id) => ({ id }));
    const first = await met(script, many);
    assert.deepEqual(await met(script, many), first);
    assert.notDeepEqual(await met({ rate: 0.5, seed: 8 }, many), first);
    const honest = first.filter((name) => name === 'honest').length;
    // 200 throws of a coin: 50 or 150 would be seven deviations off.
    assert.ok(honest > 50 && honest < 150, `${honest} honest`);
    assert.ok(new Set(first).size > 20, 'different faults');
  });

  it('keeps to the faults that it names', async () => {
    const many = Array.from({ length: 40 }, (_, id) => ({ id }));
    const names = new Set(await met({ rate: 1, faults: ['http-500', 'close-lost'] }, many));
    assert.deepEqual([...names].sort(), ['close-lost', 'http-500']);
  });

  it('begins anew with a new one and with a reset', async () => {
    const script = { requests: ['http-500', 'http-409'] } as const;
    const chaos = await started({ script });
    const statuses = async () => [
      (await post(chaos, ten)).status,
      (await post(chaos, ten)).status,
      (await post(chaos, ten)).status,
    ];
    assert.deepEqual(await statuses(), [500, 409, 200]);
    chaos.reset();
    assert.deepEqual(await statuses(), [500, 409, 200]);
    chaos.script({ requests: ['http-408'] });
    assert.deepEqual(await statuses(), [408, 200, 200]);
  });

  it('comes over HTTP', async () => {
    const chaos = await started();
    const script = { ids: { a: ['http-408'] }, requests: ['http-409'], rate: 1, faults: ['http-425'], seed: 3 };
    assert.deepEqual(await send(chaos, '/chaos/script', { body: JSON.stringify(script) }), { status: 200, text: '{"ok":true}' });
    const statuses = [];
    for (const id of ['b', 'a', 'a']) statuses.push((await post(chaos, { id })).status);
    assert.deepEqual(statuses, [409, 408, 425]);
  });

  for (const [body, error] of [
    ['[]', /^A script is a JSON object\.$/],
    ['{', /^The body is not JSON/],
    ['{"rat":1}', /^"rat" is no word of a script\. Use requests, ids, rate, faults, seed\. Did you mean "rate"\?$/],
    ['{"rate":1.5}', /^"rate" is a number from 0 to 1/],
    ['{"seed":0.5}', /^"seed" is a whole number/],
    ['{"faults":["reset-erly"]}', /^"reset-erly" is no fault\. .* Did you mean "reset-early"\?$/],
    ['{"faults":[]}', /^"faults" is a list/],
    ['{"faults":["honest"]}', /^"honest" is no fault/],
    ['{"requests":"late"}', /^"requests" is a list of names of faults; "honest" is none\.$/],
    ['{"requests":[7]}', /^"7" is no fault/],
    ['{"ids":["a"]}', /^"ids" is an object/],
    ['{"ids":{"a":"late"}}', /^"ids\.a" is a list/],
  ] as const) {
    it(`is refused with a sentence: ${body}`, async () => {
      const chaos = await started({ script: { requests: ['http-409'] } });
      const { status, text } = await send(chaos, '/chaos/script', { body });
      assert.deepEqual([status, JSON.parse(text).ok], [400, false]);
      assert.match(JSON.parse(text).error, error);
      assert.equal((await post(chaos, ten)).status, 409, 'the old one holds');
    });
  }
});

describe('control', () => {
  it('says what there is', async () => {
    const { status, text } = await send(await started(), '/chaos/nonsense');
    assert.equal(status, 404);
    assert.match(JSON.parse(text).error, /POST \/chaos\/nonsense\. There are GET \/chaos\/summary, .*POST \/chaos\/down\.$/);
  });

  it('is not for pages in a browser, by their origin or by a name that leads here', async () => {
    const chaos = await started();
    const status = async (headers: string) =>
      (await (await rawClient(chaos.port, `GET /chaos/ledger HTTP/1.1\r\n${headers}\r\n`)).read(/\r\n\r\n/)).slice(9, 12);
    assert.equal(await status('host: evil.example\r\n'), '403');
    assert.equal(await status('host: localhost:9\r\norigin: http://evil.example\r\n'), '403');
    assert.equal(await status('host: localhost:9\r\n'), '200');
    assert.equal(await status('host: [::1]:9\r\n'), '200');
  });

  it('is not counted, and meets no fault', async () => {
    const chaos = await started({ script: { rate: 1, faults: ['reset-early'] } });
    for (let times = 0; times < 3; times++) assert.equal((await send(chaos, '/chaos/summary', { method: 'GET' })).status, 200);
    assert.equal(chaos.ledger.summary().requests, 0);
  });

  it('takes it down: connections are cut and refused, until it comes up by itself on the same port', async () => {
    const chaos = await started({ script: { requests: ['hang-taken'] } });
    const hanging = await rawClient(chaos.port, written({ id: 'a' }));
    await until(() => chaos.ledger.get('a') !== undefined);
    const { status } = await send(chaos, '/chaos/down', { body: '{"for":"300ms"}' });
    assert.equal(status, 200);
    assert.equal(await hanging.done(), 'reset');
    const refused = (error: unknown) =>
      error instanceof Error && error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ECONNREFUSED';
    await assert.rejects(post(chaos, [{ id: 'b' }]), refused);
    let answer: Answered | undefined;
    while (answer === undefined) answer = await post(chaos, [{ id: 'b' }]).catch(() => later(10).then(() => undefined));
    assert.equal(answer.status, 200);
    assert.deepEqual(
      [...chaos.ledger.rows()].map(({ id }) => id),
      ['a', 'b'],
    );
  });

  it('takes it down once more while it is down', async () => {
    const chaos = await started();
    await Promise.all([chaos.down(1), chaos.down(60_000)]);
    await later(50);
    await assert.rejects(post(chaos, [{ id: 1 }]));
    await chaos.down(0);
    while (!(await post(chaos, [{ id: 1 }]).catch(() => later(10)))) assert.equal(chaos.ledger.get('1'), undefined);
  });

  for (const body of ['', '{}', '{"for":"soon"}', '{"for":"2h"}', '{"for":5}', '[]']) {
    it(`is not taken down by ${JSON.stringify(body)}`, async () => {
      const chaos = await started();
      const { status, text } = await send(chaos, '/chaos/down', { body });
      assert.equal(status, 400);
      assert.match(JSON.parse(text).error, /^The body is \{"for": "5s"\}, with a duration of at most an hour/);
      assert.equal((await post(chaos, [{ id: 1 }])).status, 200);
    });
  }
});

it('a port that is taken is a fault that says so', async () => {
  const { port } = await started();
  await assert.rejects(startChaos({ port }), (error: unknown) => {
    assert.ok(error instanceof Fault);
    assert.match(error.message, new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use already\\. Choose another`));
    return true;
  });
});
