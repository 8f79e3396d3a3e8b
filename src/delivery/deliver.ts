/** Delivers the rows of a call: every row ends exactly once, accepted or rejected with a reason. */

import { setMaxListeners } from 'node:events';
import { settleRequest } from './attempts.ts';
import { type Call, type PlannedRequest, rejected, type Verdict, type World } from './call.ts';
import { MOST_AUTO } from './concurrency.ts';
import { planRequests } from './plan.ts';
import { CallTime } from './time.ts';

/** One verdict for each row of the call, in its order; always before the deadline. */
export async function deliver(call: Call, world: World): Promise<Verdict[]> {
  const delivery = new Delivery(call, world);
  try {
    return await delivery.run();
  } finally {
    delivery.time.stop();
  }
}

class Delivery {
  readonly time: CallTime;
  readonly #call: Call;
  readonly #world: World;
  readonly #verdicts: (Verdict | undefined)[];
  /** Rows whose request may have left. */
  readonly #started = new Set<number>();

  constructor(call: Call, world: World) {
    this.time = new CallTime(world, call.begun);
    // Every request of the call listens to these.
    setMaxListeners(0, this.time.closing, this.time.ended);
    this.#call = call;
    this.#world = world;
    this.#verdicts = call.rows.map(() => undefined);
  }

  async run(): Promise<Verdict[]> {
    const { clock, uuid, breathe } = this.#world;
    const plan = await planRequests(this.#call, clock.now(), uuid, breathe, this.time.closing);
    for (const [position, verdict] of plan.settled) this.#settle(position, verdict);
    // A transport that does not come back must not hold the answer.
    await Promise.race([this.#sendAll(plan.requests), this.time.over()]);
    return this.#verdicts.map((verdict, position) => verdict ?? this.#unsettled(position));
  }

  /** As many workers as may be in flight take the requests in order, so an earlier one never waits for a later. */
  async #sendAll(requests: readonly PlannedRequest[]): Promise<void> {
    const queue = requests.values();
    const done = new Map<PlannedRequest, Promise<void>>();
    const work = async () => {
      for (const planned of queue) {
        const before = planned.after.flatMap((one) => done.get(one) ?? []);
        const sent = Promise.all(before).then(() => this.#sendOne(planned));
        done.set(planned, sent);
        await sent;
      }
    };
    const { concurrency } = this.#call.bound.destination.connection;
    const workers = Math.min(concurrency === 'auto' ? MOST_AUTO : concurrency, requests.length);
    await Promise.all(Array.from({ length: workers }, work));
  }

  async #sendOne(planned: PlannedRequest): Promise<void> {
    const send: World['send'] = (...sending) => {
      for (const { position } of planned.rows) this.#started.add(position);
      return this.#world.send(...sending);
    };
    let verdicts: readonly Verdict[];
    try {
      verdicts = await settleRequest(planned, { ...this.#world, send }, this.time);
    } catch (error) {
      const reference = this.#world.bug(error);
      verdicts = planned.rows.map(() => rejected('internal', `internal error ${reference}: the row may have arrived`));
    }
    for (const [index, { position }] of planned.rows.entries())
      this.#settle(position, verdicts[index] ?? rejected('outcome-unknown', 'outcome unknown: no verdict was reached'));
  }

  /** The first verdict holds: what comes after the answer is too late. */
  #settle(position: number, verdict: Verdict): void {
    this.#verdicts[position] ??= verdict;
  }

  #unsettled(position: number): Verdict {
    return this.#started.has(position)
      ? rejected('outcome-unknown', 'outcome unknown: the deadline of the call came before the answer')
      : rejected('not-attempted', `not attempted: ${this.time.whyClosed()}`);
  }
}
