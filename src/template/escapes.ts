/** What stands in the places of a parsed template: every output gets the escape of its own. */

import { EchoTag, Filter, type Template as LiquidTemplate, Output, TypeGuards, toValueSync, type Value } from 'liquidjs';
import { engine } from './engine.ts';
import { escapeFor, type Place } from './places.ts';
import type { Scan } from './scan.ts';

/** The place of an output, by what was seen around it. */
export function placeOf(output: { token: { begin: number } }, place: Place, scan: Scan): Place | undefined {
  const { begin } = output.token;
  if (scan.captured.has(begin)) return 'text';
  if (place === 'json-value') return scan.quoted.has(begin) ? 'json-string' : 'json-value';
  return place;
}

/** Puts the escape of its place behind the last filter of every output, inside blocks too. */
export function addEscapes(
  templates: Iterable<LiquidTemplate>,
  place: (output: { token: { begin: number } }) => Place | undefined,
): void {
  for (const template of templates) {
    if (template instanceof Output || template instanceof EchoTag) {
      const value = (template as unknown as { value?: Value }).value; // an echo's value is private in the types only
      const last = value?.filters.at(-1);
      const where = place(template);
      // `uri` is the path's own escape; elsewhere its text is escaped like any other.
      const raw = last?.raw === true && (last.name === 'raw' || where === 'path');
      if (value !== undefined && where !== undefined) {
        // Raw text is text still: a list or a map has none.
        const rule = raw ? 'text' : where;
        const token = { name: `escape:${rule}`, args: [] } as unknown as ConstructorParameters<typeof Filter>[0]; // a filter token without a source
        value.filters.push(new Filter(token, escapeFor(rule), engine));
      }
    }
    const children = (template as LiquidTemplate).children?.(false, true); // the classes lack the optional member of their own interface
    if (children !== undefined) addEscapes(toValueSync(children) as LiquidTemplate[], place); // sync: a list, not a promise
  }
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
