/** Joins the elements of an answer with the rows that they speak of: by key, by index, or by order. */

import type { RowErrors, RowResults } from '../destination/destination.ts';
import { Fault } from '../fault.ts';
import { ExactNumber } from '../numbers.ts';
import type { Scope } from '../template/scope.ts';
import type { ValueTemplate } from '../template/template.ts';
import { elementsOf, isMap, textsOf } from '../template/text.ts';
import type { ReadAnswer } from './answer.ts';
import { ACCEPTED, rejected, type Verdict } from './call.ts';
import type { Judging } from './judge.ts';
import { lazy } from './lazy.ts';
import { messageOf } from './reason.ts';

const NO_MESSAGE = 'refused without a message';

/** What the elements of an answer make of the rows of a request. */
export interface Joined {
  readonly verdicts: readonly Verdict[];
  /** The places of the rows that are to be sent again, with seconds or a date where it says when; their verdicts hold if they are not. */
  readonly again: ReadonlyMap<number, string | undefined>;
  /** The element that speaks of each row, where one does. */
  readonly results: readonly unknown[];
  /** How many elements named a row. */
  readonly named: number;
}

/** What one element says of one row. */
type Said =
  | { readonly kind: 'accept' }
  | { readonly kind: 'reject'; readonly verdict: Verdict }
  | { readonly kind: 'again'; readonly verdict: Verdict; readonly after: string | undefined };

/** Gathers what elements say. Of two that name one row the failing one counts; where the other accepts it, it is not sent again. */
class Gathered {
  readonly #said: (Said | undefined)[];
  readonly #results: unknown[];
  named = 0;

  constructor(count: number) {
    this.#said = Array.from({ length: count });
    this.#results = Array.from({ length: count });
  }

  add(place: number, said: Said, element: unknown): void {
    const before = this.#said[place];
    if (before === undefined || (before.kind !== 'reject' && said.kind === 'reject')) {
      this.#said[place] = said;
      this.#results[place] = element;
    } else if (before.kind !== said.kind) {
      const failing = before.kind === 'accept' ? said : before;
      if (failing.kind === 'again') this.#said[place] = { kind: 'reject', verdict: failing.verdict };
    }
  }

  /** @param unsaid for rows that no element speaks of */
  joined(unsaid: Verdict): Joined {
    const again = new Map<number, string | undefined>();
    const verdicts = this.#said.map((said, place) => {
      if (said === undefined) return unsaid;
      if (said.kind === 'again') again.set(place, said.after);
      return said.kind === 'accept' ? ACCEPTED : said.verdict;
    });
    return { verdicts, again, results: this.#results, named: this.named };
  }
}

/** A result for every row. A row without one is rejected, and so is one that two results disagree on. */
export function settleByRows(judging: Judging, mappings: readonly RowResults[]): Joined {
  const { rows } = judging.planned;
  const gathered = new Gathered(rows.length);
  for (const mapping of mappings) {
    const elements = elementsIn(mapping.each.value(judging.scope), judging.answer);
    if (elements === undefined) return none(judging, 'the answer has no list of results');
    const byOrder = mapping.key === undefined && mapping.index === undefined;
    if (byOrder && elements.length > rows.length)
      return none(judging, `the answer has ${elements.length} results for ${rows.length} rows`);
    for (const [place, result] of elements.entries()) {
      const at = byOrder ? [place] : rowsNamed(judging, mapping, { result });
      const message = lazy(() => messageOf(result) ?? NO_MESSAGE);
      if (at.length > 0) gathered.named++;
      for (const index of at) gathered.add(index, ofResult(judging, mapping, index, result, message), result);
      if (at.length === 0 && !harmless(judging, mapping, result))
        return none(judging, `a failed result names no row of the request: ${message()}`);
    }
  }
  return gathered.joined(rejected('unclear', 'the answer has no result for this row'));
}

