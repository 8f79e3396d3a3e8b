/** Templates and values made to keep the process busy, to fill its memory, or to end it: the table that `bombs.test.ts` plays. */

import { collidingNumbers, listOf, longTexts, mapOf, nested, textOf } from './hostile-values.ts';

/** Where a bomb goes off: a text body, a JSON text, a leaf, a bare expression, a segment of a path, or a template of the form. */
export type Kind = 'text' | 'json' | 'leaf' | 'expression' | 'path' | 'form';

type Row = Record<string, unknown>;

export interface Bomb {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly source: string;
  /** `size`: characters that a body of a call may have. */
  readonly row: (size: number) => Row;
}

const NONE = (): Row => ({});
const BOTH: readonly Kind[] = ['text', 'form'];
const TEXT: readonly Kind[] = ['text'];
const LEAF: readonly Kind[] = ['leaf'];

function bomb(name: string, source: string, row: (size: number) => Row = NONE, kinds: readonly Kind[] = BOTH): Bomb {
  return { name, source, row, kinds };
}

function times(count: number, text: string): string {
  return text.repeat(count);
}

/** A filter over and over, as often as a template of the form has room for. */
function chain(start: string, filter: string): string {
  return `{{ ${start}${times(Math.floor((4050 - start.length) / (filter.length + 1)), `|${filter}`)} | size }}`;
}

const loops = (count: number, turns: string, body = '') =>
  times(count, '').concat(
    ...Array.from({ length: count }, (_, index) => `{% for i${index} in ${turns} %}`),
    body,
    times(count, '{% endfor %}'),
  );

const DOUBLING: readonly Bomb[] = [
  bomb(
    'capture that doubles itself',
    `{% assign a = 'xxxxxxxxxxxxxxxx' %}${times(40, '{% capture a %}{{ a }}{{ a }}{% endcapture %}')}{{ a | size }}`,
    NONE,
    TEXT,
  ),
  bomb(
    'capture that doubles itself in a loop',
    "{% assign a = 'xx' %}{% for i in (1..1000) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}{{ a | size }}",
    NONE,
    TEXT,
  ),
  bomb(
    'capture inside of capture inside of loops',
    '{% for i in (1..500) %}{% capture a %}{% for j in (1..500) %}{% capture b %}{{ row.t }}{% endcapture %}{{ b }}{% endfor %}{% endcapture %}{% endfor %}',
    () => ({ t: textOf(1000) }),
    TEXT,
  ),
  bomb(
    'capture of a large value, again and again',
    '{% for i in (1..100000) %}{% capture a %}{{ row.t }}{% endcapture %}{% endfor %}',
    (size) => ({ t: textOf(size) }),
    TEXT,
  ),
  bomb(
    'assign that doubles by append',
    `{% assign a = 'xxxxxxxxxx' %}${times(120, '{% assign a = a | append: a %}')}{{ a | size }}`,
  ),
  bomb(
    'assign that doubles by prepend in a loop',
    "{% assign a = 'x' %}{% for i in (1..9999) %}{% assign a = a | prepend: a %}{% endfor %}{{ a }}",
  ),
  bomb(
    'assign that doubles by replace',
    "{% assign a = 'xx' %}{% for i in (1..99) %}{% assign a = a | replace: 'x', 'xx' %}{% endfor %}{{ a | size }}",
  ),
  bomb('text times text', '{{ row.t | replace: "x", row.t | size }}', (size) => ({ t: textOf(size) })),
  bomb('text times text times text', '{{ row.t | replace: "x", row.t | replace: "x", row.t | size }}', () => ({
    t: textOf(2000),
  })),
  bomb('text between all characters', '{{ row.t | replace: "", row.t | size }}', (size) => ({ t: textOf(size) })),
  bomb('text between all elements', '{{ row.l | join: row.t | size }}', (size) => ({
    l: listOf(size / 4, () => 1),
    t: textOf(size / 2),
  })),
  bomb(
    'split and joined by more each time',
    "{% assign a = 'xx' %}{% for i in (1..999) %}{% assign a = a | split: '' | join: 'xx' %}{% endfor %}{{ a | size }}",
  ),
  bomb(
    'list that doubles by concat',
    `{% assign a = row.l %}${times(110, '{% assign a = a | concat: a %}')}{{ a | size }}`,
    () => ({ l: [1, 2] }),
  ),
  bomb(
    'list that doubles by concat in a loop, then JSON',
    '{% assign a = row.l %}{% for i in (1..30) %}{% assign a = a | concat: a %}{% endfor %}{{ a | json }}',
    () => ({ l: [textOf(100_000)] }),
  ),
  bomb(
    'list within itself by push, then JSON',
    '{% assign a = row.l %}{% for i in (1..60) %}{% assign a = a | push: a %}{% endfor %}{{ a | json }}',
    () => ({ l: [1] }),
  ),
  bomb(
    'list within itself by push, then joined',
    '{% assign a = row.l %}{% for i in (1..60) %}{% assign a = a | push: a %}{% endfor %}{{ a | join }}',
    () => ({ l: ['a'] }),
  ),
  bomb(
    'list within itself by unshift, then compared',
    '{% assign a = row.l %}{% assign b = row.m %}{% for i in (1..60) %}{% assign a = a | unshift: a %}{% assign b = b | unshift: b %}{% endfor %}{% if a == b %}x{% endif %}',
    () => ({ l: [1], m: [1] }),
  ),
  bomb(
    'list within itself ten thousand times',
    '{% assign a = row.l %}{% for i in (1..10000) %}{% assign b = row.l | push: a %}{% assign a = b %}{% endfor %}{{ a | json }}',
    () => ({ l: [] }),
  ),
  bomb(
    'leaf that doubles a large element',
    `{{ row.l${times(40, ' | concat: row.l')} }}`,
    (size) => ({ l: [textOf(size)] }),
    LEAF,
  ),
  bomb('leaf that doubles by group_by', `{{ row.l${times(60, " | group_by: 'items'")} }}`, () => ({ l: [{ items: 1 }] }), LEAF),
  bomb(
    'leaf that nests by push',
    `{{ row.l${times(40, ' | push: row.l')} }}`,
    (size) => ({ l: listOf(size / 100, (i) => ({ i })) }),
    LEAF,
  ),
  bomb(
    'map whose values are doubled by rename and merge',
    '{% assign m = row.m %}{% for i in (1..1000) %}{% assign k = i | append: "" %}{% assign n = row.m | rename: "a", k %}{% assign m = m | merge: n %}{% endfor %}{{ m | json | size }}',
    (size) => ({ m: { a: textOf(size / 10) } }),
  ),
];

