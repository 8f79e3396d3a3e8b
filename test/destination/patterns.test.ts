/**
 * Patterns, formats and schemas made to do harm: refused at load, or soon over with. Each evil pattern is proved evil first:
 * Node's own engine does not come to an end with it.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bindDestination, isFaults } from '../../src/destination/bind.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import { validateConfiguration } from '../../src/destination/validation.ts';
import { parseJson } from '../../src/json/parse.ts';
import { readManifest } from '../../src/manifest/read.ts';
import { within } from '../../src/schema/within.ts';
import { bound, compiled, manifest, messages, supply } from './making.ts';

/** `PATTERNS=1 node test/run.js test/destination/patterns.test.ts` is the long form, with its figures. */
const LONG = process.env.PATTERNS === '1';
/** Characters of an attack. */
const LENGTH = 100_000;
/** Milliseconds that one check may take: the true figure, and for any machine. */
const SOON = LONG ? 50 : 1000;
/** Milliseconds that Node's own engine is given. */
const GIVEN = LONG ? 500 : 20;

const attack =
  (pump: string, end: string, begin = '') =>
  (length: number) =>
    begin + pump.repeat(Math.floor((length - begin.length - end.length) / pump.length)) + end;

/** Evil for a backtracking engine, each with the texts over which it takes too long. */
const EVIL: readonly [kind: string, pattern: string, text: (length: number) => string][] = [
  ['nested quantifiers', '^(a+)+$', attack('a', '!')],
  ['nested quantifiers', '^(a*)*$', attack('a', '!')],
  ['nested quantifiers', '^([a-zA-Z]+)*$', attack('a', '1')],
  ['nested quantifiers', '^(?:(?:a+)+)+$', attack('a', '!')],
  ['nested quantifiers', '^((a+)b?)+$', attack('a', '!')],
  ['nested quantifiers', '^(\\w+\\s?)*$', attack('a', '!')],
  ['nested quantifiers', '^(\\d+,?)+$', attack('1', '!')],
  ['nested quantifiers', '^(([+-]?\\d+)*)*$', attack('1', '!')],
  ['nested quantifiers', '^(?:\\S+\\s*)+!$', attack('a', '')],
  ['nested quantifiers', '^(?:[a-z]+\\.?)+@$', attack('a', '')],
  ['nested quantifiers', '^(([a-z])+.)+[A-Z]([a-z])+$', attack('a', '')],
  ['nested quantifiers', '^((?:a{2,})+)$', attack('a', '!')],
  ['nested quantifiers', '^(([^"\\\\]|\\\\.)*)*"$', attack('a', '')],
  [
    'an address of mail as it is often copied',
    '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$',
    attack('a', '!'),
  ],
  ['hidden in a named group', '^(?<word>a+)+$', attack('a', '!')],
  ['hidden in groups', '^(?:((?:(a)+)))+$', attack('a', '!')],
  ['overlapping alternatives', '^(a|a)*$', attack('a', '!')],
  ['overlapping alternatives', '^(a|aa)+$', attack('a', '!')],
  ['overlapping alternatives', '^(a|a?)+$', attack('a', '!')],
  ['overlapping alternatives', '^([a-z]+|[a-z0-9]+)*!$', attack('a', '')],
  ['overlapping alternatives', '^(ab|a|b)+$', attack('ab', '!')],
  ['overlapping alternatives', '^(?:ab|aba|ba)*c$', attack('babababaa', 'b', 'a')],
  ['overlapping classes', '^(?:\\w|\\d)+$', attack('1', '!')],
  ['overlapping classes', '^(?:[\\s\\S]|\\n)*x$', attack('\n', '')],
  ['overlapping classes', '^(?:.|[a-z])*x$', attack('a', '')],
  ['optional pieces', '^(a?b?c?)*d$', attack('abc', '')],
  ['optional pieces', '^(?:-?[a-z]*)*$', attack('a', '!')],
  ['optional pieces', '^([0-9]+(?:\\.[0-9]+)?)*$', attack('1', '!')],
  ['optional pieces', '^(?:[^,]*,?)*;$', attack('a', '')],
  ['twins', '^(x+x+)+y$', attack('x', '')],
  ['Unicode', '^(\\p{L}+)+$', attack('é', '!')],
  ['Unicode', '^(?:\\p{L}|\\p{Lu})+$', attack('É', '!')],
  ['Unicode', '^(?:\\u{1F600}|\\p{Emoji}+)+$', attack('😀', '!')],
  ['counts', '^(a+){2,}$', attack('a', '!')],
  ['counts', '^(.*a){20}$', attack('a', '!')],
  ['counts', '^(?:a?){30}a{30}b$', attack('a', '!')],
  ['counts', '^(?:a.*){5}b$', attack('a', '')],
  ['counts of counts', '^(a{1,50}){1,50}$', attack('a', '!')],
  ['counts of counts', '^(?:a{0,100}){0,100}$', attack('a', '!')],
  ['quadratic', '^\\s+|\\s+$', attack(' ', 'x', 'x')],
  ['quadratic', '\\s*,\\s*$', attack(' ', 'x')],
  ['quadratic', '[a-z]+@', attack('a', '')],
  ['quadratic', '<[^>]*>.*<', attack('<', '')],
  ['quadratic', '^\\d*\\d*x$', attack('1', '')],
  ['quadratic', '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$', attack('.a', '@', 'a@')],
  ['quadratic', '\\d+\\.\\d+$', attack('1', '')],
  ['cubic', '.*.*=.*', attack('a', '')],
  ['cubic', '^.*.*=.*$', attack('=', '\n')],
  ['cubic', '(.*)(.*)x', attack('a', '')],
  ['of a higher degree', '^.*a.*b.*c.*d$', attack('abc', '')],
  ['a look ahead', '^(?=(a+)+$).*b', attack('a', 'b')],
  ['a look ahead', '^(?!(a+)+$)b', attack('a', 'b')],
  ['a look ahead', '^(?:(?=a)a+)+$', attack('a', '!')],
  ['a look behind', '(?<=^(a+)+)c', attack('a', 'c', 'b')],
  ['a look behind', '(?<!^(a+)+)c', attack('a', 'c', 'b')],
  ['a reference back', '^(a+)\\1+$', attack('a', '!')],
  ['a reference back', '^(\\w+)\\s\\1\\s(\\w+)+$', attack('a', '!', '0 0 ')],
  ['a reference back', '^(?<x>.+)\\k<x>$', attack('a', '\n')],
];

