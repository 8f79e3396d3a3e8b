/** Patterns: what they answer is what ECMA-262 says, and what is not run is refused with the piece that it is about. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compilePattern, type Pattern } from '../../src/schema/pattern.ts';

/** `FUZZ=500000 node test/run.js test/schema/pattern.test.ts` is the long form; SEED repeats a run. */
const COUNT = Number(process.env.FUZZ ?? 5000);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

function right(source: string, whole = false): Pattern {
  const pattern = compilePattern(source, whole);
  return 'sentence' in pattern ? assert.fail(pattern.sentence) : pattern;
}

describe('a pattern as people write them', () => {
  const table: [source: string, matches: string, matchesNot: string][] = [
    ['^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$', 'a@b.example', 'a@b'],
    ['^[\\w.+-]+@[\\w-]+\\.[\\w.-]+$', 'a.b+c@d-e.example', '@d.example'],
    ['^[\\w-]+(?:\\.[\\w-]+)*@(?:[a-z0-9-]+\\.)+[a-z]{2,}$', 'a.b@c.example', 'a..b@c.example'],
    ['^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$', '00000000-0000-0000-0000-00000000000F', '0000-0000'],
    ['^[a-z0-9]+(?:-[a-z0-9]+)*$', 'a-slug-2', 'a--slug'],
    ['^[a-z]+(?:_[a-z]+)*$', 'snake_case', 'Snake'],
    ['^[a-z]+[0-9]+$', 'us21', 'us'],
    ['^[A-Za-z][A-Za-z0-9_]*$', 'Name_1', '1name'],
    ['^\\d{4}-\\d{2}-\\d{2}$', '2026-01-31', '2026-1-31'],
    [
      '^\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d+)?Z$',
      '2026-01-31T12:00:00.5Z',
      '2026-13-31T12:00:00Z',
    ],
    ['^(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d)?$', '23:59', '24:00'],
    ['^\\+?[1-9]\\d{1,14}$', '+4930123456', '030'],
    ['^(?:\\d{3}-)?\\d{3}-\\d{4}$', '555-0100', '5550100'],
    ['^\\(?\\d{3}\\)?[ .-]?\\d{3}[ .-]?\\d{4}$', '(555) 555-0100', '555'],
    ['^#(?:[0-9a-fA-F]{3}){1,2}$', '#0aF', '#0aF1'],
    ['^https?://[^\\s/$.?#].[^\\s]*$', 'https://example.com/a?b', 'ftp://example.com'],
    ['^https://[a-z0-9-]+\\.example\\.com(?:/.*)?$', 'https://a.example.com/b', 'https://a.example.org'],
    ['^$|^https://', '', 'http://'],
    [
      '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$',
      '1.0.0-rc.1+b.2',
      '01.0.0',
    ],
    ['^[A-Z]{2,3}$', 'EUR', 'EURO'],
    ['^[a-z]{2}(?:-[A-Z]{2})?$', 'de-DE', 'de-de'],
    ['^(?:eu|us|ap)-[a-z]+-[0-9]$', 'eu-west-1', 'af-west-1'],
    ['^arn:aws:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$', 'arn:aws:sqs:eu-west-1:000000000000:a', 'arn:aws:sqs'],
    ['^s3://[a-z0-9.-]{3,63}/', 's3://bucket/key', 's3://b/key'],
    ['^projects/[^/]+/datasets/[^/]+$', 'projects/a/datasets/b', 'projects/a'],
    ['^/(?:[^/]+/)*[^/]*$', '/a/b/c', 'a/b'],
    ['\\.csv$', 'a.csv', 'a.csv.gz'],
    ['@example\\.com$', 'a@example.com', 'a@example.com.evil'],
    ['^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$', 'YQ==', 'YQ='],
    ['^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)$', '192.0.2.255', '192.0.2.256'],
    ['^-?\\d+(\\.\\d+)?$', '-1.5', '1.'],
    ['^\\d{1,3}(,\\d{3})*$', '1,000,000', '1,00'],
    ['^[^,]+(?:,[^,]+)*$', 'a,b,c', 'a,,c'],
    ['^[^<>]*$', 'plain', '<b>'],
    ['^\\{\\{.*\\}\\}$', '{{ a }}', '{ a }'],
    ['^\\$[A-Z_]+$', '$NAME', 'NAME'],
    ['^(true|false)$', 'true', 'yes'],
    ['^\\s*$', ' \u00a0\ufeff\u2003\n', ' a'],
    ['\\S', 'a', '\u00a0\u2028'],
    ['^\\S+$', 'ünï', 'a b'],
    ['^.+$', 'é', 'a\u2028b'],
    ['^[^]+$', 'a\nb', ''],
    ['^.$', '😀', '😀😀'],
    ['^\\p{L}+$', 'Żółć', 'a1'],
    ["^\\p{Lu}[\\p{L} '-]*$", "O'Çelik", 'o'],
    ['^\\p{Script=Greek}+$', 'λόγος', 'logos'],
    ['^[\\p{L}\\p{N} ]{1,100}$', 'Straße 12', 'a!'],
    ['^[!-~]{8,128}$', 'p4ssw0rd!', 'short'],
    ['^[A-Za-z0-9_-]{20,}$', 'abcdefghij_0123456789', 'abc'],
    ['^(?<year>\\d{4})$', '2026', '26'],
    ['^\\u{1F600}\\u0041\\x42\\cJ\\t\\0$', '😀AB\n\t\0', '😀AB'],
    ['\\bword\\b', 'a word.', 'swordfish'],
    ['^\\/[\\-\\]\\^]+$', '/-]^', '/a'],
    ['^[a-f0-9]{32}$', 'd41d8cd98f00b204e9800998ecf8427e', 'd41d8'],
    ['^.{1,1000}$', 'x'.repeat(1000), 'x'.repeat(1001)],
  ];
  for (const [source, matches, matchesNot] of table) {
    it(source, () => {
      const pattern = right(source);
      assert.deepEqual([pattern.test(matches), pattern.test(matchesNot)], [true, false]);
      assert.equal(String(pattern), source);
    });
  }
});