const LOOPS: readonly Bomb[] = [
  bomb('loops within loops, with nothing inside', loops(20, '(1..900)')),
  bomb('loops within loops, with a letter inside', loops(4, '(1..900)', 'x')),
  bomb('loops within loops, with long text inside', loops(3, '(1..900)', textOf(3000))),
  bomb(
    'loops within loops, with conditions inside',
    loops(3, '(1..900)', "{% if i0 == i1 and i1 != i2 and i0 contains 'x' %}{% endif %}"),
  ),
  bomb('loops within loops, with a sum inside', loops(3, '(1..900)', '{% assign x = i0 | plus: i1 | times: i2 %}')),
  bomb(
    'loops within loops, with comments and raw inside',
    loops(3, '(1..900)', '{% comment %}x{% endcomment %}{% raw %}{{ x }}{% endraw %}'),
  ),
  bomb(
    'loop of a million turns left at once, again and again',
    loops(1, '(1..900000)', '{% for j in (1..900000) %}{% break %}{% endfor %}'),
  ),
  bomb(
    'loop that is reversed, cut and skipped',
    loops(1, '(1..900)', '{% for j in row.l reversed limit: 1 offset: 1 %}{% endfor %}'),
    (size) => ({ l: listOf(size / 2, () => 1) }),
  ),
  bomb('loop over the entries of a wide map', loops(1, '(1..900)', '{% for j in row.m %}{% break %}{% endfor %}'), (size) => ({
    m: mapOf(Math.min(200_000, size / 20), '1'),
  })),
  bomb('loop over the rows of the rows', loops(3, 'row.l', '{{ i0.a }}'), (size) => ({ l: listOf(size / 10, (a) => ({ a })) })),
  bomb('loop whose limit is a list', '{% for i in (1..9) limit: row.l %}{% endfor %}', (size) => ({
    l: listOf(size / 2, () => 1),
  })),
  bomb('loop whose offset is a long text', loops(1, '(1..9000)', '{% for i in row.l offset: row.t %}{% endfor %}'), (size) => ({
    l: [1],
    t: textOf(size, '1'),
  })),
  bomb(
    'case with thousands of branches in a loop',
    loops(
      1,
      '(1..900000)',
      `{% case i0 %}${Array.from({ length: 150 }, (_, index) => `{% when -${index} %}`).join('')}{% endcase %}`,
    ),
  ),
  bomb('case that compares long lists', loops(1, '(1..900)', '{% case row.a %}{% when row.b %}x{% endcase %}'), (size) => ({
    a: listOf(size / 4, () => 1),
    b: listOf(size / 4, (i) => (i === Math.floor(size / 4) - 1 ? 2 : 1)),
  })),
  bomb(
    'liquid tag full of loops',
    '{% liquid\nfor i in (1..9000)\nfor j in (1..9000)\nassign x = i\nendfor\nendfor\n%}',
    NONE,
    TEXT,
  ),
  bomb('unless within loops', loops(3, '(1..900)', '{% unless i0 %}{% elsif i1 > 3 %}{% else %}{% endunless %}')),
];

