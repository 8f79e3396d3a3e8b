/** All filters of our own, and LiquidJS's text filters made to refuse maps. `../costs.ts` says what each takes. */

import type { Liquid } from 'liquidjs';
import { renderFault } from '../render-fault.ts';
import { isMap } from '../text.ts';
import { convertFilters } from './convert.ts';
import { digestFilters } from './digest.ts';
import { listFilters } from './lists.ts';
import { mapFilters } from './maps.ts';
import { timeFilters } from './time.ts';

export type FilterFunction = (this: unknown, value: unknown, ...args: unknown[]) => unknown;
/** `raw`: as the last filter it makes the output its own escape, as LiquidJS's `raw` does. */
export type FilterImplementation = FilterFunction | { readonly handler: FilterFunction; readonly raw: boolean };
type Builtin = Liquid['filters'][string];

/** LiquidJS makes text of whatever these get: of a map, `[object Object]`. */
const OF_TEXT = (
  'append prepend downcase upcase capitalize strip lstrip rstrip strip_html strip_newlines squish newline_to_br replace replace_first replace_last ' +
  'remove remove_first remove_last truncate truncatewords split escape escape_once xml_escape url_encode url_decode cgi_escape uri_escape slugify ' +
  'normalize_whitespace number_of_words base64_encode base64_decode hmac_sha256 join array_to_sentence_string'
).split(' ');

export function* filters(builtin: Liquid['filters']): Generator<[string, FilterImplementation]> {
  for (const name of OF_TEXT) yield [name, refusingMaps(name, builtin[name])];
  for (const group of [digestFilters, convertFilters, mapFilters, listFilters, timeFilters(builtin)])
    yield* Object.entries(group);
}

function refusingMaps(name: string, builtin: Builtin | undefined): FilterFunction {
  if (typeof builtin !== 'function') throw new Error(`LiquidJS has no filter ${name}`);
  return function refuseMaps(value, ...args) {
    if (holdsMap(value) || args.some(holdsMap))
      throw renderFault('list', `${name} was given a map, which has no text; use json for its JSON`);
    return builtin.call(this as ThisParameterType<typeof builtin>, value, ...args); // LiquidJS calls every filter with its own this
  };
}

function holdsMap(value: unknown): boolean {
  return typeof value === 'object' && (Array.isArray(value) ? value.some(isMap) : isMap(value));
}