const DEEP = `${'(a'.repeat(900)}${')*'.repeat(900)}`;

describe('a pattern that is not run', () => {
  const table: [source: string, sentence: RegExp, piece: string][] = [
    ['^(?=a)b', /^"\(\?=" looks ahead\. .* allOf\.$/, '(?='],
    ['^a(?!b)', /^"\(\?!" looks ahead\. .* not\.$/, '(?!'],
    ['(?<=😀)b', /^"\(\?<=" looks behind\. /, '(?<='],
    ['[(?=](?<!a)', /^"\(\?<!" looks behind\. .* not\.$/, '(?<!'],
    ['(a)(b)\\2', /^"\\2" refers back\. /, '\\2'],
    ['(?<n>a)\\k<n>', /^"\\k<n>" refers back\. /, '\\k<n>'],
    ['a{1001}', /^"\{1001\}" counts to 1001; a pattern counts to 1000 at most\. .* maxLength/, '{1001}'],
    ['a{3,99999999999999999999999}?', /^"\{3,9+\}\?" counts to 1e\+23/, '{3,99999999999999999999999}?'],
    ['(?:a{9}|b{50}){21}', /^"\{21\}" repeats what is counted inside up to 1050 times/, '{21}'],
    [`a{1000}${'b{1000}'.repeat(5)}`, /has 600\d steps; at most 5000 are run/, `a{1000}${'b{1000}'.repeat(5)}`],
    ['\\p{Letter}', /\\p\{Letter\} is not known; .* \\p\{L\}/, '\\p{Letter}'],
    ['[a', /^"\[a" is no regular expression \(ECMA-262\): unterminated character class\.$/, '[a'],
    ['a)(b', /is no regular expression/, 'a)(b'],
    ['\\-', /is no regular expression \(ECMA-262\): invalid escape\.$/, '\\-'],
    ['a'.repeat(4001), /at most 4000 characters; this one has 4001\. List the values with enum\.$/, 'a'.repeat(4001)],
    [DEEP, /^"(?:\(a)+…" is not run here: expression nests too deeply\.$/, DEEP],
  ];
  for (const [source, sentence, piece] of table) {
    it(source.slice(0, 40), () => {
      const problem = compilePattern(source);
      assert.ok('sentence' in problem);
      assert.match(problem.sentence, sentence);
      assert.ok(problem.sentence.length < 300);
      assert.equal(source.slice(problem.offset, problem.offset + problem.length), piece);
    });
  }

  it('is not tried on a text that is too long for it', () => {
    const pattern = right('(?:a|b)*a(?:a|b){400}$');
    assert.equal(pattern.longest > 1000 && pattern.longest < 10_000, true);
    assert.equal(pattern.test('a'.repeat(pattern.longest)), true);
    assert.throws(() => pattern.test('a'.repeat(pattern.longest + 1)), /is not tried on a text of more than \d+ characters$/);
  });
});

