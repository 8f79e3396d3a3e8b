/** XML and CSV as values: their shape, what is refused, that a strict parser agrees, and what hostile texts cost. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCsv } from '../../src/delivery/csv.ts';
import { UnreadableError } from '../../src/delivery/parsed.ts';
import { parseXml } from '../../src/delivery/xml.ts';
import { stringifyJson } from '../../src/numbers.ts';
import { HOSTILE } from './hostile-texts.ts';
import { xmlBySaxes } from './xml-by-saxes.ts';

/** `XML=200000 node test/run.js test/delivery/xml.test.ts` is the long form: texts compared, and hostile ones of 16 MiB, timed; SEED repeats a run. */
const XML = Number(process.env.XML ?? 0);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const MB = 1_048_576;
/** Characters of a hostile text: what `serve` reads of an answer, unless the operator says otherwise. */
const SIZE = XML > 0 ? 16 * MB : MB / 2;
/** Milliseconds for which reading may hold up all else, on a machine that does nothing else. */
const MOST_HELD = 200;

const atOnce = () => Promise.resolve();

describe('XML', () => {
  const table: readonly (readonly [what: string, text: string, value: unknown])[] = [
    ['text', '<a>x</a>', { a: 'x' }],
    ['nothing', '<a/>', { a: '' }],
    ['white space', '<a> \n </a>', { a: '' }],
    ['white space around text', '<a>\n  x y\t</a>', { a: 'x y' }],
    ['one element', '<r><a>1</a></r>', { r: { a: '1' } }],
    ['several', '<r><a>1</a><b/><a>2</a><a><c/></a></r>', { r: { a: ['1', '2', { c: '' }], b: '' } }],
    ['attributes', `<a id="1" n='"'/>`, { a: { '@id': '1', '@n': '"' } }],
    ['attributes and text', '<a id="1">x</a>', { a: { '@id': '1', '#text': 'x' } }],
    ['white space in an attribute', '<a b=" x\ty\r\nz "/>', { a: { '@b': ' x y z ' } }],
    ['elements between text', '<a>x <b>y</b> z</a>', { a: { b: 'y', '#text': 'x  z' } }],
    ['prefixes', '<s:a xmlns:s="urn:s" xmlns="urn:d"><t:b t:id="1"/></s:a>', { a: { b: { '@id': '1' } } }],
    ['names that prefixes keep apart', '<r><p:a>1</p:a><q:a>2</q:a></r>', { r: { a: ['1', '2'] } }],
    ['attributes that prefixes keep apart', '<r id="1" p:id="2"/>', { r: { '@id': ['1', '2'] } }],
    ['CDATA', '<a>1 <![CDATA[<b>&amp;</b>]]> 2</a>', { a: '1 <b>&amp;</b> 2' }],
    ['comments and instructions', '<?xml version="1.0"?><!-- a --><?b c?><a>1<!-- - -->2<?d?></a><!---->', { a: '12' }],
    ['references', '<a b="&quot;&#10;">&lt;&amp;&gt;&apos;&#65;&#x1F600;</a>', { a: { '@b': '"\n', '#text': "<&>'A😀" } }],
    ['references once only', '<a>&amp;lt;</a>', { a: '&lt;' }],
    ['ends of lines', '<a>1\r\n2\r3</a>', { a: '1\n2\n3' }],
    ['a byte order mark', '\ufeff<a/>', { a: '' }],
    ['any letters', '<ä-1.é>日</ä-1.é>', { 'ä-1.é': '日' }],
  ];
  for (const [what, text, value] of table) it(`of ${what}`, async () => assert.deepEqual(await parseXml(text, atOnce), value));

  it('has names that are data, whatever they mean to JavaScript', async () => {
    const value = await parseXml(
      '<__proto__><constructor toString="1"/><__proto__>2</__proto__><__proto__/></__proto__>',
      atOnce,
    );
    assert.equal(stringifyJson(value), '{"__proto__":{"constructor":{"@toString":"1"},"__proto__":["2",""]}}');
    assert.equal(({} as Record<string, unknown>)['@toString'], undefined); // nothing else has got it
  });

  const refused: readonly (readonly [text: string, message: RegExp])[] = [
    ['<a>', /^not XML \(it ends too early\)$/],
    ['<a><b></a>', /^not XML \(at character 7\)$/],
    ['<a/><b/>', /^not XML \(at character 5\)$/],
    ['<a b="1" b="2"/>', /^not XML \(at character 3\)$/],
    ['<a b=1/>', /^not XML/],
    ['<a>&nbsp;</a>', /^not XML/],
    ['<a>&#0;</a>', /^not XML/],
    ['<a>&#xD800;</a>', /^not XML/],
    ['<a>&#x110000;</a>', /^not XML/],
    ['<a>&constructor;</a>', /^not XML/],
    ['<a>]]></a>', /^not XML/],
    ['<a>\u0001</a>', /^not XML: it holds control characters$/],
    ['<a><!-- -- --></a>', /^not XML/],
    ['<a/>x', /^not XML/],
    ['x', /^not XML/],
    ['<a/ >', /^not XML/],
    ['<a></a/>', /^not XML/],
    [' <?xml version="1.0"?><a/>', /^not XML/],
    ['<?xml encoding="utf-8"?><a/>', /^not XML/],
    ['<!DOCTYPE a><a/>', /^XML with a DOCTYPE, which is not read$/],
    ['<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', /^XML with a DOCTYPE, which is not read$/],
    [`${'<a>'.repeat(33)}${'</a>'.repeat(33)}`, /^XML nested deeper than 32 levels$/],
    [`<a b="${'x'.repeat(300_000)}"/>`, /^XML with a tag of more than 262144 characters$/],
    ['{"a": 1}', /^not XML/],
    ['<html><br></html>', /^not XML/],
  ];
  for (const [text, message] of refused)
    it(`is not ${JSON.stringify(text.slice(0, 40))}`, () =>
      assert.rejects(parseXml(text, atOnce), (error) => error instanceof UnreadableError && message.test(error.message)));

  it('is of no more different names than a schema has', () =>
    assert.rejects(
      parseXml(`<r>${Array.from({ length: 10_001 }, (_, n) => `<a${n}/>`).join('')}</r>`, atOnce),
      /XML of more than 10000 different names/,
    ));

  it('is what a strict parser takes for it, with the same values', async (t) => {
    const outcomes = { read: 0, refused: 0 };
    const compared = fc.asyncProperty(texts, async (text) => {
      const expected = xmlBySaxes(text);
      outcomes[expected === undefined ? 'refused' : 'read']++;
      let value: unknown;
      try {
        value = await parseXml(text, atOnce);
      } catch (error) {
        if (!(error instanceof UnreadableError)) throw error;
      }
      assert.deepEqual(value, expected);
    });
    await fc.assert(compared, { numRuns: XML || 3000, seed: SEED });
    t.diagnostic(`SEED=${SEED}: ${outcomes.read} texts read, ${outcomes.refused} refused`);
    assert.ok(outcomes.read > 100 && outcomes.refused > 100);
  });
});

