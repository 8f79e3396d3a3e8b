/** Limits of templates: each stops what goes over it, names itself, and leaves room for honest work. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scopeOf } from '../../src/template/scope.ts';
import { compileLeaf, compileText } from '../../src/template/template.ts';
import { NAMES, shown, text } from './compiling.ts';
import { listOf, nested, textOf } from './hostile-values.ts';

type Row = Record<string, unknown>;

const ALL = 'the templates of a row or a request may';
const STEPS = 'take 2,000,000 steps at most; loop over fewer elements, or send shorter values';
const FORM = 'a template of the configuration may';
const FORM_STEPS = 'take 400,000 steps at most; loop over fewer elements, or send shorter values';

const manifest = (source: string, row: Row) => shown(text(source, 'text', scopeOf({ row })));
const form = (source: string, row: Row) =>
  shown(text('{{ config.message | liquid }}', 'text', scopeOf({ row, config: { message: source } })));

describe('what goes over a limit is rejected, and the limit is named', () => {
  const within = listOf(40, () => textOf(1024 * 1024));
  const table: readonly (readonly [name: string, run: typeof manifest, source: string, row: Row, sentence: string])[] = [
    [
      'steps',
      manifest,
      '{% for a in row.l %}{% for b in row.l %}{% endfor %}{% endfor %}',
      { l: listOf(1000, () => 1) },
      `${ALL} ${STEPS}`,
    ],
    [
      'steps',
      form,
      '{% for a in row.l %}{% for b in row.l %}{% endfor %}{% endfor %}',
      { l: listOf(1000, () => 1) },
      `${FORM} ${FORM_STEPS}`,
    ],
    ['a range', manifest, '{{ (1..row.n) | size }}', { n: 1e9 }, `${ALL} ${STEPS}`],
    [
      'a range',
      manifest,
      '{{ (1..row.n) | size }}',
      { n: 2 ** 60 },
      'a range goes from 1 to 1152921504606847000; it cannot count further than 9007199254740991',
    ],
    [
      'the output',
      manifest,
      '{{ row.t }}{{ row.t }}',
      { t: textOf(5 * 1024 * 1024) },
      `${ALL} make 8 MiB of text at most; put out less, or send fewer rows at once`,
    ],
    [
      'a capture',
      manifest,
      '{% capture a %}{{ row.t }}{{ row.t }}{% endcapture %}',
      { t: textOf(5 * 1024 * 1024) },
      `${ALL} make 8 MiB of text at most; put out less, or send fewer rows at once`,
    ],
    [
      'the output',
      form,
      '{{ t }}',
      { t: textOf(70_000) },
      `${FORM} make 64 KiB of text at most; put out less, or send fewer rows at once`,
    ],
    [
      'a value',
      manifest,
      '{{ row.l | join | size }}',
      { l: within },
      `${ALL} handle values of 16 MiB at most; take only what is needed of them`,
    ],
    [
      'a value',
      form,
      '{{ l | join | size }}',
      { l: within },
      `${FORM} handle values of 16 MiB at most; take only what is needed of them`,
    ],
    [
      'nesting',
      manifest,
      '{{ row.d | json }}',
      { d: nested(100, 1) },
      `${ALL} handle values nested 64 levels deep at most; nest less`,
    ],
    [
      'the format of a date',
      manifest,
      '{{ 0 | date: row.f }}',
      { f: textOf(300) },
      'date: the format has more than 200 characters',
    ],
    [
      'a part of a date',
      manifest,
      '{{ 0 | date: row.f }}',
      { f: '%1000d' },
      'date: a part of the format is wider than 999 characters',
    ],
    ['the name of a property', manifest, '{{ row.l | map: row.l }}', { l: [1] }, 'the name of a property must be a text'],
  ];
  for (const [name, run, source, row, sentence] of table) {
    it(`${name}: ${source}`, () => assert.equal(run(source, row), `rejected: ${sentence}`));
  }

  it('nested blocks and parentheses', () => {
    const blocks = `${'{% if a %}'.repeat(101)}${'{% endif %}'.repeat(101)}`;
    assert.match(manifest(blocks, {}), /^fault: Blocks are nested deeper than 100 levels\./);
    const parentheses = `{{ ${'('.repeat(101)}a${')'.repeat(101)} }}`;
    assert.match(manifest(parentheses, {}), /^fault: Parentheses and brackets are nested deeper than 100 levels\./);
    assert.match(form(parentheses, {}), /^rejected: .*nested deeper than 100 levels/);
  });
});

describe('a limit', () => {
  const third = '{% for i in (1..200000) %}{% endfor %}';

  function compiled(source: string) {
    const template = compileText(source, 'text', NAMES, ({ sentence }) => assert.fail(sentence));
    assert.ok(template !== undefined);
    return template;
  }

  it('counts all templates of a row together, and each row anew', () => {
    const template = compiled(third);
    const row = scopeOf({});
    assert.equal(template.text(row), '');
    assert.equal(template.text(row), '');
    assert.throws(() => template.text(row), { code: 'render.steps', message: `${ALL} ${STEPS}` });
    assert.throws(() => compileLeaf('{{ row.a | upcase }}', NAMES, () => undefined)?.value(row), { code: 'render.steps' });
    assert.equal(template.text(row.with({ b: 1 })), '');
  });

  it('counts templates of the form among those of their row', () => {
    const template = compiled('{{ config.message | liquid }}');
    const row = scopeOf({ config: { message: '{% for i in (1..50000) %}{% endfor %}' } });
    let rendered = 0;
    assert.throws(
      () => {
        for (; rendered < 100; rendered++) template.text(row);
      },
      { code: 'render.steps', message: `${ALL} ${STEPS}` },
    );
    assert.ok(rendered >= 2);
  });

  it('leaves room for a text of 2000 rows of 20 columns, with filters', () => {
    const columns = Array.from({ length: 20 }, (_, index) => `c${index}`);
    const rows = listOf(2000, (n) => Object.fromEntries(columns.map((name) => [name, `${name} of row ${n}`])));
    const body = `{% for row in rows %}${columns.map((name) => `{{ row.${name} | strip | replace: ',', ' ' }}`).join(',')}\n{% endfor %}`;
    assert.equal(compiled(body).text(scopeOf({ rows })).split('\n').length, 2001);
  });

  it('leaves room for a row of a megabyte that is escaped, digested and printed', () => {
    const row = { t: textOf(1_000_000, 'Grüße, "x" & <y>\n'), l: listOf(20_000, (n) => ({ n, t: `text ${n}` })) };
    for (const source of [
      '{{ row.t | escape | size }}',
      '{{ row.t | sha256 }}',
      '{{ row | json | size }}',
      "{{ row.l | map: 't' | uniq | size }}",
    ])
      assert.doesNotMatch(manifest(source, row), /rejected/);
  });
});
