/** What stands in the places of a parsed template: every output has an escape of its own. */

import { type Template as LiquidTemplate, TypeGuards } from 'liquidjs';
import type { Place } from './places.ts';
import type { Scan } from './scan.ts';

/** The place of an output, by what was seen around it. */
export function placeOf(output: { token: { begin: number } }, place: Place, scan: Scan): Place {
  const { begin } = output.token;
  if (scan.captured.has(begin)) return 'text';
  if (place === 'json-value') return scan.quoted.has(begin) ? 'json-string' : 'json-value';
  return place;
}

/** The JSON text with a harmless value in place of every output, each as long as the output. */
export function neutral(templates: readonly LiquidTemplate[], source: string, scan: Scan): string {
  let text = source;
  for (const { token } of templates) {
    if (TypeGuards.isHTMLToken(token)) continue;
    const length = token.end - token.begin;
    const value = scan.quoted.has(token.begin) ? 'x'.repeat(length) : 'null'.padEnd(length);
    text = text.slice(0, token.begin) + value + text.slice(token.end);
  }
  return text;
}
