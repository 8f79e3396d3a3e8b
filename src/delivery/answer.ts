/** An answer as templates see it: its body read as what it says it is. */

import type { Response } from '../destination/destination.ts';
import { parseJson } from '../numbers.ts';
import type { Answer } from '../outbound/exchange.ts';

export interface ReadAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON as values, else text; undefined where there is none or it does not parse. */
  readonly body: unknown;
  /** Why what the body says cannot be believed, or nothing. */
  readonly unreadable: string | undefined;
}

export function readAnswer({ status, headers, body: text }: Answer, parse: Response['parse']): ReadAnswer {
  const answer = (body: unknown, unreadable?: string): ReadAnswer => ({ status, headers, body, unreadable });
  if (parse === 'none') return answer(undefined);
  if (parse === 'text') return answer(text);
  if (text.trim() === '') return answer(undefined, noContent(status) ? undefined : 'the answer is empty');
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const json = parse === 'json' || /[/+]json$/.test(type) || ((type === '' || type === 'text/plain') && /^\s*[[{]/.test(text));
  if (!json) return answer(text, `the answer is ${type === '' ? 'no JSON' : type}, not JSON`);
  try {
    return answer(parseJson(text));
  } catch (error) {
    return answer(undefined, `the answer is ${error instanceof Error ? error.message : 'not JSON'}`);
  }
}

/** RFC 9110 sections 15.3.5 and 15.3.6: these have no body. */
function noContent(status: number): boolean {
  return status === 204 || status === 205;
}
