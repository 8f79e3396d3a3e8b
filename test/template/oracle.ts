/** LiquidJS itself as the judge of our templates: its own parser, tree walk, operators and filters, none of our evaluation. */

import { Drop, EchoTag, Filter, ForTag, Liquid, Output, Tag, type Template, toValue, toValueSync, Value } from 'liquidjs';
import { ENGINE_OPTIONS } from '../../src/template/engine.ts';
import { filters } from '../../src/template/filters/registry.ts';
import type { Values } from '../../src/template/scope.ts';
import { isMap } from '../../src/template/text.ts';
import { JUDGING, Judged } from './oracle-context.ts';
import { type Allowed, Refused } from './oracle-differences.ts';
import { PlaceEmitter, plain, put, type TextPlace } from './oracle-places.ts';

/** Filters of ours under a name of LiquidJS's: they mean something else on purpose, so the judge takes ours. */
const OWN_MEANING = new Set(['date', 'json', 'jsonify', 'sha256', 'url_decode']);
/** Written anew in `filters/lists.ts`, and still LiquidJS's in what they mean. */
const SAME_MEANING = new Set(['sort', 'sort_natural', 'uniq', 'group_by']);
/** Their first argument is the name of a property. */
const OF_PROPERTY = new Set('map sum where reject find find_index has sort sort_natural group_by'.split(' '));

/** LiquidJS's, that tells of what the design refuses. */
class JudgedFor extends ForTag {
  constructor(...parsed: ConstructorParameters<typeof ForTag>) {
    super(...parsed);
    const { hash } = this;
    const render = hash.render.bind(hash);
    hash.render = function* judged(context) {
      const made = yield* render(context);
      if ([made.limit, made.offset, made.reversed].some(Array.isArray)) throw new Refused('limit and offset are no lists');
      return made;
    };
  }
}

/** An echo asks for the escape with the plain value; an output with what its last filter gave. */
class JudgedEcho extends EchoTag {
  constructor(...parsed: ConstructorParameters<typeof EchoTag>) {
    super(...parsed);
    const { value, liquid } = this as unknown as { value?: Value; liquid: Liquid }; // private in the types only
    const last = value?.filters.at(-1);
    if (value === undefined) return;
    const seen = { raw: last?.raw === true, handler: (given: unknown) => given };
    value.filters.push(new Filter(tokenOf('seen'), noticing('seen', seen), liquid));
  }
}

function tokenOf(name: string): ConstructorParameters<typeof Filter>[0] {
  return { name, args: [] } as unknown as ConstructorParameters<typeof Filter>[0]; // a filter token without a source
}

type Handler = (this: { context: Judged }, value: unknown, ...args: unknown[]) => unknown;
type Implementation = { readonly raw: boolean; readonly handler: Handler };

function noticing(name: string, { raw, handler }: Implementation, ofText = false): Liquid['filters'][string] {
  const noticed: Handler = function noticed(value, ...args) {
    const parts = [value, ...args];
    if (ofText && parts.some((part) => isMap(part) || (Array.isArray(part) && part.some(isMap))))
      throw new Refused('a text filter takes no map');
    if (name === 'raw' && typeof value === 'object' && value !== null) this.context.allowed.add('a captured list is no text');
    if (OF_PROPERTY.has(name)) judgeProperty(args[0]);
    if (name === 'sort' || name === 'sort_natural') judgeOrder(value, args[0], this.context);
    return this.context.limit.filter(() => handler.call(this, value, ...args));
  };
  return { raw, handler: noticed } as unknown as Liquid['filters'][string]; // its type knows no context of ours
}

