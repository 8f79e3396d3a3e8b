/** JSON parsed and printed: what `JSON.parse` knows stays the same, and no digit is lost. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_DEPTH, MAX_VALUES } from '../../src/json/limits.ts';
import { JsonError, parseJson } from '../../src/json/parse.ts';
import { ExactNumber, stringifyJson } from '../../src/numbers.ts';

const LONG = '12345678901234567890';

describe('parseJson and stringifyJson', () => {
  it('agree with JSON on whatever doubles hold', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false, maxDepth: 5 }), (text) => {
        const parsed = parseJson(text);
        if (!/\d{16}|[eE]/.test(text)) assert.deepEqual(parsed, JSON.parse(text));
        assert.equal(stringifyJson(JSON.parse(text)), JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('give a text back as it was printed, whatever its integers', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.bigInt().map(String),
        fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
      object: fc
        .dictionary(
          fc.oneof(
            fc.constant('__proto__'),
            fc.string({ unit: 'binary' }).filter((key) => !/^\d+$/.test(key)),
          ),
          tie('value'),
          { noNullPrototype: true, maxKeys: 4 },
        )
        .map(
          (object) =>
            `{${Object.entries(object)
              .map(([key, item]) => `${JSON.stringify(key)}:${String(item)}`)
              .join(',')}}`,
        ),
    })).value;
    fc.assert(
      fc.property(value, (text) => assert.equal(stringifyJson(parseJson(String(text))), text)),
      { numRuns: 1000 },
    );
  });

  it('refuse exactly what JSON.parse refuses', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '"a"',
      '\\',
      ' ',
      '1',
      '-',
      '.',
      'e',
      '+',
      '0',
      'true',
      'null',
      LONG,
      `-${LONG}`,
      '1e999',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const text = pieces.join('');
        assert.equal(
          outcome(() => parseJson(text)),
          outcome(() => JSON.parse(text)),
          text,
        );
      }),
      { numRuns: 20_000 },
    );
  });

  for (const digits of [
    LONG,
    `-${LONG}`,
    '9007199254740993',
    '0.1234567890123456789',
    '1e400',
    '-1E-400',
    '1.5e+400',
    '100000000000000000000001',
  ]) {
    it(`keep ${digits}`, () => {
      assert.equal(stringifyJson(parseJson(`{"a":[${digits},"${digits}"]}`)), `{"a":[${digits},"${digits}"]}`);
    });
  }

  for (const [text, value] of [
    ['9007199254740992', 9_007_199_254_740_992],
    ['1e3', 1000],
    ['1.0000000000000000', 1],
    ['100000000000000000000', 1e20],
    ['0.30000000000000004', 0.1 + 0.2],
    ['0e999', 0],
  ] as const) {
    it(`take ${text} as a double`, () => assert.equal(parseJson(text), value));
  }

  it('keep __proto__ as a key like any other', () => {
    for (const number of ['1', LONG]) {
      const text = `{"__proto__":{"admin":${number}},"constructor":null}`;
      const value = parseJson(text);
      assert.equal(Object.getPrototypeOf(value), Object.prototype);
      assert.deepEqual(Object.keys(value as object), ['__proto__', 'constructor']); // an object, as the line above says
      assert.equal(stringifyJson(value), text);
    }
  });

  it('take the last of equal keys', () => {
    assert.deepEqual(parseJson('{"a":1,"a":2}'), { a: 2 });
    assert.equal(stringifyJson(parseJson(`{"a":${LONG},"b":0,"a":${LONG}1}`)), `{"a":${LONG}1,"b":0}`);
  });

  it('refuse what is nested too deeply, at any size', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    assert.ok(parseJson(nested(MAX_DEPTH)));
    assert.throws(() => parseJson(nested(MAX_DEPTH + 1)), /deeper than 64 levels/);
    assert.throws(() => parseJson('{"a":'.repeat(100_000)), JsonError);
    assert.ok(parseJson(JSON.stringify('['.repeat(1000))), 'brackets in a string do not nest');
  });

  it('refuse more values than memory and time are kept for, each by what it costs', () => {
    const list = (count: number, value: string) => `[${Array(count).fill(value).join(',')}]`;
    const table: [value: string, cost: number][] = [
      ['0', 1],
      ['""', 1],
      ['[]', 3],
      ['{}', 3],
      ['{"a":0}', 3],
      [LONG, 4],
    ];
    for (const [value, cost] of table) {
      const most = Math.floor((MAX_VALUES - 1) / cost);
      assert.equal((parseJson(list(most, value)) as unknown[]).length, most, value); // a list, as it was written
      assert.throws(() => parseJson(list(most + 2, value)), { message: 'JSON of more than 4000000 values' }, value);
    }
    assert.ok(parseJson(JSON.stringify(','.repeat(MAX_VALUES + 1))), 'commas in a string separate nothing');
  });

  it('say where the mistake is, and never quote the text', () => {
    const canary = 'hunter2hunter2';
    for (const text of [`{"a":"${canary}"`, `{"a":"${canary}" x}`, `[${LONG},${LONG},${canary}]`, canary]) {
      assert.throws(
        () => parseJson(text),
        (error) => error instanceof JsonError && !error.message.includes('hunter') && error.message.startsWith('not JSON'),
      );
    }
    // The place is counted in the text as it came, long numbers and all.
    const place = (text: string) => assert.throws(() => parseJson(text), { message: messageOf(text) });
    place(`[${LONG},"a`);
    place(`[${LONG} 1]`);
  });

  it('stay linear on zeros without end', () => {
    const start = performance.now();
    parseJson(`0.1${'0'.repeat(300_000)}1`);
    assert.ok(performance.now() - start < 1000);
  });
});

describe('marks', () => {
  it('are never shown: not as a key, not by plain JSON.stringify', () => {
    assert.throws(() => parseJson(`{${LONG}:1}`), JsonError);
    assert.throws(() => parseJson(`{${LONG} \n:1}`), JsonError);
    assert.equal(JSON.stringify({ a: new ExactNumber(LONG) }), `{"a":"${LONG}"}`);
    assert.throws(() => stringifyJson([new ExactNumber(LONG), 1n]), TypeError);
    assert.equal(JSON.stringify(new ExactNumber(LONG)), `"${LONG}"`, 'nor after a print that failed');
  });

  it('are not made by text that looks like one', () => {
    for (const text of ['\u0001:1', `\u0001${'0'.repeat(32)}:${LONG}`, '\\u0001', `"${LONG}"`]) {
      const json = JSON.stringify([text, 0]).replace('0]', `${LONG}]`);
      assert.equal(stringifyJson(parseJson(json)), json);
    }
  });

  it('survive a print within a print', () => {
    const inner = { toJSON: () => stringifyJson([1]) };
    assert.equal(stringifyJson([new ExactNumber(LONG), inner]), `[${LONG},"[1]"]`);
  });
});

function outcome(parse: () => unknown): string {
  try {
    parse();
    return 'taken';
  } catch {
    return 'refused';
  }
}

/** What parseJson should say, by the native parser's own count. */
function messageOf(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1];
    return `not JSON${position === undefined ? ' (it ends too early)' : ` (at character ${Number(position) + 1})`}`;
  }
  return 'no mistake';
}
