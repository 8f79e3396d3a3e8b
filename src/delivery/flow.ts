/** Rows on their way through the steps of a flow: together, each step taking those that are still in it. */

import type { Flow, Request, Step } from '../destination/destination.ts';
import { Fault } from '../fault.ts';
import { stringifyJson } from '../numbers.ts';
import { scalarText, textsOf } from '../template/text.ts';
import { ACCEPTED, type Call, rejected, type Verdict } from './call.ts';
import type { Ensured, Kept } from './kept.ts';
import { reasonText } from './reason.ts';
import type { CallRow } from './rows.ts';
import type { Outcome } from './settle.ts';

/** Sends a request for these rows, in batches of its own; told of each row what became of it. */
export type SendStep = (
  request: Request,
  rows: readonly CallRow[],
  done: (position: number, outcome: Outcome) => void,
) => Promise<void>;

export interface FlowWorld {
  readonly call: Call;
  readonly send: SendStep;
  readonly kept: Kept;
}

/** A row, and how far it came. */
interface Traveller {
  row: CallRow;
  /** Whether an end took it. */
  reached: boolean;
  left: boolean;
  /** The answer to the last request that carried it. */
  last: Outcome | undefined;
  /** What was ensured for it, by the names of the steps, and under which key that is kept. */
  readonly ensured: Map<string, { readonly key: string; readonly found: Ensured }>;
}

/** Takes the rows through the flow. @param settle told of each row that leaves it; not of those that time was over for */
export async function passThrough(
  flow: Flow,
  rows: readonly CallRow[],
  world: FlowWorld,
  settle: (position: number, verdict: Verdict) => void,
): Promise<void> {
  for (const wave of wavesOf(rows, flow)) {
    const passage = new Passage(wave, world, settle);
    await passage.run(flow.steps, true);
    passage.end();
  }
}

/** Rows of one id or key go one after the other: a row goes with the wave behind that of the last one that it shares one with. */
function wavesOf(rows: readonly CallRow[], { requests }: Flow): CallRow[][] {
  const keys = requests.flatMap(({ response }) =>
    response.key === undefined || response.key.names.has('steps') ? [] : response.key,
  );
  const latest = new Map<string, number>();
  const waves: CallRow[][] = [];
  for (const row of rows) {
    const names = [`id:${stringifyJson(row.id)}`];
    for (const key of keys) {
      try {
        names.push(...textsOf(key.value(row.scope)).map((text) => `key:${text}`));
      } catch (error) {
        // The step itself will fail of it, and say so.
        if (!(error instanceof Fault)) throw error;
      }
    }
    const wave = 1 + Math.max(-1, ...names.map((name) => latest.get(name) ?? -1));
    for (const name of names) latest.set(name, wave);
    const together = waves[wave] ?? [];
    together.push(row);
    waves[wave] = together;
  }
  return waves;
}

class Passage {
  readonly #world: FlowWorld;
  readonly #settle: (position: number, verdict: Verdict) => void;
  readonly #travellers: readonly Traveller[];

  /** @param ensured what was ensured for these rows before */
  constructor(
    rows: readonly CallRow[],
    world: FlowWorld,
    settle: (position: number, verdict: Verdict) => void,
    ensured: Traveller['ensured'] = new Map(),
  ) {
    this.#world = world;
    this.#settle = settle;
    this.#travellers = rows.map((row) => ({ row, reached: false, left: false, last: undefined, ensured: new Map(ensured) }));
  }

  get travellers(): readonly Traveller[] {
    return this.#travellers;
  }

  /** @param ends whether a row that no further step is for has left the flow: at once, whatever the others wait for */
  async run(steps: readonly Step[], ends: boolean): Promise<void> {
    for (const [index, step] of steps.entries()) {
      const chosen = this.#travellers.filter((one) => !one.left && this.#isFor(step, one));
      if (chosen.length === 0) continue;
      if (step.kind === 'rule') for (const one of chosen) this.#ruled(step, one);
      else if (step.kind === 'ensure') await this.#ensure(step, chosen);
      else await this.#request(step, chosen, ends ? steps.slice(index + 1) : undefined);
    }
  }

  /** Those that are still in it have come through. */
  end(): void {
    for (const one of this.#travellers) if (!one.left) this.#end(one);
  }

  #end(one: Traveller): void {
    this.#leave(one, one.reached ? ACCEPTED : rejected('rule', 'no step of the flow applied'));
  }

