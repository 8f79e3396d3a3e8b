/** Asks for a job that an answer named until it is done. */

import { createHash } from 'node:crypto';
import { baseFor } from '../destination/bind.ts';
import type { Job, Request } from '../destination/destination.ts';
import { Fault } from '../fault.ts';
import type { Scope } from '../template/scope.ts';
import type { ReadAnswer } from './answer.ts';
import { type End, sendUntilSettled } from './attempts.ts';
import { type Call, type PlannedRequest, rejected, type Verdict, type World } from './call.ts';
import { renderEnvelope } from './envelope.ts';
import { judge, type Stage } from './judge.ts';
import type { CallTime } from './time.ts';

/** A job that is not done: what named it, as templates see it. */
export interface Running {
  readonly named: Readonly<Record<string, unknown>>;
}

/** Carries a job to its end. */
export class JobRun {
  /** Under which the job is remembered: the same request, sent again, joins it. */
  readonly key: string;
  readonly #planned: PlannedRequest;
  readonly #job: Job;
  readonly #call: Pick<Call, 'bound' | 'configuration'>;
  readonly #world: World;
  readonly #time: CallTime;

  constructor(planned: PlannedRequest, job: Job, call: Pick<Call, 'bound' | 'configuration'>, world: World, time: CallTime) {
    this.key = keyOf(planned);
    this.#planned = planned;
    this.#job = job;
    this.#call = call;
    this.#world = world;
    this.#time = time;
  }

  async run(running: Running): Promise<Omit<End, 'made'>> {
    const { clock, kept } = this.#world;
    const { every, timeout } = this.#job;
    const { closing } = this.#time;
    const scope = this.#planned.scope.with(running.named);
    const end = clock.elapsed() + timeout;
    for (;;) {
      const looked = await this.#look(scope);
      if (looked !== undefined) return looked;
      const goesOn = clock.elapsed() + every < end && every < this.#time.leftToStart();
      if (goesOn) await clock.wait(every, closing);
      if (!goesOn || closing.aborted) {
        kept.rememberJob(this.key, running, timeout);
        return this.#unknown('the job is still running; these rows join it when they come again');
      }
    }
  }

  /** How it ended; nothing while it runs. */
  async #look(scope: Scope): Promise<Omit<End, 'made'> | undefined> {
    const { request, fetch } = this.#job;
    const asked = await this.#ask(request, scope);
    if (typeof asked === 'string') return this.#unknown(`the job could not be asked for: ${asked}`);
    let stage: Stage | undefined;
    try {
      stage = this.#stageOf(asked, scope);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return this.#all(rejected('unclear', `whether the job is done could not be told: ${error.message}`));
    }
    if (stage === undefined) return undefined;
    const results = stage === 'failed job' || fetch === undefined ? asked : await this.#ask(fetch, scope);
    // It is remembered: the same rows, when they come again, ask for the results and do not begin it anew.
    if (typeof results === 'string') return this.#unknown(`the results of the job could not be had: ${results}`);
    this.#world.kept.forgetJob(this.key);
    const judgement = judge(this.#planned, results, stage);
    const { joined, whole } = judgement.kind === 'settled' ? judgement : {};
    return { verdicts: judgement.verdicts, answer: results, joined, whole: whole === true };
  }

  /** @throws {Fault} */
  #stageOf({ status, headers, body }: ReadAnswer, scope: Scope): Stage | undefined {
    const seen = scope.with({ status, headers, body });
    if (this.#job.failed?.ask(seen) === true) return 'failed job';
    return this.#job.until.ask(seen) ? 'done job' : undefined;
  }

  /** The answer, or why there is none. */
  async #ask(request: Request, scope: Scope): Promise<ReadAnswer | string> {
    const { bound, configuration } = this.#call;
    const { auth } = this.#planned;
    let planned: PlannedRequest;
    try {
      const { method, url, headers, rates } = renderEnvelope(request, baseFor(bound, configuration.config), auth, scope);
      const outbound = { method, url, headers, body: undefined };
      const row = { position: 0, id: null, scope, keys: [] };
      planned = { request, rows: [row], outbound, scope, auth, rates, urgent: false, part: () => planned };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return error.message;
    }
    const leaves = () => this.#world.leaves?.(this.#planned);
    const { verdicts, answer } = await sendUntilSettled(planned, { ...this.#world, leaves }, this.#time, 0);
    const [verdict] = verdicts;
    if (verdict?.accepted === false) return verdict.reason;
    return answer ?? 'no answer came';
  }

  #unknown(reason: string): Omit<End, 'made'> {
    return this.#all(rejected('outcome-unknown', `outcome unknown: ${reason}`));
  }

  #all(verdict: Verdict): Omit<End, 'made'> {
    return { verdicts: this.#planned.rows.map(() => verdict), answer: undefined, joined: undefined, whole: false };
  }
}

/** What makes requests the same; a token and a key that are other ones each time do not make them differ. */
function keyOf({ outbound: { method, url, headers, body }, auth, request }: PlannedRequest): string {
  const fleeting = new Set([...Object.keys(auth?.headers ?? {}), request.idempotency?.header]);
  const own = Object.entries(headers).filter(([name]) => !fleeting.has(name));
  return createHash('sha256')
    .update(JSON.stringify([method, url, own]))
    .update(body ?? '')
    .digest('base64');
}