/** Milliseconds of the processor, which do not count what else the machine does; of several tries the best. */
async function soon(what: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 5 && best > SOON; tries++) {
    const begin = process.cpuUsage();
    await what();
    const { user, system } = process.cpuUsage(begin);
    best = Math.min(best, (user + system) / 1000);
  }
  assert.equal(best <= SOON, true, `it took ${best.toFixed(0)} ms`);
  return best;
}

function faultsOf(text: string): string[] {
  const file = readManifest('a', 'a.yaml', text);
  const result = isFaults(file) ? file : compileDestination(file);
  return isFaults(result) ? result.map(({ code, where, message }) => `${where} ${code}: ${message}`) : [];
}

/** The schema of the options comes from the API, and with it the pattern. */
const FROM_API = bound(
  manifest('lookups: { form: { get: /form } }\noptions: { schema: { type: object, properties: "{{ lookups.form }}" } }'),
);

function judge(properties: object, configuration: object): Promise<string[]> {
  return validateConfiguration(FROM_API, configuration, { now: 0, ask: async () => ({ form: properties }) });
}

describe('an evil pattern', () => {
  const slowest = { load: 0, run: 0, setting: 0 };
  let refused = 0;
  for (const [kind, pattern, text] of EVIL) {
    it(`${kind}: ${pattern}`, async () => {
      const native = new RegExp(pattern, 'u');
      const long = text(LENGTH);
      assert.equal(
        within(GIVEN, () => native.test(long)),
        undefined,
        'it is not evil',
      );
      const inSetting = manifest(`settings: { key: { pattern: ${JSON.stringify(pattern)} } }`);
      const inOptions = manifest(
        `options:\n  schema: { type: object, properties: { a: { anyOf: [{ pattern: ${JSON.stringify(pattern)} }] } } }`,
      );
      const faults = faultsOf(inSetting);
      slowest.load = Math.max(slowest.load, await soon(() => faultsOf(inSetting)), await soon(() => faultsOf(inOptions)));
      // What is refused is refused wherever it stands.
      assert.equal(faults.length, faultsOf(inOptions).length);
      const errorOf = async (value: string): Promise<string> => {
        let errors: string[] = [];
        const judged = async () => {
          errors = await judge({ a: { type: 'string', pattern } }, { a: value });
        };
        slowest.run = Math.max(slowest.run, await soon(judged));
        assert.equal(errors.length, 1);
        return errors[0] ?? '';
      };
      if (faults.length > 0) {
        refused++;
        assert.match(faults[0] ?? '', /^a\.yaml:5:\d+ manifest\.pattern: "[^"]+" (?:looks|refers|repeats|counts) .*\.$/);
        assert.match(
          await errorOf(long),
          /^The options of this destination are no JSON Schema: ".*\. Its manifest must be mended\.$/,
        );
        return;
      }
      assert.equal(await errorOf(text(LENGTH / 10)), `The option "a" must match pattern "${pattern}".`);
      assert.match(await errorOf(long), /" is not tried on a text of more than \d{5} characters\.$| must match pattern "/);
      const destination = compiled(inSetting);
      slowest.setting = Math.max(
        slowest.setting,
        await soon(() => {
          const settings = bindDestination(destination, supply({ EXAMPLE_KEY: long }));
          assert.match(isFaults(settings) ? messages(settings).join('') : '', /does not match|is not tried on/);
        }),
      );
    });
  }

  it('is one of forty at least, and is refused or slow nowhere', (t) => {
    assert.ok(EVIL.length >= 40 && refused > 5 && refused < EVIL.length / 2);
    const figures = Object.entries(slowest).map(([where, ms]) => `${where} ${ms.toFixed(1)} ms`);
    t.diagnostic(`${EVIL.length} patterns over ${LENGTH} characters, ${refused} refused at load; slowest: ${figures.join(', ')}`);
  });
});

