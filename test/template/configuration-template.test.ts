/** Templates of the form: what they see, which tags they have, what bounds them, and that no value becomes structure or template. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../src/json/parse.ts';
import { stringifyJson } from '../../src/numbers.ts';
import { problemOfTemplate } from '../../src/template/configuration-template.ts';
import { scopeOf } from '../../src/template/scope.ts';
import { compileText } from '../../src/template/template.ts';
import { atWork, call, destinationOf, type Row } from '../delivery/calling.ts';

const known = new Map(['row', 'record', 'config', 'settings', 'id', 'operation'].map((name) => [name, null]));

function filterOf(source: string) {
  const template = compileText(source, 'text', { where: 'the test', known }, ({ sentence }) => assert.fail(sentence));
  assert.ok(template !== undefined);
  return (message: unknown, row: Row, more: Row = {}): string =>
    template.text(scopeOf({ row, record: { full: 'Alice Doe' }, id: 7, operation: 'add', config: { message }, ...more }));
}

const asText = filterOf('{{ config.message | liquid }}');
const asJson = filterOf("{{ config.message | liquid: 'json' }}");

/** The rendering, or why there is none. */
function made(message: string, row: Row = {}, render = asText): string {
  try {
    return render(message, row);
  } catch (error) {
    assert.ok(error instanceof Error);
    return `failed: ${error.message}`;
  }
}

describe('a template of the form sees', () => {
  const row = {
    name: 'Alice',
    'First Name': 'Al',
    plan: { tier: 'team', seats: [1, 2] },
    age: 12345678901234567890n.toString(),
    __proto__: null,
  };
  for (const [template, expected] of [
    ['{{ name }}', 'Alice'],
    ['{{ row.name }}/{{ row["First Name"] }}', 'Alice/Al'],
    ['{{ record.full }} {{ id }} {{ operation }}', 'Alice Doe 7 add'],
    ['{{ plan.tier }} {{ plan.seats[1] }} {{ plan.seats.size }}', 'team 2 2'],
    ['{{ none }}{{ row.none }}{{ none.deeper.still }}', ''],
    ['{{ row.size }}{{ row.first }}{{ record.size }}', ''],
    ['{{ settings.token }}{{ settings }}{{ config.message }}{{ config }}', ''],
    [
      '{{ env.HOME }}{{ process.env.PATH }}{{ global }}{{ vars.a }}{{ lookups.a }}{{ now }}{{ object }}{{ mode }}{{ position }}',
      '',
    ],
    ['{{ constructor }}{{ __proto__ }}{{ toString }}{{ hasOwnProperty }}', ''],
    ['{{ row.constructor }}{{ row.__proto__ }}{{ name.constructor.name }}{{ plan.constructor.constructor }}', ''],
    ['{{ name | map: "constructor" | join }}', ''],
  ] as const) {
    it(template, () => {
      assert.equal(problemOfTemplate(template), undefined);
      assert.equal(
        asText(template, row, { settings: { token: 's3cr3t' }, vars: { a: 1 }, lookups: { a: 1 }, now: 'x' }),
        expected,
      );
    });
  }

  it('a column before the word of its name, but row and record', () => {
    const named = { id: 'own id', operation: 'own operation', row: 'own row', record: 'own record' };
    assert.equal(
      asText('{{ id }}, {{ operation }}, {{ row.row }}, {{ row.record }}, {{ record.full }}', named),
      'own id, own operation, own row, own record, Alice Doe',
    );
  });

  it('columns of any name as data', () => {
    const odd = parseJson('{"__proto__": {"polluted": 1}, "constructor": "c", "size": 3, "liquid": "l"}') as Row; // an object of JSON
    assert.equal(asText('{{ constructor }}{{ size }}{{ row.size }}{{ liquid }}{{ polluted }}{{ row.polluted }}', odd), 'c33l');
    assert.equal(({} as Row).polluted, undefined);
  });

  it('every digit', () => {
    const exact = parseJson('{"n": 12345678901234567890.5}') as Row; // as above
    assert.equal(asText('{{ n }}', exact), '12345678901234567890.5');
    assert.equal(asJson('{"n": {{ n }}, "t": "{{ n }}"}', exact), '{"n": 12345678901234567890.5, "t": "12345678901234567890.5"}');
  });
});

