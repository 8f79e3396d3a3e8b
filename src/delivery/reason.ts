/** Why a row was rejected, in words: what the manifest says, else what the answer itself tells. */

import { ExactNumber, stringifyJson } from '../numbers.ts';
import { isMap } from '../template/text.ts';

/** Characters of a reason; what is quoted of an answer is shorter. */
const MAX_REASON = 500;
const MAX_QUOTE = 200;

/** A reason as text without control characters; nothing where there is none. */
export function reasonText(value: unknown, length = MAX_REASON): string | undefined {
  if (value === undefined || value === null) return undefined;
  return cut(typeof value === 'string' ? value : stringifyJson(value), length);
}

/** `HTTP 422: ` and what the body says of it. */
export function statusReason(status: number, body: unknown): string {
  const message = messageOf(body);
  return cut(message === undefined ? `HTTP ${status}` : `HTTP ${status}: ${message}`, MAX_REASON) ?? `HTTP ${status}`;
}

/** Where APIs put their message: an own text of one of these names, or one level further down. */
const PLACES = [
  'message',
  'error_description',
  'detail',
  'error',
  'errors',
  'error_message',
  'errorMessage',
  'title',
  'reason',
  'description',
  'msg',
  'faultstring',
  'code',
];

const SPELLINGS: ReadonlySet<string> = new Set(
  PLACES.flatMap((place) => [place, place.charAt(0).toUpperCase() + place.slice(1)]),
);

/** The message found in the usual places of an answer or of one of its elements, else the beginning of its text. */
export function messageOf(body: unknown): string | undefined {
  return cut(found(body, 3) ?? (typeof body === 'object' && body !== null ? stringifyJson(body) : undefined), MAX_QUOTE);
}

function found(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value === 'number' || value instanceof ExactNumber) return String(value);
  if (depth === 0) return undefined;
  if (Array.isArray(value)) return found(value[0], depth - 1);
  if (!isMap(value)) return undefined;
  for (const place of SPELLINGS) {
    const inner = Object.hasOwn(value, place) ? found(value[place], depth - 1) : undefined;
    if (inner !== undefined) return inner;
  }
  // What only wraps, as the root of XML does, is no level.
  const [only, ...more] = Object.entries(value);
  return only !== undefined && more.length === 0 && !SPELLINGS.has(only[0]) && isMap(only[1]) ? found(only[1], depth) : undefined;
}

function cut(text: string | undefined, length: number): string | undefined {
  // Of a text of megabytes most is never looked at.
  const begin = text?.slice(0, 10 * length);
  // Control characters could write to a terminal or break a line of a log.
  const clean = begin?.replace(/\p{Cc}+/gu, ' ').trim();
  if (clean === undefined || clean === '') return undefined;
  return begin === text && clean.length <= length ? clean : `${clean.slice(0, length - 1).toWellFormed()}…`;
}
