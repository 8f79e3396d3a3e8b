/** The promise: every row of a call ends exactly once, and none is left out of the rejected ones that was not really taken. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { seededRandom, VirtualClock } from '../../src/cases/virtual-clock.ts';
import { realClock } from '../../src/commands/real-world.ts';
import { stringifyJson } from '../../src/numbers.ts';
import type { Reply, SendOptions } from '../../src/outbound/exchange.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import { TRANSPORTS } from '../outbound/transports.ts';
import { answerOf, failure, recipe, rows, shape } from './arbitrary-calls.ts';
import { BEGIN, broken, type Called, call, destinationOf, hanging, type Row } from './calling.ts';
import { accepts, mayRepeat, requestOf, rowsIn, type Shape } from './honest-judge.ts';
import { misbehavingServer, trick } from './misbehaving-server.ts';

/** A request that held these rows, and what came back; nothing where nothing did. */
interface Exchange {
  readonly rows: readonly number[];
  readonly reply: Reply | undefined;
  /** Whether the reply came in time for the answer to the call. */
  readonly inTime: boolean;
}

/** Compares what the caller is told with what really came about. */
function check(made: Shape, given: readonly Row[], called: Called, exchanges: readonly Exchange[]): void {
  const ids = new Set(given.map(({ id }) => stringifyJson(id)));
  const rejected = called.rejected.map(({ id }) => stringifyJson(id));
  assert.equal(new Set(rejected).size, rejected.length, 'each id is rejected once');
  for (const one of rejected) assert.ok(ids.has(one), `${one} is an id of the call`);
  for (const { reason } of called.rejected) assert.match(reason, /^\P{Cc}{1,500}$/u);
  const taken = new Set(given.flatMap(({ n, skip }) => (skip === true ? [n as number] : []))); // rows are numbered
  const late = new Set<unknown>();
  for (const { rows: held, reply, inTime } of exchanges) {
    if (reply?.kind !== 'answer') continue;
    const verdicts = accepts(
      made,
      reply,
      held.map((n) => given[n] ?? assert.fail(`no row ${n}`)),
    );
    for (const [index, n] of held.entries()) if (verdicts[index]) (inTime ? taken : late).add(n);
  }
  for (const one of ids) {
    const own = given.filter(({ id }) => stringifyJson(id) === one).map(({ n }) => n as number); // as above
    if (!rejected.includes(one)) {
      for (const n of own) assert.ok(taken.has(n) || late.has(n), `row ${n} of id ${one} was accepted, but not by the API`);
    } else if (own.every((n) => taken.has(n))) {
      assert.fail(`every row of id ${one} was taken, but it is rejected: ${called.reasons[one]}`);
    }
  }
}

/** Nothing is sent again that may have been taken, nor more often than allowed. */
function checkRepeats(made: Shape, given: readonly Row[], exchanges: readonly Exchange[]): void {
  const before = new Map<number, { reply: Reply | undefined; times: number; with: string }>();
  for (const { rows: held, reply } of exchanges) {
    for (const n of held) {
      const former = before.get(n);
      if (former !== undefined) {
        assert.equal(former.with, held.join(), 'a request is sent again as it was');
        assert.ok(
          former.reply !== undefined &&
            mayRepeat(
              made,
              former.reply,
              held.map((each) => given[each] ?? {}),
            ),
          `row ${n} was sent again`,
        );
      }
      const times = (former?.times ?? 0) + 1;
      assert.ok(times <= made.attempts, `row ${n} was sent ${times} times`);
      before.set(n, { reply, times, with: held.join() });
    }
  }
}

