/** Reads the params of Hightouch's methods: leniently where that loses nothing, else with a sentence that names the member. */

import { beginning } from '../fault.ts';
import { JsonRows, type Row } from '../json/rows.ts';
import { ExactNumber } from '../numbers.ts';
import { RPC_CODES, RpcError } from '../rpc/method.ts';
import { isMap } from '../template/text.ts';

export interface OperationParams {
  readonly idColumn: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly rows: JsonRows;
}

/** What was chosen in the form so far; empty texts and nulls are not chosen yet. */
export function readChoice(params: unknown): { object: string | undefined; mode: string | undefined } {
  const map = paramsMap(params);
  return { object: choice(map, 'object'), mode: choice(map, 'mode') };
}

export function readConfigurationParam(params: unknown): Readonly<Record<string, unknown>> {
  const { configuration } = paramsMap(params);
  if (!isMap(configuration)) throw invalid(`params.configuration must be an object; it is ${kind(configuration)}.`);
  checkWidth('configuration', Object.keys(configuration).length);
  for (const name of ['identifierMapping', 'mappings', 'customMappings']) {
    const list = configuration[name];
    if (Array.isArray(list)) checkWidth(`configuration.${name}`, list.length);
  }
  return configuration;
}

/** As many columns as the widest tables of warehouses have. Every row is taken through every mapping. */
const MAX_WIDTH = 10_000;

function checkWidth(name: string, width: number): void {
  if (width > MAX_WIDTH) throw invalid(`params.${name} has ${width} entries; at most ${MAX_WIDTH} are taken.`);
}

export function optionalConfiguration(params: unknown): Readonly<Record<string, unknown>> | undefined {
  return isMap(paramsMap(params).configuration) ? readConfigurationParam(params) : undefined;
}

/** Checks the whole call before anything is sent: every row has an id, so the outcome of each can be told. */
export function readOperation(params: unknown, maxRows: number): OperationParams {
  const map = paramsMap(params);
  const configuration = readConfigurationParam(params);
  const { idColumn, rows } = map;
  if (typeof idColumn !== 'string' || idColumn === '') {
    throw invalid(`params.idColumn must be the name of the primary key's column; it is ${kind(idColumn)}.`);
  }
  if (!(rows instanceof JsonRows || Array.isArray(rows)))
    throw invalid(`params.rows must be a list of rows; it is ${kind(rows)}.`);
  if (rows.length > maxRows) {
    throw invalid(
      `params.rows has ${rows.length} rows; at most ${maxRows} are taken in one call (ROWPOST_MAX_ROWS). Nothing was sent: send fewer rows at once.`,
    );
  }
  const read = rows instanceof JsonRows ? rows : JsonRows.of(rows.map(checkRow));
  for (let index = 0; index < read.length; index++) checkId(read.value(index, idColumn), index, idColumn);
  return { idColumn, configuration, rows: read };
}

function checkRow(row: unknown, index: number): Row {
  if (isMap(row)) return row;
  throw invalid(`params.rows[${index}] must be an object of columns and values; it is ${kind(row)}.`);
}

function checkId(id: unknown, index: number, idColumn: string): void {
  const where = () => `in the column ${quoted(idColumn)} that idColumn names`;
  if (id === undefined || id === null)
    throw invalid(`params.rows[${index}] has no value ${where()}, so its outcome could not be told. Nothing was sent.`);
  if (isMap(id) || Array.isArray(id))
    throw invalid(`params.rows[${index}] has ${kind(id)} ${where()}; an id is text or a number. Nothing was sent.`);
}

/** A name that is quoted back. */
function quoted(name: string): string {
  return JSON.stringify(beginning(name, 80));
}

/** By name, or none at all: absent, or the empty list that some clients send for it. */
function paramsMap(params: unknown): Readonly<Record<string, unknown>> {
  if (params === undefined || (Array.isArray(params) && params.length === 0)) return {};
  if (isMap(params)) return params;
  throw invalid(`params must be an object of named members; it is ${kind(params)}.`);
}

function choice(map: Readonly<Record<string, unknown>>, name: 'object' | 'mode'): string | undefined {
  const value = Object.hasOwn(map, name) ? map[name] : undefined;
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw invalid(`params.${name} must be an id as text; it is ${kind(value)}.`);
}

function invalid(sentence: string): RpcError {
  return new RpcError(RPC_CODES.invalidParams, sentence);
}

function kind(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return `${value}`;
  if (value instanceof ExactNumber) return 'a number';
  return { string: 'text', number: 'a number', object: 'an object' }[typeof value as string] ?? typeof value;
}
