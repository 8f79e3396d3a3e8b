/** A body whose rows are left as they stand is what it is when all of it is parsed: the same values, or the same mistake. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_VALUES } from '../../src/json/limits.ts';
import { JsonError, parseJson } from '../../src/json/parse.ts';
import { JsonRows } from '../../src/json/rows.ts';
import { emptyShape } from '../../src/json/shape.ts';
import { ExactNumber, stringifyJson } from '../../src/numbers.ts';
import { parseBytes } from '../../src/rpc/bytes.ts';

function outcome(parse: () => unknown): unknown {
  try {
    return { value: parse() };
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error));
    return { mistake: error.message };
  }
}

/** Rows as maps, where they are none yet. */
function whole(value: unknown): unknown {
  if (value instanceof JsonRows) return Array.from({ length: value.length }, (_, index) => value.row(index));
  if (Array.isArray(value)) return value.map(whole);
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, whole(member)]));
}

function same(text: string): void {
  const [around, all] = [outcome(() => whole(parseBytes(Buffer.from(text)))), outcome(() => parseJson(text))];
  assert.deepEqual(around, all);
  // Deep equality does not look at the order of keys.
  assert.equal(stringifyJson(around), stringifyJson(all));
}

/** The rows of a body that is written as most are. */
function rowsIn(text: string): JsonRows {
  const { params } = parseBytes(Buffer.from(text)) as { params: { rows: unknown } }; // as `bodyOf` writes it
  assert.ok(params.rows instanceof JsonRows, 'the rows are parsed');
  return params.rows;
}

function bodyOf(rows: string): string {
  return `{"jsonrpc":"2.0","id":1,"params":{"configuration":{"mappings":[{"from":"a"},{"from":"b"}]},"rows":${rows},"more":[{"id":1},{"id":2},{"id":3}]}}`;
}

/** A call of a sync, with its configuration. */
function callOf(configuration: string, rows = '[{"id":1}]'): string {
  return `{"id":7,"params":{"configuration":${configuration},"idColumn":"id","rows":${rows}}}`;
}

function configurationIn(text: string): unknown {
  const { params } = parseBytes(Buffer.from(text)) as { params: { configuration: unknown } }; // as `callOf` writes it
  return params.configuration;
}

/** Of one column, so many. */
function rowsOf(count: number, row: (index: number) => string): string {
  return `[${Array.from({ length: count }, (_, index) => row(index)).join(',')}]`;
}

const NESTED = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

