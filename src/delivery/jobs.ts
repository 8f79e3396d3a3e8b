/** Asks for a job that an answer named until it is done. */

import { createHash } from 'node:crypto';
import { baseFor } from '../destination/bind.ts';
import type { Job, Request } from '../destination/destination.ts';
import { Fault } from '../fault.ts';
import type { Answer, OutboundRequest } from '../outbound/exchange.ts';
import type { Scope } from '../template/scope.ts';
import type { ReadAnswer } from './answer.ts';
import { type End, sendUntilSettled } from './attempts.ts';
import { type Call, type PlannedRequest, rejected, type Verdict, type World } from './call.ts';
import { renderEnvelope } from './envelope.ts';
import { judge } from './judge.ts';
import type { CallTime } from './time.ts';

/** A job that is not done: what named it, as templates see it. */
export interface Running {
  readonly named: Readonly<Record<string, unknown>>;
}

/** Under which the job that a request began is remembered: the same request, sent again, joins it. */
export function jobKey({ method, url, body }: OutboundRequest): string {
  return createHash('sha256')
    .update(`${method} ${url}\n`)
    .update(body ?? '')
    .digest('base64');
}

/** Carries a job to its end. */
export class JobRun {
  readonly #planned: PlannedRequest;
  readonly #job: Job;
  readonly #world: World;
  readonly #time: CallTime;
  readonly #call: Pick<Call, 'bound' | 'configuration'>;

  constructor(planned: PlannedRequest, job: Job, call: Pick<Call, 'bound' | 'configuration'>, world: World, time: CallTime) {
    this.#planned = planned;
    this.#job = job;
    this.#call = call;
    this.#world = world;
    this.#time = time;
  }

  /** @param named the answer that named the job, as templates see it */
  async run({ named }: Running): Promise<Omit<End, 'made'>> {
    const key = jobKey(this.#planned.outbound);
    const { kept, clock } = this.#world;
    const { job, scope } = { job: this.#job, scope: this.#planned.scope.with(named) };
    kept.rememberJob(key, { named }, job.timeout);
    const end = clock.elapsed() + job.timeout;
    for (;;) {
      const asked = await this.#ask(job.request, scope);
      if ('reason' in asked)
        return this.#all(rejected('outcome-unknown', `outcome unknown: the job could not be asked for: ${asked.reason}`));
      const { status, headers, body } = asked.read;
      const seen = scope.with({ status, headers, body });
      let done: boolean;
      try {
        if (job.failed?.ask(seen) === true) {
          kept.forgetJob(key);
          return this.#judged(asked.answer, 'failed job');
        }
        done = job.until.ask(seen);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return this.#all(rejected('unclear', `whether the job is done could not be told: ${error.message}`));
      }
      if (done) {
        kept.forgetJob(key);
        const results = job.fetch === undefined ? asked : await this.#ask(job.fetch, scope);
        if ('reason' in results)
          return this.#all(
            rejected('outcome-unknown', `outcome unknown: the results of the job could not be had: ${results.reason}`),
          );
        return this.#judged(results.answer, 'done job');
      }
      const now = clock.elapsed();
      if (now + job.every >= end || job.every >= this.#time.leftToStart()) {
        // Until the rows come again.
        kept.rememberJob(key, { named }, job.timeout);
        return this.#all(
          rejected('outcome-unknown', 'outcome unknown: the job is still running; these rows join it when they come again'),
        );
      }
      await clock.wait(job.every, this.#time.closing);
    }
  }

  #judged(answer: Answer, stage: 'done job' | 'failed job'): Omit<End, 'made'> {
    const { judgement, read } = judge(this.#planned, answer, stage);
    const settled = judgement.kind === 'settled' ? judgement : undefined;
    return { verdicts: judgement.verdicts, answer: read, joined: settled?.joined, whole: false };
  }

  async #ask(request: Request, scope: Scope): Promise<{ answer: Answer; read: ReadAnswer } | { reason: string }> {
    const { bound, configuration } = this.#call;
    let answer: Answer | undefined;
    const send: World['send'] = async (one, options) => {
      const reply = await this.#world.send(one, options);
      answer = reply.kind === 'answer' ? reply : undefined;
      return reply;
    };
    const { auth } = this.#planned;
    let planned: PlannedRequest;
    try {
      const { method, url, headers, rates } = renderEnvelope(request, baseFor(bound, configuration.config), auth, scope);
      const outbound = { method, url, headers, body: undefined };
      const row = { position: 0, id: null, scope, key: undefined };
      planned = { request, rows: [row], outbound, scope, auth, rates, urgent: false, after: [], part: () => planned };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { reason: error.message };
    }
    const end = await sendUntilSettled(planned, { ...this.#world, send }, this.#time, 0);
    const [verdict] = end.verdicts;
    if (answer === undefined || end.answer === undefined || verdict?.accepted !== true)
      return { reason: verdict?.accepted === false ? verdict.reason : 'no answer came' };
    return { answer, read: end.answer };
  }

  #all(verdict: Verdict): Omit<End, 'made'> {
    return { verdicts: this.#planned.rows.map(() => verdict), answer: undefined, joined: undefined, whole: false };
  }
}
