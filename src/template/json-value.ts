/** Values written as JSON text, each as `stringifyJson` writes it. */

import { toValue } from 'liquidjs';
import { stringifyJson } from '../numbers.ts';
import { renderFault } from './render-fault.ts';

/** `nil`, `empty` and `blank` are LiquidJS's own objects; NaN and infinities are no JSON. */
export function checked(result: unknown): unknown {
  const value: unknown = toValue(result);
  return typeof value === 'number' ? checkedNumber(value) : value;
}

function checkedNumber(value: number): number {
  if (Number.isFinite(value)) return value;
  throw renderFault('number', `a calculation gave ${value}, which is no number that can be sent`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Whether a text needs nothing but its quotes to be JSON. */
export function isClean(text: string): boolean {
  return !ESCAPED.test(text);
}

/**
 * The JSON of what a template gave; nothing of a missing value.
 * @throws {Fault} for a number that is none
 */
export function jsonOf(result: unknown): string | undefined {
  if (typeof result === 'string') return isClean(result) ? `"${result}"` : JSON.stringify(result);
  if (typeof result === 'number') return `${checkedNumber(result)}`;
  if (typeof result === 'boolean') return result ? 'true' : 'false';
  if (result === undefined) return undefined;
  if (result === null) return 'null';
  const value: unknown = toValue(result);
  return value === result ? stringifyJson(value) : jsonOf(value);
}
