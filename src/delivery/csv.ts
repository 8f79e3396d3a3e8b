/** CSV with a header line (RFC 4180) as a list of maps from the header's names to texts. */

import { CsvError, parse } from 'csv-parse/sync';
import { setOwn, UnreadableError, ValueCount } from './parsed.ts';

/** Characters that are read in one go, beside the last line of them, and of a line: tens of milliseconds of the worst. */
const PIECE = 65_536;
const LONGEST_LINE = 262_144;

const [QUOTE, LINE_FEED, RETURN] = [0x22, 0x0a, 0x0d];

/**
 * @param breathe awaited after every piece of work
 * @throws {UnreadableError}
 */
export async function parseCsv(text: string, breathe: () => Promise<void> | undefined): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  const count = new ValueCount('CSV');
  let header: readonly string[] | undefined;
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; ) {
    const end = endOfPiece(text, at);
    for (const values of recordsOf(text.slice(at, end), rows.length)) {
      count.add(2 + values.length);
      if (header === undefined) {
        header = values;
        if (new Set(header).size < header.length) throw new UnreadableError('CSV whose header names a column twice');
      } else if (values.length === header.length) rows.push(rowOf(header, values));
      else throw new UnreadableError(`not CSV: row ${rows.length + 1} has ${values.length} values, the header ${header.length}`);
    }
    at = end;
    await breathe();
  }
  return rows;
}

/** The values of each line. @param before how many rows there were */
function recordsOf(piece: string, before: number): string[][] {
  try {
    return parse(piece, { record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true, skip_empty_lines: true });
  } catch (error) {
    // Its message may quote the text.
    if (error instanceof CsvError) throw new UnreadableError(`not CSV (after row ${before})`, { cause: error });
    throw error;
  }
}

function rowOf(header: readonly string[], values: readonly string[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [index, name] of header.entries()) setOwn(row, name, values[index]);
  return row;
}

/** Where the first line ends that ends behind a piece. An end of line between quotes is none, and a quote in a value is two. */
function endOfPiece(text: string, from: number): number {
  let quoted = false;
  let line = from;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) quoted = !quoted;
    else if (!quoted && (code === LINE_FEED || (code === RETURN && text.charCodeAt(at + 1) !== LINE_FEED))) {
      line = at + 1;
      if (line - from >= PIECE) return line;
    }
    if (at - line >= LONGEST_LINE) throw new UnreadableError(`CSV with a line of more than ${LONGEST_LINE} characters`);
  }
  return text.length;
}