const RANGES: readonly Bomb[] = [
  bomb('range of a billion', '{% for i in (1..1000000000) %}{% endfor %}'),
  bomb('range of a billion, joined', '{{ (1..1000000000) | join | size }}'),
  bomb('range to the end of all numbers', '{% for i in (1..row.n) %}{% endfor %}', () => ({ n: 1e308 })),
  bomb('range that cannot count on', '{% for i in (row.a..row.b) %}{% endfor %}', () => ({
    a: 9007199254740992,
    b: 9007199254740994,
  })),
  bomb('range that cannot count on, from texts', '{{ (row.a..row.b) | size }}', () => ({
    a: '9007199254740992',
    b: '9007199254740994',
  })),
  bomb('range that cannot count on, below zero', '{{ (row.a..row.b) | size }}', () => ({
    a: -9007199254740994,
    b: -9007199254740992,
  })),
  bomb('range that cannot count on, in a filter', "{{ 'x' | append: (row.a..row.b) | size }}", () => ({
    a: 2 ** 60,
    b: 2 ** 60 + 2 ** 10,
  })),
  bomb('range that cannot count on, in a bracket', '{{ row[(row.a..row.b)] }}', () => ({ a: 2 ** 60, b: 2 ** 60 + 2 ** 10 })),
  bomb('range that cannot count on, in a loop’s limit', '{% for i in (1..2) limit: (row.a..row.b) %}{% endfor %}', () => ({
    a: 2 ** 60,
    b: 2 ** 60 + 2 ** 10,
  })),
  bomb('range that cannot count on, in a when', '{% case 1 %}{% when (row.a..row.b) %}{% endcase %}', () => ({
    a: 2 ** 60,
    b: 2 ** 60 + 2 ** 10,
  })),
  bomb('range that cannot count on, in the name of a property', '{{ row.l | where: row.p, 1 | size }}', () => ({
    l: [{ a: 1 }],
    p: 'a[(9007199254740992..9007199254740994)]',
  })),
  bomb('range that cannot count on, in the name to group by', '{{ row.l | group_by: row.p | size }}', () => ({
    l: [{ a: 1 }],
    p: 'a[ (1..1000000000) ]',
  })),
  bomb('range of negative numbers', '{% for i in (-1000000000..-1) %}{% endfor %}'),
  bomb('range that goes backwards', '{% for i in (1000000000..1) %}{% endfor %}'),
  bomb('range of infinite ends', '{% for i in (row.a..row.b) %}{% endfor %}', () => ({ a: '-1e400', b: '1e400' })),
  bomb('range of long lists', '{% for i in (row.l..row.l) %}{% endfor %}', (size) => ({ l: listOf(size / 2, () => 1) })),
  bomb('range of long texts', loops(1, '(1..9000)', '{% for i in (row.t..1) %}{% endfor %}'), (size) => ({
    t: textOf(size, '1'),
  })),
  bomb('ranges as long as may be, again and again', times(100, '{% assign a = (1..900000) %}')),
  bomb(
    'ranges kept in a list of lists',
    `{% assign a = (1..100000) %}{% assign b = row.l %}{% for i in (1..1000) %}{% assign c = (1..10000) %}{% assign b = b | push: c %}{% endfor %}{{ b | size }}`,
    () => ({ l: [] }),
  ),
];

