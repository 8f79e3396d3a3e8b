/** Rows from a file: a JSON list, one JSON object a line, or CSV with a header line. */

import { readFileSync } from 'node:fs';
import { parse as parseCsv } from 'csv-parse/sync';
import { Fault } from '../fault.ts';
import { JsonError, parseJson } from '../numbers.ts';
import { isMap } from '../template/text.ts';

export type Row = Readonly<Record<string, unknown>>;

/** @param path a file, or - for standard input @throws {Fault} */
export function readRows(path: string): Row[] {
  const text = readText(path);
  const rows = /\.csv$/i.test(path) || (path === '-' && !/^\s*[[{]/.test(text)) ? fromCsv(path, text) : fromJson(path, text);
  for (const [index, row] of rows.entries()) {
    if (!isMap(row)) throw wrong(path, `row ${index + 1} is no object of columns and values`);
  }
  return rows as Row[]; // each was just checked
}

/** @throws {Fault} */
export function readJsonFile(path: string, what: string): Row {
  const value = json(path, readText(path));
  if (!isMap(value)) throw wrong(path, `${what} must be a JSON object`);
  return value;
}

function fromJson(path: string, text: string): unknown[] {
  if (/^\s*\[/.test(text)) {
    const list = json(path, text);
    if (Array.isArray(list)) return list;
  }
  // One object a line; one object over several lines is one row.
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  try {
    return lines.map((line) => parseJson(line));
  } catch {
    return [json(path, text)];
  }
}

function fromCsv(path: string, text: string): unknown[] {
  try {
    return parseCsv(text, { columns: true, bom: true, skip_empty_lines: true, trim: false });
  } catch (error) {
    throw wrong(path, error instanceof Error ? error.message : 'no CSV');
  }
}

function json(path: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw wrong(path, error.message);
    throw error;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new Fault({ code: 'usage.file', sentence: `The file ${path} cannot be read.`, cause });
  }
}

function wrong(path: string, what: string): Fault {
  return new Fault({
    code: 'usage.file',
    sentence: `${path === '-' ? 'Standard input' : path}: ${what}. Expected a JSON list of rows, one JSON object a line, or CSV with a header line.`,
  });
}
