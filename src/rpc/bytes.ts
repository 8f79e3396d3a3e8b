/** JSON from the bytes of a body. The rows of a call, which are nearly all of it, are not parsed: see `JsonRows`. */

import { randomBytes } from 'node:crypto';
import { MAX_VALUES } from '../json/limits.ts';
import { JsonError, parseJson } from '../json/parse.ts';
import { JsonRows } from '../json/rows.ts';
import { behindColon, OPEN_LIST } from '../json/scan.ts';
import { ExactNumber } from '../numbers.ts';
import { endOfConfiguration, keptConfiguration } from './configurations.ts';
import { MAX_BATCH } from './request.ts';

const BYTE_ORDER = Buffer.from('\ufeff');
const ROWS = Buffer.from('"rows"');
const CONFIGURATION = Buffer.from('"configuration"');

/** Stands for what was cut out, in the text around it. Drawn at random when the process starts and never printed: no body can hold it. */
const MARK = randomBytes(12).toString('base64url');

/**
 * What `parseJson` gives, but for the lists of maps at `params.rows` of a call or of those in a batch, which are `JsonRows`. Where there are such,
 * `params.configuration` may be frozen, and the same for all calls that say the same.
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
 * The same goes for configurations.
 */
function parseAround(bytes: Buffer): unknown {
  const around = new Around(bytes);
  let from = 0;
  let lists = 0;
  let values = bytes.length;
  for (let at = bytes.indexOf(ROWS); at >= 0; at = bytes.indexOf(ROWS, Math.max(from, at + 1))) {
    const start = behindColon(bytes, at + ROWS.length);
    if (start < at || bytes[start] !== OPEN_LIST) continue;
    const read = JsonRows.read(bytes, start);
    // Not the next one: one inside the other, each might be read to its end. Nor more than calls have: short ones take far more than their bytes.
    if (read === undefined || ++lists > MAX_BATCH) return undefined;
    around.cutConfiguration(at);
    around.cut(start, read.end, read.rows);
    from = read.end;
    values += read.values - (read.end - start);
  }
  // What is around the rows has no more values than bytes.
  if (from === 0 || values > MAX_VALUES) return undefined;
  around.cutConfiguration(bytes.length);
  return around.whole();
}

/** A body of which parts are read by themselves. */
class Around {
  readonly #bytes: Buffer;
  readonly #parts: unknown[] = [];
  #text = '';
  /** How far it has come. */
  #from = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  cut(start: number, end: number, value: unknown): void {
    this.#text += `${this.#bytes.toString('utf8', this.#from, start)}"${MARK}${this.#parts.length}"`;
    this.#parts.push(value);
    this.#from = end;
  }

  /** The first that begins before here. */
  cutConfiguration(before: number): void {
    const bytes = this.#bytes.subarray(this.#from, before);
    const at = bytes.indexOf(CONFIGURATION);
    if (at < 0) return;
    const start = behindColon(bytes, at + CONFIGURATION.length);
    const end = start < at ? start : endOfConfiguration(bytes, start);
    if (end > start) this.cut(this.#from + start, this.#from + end, keptConfiguration(bytes.subarray(start, end)));
  }

  /** The value, where what was cut out stands where it belongs. */
  whole(): unknown {
    try {
      const value = parseJson(this.#text + this.#bytes.toString('utf8', this.#from));
      return this.#fill(value) === this.#parts.length ? value : undefined;
    } catch (error) {
      if (error instanceof JsonError) return undefined;
      throw error;
    }
  }

  /** Puts the parts where they belong, and counts them. */
  #fill(value: unknown): number {
    let found = 0;
    for (const call of Array.isArray(value) ? value : [value]) {
      const params = isMap(call) ? call.params : undefined;
      if (!isMap(params)) continue;
      for (const name of ['rows', 'configuration']) {
        const mark = params[name];
        if (typeof mark !== 'string' || !mark.startsWith(MARK)) continue;
        params[name] = this.#parts[Number(mark.slice(MARK.length))];
        found++;
      }
    }
    return found;
  }
}

/** Of what was just parsed. */
function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber);
}
