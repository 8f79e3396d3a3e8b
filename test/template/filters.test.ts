/** Our own filters: missing stays missing, nothing is guessed, and what cannot be read rejects the row. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { scopeOf } from '../../src/template/scope.ts';
import { leaf, scopeFrom, shown } from './compiling.ts';

/** What `{{ a | filter }}` gives for a value written as JSON; `-` is no value at all. */
function filtered(value: string, filter: string): string {
  return shown(leaf(`{{ a | ${filter} }}`, scopeFrom(value === '-' ? '{}' : `{"a":${value}}`)));
}

type Row = readonly [value: string, outcome: string];

/** Every filter with inputs and outcomes; an outcome that begins with `!` is the beginning of what the row is rejected with. */
const TABLE: Readonly<Record<string, readonly Row[]>> = {
  number: [
    ['"12"', '12'],
    ['" 12 "', '12'],
    ['"1.50"', '1.5'],
    ['"-0.5"', '-0.5'],
    ['".5"', '0.5'],
    ['"5."', '5'],
    ['"+5"', '5'],
    ['"1e3"', '1000'],
    ['"007"', '7'],
    ['"12345678901234567890"', '12345678901234567890'],
    ['12345678901234567890', '12345678901234567890'],
    ['7', '7'],
    ['""', '!"" is not a number'],
    ['"abc"', '!"abc" is not a number'],
    ['"1,000"', '!"1,000" is not'],
    ['"0x10"', '!"0x10" is not'],
    ['"1 2"', '!"1 2" is not'],
    ['"Infinity"', '!"Infinity" is not'],
    ['"NaN"', '!"NaN" is not'],
    ['"٣"', '!"٣" is not'],
    ['true', '!true is not'],
    ['[1]', '![1] is not'],
    ['{"x":1}', '!{"x":1} is not'],
  ],
  integer: [
    ['"12"', '12'],
    ['"1e3"', '1000'],
    ['"5."', '5'],
    ['3.0', '3'],
    ['"12345678901234567890"', '12345678901234567890'],
    ['1.5', '!1.5 is not a whole number'],
    ['"1.5"', '!"1.5" is not a whole number'],
    ['"12345678901234567890.5"', '!"12345678901234567890.5" is not a whole number'],
    ['"abc"', '!"abc" is not a number'],
  ],
  string: [
    ['"x"', '"x"'],
    ['1.50', '"1.5"'],
    ['12345678901234567890', '"12345678901234567890"'],
    ['false', '"false"'],
    ['[1,"a"]', '"[1,\\"a\\"]"'],
    ['{"x":1}', '"{\\"x\\":1}"'],
  ],
  boolean: [
    ...['true', '"TRUE"', '"yes"', '"Y"', '"t"', '"on"', '"1"', '1', '" yes "'].map((value): Row => [value, 'true']),
    ...['false', '"False"', '"no"', '"N"', '"f"', '"off"', '"0"', '0'].map((value): Row => [value, 'false']),
    ['""', '!"" is not a yes or no'],
    ['"2"', '!"2" is not'],
    ['2', '!2 is not'],
    ['"maybe"', '!"maybe" is not'],
    ['[]', '![] is not'],
  ],
  json: [
    ['"a\\"b"', '"\\"a\\\\\\"b\\""'],
    ['12345678901234567890', '"12345678901234567890"'],
    ['{"b":[1,null]}', '"{\\"b\\":[1,null]}"'],
  ],
  'json: 1': [['{"b":1}', '"{\\n \\"b\\": 1\\n}"']],
  parse_json: [
    ['"{\\"x\\": 1e400}"', '{"x":1e400}'],
    ['"[1, 2]"', '[1,2]'],
    ['" 12 "', '12'],
    ['"null"', 'null'],
    ['""', '!"" is not JSON'],
    ['"{"', '!"{" is not JSON'],
    ['[1]', '![1] is not JSON'],
  ],
  base64: [
    ['"abc"', '"YWJj"'],
    ['"é😀"', '"w6nwn5iA"'],
    ['""', '""'],
    ['12', '"MTI="'],
    ['[1]', '!a list cannot stand inside a text'],
    ['"\\ud800"', '!a text holds half a character'],
  ],
  base64_url: [['"?>?>"', '"Pz4_Pg"']],
  uri: [
    ['"a b/c?d#e%2f"', '"a%20b%2Fc%3Fd%23e%252f"'],
    ['"é"', '"%C3%A9"'],
    ['""', '!a part of the path is empty'],
    ['".."', '!a part of the path is "." or ".."'],
    ['"a/../b"', '!a part of the path is "." or ".."'],
    ['"a\\\\..\\\\b"', '!a part of the path is "." or ".."'],
    ['"a\\nb"', '!a part of the path holds a control character'],
    ['"\\ud800"', '!a text holds half a character'],
    ['"..."', '"..."'],
  ],
  "uuid5: '6ba7b810-9dad-11d1-80b4-00c04fd430c8'": [
    // RFC 9562, appendix A.4
    ['"www.example.com"', '"2ed6657d-e927-568b-95e1-2665a8aea6a2"'],
    ['""', 'missing'],
    ['[1]', '!a list cannot'],
    ['"\\ud800"', '!a text holds half'],
  ],
  "uuid5: 'nonsense'": [['"a"', '!uuid5 needs a namespace']],
  md5: [
    ['"abc"', '"900150983cd24fb0d6963f7d28e17f72"'], // RFC 1321, appendix A.5
    ['""', 'missing'],
  ],
  // FIPS 180-4, examples
  sha1: [['"abc"', '"a9993e364706816aba3e25717850c26c9cd0d89d"']],
  sha256: [
    ['"abc"', '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"'],
    ['12345678901234567890', '"6ed645ef0e1abea1bf1e4e935ff04f9e18d39812387f63cda3415b46240f0405"'],
    ['"12345678901234567890"', '"6ed645ef0e1abea1bf1e4e935ff04f9e18d39812387f63cda3415b46240f0405"'],
    ['""', 'missing'],
    ['[1]', '!a list cannot'],
    ['"\\ud800"', '!a text holds half'],
  ],
  "sha256: 'base64'": [['"abc"', '"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="']],
  "sha256: 'base64url'": [['"abc"', '"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"']],
  "sha256: 'octal'": [['"abc"', '!sha256: "octal" is not an encoding; use hex, base64 or base64url']],
  sha512: [
    [
      '"abc"',
      '"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"',
    ],
  ],
  // RFC 4231, test case 2, and RFC 2202, test case 2
  "hmac: 'Jefe'": [
    ['"what do ya want for nothing?"', '"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"'],
    ['""', 'missing'],
  ],
  "hmac: 'Jefe', 'sha512'": [
    [
      '"what do ya want for nothing?"',
      '"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"',
    ],
  ],
  "hmac: 'Jefe', 'sha1'": [['"what do ya want for nothing?"', '"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"']],
  "hmac: 'Jefe', 'md5', 'base64'": [['"what do ya want for nothing?"', '"dQx4PmqwtQPqqG4xCl23OA=="']],
  "hmac: 'k', 'crc32'": [['"a"', '!hmac: "crc32" is not an algorithm']],
  "hmac: ''": [['"a"', '!hmac: the key is empty']],
  'hmac: b': [['"a"', '!hmac: the key is empty']],
  "except: 'b', 'd'": [
    ['{"b":1,"c":2,"d":3}', '{"c":2}'],
    ['{}', '{}'],
    ['[1]', '!except was given a list'],
    ['"x"', '!except was given a value'],
  ],
  "only: 'c', '__proto__', 'nothing'": [['{"b":1,"c":2,"__proto__":3}', '{"c":2,"__proto__":3}']],
  'merge: c': [
    ['{"x":1}', '{"x":1}'],
    ['[1]', '!merge was given a list'],
  ],
  'merge: 1': [['{"x":1}', '!merge needs a map to merge with']],
  "rename: 'x', 'y', 'b', 'b2'": [['{"x":1,"z":2}', '{"y":1,"z":2}']],
  "rename: 'x', 'y', 'z'": [['{"x":1}', '!rename needs pairs of names']],
  "dig: 'd', 0, 'e'": [
    ['{"d":[{"e":5}]}', '5'],
    ['{"d":[{"e":null}]}', 'null'],
    ['{"d":[]}', 'missing'],
    ['{"d":null}', 'missing'],
    ['"text"', 'missing'],
  ],
  "dig: 'constructor', 'name'": [['{}', 'missing']],
  compact_object: [['{"a":null,"b":"","c":[],"d":{},"e":0,"f":false,"g":[null]}', '{"e":0,"f":false,"g":[null]}']],
  flatten_keys: [['{"a":{"b":{"c":1}},"d":[{"e":2}],"f":{},"g":null}', '{"a.b.c":1,"d":[{"e":2}],"f":{},"g":null}']],
  "flatten_keys: '_'": [['{"a":{"b":1}}', '{"a_b":1}']],
  omit: [
    ['""', 'missing'],
    ['0', '0'],
    ['false', 'false'],
    ['" "', '" "'],
    ['[]', '[]'],
  ],
  date_iso: [
    ['"2026-01-31"', '"2026-01-31T00:00:00.000Z"'],
    ['"2026-01-31T12:00"', '"2026-01-31T12:00:00.000Z"'],
    ['"2026-01-31T12:00:00Z"', '"2026-01-31T12:00:00.000Z"'],
    ['"2026-01-31 12:00:00.57"', '"2026-01-31T12:00:00.570Z"'],
    ['"2026-01-31 12:00:00,123456789+02:00"', '"2026-01-31T10:00:00.123Z"'],
    ['"2026-01-31T12:00:00-0530"', '"2026-01-31T17:30:00.000Z"'],
    ['"2026-01-31 12:00:00 UTC"', '"2026-01-31T12:00:00.000Z"'],
    ['"2026-01-01T00:00:00+14"', '"2025-12-31T10:00:00.000Z"'],
    ['"Sat, 31 Jan 2026 12:00:00 GMT"', '"2026-01-31T12:00:00.000Z"'],
    ['"2024-02-29"', '"2024-02-29T00:00:00.000Z"'],
    ['"0001-01-01"', '"0001-01-01T00:00:00.000Z"'],
    ['"0099-12-31"', '"0099-12-31T00:00:00.000Z"'],
    ['0', '"1970-01-01T00:00:00.000Z"'],
    ['1769860800', '"2026-01-31T12:00:00.000Z"'],
    ['1769860800123', '"2026-01-31T12:00:00.123Z"'],
    ['-1', '"1969-12-31T23:59:59.000Z"'],
    ['1.5', '"1970-01-01T00:00:01.500Z"'],
    ['""', 'missing'],
    ['"2026-02-31"', '!"2026-02-31" is not a time; expected ISO 8601'],
    ['"2023-02-29"', '!"2023-02-29" is not a time'],
    ['"2026-13-01"', '!"2026-13-01" is not a time'],
    ['"2026-01-31T24:00:00Z"', '!"2026-01-31T24:00:00Z" is not a time'],
    ['"2026-01-31T12:60:00Z"', '!"2026-01-31T12:60:00Z" is not a time'],
    ['"2026-01-31T12:00:00+99:00"', '!"2026-01-31T12:00:00+99:00" is not a time'],
    ['"31.01.2026"', '!"31.01.2026" is not a time'],
    ['"01/02/2026"', '!"01/02/2026" is not a time'],
    ['"1769860800"', '!"1769860800" is not a time'],
    ['"now"', '!"now" is not a time'],
    ['"today"', '!"today" is not a time'],
    ['"abc"', '!"abc" is not a time'],
    ['true', '!true is not a time'],
    ['[2026]', '![2026] is not a time'],
    ['12345678901234567890', '!12345678901234567890 is not a time'],
    ['1e300', '!1e+300 is not a time'],
  ],
  "date_iso: 'date'": [['"2026-01-31T23:00:00-05:00"', '"2026-02-01"']],
  epoch: [
    ['"2026-01-31T12:00:00.999Z"', '1769860800'],
    ['"1969-12-31T23:59:59.5Z"', '-1'],
    ['1769860800123', '1769860800'],
    ['12345678901234567890', '!12345678901234567890 is not a time'],
  ],
  epoch_ms: [['"2026-01-31T12:00:00.5Z"', '1769860800500']],
  "date: '%Y-%m-%d %H:%M:%S %z'": [
    ['"2026-01-31T12:00:00+02:00"', '"2026-01-31 10:00:00 +0000"'],
    ['1769860800', '"2026-01-31 12:00:00 +0000"'],
    ['""', 'missing'],
    ['"now"', '!"now" is not a time'],
    ['12345678901234567890', '!12345678901234567890 is not a time'],
  ],
  date: [['"2026-01-31"', '"2026-01-31T00:00:00Z"']],
};

