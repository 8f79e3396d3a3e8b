/** YAML as data: digits, words and keys are kept, places are exact. For what is made to do harm see hostile.test.ts. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { showFault } from '../../src/fault.ts';
import type { Path } from '../../src/manifest/places.ts';
import { readYaml } from '../../src/manifest/yaml.ts';
import { stringifyJson } from '../../src/numbers.ts';

const dataOf = (text: string) => {
  const { value, faults } = readYaml('a.yaml', text);
  assert.deepEqual(faults, []);
  return value;
};

/** What is underlined in the line that is shown. */
function underlined(text: string, path: Path, offset: number, length: number): string {
  const place = readYaml('a.yaml', text).placeWithin(path, offset, length);
  assert.equal(place.text, text.replace(/^\uFEFF/, '').split(/\r?\n/)[place.line - 1]);
  return place.text.slice(place.column - 1, place.column - 1 + place.length);
}

describe('a value of YAML, as JSON', () => {
  const table: [yaml: string, json: string][] = [
    ['12345678901234567890', '12345678901234567890'],
    ['-12345678901234567890', '-12345678901234567890'],
    ['9007199254740993', '9007199254740993'],
    ['1e400', '1e400'],
    ['0.1', '0.1'],
    ['0.10000000000000000001', '0.10000000000000000001'],
    ['010', '10'],
    ['0x1F', '31'],
    ['0o17', '15'],
    ['+1', '1'],
    ['.5', '0.5'],
    ['-.5', '-0.5'],
    ['5.', '5'],
    ['1_000', '"1_000"'],
    ['-0', '0'],
    ['no', '"no"'],
    ['yes', '"yes"'],
    ['on', '"on"'],
    ['off', '"off"'],
    ['y', '"y"'],
    ['NO', '"NO"'],
    ['12:30', '"12:30"'],
    ['2026-01-31', '"2026-01-31"'],
    ['true', 'true'],
    ['False', 'false'],
    ['null', 'null'],
    ['~', 'null'],
    ['', 'null'],
    ['"12"', '"12"'],
    ["'true'", '"true"'],
    ['a b: c', '{"a b":"c"}'],
    ['1: a', '{"1":"a"}'],
    ['true: a', '{"true":"a"}'],
    ['"<<": { a: 1 }', '{"<<":{"a":1}}'],
    ['a: &x [1, 2]\nb: *x', '{"a":[1,2],"b":[1,2]}'],
    ['- &x 1\n- &x 2\n- *x', '[1,2,2]'],
    ['%YAML 1.1\n---\n- no\n- 010', '["no",10]'],
    ['|\n  a\n    b\n', '"a\\n  b\\n"'],
    ['>-\n  a\n  b\n', '"a b"'],
    ['"a\\\n  b"', '"ab"'],
  ];
  for (const [yaml, json] of table) {
    it(JSON.stringify(yaml), () => assert.equal(stringifyJson(dataOf(yaml)), json));
  }

  it('keeps __proto__ and constructor as keys like any other', () => {
    const value = dataOf('__proto__: { admin: true }\nconstructor: 1\na: { __proto__: 2 }');
    assert.equal(stringifyJson(value), '{"__proto__":{"admin":true},"constructor":1,"a":{"__proto__":2}}');
    assert.equal(Object.getPrototypeOf(value), null);
    assert.equal(({} as { admin?: boolean }).admin, undefined);
  });
});

