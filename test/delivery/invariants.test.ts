/** What holds in every minute of a destination's life, whatever its API does: several calls at once, under a virtual clock. */

import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { seededRandom, VirtualClock } from '../../src/cases/virtual-clock.ts';
import type { Reply } from '../../src/outbound/exchange.ts';
import { retryAfter } from '../../src/outbound/retry.ts';
import { atWork, BEGIN, broken, destinationOf, hanging, json } from './calling.ts';

/** `SCRIPTS=100000` for the long form; `SEED` repeats a run. */
const SCRIPTS = Number(process.env.SCRIPTS ?? 300);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const DEADLINES = [1000, 5000, 25_000];
const never = new AbortController().signal;
setMaxListeners(0, never);

const waiting = fc.constantFrom(undefined, '0', '1', '0.2', '3', '40', 'soon', '-1', 'Sun, 01 Mar 2026 12:00:04 GMT');
const reply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(json(200, {})) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(200, 400, 401, 403, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504, 524), waiting)
      .map(([status, after]) => json(status, {}, after === undefined ? {} : { 'retry-after': after })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('0', '3'), fc.constantFrom('1', '7'))
      .map(([left, reset]) => json(200, {}, { 'x-ratelimit-remaining': left, 'x-ratelimit-reset': reset })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      broken('ECONNREFUSED', 'before'),
      broken('ENOTFOUND', 'before'),
      broken('CERT_HAS_EXPIRED', 'refused'),
      broken('ECONNRESET'),
      broken('GARBLED'),
    ),
  },
);
const script = fc.record({
  idempotent: fc.boolean(),
  attempts: fc.integer({ min: 1, max: 5 }),
  concurrency: fc.constantFrom<number | 'auto'>(1, 2, 5, 'auto'),
  limits: fc.array(fc.record({ requests: fc.integer({ min: 1, max: 6 }), per: fc.constantFrom(100, 1000, 7000) }), {
    maxLength: 2,
  }),
  by: fc.boolean(),
  deadline: fc.constantFrom(...DEADLINES),
  calls: fc.array(
    fc.record({
      begin: fc.nat(6000),
      rows: fc.array(fc.record({ id: fc.nat(9), share: fc.nat(1) }), { minLength: 1, maxLength: 6 }),
      gone: fc.option(fc.nat(4000), { freq: 8 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  turns: fc.array(fc.record({ reply: fc.option(reply, { freq: 20 }), delay: fc.constantFrom(0, 1, 30, 300, 2000, 9000) }), {
    minLength: 1,
    maxLength: 12,
  }),
  seed: fc.integer(),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

/** One request that left: whose row it held, and what came of it. */
interface Exchange {
  readonly call: number;
  readonly n: number;
  readonly id: number;
  readonly share: number;
  readonly from: number;
  readonly bytes: string;
  until: number;
  reply: Reply | undefined;
}

async function play(made: Script): Promise<void> {
  const clock = new VirtualClock(BEGIN);
  const { idempotent, attempts, concurrency, limits, by, deadline } = made;
  const own = limits.map(({ requests, per }) => `{ requests: ${requests}, per: ${per}ms${by ? ', by: record.share' : ''} }`);
  const bound = destinationOf(
    `post: /r
json: { call: "{{ record.call }}", n: "{{ record.n }}", id: "{{ record.id }}", share: "{{ record.share }}" }
idempotent: ${idempotent}
retry: { attempts: ${attempts} }
rateLimit: [${own.join(', ')}]
`,
    { connection: `concurrency: ${concurrency}` },
  );
  const exchanges: Exchange[] = [];
  const { ask, bugs } = atWork(bound, {
    clock,
    deadline,
    random: seededRandom(made.seed),
    async send({ body }, n, { signal }) {
      const sent = JSON.parse(String(body)) as { call: number; n: number; id: number; share: number }; // as the manifest writes it
      const one: Exchange = {
        ...sent,
        bytes: String(body),
        from: clock.elapsed(),
        until: Number.POSITIVE_INFINITY,
        reply: undefined,
      };
      exchanges.push(one);
      const turn = made.turns[n % made.turns.length] ?? assert.fail('no turn');
      await clock.wait(turn.delay, never);
      if (turn.reply === null) return hanging();
      const came = signal?.aborted === true ? broken('ABORTED') : turn.reply;
      Object.assign(one, { until: clock.elapsed(), reply: came });
      return came;
    },
  });
  await Promise.all(
    made.calls.map(async ({ begin, rows, gone }, index) => {
      await clock.wait(begin, never);
      const hangUp = new AbortController();
      if (gone !== null) void clock.wait(gone, never).then(() => hangUp.abort());
      const from = clock.elapsed();
      const given = rows.map((row, n) => ({ ...row, n, call: index }));
      const mappings = ['id', 'share', 'n', 'call'].map((name) => ({ from: name, to: name }));
      const said = await ask('add', { idColumn: 'id', configuration: { mappings }, rows: given }, hangUp.signal);
      const { rejectedRows } = said as { rejectedRows: { id: number; reason: string }[] }; // the protocol's own answer
      const until = clock.elapsed();
      assert.ok(until - from < deadline, `answered after ${until - from} ms of ${deadline}`);
      const mine = exchanges.filter(({ call }) => call === index);
      for (const { from: at } of mine) assert.ok(gone === null || at <= from + gone, 'nothing leaves for a caller that hung up');
      checkRows(given, rejectedRows, mine);
      checkAttempts(made, mine);
    }),
  );
  assert.deepEqual(bugs, []);
  checkRates(made, exchanges);
  checkPlaces(made, exchanges);
  checkPauses(exchanges);
}

function checkRows(
  given: readonly { id: number; n: number }[],
  rejected: readonly { id: number }[],
  mine: readonly Exchange[],
): void {
  assert.equal(new Set(rejected.map(({ id }) => id)).size, rejected.length, 'each id is rejected once');
  for (const { id, n } of given) {
    const taken = mine.some((one) => one.n === n && one.reply?.kind === 'answer' && one.reply.status === 200);
    if (!rejected.some((one) => one.id === id)) assert.ok(taken, `row ${n} was accepted, and the API did not`);
  }
}

/** The same bytes, one after the other, no more than allowed, and none again that may have been taken. */
function checkAttempts({ attempts, idempotent }: Script, mine: readonly Exchange[]): void {
  for (const n of new Set(mine.map((one) => one.n))) {
    const own = mine.filter((one) => one.n === n);
    assert.ok(own.length <= attempts, `row ${n} was sent ${own.length} times`);
    assert.equal(new Set(own.map(({ bytes }) => bytes)).size, 1);
    for (const [index, { from }] of own.slice(1).entries()) {
      const before = own[index] ?? assert.fail();
      assert.ok(from > before.until, 'an attempt follows the answer to the one before, and never at once');
      if (idempotent || before.reply === undefined) continue;
      const safe =
        before.reply.kind === 'unreachable'
          ? before.reply.phase === 'before'
          : [408, 421, 425, 429].includes(before.reply.status) ||
            ([403, 503].includes(before.reply.status) && before.reply.headers['retry-after'] !== undefined);
      assert.ok(safe, `row ${n} was sent again after ${JSON.stringify(before.reply)}`);
    }
  }
  // Rows of one id: the later begins after the former's last attempt.
  for (const one of mine)
    for (const other of mine)
      if (one.id === other.id && one.n < other.n) assert.ok(other.from >= one.until, 'rows of one id go one after the other');
}

function checkRates({ limits, by }: Script, exchanges: readonly Exchange[]): void {
  for (const { requests, per } of limits) {
    for (const share of by ? [0, 1] : [undefined]) {
      const times = exchanges.filter((one) => share === undefined || one.share === share).map(({ from }) => from);
      for (const [index, at] of times.entries()) {
        const later = times[index + requests];
        assert.ok(later === undefined || later - at >= per, `${requests + 1} requests within ${(later ?? 0) - at} ms of ${per}`);
      }
    }
  }
}

function checkPlaces({ concurrency }: Script, exchanges: readonly Exchange[]): void {
  const most = concurrency === 'auto' ? 100 : concurrency;
  for (const { from } of exchanges) {
    const inFlight = exchanges.filter((one) => one.from <= from && one.until > from).length;
    assert.ok(inFlight <= most, `${inFlight} in flight of ${most}`);
  }
}

/** No request begins while an answer that came before asks to wait. */
function checkPauses(exchanges: readonly Exchange[]): void {
  for (const { reply: one, until } of exchanges) {
    if (one?.kind !== 'answer') continue;
    const asked = one.status >= 400 ? retryAfter(one.headers, BEGIN + until) : undefined;
    const reset = one.headers['x-ratelimit-remaining'] === '0' ? Number(one.headers['x-ratelimit-reset']) * 1000 : 0;
    const wait = Math.max(reset, asked?.kind === 'wait' ? asked.ms : 0);
    for (const { from } of exchanges)
      assert.ok(from <= until || from >= until + wait, `begun ${from - until} ms into a pause of ${wait}`);
  }
}

describe('whatever an API does', () => {
  it('what is promised of a destination holds', async (t) => {
    const began = performance.now();
    await fc.assert(fc.asyncProperty(script, play), { numRuns: SCRIPTS, seed: SEED });
    if (SCRIPTS >= 10_000)
      t.diagnostic(`${SCRIPTS} scripts in ${Math.round((performance.now() - began) / 1000)} s, SEED=${SEED}`);
  });
});
