/** The one LiquidJS engine for templates of manifests: which tags and filters it has, and why others are off. */

import { Liquid } from 'liquidjs';
import { filters } from './filters/registry.ts';

/** Units of LiquidJS's own cooperative limit, about characters and list elements, for one evaluation. */
const MEMORY_LIMIT = 50_000_000;

/** Why a tag that LiquidJS has is off here. */
export const TAGS_OFF: Readonly<Record<string, string>> = {
  include: 'templates read no files',
  render: 'templates read no files',
  layout: 'templates read no files',
  block: 'templates read no files',
  tablerow: 'it makes HTML tables; use for',
  cycle: 'it keeps state between outputs; use the row’s position',
  increment: 'it keeps state between outputs; use the row’s position',
  decrement: 'it keeps state between outputs; use the row’s position',
};

/** Why a filter that LiquidJS has is off here. */
export const FILTERS_OFF: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['where_exp', 'reject_exp', 'group_by_exp', 'has_exp', 'find_exp', 'find_index_exp'].map((name) => [
      name,
      'its expression is text that cannot be checked before it runs; use where, find or for',
    ]),
  ),
  sample: 'it answers something else each time',
};

/** Filters of the design that this version does not have. */
export const FILTERS_NOT_YET: ReadonlySet<string> = new Set(['parse_csv', 'e164']);

export const engine = new Liquid({
  strictFilters: true,
  ownPropertyOnly: true,
  groupedExpressions: true,
  // No file can be read: partials come from this empty map.
  templates: {},
  relativeReference: false,
  dynamicPartials: false,
  timezoneOffset: 0,
  memoryLimit: MEMORY_LIMIT,
});

for (const tag of Object.keys(TAGS_OFF)) delete engine.tags[tag];
for (const name of Object.keys(FILTERS_OFF)) engine.unregisterFilter(name);
for (const [name, filter] of filters(engine.filters)) engine.registerFilter(name, filter);
