/** The one LiquidJS engine for templates of manifests: which tags and filters it has, and why others are off. */

import { Liquid } from 'liquidjs';
import { filters } from './filters/registry.ts';

/** Why a tag that LiquidJS has is off here. */
export const TAGS_OFF: ReadonlyMap<string, string> = new Map([
  ...['include', 'render', 'layout', 'block'].map((name) => [name, 'templates read no files'] as const),
  ...['cycle', 'increment', 'decrement'].map((name) => [name, 'it keeps state between outputs; use the row’s position'] as const),
  ['tablerow', 'it makes HTML tables; use for'],
]);

/** Why a filter that LiquidJS has is off here. */
export const FILTERS_OFF: ReadonlyMap<string, string> = new Map([
  ...['where_exp', 'reject_exp', 'group_by_exp', 'has_exp', 'find_exp', 'find_index_exp'].map(
    (name) => [name, 'its expression is text that cannot be checked before it runs; use where, find or for'] as const,
  ),
  ['sample', 'it answers something else each time'],
]);

const ONE_ARGUMENT =
  'append prepend plus minus times divided_by modulo at_least at_most remove remove_first remove_last split map where ' +
  'concat find find_index push unshift group_by hmac uuid5 merge except only dig';
const TWO_ARGUMENTS = 'replace replace_first replace_last rename';

/** How many arguments a filter needs at least: without them it would fail, or change nothing, on every row. */
export const ARGUMENTS: ReadonlyMap<string, number> = new Map([
  ...ONE_ARGUMENT.split(' ').map((name) => [name, 1] as const),
  ...TWO_ARGUMENTS.split(' ').map((name) => [name, 2] as const),
]);

/** Filters of the design that this version does not have. */
export const FILTERS_NOT_YET: ReadonlySet<string> = new Set(['parse_csv', 'e164']);

/** What both engines share: this one, for manifests, and the one for templates of the configuration. */
export const ENGINE_OPTIONS = {
  strictFilters: true,
  ownPropertyOnly: true,
  groupedExpressions: true,
  // No file can be read: partials come from this empty map.
  templates: {},
  relativeReference: false,
  dynamicPartials: false,
  timezoneOffset: 0,
};

export const engine = new Liquid(ENGINE_OPTIONS);

for (const tag of TAGS_OFF.keys()) delete engine.tags[tag];
for (const name of FILTERS_OFF.keys()) engine.unregisterFilter(name);
for (const [name, filter] of filters(engine.filters)) engine.registerFilter(name, filter);