/** Well-formed texts, and such with a mistake in them: pieces left out, repeated or put in. */
const names = fc.constantFrom('a', 'b', 'p:a', 'é', '__proto__', 'x-1', ':', 'a:', 'toString');
const characters = fc.constantFrom(
  'x',
  ' ',
  '\n',
  '\r',
  '\t',
  '&amp;',
  '&#65;',
  '&#x20;',
  '&#13;',
  '>',
  '"',
  "'",
  '日',
  '😀',
  ']',
  ']]',
  '=',
);
const content = fc.array(characters, { maxLength: 4 }).map((all) => all.join(''));
const attributes = fc
  .uniqueArray(fc.tuple(names, content), { selector: ([name]) => name, maxLength: 3 })
  .map((all) => all.flatMap(([name, value]) => [' ', name, '=', '"', value.replaceAll('"', ''), '"']));
const { tree } = fc.letrec<{ tree: string[]; inside: string[] }>((tie) => ({
  inside: fc.oneof(
    { depthSize: 'small' },
    content.map((text) => [text.replaceAll(']]>', '')]),
    tie('tree'),
    fc.constantFrom<string[]>(['<!-- - -->'], ['<![CDATA[ <&]] > ]]>'], ['<?p q?>'], ['<!---->'], ['<?p?>']),
  ),
  tree: fc
    .tuple(names, attributes, fc.array(tie('inside'), { maxLength: 4 }), fc.boolean())
    .map(([name, all, inner, short]) =>
      inner.length === 0 && short
        ? ['<', name, ...all, ' ', '/>']
        : ['<', name, ...all, '>', ...inner.flat(), '</', name, ' ', '>'],
    ),
}));
const mistake = fc.record({
  at: fc.nat(),
  cut: fc.nat(2),
  put: fc.constantFrom(
    '',
    '<',
    '>',
    '&',
    '/',
    '"',
    '--',
    ']]>',
    '<!DOCTYPE a>',
    '<?xml version="1.0"?>',
    '\u0000',
    '<b>',
    '</b>',
    '&b;',
    ' ',
    '=',
    '<!',
    '<?',
    '\ufffe',
    'é',
    '-',
  ),
});
const texts = fc
  .tuple(
    fc.constantFrom(
      '',
      '',
      '<?xml version="1.0" encoding="UTF-8"?>',
      '\ufeff',
      '<!-- -->\n',
      "<?xml version='1.0' standalone='yes' ?>\r\n",
    ),
    tree,
    fc.option(mistake, { nil: undefined }),
  )
  .map(([head, pieces, wrong]) => {
    const all = [head, ...pieces];
    if (wrong !== undefined) all.splice(wrong.at % (all.length + 1), wrong.cut, wrong.put);
    return all.join('');
  });

