/** An answer as templates see it: its body read as what it says it is. */

import type { Response } from '../destination/destination.ts';
import { JsonError, parseJson } from '../numbers.ts';
import type { Answer } from '../outbound/exchange.ts';
import { parseCsv } from './csv.ts';
import { UnreadableError } from './parsed.ts';
import { parseXml } from './xml.ts';

export interface ReadAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, XML or CSV as values, else text; undefined where there is none or it does not parse. */
  readonly body: unknown;
  /** Whether it is XML: there one element is no list, and several are. */
  readonly xml: boolean;
  /** Why what the body says cannot be believed, or nothing. */
  readonly unreadable: string | undefined;
}

/** @param breathe awaited after every piece of work, of what is much work to read */
export async function readAnswer(
  { status, headers, body: text }: Answer,
  parse: Response['parse'],
  breathe: () => Promise<void>,
): Promise<ReadAnswer> {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const format = parse === 'auto' ? formatOf(type, text) : parse;
  const answer = (body: unknown, unreadable?: string): ReadAnswer => ({
    status,
    headers,
    body,
    xml: format === 'xml' && unreadable === undefined,
    unreadable,
  });
  if (format === 'none') return answer(undefined);
  if (parse === 'text') return answer(text);
  if (text.trim() === '') return answer(undefined, noContent(status) ? undefined : 'the answer is empty');
  try {
    switch (format) {
      case 'json':
        return answer(parseJson(text));
      case 'xml':
        return answer(await parseXml(text, breathe));
      case 'csv':
        return answer(await parseCsv(text, breathe));
      case 'text':
        // It was to be told by its type, which is of nothing that is read.
        return answer(text, `the answer is ${type === '' ? 'no JSON' : type}, not JSON`);
    }
  } catch (error) {
    if (!(error instanceof JsonError || error instanceof UnreadableError)) throw error;
    return answer(undefined, `the answer is ${error.message}`);
  }
}

/** What it says that it is; what says nothing is JSON where it looks like it. A page for people is none of them. */
function formatOf(type: string, text: string): 'json' | 'xml' | 'csv' | 'text' {
  if (/[/+]json$/.test(type) || ((type === '' || type === 'text/plain') && /^\s*[[{]/.test(text))) return 'json';
  if (/[/+]xml$/.test(type) && type !== 'application/xhtml+xml') return 'xml';
  return type === 'text/csv' || type === 'application/csv' ? 'csv' : 'text';
}

/** RFC 9110 sections 15.3.5 and 15.3.6: these have no body. */
function noContent(status: number): boolean {
  return status === 204 || status === 205;
}