describe('in memory', () => {
  const turn = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({ kind: fc.constant('answer' as const), recipe, delay: fc.constantFrom(0, 0, 10, 1000, 6000) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('failure' as const), failure, delay: fc.constantFrom(0, 100, 5000) }) },
    { weight: 1, arbitrary: fc.constantFrom({ kind: 'hang' as const }, { kind: 'abort' as const }, { kind: 'bug' as const }) },
  );
  const run = fc.record({
    rows,
    turns: fc.array(turn, { minLength: 1, maxLength: 8 }),
    deadline: fc.constantFrom(1000, 5000, 25_000),
    gone: fc.option(fc.nat(4000), { freq: 8 }),
    seed: fc.integer(),
  });
  type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

  async function replyTo(one: Turn, held: readonly Row[], clock: VirtualClock, { signal }: SendOptions): Promise<Reply> {
    const never = new AbortController().signal;
    switch (one.kind) {
      case 'answer':
        await clock.wait(one.delay, never);
        return answerOf(one.recipe, held);
      case 'failure':
        await clock.wait(one.delay, never);
        return one.failure;
      case 'hang':
        return hanging();
      case 'abort':
        return new Promise((resolve) => {
          const abort = () => resolve(broken('ABORTED'));
          if (signal?.aborted) abort();
          else signal?.addEventListener('abort', abort);
        });
      case 'bug':
        throw new Error('bug');
    }
  }

  it('every row ends exactly once', async () => {
    const property = fc.asyncProperty(shape, fc.array(run, { minLength: 5, maxLength: 5 }), async (made, runs) => {
      const bound = destinationOf(requestOf(made), { connection: `concurrency: ${made.concurrency}` });
      for (const { rows: given, turns, deadline, gone, seed } of runs) {
        const clock = new VirtualClock(BEGIN);
        const never = new AbortController().signal;
        const hangUp = new AbortController();
        if (gone !== null) void clock.wait(gone, never).then(() => hangUp.abort());
        const exchanges: Exchange[] = [];
        const called = await call(bound, {
          rows: given,
          clock,
          deadline,
          gone: hangUp.signal,
          random: seededRandom(seed),
          send: async ({ body }, n, options) => {
            assert.ok(!hangUp.signal.aborted, 'nothing is sent for a caller that hung up');
            const held = rowsIn(made, String(body));
            const place = exchanges.push({ rows: held, reply: undefined, inTime: false }) - 1;
            const reply = await replyTo(
              turns[n % turns.length] ?? assert.fail('no turn'),
              held.map((each) => given[each] ?? {}),
              clock,
              options,
            );
            exchanges[place] = { rows: held, reply, inTime: options.signal?.aborted !== true };
            return reply;
          },
        });
        assert.ok(called.took < deadline, `${called.took} ms`);
        assert.ok(
          called.bugs.every((bug) => bug instanceof Error && bug.message === 'bug'),
          String(called.bugs[0]),
        );
        check(made, given, called, exchanges);
        checkRepeats(made, given, exchanges);
      }
    });
    await fc.assert(property, { numRuns: 2000 });
  });
});

for (const [name, create] of TRANSPORTS)
  describe(`over real connections of ${name}`, () => {
    const run = fc.record({
      made: shape,
      given: rows,
      tricks: fc.array(trick, { minLength: 1, maxLength: 6 }),
      seed: fc.integer(),
    });

    it('every row ends exactly once, as the server’s own ledger has it', async () => {
      const property = fc.asyncProperty(run, async ({ made, given, tricks, seed }) => {
        const rowsOf = (body: string) => rowsIn(made, body).map((n) => given[n] ?? assert.fail(`no row ${n}`));
        const server = await misbehavingServer(tricks, (one, body) => answerOf(one, rowsOf(body)));
        const guard = createGuard(['127.0.0.0/8']);
        const transport = create({ connections: made.concurrency, guard, maxResponse: 100_000 });
        try {
          const connection = `concurrency: ${made.concurrency}`;
          const bound = destinationOf(requestOf(made, '60ms', '1ms..5ms'), { url: server.url, connection });
          const deadline = 5000;
          const called = await call(bound, {
            rows: given,
            clock: realClock,
            deadline,
            random: seededRandom(seed),
            send: (request, _, options) => transport.send(request, options),
          });
          // On a busy machine real timers fire late; the virtual clock above is exact.
          assert.ok(called.took < deadline + 2000, `${called.took} ms`);
          assert.deepEqual(called.bugs, []);
          // An answer can be lost on the way: a row may be rejected although it was taken, never the other way round.
          const exchanges = server.ledger.map(({ body, answer }) => ({ rows: rowsIn(made, body), reply: answer, inTime: false }));
          check(made, given, called, exchanges);
          if (!(made.idempotent ?? made.method === 'put')) checkRepeats(made, given, exchanges);
        } finally {
          transport.close();
          server.close();
        }
      });
      await fc.assert(property, { numRuns: 250 });
    });
  });