const BODIES: readonly (readonly [string, string])[] = [
  ['rows', bodyOf(rowsOf(20, (index) => `{"id":${index},"name":"Zoë ${index}"}`))],
  ['one row', bodyOf('[{"id":1}]')],
  ['rows that end in the middle', bodyOf(rowsOf(20, (index) => `{"id":${index}}`)).slice(0, 200)],
  ['a row that is none', bodyOf(rowsOf(20, (index) => (index === 7 ? '{"id":}' : `{"id":${index}}`)))],
  ['nothing between two commas', bodyOf('[{"id":1},{"id":2},,{"id":3},{"id":4}]')],
  ['a comma at the end', bodyOf('[{"id":1},{"id":2},{"id":3},]')],
  ['what looks like rows inside a text', bodyOf(rowsOf(9, (index) => `{"id":"},{\\"id\\":${index}},{"}`))],
  ['rows inside rows that begin alike', bodyOf(rowsOf(9, (index) => `{"id":[{"id":1},{"id":2},{"id":3},{"id":${index}}]}`))],
  ['a key between rows', `{"a":{"b":{"c":[],"d":1,{"id":1},{"id":2},{"id":3}:1}}}`],
  ['rows twice', '{"a":{"rows":[{"id":1},{"id":2},{"id":3}],"rows":[{"id":4},{"id":5},{"id":6}]}}'],
  ['the same where the last are none', '{"a":{"rows":[{"id":1},{"id":2},{"id":3}],"rows":7}}'],
  ['lists that are not where rows are', '[{"id":1},{"id":2},{"id":3}]'],
  ['a batch', `[${bodyOf('[{"id":1},{"id":2},{"id":3}]')},${bodyOf('[{"id":1},{"id":2},{"id":3}]')}]`],
  ['numbers that a double cannot hold', bodyOf(rowsOf(9, (index) => `{"id":1234567890123456789${index}}`))],
  ['numbers out of bounds', bodyOf('[{"id":1},{"id":1e400},{"id":1e-400},{"id":0.0}]')],
  ['prototypes', bodyOf(rowsOf(9, (index) => `{"__proto__":{"id":${index}},"id":${index}}`))],
  ['as deep as allowed', bodyOf(rowsOf(9, () => `{"id":${NESTED(60)}}`))],
  ['too deep by one', bodyOf(rowsOf(9, () => `{"id":${NESTED(61)}}`))],
  ['rows with spaces', bodyOf(' [ { "id" : 1 ,\n"a":[ 1 , { } ]\t} , { } ]')],
  ['rows of other columns', bodyOf('[{"a":1,"b":2},{"b":3},{"b":4,"a":5},{},{"a":6,"a":7},{"\\u0061":8}]')],
  ['rows of no columns that two share', bodyOf(rowsOf(300, (index) => `{"c${index}":1,"d${index}":[${index}]}`))],
  ['rows in a form', '{"params":{"configuration":{"rows":[{"a":1}]},"rows":[{"id":1}]}}'],
  ['a configuration', callOf('{"mode":"upsert","mappings":[{"from":"Zoë","to":"name"}]}')],
  ['a configuration behind the rows', '{"params":{"rows":[{"id":1}],"configuration":{"a":[1,{"b":null}]}}}'],
  ['a configuration with spaces', callOf(' \n{ "a" : [ ] ,\t"b" : { } } ')],
  ['two configurations', '{"params":{"configuration":{"a":1},"configuration":{"a":2},"rows":[{"id":1}]}}'],
  ['two configurations, the last of them none', '{"params":{"configuration":{"a":1},"rows":[{"id":1}],"configuration":7}}'],
  ['a configuration that is a list', callOf('[{"a":1}]')],
  ['a configuration that ends in the middle', callOf('{"a":{"b":[1,2]').slice(0, 50)],
  ['a configuration with a mistake', callOf('{"a":1,}')],
  ['a configuration in a configuration', callOf('{"configuration":{"rows":[{"id":2}],"a":1}}')],
  ['a configuration elsewhere', '{"configuration":{"a":1},"params":{"rows":[{"id":1}]}}'],
  ['a configuration under a key that ends so', '{"params":{"a\\"configuration":{"a":1},"rows":[{"id":1}]}}'],
  ['a configuration of which its key is written with an escape', '{"params":{"c\\u006fnfiguration":{"a":1},"rows":[{"id":1}]}}'],
  ['what looks like a configuration inside a text', callOf('{"a":"\\"configuration\\":{}"}', '[{"id":"\\"configuration\\":{"}]')],
  ['a text that says so', '{"params":{"a":"configuration","b":"rows","rows":[{"id":1}]}}'],
  ['a batch with texts that say so', '[{"params":{"a":"configuration","b":"rows","rows":[{"id":1}]}}]'],
  ['configurations of a batch', `[${callOf('{"a":1}')},${callOf('{"a":2}')},${callOf('{"a":1}')}]`],
  ['a configuration as deep as allowed', callOf(`{"a":${NESTED(61)}}`)],
  ['a configuration too deep by one', callOf(`{"a":${NESTED(62)}}`)],
  ['a configuration with prototypes', callOf('{"__proto__":{"a":1},"a":12345678901234567890}')],
  ['a long configuration', callOf(`{"a":"${'x'.repeat(20_000)}"}`)],
  ['rows of a call without params', '{"rows":[{"id":1}]}'],
  [
    'values of all kinds',
    bodyOf('[{"a":-0,"b":-1.50,"c":1E5,"d":0.0000001,"e":"\\ud800","f":"\\/","g":true,"h":false,"i":null,"j":""}]'),
  ],
  ...[
    '01',
    '-',
    '1.',
    '.5',
    '+1',
    '1e',
    'tru',
    'nulll',
    '"\\x"',
    '"\\u12g4"',
    '"\t"',
    '"',
    '[1,]',
    '{"a"}',
    '{"a":1,}',
    '{,}',
    'NaN',
    "'a'",
  ].map((value): [string, string] => [`a mistake: ${value}`, bodyOf(`[{"id":${value}}]`)]),
  ['a mark of the byte order', `\ufeff${bodyOf(rowsOf(9, (index) => `{"id":${index}}`))}`],
];