/** Filters of texts, by spaces: each is chained on a text that escapes, widens or cuts at every character. */
const TEXT_FILTERS =
  'upcase downcase capitalize strip lstrip rstrip squish normalize_whitespace strip_newlines strip_html newline_to_br escape escape_once xml_escape url_encode ' +
  "url_decode cgi_escape uri_escape slugify slugify:'latin' slugify:'pretty' truncate:900000 truncatewords:900000 number_of_words number_of_words:'cjk' base64 base64_url " +
  "base64_encode sha512 md5 json string inspect split:'' split:'x' append:row.u prepend:row.u replace:'&','&amp;&amp;' replace:'x',row.u remove:'x' remove_first:row.u remove_last:row.u " +
  "replace_last:row.u,'x' slice:0,900000 slice:-9,9 default:row.u strip:'x&<>' rstrip:row.u to_integer plus:row.u uri join:row.u array_to_sentence_string sort uniq reverse " +
  'hmac_sha256:row.u hmac:row.u parse_json first size concat:row.u push:row.u map:row.u where:row.u sort:row.u sum:row.u find:row.u dig:row.u date:row.u date_to_string';

/** Filters of lists, and of maps. */
const LIST_FILTERS =
  "json sort sort_natural reverse uniq compact concat:row.l push:row.l unshift:row.l map:'t' map:'m' sort:'t' sort_natural:'t' where:'n',1 where:'l',row.l where:'m',empty reject:'n',1 find:'n',-1 " +
  "find_index:'t',row.t has:'n',-1 group_by:'n' group_by:'t' group_by:'m' sum:'n' join split:',' size first last slice:0,900000 pop shift array_to_sentence_string upcase strip_html string inspect plus:row.l default:row.l";
const MAP_FILTERS =
  "merge:row flatten_keys flatten_keys:row.t except:'a' except:row.k only:'a' only:row.k rename:'a','b' compact_object json string inspect size dig:row.k concat:row push:row group_by:'n' sort uniq";

const CHAINS: readonly Bomb[] = [
  ...TEXT_FILTERS.split(' ').map((filter) =>
    bomb(`chain of ${filter} on a text`, chain('row.t', filter), () => ({
      t: textOf(300_000, '&<">\'é\n\t x-'),
      u: textOf(300_000, 'x&'),
    })),
  ),
  ...TEXT_FILTERS.split(' ').map((filter) =>
    bomb(`${filter} on a text as large as may be`, `{{ row.t | ${filter} | size }}`, (size) => ({
      t: textOf(size / 2, '&<">\'é\n\t x-'),
      u: textOf(size / 2, 'x&'),
    })),
  ),
  ...LIST_FILTERS.split(' ').map((filter) =>
    bomb(`chain of ${filter} on a list`, chain('row.l', filter), (size) => ({
      t: textOf(1000),
      l: listOf(size / 80, (n) => ({ n, t: `${Math.sin(n)}`, m: { n }, l: [n, n] })),
    })),
  ),
  ...LIST_FILTERS.split(' ').map((filter) =>
    bomb(`${filter} on a list of numbers as long as may be`, `{{ row.l | ${filter} | size }}`, (size) => ({
      t: textOf(1000),
      l: listOf(size / 4, (n) => n % 997),
    })),
  ),
  ...LIST_FILTERS.split(' ').map((filter) =>
    bomb(`${filter} on lists in a list`, `{{ row.l | ${filter} | size }}`, (size) => ({
      t: textOf(1000),
      l: listOf(size / 1000, () => listOf(250, (n) => n % 97)),
    })),
  ),
  ...MAP_FILTERS.split(' ').map((filter) =>
    bomb(`chain of ${filter} on a map`, chain('row.w', filter), (size) => ({
      t: textOf(1000),
      k: listOf(1000, (n) => `key_${n}`),
      w: mapOf(Math.min(100_000, size / 20), '1'),
    })),
  ),
];