describe('what a value holds is never a template', () => {
  for (const value of [
    '{{ row.secret }}',
    '{% assign x = 1 %}{{ x }}',
    '{% raw %}',
    '{%- comment -%}',
    '}}{{ secret }}',
    "' | append: secret | append: '",
  ]) {
    it(value, () => {
      const row = { value, secret: 'hidden' };
      assert.equal(
        asText('<{{ value }}>{% assign a = value %}{{ a }}{% for one in row %}{{ one[1] }}{% break %}{% endfor %}', row),
        `<${value}>${value}${value}`,
      );
      assert.deepEqual(JSON.parse(asJson('{"a": {{ value }}, "b": "{{ value }}"}', row)), { a: value, b: value });
    });
  }

  it('nor does the filter stand in such a template', () => {
    assert.match(problemOfTemplate('{{ name | liquid }}') ?? '', /^the filter "liquid" cannot be used here$/);
    assert.match(made('{{ name | liquid }}', { name: '{{ id }}' }), /^failed: .*"liquid" cannot be used here/);
  });
});

describe('tags', () => {
  for (const [template, expected] of [
    ['{% if age > 17 and plan == "team" %}yes{% elsif age %}no{% else %}?{% endif %}', 'yes'],
    ['{% unless none %}yes{% endunless %}', 'yes'],
    ['{% case plan %}{% when "solo" %}1{% when "team", "org" %}2{% else %}3{% endcase %}', '2'],
    [
      '{% for t in tags %}{{ forloop.index }}{{ t }}{% unless forloop.last %},{% endunless %}{% else %}none{% endfor %}',
      '1a,2b,3c',
    ],
    ['{% for t in tags reversed limit: 2 offset: 1 %}{{ t }}{% endfor %}', 'cb'],
    ['{% for t in none %}{% else %}none{% endfor %}', 'none'],
    ['{% for t in tags %}{% if t == "b" %}{% continue %}{% endif %}{{ t }}{% endfor %}', 'ac'],
    ['{% for t in tags %}{% if t == "b" %}{% break %}{% endif %}{{ t }}{% endfor %}!', 'a!'],
    ['{% for i in (1..3) %}{{ i }}{% endfor %}', '123'],
    ['{% assign who = name | upcase %}{{ who }}{% echo name | downcase %}', 'ALICEalice'],
    ['a{% comment %}{{ name | no }}{% if %}{% endcomment %}b{% # a note %}c', 'abc'],
    ['{% raw %}{{ name }}{% endraw %}', '{{ name }}'],
    ['  {{- name -}}  ', 'Alice'],
  ] as const) {
    it(`${template}`, () => {
      assert.equal(problemOfTemplate(template), undefined);
      assert.equal(asText(template, { name: 'Alice', age: 20, plan: 'team', tags: ['a', 'b', 'c'] }), expected);
    });
  }

  for (const [template, problem] of [
    [
      '{% capture a %}x{% endcapture %}',
      /^the tag "capture" cannot be used here; there are if, unless, case, for, assign and comment$/,
    ],
    ['{% liquid assign a = 1 %}', /^the tag "liquid" cannot be used here/],
    ['{% include "package.json" %}', /"include" is off: templates read no files/],
    ['{% render "package.json" %}', /"render" is off/],
    ['{% layout "x" %}', /"layout" is off/],
    ['{% block a %}{% endblock %}', /"block" is off/],
    ['{% tablerow a in b %}{% endtablerow %}', /"tablerow" is off/],
    ['{% cycle "a", "b" %}', /"cycle" is off/],
    ['{% increment a %}', /"increment" is off/],
    ['{% decrement a %}', /"decrement" is off/],
    ['{% fro a in b %}', /"fro" is not a tag.*Did you mean "for"\?/],
    ['{{ a | upcas }}', /"upcas" is not a filter\. Did you mean "upcase"\?/],
    ['{{ a | where_exp: "x", "x.a" }}', /"where_exp" is off/],
    ['{{ a | sample }}', /"sample" is off/],
    ['{{ a }', /^\{\{ is not closed/],
    ['{{ a b }}', /"a b" is no whole expression/],
    ['{% if a %}', /\{% if %\} is not closed/],
    ['{% endif %}', /closes nothing here/],
    ['{{ "a }}', /is not closed/],
    ['{{ }}', /A value is expected here/],
    ['{% if a == %}x{% endif %}', /an operator lacks a value/],
  ] as const) {
    it(`${template} is refused`, () => {
      assert.match(problemOfTemplate(template) ?? '', problem);
      assert.match(made(template), /^failed: a template of the configuration cannot be read: /);
    });
  }
});

describe('bounds', () => {
  const big = 'x'.repeat(10_000);

  it('of the source: 4 KiB', () => {
    assert.equal(problemOfTemplate('x'.repeat(4096)), undefined);
    assert.equal(problemOfTemplate('x'.repeat(4097)), 'it is longer than 4096 characters');
    assert.match(made('x'.repeat(4097)), /longer than 4096 characters/);
  });

  it('of the output: 64 KiB', () => {
    assert.equal(asText('{{ big }}', { big: 'x'.repeat(65_536) }).length, 65_536);
    for (const [template, row] of [
      ['{{ big }}', { big: 'x'.repeat(65_537) }],
      ['{{ big }}'.repeat(7), { big }],
      ['{% for i in (1..100) %}{{ big }}{% endfor %}', { big }],
      ['{% for i in (1..20000) %}abcd{% endfor %}', {}],
    ] as const)
      assert.equal(
        made(template, row),
        'failed: a template of the configuration may make 64 KiB of text at most; put out less, or send fewer rows at once',
      );
  });

  it('reject the row, and the others are sent', async () => {
    const bound = destinationOf('post: /rows\njson: { text: "{{ config.message | liquid }}" }');
    const rows = [
      { id: 1, n: 2 },
      { id: 2, n: 1e9 },
      { id: 3, n: 3 },
    ];
    const { reasons, sent } = await call(bound, { rows, configuration: { message: '{% for i in (1..n) %}{{ i }}{% endfor %}' } });
    const reason =
      'a template of the configuration may take 400,000 steps at most; loop over fewer elements, or send shorter values';
    assert.deepEqual(reasons, { 2: `not sent: ${reason}` });
    assert.deepEqual(
      sent.map(({ request }) => String(request.body)),
      ['{"text":"12"}', '{"text":"123"}'],
    );
  });

  it('of any text for a template: it is read soon, and never ends the process', () => {
    const pieces = [
      '{{',
      '}}',
      '{%',
      '%}',
      '{%-',
      '-}}',
      ' ',
      '"',
      "'",
      'a',
      'row',
      '|',
      ':',
      ',',
      '.',
      '[',
      ']',
      '(',
      ')',
      '1',
      '..',
      '==',
      'and',
      'or',
      'not',
      'if',
      'for',
      'in',
      'endif',
      'endfor',
      'case',
      'when',
      'else',
      'assign',
      '=',
      'raw',
      'endraw',
      'comment',
      '\\',
      '\n',
      'json',
      'é',
      '\u2028',
    ];
    const source = fc.oneof(
      fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join('')),
      fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join(' ')),
      fc
        .tuple(fc.constantFrom(...pieces), fc.constantFrom(...pieces), fc.integer({ min: 1, max: 1000 }))
        .map(([a, b, n]) => `${a}${b}`.repeat(n).slice(0, 4096)),
    );
    fc.assert(
      fc.property(source, fc.constantFrom('text', 'json'), (template, purpose) => {
        const begin = performance.now();
        const problem = problemOfTemplate(template, purpose);
        const result = made(template, { a: 'x', row: [1, 2] }, purpose === 'json' ? asJson : asText);
        assert.ok(performance.now() - begin < 1000, template);
        if (problem !== undefined) assert.match(result, /^failed: a template of the configuration cannot be read: /);
      }),
      { numRuns: 1500 },
    );
  });

  it('of all rows of a call: others are answered meanwhile', async () => {
    // The real breath: what is due in between runs.
    const { breathe } = await import('../../src/commands/real-world.ts');
    const bound = destinationOf('post: /rows\njson: { text: "{{ config.message | liquid }}" }');
    const message = `{% for i in (1..900) %}{% for j in (1..900) %}{% for k in (1..900) %}{% endfor %}{% endfor %}{% endfor %}`;
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const { reasons } = await call(bound, {
      rows: Array.from({ length: 12 }, (_, id) => ({ id })),
      configuration: { message },
      breathe,
    });
    clearInterval(timer);
    assert.equal(Object.keys(reasons).length, 12);
    assert.ok(longest < 600, `nothing else ran for ${Math.round(longest)} ms`);
  });
});

