/** A configuration's mappings, read leniently, and the record that they make of a row. */

import { beginning } from '../fault.ts';
import { stringifyJson } from '../numbers.ts';
import type { Columns, Fields } from '../template/scope.ts';
import { isMap } from '../template/text.ts';

/** One entry of `identifierMapping`, `mappings` or `customMappings`. */
export type Mapping =
  | { readonly type: 'standard'; readonly from: string; readonly to: string }
  | { readonly type: 'static'; readonly value: unknown; readonly to: string }
  /** A form whose value the call does not carry, or one that is not known: rows that need it are rejected. */
  | { readonly type: 'unknown'; readonly to: string; readonly json: string };

export interface Mappings {
  readonly identifier: readonly Mapping[];
  readonly fields: readonly Mapping[];
  readonly custom: readonly Mapping[];
}

/** What templates see as `config`: the configuration with its mappings as lists of typed entries. */
export interface ReadConfiguration {
  readonly config: Readonly<Record<string, unknown>>;
  readonly mappings: Mappings;
}

export function readConfiguration(configuration: unknown): ReadConfiguration {
  const config: Record<string, unknown> = Object.create(null);
  if (isMap(configuration)) for (const [key, value] of Object.entries(configuration)) config[key] = value;
  const mappings = {
    identifier: readMappings(config.identifierMapping),
    fields: readMappings(config.mappings),
    custom: readMappings(config.customMappings),
  };
  config.identifierMapping = mappings.identifier;
  config.mappings = mappings.fields;
  config.customMappings = mappings.custom;
  return { config, mappings };
}

/** A list or a single entry; null and nothing are no entries. */
function readMappings(value: unknown): Mapping[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map(readMapping);
}

function readMapping(entry: unknown): Mapping {
  const { type, from, to, value } = isMap(entry) ? entry : {};
  const target = typeof to === 'string' ? to : '';
  if (target !== '' && (type === undefined || type === 'standard') && typeof from === 'string')
    return { type: 'standard', from, to: target };
  if (target !== '' && type === 'static' && value !== undefined) return { type: 'static', value, to: target };
  return { type: 'unknown', to: target, json: stringifyJson(entry) };
}

export function allMappings({ identifier, fields, custom }: Mappings): Mapping[] {
  return [...identifier, ...fields, ...custom];
}

/** Why rows cannot be sent with these mappings, or nothing. */
export function unreadableMapping(mappings: Mappings): string | undefined {
  const entry = allMappings(mappings).find((mapping) => mapping.type === 'unknown');
  return entry?.type === 'unknown'
    ? `the mapping ${beginning(entry.json, 200)} has a form that Rowpost does not know, or a value that the call does not carry`
    : undefined;
}

/** Makes records: a row's values by field id. A column that the row lacks leaves its field missing. */
export function recordMaker(mappings: Mappings): (row: Row) => RowRecord {
  const mapped = new Mapped(mappings);
  return (row) => new RowRecord(row, mapped);
}

type Row = Readonly<Record<string, unknown>>;

/** What a field is made of. */
interface Source {
  readonly to: string;
  readonly from?: string;
  readonly value?: unknown;
  /** Whether every object has something of the column's name. */
  readonly inherited: boolean;
  /** Another of the same field, for rows that lack the column. */
  readonly before: Source | undefined;
}

/** What the records of a call have in common. */
class Mapped {
  readonly sources: readonly Source[];
  readonly byField: ReadonlyMap<string, Source>;
  readonly #columns = new Map<readonly string[], Columns>();

  constructor(mappings: Mappings) {
    const sources: Source[] = [];
    const byField = new Map<string, Source>();
    for (const mapping of allMappings(mappings)) {
      if (mapping.type === 'unknown') continue;
      const own =
        mapping.type === 'static'
          ? { value: mapping.value, inherited: false }
          : { from: mapping.from, inherited: mapping.from in Object.prototype };
      const source = { to: mapping.to, before: byField.get(mapping.to), ...own };
      sources.push(source);
      byField.set(mapping.to, source);
    }
    this.sources = sources;
    this.byField = byField;
  }

  columns(names: readonly string[]): Columns {
    let columns = this.#columns.get(names);
    if (columns === undefined) {
      columns = names.map((name) => columnOf(this.byField.get(name)));
      this.#columns.set(names, columns);
    }
    return columns;
  }
}

/** The column, where a look at it is enough: nothing is inherited under its name, and there is no other one for rows that lack it. */
function columnOf(source: Source | undefined): string | undefined {
  return source === undefined || source.before !== undefined || source.inherited ? undefined : source.from;
}

/** The record of a row. Most templates read some of its fields; it is only made where one needs it as a map. */
export class RowRecord implements Fields {
  readonly row: Row;
  readonly #mapped: Mapped;
  #whole: Record<string, unknown> | undefined;

  constructor(row: Row, mapped: Mapped) {
    this.row = row;
    this.#mapped = mapped;
  }

  columns(names: readonly string[]): Columns {
    return this.#mapped.columns(names);
  }

  field(name: string): unknown {
    for (let source = this.#mapped.byField.get(name); source !== undefined; source = source.before) {
      if (source.from === undefined) return source.value;
      const value = source.inherited && !Object.hasOwn(this.row, source.from) ? undefined : this.row[source.from];
      if (value !== undefined) return value;
    }
    return undefined;
  }

  whole(): Record<string, unknown> {
    if (this.#whole === undefined) {
      this.#whole = Object.create(null) as Record<string, unknown>; // an object without a prototype
      for (const { to, from, value } of this.#mapped.sources) {
        if (from === undefined) this.#whole[to] = value;
        else if (Object.hasOwn(this.row, from)) this.#whole[to] = this.row[from];
      }
    }
    return this.#whole;
  }
}