const SEARCHES: readonly Bomb[] = [
  bomb('contains, compared at every place', '{% if row.t contains row.u %}x{% endif %}', (size) => ({
    t: textOf(size * 0.9),
    u: `xb${textOf(size * 0.1)}`,
  })),
  bomb('contains, in a loop', loops(1, '(1..100000)', '{% if row.t contains row.u %}x{% endif %}'), (size) => ({
    t: textOf(size / 2),
    u: 'xb',
  })),
  bomb('contains, of a list in a list', loops(1, '(1..100000)', '{% if row.l contains row.m %}x{% endif %}'), (size) => ({
    l: listOf(size / 400, () => listOf(100, () => 1)),
    m: [...listOf(99, () => 1), 2],
  })),
  ...[
    'replace: row.u, "y"',
    'remove: row.u',
    'split: row.u',
    'replace_first: row.u, "y"',
    'remove_first: row.u',
    'replace_last: row.u, "y"',
    'remove_last: row.u',
  ].map((filter) =>
    bomb(`${filter}, compared at every place`, `{{ row.t | ${filter} | size }}`, (size) => ({
      t: textOf(size * 0.9),
      u: `x${textOf(size * 0.001)}b${textOf(size * 0.05)}`,
    })),
  ),
  ...['replace_last: row.u, "y"', 'remove_last: row.u'].map((filter) =>
    bomb(`${filter}, compared backwards`, `{{ row.t | ${filter} | size }}`, (size) => ({
      t: textOf(size * 0.7),
      u: `${textOf(size * 0.3)}b`,
    })),
  ),
  ...['==', '!=', '<', '>=', 'contains'].map((operator) =>
    bomb(
      `${operator} of equally long texts in a loop`,
      loops(1, '(1..100000)', `{% if row.t ${operator} row.u %}x{% endif %}`),
      (size) => ({ t: `${textOf(size / 2)}a`, u: `${textOf(size / 2)}b` }),
    ),
  ),
  ...['==', '<', 'contains'].map((operator) =>
    bomb(
      `${operator} of long lists, many times`,
      `{% if ${Array(200).fill(`row.t ${operator} row.u`).join(' and ')} %}x{% endif %}`,
      (size) => ({ t: listOf(size / 8, () => 1), u: listOf(size / 8, () => 1) }),
    ),
  ),
  bomb('blank, of a blank text, again and again', loops(1, '(1..10000)', '{% if row.t == blank %}x{% endif %}'), (size) => ({
    t: textOf(size, ' '),
  })),
  bomb('empty, of a wide map, again and again', loops(1, '(1..10000)', '{% if row.m == empty %}x{% endif %}'), (size) => ({
    m: mapOf(Math.min(200_000, size / 20), '1'),
  })),
  bomb('size of a wide map, again and again', loops(1, '(1..10000)', '{{ row.m.size }}'), (size) => ({
    m: mapOf(Math.min(200_000, size / 20), '1'),
  })),
  bomb('first and last of a wide map, again and again', loops(1, '(1..10000)', '{{ row.m.first }}{{ row.m.last }}'), (size) => ({
    m: mapOf(Math.min(200_000, size / 20), '1'),
  })),
  bomb('number compared with long lists', loops(1, '(1..10000)', '{% if row.n > row.l %}x{% endif %}'), (size) => ({
    n: 1,
    l: listOf(size / 2, () => 1),
  })),
];

/** Filters that look for patterns, or might. */
const PATTERN_FILTERS =
  "strip lstrip rstrip squish normalize_whitespace strip_newlines strip_html newline_to_br escape_once slugify truncatewords:5 number_of_words url_decode capitalize strip:'x ' parse_json";
/** What a pattern may try over and over: blanks before something else, and beginnings without their ends. */
const SHAPES = [' ', '\n\t', '<', '<script', '<!--', '&amp', '%', '-'];