describe('JSON', () => {
  /** Keys and kinds, down to where values stand. */
  const TEMPLATES: readonly (readonly [string, (value: unknown) => unknown])[] = [
    ['{"a": {{ a }}, "b": {"c": [{{ b }}, {{ c }}]}}', (json) => json],
    ['{"a": "{{ a }}", "b": {"c": ["{{ b }}", "x {{ c }} y"]}}', (json) => json],
    ['{"a": {{ a }}{% if b %}, "b": {"c": [{{ b }}, "{{ c }}"]}{% else %}, "b": {"c": ["", ""]}{% endif %}}', (json) => json],
    ['{% assign x = a %}{"a": {{ x }}, "b": {"c": [{% echo b %}, {% for t in (1..1) %}{{ c }}{% endfor %}]}}', (json) => json],
    ['{"a": {{ a | json }}, "b": {"c": ["{{ b | append: c }}", {{ c | upcase }}]}}', (json) => json],
    [
      '{"a": "{{- a -}}", "b": {"c": [{%- case b -%}{%- when "x" -%}1{%- else -%}{{ b }}{%- endcase -%}, "\\"{{ c }}\\\\"]}}',
      (json) => json,
    ],
  ];
  const nasty = fc.constantFrom(
    '"',
    '\\',
    '\\"',
    '","admin":true,"x":"',
    '}',
    ']}',
    '\n',
    '\u0000',
    '\u2028',
    '{{ a }}',
    '\ud800',
    '\\u0022',
    '</script>',
    'null',
  );
  const scalar = fc.oneof(
    nasty,
    fc.string({ unit: 'binary' }),
    fc.tuple(nasty, fc.string(), nasty).map((parts) => parts.join('')),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  );
  const value = fc.oneof(
    { weight: 5, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(fc.string(), scalar, { maxKeys: 3 }) },
  );

  it('keeps its structure, whatever the values are', () => {
    for (const [template] of TEMPLATES) assert.equal(problemOfTemplate(template, 'json'), undefined, template);
    let rendered = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...TEMPLATES),
        fc.record({ a: value, b: value, c: value }, { requiredKeys: [] }),
        ([template], row) => {
          const result = made(template, row, asJson);
          // A list inside a text rejects the row: that is an answer too.
          if (result.startsWith('failed: ')) return;
          rendered++;
          const json = JSON.parse(result);
          assert.deepEqual(Object.keys(json), ['a', 'b']);
          assert.deepEqual(Object.keys(json.b), ['c']);
          assert.equal(json.b.c.length, 2);
        },
      ),
      { numRuns: 4000 },
    );
    assert.ok(rendered > 2000, `${rendered} rendered`);
  });

  it('keeps values as they are', () => {
    fc.assert(
      fc.property(value, (one) => {
        assert.equal(asJson('{{ a }}', { a: one }), stringifyJson(one));
        if (typeof one === 'string') assert.equal(JSON.parse(asJson('"{{ a }}"', { a: one })), one);
      }),
      { numRuns: 1000 },
    );
  });

  for (const [template, problem] of [
    ['{"a": {{ a | raw }}}', /^"raw" cannot be used here/],
    ['{"a": "{{ a | upcase | raw }}"}', /^"raw" cannot be used here/],
    ['{"a": {% echo a | raw %}}', /^"raw" cannot be used here/],
    ['{"a": "\\{{ a }}"}', /A backslash of the JSON stands right before a template/],
    ['{"a": "\\{% if a %}"{% endif %}}', /A backslash of the JSON stands right before a template/],
    ['[{% for i in (1..2) %}"{% break %}"{% endfor %}, {{ a }}, "x"]', /This break leaves a quote of the JSON open/],
    ['[{% for i in (1..2) %}"{% if a %}{% continue %}{% endif %}"{% endfor %}, {{ a }}]', /This continue leaves a quote/],
    ['{"a": "{% break %}"}', /This break leaves a quote/],
    ['{"a": {% if b %}"{% endif %}{{ a }}"}', /may leave a quote of the JSON open or not/],
    ['{"a": "{{ a }}}', /A quote of the JSON is not closed/],
    ['{"a": {{ a }}', /^it makes no JSON, whatever the values are \(see character \d+\)$/],
    ['{"a": {{ a }},}', /^it makes no JSON/],
    ["{'a': {{ a }}}", /^it makes no JSON/],
    ['{a: {{ a }}}', /^it makes no JSON/],
    ['Hello {{ a }}', /^it makes no JSON/],
    ['{"a": "{{ a }}" "b": 1}', /^it makes no JSON/],
  ] as const) {
    it(`${template} is refused`, () => {
      assert.match(problemOfTemplate(template, 'json') ?? 'none', problem);
      assert.match(made(template, { a: ',1,' }, asJson), /^failed: a template of the configuration cannot be read: /);
    });
  }

  it('raw is only text in a text', () => assert.equal(asText('{{ a | raw }}', { a: '"<' }), '"<'));

  it('that is blank is none', () => {
    assert.equal(problemOfTemplate(' \n', 'json'), undefined);
    assert.equal(asJson(' \n', {}), '');
    assert.equal(filterOf("{{ config.message | liquid: 'json' | parse_json | default: row | json }}")('', { a: 1 }), '{"a":1}');
  });

  it('for another purpose is refused', () => {
    assert.throws(() => filterOf("{{ config.message | liquid: 'html' }}")('x', {}), /the purpose is 'text' or 'json'/);
  });
});