for (const [filter, rows] of Object.entries(TABLE)) {
  describe(filter, () => {
    for (const [value, expected] of rows) {
      it(`${value} → ${expected}`, () => {
        const outcome = filtered(value, filter);
        if (expected.startsWith('!')) assert.ok(outcome.startsWith(`rejected: ${expected.slice(1)}`), outcome);
        else assert.equal(outcome, expected);
      });
    }
    it('of a missing value and of null is missing', () => {
      assert.equal(filtered('-', filter), 'missing');
      assert.equal(filtered('null', filter), 'missing');
    });
  });
}

describe('merge', () => {
  it('lets the other map win', () => {
    const scope = scopeFrom('{"a":{"x":1,"y":1},"b":{"y":2,"z":2}}');
    assert.equal(shown(leaf('{{ a | merge: b }}', scope)), '{"x":1,"y":2,"z":2}');
    assert.equal(shown(leaf('{{ a | merge: status }}', scope)), '{"x":1,"y":1}');
  });
});

describe('any value', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null), fc.jsonValue());
  for (const filter of Object.keys(TABLE)) {
    it(`is converted by ${filter}, or rejects its row with a sentence of ours`, () => {
      fc.assert(
        fc.property(value, (a) => {
          const outcome = shown(leaf(`{{ a | ${filter} }}`, scopeOf({ a })));
          assert.doesNotMatch(outcome, /^fault|a template failed|\[object|undefined/);
        }),
      );
    });
  }
});

describe('filters that are off', () => {
  for (const filter of ['where_exp', 'reject_exp', 'group_by_exp', 'has_exp', 'find_exp', 'find_index_exp', 'sample']) {
    it(filter, () =>
      assert.match(shown(leaf(`{{ c | ${filter}: 'x', 'y' }}`, scopeFrom('{}'))), /^fault: The filter "\w+" is off: /),
    );
  }
  for (const filter of ['parse_csv', 'e164']) {
    it(`${filter}: not yet`, () =>
      assert.match(shown(leaf(`{{ c | ${filter} }}`, scopeFrom('{}'))), /^fault: The filter "\w+" is not yet built/));
  }
  for (const filter of ['constructor', '__proto__', 'toString', 'escape for its place']) {
    it(`${filter}: never was one`, () => assert.match(shown(leaf(`{{ c | ${filter} }}`, scopeFrom('{}'))), /^fault: /));
  }
});