  #isFor(step: Step, one: Traveller): boolean {
    try {
      return step.if === undefined || step.if.ask(one.row.scope);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#leave(one, rejected('not-sent', `not sent: ${nameOf(step)}: ${error.message}`));
      return false;
    }
  }

  #ruled({ then, reason }: Extract<Step, { kind: 'rule' }>, one: Traveller): void {
    if (then === 'accept') return this.#leave(one, ACCEPTED);
    let words: string | undefined;
    try {
      words = reasonText(reason?.value(one.row.scope));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
    this.#leave(one, rejected('rule', words ?? 'rejected by a rule of the manifest'));
  }

  /** @param further the steps after it, where a row that none of them is for has left the flow */
  async #request(
    step: Extract<Step, { kind: 'request' }>,
    chosen: readonly Traveller[],
    further: readonly Step[] | undefined,
  ): Promise<void> {
    const byPosition = new Map(chosen.map((one) => [one.row.position, one]));
    // Rows that shared an answer go on sharing it.
    const kept = new Map<object, Record<string, unknown>>();
    await this.#world.send(
      step.request,
      chosen.map(({ row }) => row),
      (position, outcome) => {
        const one = byPosition.get(position);
        if (one === undefined) return;
        byPosition.delete(position);
        this.#forget(step.request, one, outcome);
        const { verdict } = outcome;
        if (!verdict.accepted) return this.#leave(one, rejected(verdict.code, `${step.name}: ${verdict.reason}`));
        one.last = outcome;
        one.reached ||= step.end;
        if (step.as !== undefined) keep(one, step.as, outcome, kept);
        if (further?.every((later) => !this.#isFor(later, one)) === true && !one.left) this.#end(one);
      },
    );
    // Time was over before these came to it.
    for (const one of byPosition.values()) one.left = true;
  }

  async #ensure(step: Extract<Step, { kind: 'ensure' }>, chosen: readonly Traveller[]): Promise<void> {
    const { configuration, object, mode } = this.#world.call;
    const context = stringifyJson([step.id, object ?? null, mode ?? null, configuration.config]);
    const values = new Map<string, Promise<Ensured>>();
    await Promise.all(
      chosen.map(async (one) => {
        let text: string;
        try {
          text = scalarText(step.key.value(one.row.scope));
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          return this.#leave(one, rejected('not-sent', `not sent: ${step.as}: ${error.message}`));
        }
        if (text === '') return this.#leave(one, rejected('not-sent', `not sent: ${step.as}: its key is missing for this row`));
        const key = `${context}\n${text}`;
        const ensured = values.get(key) ?? this.#world.kept.ensure(key, step.cache, () => this.#make(step, one));
        values.set(key, ensured);
        const found = await ensured;
        if ('rejected' in found) return this.#leave(one, found.rejected);
        one.ensured.set(step.as, { key, found });
        // Rows of one key have the very same, and may share requests that read it.
        keepAs(one, step.as, found);
      }),
    );
  }

  /** Runs the inner flow for one row that needs it. */
  async #make(step: Extract<Step, { kind: 'ensure' }>, { row, ensured }: Traveller): Promise<Ensured> {
    let verdict: Verdict | undefined;
    const settle = (_: number, one: Verdict) => {
      verdict = one;
    };
    const inner = new Passage([row], this.#world, settle, ensured);
    await inner.run(step.flow.steps, false);
    const [one] = inner.travellers;
    const no = (code: 'unclear' | 'not-attempted', reason: string): Ensured => ({
      rejected: rejected(code, `${step.as}: ${reason}`),
    });
    if (verdict?.accepted === false) return { rejected: rejected(verdict.code, `${step.as}: ${verdict.reason}`) };
    if (one === undefined || (one.left && verdict === undefined)) return no('not-attempted', 'not attempted: no time was left');
    const { status, headers, body } = one.last?.answer ?? {};
    try {
      const value = step.value.value(one.row.scope.with({ status, headers, body }));
      return value === undefined || value === null || value === ''
        ? no('unclear', 'the answers hold no value to keep')
        : { value };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return no('unclear', `its value could not be read: ${error.message}`);
    }
  }

  /** What a request used and the API does not know any more is made anew the next time. */
  #forget(request: Request, one: Traveller, { answer }: Outcome): void {
    if (answer?.status !== 404 && answer?.status !== 410) return;
    for (const [as, { key, found }] of one.ensured) if (request.readsSteps.has(as)) this.#world.kept.forget(key, found);
  }

  #leave(one: Traveller, verdict: Verdict): void {
    one.left = true;
    this.#settle(one.row.position, verdict);
  }
}

/** Later steps see the answer, and what in it speaks of the row. */
function keep(one: Traveller, as: string, { answer, result }: Outcome, kept: Map<object, Record<string, unknown>>): void {
  if (answer === undefined) return keepAs(one, as, {});
  const { status, headers, body } = answer;
  if (result !== undefined) return keepAs(one, as, { status, headers, body, result });
  const shared = kept.get(answer) ?? { status, headers, body };
  kept.set(answer, shared);
  keepAs(one, as, shared);
}

function keepAs(one: Traveller, as: string, value: object): void {
  one.row = one.row.with(as, value);
}

function nameOf(step: Step): string {
  return step.kind === 'request' ? step.name : step.kind === 'ensure' ? step.as : 'a rule of the flow';
}
