/** Expressions are read to their end: LiquidJS itself lets much of what stands here pass, and means something else by it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { scopeOf } from '../../src/template/scope.ts';
import { expression, leaf, type Outcome, question, scopeFrom, shown, text } from './compiling.ts';

const SCOPE = scopeFrom('{"a":1,"b":2,"c":[1,2,3],"row":{"x":"y"},"body":{"items":[{"k":1}]}}');

function faultsOf(outcome: Outcome): string[] {
  return 'faults' in outcome ? outcome.faults.map(({ code, sentence }) => `${code}: ${sentence}`) : [];
}

describe('junk is one fault', () => {
  const junk = [
    ...[
      '',
      ' ',
      '\n',
      '|',
      '| upcase',
      '()',
      '( )',
      '[',
      ']',
      '.',
      ',',
      ';',
      ':',
      '{}',
      '{{ }}',
      '{{',
      '}}',
      '{%',
      '-',
      '--1',
      '…',
      '#',
      '@x',
      '$x',
      '~',
      '^',
    ],
    ...[
      'a b',
      'a "b"',
      '"a" "b"',
      "'a'b",
      'true false',
      'nil nil',
      '(a) (b)',
      '(a b)',
      'a (b)',
      'a [0]',
      'a .b',
      'a -1',
      '1a',
      'a é',
      'a\u00a0b',
      'a\n b',
      'a; b',
      'a, b',
    ],
    ...[
      'a == ',
      '== a',
      'a == == b',
      'a == b c',
      'a == b junk',
      'a == b == c',
      '1 < a < 3',
      'a == (b',
      'a == (b))',
      'a == (b c)',
      'a ==',
      'a <',
      'a contains',
      'contains a',
    ],
    ...[
      'a = b',
      'a === b',
      'a <> b',
      'a => b',
      'a =< b',
      '!a',
      'a ! b',
      'a && b',
      'a || b',
      'a & b',
      'a ?? b',
      'a ? b : c',
      'a?',
      'a?.b',
      'a::b',
      'a->b',
      'a is b',
      'a in b',
    ],
    ...['a + b', 'a - b', 'a * b', 'a / b', 'a % b', '1 + 1', '- 1', '-a'],
    ...[
      'and',
      'or b',
      'a and',
      'a or',
      'a and and b',
      'a and or b',
      'a not b',
      'a not',
      'not',
      'not not',
      'not a not',
      'not and a',
      'not == a',
    ],
    ...['a and b or c', 'a or b and c', 'a == b and c or b', '(a and b or c)', 'not a and b or c'],
    ...['a | size > 0', '0 < c | size', 'a == b | upcase', 'not a | upcase', 'a and b | default: c', 'a | upcase and b'],
    ...[
      'a |',
      'a | ',
      'a | | upcase',
      'a | upcase |',
      'a | upcase downcase',
      'a | upcase; b',
      'a | upcase, b',
      'a | 1',
      'a | é',
      "a | 'upcase'",
      'a | up-case',
      'a | nope',
      'a | upcas',
    ],
    ...[
      'a | append',
      'a | append:',
      'a | append: ',
      "a | append: 'x',",
      "a | append: 'x' 'y'",
      "a | append 'x'",
      'a | append: b c',
      'a | where: ',
      'a | where: x:',
      'a | replace: "x"',
      'a | plus',
      'a | default: b c',
      'a | append: (b',
    ],
    ...[
      '.a',
      'a.',
      'a..b',
      'a.b.',
      'a.[0]',
      'a[',
      'a]',
      'a[]',
      'a[ ]',
      'a[0',
      "a['x'",
      "a['x",
      "a['x' 1]",
      'a[1 2]',
      'a[b c]',
      'a[0].',
      'a[0]b',
      'a[0][',
      "a['b']c",
      'a[b == c]',
      'a[b | size]',
      '[a]',
      '[0]',
    ],
    ...["'a", '"a', "a'", 'a"', '`a`', '"\\"', "'a\\'", '"a" + "b"', "a == 'x", "a | append: 'x"],
    ...['(a', 'a)', '(a))', '((a)', '(a == )', '(a | )', '(1..2', '(1..)', '(..2)', '1..2', '(1...2)', '(1 2)', '(a..b c)'],
    ...[
      '{a: 1}',
      '[1,2]',
      'a: 1',
      'a:b',
      '{{ a',
      'a }}',
      '{{ a }} junk',
      '{{ a }} == {{ b }}',
      '{{ a }}{{ b }}',
      '{% if a %}',
      '{{ {{ a }} }}',
    ],
    ...['boyd', 'boyd.x', 'a | append: boyd', 'a[boyd]', 'boyd == 1', '(boyd)', 'not boyd', "c | where: 'x', boyd", '(1..boyd)'],
    ...[
      'settings',
      'settings | json',
      'settings.nope',
      "settings['nope']",
      'settings[a]',
      'settings.api_key',
      'settings == a',
      'vars.nope',
      'vars[a]',
      'mapped',
      'a == mapped',
      'mapped.x',
    ],
    ...['12345678901234567890', 'a == 9007199254740993', '1e400', '0x10', '1.2.3', '1_000'],
  ];
  for (const written of new Set(junk)) {
    it(JSON.stringify(written), () => {
      const asExpression = faultsOf(expression(written, SCOPE));
      assert.equal(asExpression.length, 1, JSON.stringify(asExpression));
      assert.match(asExpression[0] ?? '', /^template\.[a-z]+: [^ ].*[^ ][.…]?$/s);
      assert.equal(faultsOf(question(written, SCOPE)).length, 1);
      // In outputs and tags too, unless their own braces end early.
      if (!/[{}%]|^-$/.test(written)) {
        assert.equal(faultsOf(leaf(`{{ ${written} }}`, SCOPE)).length, 1, 'output');
        assert.equal(faultsOf(text(`{% if ${written} %}x{% endif %}`, 'text', SCOPE)).length, 1, 'if');
        assert.equal(faultsOf(text(`{% assign q = ${written} %}`, 'text', SCOPE)).length, 1, 'assign');
      }
    });
  }
});

describe('what looks odd and is right', () => {
  const table: [written: string, outcome: string][] = [
    ['a', '1'],
    ['  a  ', '1'],
    ['\n a\n', '1'],
    ['(a)', '1'],
    ['((a))', '1'],
    ['a==b', 'false'],
    ['a<b', 'true'],
    ['not(a)', 'false'],
    ['not not a', 'true'],
    ['a and(b)', 'true'],
    ['a == not b', 'false'],
    ['(a == 1) == true', 'true'],
    ['(a == 1) | json', '"true"'],
    ['((c | size) > 2) and (a == 1)', 'true'],
    ['(a and b) or c', 'true'],
    ['a and (b or c)', 'true'],
    ['row["x"]', '"y"'],
    ["row['x']", '"y"'],
    ['row[ "x" ]', '"y"'],
    ['c[0]', '1'],
    ['c[a]', '2'],
    ['c[ a ]', '2'],
    ['c[row.nothing]', 'missing'],
    ['body.items[0].k', '1'],
    ["body['items'][0]['k']", '1'],
    ['(c | first)', '1'],
    ['c|first', '1'],
    ['c | first | plus: b', '3'],
    ["c | join: '|'", '"1|2|3"'],
    ["'a }} b'", '"a }} b"'],
    ["'it\\'s'", '"it\'s"'],
    ['"a\\\\"', '"a\\\\"'],
    ['"and or == |"', '"and or == |"'],
    ["row.x | replace: 'y', '|'", '"|"'],
    ['a | default: b, allow_false: true', '1'],
    ["body.items | map: 'k' | first", '1'],
    ['(1..3)', '[1,2,3]'],
    ['(a..b)', '[1,2]'],
    ['settings.region', 'missing'],
    ['settings["region"]', 'missing'],
    ['vars.types[row.x]', 'missing'],
    ['order_id', 'fault'],
    ['row.order', 'missing'],
    ['row.and', 'missing'],
    ['row.contains', 'missing'],
    ['row.true', 'missing'],
    ['{{ a }}', '1'],
    ['{{- a -}}', '1'],
    ['{{a}}', '1'],
    [' {{ a == 1 }} ', 'true'],
  ];
  for (const [written, expected] of table) {
    it(`${written} → ${expected}`, () => {
      const outcome = shown(expression(written, SCOPE));
      if (expected === 'fault') assert.match(outcome, /^fault: There is no name "order_id"/);
      else assert.equal(outcome, expected);
    });
  }
});

describe('the sentence of a fault', () => {
  const table: [written: string, sentence: string, hint: string | undefined, at: string][] = [
    ['recrd.x', 'There is no name "recrd".', 'Did you mean "record"?', 'recrd.x'],
    ['mapped', '"mapped" is not seen here: only validate reads it.', undefined, 'mapped'],
    [
      'settings.api_key',
      'settings.api_key is a secret: only connection and requests see it, not this test.',
      undefined,
      'settings.api_key',
    ],
    ['settings.regoin', 'settings.regoin is not declared. There is region.', 'Did you mean "region"?', 'settings.regoin'],
    ['settings[a]', 'Write the name behind "settings." out', undefined, 'settings[a]'],
    ['settings', 'Write out which setting is meant: settings.NAME.', undefined, 'settings'],
    ['a | upcse', '"upcse" is not a filter.', 'Did you mean "upcase"?', 'upcse'],
    ['a | append', 'The filter "append" needs an argument: append: …', undefined, 'append'],
    ['a | rename: b', 'The filter "rename" needs 2 arguments: rename: …', undefined, 'rename: b'],
    [
      'a == 1 junk',
      '"a == 1 junk" is no whole expression: two values stand side by side without an operator.',
      undefined,
      'a == 1 junk',
    ],
    ['a = 1', '"a = 1" is not an expression', 'A comparison is written ==.', '='],
    ['a && b', '"a && b" is not an expression', 'Write and for &&.', '&'],
    [
      'a | size > 0',
      '"a | size > 0" is not an expression: a filter stands inside a comparison.',
      'Put parentheses around a filter and its value: (body.errors | size) > 0.',
      '>',
    ],
    ['a and b or c', '"and" and "or" together need parentheses', 'Write (a and b) or c.', 'a and b or c'],
    ["a == 'x", "The quote ' is not closed.", undefined, "'"],
    [
      '12345678901234567890',
      '12345678901234567890 has more digits than a calculation can hold. Quote it.',
      undefined,
      '12345678901234567890',
    ],
    ['a.b.', 'A name is expected behind the dot of "a.b.".', undefined, '.'],
  ];
  for (const [written, sentence, hint, at] of table) {
    it(written, () => {
      const outcome = expression(written, SCOPE);
      const fault = 'faults' in outcome ? outcome.faults[0] : undefined;
      assert.ok(fault !== undefined);
      assert.ok(fault.sentence.startsWith(sentence), fault.sentence);
      assert.equal(fault.hint, hint);
      assert.equal(written.slice(fault.offset, fault.offset + fault.length), at);
    });
  }
});

describe('any text', () => {
  const word = fc.constantFrom(
    ...'a b row settings.region boyd 1 1.5 true nil blank == != < > and or not contains | upcase append default : , ( ) [ ] . .. \' " \\ {{ }} {% %} {%- -%} if endif else for in endfor case when endcase assign = capture endcapture raw endraw comment endcomment echo liquid unless endunless break # include \'x\' "y"'.split(
      ' ',
    ),
    ' ',
    '\n',
    'é',
    '\ud800',
    '__proto__',
  );
  const source = fc.oneof(
    fc.array(word, { maxLength: 14 }).map((words) => words.join(' ')),
    fc.array(word, { maxLength: 8 }).map((words) => words.join('')),
    fc.string({ unit: 'binary' }),
  );
  const scope = scopeOf({ a: 1, b: 'x', row: { a: 1 }, settings: { region: 'eu' } });

  it('is an expression or a fault, and never both', () => {
    fc.assert(
      fc.property(source, (written) => {
        for (const outcome of [expression(written, scope), question(written, scope)]) {
          if ('faults' in outcome) assert.notEqual(outcome.faults.length, 0);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('is a template or a fault in every place, and runs or rejects', () => {
    fc.assert(
      fc.property(source, (written) => {
        for (const place of ['text', 'path', 'url', 'json-value'] as const) {
          const outcome = text(written, place, scope);
          if ('faults' in outcome) assert.notEqual(outcome.faults.length, 0);
          if ('rejected' in outcome) assert.doesNotMatch(outcome.rejected, /undefined|is not a function|Cannot read/);
        }
        leaf(written, scope);
      }),
      { numRuns: 3000 },
    );
  });
});
