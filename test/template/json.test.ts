/**
 * The JSON of a tree is the JSON of its value, whatever the tree and the values are.
 * `JSON_ROWS=300000 node test/run.js test/template/json.test.ts` is the long form: so many runs of each property; SEED repeats a run.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { fieldsMaker, readConfiguration } from '../../src/destination/mappings.ts';
import { parseJson } from '../../src/json/parse.ts';
import { JsonRows } from '../../src/json/rows.ts';
import { WrittenJson } from '../../src/json/writer.ts';
import { ExactNumber, stringifyJson } from '../../src/numbers.ts';
import { type Scope, scopeOf } from '../../src/template/scope.ts';
import { compileTree, type Omit, type Tree } from '../../src/template/tree.ts';
import { jsonOf, NAMES } from './compiling.ts';

const COUNT = process.env.JSON_ROWS;
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** @param usual how many in the short form */
function runs(usual: number): { numRuns: number; seed: number } {
  return { numRuns: Number(COUNT ?? usual), seed: SEED };
}

function compiled(source: unknown, omit?: Omit): Tree {
  return compileTree(source, NAMES, (path, { sentence }) => assert.fail(`${path.join('.')}: ${sentence}`), omit);
}

function outcome(run: () => unknown): { given: unknown } | { thrown: string } {
  try {
    return { given: run() };
  } catch (error) {
    return { thrown: String(error) };
  }
}

function jsonOfValue(tree: Tree, scope: Scope): string | undefined {
  const value = tree.value(scope);
  return value === undefined ? undefined : stringifyJson(value);
}

const KEYS = [
  'a',
  'b',
  'c',
  '0',
  '10',
  '-1',
  '__proto__',
  'constructor',
  'size',
  'toJSON',
  'a"b',
  'a\\b',
  'ü',
  '\ud800',
  '\u2028',
  '',
];
const LEAVES = [
  ...['{{ a }}', '{{ record.a }}', '{{ record.b }}', '{{ row.a }}', '{{ row["__proto__"] }}', '{{ record.size }}', '{{ a.b.c }}'],
  ...['{{ record }}', '{{ records }}', '{{ items }}', '{{ status }}', '{{ nil }}', '{{ blank }}', '{{ empty }}', '{{ (1..3) }}'],
  ...[
    '{{ record.a | size }}',
    '{{ record.b | default: "x" }}',
    '{{ record.b | omit }}',
    '{{ a | times: 1 }}',
    '{{ 1 | divided_by: 0 }}',
  ],
  ...['x{{ record.a }}y', '{% if a %}{{ b }}{% endif %}', '{{ a == b }}', 'plain', '', '"', 'null', '{}', '[]', '\ud800'],
];
const SPREADS = ['{{ record }}', '{{ a }}', '{{ status }}', '{{ row }}'];

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '"', '\\', '\n', '\u007f', '\u2028', '\ud800', '\udc00x', '😀', 'plain'),
);
const scalar = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, 1e21, 5e-324, new ExactNumber('12345678901234567890'), new ExactNumber('1e400')),
);
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { weight: 4, arbitrary: scalar },
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 4 }),
  ),
})).value;
const source = fc.letrec((tie) => ({
  leaf: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...LEAVES) }, fc.constantFrom(1, -0.5, true, null, 1e21, Number.NaN)),
  map: fc
    .tuple(
      fc.dictionary(fc.constantFrom(...KEYS), tie('source'), { maxKeys: 5 }),
      fc.option(fc.constantFrom(...SPREADS), { nil: undefined, freq: 5 }),
    )
    .map(([map, spread]) => (spread === undefined ? map : { ...map, '...': spread })),
  source: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('map'), fc.array(tie('source'), { maxLength: 4 })),
})).source;
const record = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 });
const values = fc.record({
  a: value,
  b: value,
  record,
  row: fc.oneof(record, value),
  records: fc.array(record, { maxLength: 2 }),
  items: fc.array(value),
});

/** The same JSON in other words: letters as escapes, numbers with exponents and zeros. */
function styled(json: string, style: number): string {
  if (style === 2) return json.replaceAll(/[a-z](?=[^"\\]*"[,:}\]])/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
  return style === 3 ? json.replaceAll(/(?<=[:[,])-?[1-9]\d*(?=[,}\]])/g, (number) => `${number}.0e0`) : json;
}

