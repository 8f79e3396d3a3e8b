/** The promise, for flows and batches: every row ends exactly once, as the API's own ledger has it, whatever stands beside it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../../src/cases/virtual-clock.ts';
import type { BoundDestination } from '../../src/destination/bind.ts';
import { type FlowRow, type FlowShape, flowOf, flowRows, flowShape } from './arbitrary-flows.ts';
import { atWork, BEGIN } from './calling.ts';
import { FlowApi, type FlowFault, REFUSED } from './flow-api.ts';

/** `FLOWS=100000 node test/run.js test/delivery/conservation-of-flows.test.ts` is the long form; SEED repeats a run. */
const FLOWS = Number(process.env.FLOWS ?? 600);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/** Runs of one manifest: most of the time goes into compiling it. */
const RUNS = 6;
/** Milliseconds: virtual, so that it is no bound where nothing goes wrong. */
const AMPLE = 1_000_000;

const NO_FAULT: FlowFault = { kind: 'none' };
const fault: fc.Arbitrary<FlowFault> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(NO_FAULT) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      status: fc.constantFrom(400, 403, 404, 408, 409, 410, 422, 429, 429, 500, 502, 503),
      after: fc.constantFrom(undefined, undefined, '0', '2', '100'),
      done: fc.constant(false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<FlowFault>(
      { kind: 'status', status: 500, after: undefined, done: true },
      { kind: 'status', status: 504, after: '1', done: true },
      { kind: 'reset', done: true },
      { kind: 'reset', done: false },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<FlowFault>(
      { kind: 'cut off' },
      { kind: 'empty' },
      { kind: 'no list' },
      { kind: 'bug' },
      { kind: 'abort' },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.record({ kind: fc.constant('partial' as const), but: fc.nat(1) }),
      fc.record({ kind: fc.constantFrom('contradiction' as const, 'missing' as const, 'stranger' as const), at: fc.nat(5) }),
    ),
  },
);

/** The reasons of the rejected rows, by id. */
type Rejected = ReadonlyMap<string, string>;

interface Setting {
  readonly api: FlowApi;
  /** Delivers some of the rows. */
  deliver(rows: readonly FlowRow[]): Promise<Rejected>;
  readonly bugs: readonly unknown[];
}

/** @param faults one for each request, over and over */
function settingOf(
  bound: BoundDestination,
  made: FlowShape,
  rows: readonly FlowRow[],
  faults: readonly FlowFault[],
  deadline: number,
): Setting {
  const clock = new VirtualClock(BEGIN);
  const api = new FlowApi(made, rows, clock);
  const { ask, bugs } = atWork(bound, {
    clock,
    deadline,
    send: (request, n, { signal }) => {
      return api.answer(request, faults[n % faults.length] ?? NO_FAULT, signal);
    },
  });
  const mappings = Object.keys(rows[0] ?? {}).map((name) => ({ from: name, to: name }));
  return {
    api,
    bugs,
    async deliver(some) {
      const begin = clock.elapsed();
      const params = { idColumn: 'id', configuration: { mappings }, rows: some };
      const { rejectedRows } = (await ask('add', params)) as { rejectedRows: { id: string; reason: string }[] }; // the protocol's own answer
      assert.ok(clock.elapsed() - begin < deadline, 'the call took too long');
      const ids = new Set(some.map(({ id }) => id));
      for (const { id, reason } of rejectedRows) {
        assert.ok(ids.delete(id), `${id} is rejected twice, or no row of the call`);
        assert.match(reason, /^\P{Cc}{1,500}$/u);
      }
      return new Map(rejectedRows.map(({ id, reason }) => [id, reason]));
    },
  };
}

/** Where the row goes. */
const endOf = ({ find }: FlowShape, { old }: FlowRow): 'send' | 'change' => (find && old ? 'change' : 'send');

/** What becomes of a row where nothing goes wrong. */
function fares(made: FlowShape, row: FlowRow): boolean {
  if (row.skip !== '') return row.skip === 'accept';
  return endOf(made, row) === 'change' || row.bad === '';
}

/** One bad row has its whole batch refused, unless it is split: then what stands beside it matters. */
function apart(made: FlowShape, row: FlowRow): FlowRow {
  const whole = row.bad === 'whole' || (row.bad === 'row' && made.join === 'none');
  return whole && made.size !== undefined && !made.bisect ? { ...row, bad: '' } : row;
}