describe('where such a template stands', () => {
  it('in a query or a header it is rendered for each row', async () => {
    const bound = destinationOf(
      'post: /rows\nquery: { q: "{{ config.message | liquid }}" }\nheaders: { X-Text: "{{ config.message | liquid }}" }',
    );
    const { sent } = await call(bound, {
      rows: [
        { id: 1, name: 'a&b' },
        { id: 2, name: 'c' },
      ],
      configuration: { message: 'for {{ name }}' },
    });
    assert.deepEqual(
      sent.map(({ request }) => [request.url, request.headers['x-text']]),
      [
        ['https://api.test/v1/rows?q=for%20a%26b', 'for a&b'],
        ['https://api.test/v1/rows?q=for%20c', 'for c'],
      ],
    );
  });

  it('in a batch it is rendered for each item', async () => {
    const bound = destinationOf(
      'post: /rows\nbatch: { size: 10 }\nitem: { text: "{{ config.message | liquid }}" }\njson: "{{ items }}"',
    );
    const { sent } = await call(bound, {
      rows: [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ],
      configuration: { message: 'for {{ name }}' },
    });
    assert.equal(String(sent[0]?.request.body), '[{"text":"for a"},{"text":"for b"}]');
  });

  it('missing or null it makes nothing, and what is no text rejects', async () => {
    const bound = destinationOf('post: /rows\njson: { text: "{{ config.message | liquid }}" }');
    for (const [message, body] of [
      [undefined, '{}'],
      [null, '{}'],
      [5, '{"text":"5"}'],
    ] as const) {
      const { sent } = await call(bound, { rows: [{ id: 1 }], configuration: { message } });
      assert.equal(String(sent[0]?.request.body), body);
    }
    const { reasons } = await call(bound, { rows: [{ id: 1 }], configuration: { message: ['{{ id }}'] } });
    assert.match(reasons['1'] ?? '', /^not sent: a list cannot stand inside a text/);
  });
});

