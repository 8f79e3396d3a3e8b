/** Templates that people write into the form (`format: liquid`): a second engine, with less in it and bounds on all it does. */

import { Context, Liquid, type Template as LiquidTemplate, toValueSync } from 'liquidjs';
import { engine, FILTERS_OFF } from './engine.ts';
import { addEscapes, placeOf } from './escapes.ts';
import type { Names } from './names.ts';
import { asRenderFault, renderFault } from './render-fault.ts';
import { scanTemplate } from './scan.ts';
import { scalarText } from './text.ts';

/** Characters of a template, and of what it makes. */
const MAX_SOURCE = 4096;
const MAX_OUTPUT = 65_536;
/** LiquidJS's own cooperative limits: about characters and list elements, and milliseconds for one rendering. */
const MEMORY_LIMIT = 500_000;
const RENDER_LIMIT = 200;

const TAGS = new Set(['if', 'unless', 'case', 'for', 'assign', 'echo', 'comment', 'raw', 'break', 'continue', '#']);

/** What such a template may be for: plain text, or JSON in which values cannot break out. */
export type Purpose = 'text' | 'json';

const small = new Liquid({
  strictFilters: true,
  ownPropertyOnly: true,
  groupedExpressions: true,
  templates: {},
  relativeReference: false,
  dynamicPartials: false,
  timezoneOffset: 0,
  parseLimit: MAX_SOURCE,
  memoryLimit: MEMORY_LIMIT,
  renderLimit: RENDER_LIMIT,
});
for (const tag of Object.keys(small.tags)) if (!TAGS.has(tag)) delete small.tags[tag];
for (const name of Object.keys(FILTERS_OFF)) small.unregisterFilter(name);
for (const [name, filter] of Object.entries(engine.filters)) if (filter !== undefined) small.registerFilter(name, filter);

/** Columns are named as they are; nothing else is seen but these. */
const NAMES: Names = {
  where: 'the template',
  known: new Map(['row', 'record', 'id', 'operation'].map((name) => [name, null])),
  open: true,
};

interface Parsed {
  readonly templates: readonly LiquidTemplate[];
}

/** What is wrong with a template, as a sentence, or nothing. */
export function problemOfTemplate(source: string, purpose: Purpose = 'text'): string | undefined {
  const parsed = parse(source, purpose);
  return typeof parsed === 'string' ? parsed : undefined;
}

/** A call has one or two such templates and thousands of rows. */
const parsed = new Map<string, Parsed | string>();
const MOST_PARSED = 200;

function parse(source: string, purpose: Purpose): Parsed | string {
  const key = `${purpose}:${source}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const made = parseAnew(source, purpose);
  const [oldest] = parsed.keys();
  if (parsed.size >= MOST_PARSED && oldest !== undefined) parsed.delete(oldest);
  parsed.set(key, made);
  return made;
}

function parseAnew(source: string, purpose: Purpose): Parsed | string {
  if (source.length > MAX_SOURCE) return `it is longer than ${MAX_SOURCE} characters`;
  const problems: string[] = [];
  const scan = scanTemplate(
    source,
    NAMES,
    ({ sentence, hint }) => problems.push(hint === undefined ? sentence : `${sentence} ${hint}`),
    purpose === 'json',
  );
  if (scan === undefined) return problems.join(' ');
  try {
    const templates = small.parse(source);
    addEscapes(templates, (output) => placeOf(output, purpose === 'json' ? 'json-value' : 'text', scan));
    return { templates };
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return message.replace(
      /tag "(\w+)" not found.*/,
      'the tag "$1" cannot be used here; there are if, unless, case, for, assign and comment',
    );
  }
}

/** `{{ config.message | liquid }}`: a person's template with the row's columns. `liquid: 'json'` makes JSON text. */
export function liquidFilter(this: unknown, value: unknown, purpose: unknown = 'text'): unknown {
  if (value === undefined || value === null) return undefined;
  if (purpose !== 'text' && purpose !== 'json') throw renderFault('argument', "liquid: the purpose is 'text' or 'json'");
  const made = parse(scalarText(value), purpose);
  if (typeof made === 'string') throw renderFault('liquid', `a template of the configuration cannot be read: ${made}`);
  const { context } = this as { context: Context }; // LiquidJS calls every filter with its context
  const { row, record, id, operation } = context.environments as Record<string, unknown>; // what `Scope` put there
  // A column of the name id is the column; row.… always is.
  const seen = Object.assign(Object.create(null), { id, operation }, row, { row, record });
  const emitter = new BoundedEmitter();
  try {
    toValueSync(
      small.renderer.renderTemplates(
        [...made.templates],
        new Context(seen, small.options, { sync: true }, { liquid: small }),
        emitter,
      ),
    );
    return emitter.buffer;
  } catch (error) {
    throw asRenderFault(error);
  }
}

class BoundedEmitter {
  buffer = '';

  write(part: unknown): void {
    this.buffer += scalarText(part);
    if (this.buffer.length > MAX_OUTPUT)
      throw renderFault('size', `a template of the configuration makes more than ${MAX_OUTPUT / 1024} KiB`);
  }
}
