/** What the sync form is told: objects, modes, fields and options of a destination, for what was chosen so far. */

import { beginning, didYouMean, Fault, oneOf } from '../fault.ts';
import { type Scope, scopeOf } from '../template/scope.ts';
import { elementsOf, scalarText } from '../template/text.ts';
import type { Ask } from './ask.ts';
import type { BoundDestination } from './bind.ts';
import type { Entry, Flow, FormLevel, Operation } from './destination.ts';
import { FIELD_TYPES } from './form.ts';
import { lookupsRead, type Named } from './lookups-read.ts';
import { OF_DESTINATION, readsOnly } from './names.ts';

/** An object or a mode, as the form lists it. */
export interface Listed {
  readonly id: string;
  readonly label: string;
  readonly description?: string;
}

export interface ListedField extends Listed {
  readonly type: (typeof FIELD_TYPES)[number];
  readonly required: boolean;
  readonly identifier: boolean;
}

/** What was chosen, and every level that applies to it. */
export interface Chosen {
  readonly object: string | undefined;
  readonly mode: string | undefined;
  /** Outermost first. */
  readonly levels: readonly FormLevel[];
  /** What these templates see, with what they read of the API. */
  with(templates: Iterable<Named | undefined>): Promise<Scope>;
}

interface Item {
  readonly listed: Listed;
  readonly entry: Entry;
  readonly scope: Scope;
}

/** What a choice is made from, beside the ids. */
export interface Choosing {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly ask: Ask;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Follows the ids from the top to the levels that apply.
 * @throws {Fault} for an object or a mode that there is not, and where a lookup fails
 */
export async function choose(
  bound: BoundDestination,
  object: string | undefined,
  mode: string | undefined,
  choosing: Choosing,
): Promise<Chosen> {
  const choice = new Choice(bound, object, mode, choosing);
  if (object !== undefined) await choice.follow('object', object, 'objects');
  if (mode !== undefined) await choice.follow('mode', mode, 'modes');
  return choice;
}

class Choice implements Chosen {
  readonly object: string | undefined;
  readonly mode: string | undefined;
  readonly levels: FormLevel[];
  readonly #bound: BoundDestination;
  readonly #choosing: Choosing;
  #scope: Scope | undefined;

  constructor(bound: BoundDestination, object: string | undefined, mode: string | undefined, choosing: Choosing) {
    this.object = object;
    this.mode = mode;
    this.levels = [bound.destination.form];
    this.#bound = bound;
    this.#choosing = choosing;
  }

  async with(templates: Iterable<Named | undefined>): Promise<Scope> {
    const { object, mode } = this;
    const { destination, settings } = this.#bound;
    const { now, ask, config } = this.#choosing;
    this.#scope ??= scopeOf({
      settings: settings.open,
      vars: destination.vars,
      now: new Date(now).toISOString(),
      object,
      mode,
    });
    const names = lookupsRead(templates);
    return names.size === 0 ? this.#scope : this.#scope.with({ lookups: await ask(names, { object, mode, config }) });
  }

  /** To the level of this id, where it has one. */
  async follow(what: string, id: string, word: 'objects' | 'modes'): Promise<void> {
    const list = innermost(this.levels, word);
    if (list === undefined) return;
    const entries = await this.#entries(list);
    const entry = entries.get(id);
    if (entry === undefined) throw unknownChoice(what, id, [...entries.keys()]);
    if (entry.level !== undefined) this.levels.push(entry.level);
  }

  /** By the ids of their items. A list that reads settings alone is the same for every call. */
  async #entries(list: readonly Entry[]): Promise<ReadonlyMap<string, Entry>> {
    const kept = constant.get(this.#bound) ?? new Map();
    constant.set(this.#bound, kept);
    const known = kept.get(list);
    if (known !== undefined) return known;
    const entries = new Map((await itemsOf(list, this)).map(({ listed: { id }, entry }) => [id, entry]));
    if (list.flatMap(templatesOf).every((template) => readsOnly(template, OF_ENTRY))) kept.set(list, entries);
    return entries;
  }
}

/** `item` is made of what `each` reads. */
const OF_ENTRY: ReadonlySet<string> = new Set([...OF_DESTINATION, 'item']);

/** Of a bound destination: the entries of its lists that no call changes. */
const constant = new WeakMap<BoundDestination, Map<readonly Entry[], ReadonlyMap<string, Entry>>>();

function unknownChoice(what: string, id: string, ids: readonly string[]): Fault {
  const there = ids.length === 0 ? `There are no ${what}s.` : `There is ${oneOf(ids)}.`;
  return new Fault({
    code: 'request.choice',
    sentence: `There is no ${what} "${beginning(id, 100)}". ${there}`,
    hint: didYouMean(id.slice(0, 100), ids),
  });
}

