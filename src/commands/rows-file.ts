/** Rows from a file: a JSON list, one JSON object a line, or CSV with a header line. */

import { readFileSync } from 'node:fs';
import { parse as parseCsv } from 'csv-parse/sync';
import { Fault } from '../fault.ts';
import { JsonError, parseJson } from '../json/parse.ts';
import { isMap } from '../template/text.ts';

export type Row = Readonly<Record<string, unknown>>;

/** @param path a file, or - for standard input @throws {Fault} */
export function readRows(path: string): Row[] {
  const text = readText(path);
  const rows = /\.csv$/i.test(path) || (path === '-' && !/^\s*[[{]/.test(text)) ? fromCsv(path, text) : fromJson(path, text);
  for (const [index, row] of rows.entries()) {
    if (!isMap(row)) throw wrong(path, `row ${index + 1} is no object of columns and values${OF_ROWS}`);
  }
  return rows as Row[]; // each was just checked
}

/** @throws {Fault} */
export function readJsonFile(path: string, what: string): Row {
  const value = json(path, readText(path), `. Expected ${what} as a JSON object`);
  if (!isMap(value)) throw wrong(path, `${what} must be a JSON object`);
  return value;
}

function fromJson(path: string, text: string): unknown[] {
  if (/^\s*\[/.test(text)) {
    const list = json(path, text);
    if (Array.isArray(list)) return list;
  }
  // One object over several lines is one row.
  const [first = ''] = text.trim().split('\n', 1);
  if (!isJson(first)) return text.trim() === '' ? [] : [json(path, text)];
  return text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [json(`${path}:${index + 1}`, line)]));
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

function fromCsv(path: string, text: string): unknown[] {
  try {
    return parseCsv(text, { columns: true, bom: true, skip_empty_lines: true, trim: false });
  } catch (error) {
    throw wrong(path, `${error instanceof Error ? error.message : 'no CSV'}${OF_ROWS}`);
  }
}

function json(path: string, text: string, expected = OF_ROWS): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw wrong(path, error.message + expected);
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

const OF_ROWS = '. Expected a JSON list of rows, one JSON object a line, or CSV with a header line';

/** @param path perhaps with a line behind a colon */
function wrong(path: string, what: string): Fault {
  return new Fault({ code: 'usage.file', sentence: `${path.replace(/^-(?=:|$)/, 'Standard input')}: ${what}.` });
}
