/** A configuration's mappings, read leniently, and the record that they make of a row. */

import { beginning } from '../fault.ts';
import type { JsonRows, Row } from '../json/rows.ts';
import type { Shape } from '../json/shape.ts';
import { stringifyJson } from '../numbers.ts';
import { type Fields, NO_PLACE, type Read } from '../template/scope.ts';
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

/** Of configurations that cannot change. */
const known = new WeakMap<object, ReadConfiguration>();

export function readConfiguration(configuration: unknown): ReadConfiguration {
  if (!isMap(configuration) || !Object.isFrozen(configuration)) return readAnew(configuration);
  const read = known.get(configuration) ?? readAnew(configuration);
  known.set(configuration, read);
  return read;
}

function readAnew(configuration: unknown): ReadConfiguration {
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
  return { config: Object.freeze(config), mappings };
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

/** Makes what templates see of each row: a record has its values by field id. A column that the row lacks leaves its field missing. */
export function fieldsMaker(mappings: Mappings, rows: JsonRows): (index: number) => Fields {
  const mapped = mappedBy.get(mappings) ?? new Mapped(mappings);
  mappedBy.set(mappings, mapped);
  return (index) => new RowFields(mapped, rows, index);
}

/** What a field is made of. */
interface Source {
  readonly to: string;
  readonly from?: string;
  readonly value?: unknown;
  /** Another of the same field, for rows that lack the column. */
  readonly before: Source | undefined;
}

/** What the records of these mappings have in common. */
class Mapped {
  readonly sources: readonly Source[];
  readonly #byField: ReadonlyMap<string, Source>;
  /** Of the shape that rows had last: mostly all have it. */
  readonly #places = new WeakMap<readonly Read[], { readonly shape: Shape; readonly places: Int32Array }>();

  constructor(mappings: Mappings) {
    const sources: Source[] = [];
    const byField = new Map<string, Source>();
    for (const mapping of allMappings(mappings)) {
      if (mapping.type === 'unknown') continue;
      const own = mapping.type === 'static' ? { value: mapping.value } : { from: mapping.from };
      const source = { to: mapping.to, before: byField.get(mapping.to), ...own };
      sources.push(source);
      byField.set(mapping.to, source);
    }
    this.sources = sources;
    this.#byField = byField;
  }

  field(rows: JsonRows, index: number, name: string): unknown {
    for (let source = this.#byField.get(name); source !== undefined; source = source.before) {
      if (source.from === undefined) return source.value;
      const value = rows.value(index, source.from);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  placesOf(shape: Shape | undefined, reads: readonly Read[]): Int32Array {
    if (shape === undefined) return Int32Array.from(reads, () => NO_PLACE.unknown);
    const known = this.#places.get(reads);
    if (known?.shape === shape) return known.places;
    const places = Int32Array.from(reads, (read) => this.#placeOf(read, shape));
    this.#places.set(reads, { shape, places });
    return places;
  }

  #placeOf({ of, name }: Read, shape: Shape): number {
    const source: Source | undefined = of === 'row' ? { to: name, from: name, before: undefined } : this.#byField.get(name);
    if (source === undefined) return NO_PLACE.missing;
    if (source.from === undefined) return NO_PLACE.unknown;
    const place = shape.placeOf(source.from);
    if (place >= 0) return 2 * place;
    return source.before === undefined ? NO_PLACE.missing : NO_PLACE.unknown;
  }
}

/** Mostly there are several calls with the very same mappings. */
const mappedBy = new WeakMap<Mappings, Mapped>();

/** Most templates read some of its values; the maps are only made where one needs them. */
class RowFields implements Fields {
  readonly rows: JsonRows;
  readonly index: number;
  readonly #mapped: Mapped;
  #row: Row | undefined;
  #record: Record<string, unknown> | undefined;

  constructor(mapped: Mapped, rows: JsonRows, index: number) {
    this.#mapped = mapped;
    this.rows = rows;
    this.index = index;
  }

  placesOf(reads: readonly Read[]): Int32Array {
    return this.#mapped.placesOf(this.rows.shape(this.index), reads);
  }

  column(name: string): unknown {
    return this.rows.value(this.index, name);
  }

  field(name: string): unknown {
    return this.#mapped.field(this.rows, this.index, name);
  }

  row(): Row {
    this.#row ??= this.rows.row(this.index);
    return this.#row;
  }

  record(): Record<string, unknown> {
    if (this.#record === undefined) {
      const row = this.row();
      this.#record = Object.create(null) as Record<string, unknown>; // an object without a prototype
      for (const { to, from, value } of this.#mapped.sources) {
        if (from === undefined) this.#record[to] = value;
        else if (Object.hasOwn(row, from)) this.#record[to] = row[from];
      }
    }
    return this.#record;
  }
}
