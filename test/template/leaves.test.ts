/** Typed leaves and the trees they stand in: types are kept, missing is not null, and nothing of one render reaches the next. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../src/json/parse.ts';
import { stringifyJson } from '../../src/numbers.ts';
import { scopeOf } from '../../src/template/scope.ts';
import { leaf, scopeFrom, shown, tree } from './compiling.ts';

const SCOPE = scopeFrom(`{
  "row": { "size": "S", "first": "F", "last": "L", "__proto__": "P", "constructor": "C", "long": 12345678901234567890, "o": { "size": 3 }, "list": [1, 2, 3] },
  "record": { "a": 1, "b": 2 }, "records": [{ "a": 1 }, { "a": 2, "size": 9 }],
  "a": 1, "b": "two", "c": [1, 2, 3], "body": { "null": null, "empty": "", "no": false, "zero": 0, "map": { "k": "v", "d-e": 4 }, "list": ["x", null, "y"] }
}`);

describe('a leaf', () => {
  const table: [template: string, outcome: string][] = [
    ['plain text', '"plain text"'],
    ['', '""'],
    ['{ not a template }', '"{ not a template }"'],
    ['{{ a }}', '1'],
    ['{{a}}', '1'],
    ['{{- a -}}', '1'],
    ['{{ b }}', '"two"'],
    ['{{ c }}', '[1,2,3]'],
    ['{{ body.map }}', '{"k":"v","d-e":4}'],
    ['{{ body.no }}', 'false'],
    ['{{ body.zero }}', '0'],
    ['{{ body.empty }}', '""'],
    ['{{ body.null }}', 'null'],
    ['{{ nil }}', 'null'],
    ['{{ body.nothing }}', 'missing'],
    ['{{ body.nothing.deeper.still }}', 'missing'],
    ['{{ status }}', 'missing'],
    ['{{ body.map["d-e"] }}', '4'],
    ["{{ body['map'].k }}", '"v"'],
    ['{{ body.list[0] }}', '"x"'],
    ['{{ body.list[1] }}', 'null'],
    ['{{ body.list[-1] }}', '"y"'],
    ['{{ body.list[9] }}', 'missing'],
    ['{{ body.list.first }}', '"x"'],
    ['{{ body.list.size }}', '3'],
    ['{{ b.size }}', '3'],
    ['{{ row.long }}', '12345678901234567890'],
    ['x{{ row.long }}', '"x12345678901234567890"'],
    ['{{ row.long | plus: 0 }}', '12345678901234567000'],
    ['{{ 1.5 }}', '1.5'],
    ['{{ -3 }}', '-3'],
    ['{{ "text" }}', '"text"'],
    ['{{ true }}', 'true'],
    ['{{ (1..3) }}', '[1,2,3]'],
    ['{{ a == 1 }}', 'true'],
    ['{{ blank }}', '""'],
    ['{{ a }} ', '"1 "'],
    [' {{ a }}', '" 1"'],
    ['{{ a }}{{ a }}', '"11"'],
    ['x{{ body.null }}y{{ body.nothing }}z', '"xyz"'],
    ['{{ 5 | divided_by: 2 }}', '2.5'],
    ['{{ 1 | divided_by: 0 }}', 'rejected: a calculation gave Infinity, which is no number that can be sent'],
    ['x{{ 1 | divided_by: 0 }}', 'rejected: a calculation gave Infinity, which is no number that can be sent'],
    ['x{{ c }}', 'rejected: a list cannot stand inside a text; use join, or json for its JSON'],
    ['x{{ body.map }}', 'rejected: a map cannot stand inside a text; use join, or json for its JSON'],
    ['x{{ c | raw }}', 'rejected: a list cannot stand inside a text; use join, or json for its JSON'],
    ['x{{ body.map | raw }}', 'rejected: a map cannot stand inside a text; use join, or json for its JSON'],
    ['x{{ body.map | append: "y" }}', 'rejected: append was given a map, which has no text; use json for its JSON'],
    ['x{{ records | join: "," }}', 'rejected: join was given a map, which has no text; use json for its JSON'],
    ['x{{ c | join: "," }}', '"x1,2,3"'],
    ['x{{ c | json }}', '"x[1,2,3]"'],
  ];
  for (const [template, expected] of table) {
    it(`${template} → ${expected}`, () => assert.equal(shown(leaf(template, SCOPE)), expected));
  }

  it('round-trips any JSON value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (json) => {
        const value = parseJson(json);
        assert.equal(shown(leaf('{{ a }}', scopeOf({ a: value }))), stringifyJson(value));
        assert.equal(shown(leaf('{{ a.b }}', scopeOf({ a: { b: value } }))), stringifyJson(value));
      }),
    );
  });
});

describe('size, first and last', () => {
  const table: [template: string, outcome: string][] = [
    ['{{ row.size }}', '"S"'],
    ['{{ row.first }}', '"F"'],
    ['{{ row.last }}', '"L"'],
    ['{{ row["size"] }}', '"S"'],
    ['{{ record.size }}', 'missing'],
    ['{{ record.first }}', 'missing'],
    ['{{ record.last }}', 'missing'],
    ['{{ records[0].size }}', 'missing'],
    ['{{ records[1].size }}', '9'],
    ['{% for r in records %}<{{ r.size }}>{% endfor %}', '"<><9>"'],
    ['{{ records.size }}', '2'],
    ['{{ records.first.a }}', '1'],
    ['{{ row.o.size }}', '3'],
    ['{{ row.list.size }}', '3'],
    ['{{ row.list.last }}', '3'],
  ];
  for (const [template, expected] of table)
    it(`${template} → ${expected}`, () => assert.equal(shown(leaf(template, SCOPE)), expected));
});

describe('what every JavaScript object has', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf', '__defineGetter__', 'prototype'];
  for (const name of names) {
    it(`${name} is a column where a row has it, and else is missing`, () => {
      for (const path of [`record.${name}`, `record['${name}']`, `c.${name}`, `b.${name}`, `record.a.${name}`])
        assert.equal(shown(leaf(`{{ ${path} }}`, SCOPE)), 'missing', path);
    });
  }
  it('a column of that name is read', () => {
    assert.equal(shown(leaf('{{ row.__proto__ }}{{ row.constructor }}', SCOPE)), '"PC"');
  });
  it('is no first name either', () => {
    assert.match(shown(leaf('{{ constructor }}', SCOPE)), /fault: There is no name "constructor"/);
    assert.match(shown(leaf('{{ __proto__.x }}', SCOPE)), /fault: There is no name "__proto__"/);
  });
});

describe('a tree', () => {
  const table: [name: string, tree: unknown, outcome: string, omit?: 'nulls' | 'empties'][] = [
    ['scalars stand for themselves', { a: 1, b: true, c: null, d: 'x' }, '{"a":1,"b":true,"c":null,"d":"x"}'],
    ['a missing value drops its key', { a: '{{ status }}', b: 1 }, '{"b":1}'],
    ['a null is sent', { a: '{{ body.null }}' }, '{"a":null}'],
    ['a missing value in a text is empty', { a: 'x{{ status }}' }, '{"a":"x"}'],
    ['a missing element is null, so that positions hold', ['{{ status }}', '{{ a }}', '{{ body.null }}'], '[null,1,null]'],
    ['missing alone is missing', '{{ status }}', 'missing'],
    ['a map without keys stays', { a: { b: '{{ status }}' } }, '{"a":{}}'],
    ['a spread', { '...': '{{ body.map }}', a: 1 }, '{"k":"v","d-e":4,"a":1}'],
    ['keys beside a spread win, wherever they stand', { k: 'own', '...': '{{ body.map }}' }, '{"k":"own","d-e":4}'],
    ['a missing key beside a spread wins too', { '...': '{{ body.map }}', k: '{{ status }}' }, '{"d-e":4}'],
    ['a spread of a map in the tree', { '...': { a: '{{ a }}' } }, '{"a":1}'],
    ['a spread of nothing', { '...': '{{ status }}', a: 1 }, '{"a":1}'],
    ['a spread of null', { '...': '{{ body.null }}', a: 1 }, '{"a":1}'],
    ['a spread of a list', { '...': '{{ c }}' }, 'rejected: "..." was given a list that is no map'],
    ['a spread of a text', { '...': '{{ b }}' }, 'rejected: "..." was given a value that is no map'],
    [
      'a spread of a literal text',
      { '...': 'text' },
      'fault: "..." spreads a map into the map around it; expected a map, or one {{ … }} that yields a map.',
    ],
    ['a spread with __proto__', { '...': '{{ row | only: "__proto__" }}' }, '{"__proto__":"P"}'],
    [
      'a key from data',
      { '{{ b }}': 1 },
      'fault: Keys are literal. To make keys from data, spread a map: "...": "{{ record | only: \'a\' }}".',
    ],
    [
      'omit: nulls',
      { a: '{{ body.null }}', b: '', c: [], d: {}, e: 0, f: false },
      '{"b":"","c":[],"d":{},"e":0,"f":false}',
      'nulls',
    ],
    ['omit: empties', { a: '{{ body.null }}', b: '', c: [], d: {}, e: 0, f: false }, '{"e":0,"f":false}', 'empties'],
    ['omit: empties from within', { a: { b: { c: '{{ status }}' } }, d: 1 }, '{"d":1}', 'empties'],
    ['omit holds for what is spread', { '...': '{{ body | only: "null", "empty", "zero" }}' }, '{"zero":0}', 'empties'],
    ['omit leaves lists alone', { a: [null, ''] }, '{"a":[null,""]}', 'empties'],
    [
      'the filter omit drops missing, null and ""',
      { a: '{{ status | omit }}', b: '{{ body.null | omit }}', c: '{{ body.empty | omit }}', d: '{{ body.zero | omit }}' },
      '{"d":0}',
    ],
  ];
  for (const [name, source, expected, omit] of table) it(name, () => assert.equal(shown(tree(source, SCOPE, omit)), expected));

  it('gives maps that have no prototype', () => {
    const source = parseJson('{ "__proto__": { "x": "{{ a }}" } }');
    assert.equal(shown(tree(source, SCOPE)), '{"__proto__":{"x":1}}');
    assert.equal(({} as { x?: unknown }).x, undefined);
  });
});
