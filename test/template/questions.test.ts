/** Questions: true or false, missing is false, and anything else rejects, never a yes. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { scopeOf } from '../../src/template/scope.ts';
import { leaf, question, scopeFrom, shown } from './compiling.ts';

const SCOPE = scopeFrom(`{
  "a": 1, "b": "two", "c": [1, 2, 3], "status": 404, "operation": "remove",
  "row": { "yes": true, "no": false, "text": "false", "one": 1, "zero": 0, "empty": "", "space": " ", "null": null, "list": [], "map": {}, "ten": "10", "long": 12345678901234567890, "longer": 12345678901234567891 },
  "body": { "errors": [{ "fatal": true, "code": "x" }, { "code": "y" }], "state": "done" }
}`);

function answers(written: string | boolean, expected: string): void {
  it(`${written} → ${expected}`, () => {
    const outcome = shown(question(written, SCOPE));
    if (expected.endsWith('…')) assert.ok(outcome.startsWith(expected.slice(0, -1)), outcome);
    else assert.equal(outcome, expected);
  });
}

describe('true', () => {
  const questions = [
    true,
    'true',
    'row.yes',
    '{{ row.yes }}',
    '{{- row.yes -}}',
    ' row.yes ',
    'a == 1',
    'a != 2',
    'a < 2',
    'a <= 1',
    'a > 0',
    'a >= 1',
    '1 == a',
    "b == 'two'",
    'b == "two"',
    "b contains 'w'",
    'c contains 2',
    'c.size == 3',
    '(c | size) > 2',
    "(body.errors | where: 'fatal', true | size) == 1",
    'status == 404 and row.yes',
    'row.no or row.yes',
    '(row.no or row.yes) and a == 1',
    '(row.no and row.yes) or a == 1',
    'not row.no',
    'not a == 2',
    'not (a == 2)',
    'not row.nothing',
    'row.nothing == nil',
    'row.nothing == blank',
    'row.null == nil',
    'row.null == blank',
    'row.empty == blank',
    'row.empty == empty',
    'row.space == blank',
    'row.list == empty',
    'row.list == blank',
    'row.zero != blank',
    'row.no == blank',
    'row.long < row.longer or row.long != row.longer',
    'row.long == row.long',
    "row.ten == '10'",
    'row.ten != 10',
    'true and true and true',
    'false or false or true',
  ];
  for (const written of questions) answers(written, 'true');
});

describe('false', () => {
  const questions = [
    false,
    'false',
    'row.no',
    'row.nothing',
    'row.nothing.deeper',
    'row.null',
    'nil',
    'error',
    'a == 2',
    "a == '1'",
    'row.nothing > 1',
    'row.nothing < 1',
    'row.nothing == false',
    "row.nothing contains 'x'",
    'c contains "2"',
    'row.zero == blank',
    'row.zero == false',
    'row.text == false',
    'row.map == row.nothing',
    'not row.yes',
    'row.nothing and row.yes',
    'row.long == row.longer',
    'row.null < 1',
    'row.null >= 0',
    '1 > row.null',
    'nil <= nil',
  ];
  for (const written of questions) answers(written, 'false');
});

describe('neither', () => {
  const table: [written: string, outcome: string][] = [
    ['row.text', 'rejected: "row.text" must answer true or false; it gave "false"'],
    ['row.one', 'rejected: "row.one" must answer true or false; it gave 1'],
    ['row.zero', 'rejected: "row.zero" must answer true or false; it gave 0'],
    ['row.empty', 'rejected: "row.empty" must answer true or false; it gave ""'],
    ['row.list', 'rejected: "row.list" must answer true or false; it gave a list'],
    ['row.map', 'rejected: "row.map" must answer true or false; it gave a map'],
    ['row.long', 'rejected: "row.long" must answer true or false; it gave 12345678901234567890'],
    ["'true'", 'rejected: "\'true\'" must answer true or false; it gave "true"'],
    ['body.errors | size', 'rejected: …'],
    ['blank', 'rejected: "blank" must answer true or false; it gave ""'],
  ];
  for (const [written, expected] of table) answers(written, expected);
});

describe('an answer', () => {
  it('is the value itself where it is true or false, false where it is missing or null, and no answer else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const expected = typeof value === 'boolean' ? String(value) : value === null ? 'false' : 'rejected';
        assert.ok(shown(question('a', scopeOf({ a: value }))).startsWith(expected));
      }),
    );
  });
});

describe('a comparison with an ordering', () => {
  // Missing and null are in no order with anything.
  for (const operator of ['<', '<=', '>', '>=']) {
    it(`of a missing value ${operator} 1 is false`, () =>
      assert.equal(shown(leaf(`{{ row.nothing ${operator} 1 }}`, SCOPE)), 'false'));
  }
});
