/** Compares what a case says with what came of it, and says each difference as a diff. */

import { createTwoFilesPatch } from 'diff';
import type { CaseSpec } from './case.ts';
import { contentOf } from './exchange.ts';
import type { Played } from './play.ts';
import { printLines } from './print-yaml.ts';

/** What differs, each a short text of several lines; none where the case holds. */
export function compareCase(one: CaseSpec, played: Played): string[] {
  return [...compareRequests(one, played), ...compareAnswer(one, played)];
}

function compareRequests({ exchanges = [] }: CaseSpec, { sent }: Played): string[] {
  const differences: string[] = [];
  let unwritten = 0;
  for (const { request, exchange } of sent) {
    const foreseen = exchange === undefined ? undefined : exchanges[exchange]?.request;
    if (exchange === undefined)
      differences.push(
        `a request was sent that the case does not foresee. If it is right, add its response to the exchanges:\n${indent(printLines(request))}`,
      );
    else if (foreseen === undefined) unwritten++;
    else if (contentOf(foreseen) !== contentOf(request))
      differences.push(
        `the request of ${nth(exchange, exchanges.length)} is another one than the case shows:\n${diff(foreseen, request)}`,
      );
  }
  const answered = new Set(sent.map(({ exchange }) => exchange));
  for (const [index, { request }] of exchanges.entries()) {
    if (answered.has(index)) continue;
    const where = nth(index, exchanges.length);
    differences.push(
      request === undefined
        ? `${where} was not needed: no request asked for its response. Remove it.`
        : `the request of ${where} was not sent:\n${indent(printLines(request))}`,
    );
  }
  if (unwritten > 0)
    differences.push(
      `${unwritten === 1 ? 'an exchange shows' : `${unwritten} exchanges show`} no request. Run rowpost test --update, and read what it writes.`,
    );
  return differences;
}

function compareAnswer(one: CaseSpec, { sent, answer }: Played): string[] {
  const expected = one.error === undefined ? { result: one.result } : { error: one.error };
  if (one.result !== undefined || one.error !== undefined) {
    return contentOf(expected) === contentOf(answer)
      ? []
      : [`the answer is another one than the case shows:\n${diff(expected, answer)}`];
  }
  // Without the API's answer, the result is not the one to write down.
  if (sent.some(({ exchange }) => exchange === undefined)) return [];
  return [
    `the case shows no result. Run rowpost test --update, and read what it writes. It would be:\n${indent(printLines(answer))}`,
  ];
}

/** As authors count: the first is 1. */
function nth(index: number, count: number): string {
  return `exchange ${index + 1} of ${count}`;
}

function diff(expected: unknown, actual: unknown): string {
  const patch = createTwoFilesPatch('the case', 'what came', printLines(expected), printLines(actual), '', '', { context: 3 });
  return indent(patch.split('\n').slice(1).join('\n'));
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ');
}