describe('validate', () => {
  const work = atWork(
    destinationOf('post: /rows\njson: { text: "{{ config.text | liquid }}" }', {
      top: `options:
  schema:
    type: object
    properties:
      text: { type: string, format: liquid, title: Text }
      body: { type: string, format: liquid, contentMediaType: application/json }
      plain: { type: string }
      nested: { type: object, properties: { text: { type: string, format: liquid } } }
      list: { type: array, items: { type: object, properties: { text: { type: string, format: liquid, title: Line } } } }
`,
    }),
  );
  for (const [name, config, errors] of [
    [
      'right ones',
      { text: 'Hi {{ name }}', body: '{"a": {{ name }}}', plain: '{{ no template', nested: { text: '{{ a }}' } },
      [],
    ],
    ['none', {}, []],
    ['blank ones', { text: '', body: ' ' }, []],
    [
      'JSON where text is meant',
      { text: '{"a": {{ a }' },
      ['The option "Text" is no template: {{ is not closed: }} is missing, or a quote before it is not closed.'],
    ],
    [
      'text where JSON is meant',
      { body: 'Hi {{ name }}' },
      ['The option "body" is no template: it makes no JSON, whatever the values are (see character 1)'],
    ],
    ['too long', { text: 'x'.repeat(5000) }, ['The option "Text" is no template: it is longer than 4096 characters']],
    ['no text at all', { text: 5 }, ['The option "Text" must be string.']],
    [
      'inside an object',
      { nested: { text: '{% if %}' } },
      ['The option "nested.text" is no template: A value is expected here. {% if %} is not closed: {% endif %} is missing.'],
    ],
    [
      'inside a list',
      { list: [{ text: 'a' }, { text: '{{ a | b }}' }, 7] },
      ['The option "list.2" must be object.', 'The option "Line" is no template: "b" is not a filter.'],
    ],
  ] as const) {
    it(name, async () => assert.deepEqual(await work.ask('validate', { configuration: config }), { errors }));
  }
});
