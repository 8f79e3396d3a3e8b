/** Joins the elements of an answer with the rows that they speak of: by key, by index, or by order. */

import type { RowErrors, RowResults } from '../destination/destination.ts';
import { Fault } from '../fault.ts';
import type { ValueTemplate } from '../template/template.ts';
import { isMap, scalarText } from '../template/text.ts';
import { ACCEPTED, rejected, type Verdict } from './call.ts';
import type { Judging } from './judge.ts';
import { lazy } from './lazy.ts';
import { messageOf } from './reason.ts';

const NO_MESSAGE = 'refused without a message';

/** Verdicts for the rows of a request, and how many elements of the answer named a row. */
interface Settled {
  readonly verdicts: Verdict[];
  readonly named: number;
}

/** A result for every row. A row without one is rejected, and so is one that two results disagree on. */
export function settleByRows(judging: Judging, mapping: RowResults): Settled {
  const { rows } = judging.planned;
  const elements = elementsOf(mapping.each.value(judging.scope));
  if (elements === undefined) return none(judging, 'the answer has no list of results');
  const byOrder = mapping.key === undefined && mapping.index === undefined;
  if (byOrder && elements.length > rows.length)
    return none(judging, `the answer has ${elements.length} results for ${rows.length} rows`);
  const verdicts: (Verdict | undefined)[] = rows.map(() => undefined);
  let named = 0;
  for (const [place, result] of elements.entries()) {
    const at = byOrder ? [place] : rowsNamed(judging, mapping, { result });
    const message = lazy(() => messageOf(result) ?? NO_MESSAGE);
    if (at.length > 0) named++;
    for (const index of at) {
      // Of two results that name one row the failing one counts.
      if (verdicts[index]?.accepted !== false) verdicts[index] = verdictOf(judging, mapping, index, result, message);
    }
    if (at.length === 0 && !harmless(judging, mapping, result))
      return none(judging, `a failed result names no row of the request: ${message()}`);
  }
  return { verdicts: verdicts.map((verdict) => verdict ?? rejected('unclear', 'the answer has no result for this row')), named };
}

/** Only the rows that failed. */
export function settleByErrors(judging: Judging, mapping: RowErrors): Settled {
  const { rows } = judging.planned;
  const list = mapping.each.value(judging.scope);
  if (list === undefined || list === null) {
    const required = mapping.required?.ask(judging.scope) === true;
    return required ? none(judging, 'the answer lacks its list of errors') : { verdicts: rows.map(() => ACCEPTED), named: 0 };
  }
  const elements = elementsOf(list);
  if (elements === undefined) return none(judging, 'what stands for the list of errors in the answer is no list');
  const verdicts: Verdict[] = rows.map(() => ACCEPTED);
  let named = 0;
  for (const error of elements) {
    const at = namesNothing(mapping) ? rows.map((_, index) => index) : rowsNamed(judging, mapping, { error });
    const message = lazy(() => messageOf(error) ?? NO_MESSAGE);
    if (at.length > 0) named++;
    else if (mapping.unmatched === 'reject') {
      return { ...none(judging, `an error names no row of the request: ${message()}`), named };
    }
    for (const index of at) verdicts[index] = errorVerdict(judging, mapping, index, error, message);
  }
  return { verdicts, named };
}

/** Without key and index, in a request of one row, an error speaks of that row. */
function namesNothing({ key, index }: RowErrors): boolean {
  return key === undefined && index === undefined;
}

function none(judging: Judging, reason: string): Settled {
  const verdict = rejected('unclear', `HTTP ${judging.answer.status}, but ${reason}`);
  return { verdicts: judging.planned.rows.map(() => verdict), named: 0 };
}

/** A list as it is, a map as its entries. */
export function elementsOf(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return isMap(value) ? Object.entries(value).map(([key, own]) => ({ key, value: own })) : undefined;
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
  return textsOf(key?.value(scope)).flatMap((text) => judging.placeOfKey().get(text) ?? []);
}

/** Keys are compared as text; a list names several rows. */
function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(scalarText).filter((text) => text !== '');
}

function verdictOf(judging: Judging, mapping: RowResults, index: number, result: unknown, message: () => string): Verdict {
  const row = judging.planned.rows[index];
  if (row === undefined) throw new RangeError(`no row at ${index}`);
  const { status, headers, body } = judging.answer;
  try {
    if (mapping.ok === undefined || mapping.ok.ask(row.scope.with({ status, headers, body, result }))) return ACCEPTED;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return rejected('unclear', `the result for this row could not be judged: ${error.message}`);
  }
  return rejected(
    'refused',
    judging.reasonFor(row.scope, mapping.reason, { result }) ??
      judging.reasonFor(row.scope, judging.response.reason, {}) ??
      message(),
  );
}

function errorVerdict(judging: Judging, mapping: RowErrors, index: number, error: unknown, message: () => string): Verdict {
  const scope = judging.planned.rows[index]?.scope;
  const own =
    scope && (judging.reasonFor(scope, mapping.reason, { error }) ?? judging.reasonFor(scope, judging.response.reason, {}));
  return rejected('refused', own ?? message());
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
