/** What an answer means for each row of its request. When in doubt, rows are rejected. */

import type { AnswerRule, Response } from '../destination/destination.ts';
import { Fault } from '../fault.ts';
import type { Scope } from '../template/scope.ts';
import type { ValueTemplate } from '../template/template.ts';
import type { ReadAnswer } from './answer.ts';
import { ACCEPTED, type PlannedRequest, rejected, type Verdict } from './call.ts';
import { afterOf, type Joined, settleByErrors, settleByRows } from './join.ts';
import { reasonText, statusReason } from './reason.ts';

export type Judgement =
  /** One verdict for each row of the request, in its order. */
  | {
      readonly kind: 'settled';
      readonly verdicts: readonly Verdict[];
      /** Rows that are to be sent again, and what speaks of each row in the answer: as a join found them. */
      readonly joined?: Joined | undefined;
      /** Whether all rows were refused by `ok`, together. */
      readonly whole?: boolean;
    }
  /** The manifest says that nothing was taken; `after` is seconds or a date, as it gave it. */
  | { readonly kind: 'retry'; readonly after: string | undefined; readonly verdicts: readonly Verdict[] }
  /** The manifest says that nothing more should be sent, until then where it says so. */
  | { readonly kind: 'stop'; readonly after: string | undefined; readonly verdicts: readonly Verdict[] }
  /** The manifest says that what proves who we are is no longer good; these verdicts hold where there is nothing newer. */
  | { readonly kind: 'reauth'; readonly verdicts: readonly Verdict[] }
  /** The answer names a job, which has to be asked for. */
  | { readonly kind: 'job'; readonly verdicts: readonly Verdict[] }
  /** The answer failed and nothing but its status says what to do; these verdicts hold if it is not tried again. */
  | { readonly kind: 'failed'; readonly verdicts: readonly Verdict[] };

/** Of a job: whose last answer it is. */
export type Stage = 'done job' | 'failed job';

/** Pure: the same request and answer always give the same judgement. @param stage of a job's last answer */
export function judge(planned: PlannedRequest, read: ReadAnswer, stage?: Stage): Judgement {
  const judged = new Judging(planned, read);
  try {
    return judged.run(stage);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return judged.all(`the answer (HTTP ${read.status}) could not be judged: ${error.message}`);
  }
}

/** What one judgement works on; `join.ts` shares it. */
export class Judging {
  readonly planned: PlannedRequest;
  readonly answer: ReadAnswer;
  #scope: Scope | undefined;
  #places: ReadonlyMap<string, number> | undefined;
  #usual: Verdict | undefined;

  constructor(planned: PlannedRequest, answer: ReadAnswer) {
    this.planned = planned;
    this.answer = answer;
  }

  /** The place in the request of the row of each key; no two rows of a request share one. */
  get places(): ReadonlyMap<string, number> {
    this.#places ??= new Map(this.planned.rows.flatMap(({ keys }, place) => keys.map((key) => [key, place] as const)));
    return this.#places;
  }

