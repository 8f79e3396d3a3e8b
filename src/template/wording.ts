/** What is said of an expression that is none, and what its author may have meant. */

import { beginning } from '../fault.ts';

export const FILTER_IN_COMPARISON = 'Put parentheses around a filter and its value: (body.errors | size) > 0.';

/** A filter, and a comparison behind it. */
const COMPARED_FILTER = /\|\s*\w+\s*(?:==|!=|<|>|contains\b|and\b|or\b)/;

/** Why a text is no expression. */
export function reason(text: string, error: Error): string {
  return COMPARED_FILTER.test(text) ? 'a filter stands inside a comparison' : plain(error);
}

export function operatorHint(text: string): string | undefined {
  if (/\{\{|\}\}/.test(text)) return 'Write the whole without braces, such as: record.a == record.b.';
  if (/(^|[^=!<>])=([^=]|$)/.test(text)) return 'A comparison is written ==.';
  if (text.includes('&&')) return 'Write and for &&.';
  if (text.includes('||')) return 'Write or for ||.';
  return COMPARED_FILTER.test(text) ? FILTER_IN_COMPARISON : undefined;
}

export function brief(text: string): string {
  return beginning(text, 60);
}

/** What LiquidJS says, as people say it. */
const SAID: Readonly<Record<string, string>> = {
  'expected "|" before filter': 'an operator or "|" is expected here',
  'expected filter name': 'the name of a filter is expected here',
  'expected ":" after filter name': '":" is expected before the arguments of a filter',
};

/** LiquidJS's message without its line and context. */
function plain(error: Error): string {
  const message = (error.message.split('\n')[0] ?? '').replace(/, line:\d+, col:\d+$/, '').replace(/\.$/, '');
  return message.startsWith('invalid value expression') ? 'a value is expected here' : (SAID[message] ?? message);
}