const PATTERNS: readonly Bomb[] = PATTERN_FILTERS.split(/ (?!')/).flatMap((filter) =>
  SHAPES.map((shape) =>
    bomb(`${filter} of ${JSON.stringify(shape)} over and over`, `{{ row.t | ${filter} | size }}`, (size) => ({
      t: `a${textOf(size, shape)}a`,
    })),
  ),
);

/** One for each advisory of LiquidJS that tells of time or memory; `advisories.test.ts` has the others. */
const ADVISORIES: readonly Bomb[] = [
  bomb(
    'CVE-2026-33285: a range below zero gives memory back',
    '{% for i in (100000000..1) %}{% endfor %}{{ row.t | append: row.t | append: row.t | size }}',
    (size) => ({
      t: textOf(size),
    }),
  ),
  bomb(
    'CVE-2026-33287: replace_first puts in what it found',
    `{% assign a = 'xx' %}${times(40, "{% assign a = a | replace_first: a, '$&$&' | replace: '$&', a %}")}{{ a | size }}`,
  ),
  bomb('CVE-2026-34166: replace multiplies', '{{ row.t | replace: "a", row.t | replace: "a", row.t | size }}', (size) => ({
    t: textOf(size / 100, 'a'),
  })),
  bomb('CVE-2026-44645: an empty loop is never stopped', '{%- for i in (1..10000000) -%}{%- endfor -%}'),
  bomb('CVE-2026-45357: a date of ten million places', "{{ 0 | date: '%9999999d' }}"),
  bomb('CVE-2026-45617: strip_html of openers', '{{ row.t | strip_html | size }}', (size) => ({ t: textOf(size, '<script') })),
  bomb('GHSA-m7fp-h3p4-hr49: strip_html of what is not closed', '{{ row.t | strip_html }}', () => ({ t: 'hello<world<again' })),
  bomb('CVE-2026-55575: pop copies a list for nothing', loops(1, '(1..100000)', '{% assign a = row.l | pop %}'), (size) => ({
    l: listOf(size / 2, () => 1),
  })),
  bomb('CVE-2026-69222: join by a long text', '{{ row.l | join: row.t | size }}', (size) => ({
    l: listOf(size / 4, () => 1),
    t: textOf(size / 2),
  })),
  bomb('CVE-2026-69222: a sentence of a long connector', '{{ row.l | array_to_sentence_string: row.t | size }}', (size) => ({
    l: listOf(size / 4, () => 1),
    t: textOf(size / 2),
  })),
];

const SORTS: readonly Bomb[] = [
  'sort',
  'sort_natural',
  'uniq',
  "sort: 't'",
  "sort_natural: 't'",
  "group_by: 't'",
  "where: 't', row.t",
].map((filter) =>
  bomb(`${filter} of long texts that begin alike`, `{{ row.l | ${filter} | size }}`, (size) => ({
    t: textOf(1000),
    l: listOf(size / 1000, (n) => (filter.includes("'") ? { t: textOf(1000) + n } : textOf(1000) + n)),
  })),
);

const COLLISIONS: readonly Bomb[] = [
  bomb('uniq of numbers that fall together', '{{ row.l | uniq | size }}', (size) => ({
    l: collidingNumbers(Math.min(100_000, size / 12)),
  })),
  bomb('group_by of numbers that fall together', "{{ row.l | group_by: 'n' | size }}", (size) => ({
    l: collidingNumbers(Math.min(100_000, size / 20)).map((n) => ({ n })),
  })),
  bomb('uniq of long texts of one length', '{{ row.l | uniq | size }}', (size) => ({ l: longTexts(size / 16_400) })),
  bomb('group_by of long texts of one length', "{{ row.l | group_by: 't' | size }}", (size) => ({
    l: longTexts(size / 16_450).map((t) => ({ t })),
  })),
  bomb('except of long names of one length', '{{ row | except: row.l | json | size }}', (size) => ({
    l: longTexts(size / 16_400),
  })),
  bomb('keys looked up by long names of one length', '{% for t in row.l %}{{ row[t] }}{% endfor %}', (size) => ({
    l: longTexts(size / 16_400),
  })),
  bomb('flattened keys of one length, too long to be told apart', '{{ row.m | flatten_keys: row.t | json | size }}', (size) => ({
    m: { a: mapOf(Math.min(50_000, size / 100), '1') },
    t: textOf(16_400),
  })),
  bomb('flattened keys under one long key', '{{ row.m | flatten_keys | json | size }}', (size) => ({
    m: { [textOf(size / 2)]: mapOf(Math.min(50_000, size / 50), '1') },
  })),
  bomb('names of a property by the thousand', '{{ row.l | map: row.p | size }}', (size) => ({
    l: listOf(size / 10, () => ({ a: 1 })),
    p: textOf(size / 2, 'a.'),
  })),
  bomb('names of a property by the thousand, to sort by', '{{ row.l | sort: row.p | size }}', (size) => ({
    l: listOf(size / 10, () => ({ a: 1 })),
    p: textOf(400, 'a.'),
  })),
  bomb('brackets in the name of a property', '{{ row.l | where: row.p, 1 | size }}', (size) => ({
    l: [{ a: 1 }],
    p: textOf(size, 'a['),
  })),
];

const DATES: readonly Bomb[] = [
  bomb('date of many places', "{{ 0 | date: '%9999999d' | size }}"),
  bomb('date of many places, from the row', '{{ 0 | date: row.f | size }}', () => ({ f: '%99999999N' })),
  bomb('date whose format is as long as may be', '{{ 0 | date: row.f | size }}', (size) => ({ f: textOf(size, '%b%A') })),
  bomb('date whose format has flags only', '{{ 0 | date: row.f | size }}', (size) => ({ f: `%${textOf(size, '0')}\n` })),
  bomb('date names in a loop', loops(1, '(1..1000000)', "{{ i0 | date: '%A %d %B %a %b' }}")),
  bomb(
    'date names of all widths in a loop',
    loops(1, '(1..999)', '{% assign f = i0 | prepend: "%" | append: "B" %}{{ i0 | date: f }}'),
  ),
  bomb('date of a place in a loop', loops(1, '(1..1000000)', "{{ i0 | date: '%c %x %X %Z' }}")),
  ...['date_to_string', 'date_to_long_string', 'date_to_rfc822', 'date_to_xmlschema'].map((filter) =>
    bomb(`${filter} in a loop`, loops(1, '(1..1000000)', `{{ i0 | ${filter} }}`)),
  ),
  ...['date', 'date_iso', 'epoch', 'number', 'integer', 'boolean', 'date_to_string', 'date_to_xmlschema'].flatMap((filter) => [
    bomb(`${filter} of digits without an end`, `{{ row.t | ${filter} }}`, (size) => ({ t: `${textOf(size, '1')}x` })),
    bomb(`${filter} of a large list`, `{{ row.l | ${filter} }}`, (size) => ({ l: listOf(size / 2, () => 1) })),
    bomb(`${filter} of blanks without an end`, `{{ row.t | ${filter} }}`, (size) => ({ t: `2026-01-01${textOf(size, ' ')}x` })),
  ]),
];

const PRINTED: readonly Bomb[] = [
  bomb('JSON of the row, again and again', loops(1, '(1..1000)', '{{ row | json }}'), (size) => ({
    l: listOf(size / 20, (n) => ({ n })),
  })),
  bomb(
    'JSON of the row, again and again, in JSON',
    `[${loops(1, '(1..1000)', '{{ row }},')}0]`,
    (size) => ({ l: listOf(size / 20, (n) => ({ n })) }),
    ['json'],
  ),
  bomb('JSON of characters that are escaped', '{{ row.t }}', (size) => ({ t: textOf(size / 6, '\u0001') }), ['json']),
  bomb('JSON of half characters', '{{ row.t | json | size }}', (size) => ({ t: textOf(size / 3, '\ud800') })),
  bomb('JSON, indented, of a deep value', '{{ row.d | json: 10 | size }}', (size) => ({
    d: nested(
      60,
      listOf(size / 4, () => 1),
    ),
  })),
  bomb('JSON of many exact numbers', '{{ row.t | parse_json | json | size }}', (size) => ({
    t: `[${textOf(size / 2, '1e999,')}1]`,
  })),
  bomb('JSON parsed, of lists', '{{ row.t | parse_json | size }}', (size) => ({
    t: `[${textOf(size, '[],')}1]`.replace(/\[1\]$|,,/g, '1]'),
  })),
  bomb('JSON parsed, of maps', '{{ row.t | parse_json | size }}', (size) => ({ t: `[${'{},'.repeat(size / 3)}1]` })),
  bomb('JSON parsed, of long keys of one length', '{{ row.t | parse_json | size }}', (size) => ({
    t: `{${longTexts(size / 16_500)
      .map((key) => `"${key}":1`)
      .join()}}`,
  })),
  bomb('JSON parsed, of maps within maps', '{{ row.t | parse_json | size }}', (size) => ({ t: '{"a":'.repeat(size / 5) })),
  bomb('JSON parsed, that is none', '{{ row.t | parse_json | size }}', (size) => ({ t: `${textOf(size, '[')}` })),
  bomb('JSON parsed and printed in a loop', loops(1, '(1..1000)', '{% assign x = row.t | parse_json | json %}'), (size) => ({
    t: `[${'{"a":1},'.repeat(size / 100)}1]`,
  })),
  bomb('deep value as text', '{{ row.d | join | size }}{{ row.d | json | size }}{{ row.d | flatten_keys | size }}', () => ({
    d: nested(60, { a: 1 }, (inner) => ({ a: inner, b: [inner] })),
  })),
  bomb('wide and deep maps, flattened', '{{ row.d | flatten_keys | json | size }}', (size) => ({
    d: nested(60, mapOf(Math.min(20_000, size / 100), '1'), (inner) => ({ [textOf(1000)]: inner })),
  })),
  bomb('text in a path', '{{ row.t }}', (size) => ({ t: textOf(size, 'é') }), ['path']),
  bomb('text put out as large as may be', '{{ row.t }}', (size) => ({ t: textOf(size) })),
  bomb('text put out again and again', times(400, '{{ row.t }}'), (size) => ({ t: textOf(size / 10) })),
  bomb('text of two bytes put out again and again', times(400, '{{ row.t }}'), (size) => ({ t: textOf(size / 20, '\u4e00') })),
  bomb('large text in a leaf', 'x{{ row.t }}{{ row.t }}{{ row.t }}', (size) => ({ t: textOf(size) }), LEAF),
  bomb('small parts put out by the million', loops(2, '(1..2000)', '{{ i1 }}{{ i0 }}-')),
  bomb('parts of a split put out', "{% assign l = row.t | split: ',' %}{% for i in l %}{{ i }}{% endfor %}", (size) => ({
    t: textOf(size, 'abcdefghijklmnop,'),
  })),
  bomb(
    'list in an expression, filtered over and over',
    `row.l${times(100, " | map: 'a'")}`,
    (size) => ({ l: listOf(size / 10, (a) => ({ a })) }),
    ['expression'],
  ),
  bomb(
    'many large leaves',
    `{{ row.t | upcase | downcase | append: row.t | base64 }}`,
    (size) => ({ t: textOf(size / 3) }),
    LEAF,
  ),
];

const FORMS: readonly Bomb[] = [
  bomb(
    'template of the form in a loop',
    loops(1, '(1..10000)', '{{ row.t | liquid }}'),
    () => ({ t: loops(3, '(1..900)') }),
    TEXT,
  ),
  bomb(
    'templates of the form, each another, in a loop',
    '{% for t in row.l %}{{ t | liquid }}{% endfor %}',
    () => ({ l: listOf(1000, (n) => `${n}${times(500, '{{ a }}')}`) }),
    TEXT,
  ),
  bomb(
    'template of the form nested as deep as it has room',
    '{{ row.t | liquid }}',
    () => ({ t: `${times(190, '{% if a %}')}${times(190, '{% endif %}')}` }),
    TEXT,
  ),
  bomb(
    'template of the form of parentheses',
    '{{ row.t | liquid }}',
    () => ({ t: `{{ ${times(2000, '(')}a${times(2000, ')')} }}` }),
    TEXT,
  ),
  bomb('template of the form of filters', '{{ row.t | liquid }}', () => ({ t: `{{ a${times(500, '|upcase')} }}` }), TEXT),
];

const ALL: readonly Bomb[] = [ADVISORIES, DOUBLING, LOOPS, RANGES, SEARCHES, SORTS, COLLISIONS, DATES, PRINTED, FORMS].flat();

/** From here on they differ by the name of a filter, or by the shape of a text. */
export const THINNED = ALL.length;

export const BOMBS: readonly Bomb[] = [...ALL, ...PATTERNS, ...CHAINS];
