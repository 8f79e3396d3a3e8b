/** Escaping by place: whatever a value holds, it stays inside the place that it stands in. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../src/json/parse.ts';
import { stringifyJson } from '../../src/numbers.ts';
import { checkSegment, type Place } from '../../src/template/places.ts';
import { scopeOf } from '../../src/template/scope.ts';
import { scopeFrom, shown, text } from './compiling.ts';

/** Values as JSON; the last ones are no text of their own. */
const VALUES = {
  quote: '"\\""',
  backslash: '"\\\\"',
  newline: '"\\n"',
  crlf: '"\\r\\nX: y"',
  template: '"{{ a }}{% if %}"',
  tag: '"</a>"',
  up: '".."',
  upSlash: '"../"',
  upBackslash: '"..\\\\"',
  upHidden: '"a/../b"',
  encoded: '"%2f%2e%2e"',
  query: '"?a=1&b#c"',
  separator: '"\\u2028"',
  surrogate: '"\\ud800"',
  emoji: '"😀"',
  proto: '"__proto__"',
  nul: '"\\u0000"',
  empty: '""',
  null: 'null',
  long: '9007199254740993',
  no: 'false',
  list: '[1]',
  map: '{"a":1}',
} as const;
type Name = keyof typeof VALUES;

const LIST = 'rejected: a list cannot stand inside a text; use join, or json for its JSON';
const MAP = 'rejected: a map cannot stand inside a text; use join, or json for its JSON';
const SURROGATE = 'rejected: a text holds half a character (a lone surrogate), which cannot be sent';
const HOST = 'rejected: a setting that stands in the host name holds other characters than letters, digits, dots and hyphens';

const TABLES: [name: string, place: Place, template: string, Partial<Record<Name, string>>][] = [
  [
    'a text',
    'text',
    '<{{ a }}>',
    {
      quote: '<">',
      newline: '<\n>',
      template: '<{{ a }}{% if %}>',
      upSlash: '<../>',
      empty: '<>',
      null: '<>',
      long: '<9007199254740993>',
      no: '<false>',
      list: LIST,
      map: MAP,
    },
  ],
  [
    'a path',
    'path',
    '/x/{{ a }}/y',
    {
      quote: '/x/%22/y',
      backslash: '/x/%5C/y',
      crlf: '/x/%0D%0AX%3A%20y/y',
      template: '/x/%7B%7B%20a%20%7D%7D%7B%25%20if%20%25%7D/y',
      tag: '/x/%3C%2Fa%3E/y',
      upSlash: '/x/..%2F/y',
      upBackslash: '/x/..%5C/y',
      encoded: '/x/%252f%252e%252e/y',
      query: '/x/%3Fa%3D1%26b%23c/y',
      separator: '/x/%E2%80%A8/y',
      surrogate: SURROGATE,
      emoji: '/x/%F0%9F%98%80/y',
      proto: '/x/__proto__/y',
      nul: '/x/%00/y',
      long: '/x/9007199254740993/y',
      list: LIST,
      map: MAP,
    },
  ],
  [
    'a path where uri is written out',
    'path',
    '/x/{{ a | uri }}',
    {
      query: '/x/%3Fa%3D1%26b%23c',
      encoded: '/x/%252f%252e%252e',
      up: 'rejected: a part of the path is "." or "..", which would lead elsewhere',
    },
  ],
  ['a path with raw', 'path', '/x/{{ a | raw }}', { upHidden: '/x/a/../b', query: '/x/?a=1&b#c', list: LIST }],
  [
    'a JSON string',
    'json-value',
    '{"k":"{{ a }}"}',
    {
      quote: '{"k":"\\""}',
      backslash: '{"k":"\\\\"}',
      newline: '{"k":"\\n"}',
      template: '{"k":"{{ a }}{% if %}"}',
      surrogate: '{"k":"\\ud800"}',
      nul: '{"k":"\\u0000"}',
      empty: '{"k":""}',
      null: '{"k":""}',
      long: '{"k":"9007199254740993"}',
      no: '{"k":"false"}',
      list: LIST,
      map: MAP,
    },
  ],
  [
    'a JSON value',
    'json-value',
    '{"k":{{ a }}}',
    {
      quote: '{"k":"\\""}',
      empty: '{"k":""}',
      null: '{"k":null}',
      long: '{"k":9007199254740993}',
      no: '{"k":false}',
      list: '{"k":[1]}',
      map: '{"k":{"a":1}}',
      surrogate: '{"k":"\\ud800"}',
    },
  ],
  [
    'JSON with escaped quotes before it',
    'json-value',
    '["\\"{{ a }}\\\\",{{ a }}]',
    { quote: '["\\"\\"\\\\","\\""]', no: '["\\"false\\\\",false]' },
  ],
  ['JSON behind a block', 'json-value', '[{% if true %}"x{% else %}"{% endif %}{{ a }}"]', { quote: '["x\\""]' }],
  [
    'JSON in a loop',
    'json-value',
    '[{% for x in (1..2) %}{{ a }},"{{ a }}",{% endfor %}0]',
    { no: '[false,"false",false,"false",0]' },
  ],
  [
    'JSON by capture',
    'json-value',
    '{% capture q %}<{{ a }}>{% endcapture %}["{{ q }}",{{ q }}]',
    { quote: '["<\\">","<\\">"]' },
  ],
  ['JSON by echo', 'json-value', '["{% echo a %}",{% echo a %}]', { quote: '["\\"","\\""]' }],
  ['JSON in liquid lines', 'json-value', '[{% liquid\n assign q = a\n echo q\n %}]', { quote: '["\\""]' }],
  ['JSON with raw', 'json-value', '{"k":{{ a | raw }}}', { quote: '{"k":"}', list: LIST }],
  ['JSON with uri', 'json-value', '["{{ a | uri }}",{{ a | uri }}]', { quote: '["%22","%22"]' }],
  [
    'a host',
    'url',
    'https://{{ a }}.example.com/v1',
    {
      proto: HOST,
      quote: HOST,
      up: 'https://...example.com/v1',
      query: HOST,
      crlf: HOST,
      empty: HOST,
      null: HOST,
      emoji: HOST,
      tag: HOST,
      list: LIST,
      long: 'https://9007199254740993.example.com/v1',
    },
  ],
  [
    'the path of a URL',
    'url',
    'https://example.com/{{ a }}',
    { query: 'https://example.com/%3Fa%3D1%26b%23c', upSlash: 'https://example.com/..%2F' },
  ],
  ['a whole URL', 'url', '{{ a }}', { tag: '</a>' }],
];