describe('the place of a piece of a text', () => {
  const table: [name: string, text: string, piece: string][] = [
    ['plain', 'a: one two three', 'two'],
    ['plain, the second of its like', 'a: x y x z', 'x z'],
    ['plain over lines', 'a: one\n  two\n  three', 'three'],
    ['plain behind an anchor', 'a: &two one two', 'two'],
    ['single quotes', "a: 'one two'", 'two'],
    ['single quotes that are doubled', "a: 'it''s one two'", 'two'],
    ['a doubled quote itself', "a: 'it''s'", "it's"],
    ['double quotes', 'a: "one two"', 'two'],
    ['double quotes with escapes before it', 'a: "\\"\\\\\\t\\u00e9\\x41\\U0001F600 two"', 'two'],
    ['double quotes over lines', 'a: "one\n  two\n\n  three"', 'three'],
    ['double quotes with an escaped line break', 'a: "one\\\n  two"', 'two'],
    ['a literal block', 'a: |\n  one\n    two\n\n  three\n', 'three'],
    ['a literal block with an indentation of its own', 'a: |2\n    one\n  two\n', 'two'],
    ['a literal block with a comment at its head', 'a: | # two\n  one two\n', 'two'],
    ['a folded block', 'a: >-\n  one\n  two\n\n  three\n    four\n', 'four'],
    ['a text of a list', 'a:\n  - x\n  - one two', 'two'],
    ['CRLF', 'b: 1\r\na: one two\r\nc: 2\r\n', 'two'],
    ['CRLF in a block', 'b: 1\r\na: |\r\n  one\r\n  two three\r\n', 'two three'],
    ['behind a byte order mark', '\uFEFFa: one two', 'two'],
    ['behind an emoji', 'a: "😀 two"', 'two'],
  ];
  for (const [name, text, piece] of table) {
    it(name, () => {
      const at: Path = text.includes('- x') ? ['a', 1] : ['a'];
      let value: unknown = readYaml('a.yaml', text).value;
      for (const step of at) value = (value as Record<string | number, unknown>)[step];
      const offset = String(value).lastIndexOf(piece);
      assert.ok(offset >= 0);
      const shown = underlined(text, at, offset, piece.length);
      assert.equal(shown.replaceAll("''", "'"), piece);
    });
  }

  it('is the beginning where the piece goes over the end of its line', () => {
    assert.equal(underlined('a: |\n  one\n  two\n', ['a'], 0, 7), 'one');
  });

  it('is the whole where the piece is blank, empty or beyond the text', () => {
    for (const [offset, length] of [
      [3, 1],
      [0, 0],
      [99, 5],
    ] as const)
      assert.equal(underlined('a: one two', ['a'], offset, length), 'one two');
  });

  it('is exact for any text in any quotes', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', ' ', '"', "'", '\\', 'é', '😀', '{', '}', '#', ':'),
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(text, fc.boolean(), fc.nat(19), (value, double, at) => {
        const offset = at % value.length;
        const source = double ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'`;
        const shown = underlined(`a: ${source}`, ['a'], offset, value.length - offset);
        const piece = value.slice(offset).trim();
        const unescaped = double ? shown.replace(/\\(.)/g, '$1') : shown.replaceAll("''", "'");
        if (piece !== '' && !/^[\uDC00-\uDFFF]/.test(piece)) assert.equal(unescaped, piece);
      }),
    );
  });
});

describe('the place of a key', () => {
  const yaml = readYaml('a.yaml', 'a:\r\n  b: 1\r\n  c:\r\n');
  const at = (path: Path, what?: 'key' | 'value') => {
    const { line, column, length } = yaml.place(path, what);
    return [line, column, length];
  };
  it('is the key, its value, or the key where no value is written', () => {
    assert.deepEqual(at(['a', 'b'], 'key'), [2, 3, 1]);
    assert.deepEqual(at(['a', 'b']), [2, 6, 1]);
    assert.deepEqual(at(['a', 'c']), [3, 3, 1]);
  });
  it('is the nearest that there is', () => {
    assert.deepEqual(at(['a', 'missing', 'deeper']), [1, 1, 1]);
    assert.deepEqual(at(['nothing']), [1, 1, 2]);
  });
  it('tells keys with slashes and tildes apart from paths', () => {
    const odd = readYaml('a.yaml', 'a/b: 1\na: { b: 2 }\n"a~1b": 3');
    assert.equal(odd.place(['a/b']).line, 1);
    assert.equal(odd.place(['a', 'b']).line, 2);
    assert.equal(odd.place(['a~1b']).line, 3);
  });
});

describe('any text', () => {
  it('shows a byte order mark and CRLF at the right column', () => {
    assert.equal(
      showFault(readYaml('a.yaml', '\uFEFFa: *b\r\n').faults[0] ?? assert.fail())
        .split('\n')
        .slice(1)
        .join('\n'),
      '    1 | a: *b\n           ^^',
    );
    assert.equal(
      showFault(readYaml('a.yaml', 'a: 1\r\nb: *b\r\n').faults[0] ?? assert.fail())
        .split('\n')
        .slice(1)
        .join('\n'),
      '    2 | b: *b\n           ^^',
    );
  });

  it('reads or refuses any text, and can show every fault', () => {
    const unit = fc.oneof(
      fc.constantFrom(
        ...'{}[]:,-?&*!|>%@`#\'"\\ \n\t\r<.~01ab'.split(''),
        '{{ x }}',
        '---',
        '\n  ',
        '\n- ',
        '<<',
        '!!str',
        '\uFEFF',
      ),
      fc.string({ unit: 'binary', maxLength: 2 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), (parts) => {
        const yaml = readYaml('a.yaml', parts.join(''));
        for (const fault of yaml.faults) showFault(fault);
        yaml.placeWithin([], 1, 2);
        yaml.placeWithin(['a', 0], 0, 1);
        if (yaml.faults.length === 0) stringifyJson(yaml.value);
      }),
      { numRuns: 2000 },
    );
  });
});