describe('a format over 100,000 characters', () => {
  const formats = ['date', 'time', 'date-time', 'iso-time', 'iso-date-time', 'duration', 'uri', 'uri-reference', 'uri-template'];
  formats.push('url', 'email', 'hostname', 'ipv4', 'ipv6', 'regex', 'uuid', 'json-pointer', 'json-pointer-uri-fragment');
  formats.push('relative-json-pointer', 'byte', 'iri', 'idn-email', 'liquid', 'password');
  const begins = [
    '',
    'a',
    'http://',
    'https://a',
    'ftp://',
    'P',
    '2020-01-01T00:00:00.',
    '00:00:00.',
    'a@',
    'a@b',
    '/',
    '#',
    '0#',
    '::',
    '{',
  ];
  const pumps = [
    'a',
    '0',
    '-',
    '.',
    '@',
    '/',
    'a.',
    'a-',
    '%20',
    '::',
    '0:',
    '1.',
    '[',
    '\\',
    '{a}',
    '1Y',
    '+',
    'ü-',
    ' ',
    '(',
    '😀',
    'a\\',
  ];
  const ends = ['', '!', '@', '\n', '}', '-'];
  // All of them take minutes: each run takes others.
  const share = LONG ? 0.2 : 0.005;
  for (const format of formats) {
    it(format, async (t) => {
      let slowest = 0;
      for (const begin of begins) {
        for (const pump of pumps) {
          for (const end of ends) {
            if (Math.random() > share && !(format === 'url' && pump === '::')) continue;
            const value = attack(pump, end, begin)(LENGTH);
            slowest = Math.max(slowest, await soon(() => judge({ a: { type: 'string', format } }, { a: value })));
          }
        }
      }
      if (LONG) t.diagnostic(`${format}: at most ${slowest.toFixed(1)} ms, the compiling of the schema included`);
    });
  }

  it('still knows a URL, as long as one is', async () => {
    const judged = (url: string) => judge({ a: { type: 'string', format: 'url' } }, { a: url });
    assert.deepEqual(await judged(`https://example.com/${'a'.repeat(4000)}`), []);
    assert.deepEqual(await judged('example'), ['The option "a" must match format "url".']);
    assert.deepEqual(await judged(`https://example.com/${'a'.repeat(5000)}`), ['The option "a" must match format "url".']);
  });
});

