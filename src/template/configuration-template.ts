/** Templates that people write into the form (`format: liquid`): a second engine, with less in it and bounds on all it does. */

import { Liquid } from 'liquidjs';
import { Budget } from './budget.ts';
import type { FilterContext } from './context.ts';
import { ENGINE_OPTIONS, engine, FILTERS_OFF } from './engine.ts';
import { neutral, placeOf } from './escapes.ts';
import { jsonMistake } from './json-text.ts';
import { CONFIGURATION_LIMITS, MAX_SOURCE } from './limits.ts';
import type { Names } from './names.ts';
import { compileTemplates } from './render.ts';
import { renderFault } from './render-fault.ts';
import { scanTemplate } from './scan.ts';
import { Scope } from './scope.ts';
import { scalarText } from './text.ts';

const TAGS = new Set(['if', 'unless', 'case', 'for', 'assign', 'echo', 'comment', 'raw', 'break', 'continue', '#']);

/** What such a template may be for: plain text, or JSON in which values cannot break out. */
export type Purpose = 'text' | 'json';

const small = new Liquid({ ...ENGINE_OPTIONS, parseLimit: MAX_SOURCE });
for (const tag of Object.keys(small.tags)) if (!TAGS.has(tag)) delete small.tags[tag];
for (const name of FILTERS_OFF.keys()) small.unregisterFilter(name);
for (const [name, filter] of Object.entries(engine.filters)) small.registerFilter(name, filter);

/** Columns are named as they are; nothing else is seen but these. */
const NAMES: Names = {
  where: 'the template',
  known: new Map(['row', 'record', 'id', 'operation'].map((name) => [name, null])),
  open: true,
};

interface Parsed {
  readonly render: (scope: Scope) => string;
}

/** What is wrong with a template, as a sentence, or nothing. */
export function problemOfTemplate(source: string, purpose: Purpose = 'text'): string | undefined {
  if (source.trim() === '') return undefined;
  const parsed = parse(source, purpose);
  return typeof parsed === 'string' ? parsed : undefined;
}

/** A call has one or two such templates and thousands of rows. */
const parsed = new Map<string, Parsed | string>();
/** Characters of the templates that are kept, those used last: parsed, one may take 300 times its size. */
const MAX_KEPT = 65_536;
let kept = 0;

/** Steps of a character that is parsed. */
const PARSED = 12;

function parse(source: string, purpose: Purpose, budget?: Budget): Parsed | string {
  if (source.length > MAX_SOURCE) return `it is longer than ${MAX_SOURCE} characters`;
  const key = `${purpose}:${source}`;
  let made = parsed.get(key);
  if (made === undefined) {
    budget?.steps(source.length * PARSED);
    made = parseAnew(source, purpose);
    kept += key.length;
  } else parsed.delete(key);
  parsed.set(key, made);
  for (const oldest of parsed.keys()) {
    if (kept <= MAX_KEPT) break;
    parsed.delete(oldest);
    kept -= oldest.length;
  }
  return made;
}

function parseAnew(source: string, purpose: Purpose): Parsed | string {
  const problems: string[] = [];
  const scan = scanTemplate(
    source,
    NAMES,
    ({ sentence, hint }) => problems.push(hint === undefined ? sentence : `${sentence} ${hint}`),
    purpose === 'json',
  );
  if (scan === undefined) return problems.join(' ');
  if (purpose === 'json' && scan.raw.length > 0)
    return '"raw" cannot be used here, since a value could break out of the JSON; use parse_json for a column that holds JSON';
  try {
    const templates = small.parse(source);
    const mistake = purpose === 'json' && scan.tags === 0 ? jsonMistake(neutral(templates, source, scan)) : undefined;
    if (mistake !== undefined) return `it makes no JSON, whatever the values are (see character ${mistake + 1})`;
    const place = purpose === 'json' ? 'json-value' : 'text';
    return { render: compileTemplates(templates, small, (output) => placeOf(output, place, scan)) };
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return message
      .replace(/tag "(\w+)" not found.*/, 'the tag "$1" cannot be used here; there are if, unless, case, for, assign and comment')
      .replace(/undefined filter: (\w+).*/, 'the filter "$1" cannot be used here');
  }
}

/** `{{ config.message | liquid }}`: a person's template with the row's columns. `liquid: 'json'` makes JSON text. */
export function liquidFilter(this: unknown, value: unknown, purpose: unknown = 'text'): unknown {
  if (value === undefined || value === null) return undefined;
  if (purpose !== 'text' && purpose !== 'json') throw renderFault('argument', "liquid: the purpose is 'text' or 'json'");
  const source = scalarText(value);
  // A text field that was cleared: no JSON is wanted.
  if (purpose === 'json' && source.trim() === '') return undefined;
  const { context } = this as { context: FilterContext }; // LiquidJS calls every filter with its context
  const made = parse(source, purpose, context.budget);
  if (typeof made === 'string') throw renderFault('liquid', `a template of the configuration cannot be read: ${made}`);
  const { row, record } = context.scope;
  // A column of the name id is the column; row.… always is.
  const own = { id: context.scope.get('id'), operation: context.scope.get('operation') };
  const budget = new Budget(CONFIGURATION_LIMITS);
  const seen = new Scope(Object.assign(Object.create(null), own, row, { row, record }), undefined, budget);
  try {
    return made.render(seen);
  } finally {
    context.budget.steps(budget.used);
  }
}