describe('CSV', () => {
  const table: readonly (readonly [what: string, text: string, value: unknown])[] = [
    [
      'rows',
      'id,ok\n1,true\n2,\n',
      [
        { id: '1', ok: 'true' },
        { id: '2', ok: '' },
      ],
    ],
    ['no rows', 'id,ok\r\n', []],
    ['quotes', 'a,b\r\n"x, ""y""\r\nz",\'\r\n', [{ a: 'x, "y"\r\nz', b: "'" }]],
    ['no end of the last line', 'a\n1', [{ a: '1' }]],
    ['empty lines', 'a,b\n\n1,2\n\n', [{ a: '1', b: '2' }]],
    ['old ends of lines', 'a\r1\r2\r', [{ a: '1' }, { a: '2' }]],
    ['a byte order mark', '\ufeffa\n1\n', [{ a: '1' }]],
  ]; // prettier
  for (const [what, text, value] of table) it(`of ${what}`, async () => assert.deepEqual(await parseCsv(text, atOnce), value));

  it('has columns that are data, whatever they mean to JavaScript', async () => {
    assert.equal(stringifyJson(await parseCsv('__proto__,toString\n1,2\n', atOnce)), '[{"__proto__":"1","toString":"2"}]');
  });

  const refused: readonly (readonly [text: string, message: string])[] = [
    ['a,b\n1,2\n3\n', 'not CSV: row 2 has 1 values, the header 2'],
    ['a\n1,2\n', 'not CSV: row 1 has 2 values, the header 1'],
    ['a\n"1\n', 'not CSV (after row 0)'],
    ['a\n1"2\n', 'not CSV (after row 0)'],
    ['a\n"1"2\n', 'not CSV (after row 0)'],
    ['a,b,a\n', 'CSV whose header names a column twice'],
    [`a\n${'x'.repeat(300_000)}\n`, 'CSV with a line of more than 262144 characters'],
  ];
  for (const [text, message] of refused)
    it(`is not ${JSON.stringify(text.slice(0, 40))}`, () =>
      assert.rejects(parseCsv(text, atOnce), (error) => error instanceof UnreadableError && error.message === message));

  it('is read in pieces as it is in one', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => ({ id: String(n), text: `a "quoted"\r\n, ${n}` }));
    const lines = rows.map(({ id, text }) => `${id},"${text.replaceAll('"', '""')}"\r\n`);
    let breaths = 0;
    const breathe = async () => {
      breaths++;
    };
    assert.deepEqual(await parseCsv(`id,text\r\n${lines.join('')}`, breathe), rows);
    assert.ok(breaths > 5);
  });
});

describe('hostile texts', { timeout: 300_000 }, () => {
  for (const { name, format, make, outcome } of HOSTILE)
    it(`${format}: ${name}`, async (t) => {
      // Flat, as an answer is that came in pieces of bytes.
      const text = Buffer.from(make(SIZE)).toString();
      let begun = performance.now();
      let held = 0;
      let slept = 0;
      const breathe = async () => {
        const now = performance.now();
        if (now - begun < 10) return;
        held = Math.max(held, now - begun);
        await new Promise((resolve) => setImmediate(resolve));
        begun = performance.now();
        slept += begun - now;
      };
      const start = begun;
      const read = await (format === 'XML' ? parseXml : parseCsv)(text, breathe).then(
        () => 'read',
        (error: unknown) => {
          if (!(error instanceof UnreadableError)) throw error;
          return error.message;
        },
      );
      const now = performance.now();
      held = Math.max(held, now - begun);
      // A smaller text is within what a larger is over.
      assert.match(read, XML > 0 ? outcome : new RegExp(`${outcome.source}|^read$`));
      if (XML === 0) return;
      t.diagnostic(
        `${(text.length / MB).toFixed(0)} M characters: ${read}, ${(now - start - slept).toFixed(0)} ms, held ${held.toFixed(0)} ms`,
      );
      assert.ok(held < MOST_HELD, `held ${held.toFixed(0)} ms`);
    });
});
