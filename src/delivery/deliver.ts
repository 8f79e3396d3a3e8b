/** Delivers the rows of a call: every row ends exactly once, accepted or rejected with a reason. */

import type { Request } from '../destination/destination.ts';
import type { Ending } from '../outbound/ending.ts';
import { type Call, type PlannedRequest, rejected, type Verdict, type World } from './call.ts';
import { MOST_AUTO } from './concurrency.ts';
import { passThrough, type SendStep } from './flow.ts';
import { type Plan, type PlannedGroup, planRequests } from './plan.ts';
import { type CallRows, readCallRows } from './rows.ts';
import { type Outcome, Settling } from './settle.ts';
import { CallTime } from './time.ts';
import type { Written } from './writer.ts';

/**
 * One verdict for each row of the call, in its order; always before the deadline.
 * @param gone aborted when the caller hangs up: nothing more is sent
 */
export function deliver(call: Call, world: Omit<World, 'gone'>, gone: Ending): Promise<Verdict[]> {
  return new Delivery(call, world, gone).run();
}

class Delivery {
  readonly #time: CallTime;
  readonly #call: Call;
  readonly #world: World;
  /** When it began, by ISO 8601. */
  readonly #now: string;
  readonly #verdicts: (Verdict | undefined)[];
  /** By position: 1 for rows whose request may have left, and has no answer yet. */
  readonly #started: Uint8Array;

