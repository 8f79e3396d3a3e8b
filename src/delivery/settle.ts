/** Carries a request through to the fate of each of its rows: some may go again by themselves, and what is rejected whole is halved. */

import type { Job } from '../destination/destination.ts';
import { Fault } from '../fault.ts';
import { retryAfter } from '../outbound/retry.ts';
import type { ReadAnswer } from './answer.ts';
import { addition, type End, sendUntilSettled, waitBeforeNext } from './attempts.ts';
import { tooLong } from './bulkhead.ts';
import { type Call, type PlannedRequest, rejected, type Verdict, type World } from './call.ts';
import { JobRun } from './jobs.ts';
import type { CallTime } from './time.ts';

/** What became of a row, and by which answer. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly answer: ReadAnswer | undefined;
  /** What speaks of the row in the answer, where something does. */
  readonly result: unknown;
}

/** Requests that halving one may come to: enough for a handful of bad rows in the largest batch. */
const MOST_PARTS = 100;

/** What the requests that ask for a job are made from, beside the answer that named it. */
type Calling = Pick<Call, 'bound' | 'configuration'>;

/** Outcomes of the rows of the request, in its order. Never throws but for a bug. @param call without it there are no jobs */
export async function settle(planned: PlannedRequest, world: World, time: CallTime, call?: Calling): Promise<Outcome[]> {
  const settling = new Settling(world, time, call);
  return settling.finish(planned, await settling.send(planned, 0));
}

function outcomesOf({ rows }: PlannedRequest, { verdicts, answer, joined }: End): Outcome[] {
  return rows.map((_, place): Outcome => ({ verdict: verdicts[place] ?? NO_VERDICT, answer, result: joined?.results[place] }));
}

const NO_VERDICT = rejected('outcome-unknown', 'outcome unknown: no verdict was reached');

/** One request on its way, and all that come of it. */
export class Settling {
  readonly #world: World;
  readonly #time: CallTime;
  readonly #call: Calling | undefined;
  #parts = 0;

  constructor(world: World, time: CallTime, call: Calling | undefined) {
    this.#call = call;
    this.#world = world;
    this.#time = time;
  }

  /** To the answer that settles it, or for as long as there is time. @param made attempts at these rows before */
  send(planned: PlannedRequest, made: number): Promise<End> {
    const { job } = planned.request.response;
    return job === undefined || this.#call === undefined
      ? sendUntilSettled(planned, this.#world, this.#time, made)
      : this.#carryOut(planned, made, job, this.#call);
  }

  /** What has become of the rows. Of those that go again, it is what becomes of them then. */
  finish(planned: PlannedRequest, end: End): Outcome[] | Promise<Outcome[]> {
    const outcomes = outcomesOf(planned, end);
    const { joined, whole } = end;
    if (joined !== undefined && joined.again.size > 0) return this.#someAgain(planned, end, joined.again, outcomes);
    if (whole && planned.request.response.bisect && planned.rows.length > 1) return this.#halves(planned, outcomes);
    return outcomes;
  }

  /** To the answer that settles it: where that names a job, to the job's. */
  async #carryOut(planned: PlannedRequest, made: number, job: Job, call: Calling): Promise<End> {
    const run = new JobRun(planned, job, call, this.#world, this.#time);
    const running = this.#world.kept.job(run.key);
    if (running !== undefined) return { ...(await run.run(running)), made: made + 1 };
    const end = await sendUntilSettled(planned, this.#world, this.#time, made);
    if (end.job !== true || end.answer === undefined) return end;
    const { status, headers, body } = end.answer;
    const begun = { named: { status, headers, body } };
    // From now on: the same request may come again while this call still asks, or after its caller hung up.
    this.#world.kept.rememberJob(run.key, begun, job.timeout);
    return { ...(await run.run(begun)), made: end.made };
  }

  /** Only those rows of which the answer says that they were not taken. */
  async #someAgain(
    planned: PlannedRequest,
    { made }: End,
    again: ReadonlyMap<number, string | undefined>,
    outcomes: Outcome[],
  ): Promise<Outcome[]> {
    const { clock } = this.#world;
    const places: number[] = [];
    let asked: number | undefined;
    for (const [place, after] of again) {
      const own = after === undefined ? undefined : retryAfter({ 'retry-after': after }, clock.now());
      const ms = own?.kind === 'wait' ? own.ms : 0;
      // A row that has to wait for too long does not hold the others back.
      if (ms >= this.#time.leftToStart()) add(outcomes, [place], tooLong(ms));
      else places.push(place);
      if (ms > 0 && ms < this.#time.leftToStart()) asked = Math.max(asked ?? 0, ms);
    }
    if (places.length === 0) return outcomes;
    const wait = waitBeforeNext(planned, this.#world, this.#time, made, asked);
    if (typeof wait === 'string') add(outcomes, places, wait);
    else if (wait !== undefined) {
      await clock.wait(wait, this.#time.closing);
      await this.#part(planned, places, made, outcomes);
    }
    return outcomes;
  }

  /** One bad row of a batch has all of them refused: each half by itself, down to that row. */
  async #halves(planned: PlannedRequest, outcomes: Outcome[]): Promise<Outcome[]> {
    const places = [...planned.rows.keys()];
    const half = Math.ceil(places.length / 2);
    for (const part of [places.slice(0, half), places.slice(half)]) {
      if (this.#time.closing.aborted) add(outcomes, part, `not split further: ${this.#time.whyClosed()}`);
      else if (this.#parts >= MOST_PARTS)
        add(outcomes, part, `not split further: ${MOST_PARTS} parts of the batch were sent already`);
      else {
        this.#parts++;
        await this.#part(planned, part, 0, outcomes);
      }
    }
    return outcomes;
  }

  /** Sends some of the rows by themselves; what becomes of them replaces what was said of them. */
  async #part(planned: PlannedRequest, places: readonly number[], made: number, outcomes: Outcome[]): Promise<void> {
    let part: PlannedRequest;
    try {
      part = places.length === planned.rows.length ? planned : planned.part(places);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return add(outcomes, places, `not sent by themselves: ${error.message}`);
    }
    const settled = await this.finish(part, await this.send(part, made));
    for (const [index, place] of places.entries()) {
      const outcome = settled[index];
      if (outcome !== undefined) outcomes[place] = outcome;
    }
  }
}

function add(outcomes: Outcome[], places: readonly number[], more: string): void {
  for (const place of places) {
    const outcome = outcomes[place];
    if (outcome !== undefined) outcomes[place] = { ...outcome, verdict: addition(outcome.verdict, more) };
  }
}
