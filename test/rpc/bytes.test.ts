/** Bodies parsed in pieces are what they are as a whole: the same values, or the same mistake. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { JsonError, MAX_VALUES, parseJson } from '../../src/numbers.ts';
import { parseBytes } from '../../src/rpc/bytes.ts';

/** Small enough for every body here to be cut wherever it may be. */
const SMALL = { large: 1, piece: 8 };

function outcome(parse: () => unknown): unknown {
  try {
    return { value: parse() };
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error));
    return { mistake: error.message };
  }
}

function same(text: string, sizes = SMALL): void {
  const [pieces, whole] = [outcome(() => parseBytes(Buffer.from(text), sizes)), outcome(() => parseJson(text))];
  assert.deepEqual(pieces, whole);
  // Deep equality does not look at the order of keys.
  assert.equal(JSON.stringify(pieces), JSON.stringify(whole));
}

function bodyOf(rows: string): string {
  return `{"jsonrpc":"2.0","id":1,"params":{"mappings":[{"from":"a"},{"from":"b"}],"rows":${rows},"more":[{"id":1},{"id":2},{"id":3}]}}`;
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
  ['a mark of the byte order', `\ufeff${bodyOf(rowsOf(9, (index) => `{"id":${index}}`))}`],
];

describe('a body in pieces', () => {
  for (const [what, text] of BODIES) {
    it(`is what it is as a whole: ${what}`, () => {
      if (text.startsWith('\ufeff')) assert.deepEqual(parseBytes(Buffer.from(text), SMALL), parseJson(text.slice(1)));
      else same(text);
    });
  }

  it('is what it is as a whole, whatever it holds, and with any mistake', () => {
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
      fc.property(rows, fc.array(edit, { maxLength: 2 }), fc.integer({ min: 1, max: 64 }), (some, edits, piece) => {
        let text = bodyOf(JSON.stringify(some));
        for (const { at, drop, put } of edits) {
          const place = at % text.length;
          text = text.slice(0, place) + put + text.slice(place + drop);
        }
        same(text, { large: 1, piece });
      }),
      { numRuns: Number(process.env.FUZZ ?? 2000), ...(process.env.SEED !== undefined && { seed: Number(process.env.SEED) }) },
    );
  });

  it('is refused for too many values, be it large', () => {
    const rows = rowsOf(MAX_VALUES / 4, (index) => `{"id":${index % 10},"n":[]}`);
    assert.throws(() => parseBytes(Buffer.from(bodyOf(rows))), { message: `JSON of more than ${MAX_VALUES} values` });
  });

  it('loses no row, large as it is', () => {
    const bytes = Buffer.from(bodyOf(rowsOf(100_000, (index) => `{"id":${index},"city":"Łódź","plan":"${'free'.repeat(25)}"}`)));
    const { rows } = (parseBytes(bytes) as { params: { rows: readonly Record<string, unknown>[] } }).params; // as it is written above
    assert.deepEqual(rows[99_999], { id: 99_999, city: 'Łódź', plan: 'free'.repeat(25) });
    assert.equal(rows.length, 100_000);
  });
});