describe('a body', () => {
  for (const [what, text] of BODIES) {
    it(`is what it is when all of it is parsed: ${what}`, () => {
      if (text.startsWith('\ufeff')) assert.deepEqual(whole(parseBytes(Buffer.from(text))), parseJson(text.slice(1)));
      else same(text);
    });
  }

  it('is what it is when all of it is parsed, whatever it holds, and with any mistake', () => {
    const key = fc.constantFrom('id', 'a', '__proto__', '},{"id":');
    const scalar = fc.oneof(
      fc.constantFrom('},{"id":1', '[{', '"', '\\', '{}', 'Łódź', ''),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.constantFrom(null, true),
    );
    const inner = fc.oneof(
      scalar,
      fc.array(fc.record({ id: scalar }), { maxLength: 4 }),
      fc.dictionary(key, scalar, { maxKeys: 3 }),
    );
    const row = fc.tuple(scalar, fc.dictionary(key, inner, { maxKeys: 4 })).map(([id, more]) => ({ id, ...more }));
    const rows = fc.array(fc.oneof({ arbitrary: row, weight: 9 }, scalar), { maxLength: 12 });
    const edit = fc.record({
      at: fc.nat(2000),
      drop: fc.integer({ min: 0, max: 3 }),
      put: fc.constantFrom('', ',', '}', '{', '[', ']', '"', ':', '\\', '},{"id":', '12345678901234567890', ' '),
    });
    fc.assert(
      fc.property(rows, fc.array(edit, { maxLength: 2 }), fc.nat(3), (some, edits, indent) => {
        let text = bodyOf(JSON.stringify(some, undefined, indent));
        for (const { at, drop, put } of edits) {
          const place = at % text.length;
          text = text.slice(0, place) + put + text.slice(place + drop);
        }
        same(text);
      }),
      { numRuns: Number(process.env.FUZZ ?? 2000), ...(process.env.SEED !== undefined && { seed: Number(process.env.SEED) }) },
    );
  });

  it('has the very same configuration as one before it that says the same, which nobody can change', () => {
    const text = '{"mode":"m","mappings":[{"from":"a","to":"b"}],"exact":12345678901234567890}';
    const configuration = configurationIn(callOf(text));
    assert.equal(configurationIn(callOf(text, '[{"id":2}]')), configuration);
    assert.notEqual(configurationIn(callOf(text.replace('"m"', '"n"'))), configuration);
    const { mappings } = configuration as { mappings: object[] }; // as it is written above
    for (const value of [configuration, mappings, mappings[0]]) assert.ok(Object.isFrozen(value));
  });

  it('is right whatever came before it: of many configurations the first are parsed anew', () => {
    const one = (index: number) => `{"index":${index},"filling":"${'x'.repeat(8000)}"}`;
    for (const index of [...Array(600).keys(), 0, 599]) same(callOf(one(index)));
  });

  it('leaves its rows as they stand, be they of many forms', () => {
    assert.equal(rowsIn(bodyOf('[{"id":1,"a":"x"},{"id":2},{}]')).value(0, 'a'), 'x');
    assert.equal(rowsIn(bodyOf(rowsOf(30_000, (index) => `{"c${index}":${index}}`))).value(29_999, 'c29999'), 29_999);
  });

  it('is refused for too many values, be it large', () => {
    const rows = rowsOf(MAX_VALUES / 4, (index) => `{"id":${index % 10},"n":[]}`);
    assert.throws(() => parseBytes(Buffer.from(bodyOf(rows))), { message: `JSON of more than ${MAX_VALUES} values` });
  });

  it('is refused for as many values as when all of it is parsed, whatever its rows are', () => {
    const few = (count: number) => rowsOf(Math.floor(count), () => '{"id":1}');
    for (const [what, body] of [
      ['rows without columns', bodyOf(rowsOf(MAX_VALUES / 3, () => '{}'))],
      ['long numbers', bodyOf(rowsOf(MAX_VALUES / 6, () => '{"id":12345678901234567890}'))],
      ['two calls, each of which might', `[${bodyOf(few(MAX_VALUES / 6))},${bodyOf(few(MAX_VALUES / 6))}]`],
    ] as const)
      assert.throws(() => parseBytes(Buffer.from(body)), { message: `JSON of more than ${MAX_VALUES} values` }, what);
    // Odd texts and lists in rows weigh no more than there: these stay as they stand.
    assert.equal(rowsIn(bodyOf(rowsOf(MAX_VALUES / 10, () => '{"a":"\\u0041","b":[[]]}'))).length, MAX_VALUES / 10);
  });

  it('takes little memory, however many lists of rows it has', () => {
    const body = Buffer.from(`{"params":{${Array(200_000).fill('"rows":[]').join()}}}`);
    const before = process.memoryUsage().arrayBuffers;
    parseBytes(body);
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 20_000_000, `${grown} bytes for a body of ${body.length}`);
  });

  it('is parsed once for a row of too many columns, however many of them are read', () => {
    const columns = Array.from({ length: 60_000 }, (_, index) => `"c${index}":[${index}]`);
    const rows = rowsIn(bodyOf(`[{${columns.join()}},{"id":1,"c2":2}]`));
    assert.equal(rows.shape(0), undefined, 'they are too many to be kept');
    assert.deepEqual(rows.value(0, 'c2'), [2]);
    assert.equal(rows.value(0, 'c2'), rows.value(0, 'c2'));
    assert.equal(rows.value(1, 'c2'), 2);
    assert.deepEqual(rows.value(0, 'c59999'), [59_999]);
  });

  it('leaves little behind, be its columns many or their names long', () => {
    // Each row has one column more than the one before: few columns, and a map of places for each row.
    const columns = Array.from({ length: 600 }, (_, index) => `"p${index}":1`);
    const rows = rowsIn(bodyOf(rowsOf(600, (index) => `{${columns.slice(0, index + 1).join()}}`)));
    const kept = emptyShape();
    for (let index = 0; index < rows.length; index++) assert.equal(rows.value(index, 'p0'), 1);
    assert.notEqual(emptyShape(), kept, 'the places of columns count');

    const name = 'x'.repeat(9_000_000);
    const long = rowsIn(bodyOf(`[{"${name}":7}]`));
    assert.equal(long.shape(0), undefined, 'its name is not kept');
    assert.equal(long.value(0, name), 7);
    assert.equal(rowsIn(bodyOf('[{"id":1}]')).shape(0)?.size, 1, 'the next are kept again');
  });

  it('loses no row, large as it is', () => {
    const bytes = Buffer.from(bodyOf(rowsOf(100_000, (index) => `{"id":${index},"city":"Łódź","plan":"${'free'.repeat(25)}"}`)));
    const rows = rowsIn(bytes.toString());
    assert.deepEqual(rows.row(99_999), { id: 99_999, city: 'Łódź', plan: 'free'.repeat(25) });
    assert.equal(rows.length, 100_000);
  });
});
