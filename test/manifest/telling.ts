/** What each fault must be, whatever is wrong: a sentence with its place, and nothing of the inside. */

import assert from 'node:assert/strict';
import { type Fault, showFault } from '../../src/fault.ts';

/** What JavaScript makes of a mistake of ours. */
const INSIDE =
  /\bundefined\b|\[object |is not a function|is not iterable|Cannot (?:read|set|convert)|\b(?:Type|Range|Syntax|Reference)Error\b|call stack|\bNaN\b|node:internal|\.ts:\d| {4}at /;

/** @param text of the file that the fault is about */
export function assertFault(fault: Fault, text: string): void {
  const { place } = fault;
  assertSentence(fault.message);
  if (place === undefined) return assert.fail(`without a place: ${fault.message}`);
  const line = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    [place.line - 1]?.replace(/\r$/, '');
  assert.equal(place.text.replace(/\r$/, ''), line, 'the line is not that of the file');
  const { column, length } = place;
  assert.equal(column >= 1 && column <= place.text.length + 1 && length >= 1, true, `column ${column}`);
  assert.equal(showFault(fault).length < 3000, true, 'it is shown at length');
}

export function assertSentence(message: string): void {
  assert.equal(message.trim() === '', false, 'it says nothing');
  assert.equal(message.length < 2000, true, `it says too much: ${message.slice(0, 300)}`);
  assert.doesNotMatch(message, INSIDE);
}