  /** Lets other work run, and tells whether there is time for more. */
  readonly #goOn = async (): Promise<boolean> => {
    await this.#world.breathe();
    return !this.#time.closing.aborted;
  };

  constructor(call: Call, world: Omit<World, 'gone'>, gone: Ending) {
    this.#call = call;
    this.#started = new Uint8Array(call.rows.length);
    this.#world = {
      ...world,
      gone,
      leaves: ({ rows }) => {
        for (const { position } of rows) this.#started[position] = 1;
      },
    };
    this.#time = new CallTime(this.#world, call.begun);
    this.#now = new Date(world.clock.now()).toISOString();
    this.#verdicts = new Array(call.rows.length).fill(undefined);
  }

  async run(): Promise<Verdict[]> {
    const { uuid, breathe } = this.#world;
    try {
      const rows = await readCallRows(this.#call, this.#now, uuid, breathe, this.#time.closing);
      for (const [position, verdict] of rows.settled) this.#settle(position, verdict);
      // A transport that does not come back must not hold the answer.
      await Promise.race([this.#deliver(rows), this.#time.over()]);
      return this.#verdicts.map((verdict, position) => verdict ?? this.#unsettled(position));
    } finally {
      this.#time.stop();
    }
  }

  #deliver({ common, rows }: CallRows): Promise<void> {
    const { flow } = this.#call;
    const send: SendStep = (request, some, done) => this.#step(request, { common, rows: some }, done);
    const settleRow = (position: number, verdict: Verdict) => this.#settle(position, verdict);
    const [step] = flow.steps;
    return flow.plain && step?.kind === 'request'
      ? send(step.request, rows, (position, { verdict }) => settleRow(position, verdict))
      : passThrough(flow, rows, { call: this.#call, send, kept: this.#world.kept }, settleRow);
  }

  async #step(
    request: Request,
    rows: Pick<CallRows, 'common' | 'rows'>,
    done: (position: number, outcome: Outcome) => void,
  ): Promise<void> {
    const { uuid, breathe } = this.#world;
    const plan = await planRequests(this.#call, request, rows, this.#now, uuid, breathe, this.#time.closing);
    for (const [position, verdict] of plan.settled) done(position, { verdict, answer: undefined, result: undefined });
    await this.#sendAll(plan, done);
  }

  /** As many workers as may be in flight take the groups in order, so an earlier one never waits for a later. */
  async #sendAll(plan: Plan, done: (position: number, outcome: Outcome) => void): Promise<void> {
    const queue = plan.groups.values();
    const awaited = new Set(plan.groups.flatMap(({ after }) => (after === undefined ? [] : [...after])));
    const sending = new Map<PlannedGroup, Promise<void>>();
    const work = async () => {
      for (const group of queue) {
        if (this.#time.closing.aborted) return;
        const before: readonly Promise<void>[] =
          group.after === undefined ? NONE : [...group.after].flatMap((one) => sending.get(one) ?? []);
        const sent =
          before.length === 0
            ? this.#sendGroup(plan, group, done)
            : Promise.all(before).then(() => this.#sendGroup(plan, group, done));
        if (awaited.has(group)) sending.set(group, sent);
        await sent;
        const breath = this.#world.breathe();
        if (breath !== undefined) await breath;
      }
    };
    const { concurrency } = this.#call.bound.destination.connection;
    const workers = Math.min(concurrency === 'auto' ? MOST_AUTO : concurrency, plan.groups.length);
    await Promise.all(Array.from({ length: workers }, work));
  }

  #sendGroup(plan: Plan, group: PlannedGroup, done: (position: number, outcome: Outcome) => void): Promise<void> {
    if (this.#time.closing.aborted) return Promise.resolve();
    try {
      const written = plan.write(group, this.#goOn);
      if (!(written instanceof Promise)) return this.#sendWritten(written, done);
      return written.then(
        (own) => this.#sendWritten(own, done),
        (error: unknown) => this.#failed(group, error, done),
      );
    } catch (error) {
      this.#failed(group, error, done);
      return Promise.resolve();
    }
  }

  /** A bug, before anything was sent. */
  #failed({ rows }: PlannedGroup, error: unknown, done: (position: number, outcome: Outcome) => void): void {
    const verdict = rejected('internal', `internal error ${this.#world.bug(error)}: the row was not sent`);
    for (const { position } of rows) done(position, { verdict, answer: undefined, result: undefined });
  }

  #sendWritten({ requests, settled }: Written, done: (position: number, outcome: Outcome) => void): Promise<void> {
    for (const [position, verdict] of settled) done(position, { verdict, answer: undefined, result: undefined });
    const [first] = requests;
    return first !== undefined && requests.length === 1 ? this.#sendOne(first, done) : this.#sendEach(requests, done);
  }

  async #sendEach(requests: Written['requests'], done: (position: number, outcome: Outcome) => void): Promise<void> {
    for (const planned of requests) await this.#sendOne(planned, done);
  }

  async #sendOne(planned: PlannedRequest, done: (position: number, outcome: Outcome) => void): Promise<void> {
    // What only asked changed nothing; what a step before it did holds.
    const asks = planned.outbound.method === 'GET';
    const before = asks ? planned.rows.map(({ position }) => this.#started[position] ?? 0) : NONE;
    let outcomes: readonly Outcome[];
    try {
      const settling = new Settling(this.#world, this.#time, this.#call);
      const finished = settling.finish(planned, await settling.send(planned, 0));
      outcomes = finished instanceof Promise ? await finished : finished;
    } catch (error) {
      const reference = this.#world.bug(error);
      const verdict = rejected('internal', `internal error ${reference}: the row may have arrived`);
      outcomes = planned.rows.map(() => ({ verdict, answer: undefined, result: undefined }));
    }
    planned.rows.forEach(({ position }, index) => {
      if (asks) this.#started[position] = before[index] ?? 0;
      const outcome = outcomes[index];
      if (outcome !== undefined) done(position, outcome);
    });
  }

  /** The first verdict holds: what comes after the answer is too late. */
  #settle(position: number, verdict: Verdict): void {
    this.#verdicts[position] ??= verdict;
  }

  #unsettled(position: number): Verdict {
    return this.#started[position] === 1
      ? rejected('outcome-unknown', 'outcome unknown: the deadline of the call came before the answer')
      : rejected('not-attempted', `not attempted: ${this.#time.whyClosed()}`);
  }
}

const NONE: readonly never[] = [];