function judgeProperty(property: unknown): void {
  if (Array.isArray(property) || isMap(property)) throw new Refused('the name of a property is a text');
  const name = plain(property);
  if (name.length > 500 || /\[.*\(/s.test(name)) throw new Refused('the name of a property is a text');
}

function judgeOrder(given: unknown, property: unknown, context: Judged): void {
  const list: unknown = toValue(given);
  if (list === undefined || list === null) return;
  const names = property ? plain(property).split('.') : [];
  for (const item of [list].flat()) {
    const key = toValueSync(context._getFromScope(item, names, false));
    if (Array.isArray(key) || (isMap(key) && !(key instanceof Drop))) throw new Refused('lists and maps are in no order');
  }
}

export class Oracle {
  /** Makes values. */
  readonly #values = engineFor();
  /** Make texts; in a path, `uri` is the escape itself. */
  readonly #texts: Readonly<Record<TextPlace, Liquid>>;

  constructor() {
    const texts = engineFor('text');
    this.#texts = { text: texts, 'json-value': texts, path: engineFor('path') };
  }

  text(source: string, place: TextPlace): (values: Values) => Judgement {
    const liquid = this.#texts[place];
    const templates = liquid.parse(source);
    return (values) => judged(liquid, values, (context) => rendered(templates, place, context));
  }

  /** The value of a sole output, else text. */
  leaf(source: string): (values: Values) => Judgement {
    const [only, ...more] = this.#values.parse(source);
    if (!(only instanceof Output) || more.length > 0) return this.text(source, 'text');
    return (values) => judged(this.#values, values, (context) => answerOf(only.value, context));
  }

  expression(source: string): (values: Values) => Judgement {
    const value = new Value(source.replace(/^\s*\{\{-?/, '').replace(/-?\}\}\s*$/, ''), this.#values);
    return (values) => judged(this.#values, values, (context) => answerOf(value, context));
  }

  question(source: string): (values: Values) => Judgement {
    const ask = this.expression(source);
    return (values) => {
      const answer = ask(values);
      if (!('value' in answer)) return answer;
      const value = answer.value ?? false;
      return typeof value === 'boolean'
        ? { ...answer, value }
        : { refused: new Refused('a question is answered by true or false'), allowed: answer.allowed };
    };
  }
}

/** What LiquidJS says, or that the design refuses it, and what of it we may do otherwise. */
export type Judgement = ({ value: unknown } | { error: unknown } | { refused: Refused }) & { allowed: ReadonlySet<Allowed> };

function judged(liquid: Liquid, values: Values, body: (context: Judged) => unknown): Judgement {
  const context = new Judged(values, liquid);
  try {
    return { value: body(context), allowed: context.allowed };
  } catch (thrown) {
    let error: unknown = thrown;
    // LiquidJS's wrappers keep the cause there.
    while (error instanceof Error && 'originalError' in error && error.originalError !== undefined) error = error.originalError;
    return error instanceof Refused ? { refused: error, allowed: context.allowed } : { error, allowed: context.allowed };
  }
}

function rendered(templates: Template[], place: TextPlace, context: Judged): string {
  const emitter = new PlaceEmitter(place);
  const { renderer } = context.liquid as Liquid; // given to every context
  toValueSync(renderer.renderTemplates(templates, context, emitter));
  return emitter.buffer;
}

function answerOf(value: Value, context: Judged): unknown {
  const made: unknown = toValue(toValueSync(value.value(context, false)));
  if (typeof made === 'number' && !Number.isFinite(made)) throw new Refused('NaN and infinities are no numbers');
  return made;
}

/** A person's template, with the row's columns; made when it is first needed. */
let people: Liquid | undefined;

const ofPeople: Handler = function liquid(value, purpose = 'text') {
  if (value === undefined || value === null) return undefined;
  if (purpose !== 'text' && purpose !== 'json') throw new Error('no purpose of a template');
  const source = plain(value);
  if (purpose === 'json' && source.trim() === '') return undefined;
  const { row, record, id, operation } = this.context.environments as Values; // what it was made of
  people ??= engineFor('text');
  const seen = new Judged({ id, operation, ...(row as Values), row, record }, people); // a map, as in every call
  const templates = people.parse(source);
  if (purpose === 'text') return rendered(templates, purpose, seen);
  // With tags it depends on the values what it makes.
  const hasTags = templates.some((part) => part instanceof Tag);
  if (!hasTags && !isJson(rendered(templates, 'json-value', new Judged({}, people))))
    throw new Refused('a person’s JSON is JSON');
  return rendered(templates, 'json-value', seen);
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function engineFor(texts?: 'text' | 'path'): Liquid {
  const escaping = texts === undefined ? {} : { outputEscape: put as unknown as (value: unknown) => string }; // kept as it is
  const liquid = new Liquid({ ...ENGINE_OPTIONS, operators: JUDGING, ...escaping });
  liquid.registerTag('for', JudgedFor);
  liquid.registerTag('echo', JudgedEcho);
  const ofText = new Set<string>();
  for (const [name, filter] of filters({ ...liquid.filters })) {
    const isLiquids = Object.hasOwn(liquid.filters, name) && !OWN_MEANING.has(name);
    if (isLiquids && !SAME_MEANING.has(name)) ofText.add(name);
    if (!isLiquids) liquid.registerFilter(name, filter);
  }
  liquid.registerFilter('liquid', ofPeople as unknown as Liquid['filters'][string]); // as in `noticing`
  for (const [name, filter] of Object.entries(liquid.filters)) {
    const given = typeof filter === 'function' ? { handler: filter, raw: false } : filter;
    const raw = name === 'raw' || (name === 'uri' && texts === 'path');
    liquid.registerFilter(name, noticing(name, { handler: given.handler as unknown as Handler, raw }, ofText.has(name))); // called as LiquidJS does
  }
  return liquid;
}
