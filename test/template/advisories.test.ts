/** What advisories of LiquidJS tell of beside time and memory (those are bombs), tried in both engines: no way in, whatever version is installed. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scopeOf } from '../../src/template/scope.ts';
import { shown, text } from './compiling.ts';

type Row = Record<string, unknown>;

const ENGINES = {
  'a manifest': (source: string, row: Row) => shown(text(source, 'text', scopeOf({ row }))),
  'the form': (source: string, row: Row) =>
    shown(text('{{ config.message | liquid }}', 'text', scopeOf({ row, config: { message: source } }))),
};

/** An object that inherits a property, as no JSON makes it. */
function heir(own: Row, inherited: Row): Row {
  return Object.assign(Object.create(inherited), own);
}

const FILES = /The tag "\w+" is off: templates read no files/;
const NO_FILTER = /"\w+" is not a filter/;
const NO_TAG = /"\w+" is not a tag/;
const SECRETS = [heir({ id: 'a' }, { secret: 2 }), heir({ id: 'b' }, { secret: 1 })];

const TABLE: readonly (readonly [advisory: string, source: string, expected: string | RegExp, row?: Row])[] = [
  ['GHSA-45rm-2893-5f49: prototypes', '{{ row.constructor }}{{ row.__proto__ }}{{ row.toString }}{{ row.valueOf }}', '""'],
  ['GHSA-45rm-2893-5f49: prototypes', '{{ row.t.constructor.name }}{{ row.l.constructor }}{{ row.h.secret }}', '""'],
  ['GHSA-45rm-2893-5f49: prototypes', "{{ row['constructor'] }}{{ row.h['secret'] }}{{ row.l['__proto__'].length }}", '""'],
  ['CVE-2026-30952: paths', "{% render '/etc/passwd' %}", FILES],
  ['CVE-2026-30952: paths', "{% include '../../../../etc/passwd' %}", FILES],
  ['CVE-2026-30952: paths', "{% layout '/etc/passwd' %}", FILES],
  ['CVE-2026-35525: links', "{% render 'link.liquid' %}", FILES],
  ['CVE-2026-39859: files by name', '{% include row.t %}', FILES],
  ['CVE-2026-41311: a block inside itself', "{% layout 'a' %}{% block b %}{% block b %}{% endblock %}{% endblock %}", FILES],
  ['CVE-2026-44646: what render sees', "{% render 'a', h: row.h %}", FILES],
  ['CVE-2026-44645: a table without an end', '{% tablerow i in (1..10000000) %}{% endtablerow %}', /The tag "tablerow" is off/],
  ['CVE-2026-39412: sorted by a secret', "{{ row.secrets | sort: 'secret' | map: 'id' | join }}", '"a b"'],
  ['CVE-2026-39412: sorted by a secret', "{{ row.secrets | sort_natural: 'secret' | map: 'id' | join }}", '"a b"'],
  ...[
    "where: 'secret', 1",
    "reject: 'secret'",
    "find: 'secret', 1",
    "has: 'secret', 1",
    "group_by: 'secret'",
    "sum: 'secret'",
  ].map((filter) => ['CVE-2026-44646: found by a secret', `{{ row.secrets | ${filter} | json }}`, /^(?!.*[12]).*$/] as const),
  ['CVE-2026-44646: found by a secret', "{{ row.secrets | map: 'secret' | json }}", '"[null,null]"'],
  ['CVE-2026-45618: code', '{% assign r = 1 | valueOf %}{{ r | inspect }}', NO_FILTER],
  ...['constructor', '__proto__', 'toString', 'hasOwnProperty', '__defineGetter__'].flatMap((name) => [
    ['CVE-2026-45618: code', `{{ row.t | ${name}: 'return process' }}`, NO_FILTER] as const,
    ['CVE-2026-45618: code', `{% ${name} row.t %}`, NO_TAG] as const,
  ]),
  ['CVE-2026-45618: a prototype by name', '{% assign __proto__ = row.h %}{{ secret }}{{ __proto__.own }}', /^(?!.*inherited).*$/],
  [
    'CVE-2026-45618: a value that compares itself',
    '{% if row.c < row.t %}x{% endif %}',
    /a map is neither less nor greater than anything/,
  ],
  [
    'CVE-2026-45618: a value that compares itself',
    '{% if row.c == row.t or row.t == row.c or row.t contains row.c %}x{% endif %}',
    '""',
  ],
  [
    'CVE-2026-44644: tags over two lines',
    '{{ row.html | strip_html }}',
    '"ab"',
    { html: 'a<img\nsrc=x\nonerror=alert(1)>b<script\n>x</script>' },
  ],
];

const ROW: Row = {
  t: 'text',
  l: [1],
  h: heir({ own: 'own' }, { secret: 'inherited' }),
  secrets: SECRETS,
  c: { equals: 'yes', gt: 'yes', geq: 'yes', lt: 'yes', leq: 'yes', valueOf: 'yes', toString: 'yes' },
};

for (const [engine, render] of Object.entries(ENGINES)) {
  describe(`a template of ${engine}`, () => {
    for (const [advisory, source, expected, row = ROW] of TABLE) {
      it(`${advisory}: ${source}`, () => {
        const result = render(source, row);
        if (typeof expected === 'string') assert.equal(result, expected);
        else assert.match(result, expected);
      });
    }

    it('CVE-2026-106120: lists that inherit an element', () => {
      const list: unknown[] = [];
      const source =
        '{{ row.l.first }}{{ row.l.last }}{{ row.l[0] }}{{ row.l[-1] }}{{ row.l | first }}{{ row.l | last }}{{ row.l | join }}{{ row.l | reverse | join }}{{ row.l | compact | join }}{{ row.l | slice: 0, 2 | join }}{% for one in row.l %}{{ one }}{% endfor %}';
      Object.defineProperty(Array.prototype, 0, { value: 'inherited', configurable: true, writable: true });
      try {
        assert.doesNotMatch(render(source, { l: list }), /inherited/);
      } finally {
        Reflect.deleteProperty(Array.prototype, 0);
      }
    });
  });
}
