/** The rows of a request to a chaos target: where they stand in its body, and what each is known by. */

import { JsonError, parseJson } from '../../json/parse.ts';
import { ExactNumber, stringifyJson } from '../../numbers.ts';
import { isMap } from '../../template/text.ts';
import type { Row } from './ledger.ts';

export interface Shape {
  /** Where the rows stand, such as body.data.rows; found where it is not given. */
  readonly rows?: string | undefined;
  /** Where a row has its id: the first of these that it has, each perhaps a path such as attributes.email. */
  readonly id: readonly string[];
}

export const IDS: readonly string[] = ['id', 'email', 'key', 'email_address', 'external_id', 'user_id', '_id'];

export interface Arrived {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly body: string;
}

/** What an honest API answers to a request that it cannot take. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
}

/** None where the method reads. All or nothing: a request with a row that has no id is refused whole. */
export function readRows({ method, path, body }: Arrived, shape: Shape): readonly Row[] | Refusal {
  if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return [];
  const named = lastSegment(path);
  if (body === '' && method === 'DELETE')
    return named === '' ? noId('the path', shape) : [{ id: named, under: 'id', name: named, json: 'null' }];
  let value: unknown;
  try {
    value = parseJson(body);
  } catch (error) {
    if (error instanceof JsonError) return { status: 400, error: `the body is ${error.message}` };
    throw error;
  }
  const found = shape.rows === undefined ? find(value, shape) : at(value, shape.rows.replace(/^body(\.|$)/, ''));
  if (found === undefined) return { status: 422, error: `there is nothing at ${shape.rows}` };
  const rows: Row[] = [];
  for (const [index, row] of (Array.isArray(found) ? found : [found]).entries()) {
    // PUT /contacts/{id}, whose body need not say it again.
    const inPath = Array.isArray(found) || method === 'POST' || named === '' ? undefined : { id: named, under: 'id' };
    const identity = idOf(row, shape) ?? inPath;
    if (identity === undefined) return noId(`row ${index + 1}`, shape);
    rows.push({ ...identity, name: String(identity.id), json: stringifyJson(row) });
  }
  return rows;
}

/** A list is the rows, an object with an id is one row; of any other object the first list that holds objects only. */
function find(value: unknown, shape: Shape): unknown {
  if (!isMap(value) || idOf(value, shape) !== undefined) return value;
  return Object.values(value).find((one) => Array.isArray(one) && one.every(isMap)) ?? value;
}

function idOf(row: unknown, shape: Shape): { id: string | number | ExactNumber; under: string } | undefined {
  for (const path of shape.id) {
    const id = at(row, path);
    if ((typeof id === 'string' && id !== '') || typeof id === 'number' || id instanceof ExactNumber)
      return { id, under: path.slice(path.lastIndexOf('.') + 1) };
  }
  return undefined;
}

/** What stands at a path of dots; the value itself at the empty one. */
function at(value: unknown, path: string): unknown {
  let here = value;
  for (const name of path === '' ? [] : path.split('.')) {
    if (!isMap(here) || !Object.hasOwn(here, name)) return undefined;
    here = here[name];
  }
  return here;
}

function lastSegment(path: string): string {
  const segment = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function noId(where: string, { id }: Shape): Refusal {
  return { status: 422, error: `${where} has no id: expected one of ${id.join(', ')} (rowpost chaos --id)` };
}
