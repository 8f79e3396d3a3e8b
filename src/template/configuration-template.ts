/** Templates that people write into the form (`format: liquid`): a second engine, with less in it and bounds on all it does. */

import { type Context, Liquid, type Template as LiquidTemplate, toValueSync } from 'liquidjs';
import { ENGINE_OPTIONS, engine, FILTERS_OFF } from './engine.ts';
import { addEscapes, neutral, placeOf } from './escapes.ts';
import { jsonMistake } from './json-text.ts';
import type { Names } from './names.ts';
import { asRenderFault, renderFault } from './render-fault.ts';
import { scanTemplate } from './scan.ts';
import { RowContext } from './scope.ts';
import { isMap, scalarText } from './text.ts';

/** Characters of a template, and of what it makes. */
const MAX_SOURCE = 4096;
const MAX_OUTPUT = 65_536;
/** LiquidJS's own cooperative limits for one rendering: characters that pass through filters and loops, and milliseconds. */
const MEMORY_LIMIT = 1_000_000;
const RENDER_LIMIT = 200;
/** Characters that an element of a list counts as: what filters do with lists takes longer. */
const ELEMENT = 10;

const TAGS = new Set(['if', 'unless', 'case', 'for', 'assign', 'echo', 'comment', 'raw', 'break', 'continue', '#']);

/** What such a template may be for: plain text, or JSON in which values cannot break out. */
export type Purpose = 'text' | 'json';

const small = new Liquid({ ...ENGINE_OPTIONS, parseLimit: MAX_SOURCE, memoryLimit: MEMORY_LIMIT, renderLimit: RENDER_LIMIT });
for (const tag of Object.keys(small.tags)) if (!TAGS.has(tag)) delete small.tags[tag];
for (const name of FILTERS_OFF.keys()) small.unregisterFilter(name);
for (const [name, filter] of Object.entries(engine.filters)) {
  if (typeof filter === 'function') small.registerFilter(name, bounded(filter));
  else if (filter !== undefined) small.registerFilter(name, { ...filter, handler: bounded(filter.handler) });
}

type Filter = Extract<Liquid['filters'][string], (...args: never[]) => unknown>;

/** Most of the filters count nothing themselves, and a few in a chain could double a text until memory is out. */
function bounded(filter: Filter): Filter {
  return function* count(this: ThisParameterType<Filter>, value, ...args) {
    const { memoryLimit } = this.context;
    memoryLimit.use(sizeOf(value));
    const result: unknown = yield filter.call(this, value, ...args);
    memoryLimit.use(sizeOf(result));
    return result;
  };
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.length * ELEMENT;
  return isMap(value) ? Object.keys(value).length * ELEMENT : 1;
}

/** LiquidJS looks at the clock between tags; here whatever is read looks too, so that no long expression outlasts it. */
class TimedContext extends RowContext {
  override readProperty(...args: Parameters<Context['readProperty']>): unknown {
    this.renderLimit.check(performance.now());
    return super.readProperty(...args);
  }
}

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
  if (source.trim() === '') return undefined;
  const parsed = parse(source, purpose);
  return typeof parsed === 'string' ? parsed : undefined;
}

/** A call has one or two such templates and thousands of rows. */
const parsed = new Map<string, Parsed | string>();
const MOST_PARSED = 200;

function parse(source: string, purpose: Purpose): Parsed | string {
  if (source.length > MAX_SOURCE) return `it is longer than ${MAX_SOURCE} characters`;
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
    addEscapes(templates, (output) => placeOf(output, purpose === 'json' ? 'json-value' : 'text', scan));
    return { templates };
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
  const made = parse(source, purpose);
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
        new TimedContext(seen, small.options, { sync: true }, { liquid: small }),
        emitter,
      ),
    );
    return emitter.buffer;
  } catch (error) {
    const fault = asRenderFault(error);
    const [, limit] = /(memory alloc|template render) limit exceeded/.exec(fault.message) ?? [];
    if (limit === undefined) throw fault;
    const what =
      limit === 'memory alloc' ? `handles more than ${MEMORY_LIMIT} characters` : `runs for more than ${RENDER_LIMIT} ms`;
    throw renderFault('size', `a template of the configuration ${what}`, error);
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