describe('the JSON of a tree', () => {
  it('is the JSON of its value, and fails as its value does', (t) => {
    t.diagnostic(`SEED=${SEED}, ${COUNT === undefined ? 'the short form' : `${COUNT} runs of each property`}`);
    fc.assert(
      fc.property(source, values, fc.constantFrom<Omit>('nothing', 'nulls', 'empties'), (given, seen, omit) => {
        const tree = compiled(given, omit);
        const common = scopeOf({ ...seen, row: undefined, record: undefined });
        for (const scope of [() => scopeOf(seen), () => common.with(seen)])
          assert.deepEqual(
            outcome(() => jsonOf(tree, scope())),
            outcome(() => jsonOfValue(tree, scope())),
          );
      }),
      runs(2000),
    );
  });

  it('is the same where the row is read from the body of a call, however that is written', () => {
    const columns = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 });
    const mappings = fc.array(fc.record({ from: fc.constantFrom(...KEYS), to: fc.constantFrom('a', 'b', 'size', 'c') }));
    fc.assert(
      fc.property(
        source,
        fc.array(fc.tuple(columns, fc.nat(3)), { minLength: 1, maxLength: 3 }),
        mappings,
        fc.constantFrom<Omit>('nothing', 'nulls', 'empties'),
        (given, written, entries, omit) => {
          const tree = compiled(given, omit);
          const texts = written.map(([row, style]) => styled(stringifyJson(row, style === 1 ? 1 : undefined), style));
          const read = JsonRows.read(Buffer.from(`[${texts.join()}]`), 0);
          assert.ok(read !== undefined);
          const fieldsOf = fieldsMaker(readConfiguration({ mappings: entries }).mappings, read.rows);
          const common = scopeOf({ a: 1, items: [], records: [] });
          for (const [index, text] of texts.entries()) {
            const fields = fieldsOf(index);
            const parsed = parseJson(text);
            assert.deepEqual(fields.row(), parsed);
            assert.deepEqual(
              outcome(() => jsonOf(tree, common.with({}, fieldsOf(index)))),
              outcome(() => jsonOfValue(tree, common.with({ row: parsed, record: fields.record() }))),
            );
          }
        },
      ),
      runs(3000),
    );
  });

  it('is the same for numbers of any form', () => {
    const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,17})(\.(0{0,9}[0-9]{1,17}))?([eE][+-]?[0-9]{1,3})?$/);
    fc.assert(
      fc.property(fc.constantFrom('', '-'), digits, (sign, number) => {
        const text = `{"a":${sign}${number}}`;
        const rows = JsonRows.read(Buffer.from(`[${text}]`), 0)?.rows ?? assert.fail(`${text} is a row`);
        const { mappings } = readConfiguration({});
        const scope = scopeOf({}).with({}, fieldsMaker(mappings, rows)(0));
        assert.equal(jsonOf(compiled({ a: '{{ row.a }}' }), scope), stringifyJson(parseJson(text)));
      }),
      runs(5000),
    );
  });

  const table: [name: string, tree: unknown, json: string | undefined, omit?: Omit][] = [
    [
      'a missing value drops its key and its comma',
      { a: '{{ status }}', b: '{{ a }}', c: '{{ status }}', d: 1 },
      '{"b":"A","d":1}',
    ],
    ['all keys are dropped', { a: '{{ status }}', b: { c: '{{ status }}' } }, '{"b":{}}'],
    ['keys that look like indexes come first', { b: 1, '2': '{{ a }}', '1': { x: '{{ status }}' } }, '{"1":{},"2":"A","b":1}'],
    ['a missing element is null', ['{{ status }}', '{{ a }}', []], '[null,"A",[]]'],
    ['missing alone is missing', '{{ status }}', undefined],
    [
      'maps that come out empty are left out',
      { a: { b: '{{ status }}' }, c: [], d: [{ e: '{{ status }}' }] },
      '{"d":[{}]}',
      'empties',
    ],
    ['an exact number keeps its digits', { a: '{{ b }}' }, '{"a":12345678901234567890}'],
  ];
  const scope = scopeOf({ a: 'A', b: parseJson('12345678901234567890') });
  for (const [name, given, expected, omit] of table) it(name, () => assert.equal(jsonOf(compiled(given, omit), scope), expected));
});

describe('items that are only printed', () => {
  it('make the JSON that their values make', () => {
    const passes = source.filter((given) => compiled(given).passesItems);
    fc.assert(
      fc.property(passes, values, source, fc.constantFrom<Omit>('nothing', 'nulls', 'empties'), (given, seen, of, omit) => {
        const [tree, item] = [compiled(given, omit), compiled(of, omit)];
        const items = seen.records.map((own) => scopeOf({ ...seen, record: own }));
        // Without a call that fails: what an item fails with is the same in both ways.
        fc.pre(items.every((own) => 'given' in outcome(() => jsonOf(item, own))));
        const texts = items.map((own) => jsonOf(item, own) ?? 'null');
        const printed = new WrittenJson(Buffer.from(`[${texts.join()}]`));
        const looked = items.map((own) => item.value(own) ?? null);
        assert.deepEqual(
          outcome(() => jsonOf(tree, scopeOf({ ...seen, items: printed }))),
          outcome(() => jsonOfValue(tree, scopeOf({ ...seen, items: looked }))),
        );
      }),
      runs(1000),
    );
  });

  const table: [tree: unknown, passes: boolean][] = [
    ['{{ items }}', true],
    ['{{- items -}}', true],
    [{ list: '{{ items }}', status: '{{ status }}' }, true],
    [{ a: ['{{ items }}', { b: '{{ items }}' }] }, true],
    [{ a: '{{ status }}' }, true],
    ['{{ items | size }}', false],
    ['{{ items[0] }}', false],
    [{ list: '{{ items }}', size: '{{ items | size }}' }, false],
    [{ list: '{{ items }}', text: 'x{{ items.size }}' }, false],
    [{ '...': '{{ a }}', list: '{{ items }}' }, false],
    [{ '...': { list: '{{ items }}' } }, false],
  ];
  for (const [given, passes] of table)
    it(`${JSON.stringify(given)}: ${passes ? 'only prints them' : 'looks into them'}`, () =>
      assert.equal(compiled(given).passesItems, passes));
});

const FORBIDDEN = '--disallow-code-generation-from-strings';

describe('where code may not be made from texts', { skip: process.execArgv.includes(FORBIDDEN) }, () => {
  it('all of this holds too', () => {
    const loader = process.execArgv.filter((arg) => !arg.startsWith('--test'));
    // The long form is run once.
    const { NODE_TEST_CONTEXT: _, JSON_ROWS: __, ...env } = process.env;
    const args = [FORBIDDEN, ...loader, '--test-reporter=tap', fileURLToPath(import.meta.url)];
    const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 120_000 });
    assert.deepEqual([status, /^# pass (\d+)$/m.exec(stdout)?.[1] ?? '0'], [0, /^# tests (\d+)$/m.exec(stdout)?.[1]], stdout);
  });
});
