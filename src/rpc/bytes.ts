/** JSON from the bytes of a body. The rows of a call, which are nearly all of it, are not parsed: see `JsonRows`. */

import { randomBytes } from 'node:crypto';
import { JsonRows } from '../json/rows.ts';
import { behindColon, OPEN_LIST } from '../json/scan.ts';
import { ExactNumber, JsonError, parseJson } from '../numbers.ts';

const BYTE_ORDER = Buffer.from('\ufeff');
const ROWS = Buffer.from('"rows"');

/** Stands for rows in the text around them. Drawn at random when the process starts and never printed: no body can hold it. */
const MARK = randomBytes(12).toString('base64url');

/**
 * What `parseJson` gives, but for the lists of maps at `params.rows` of a call or of those in a batch, which are `JsonRows`.
 * @param bytes well-formed UTF-8; a mark of the byte order is not of the text (https://encoding.spec.whatwg.org/#utf-8-decode)
 * @throws {JsonError} as `parseJson` does
 */
export function parseBytes(bytes: Buffer): unknown {
  const text = bytes.subarray(0, BYTE_ORDER.length).equals(BYTE_ORDER) ? bytes.subarray(BYTE_ORDER.length) : bytes;
  return parseAround(text) ?? parseJson(text.toString());
}

/**
 * Nothing where there are no such rows, or where something is wrong or out of the ordinary.
 *
 * What looks like rows is, if it can be read as a list: from where it begins JSON can be read in one way only. In its place stands a
 * text, which is a value too. So the whole is right where what is around the lists is, and these texts are found where rows belong.
 */
function parseAround(bytes: Buffer): unknown {
  const lists: JsonRows[] = [];
  let around = '';
  let from = 0;
  for (let at = bytes.indexOf(ROWS); at >= 0; at = bytes.indexOf(ROWS, Math.max(from, at + 1))) {
    const start = behindColon(bytes, at + ROWS.length);
    if (bytes[start] !== OPEN_LIST) continue;
    const read = JsonRows.read(bytes, start);
    // Not the next one: one inside the other, each might be read to its end.
    if (read === undefined) return undefined;
    around += `${bytes.toString('utf8', from, start)}"${MARK}${lists.length}"`;
    lists.push(read.rows);
    from = read.end;
  }
  if (lists.length === 0) return undefined;
  try {
    const value = parseJson(around + bytes.toString('utf8', from));
    return fill(value, lists) === lists.length ? value : undefined;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** Puts the rows where they belong, and counts them. */
function fill(value: unknown, lists: readonly JsonRows[]): number {
  let found = 0;
  for (const call of Array.isArray(value) ? value : [value]) {
    const params = isMap(call) ? call.params : undefined;
    if (!isMap(params) || typeof params.rows !== 'string' || !params.rows.startsWith(MARK)) continue;
    params.rows = lists[Number(params.rows.slice(MARK.length))];
    found++;
  }
  return found;
}

/** Of what was just parsed. */
function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber);
}
