/** Compares what a case says with what came of it, and says each difference as a diff. */

import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import { ExactNumber } from '../numbers.ts';
import { isMap } from '../template/text.ts';
import type { CaseSpec } from './case.ts';
import { contentOf } from './exchange.ts';
import type { Played } from './play.ts';

/** What differs, each a short text of several lines; none where the case holds. */
export function compareCase(one: CaseSpec, { sent, answer }: Played): string[] {
  const exchanges = one.exchanges ?? [];
  const answered = new Set(sent.map(({ exchange }) => exchange));
  const unforeseen = sent.filter(({ exchange }) => exchange === undefined).map(({ request }) => request);
  const unsent = exchanges.filter((exchange, index) => exchange.request !== undefined && !answered.has(index));
  const unwritten = exchanges.filter((exchange) => exchange.request === undefined).length;
  const differences: string[] = [];
  // A request that changed is both: shown as one diff it tells what changed.
  while (unforeseen.length > 0 && unsent.length > 0) {
    differences.push(`another request was sent than the case foresees:\n${diff(unsent.shift()?.request, unforeseen.shift())}`);
  }
  for (const request of unforeseen)
    differences.push(`a request was sent that the case does not foresee:\n${indent(yaml(request))}`);
  for (const { request } of unsent) differences.push(`a request that the case foresees was not sent:\n${indent(yaml(request))}`);
  if (unwritten > 0)
    differences.push(
      `${unwritten === 1 ? 'an exchange shows' : `${unwritten} exchanges show`} no request. Run rowpost test --update, and read what it writes.`,
    );
  const expected = one.error === undefined ? { result: one.result } : { error: one.error };
  if (one.result === undefined && one.error === undefined) {
    differences.push(
      `the case shows no result. Run rowpost test --update, and read what it writes. It would be:\n${indent(yaml(answer))}`,
    );
  } else if (contentOf(expected as never) !== contentOf(answer as never)) {
    differences.push(`the answer is another one than the case shows:\n${diff(expected, answer)}`);
  }
  return differences;
}

function diff(expected: unknown, actual: unknown): string {
  const patch = createTwoFilesPatch('the case', 'what came', yaml(expected), yaml(actual), '', '', { context: 3 });
  return indent(patch.split('\n').slice(1).join('\n'));
}

function yaml(value: unknown): string {
  return stringify(plain(value), { lineWidth: 0 });
}

/** Values as the YAML library prints them: exact whole numbers with all their digits. */
export function plain(value: unknown): unknown {
  if (value instanceof ExactNumber) return /^-?\d+$/.test(value.toString()) ? BigInt(value.toString()) : Number(value);
  if (Array.isArray(value)) return value.map(plain);
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)])) : value;
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ');
}