/** Any pattern of ECMA-262 that RE2 can run, of characters on which the two differ by nature. */
function patterns(characters: readonly string[]): fc.Arbitrary<string> {
  const literal = fc.constantFrom(...characters).map((char) => (/[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char));
  const codes = [
    '\\x41',
    '\\u0041',
    '\\u{1F600}',
    '\\ud83d\\ude00',
    '\\ud83d',
    '\\cJ',
    '\\0',
    '\\t',
    '\\n',
    '\\v',
    '\\f',
    '\\r',
    '\\/',
  ];
  const sets = ['\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\p{L}', '\\P{L}', '\\p{Lu}', '\\p{Script=Latin}'];
  const item = fc.oneof(
    literal.map((char) => (char === '-' ? '\\-' : char)),
    fc.constantFrom(...codes, ...sets, '-', 'a-b', '0-9', '\\b', 'b-\\u{1F600}', '--a', '+--', 'a-c-e', '\\-'),
  );
  const inBrackets = fc
    .tuple(fc.boolean(), fc.array(item, { maxLength: 4 }))
    .map(([not, items]) => `[${not ? '^' : ''}${items.join('')}]`);
  const quantifier = fc.constantFrom(
    '',
    '',
    '',
    '*',
    '+',
    '?',
    '*?',
    '+?',
    '??',
    '{0}',
    '{1}',
    '{2}',
    '{0,2}',
    '{1,}',
    '{02,3}',
    '{1,2}?',
  );
  return fc.letrec<{ pattern: string; atom: string; sequence: string }>((tie) => ({
    atom: fc.oneof(
      { depthSize: 'small' },
      literal,
      fc.constantFrom(...codes, ...sets, '\\b', '\\B', '.', '^', '$', '[^]', '[]'),
      inBrackets,
      fc.tuple(fc.constantFrom('(', '(?:', '(?<n>'), tie('pattern')).map(([open, inner]) => `${open}${inner})`),
    ),
    sequence: fc
      .array(
        fc.tuple(tie('atom'), quantifier).map(([atom, times]) => atom + times),
        { maxLength: 3 },
      )
      .map((atoms) => atoms.join('')),
    pattern: fc.oneof(
      { depthSize: 'small' },
      tie('sequence'),
      fc.tuple(tie('sequence'), tie('sequence')).map(([one, other]) => `${one}|${other}`),
    ),
  })).pattern;
}

describe('any pattern', () => {
  it(`answers as V8 does: ${COUNT} of them`, (t) => {
    const characters = [
      'a',
      'b',
      'A',
      '0',
      '_',
      ' ',
      '\u00a0',
      '\n',
      '\r',
      '\u2028',
      '-',
      ']',
      '[',
      '^',
      '😀',
      'é',
      '\0',
      '.',
      '\\',
    ];
    characters.push('\ud83d', '\ude00', '\ufeff', '\v', '{', '}', '/', '$', 'K', '\u212a', 'ſ');
    const text = fc.array(fc.constantFrom(...characters), { maxLength: 7 }).map((chars) => chars.join(''));
    const counts = { compared: 0, matches: 0, texts: 0 };
    fc.assert(
      fc.property(patterns(characters), fc.array(text, { minLength: 5, maxLength: 8 }), fc.boolean(), (source, texts, whole) => {
        let native: RegExp;
        try {
          native = new RegExp(whole ? `^(?:${new RegExp(source, 'u').source})$` : source, 'u');
        } catch {
          assert.match((compilePattern(source) as { sentence?: string }).sentence ?? '', /is no regular expression/);
          return;
        }
        const pattern = right(source, whole);
        counts.compared++;
        for (const one of texts) {
          const expected = native.test(one);
          counts.texts++;
          if (expected) counts.matches++;
          assert.equal(pattern.test(one), expected, JSON.stringify(one));
        }
      }),
      { numRuns: COUNT, seed: SEED },
    );
    t.diagnostic(
      `SEED=${SEED}: ${counts.compared} patterns over ${counts.texts} texts, ${counts.matches} of them matching, as V8`,
    );
    assert.ok(counts.compared > COUNT / 2 && counts.matches > counts.texts / 10);
  });

  it('is compiled or refused soon, whatever it is', () => {
    const unit = fc.constantFrom(
      ...'abc()[]{}*+?|\\^$.-,:=!<>0123456789pPuxkdws'.split(''),
      '(?',
      '\\p{L}',
      '{1,9}',
      '{999}',
      '[^',
      '\\u{',
      '(?:',
      '😀',
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), (parts) => {
        const pattern = compilePattern(parts.join(''));
        if (!('sentence' in pattern)) return void pattern.test('ab'.repeat(30));
        assert.doesNotMatch(pattern.sentence, /undefined|\[object/);
        assert.ok(pattern.offset + pattern.length <= parts.join('').length);
      }),
      { numRuns: COUNT, seed: SEED },
    );
  });
});