describe('a schema that an API made to do harm', () => {
  const counted = <T>(count: number, value: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => value(index));
  const properties = (count: number) =>
    Object.fromEntries(counted(count, (index) => [`p${index}`, { type: 'string', minLength: 2 }]));
  const doubled = (levels: number) =>
    Object.fromEntries([
      ...counted(levels, (index) => [
        `d${index}`,
        { allOf: [{ $ref: `#/properties/d${index + 1}` }, { $ref: `#/properties/d${index + 1}` }] },
      ]),
      [`d${levels}`, { type: 'string' }],
    ]);
  const nested = (levels: number, wrap: (inner: object) => object) =>
    counted(levels, () => wrap).reduce((inner, one) => one(inner), { type: 'string' } as object);
  const tooLong = /^The options take longer than 500 ms to check\. Choose or write less\.$/;
  const table: [name: string, properties: object, configuration: object, expected: RegExp][] = [
    [
      '$ref that lead nowhere else',
      { a: { $ref: '#/properties/a' } },
      { a: 1 },
      /no JSON Schema: its \$ref lead back to where they began\. Its/,
    ],
    ['$ref that double at each of 40 levels', doubled(40), { d0: 1 }, tooLong],
    [
      'a $ref to another server',
      { a: { $ref: 'http://169.254.169.254/schema' } },
      { a: 1 },
      /no JSON Schema: can't resolve reference http/,
    ],
    [
      'a $ref that climbs into JavaScript',
      { a: { $ref: '#/constructor/prototype' } },
      { a: 1 },
      /no JSON Schema: can't resolve reference|^$/,
    ],
    ['80 levels of anyOf', { a: nested(30, (inner) => ({ anyOf: [inner, { not: inner }] })) }, { a: 1 }, tooLong],
    [
      'a list of 30,000 maps, each to be there once',
      { a: { type: 'array', uniqueItems: true } },
      { a: [...counted(30_000, (id) => ({ id, more: [id] })), { more: [7], id: 7 }] },
      /^The option "a" must NOT have duplicate items \(items ## 7 and 30000 are identical\)\.$/,
    ],
    [
      '10,000 values out of 10,000',
      { a: { type: 'array', items: { enum: counted(10_000, (index) => ({ index })) } } },
      { a: counted(10_000, () => ({ index: 9999 })) },
      tooLong,
    ],
    [
      'a million wrong values',
      { a: { type: 'array', items: { type: 'string' } } },
      { a: counted(1_000_000, () => 1) },
      /^The option "a\.0" must be string\.$|take longer/,
    ],
    ['1,000 properties', properties(1000), { p1: 'a' }, /^The option "p1" must NOT have fewer than 2 characters\.$|take longer/],
    [
      '10,000 properties',
      properties(10_000),
      { p1: 'a' },
      /^The option "p1" must NOT have fewer than 2 characters\.$|take longer/,
    ],
    ['100,000 properties', properties(100_000), { p1: 'a' }, tooLong],
    [
      '2,000 patterns for the names of properties',
      { a: { patternProperties: Object.fromEntries(counted(2000, (index) => [`^(x+x+)+${index}$`, { type: 'string' }])) } },
      { a: Object.fromEntries(counted(2000, (index) => [`${'x'.repeat(50)}${index}`, 1])) },
      tooLong,
    ],
    [
      'an evil pattern for the names of properties',
      { a: { patternProperties: { '^(a+)+$': { type: 'string' } } } },
      { a: { [`${'a'.repeat(50)}!`]: 1, aa: 1 } },
      /^The option "a\.aa" must be string\.$/,
    ],
    ['a pattern that is none', { a: { pattern: '(' } }, { a: 'x' }, /no JSON Schema: "\(" is no regular expression/],
    ['a pattern that is no text', { a: { pattern: { a: 1 } } }, { a: 'x' }, /no JSON Schema: .*pattern must be string/],
    ['an $id that is no text', { a: { $id: 1, type: 'string' } }, { a: 'x' }, /no JSON Schema: .*\. Its manifest/],
    ['another $schema', { a: { $schema: 'http://example.com', type: 'string' } }, { a: 1 }, /^The option "a" must be string\.$/],
    [
      'a schema that would be asynchronous',
      { a: { $async: true, type: 'string' } },
      { a: 1 },
      /no JSON Schema: async schema in sync schema\./,
    ],
  ];
  for (const [name, schema, configuration, expected] of table) {
    it(name, async (t) => {
      const begin = performance.now();
      const errors = await judge(schema, configuration);
      const took = performance.now() - begin;
      assert.match(errors[0] ?? '', expected);
      assert.ok(errors.length <= 101);
      for (const error of errors) assert.doesNotMatch(error, /undefined|\[object|is not a function|stack|RangeError|TypeError/);
      // The limit, and what building the texts takes.
      assert.ok(took < (LONG ? 1000 : 5000), `it took ${took.toFixed(0)} ms`);
      if (LONG) t.diagnostic(`${took.toFixed(0)} ms`);
    });
  }

  it('never answers with a promise that nobody waits for', async () => {
    const whole = bound(
      manifest(
        'lookups: { form: { get: /form } }\noptions: { schema: { type: object, $async: "{{ lookups.form }}", required: [a] } }',
      ),
    );
    const errors = await validateConfiguration(whole, {}, { now: 0, ask: async () => ({ form: true }) });
    assert.deepEqual(errors, [
      'The options of this destination are no JSON Schema: "$async" is a word of Ajv alone. Its manifest must be mended.',
    ]);
  });

  it('tells entries that are alike from those that are the same', async () => {
    const schema = { a: { type: 'array', uniqueItems: true } };
    const big = parseJson(
      '[1, "1", true, "true", null, "null", [1], [[1]], {"a":1}, [["a",1]], 12345678901234567890, "12345678901234567890", 12345678901234567891]',
    );
    assert.deepEqual(await judge(schema, { a: big }), []);
    for (const twice of [
      '[1, 1.0]',
      '[{"a":1,"b":2},{"b":2,"a":1}]',
      '[[{}],[{}]]',
      '[12345678901234567890,12345678901234567890]',
    ])
      assert.deepEqual(await judge(schema, { a: parseJson(twice) }), [
        'The option "a" must NOT have duplicate items (items ## 0 and 1 are identical).',
      ]);
    assert.deepEqual(await judge({ a: { type: 'array', uniqueItems: false } }, { a: [1, 1] }), []);
  });

  it('leaves what is honest alone: a tree, a long list, many choices', async () => {
    const tree = {
      type: 'object',
      properties: { and: { type: 'array', items: { $ref: '#/properties/tree' } }, field: { type: 'string' } },
    };
    const choices = counted(20_000, (index) => `choice ${index}`);
    const schema = { tree, plan: { enum: choices }, ids: { type: 'array', uniqueItems: true, items: { type: 'string' } } };
    const right = { tree: { and: [{ and: [{ field: 'a' }] }] }, plan: 'choice 19999', ids: counted(2000, String) };
    assert.deepEqual(await judge(schema, right), []);
    assert.deepEqual(await judge(schema, { ...right, tree: { and: [{ and: [{ field: 1 }] }] } }), [
      'The option "tree.and.0.and.0.field" must be string.',
    ]);
  });
});
