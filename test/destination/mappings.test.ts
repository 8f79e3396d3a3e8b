/** A configuration's mappings in every form that callers send, and the records they make. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { allMappings, fieldsMaker, readConfiguration, unreadableMapping } from '../../src/destination/mappings.ts';
import { parseJson } from '../../src/json/parse.ts';
import { JsonRows } from '../../src/json/rows.ts';
import { stringifyJson } from '../../src/numbers.ts';

const ROW = '{"id":1,"mail":"a@b.c","n":null,"long":12345678901234567890,"o":{"a":1},"__proto__":"p"}';
const ROWS = JsonRows.read(Buffer.from(`[${ROW}]`), 0)?.rows ?? assert.fail('ROW is a row');
const EMPTY = JsonRows.of([{}]);

/** The record of one row, as JSON, or why it cannot be made. */
function record(configuration: string): string {
  const { mappings } = readConfiguration(parseJson(configuration));
  const made = fieldsMaker(mappings, ROWS)(0);
  const whole = made.record();
  // One by one, as most templates read them.
  for (const name of [...Object.keys(whole), 'none']) assert.deepEqual(made.field(name), whole[name]);
  return unreadableMapping(mappings) ?? stringifyJson(whole);
}

const UNKNOWN = (json: string) =>
  `the mapping ${json} has a form that Rowpost does not know, or a value that the call does not carry`;

describe('a record', () => {
  const table: [name: string, configuration: string, expected: string][] = [
    [
      'of lists',
      '{"identifierMapping":[{"from":"id","to":"key"}],"mappings":[{"from":"mail","to":"email"}],"customMappings":[{"from":"n","to":"note"}]}',
      '{"key":1,"email":"a@b.c","note":null}',
    ],
    [
      'of single objects',
      '{"identifierMapping":{"from":"id","to":"key"},"mappings":{"from":"mail","to":"email"}}',
      '{"key":1,"email":"a@b.c"}',
    ],
    [
      'of an identifier in both lists',
      '{"identifierMapping":{"from":"id","to":"key"},"mappings":[{"from":"id","to":"key"},{"from":"mail","to":"email"}]}',
      '{"key":1,"email":"a@b.c"}',
    ],
    ['of the typed form', '{"mappings":[{"type":"standard","from":"mail","to":"email"}]}', '{"email":"a@b.c"}'],
    [
      'of a static value',
      '{"mappings":[{"type":"static","value":{"a":[1,null]},"to":"tags"},{"type":"static","value":null,"to":"x"},{"type":"static","value":12345678901234567890,"to":"y"}]}',
      '{"tags":{"a":[1,null]},"x":null,"y":12345678901234567890}',
    ],
    ['of one column twice', '{"mappings":[{"from":"mail","to":"a"},{"from":"mail","to":"b"}]}', '{"a":"a@b.c","b":"a@b.c"}'],
    ['of long numbers', '{"mappings":[{"from":"long","to":"long"}]}', '{"long":12345678901234567890}'],
    [
      'without a column that the row lacks',
      '{"mappings":[{"from":"gone","to":"gone"},{"from":"mail","to":"email"}]}',
      '{"email":"a@b.c"}',
    ],
    ['of columns that objects inherit', '{"mappings":[{"from":"toString","to":"a"},{"from":"constructor","to":"b"}]}', '{}'],
    ['of a column and a field named __proto__', '{"mappings":[{"from":"__proto__","to":"__proto__"}]}', '{"__proto__":"p"}'],
    [
      'of further members, which are passed over',
      '{"mappings":[{"from":"mail","to":"email","object":"x","isPrimary":true}]}',
      '{"email":"a@b.c"}',
    ],
    ['of no mappings', '{}', '{}'],
    ['of null', '{"mappings":null,"identifierMapping":null}', '{}'],
    ['of an empty list', '{"mappings":[]}', '{}'],
    [
      'of a template',
      '{"mappings":[{"type":"template","template":"{{ x }}","to":"a"}]}',
      UNKNOWN('{"type":"template","template":"{{ x }}","to":"a"}'),
    ],
    [
      'of a variable',
      '{"mappings":[{"type":"variable","variable":"sync_id","to":"a"}]}',
      UNKNOWN('{"type":"variable","variable":"sync_id","to":"a"}'),
    ],
    ['of a type of the future', '{"mappings":[{"type":"ai","from":"a","to":"b"}]}', UNKNOWN('{"type":"ai","from":"a","to":"b"}')],
    ['of a static value that is not there', '{"mappings":[{"type":"static","to":"a"}]}', UNKNOWN('{"type":"static","to":"a"}')],
    ['of no target', '{"mappings":[{"from":"a"}]}', UNKNOWN('{"from":"a"}')],
    ['of an empty target', '{"mappings":[{"from":"a","to":""}]}', UNKNOWN('{"from":"a","to":""}')],
    ['of a column that is a number', '{"mappings":[{"from":1,"to":"a"}]}', UNKNOWN('{"from":1,"to":"a"}')],
    ['of text', '{"mappings":["mail"]}', UNKNOWN('"mail"')],
    ['of null in a list', '{"mappings":[null]}', UNKNOWN('null')],
    ['of a list in a list', '{"mappings":[[{"from":"mail","to":"email"}]]}', UNKNOWN('[{"from":"mail","to":"email"}]')],
    ['of an unknown form among known ones', '{"mappings":[{"from":"mail","to":"email"},{"x":1}]}', UNKNOWN('{"x":1}')],
  ];
  for (const [name, configuration, expected] of table) it(name, () => assert.equal(record(configuration), expected));

  it('says of a long mapping only its beginning', () => {
    assert.ok(record(JSON.stringify({ mappings: [{ x: 'y'.repeat(1000) }] })).length < 400);
  });
});

describe('a configuration', () => {
  it('is seen with its mappings as lists of typed entries, all else as it came', () => {
    const { config } = readConfiguration(
      parseJson('{"object":"contact","mappings":{"from":"a","to":"b"},"limit":12345678901234567890,"__proto__":1}'),
    );
    assert.equal(
      stringifyJson(config),
      '{"object":"contact","mappings":[{"type":"standard","from":"a","to":"b"}],"limit":12345678901234567890,"__proto__":1,"identifierMapping":[],"customMappings":[]}',
    );
    assert.equal(Object.getPrototypeOf(config), null);
  });

  it('may be anything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (configuration, mappings) => {
        for (const any of [configuration, { mappings }, { mappings: [mappings], customMappings: mappings }]) {
          const read = readConfiguration(any);
          assert.equal(allMappings(read.mappings).length >= 0, true);
          if (unreadableMapping(read.mappings) === undefined) fieldsMaker(read.mappings, EMPTY)(0).record();
        }
      }),
    );
  });
});