/** Only the rows that failed. */
export function settleByErrors(judging: Judging, mappings: readonly RowErrors[]): Joined {
  const { rows } = judging.planned;
  const gathered = new Gathered(rows.length);
  for (const mapping of mappings) {
    const list = mapping.each.value(judging.scope);
    if (list === undefined || list === null) {
      if (mapping.required?.ask(judging.scope) === true) return none(judging, 'the answer lacks its list of errors');
      continue;
    }
    const elements = elementsIn(list, judging.answer);
    if (elements === undefined) return none(judging, 'what stands for the list of errors in the answer is no list');
    for (const error of elements) {
      const at = namesNothing(mapping) ? rows.map((_, index) => index) : rowsNamed(judging, mapping, { error });
      const message = lazy(() => messageOf(error) ?? NO_MESSAGE);
      if (at.length > 0) gathered.named++;
      else if (mapping.unmatched === 'reject')
        return { ...none(judging, `an error names no row of the request: ${message()}`), named: gathered.named };
      for (const index of at) gathered.add(index, ofError(judging, mapping, index, error, message), error);
    }
  }
  return gathered.joined(ACCEPTED);
}

/** Without key and index, in a request of one row, an error speaks of that row. */
function namesNothing({ key, index }: RowErrors): boolean {
  return key === undefined && index === undefined;
}

function none(judging: Judging, reason: string): Joined {
  const verdict = rejected('unclear', `HTTP ${judging.answer.status}, but ${reason}`);
  return { verdicts: judging.planned.rows.map(() => verdict), again: new Map(), results: [], named: 0 };
}

/** The elements of what an answer has for a list: of XML one element is a list of it, of JSON a map is its entries. */
export function elementsIn(value: unknown, { xml }: Pick<ReadAnswer, 'xml'>): unknown[] | undefined {
  return xml && (isMap(value) || typeof value === 'string') ? [value] : elementsOf(value);
}

/** The places in the request of the rows that an element names. */
function rowsNamed(
  judging: Judging,
  { key, index }: { key: ValueTemplate | undefined; index: ValueTemplate | undefined },
  element: Record<string, unknown>,
): number[] {
  const { rows } = judging.planned;
  const scope = judging.scope.with(element);
  if (index !== undefined) {
    return textsOf(index.value(scope))
      .filter((text) => /^\d+$/.test(text))
      .map(Number)
      .filter((place) => place < rows.length);
  }
  return textsOf(key?.value(scope)).flatMap((text) => judging.places.get(text) ?? []);
}

function ofResult(judging: Judging, mapping: RowResults, index: number, result: unknown, message: () => string): Said {
  return said(judging, mapping, index, { result }, message, (scope) =>
    mapping.ok === undefined || mapping.ok.ask(scope) ? 'accept' : 'reject',
  );
}

function ofError(judging: Judging, mapping: RowErrors, index: number, error: unknown, message: () => string): Said {
  return said(judging, mapping, index, { error }, message, () => 'reject');
}

/** @param otherwise what the element says where no rule holds */
function said(
  judging: Judging,
  { rules, reason }: RowResults | RowErrors,
  index: number,
  element: Readonly<Record<string, unknown>>,
  message: () => string,
  otherwise: (scope: Scope) => 'accept' | 'reject',
): Said {
  const row = judging.planned.rows[index];
  if (row === undefined) throw new RangeError(`no row at ${index}`);
  const { status, headers, body } = judging.answer;
  const scope = row.scope.with({ status, headers, body, ...element });
  try {
    const rule = rules.find((one) => one.if.ask(scope));
    const then = rule?.then ?? otherwise(scope);
    if (then === 'accept') return { kind: 'accept' };
    const words =
      judging.reasonFor(row.scope, rule?.reason ?? reason, element) ??
      judging.reasonFor(row.scope, judging.response.reason, {}) ??
      message();
    const verdict = rejected('refused', words);
    return then === 'retry' ? { kind: 'again', verdict, after: afterOf(rule?.after, scope) } : { kind: 'reject', verdict };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { kind: 'reject', verdict: rejected('unclear', `the result for this row could not be judged: ${error.message}`) };
  }
}

/** Seconds or a date, as the manifest gives it; where it gives nothing that can be read, the usual wait holds. */
export function afterOf(after: ValueTemplate | undefined, scope: Scope): string | undefined {
  try {
    const value = after?.value(scope);
    return typeof value === 'string' || typeof value === 'number' || value instanceof ExactNumber ? String(value) : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** A result that names no row is harmless only where it surely tells of a success. */
function harmless(judging: Judging, mapping: RowResults, result: unknown): boolean {
  try {
    return mapping.ok === undefined || mapping.ok.ask(judging.scope.with({ result }));
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