  /** For rows that the manifest has no reason for. */
  get #usualVerdict(): Verdict {
    this.#usual ??= rejected('refused', this.#statusReason());
    return this.#usual;
  }

  /** What the templates of the answer see. */
  get scope(): Scope {
    if (this.#scope === undefined) {
      const { status, headers, body } = this.answer;
      this.#scope = this.planned.scope.with({ status, headers, body });
    }
    return this.#scope;
  }

  get response(): Response {
    return this.planned.request.response;
  }

  get #success(): boolean {
    return this.answer.status >= 200 && this.answer.status < 300;
  }

  run(stage: Stage | undefined): Judgement {
    const { response, answer } = this;
    if (stage === 'failed job') return { kind: 'settled', verdicts: this.rejectAll() };
    const rule = response.rules.find((one) => one.if.ask(this.scope));
    if (rule !== undefined) return this.#ruled(rule);
    const success = this.#success;
    if (response.job !== undefined && stage === undefined && success) {
      const { leading, template } = response.job.request.path;
      const doubt = this.#guesses(new Set([...(leading?.names ?? []), ...template.names])) ? this.#unread() : undefined;
      return doubt ?? { kind: 'job', verdicts: this.rejectAll() };
    }
    const asked = response.ok !== undefined && (success || response.ok.names.has('status'));
    // An unreadable body is never a yes: what ok would read there is missing, and missing can mean "no errors".
    const ok = asked ? response.ok?.ask(this.scope) === true : success;
    if (ok) return this.#settle();
    // Nor is it a no: what was taken is not known, so the rows must not be split and sent again.
    const doubt = success && response.ok !== undefined && this.#guesses(response.ok.names) ? this.#unread() : undefined;
    if (doubt !== undefined) return doubt;
    if (!success && response.partial.has(answer.status) && answer.unreadable === undefined) {
      const named = this.#partial();
      if (named !== undefined) return named;
    }
    const verdicts = this.rejectAll();
    if (!success) return { kind: 'failed', verdicts };
    return { kind: 'settled', verdicts, whole: true };
  }

  /** Every row rejected for one reason. */
  all(reason: string): Judgement {
    const verdict = rejected('unclear', reason);
    return { kind: 'settled', verdicts: this.planned.rows.map(() => verdict) };
  }

  /** Every row rejected, each for what the manifest or the answer says of it. */
  rejectAll(template: ValueTemplate | undefined = this.response.reason): Verdict[] {
    return this.planned.rows.map((row) => {
      const reason = this.reasonFor(row.scope, template, {});
      return reason === undefined ? this.#usualVerdict : rejected('refused', reason);
    });
  }

  /** A template's reason for a row; nothing where it gives none or fails. */
  reasonFor(row: Scope, template: ValueTemplate | undefined, more: Record<string, unknown>): string | undefined {
    if (template === undefined) return undefined;
    const { status, headers, body } = this.answer;
    try {
      return reasonText(template.value(row.with({ status, headers, body, ...more })));
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  #statusReason(): string {
    const { status, body } = this.answer;
    return status >= 300 && status < 400
      ? `HTTP ${status}: the API answers with a redirect, which is not followed`
      : statusReason(status, body);
  }

  #ruled(rule: AnswerRule): Judgement {
    const doubt = (rule.then === 'accept' || rule.then === 'retry') && this.#guesses(rule.if.names) ? this.#unread() : undefined;
    if (doubt !== undefined) return doubt;
    if (rule.then === 'accept') return { kind: 'settled', verdicts: this.planned.rows.map(() => ACCEPTED) };
    const verdicts = this.rejectAll(rule.reason ?? this.response.reason);
    if (rule.then === 'reject') return { kind: 'settled', verdicts };
    if (rule.then === 'reauth') return { kind: 'reauth', verdicts };
    return { kind: rule.then, after: afterOf(rule.after, this.scope), verdicts };
  }

  #settle(): Judgement {
    const doubt = this.#guesses(this.response.accepting) ? this.#unread() : undefined;
    if (doubt !== undefined) return doubt;
    const joined = this.#joined();
    return { kind: 'settled', verdicts: this.#counted(joined?.verdicts ?? this.planned.rows.map(() => ACCEPTED)), joined };
  }

  /** Whether a yes would go by what is missing from a body that cannot be read; a text may be read as a whole. */
  #guesses(names: ReadonlySet<string>): boolean {
    return names.has('body') && (this.answer.body === undefined || [...names].some((name) => name.startsWith('body.')));
  }

  #unread(): Judgement | undefined {
    const { status, unreadable } = this.answer;
    if (unreadable === undefined) return undefined;
    const verdict = rejected('unclear', `HTTP ${status}, but ${unreadable}, so it does not say which rows were taken`);
    const verdicts = this.planned.rows.map(() => verdict);
    return { kind: this.#success ? 'settled' : 'failed', verdicts };
  }

  #joined(): Joined | undefined {
    const { rows, errors } = this.response;
    if (rows.length > 0) return settleByRows(this, rows);
    return errors.length > 0 ? settleByErrors(this, errors) : undefined;
  }

  /** A failing status under which the rows or errors are believed, if they name at least one row that was sent. */
  #partial(): Judgement | undefined {
    const joined = this.#joined();
    return joined !== undefined && joined.named > 0
      ? { kind: 'settled', verdicts: this.#counted(joined.verdicts), joined }
      : undefined;
  }

  /** `accepted` must equal what is about to be accepted: which rows are missing nobody can tell. */
  #counted(verdicts: readonly Verdict[]): readonly Verdict[] {
    const { accepted } = this.response;
    if (accepted === undefined) return verdicts;
    const expected = verdicts.filter((verdict) => verdict.accepted).length;
    const said = accepted.value(this.scope);
    const count = typeof said === 'string' && /^\d+$/.test(said.trim()) ? Number(said) : said;
    if (count === expected) return verdicts;
    const words = typeof count === 'number' ? `that it took ${count}` : 'not how many it took';
    return verdicts.map((verdict) =>
      verdict.accepted
        ? rejected('unclear', `the answer says ${words} of ${expected} rows, so which were taken is not known`)
        : verdict,
    );
  }
}
