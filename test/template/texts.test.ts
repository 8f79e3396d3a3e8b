/** Templates with tags: what they make, what is refused, and that they agree with LiquidJS wherever no rule of ours says otherwise. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Liquid } from 'liquidjs';
import { parseJson } from '../../src/json/parse.ts';
import { scopeOf } from '../../src/template/scope.ts';
import { compileText } from '../../src/template/template.ts';
import { NAMES, type Outcome, scopeFrom, shown, text } from './compiling.ts';

const VALUES = `{"a":1,"b":"two","c":[3,1,2],"row":{"x":"y","tags":["p","q"],"yes":true,"no":false,"empty":""},"body":{"items":[{"k":"one","n":1},{"k":"two","n":2},{"k":"three","n":1}],"html":"<b>x</b>","text":"Hello, big world","map":{"m":1,"n":2}}}`;
const SCOPE = scopeFrom(VALUES);

function made(outcome: Outcome): unknown {
  return 'json' in outcome ? parseJson(outcome.json) : shown(outcome);
}

describe('a template agrees with LiquidJS', () => {
  const filters = [
    'b | upcase',
    'b | capitalize',
    'b | append: "!"',
    'b | prepend: "!"',
    'b | size',
    'c | size',
    'b | slice: 1',
    'b | slice: 0, 2',
    'b | replace: "o", "0"',
    'b | replace_first: "t", "T"',
    'b | remove: "o"',
    'b | split: "w" | join: "-"',
    'body.text | truncate: 8',
    'body.text | truncatewords: 2',
    'body.text | downcase',
    'body.text | split: " " | first',
    'body.text | split: " " | last',
    'body.html | escape',
    'body.html | strip_html',
    'body.html | url_encode',
    '"a%20b" | url_decode',
    '"  x " | strip',
    '"  x " | lstrip',
    '"  x " | rstrip',
    'b | base64_encode',
    '"dHdv" | base64_decode',
    'c | join',
    'c | join: ", "',
    'c | sort | join',
    'c | reverse | join',
    'c | first',
    'c | last',
    'c | uniq | join',
    'c | concat: c | join',
    'c | compact | join',
    'c | sum',
    'body.items | map: "k" | join',
    'body.items | where: "n", 1 | map: "k" | join',
    'body.items | find: "n", 2 | map: "k" | join',
    'body.items | sort: "k" | map: "k" | join',
    'body.items | group_by: "n" | map: "name" | join',
    'body.items | sum: "n"',
    'a | plus: 1',
    'a | minus: 3',
    'a | times: 2.5',
    '7 | divided_by: 2',
    '7 | divided_by: 2, true',
    '7 | modulo: 4',
    '-4 | abs',
    '1.2 | ceil',
    '1.8 | floor',
    '1.256 | round: 2',
    'a | at_least: 5',
    'a | at_most: 0',
    'a | default: 9',
    'row.nothing | default: 9',
    'row.empty | default: 9',
    'row.no | default: 9',
    'row.no | default: 9, allow_false: true',
    'row.nothing',
    'row.nothing.x',
    'b',
    'a',
    '1.5',
    '"x"',
    "'y'",
    'row["x"]',
    'c[0]',
    'c.first',
    'c.size',
    'row.tags | join',
    'row.tags contains "p"',
    'a == 1',
    'a != 1',
    'b contains "w"',
    'a > 0 and b == "two"',
    'row.no or a == 2',
    'body.map.m',
    '(1..4) | join',
  ];
  const tags = [
    '',
    'plain',
    '{ } % #',
    '{% if a == 1 %}yes{% else %}no{% endif %}',
    '{% if row.no %}1{% elsif row.yes %}2{% else %}3{% endif %}',
    '{% unless row.no %}x{% endunless %}',
    '{% unless row.yes %}x{% else %}y{% endunless %}',
    '{% case b %}{% when "one" %}1{% when "two", "three" %}2{% else %}3{% endcase %}',
    '{% case a %}{% when 2 or 1 %}x{% endcase %}',
    '{% case a %}{% when 5 %}x{% endcase %}',
    '{% for i in c %}{{ i }},{% endfor %}',
    '{% for i in c %}{{ forloop.index }}/{{ forloop.length }}{% unless forloop.last %},{% endunless %}{% endfor %}',
    '{% for i in c limit: 2 %}{{ i }}{% endfor %}',
    '{% for i in c offset: 1 %}{{ i }}{% endfor %}',
    '{% for i in c reversed %}{{ i }}{% endfor %}',
    '{% for i in row.nothing %}x{% else %}none{% endfor %}',
    '{% for i in (1..3) %}{{ i }}{% endfor %}',
    '{% for i in (a..3) %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}',
    '{% for i in c %}{{ i }}{% break %}{% endfor %}',
    '{% for i in c %}{% for j in c %}{{ i | times: j }} {% endfor %}{% endfor %}',
    '{% for p in body.map %}{{ p[0] }}={{ p[1] }};{% endfor %}',
    '{% assign x = b | upcase %}{{ x }}',
    '{% assign x = a | plus: 1 %}{{ x | times: 2 }}',
    '{% capture x %}<{{ b }}>{% endcapture %}{{ x }}{{ x }}',
    '{% raw %}{{ b }}{% endraw %}',
    '{% comment %}{{ b }}{% endcomment %}x',
    '{% # a remark %}x',
    '{% echo b | upcase %}',
    '{% liquid\nassign x = 1\nif x == 1\necho "one"\nendif\n%}',
    'a {{- b -}} c',
    'a {%- if true -%} b {%- endif -%} c',
    '  {{ a }}  ',
    '{{ a }}{{ b }}\n{{ a }}',
    '{% if row.tags contains "p" and a == 1 %}x{% endif %}',
    '{% if a %}{% if row.no %}1{% else %}2{% endif %}{% endif %}',
    '{% if row.empty %}empty is true{% endif %}',
  ];
  const liquid = new Liquid({ ownPropertyOnly: true, groupedExpressions: true });
  for (const template of [...filters.map((filter) => `<{{ ${filter} }}>`), ...tags]) {
    it(JSON.stringify(template), () =>
      assert.equal(made(text(template, 'text', SCOPE)), liquid.parseAndRenderSync(template, JSON.parse(VALUES))),
    );
  }
});

describe('a template that is refused', () => {
  const table: [template: string, fault: RegExp][] = [
    ['{% include "a" %}', /^fault: The tag "include" is off: templates read no files\.$/],
    ['{% render "a" %}', /^fault: The tag "render" is off/],
    ['{% layout "a" %}', /^fault: The tag "layout" is off/],
    ['{% block a %}x{% endblock %}', /^fault: The tag "block" is off: [^|]*$/],
    ['{% tablerow x in c %}{{ a }}{% endtablerow %}', /^fault: The tag "tablerow" is off: [^|]*$/],
    ['{% cycle "a", "b" %}', /^fault: The tag "cycle" is off/],
    ['{% increment x %}', /^fault: The tag "increment" is off/],
    ['{% decrement x %}', /^fault: The tag "decrement" is off/],
    ['{% fi a %}{% endif %}', /^fault: "fi" is not a tag\. Use [^|]*$/],
    ['{% %}', /^fault: /],
    ['{%  constructor %}', /^fault: "constructor" is not a tag/],
    ['{% if a %}', /^fault: \{% if %\} is not closed: \{% endif %\} is missing\.$/],
    ['{% for i in c %}', /^fault: \{% for %\} is not closed/],
    ['{% capture x %}', /^fault: \{% capture %\} is not closed/],
    ['{% case a %}', /^fault: \{% case %\} is not closed/],
    ['{% comment %}', /^fault: \{% comment %\} is not closed/],
    ['{% raw %}', /^fault: \{% raw %\} is not closed/],
    ['{% endif %}', /^fault: \{% endif %\} closes nothing here: no block is open\.$/],
    ['{% if a %}{% endfor %}{% endif %}', /^fault: \{% endfor %\} closes nothing here: \{% if %\} is open\.$/],
    ['{% if a %}{% for i in c %}{% endif %}{% endfor %}', /^fault: \{% endif %\} closes nothing here: \{% for %\} is open\.$/],
    ['{% else %}', /^fault: \{% else %\} stands outside of its block/],
    ['{% when 1 %}', /^fault: \{% when %\} stands outside/],
    ['{% elsif a %}', /^fault: \{% elsif %\} stands outside/],
    ['{% for i in c %}{% elsif a %}{% endfor %}', /^fault: \{% elsif %\} stands outside/],
    ['{% capture x %}{% else %}{% endcapture %}', /^fault: \{% else %\} stands outside/],
    ['{% if a %}x{% else junk %}y{% endif %}', /^fault: "junk" is left over/],
    ['{% if a %}x{% endif junk %}', /^fault: "junk" is left over/],
    ['{% if a %}x{% else %}y{% else %}z{% endif %}', /^fault: /],
    ['{% for i of c %}{% endfor %}', /^fault: A loop is written/],
    ['{% for in c %}{% endfor %}', /^fault: A loop is written/],
    ['{% for i in c junk %}{% endfor %}', /^fault: "junk" is left over/],
    ['{% for i in c | reverse %}{% endfor %}', /^fault: "\| reverse" is left over/],
    ['{% for i in boyd %}{% endfor %}', /^fault: There is no name "boyd"/],
    ['{% for i in c %}{% endfor %}{{ i }}', /^fault: There is no name "i"/],
    ['{% for i in settings %}{{ i }}{% endfor %}', /^fault: Write out which setting/],
    ['{% for i in c limit: boyd %}{% endfor %}', /^fault: There is no name "boyd"/],
    ['{% assign x 1 %}{{ x }}', /^fault: An assignment is written [^|]*$/],
    ['{% assign x = settings %}{{ x.api_key }}', /^fault: Write out which setting/],
    ['{% assign x = x %}', /^fault: There is no name "x"/],
    ['{{ x }}{% assign x = 1 %}', /^fault: There is no name "x"/],
    ['{% capture %}x{% endcapture %}', /^fault: A capture is written/],
    ['{% case a %}{% when 1 2 %}{% endcase %}', /^fault: "2" is left over/],
    ['{% case a %}{% when boyd %}{% endcase %}', /^fault: There is no name "boyd"/],
    ['{{ a', /^fault: \{\{ is not closed: \}\} is missing/],
    ['{% if a', /^fault: \{% is not closed: %\} is missing/],
    ["{{ 'a }}", /^fault: /],
    ['{{ b | raw | upcase }}', /^fault: "raw" must be the last filter\.$/],
    ['{% echo b junk %}', /^fault: "b junk" is no whole expression/],
    ['{% liquid\necho boyd\n%}', /^fault: There is no name "boyd"/],
    ['{% liquid\nif a\necho b\n%}', /^fault: \{% if %\} is not closed/],
    ['{% liquid\ninclude "x"\n%}', /^fault: The tag "include" is off/],
  ];
  for (const [template, fault] of table) it(template, () => assert.match(shown(text(template, 'text', SCOPE)), fault));
});

describe('a template of JSON that is refused', () => {
  const table: [template: string, fault: RegExp][] = [
    ['["\\{{ a }}"]', /A backslash of the JSON stands right before a template/],
    ['["\\{% if a %}x{% endif %}{{ b }}"]', /A backslash of the JSON stands right before a template/],
    ['["{{ a }}]', /A quote of the JSON is not closed/],
    ['[{{ a }} {{ b }}]', /This is not JSON/],
    ['{"a":{{ a }},}', /This is not JSON/],
    ['{a:1}', /This is not JSON/],
    ['', /This is not JSON/],
    ['[{% if a %}"{% endif %}1]', /This if may leave a quote of the JSON open or not/],
    ['[{% if a %}"x{% else %}1{% endif %}]', /One branch leaves a quote of the JSON open and another does not/],
    ['["{% case a %}{% when 1 %}x"{% when 2 %}y{% endcase %}]', /One branch leaves a quote/],
    ['[{% for i in c %}"{% endfor %}]', /This for may leave a quote/],
    ['[{% for i in c %}"{% break %}"{% endfor %}]', /This break leaves a quote/],
    ['[{% for i in c %}"{% if i == 1 %}{% continue %}{% endif %}",{% endfor %}0]', /This continue leaves a quote/],
  ];
  for (const [template, fault] of table) it(template, () => assert.match(shown(text(template, 'json-value', SCOPE)), fault));
  it('but quotes that every way closes are fine', () => {
    for (const template of [
      '["{% if a %}x{% endif %}"]',
      '[{% if a %}"x"{% else %}1{% endif %}]',
      '["{% for i in c %}{{ i }}{% break %}{% endfor %}"]',
      '["\\"{% if a %}\\"{% endif %}"]',
    ]) {
      assert.doesNotMatch(shown(text(template, 'json-value', SCOPE)), /fault/, template);
    }
  });
});

describe('what a template assigns', () => {
  it('is gone in its next render, and in the next template', () => {
    const template = compileText(
      '{% if a == 1 %}{% assign q = "mine" %}{% capture r %}mine{% endcapture %}{% endif %}[{{ q }}{{ r }}]',
      'text',
      NAMES,
      () => assert.fail(),
    );
    const reading = compileText('{% if false %}{% assign q = 1 %}{% endif %}[{{ q }}]', 'text', NAMES, () => assert.fail());
    assert.ok(template !== undefined && reading !== undefined);
    const first = scopeOf({ a: 1 });
    assert.equal(template.text(first), '[minemine]');
    assert.equal(reading.text(first), '[]');
    assert.equal(template.text(scopeOf({ a: 2 })), '[]');
    assert.equal(template.text(first), '[minemine]');
  });

  it('hides a name only for itself', () => {
    const scope = scopeOf({ a: 1 });
    assert.equal(made(text('{% assign a = 2 %}{{ a }}', 'text', scope)), '2');
    assert.equal(made(text('{{ a }}', 'text', scope)), '1');
  });

  it('is not what a row holds', () => {
    const row = { x: 'y' };
    text('{% assign row = 1 %}{% assign x = row %}', 'text', scopeOf({ row }));
    assert.deepEqual(row, { x: 'y' });
  });
});

describe('what a template tells of itself', () => {
  const compiled = (source: string) => compileText(source, 'text', NAMES, () => assert.fail()) ?? assert.fail();
  it('names', () => {
    assert.deepEqual(
      [...compiled('{{ row.x }}{% if body["k"] %}{% for i in c %}{{ i.z }}{% endfor %}{% endif %}').names].sort(),
      ['body', 'body.k', 'c', 'row', 'row.x'],
    );
  });
  it('its text where nothing depends on values', () => {
    assert.equal(compiled('a b').fixed, 'a b');
    assert.equal(compiled('{{ a }}').fixed, undefined);
  });
  it('what stands between its outputs', () => {
    assert.equal(compiled('/x/{{ a }}/y').literal, '/x/\uFFFC/y');
    assert.equal(compiled('/x/{% if a %}y{% endif %}').literal, undefined);
  });
  it('how often it opts out of escaping', () => {
    assert.equal(compiled('{{ a | raw }}{{ b | upcase | raw }}{{ a }}').raw, 2);
  });
});

describe('a template that never ends', () => {
  const table = [
    '{% for i in (1..100000000) %}x{% endfor %}',
    '{% assign x = "xxxxxxxxxxxxxxxxxxxx" %}{% for i in (1..60) %}{% assign x = x | append: x %}{% endfor %}',
    '{{ (1..1000000000) | join }}',
  ];
  for (const template of table) {
    it(`${template} is stopped`, () =>
      assert.match(
        shown(text(template, 'text', SCOPE)),
        /^rejected: the templates of a row or a request may take 2,000,000 steps at most/,
      ));
  }
});