for (const [name, place, template, row] of TABLES) {
  describe(`${name}: ${template}`, () => {
    for (const [value, expected] of Object.entries(row)) {
      it(value, () => {
        const outcome = text(template, place, scopeFrom(`{"a":${VALUES[value as Name]}}`)); // a key of the row
        assert.equal('json' in outcome ? parseJson(outcome.json) : shown(outcome), expected);
      });
    }
  });
}

describe('a missing value', () => {
  const table: [place: Place, template: string, expected: string][] = [
    ['text', '<{{ a }}>', '<>'],
    ['path', '/x/{{ a }}', '/x/'],
    ['json-value', '["{{ a }}",{{ a }}]', '["",null]'],
  ];
  for (const [place, template, expected] of table)
    it(template, () => assert.equal(shown(text(template, place, scopeFrom('{}'))), JSON.stringify(expected)));
});

describe('one part of a path', () => {
  const table: [segment: string, refused: RegExp | undefined][] = [
    ['a', undefined],
    ['...', undefined],
    ['a..b', undefined],
    ['..a', undefined],
    ['%252e%252e', undefined],
    ['..%3B', undefined],
    ['', /empty/],
    ['.', /"\." or "\.\."/],
    ['..', /"\." or "\.\."/],
    ['%2e%2E', /"\." or "\.\."/],
    ['..%2F', /"\." or "\.\."/],
    ['a%2F..%2Fb', /"\." or "\.\."/],
    ['a%5C..', /"\." or "\.\."/],
    ['%2e%2f', /"\." or "\.\."/],
    ['%00', /control character/],
    ['a%0Ab', /control character/],
    ['%7F', /control character/],
    ['%', /encodes nothing/],
    ['%zz', /encodes nothing/],
    ['%ff', /encodes nothing/],
  ];
  for (const [segment, refused] of table) {
    it(`${JSON.stringify(segment)} ${refused === undefined ? 'stays' : 'is refused'}`, () => {
      if (refused === undefined) checkSegment(segment);
      else assert.throws(() => checkSegment(segment), refused);
    });
  }
});

describe('any value', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '\n', ',', ':', '/', '.', '%') }),
    fc.jsonValue(),
  );

  it('leaves the keys of a JSON text as they were', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const outcome = text(
          '{"x":{{ a }},"y":"<{{ b }}>","z":[{% if a == b %}"{{ a | json }}"{% else %}{{ b }}{% endif %},1]}',
          'json-value',
          scopeOf({ a, b }),
        );
        if (!('json' in outcome)) return;
        const parsed = parseJson(String(parseJson(outcome.json))) as { x: unknown; y: unknown; z: unknown[] };
        assert.deepEqual(Object.keys(parsed), ['x', 'y', 'z']);
        assert.equal(stringifyJson(parsed.x), stringifyJson(a));
        assert.equal(typeof parsed.y, 'string');
        assert.equal(parsed.z.length, 2);
      }),
    );
  });

  it('is one segment of a path, or rejects', () => {
    fc.assert(
      fc.property(value, (a) => {
        const outcome = text('/x/{{ a }}/y', 'path', scopeOf({ a }));
        if (!('json' in outcome)) return;
        const path = String(parseJson(outcome.json));
        const [, x, segment = '', y, ...more] = path.split('/');
        assert.deepEqual([x, y, more], ['x', 'y', []]);
        assert.match(segment, /^[A-Za-z0-9\-_.!~*'()%]*$/);
        try {
          checkSegment(segment);
        } catch {
          return;
        }
        // What is not refused means the same to the URL standard, which decodes dots.
        assert.equal(new URL(path, 'https://example.com').pathname, path);
      }),
    );
  });

  it('cannot change the host of a URL', () => {
    fc.assert(
      fc.property(value, (a) => {
        const outcome = text('https://{{ a }}.example.com/{{ a }}', 'url', scopeOf({ a }));
        if (!('json' in outcome)) return;
        const url = String(parseJson(outcome.json));
        if (URL.canParse(url)) assert.ok(new URL(url).hostname.endsWith('.example.com'));
      }),
    );
  });
});
