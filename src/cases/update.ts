/** Writes requests and results into a file of cases. */

import { type CaseSpec, type CasesFile, type ExchangeSpec, readCases } from './case.ts';
import { contentOf } from './exchange.ts';
import type { Played } from './play.ts';
import { YamlEditor } from './yaml-editor.ts';

export interface Updated {
  /** The new text of the file; the same where nothing changed. */
  readonly text: string;
  /** What only the author can do: write answers that are missing, remove what no request asks for. By the place of the case. */
  readonly wanted: ReadonlyMap<number, readonly string[]>;
}

const UNWRITABLE =
  'The request and the result cannot be written here. Write the case over several lines, without anchors and aliases in its exchanges and its result.';

/** @param played what came of each case, in the order of the file; undefined where it could not be played */
export function updateCases(file: CasesFile, played: readonly (Played | undefined)[]): Updated {
  const editor = new YamlEditor(file.text);
  const wanted = new Map<number, string[]>();
  const cases: CaseSpec[] = [];
  const changed: number[] = [];
  for (const [index, one] of file.spec.cases.entries()) {
    const came = played[index];
    const after = came === undefined ? one : updated(one, came);
    cases.push(after);
    if (came === undefined) continue;
    wanted.set(index, wantedOf(one, came));
    if (contentOf(one) === contentOf(after)) continue;
    changed.push(index);
    if (!write(editor, index, one, after)) wanted.set(index, [UNWRITABLE]);
  }
  const text = editor.text();
  // Anchors can make one text mean something elsewhere: what was written is read again before it is kept.
  if (text === file.text || says(file, text, cases)) return { text, wanted };
  for (const index of changed) wanted.set(index, [UNWRITABLE]);
  return { text: file.text, wanted };
}

/** The case as it should be written. */
function updated(one: CaseSpec, { sent, answer }: Played): CaseSpec {
  const { result: _, error: __, ...rest } = one;
  const exchanges = one.exchanges?.map((exchange, index): ExchangeSpec => {
    const request = sent.find((each) => each.exchange === index)?.request;
    return request === undefined ? exchange : { ...exchange, request };
  });
  // Without all of the API's answers, the answer of the call is not the one to keep.
  const whole = sent.every(({ exchange }) => exchange !== undefined);
  return { ...(whole ? { ...rest, ...answer } : one), ...(exchanges !== undefined && { exchanges }) };
}

function wantedOf({ exchanges = [] }: CaseSpec, { sent }: Played): string[] {
  const sentences = sent
    .filter(({ exchange }) => exchange === undefined)
    .map(
      ({ request: { method, url } }) =>
        `${method} ${url} has no answer. Add to the exchanges of the case what the API answers, such as:\n    - response: { status: 200, json: { id: 1 } }`,
    );
  const answered = new Set(sent.map(({ exchange }) => exchange));
  const idle = exchanges.flatMap((_, index) => (answered.has(index) ? [] : [index + 1]));
  if (idle.length > 0) {
    const which = idle.length === 1 ? `Exchange ${idle.join()} was` : `The exchanges ${idle.join(', ')} were`;
    sentences.push(`${which} not needed. Remove what no request asks for.`);
  }
  return sentences;
}

/** @returns false where the case is written so that nothing can be put into it */
function write(editor: YamlEditor, index: number, before: CaseSpec, after: CaseSpec): boolean {
  const same = (a: unknown, b: unknown) => contentOf({ result: a }) === contentOf({ result: b });
  let written = true;
  for (const [place, { request }] of (after.exchanges ?? []).entries()) {
    if (!same(before.exchanges?.[place]?.request, request))
      written = editor.put(['cases', index, 'exchanges', place], ['request'], { request }, 'first') && written;
  }
  const answer = after.error === undefined ? { result: after.result } : { error: after.error };
  if (!same([before.result, before.error], [after.result, after.error]))
    written = editor.put(['cases', index], ['result', 'error'], answer, 'last') && written;
  return written;
}

function says(file: CasesFile, text: string, cases: readonly CaseSpec[]): boolean {
  const read = readCases(file.file, text);
  return 'spec' in read && contentOf({ result: read.spec.cases }) === contentOf({ result: cases });
}