/** The innermost level's word: it wins whole. */
export function innermost<K extends keyof FormLevel>(levels: readonly FormLevel[], word: K): FormLevel[K] | undefined {
  return levels.findLast((level) => level[word] !== undefined)?.[word];
}

export function listObjects(chosen: Chosen): Promise<Listed[]> {
  return listed(innermost(chosen.levels, 'objects'), chosen);
}

export function listModes(chosen: Chosen): Promise<Listed[]> {
  return listed(innermost(chosen.levels, 'modes'), chosen);
}

/** Undefined where no level declares fields: then any column may be mapped to anything. */
export async function listFields(chosen: Chosen): Promise<ListedField[] | undefined> {
  const fields = innermost(chosen.levels, 'fields');
  if (fields === undefined) return undefined;
  return (await itemsOf(fields, chosen)).map(({ listed: field, entry, scope: own }) => ({
    ...field,
    ...fieldWords(entry, own, field.id),
  }));
}

export async function listOptions(chosen: Chosen): Promise<{ schema: unknown; uiSchema: unknown } | undefined> {
  const options = innermost(chosen.levels, 'options');
  if (options === undefined) return undefined;
  const scope = await chosen.with([options.schema, options.uiSchema]);
  return { schema: options.schema.value(scope), uiSchema: options.uiSchema?.value(scope) ?? {} };
}

/** What answers an operation, or nothing. */
export function flowFor({ levels }: Chosen, operation: Operation): Flow | undefined {
  return innermost(levels, 'sync')?.get(operation);
}

/** Every sync map that a choice could lead to: what is not chosen yet stands for all there is. */
export function reachableSyncs(form: FormLevel): ReadonlyMap<Operation, Flow>[] {
  const inner = [...(form.objects ?? []), ...(form.modes ?? [])].flatMap(({ level }) =>
    level === undefined ? [] : reachableSyncs(level),
  );
  return form.sync === undefined ? inner : [form.sync, ...inner];
}

async function listed(entries: readonly Entry[] | undefined, chosen: Chosen): Promise<Listed[]> {
  return (await itemsOf(entries ?? [], chosen)).map((item) => item.listed);
}

/** Entries with `each` stand for one item per element; of two with one id the first wins. */
async function itemsOf(entries: readonly Entry[], chosen: Chosen): Promise<Item[]> {
  const scope = await chosen.with(entries.flatMap(templatesOf));
  const items = new Map<string, Item>();
  for (const entry of entries) {
    for (const own of scopesOf(entry, scope)) {
      if (entry.only?.ask(own) === false) continue;
      const id = scalarText(entry.id.value(own));
      if (id === '') throw new Fault({ code: 'render.id', sentence: `${entry.at} has an empty id` });
      const description = textOf(entry.description?.value(own));
      const one = { id, label: textOf(entry.label?.value(own)) ?? id, ...(description !== undefined && { description }) };
      if (!items.has(id)) items.set(id, { listed: one, entry, scope: own });
    }
  }
  return [...items.values()];
}

function templatesOf({ each, only, id, label, description, type, required, identifier }: Entry): (Named | undefined)[] {
  return [each, only, id, label, description, type, required, identifier];
}

function scopesOf(entry: Entry, scope: Scope): Scope[] {
  if (entry.each === undefined) return [scope];
  const given = entry.each.value(scope);
  const elements = elementsOf(given);
  if (elements !== undefined) return elements.map((item) => scope.with({ item }));
  throw new Fault({
    code: 'render.each',
    sentence: `${entry.at}.each must give a list or a map; it gave ${given === undefined || given === null ? 'nothing' : 'a single value'}`,
  });
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : scalarText(value);
}

function fieldWords(entry: Entry, scope: Scope, id: string): Omit<ListedField, keyof Listed> {
  const type = textOf(entry.type?.value(scope)) ?? 'STRING';
  return {
    type: FIELD_TYPES.find((known) => known === type) ?? fail(id, 'type', `"${type}", which is none of ${oneOf(FIELD_TYPES)}`),
    required: yes(entry.required?.value(scope), id, 'required'),
    identifier: yes(entry.identifier?.value(scope), id, 'identifier'),
  };
}

function yes(value: unknown, id: string, word: string): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : fail(id, word, 'neither true nor false');
}

function fail(id: string, word: string, what: string): never {
  throw new Fault({ code: 'render.field', sentence: `the ${word} of field "${id}" is ${what}` });
}