/** Where nothing goes wrong. @param rejected when all were in one call */
function checkHonest(made: FlowShape, rows: readonly FlowRow[], { api, bugs }: Setting, rejected: Rejected): void {
  for (const row of rows) {
    const well = fares(made, row);
    assert.equal(!rejected.has(row.id), well, `row ${row.n}: ${rejected.get(row.id) ?? 'accepted'}`);
    const sent = well && row.skip === '';
    assert.equal(api.times(endOf(made, row), row.n), sent ? 1 : 0, `row ${row.n} is taken once`);
    assert.equal(api.times('tag', row.n), sent && made.tag && row.tag ? 1 : 0, `row ${row.n} is tagged once`);
  }
  const groups = new Set(made.ensure === 'none' ? [] : rows.map(({ g }) => g));
  assert.deepEqual(api.groups, new Map([...groups].map((group) => [group, 1])), 'each group is made once');
  assert.deepEqual(bugs, []);
}

/** Whatever goes wrong. @param first whether nothing was sent before */
function checkLedger(
  made: FlowShape,
  rows: readonly FlowRow[],
  { api, bugs }: Setting,
  rejected: Rejected,
  first: boolean,
): void {
  for (const row of rows) {
    const reason = rejected.get(row.id);
    const times = api.times(endOf(made, row), row.n);
    if (reason === undefined) {
      if (row.skip === 'accept') continue;
      assert.ok(times > 0, `row ${row.n} is accepted, and was not taken`);
      if (made.tag && row.tag) assert.ok(api.times('tag', row.n) > 0, `row ${row.n} is accepted, and was not tagged`);
    } else if (first && reason.includes(REFUSED) && !api.contradicted.has(row.n)) {
      assert.equal(times, 0, `row ${row.n} is said to be refused, and was taken: ${reason}`);
    }
  }
  const unforeseen = bugs.find((bug) => !(bug instanceof Error && bug.message === 'bug'));
  assert.equal(unforeseen, undefined, unforeseen instanceof Error ? unforeseen.stack : String(unforeseen));
}

describe('flows', () => {
  const several = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { minLength: RUNS, maxLength: RUNS });
  const numRuns = Math.ceil(FLOWS / RUNS / 2);

  it('whose API is honest: rows fare as they do alone, and are taken once', async (t) => {
    let calls = 0;
    const property = fc.asyncProperty(flowShape, several(flowRows), async (made, runs) => {
      const bound = flowOf(made);
      for (const all of runs) {
        const rows = all.map((row) => apart(made, row));
        const together = settingOf(bound, made, rows, [], AMPLE);
        const rejected = await together.deliver(rows);
        checkHonest(made, rows, together, rejected);
        for (const row of rows) {
          const alone = await settingOf(bound, made, rows, [], AMPLE).deliver([row]);
          assert.equal(alone.has(row.id), rejected.has(row.id), `row ${row.n} fares otherwise alone`);
        }
        calls += 1 + rows.length;
      }
    });
    await fc.assert(property, { numRuns, seed: SEED });
    t.diagnostic(`SEED=${SEED}: ${calls} calls`);
  });

  it('whose API is not: no row is accepted that its ledger lacks, none refused that it took', async (t) => {
    const tally = { accepted: 0, rejected: 0 };
    const run = fc.record({
      rows: flowRows,
      faults: fc.array(fault, { minLength: 1, maxLength: 12 }),
      deadline: fc.constantFrom(1000, 5000, 25_000, AMPLE),
    });
    const property = fc.asyncProperty(flowShape, several(run), async (made, runs) => {
      const bound = flowOf(made);
      for (const { rows, faults, deadline } of runs) {
        const setting = settingOf(bound, made, rows, faults, deadline);
        // What is left of the first call, its jobs and groups, is there for the second.
        for (const first of [true, false]) {
          const rejected = await setting.deliver(rows);
          checkLedger(made, rows, setting, rejected, first);
          tally.rejected += rejected.size;
          tally.accepted += rows.length - rejected.size;
        }
      }
    });
    await fc.assert(property, { numRuns, seed: SEED });
    t.diagnostic(`SEED=${SEED}: ${tally.accepted} rows accepted, ${tally.rejected} rejected`);
    assert.ok(tally.accepted > FLOWS / 10 && tally.rejected > FLOWS / 10, 'they are all alike');
  });
});
