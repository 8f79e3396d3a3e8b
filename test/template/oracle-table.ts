/** Corners of Liquid, written by hand: what evaluates it anew gets wrong first. What each means, LiquidJS says. */

import { exactNumber } from '../../src/numbers.ts';
import type { Values } from '../../src/template/scope.ts';

interface Corner {
  /** What is looked at. */
  readonly note: string;
  /** Beside those of every corner. */
  readonly values?: Values;
  /** Bare values, with filters or compared: tried as an output, a leaf, a question, a condition and an argument. */
  readonly expressions?: readonly string[];
  readonly texts?: readonly string[];
}

/** Several templates, as they are written. */
function list({ raw }: TemplateStringsArray): string[] {
  return raw
    .join('')
    .split('¦')
    .map((one) => one.trim());
}

/** A key `__proto__` of its own, as a parsed body has it. */
const PROTO: unknown = JSON.parse('{"__proto__":{"polluted":1},"constructor":"own","k":1}');

export const COMMON: Values = {
  yes: true,
  no: false,
  zero: 0,
  one: 1,
  two: 2,
  minus: -1,
  half: 0.5,
  none: null,
  void: '',
  space: ' ',
  t: 'abc',
  num: '3',
  l: [3, 1, 2],
  ll: [[1, 2], [3], []],
  el: [],
  em: {},
  m: { k: 1, 'a-b': 2, n: null, deep: { k: [10, 20] } },
  key: 'k',
  at: 1,
  items: [{ k: 'b', n: 2 }, { k: 'a', n: 1 }, { k: 'C', n: 2, deep: { x: 9 } }, { n: null }, {}],
  exact: exactNumber('12345678901234567890'),
  huge: 1e21,
  tiny: 1e-7,
  surrogate: 'a\ud800',
  long: 'x'.repeat(70),
  date: '2024-02-29T12:30:00Z',
  html: '<b>"x"</b>',
  row: { k: 'of row', n: 1 },
  rows: [{ k: 1 }, { size: 'L' }],
  record: { k: 'of record' },
  records: [{ k: 1 }, { k: 2, size: 'M' }],
  proto: PROTO,
};

/** Keys that are counts, ends or inherited where a value has none of its own, and the one that `nil`, `empty` and `blank` name. */
const ODD_KEYS = ['', '__proto__', 'constructor', 'length', 'size', 'first', 'last'];

/** What else stands where a property is named. */
const NO_KEYS = [
  'nil',
  'empty',
  'blank',
  'none',
  'nothing',
  'yes',
  'half',
  'vast',
  'l',
  'm',
  '(1 | divided_by: 0)',
  '(0 | divided_by: 0)',
];

/** Maps that have each as a key of their own, holding that. */
function keyed(held: unknown): unknown {
  return Object.fromEntries([['k', held], ...ODD_KEYS.map((key) => [key, held])]);
}

/** Filters of lists that read a property, by its name. */
function reading(name: string): string[] {
  return [
    ...'map sum sort sort_natural group_by where reject find find_index has'.split(' ').map((filter) => `${filter}: ${name}`),
    ...'where reject find find_index has'.split(' ').flatMap((filter) => [`${filter}: ${name}, 2`, `${filter}: ${name}, nil`]),
  ];
}

const FRACTIONS = ['0.1', '0.3', '0.7', '-0.3', '1.1', '2.5', '3', '"4.1"', 'half', 'tiny'];

const SIDES =
  'yes no zero one half none nothing void space t num l el m em exact nil empty blank true false 0 "" "abc" (1..2)'.split(' ');

/** Everything compared with everything. */
export const COMPARISONS = ['==', '!=', '<', '<=', '>', '>=', 'contains', 'and', 'or'].flatMap((operator) =>
  SIDES.flatMap((one) => SIDES.map((two) => `${one} ${operator} ${two}`)),
);

export const CORNERS: readonly Corner[] = [
  {
    note: 'truthiness: only false, null and missing are no; 0, "" and empty lists are yes',
    expressions: [...SIDES, ...SIDES.map((side) => `not ${side}`), ...SIDES.map((side) => `${side} and yes`)],
    texts: SIDES.flatMap((side) => [
      `{% if ${side} %}yes{% else %}no{% endif %}`,
      `{% unless ${side} %}no{% else %}yes{% endunless %}`,
    ]),
  },
  {
    note: 'operators have two precedences, and bind to the right',
    expressions: [
      ...list`
        one == 1 and two == 2 ¦ one == 2 or two == 2 ¦ no and no and yes ¦ yes or no or no ¦ not yes and no ¦ not (yes and no) ¦
        not yes or yes ¦ not one == 2 ¦ not not_there ¦ not none == nil ¦ (yes and no) or yes ¦ yes and (no or yes) ¦
        yes or (no and no) ¦ (one < two) == yes ¦ (one == 1) == (two == 2) ¦ ((one)) ¦ (((yes)) and ((no))) ¦ (l | size) == 3 ¦
        (l | size) > (t | size) ¦ (t | upcase) == "ABC" ¦ (t | upcase | downcase) contains "b" ¦ l contains 3 and t contains "b" ¦
        yes and nothing ¦ nothing or none ¦ no or zero ¦ one and "no" ¦ no or (nothing or void) ¦
        (l | first) == 3 or (l | last) == 3 ¦ (no or none) == none ¦ (nothing and yes) == false ¦ one != 1 or one != 2
      `,
    ],
  },
  {
    note: 'contains: parts of a text, elements of a list, keys of nothing',
    expressions: [
      ...list`
        t contains "b" ¦ t contains "" ¦ t contains "abcd" ¦ t contains none ¦ num contains 3 ¦ l contains 3 ¦ l contains "3" ¦
        ll contains el ¦ ll contains l ¦ m contains "k" ¦ one contains 1 ¦ none contains none ¦ nothing contains "x" ¦
        l contains nil ¦ items contains m ¦ el contains nothing ¦ t contains l ¦ t contains m ¦ t contains yes ¦
        "true" contains yes ¦ "null" contains none ¦ exact contains 1 ¦ l contains exact ¦ void contains void ¦
        blanks contains blank ¦ blanks contains empty ¦ blanks contains nil
      `,
    ],
    values: { blanks: [null, '', ' ', false, [], {}] },
  },
  {
    note: 'size, first and last',
    expressions: [
      ...list`
        t.size ¦ t.first ¦ t.last ¦ l.size ¦ l.first ¦ l.last ¦ m.size ¦ m.first ¦ m.last ¦ em.size ¦ el.size ¦ el.first ¦
        el.last ¦ one.size ¦ one.first ¦ yes.size ¦ none.size ¦ nothing.size ¦ exact.size ¦ exact.first ¦ void.size ¦
        surrogate.size ¦ (1..3).size ¦ (1..3).last ¦ ll.first.first ¦ ll.last.size ¦ own.size ¦ own.first ¦ own.last ¦ l["size"] ¦
        m["size"] ¦ l["first"] ¦ l.size.size ¦ row.size ¦ rows.first.size ¦ rows.last.size ¦ row.first ¦ m.deep.size ¦
        m.deep.k.last ¦ row["size"] ¦ rows[0]["size"] ¦ rows.size ¦ record.size ¦ records[0].size ¦
        records.last.size ¦ records.size ¦ l | size ¦ t | size ¦ m | size ¦ one | size ¦ none | size ¦
        exact | size ¦ t | first ¦ t | last ¦ m | first ¦ el | first ¦ own | size
      `,
    ],
    values: { own: { size: 'own size', first: 'own first', last: null, length: 7 } },
  },
  {
    note: 'brackets, dashes and indexes',
    expressions: [
      ...list`
        m["k"] ¦ m['k'] ¦ m[key] ¦ m["a-b"] ¦ m.a-b ¦ m["n"] ¦ m["nothing"] ¦ m[nothing] ¦ m[none] ¦ m[nil] ¦ m[empty] ¦ m[""] ¦
        m[m.k] ¦ l[0] ¦ l[2] ¦ l[3] ¦ l[-1] ¦ l[-3] ¦ l[-4] ¦ l["0"] ¦ l["-1"] ¦ l[at] ¦ l[minus] ¦ l[half] ¦ l[num] ¦ l[1.5] ¦
        l[l] ¦ l[t] ¦ l[l[1]] ¦ m.deep.k[0] ¦ m.deep["k"][1] ¦ m["deep"].k[-1] ¦ m.deep[key][at] ¦ m.deep[m["nothing"]] ¦ t[0] ¦
        t[-1] ¦ t["0"] ¦ t["size"] ¦ one[0] ¦ none[0] ¦ nothing[0].x ¦ nothing.x.y.z ¦ none.x ¦ yes.x ¦ ["t"] ¦ ["m"]["k"] ¦
        ["m"].k ¦ m[ "k" ] ¦ m[true] ¦ [1] ¦ [1].k ¦ [1.50] ¦ odd.true ¦ odd[yes] ¦ odd["x y"] ¦ odd["ü"] ¦ odd[""] ¦ odd["0"] ¦ odd[0] ¦ odd[zero] ¦
        odd["a.b"] ¦ odd[1.5] ¦ odd["1.5"] ¦ a-b ¦ a-b.c-d ¦ odd[exact] ¦ (m).k ¦ (l)[0] ¦ (l | reverse)[0] ¦ (l | sort).last ¦
        ("a,b" | split: ",").first ¦ (m.deep)["k"][0] ¦ (1..4)[2] ¦ (1..4)[-1] ¦ "x"[0] ¦ "x".size
      `,
    ],
    values: {
      'a-b': { 'c-d': 'dashes' },
      '1': { k: 'a name of digits' },
      '1.5': 'and of a fraction',
      odd: { true: 'yes', 'x y': 1, ü: 2, '': 3, '0': 4, 'a.b': 5, '1.5': 6, '12345678901234567890': 7 },
    },
  },
  {
    note: 'own properties only',
    expressions: [
      ...'t l m one yes proto exact none nothing row'
        .split(' ')
        .flatMap((name) =>
          '__proto__ constructor toString hasOwnProperty length valueOf then prototype'.split(' ').map((key) => `${name}.${key}`),
        ),
      ...list`
        __proto__ ¦ constructor ¦ toString ¦ proto.__proto__.polluted ¦ proto["__proto__"] ¦ m["constructor"]["name"] ¦
        l["length"] ¦ t["length"] ¦ proto | json ¦ items | map: "constructor" ¦ items | where: "__proto__" ¦
        items | sort: "length" | size ¦ hidden.toLiquid ¦ hidden | json
      `,
    ],
    values: { hidden: { toLiquid: 'text', equals: 'x', gt: 1, next: 2, then: 3 } },
  },
  {
    note: 'ranges',
    expressions: [
      // Their errors add up as they are counted.
      ...FRACTIONS.flatMap((low) => FRACTIONS.map((high) => `(${low}..${high}) | json`)),
      ...list`
        (1..3) ¦ (1..1) ¦ (3..1) ¦ (0..-1) ¦ (-2..2) ¦ (one..two) ¦ (zero..l.size) ¦ ("1".."3") ¦ (num..5) ¦ (1..num) ¦
        (void..2) ¦ (space..2) ¦ (t..2) ¦ (1..t) ¦ (none..2) ¦ (1..nothing) ¦ (nothing..1) ¦ (no..yes) ¦ (1..2.5) ¦ (0.5..2) ¦
        (half..2) ¦ (1.2..1.1) ¦ (m..2) ¦ (1..em) ¦ (l..2) ¦ (1..huge) ¦ (huge..1) ¦ (1..exact) ¦ (tiny..2) ¦ (nil..2) ¦
        (empty..1) ¦ (l[1]..l[0]) ¦ (m.k..m.deep.k.size) ¦ ((1 | plus: 1)..(2 | times: 2)) ¦ (1..3) | join: "-" ¦
        (1..3) | reverse ¦ (1..3).size ¦ (1..5) contains 3 ¦ (1..5) contains "3" ¦ (1..3) == (1..3) ¦ (1..0) == empty ¦
        (1..0) == blank
      `,
    ],
    texts: list`
      {% for i in (1..3) %}{{ i }}{% endfor %} ¦ {% for i in (one..num) %}{{ i }}{% endfor %} ¦
      {% for i in (3..1) %}x{% else %}none{% endfor %}
    `,
  },
  {
    note: 'filters: chains and arguments',
    expressions: [
      ...list`
        t | upcase | append: "!" | size ¦ t | append: t | append: num | append: one ¦ t | replace: "b", num ¦ t | slice: 1 ¦
        t | slice: -2, 2 ¦ t | slice: at ¦ t | slice: 5 ¦ t | slice: -5 ¦ l | slice: 1, 2 ¦ none | slice: 1 ¦ t | default: "d" ¦
        void | default: "d" ¦ none | default: "d" ¦ no | default: "d" ¦ no | default: "d", allow_false: true ¦
        no | default: "d", allow_false: no ¦ zero | default: 1 ¦ el | default: l ¦ em | default: 1 ¦
        nothing | default: t | upcase ¦ space | default: "d" ¦ t | default: nothing ¦ nothing | default: nothing ¦
        nothing | default: none ¦ one | plus: two | times: num ¦ num | plus: 1 ¦ t | plus: 1 ¦ none | plus: 1 ¦ one | plus: none ¦
        one | plus: nothing ¦ yes | plus: 1 ¦ l | plus: 1 ¦ m | plus: 1 ¦ exact | plus: 1 ¦ one | divided_by: 0 ¦
        zero | divided_by: 0 ¦ 7 | divided_by: 2 ¦ 7 | divided_by: 2, true ¦ -7 | modulo: 3 ¦ 7 | modulo: -3 ¦ 7 | modulo: 0 ¦
        1.005 | round: 2 ¦ -1.5 | round ¦ 2.5 | round ¦ huge | round: 2 ¦ t | truncate: 2 ¦ t | truncate: 2, "" ¦
        long | truncate ¦ long | truncate: num ¦ "a b c" | truncatewords: 2 ¦ t | split: "" | join: "-" ¦
        void | split: "," | size ¦ ",a,,b,," | split: "," ¦ t | split: none ¦ l | join ¦ l | join: none ¦ l | join: nothing ¦
        ll | join: "," ¦ one | join: "," ¦ none | join ¦ items | join ¦ l | append: "x" ¦ t | append: l ¦ t | append: m ¦
        m | append: t ¦ items | map: "k" ¦ items | map: "deep.x" ¦ items | map: key ¦ items | map: nothing ¦ t | map: "size" ¦
        l | map: "size" ¦ items | where: "n", 2 | size ¦ items | where: "n" ¦ items | where: "n", nil ¦ items | where: "k", "a" ¦
        items | where: "deep.x", 9 ¦ items | where: key, "b" ¦ items | reject: "n" ¦ items | find: "n", 2 ¦
        items | find: "n", 77 ¦ items | find_index: "k", "a" ¦ items | has: "k", "C" ¦ items | has: "z" ¦ items | sum: "n" ¦
        l | sum ¦ mixed | sum ¦ items | where: m ¦ items | sort: "n" | map: "k" ¦ deep | sort: "o.n" ¦
        deep | sort_natural: "o.n" ¦ deep | sort: "o" ¦ deep | group_by: "o.n" ¦ deep | sum: "o.n" ¦ items | sort: "k" | map: "k" ¦
        items | sort_natural: "k" | map: "k" ¦ l | sort ¦ mixed | sort ¦ mixed | sort_natural ¦ ll | sort ¦ items | sort ¦
        items | group_by: "n" ¦ items | group_by: "deep.x" ¦ m | group_by: "[0]" ¦ m | group_by: "0" ¦ t | group_by: "size" ¦
        none | group_by: "x" ¦ mixed | uniq ¦ ll | uniq ¦ items | uniq | size ¦ l | concat: ll ¦ l | concat: none ¦
        none | concat: l ¦ l | push: l ¦ l | push: none ¦ l | unshift: t ¦ l | pop ¦ el | pop ¦ el | shift ¦ t | reverse ¦
        m | reverse ¦ l | compact ¦ mixed | compact ¦ date | date: "%Y" ¦ none | date: "%Y" ¦ num | date: "%s" ¦ t | date: "%Y" ¦
        date | date ¦ date | date_to_xmlschema ¦ date | date_to_string: "ordinal", "US" ¦ none | date_to_rfc822 ¦ html | escape ¦
        html | strip_html ¦ html | url_encode | url_decode ¦ "%" | url_decode ¦ surrogate | upcase ¦ surrogate | url_encode ¦
        surrogate | base64 ¦ m | json ¦ m | inspect ¦ surrogate | json ¦ l | first | plus: 1 | append: "x" | upcase ¦
        m | merge: em | except: "k" | size ¦ t | md5 ¦ none | md5 ¦ m | dig: "deep", "k", 0 ¦ m | dig: key ¦ m | only: key, "n" ¦
        t | except: "x" ¦ l | first: 1 ¦ t | upcase: 1, 2 ¦ t | append: "a", "b" ¦ t | append: (num | plus: 1) ¦
        t | append: m["k"] ¦ t | slice: l[1] ¦ t | default: t, allow_false: yes, other: 1 ¦ t | append: (1..2) ¦ person | liquid ¦
        person | liquid: "json" ¦ looping | liquid ¦ broken | liquid ¦ none | liquid ¦ t | liquid: "x" ¦ m | liquid
      `,
    ],
    values: {
      deep: [{ o: { n: 2 } }, { o: { n: 10 } }, { o: null }, { o: { n: 1 } }, { 'o.n': 0 }],
      person: 'Hi {{ k | upcase }}, {{ row.n }}!',
      looping: '{% liquid\n echo k %}',
      broken: '{{ k',
      mixed: ['b', 'A', 10, 9, '9', null, true, false, 1.5, 'b', 10, '', null],
    },
  },
  {
    note: 'properties of odd names, of elements that have them and of those that do not',
    expressions: [
      ...[...ODD_KEYS.map((key) => `"${key}"`), ...NO_KEYS].flatMap((name) =>
        ['owners', 'holders', 'others'].flatMap((of) => reading(name).map((filter) => `${of} | ${filter}`)),
      ),
      ...['nil', 'empty', 'blank', 'others | push: nil'].flatMap((of) =>
        ODD_KEYS.flatMap((key) => reading(`"${key}"`).map((filter) => `${of} | ${filter}`)),
      ),
      ...'uniq compact sort sort_natural reverse first last size json sum'
        .split(' ')
        .flatMap((filter) => ['owners', 'holders', 'others'].map((of) => `${of} | ${filter}`)),
      ...ODD_KEYS.flatMap((key) => [
        ...['only', 'except', 'dig'].map((filter) => `owners | first | ${filter}: "${key}"`),
        `owners | first | rename: "${key}", "x"`,
        `owners | last | rename: "k", "${key}"`,
        `owners[0]["${key}"]`,
        ...[0, 1, 2, 3, 5, 6, 8, 9].map((at) => `others[${at}]["${key}"]`),
      ]),
      'owners | first | merge: proto',
      'owners | first | compact_object',
      'holders | last | flatten_keys',
    ],
    values: {
      owners: [keyed(2), keyed('b'), keyed(null), keyed('A'), {}, { k: 'z' }],
      holders: [keyed([2, 1]), {}, keyed({ k: 1 })],
      others: ['ab', '', 3, [2, 1], [], null, true, {}, { k: 1 }, exactNumber('12345678901234567890'), 'ab', 3],
      vast: exactNumber('1e400'),
    },
  },
  {
    note: 'numbers that a double cannot hold, and others that are odd',
    expressions: [
      ...list`
        exact ¦ exact == exact ¦ exact == "12345678901234567890" ¦ "12345678901234567890" == exact ¦ exact > 1 ¦ 1 < exact ¦
        exact < huge ¦ exact >= exact ¦ exact == other ¦ exact <= other ¦ exact > t ¦ t < exact ¦ exact == 12345678901234567000 ¦
        exact | plus: 0 ¦ exact | append: "!" ¦ exact | json ¦ exact | size ¦ exact | abs ¦ exact | default: 1 ¦ exact == blank ¦
        blank == exact ¦ exact == empty ¦ empty == exact ¦ exact == nil ¦ vast ¦ vast > 1 ¦ vast | times: 1 ¦ vast == vast ¦
        huge ¦ tiny ¦ zero | times: -1 ¦ -0 ¦ 0 == -0 ¦ 1.0 ¦ 1.50 ¦ 007 ¦ 1e3 ¦ l contains 1.0 ¦ exacts | sort ¦ exacts | sum ¦
        exacts | uniq ¦ exacts | join: "," ¦ exacts contains exact ¦ exacts | where: "x" ¦ exacts | first ¦ exacts == exacts ¦
        exacts | map: "x" ¦ exacts | compact | size
      `,
    ],
    values: {
      other: exactNumber('12345678901234567891'),
      vast: exactNumber('1e400'),
      exacts: [exactNumber('12345678901234567890'), 1, exactNumber('-98765432109876543210')],
    },
  },
  {
    note: 'nil, empty and blank in filters, lists and outputs',
    expressions: [
      ...list`
        nil ¦ empty ¦ blank ¦ nil | upcase ¦ empty | upcase ¦ t | append: nil ¦ t | append: empty ¦ nil | json ¦ empty | json ¦
        l | join: nil ¦ l | push: nil ¦ l | push: nil | json ¦ l | push: nil | compact ¦ nil | size ¦ empty | size ¦
        nil | default: t ¦ blank | default: t ¦ nothing | default: nil ¦ nothing | default: empty ¦ nil | plus: 1 ¦ 1 | plus: nil ¦
        nil | md5 ¦ nil | number ¦ nil | date: "%Y" ¦ m | merge: nil ¦ m | dig: nil ¦ l | first | default: nil ¦ t | slice: nil ¦
        items | where: "n", empty ¦ items | where: "n", nil ¦ items | map: nil ¦ m | dig: "n" | default: blank ¦ nil | first
      `,
    ],
    texts: [
      ...list`
        {% for i in l %}{{ forloop | size }}{{ forloop | upcase }}{% endfor %} ¦ {% for i in l %}{{ forloop | json }}{% endfor %} ¦
        {% assign x = nil %}{{ x | json }}{{ x.size }}{{ x[0] }} ¦ {% assign x = empty %}{{ x | size }}{{ x.size }}{{ x.first }} ¦
        {% assign x = l | push: nil %}{% for i in x %}[{{ i }}]{% endfor %}{% if x contains nil %}n{% endif %} ¦
        {% echo nil %}{% echo empty | upcase %} ¦ {% capture x %}{{ nil }}{{ blank }}{% endcapture %}[{{ x }}]
      `,
    ],
  },
  {
    note: 'names that mean something elsewhere',
    expressions: [
      ...list`
        size ¦ first ¦ last ¦ length ¦ forloop ¦ forloop.index ¦ continue ¦ reversed ¦ limit ¦ size.size ¦ first.x ¦ ["size"] ¦
        ["first"] ¦ if ¦ for ¦ in ¦ contain ¦ truex ¦ nilx ¦ true.x ¦ true-x ¦ nothing.size ¦ nothing.first ¦ nothing == size ¦
        constructor.name ¦ __proto__.x ¦ hasOwnProperty ¦ environments ¦ scopes ¦ globals
      `,
    ],
    texts: [
      ...list`
        {% assign size = 3 %}{{ size }} ¦ {% assign first = l %}{{ first.first }} ¦ {% for size in l %}{{ size }}{% endfor %}{{ size }} ¦
        {% for first in m %}{{ first.first }}{% endfor %} ¦ {% for i in l reversed: no %}{{ i }}{% endfor %} ¦
        {% for i in l reversed: nothing %}{{ i }}{% endfor %} ¦ {% for i in l reversed: l %}{{ i }}{% endfor %} ¦ {% for i in l limit: 1 limit: 2 %}{{ i }}{% endfor %} ¦
        {% for limit in l limit: limit %}{{ limit }}{% endfor %} ¦ {% for i in l, limit: 1, offset: 1 %}{{ i }}{% endfor %} ¦
        {% for one in records %}{{ one.size }},{% endfor %} ¦ {% for record in rows %}{{ record.k }}{{ record.size }}{% endfor %} ¦ {% assign record = m %}{{ record.k }}{{ record.size }}
      `,
    ],
  },
  {
    note: 'texts in quotes',
    expressions: [
      `"a'b"`,
      `'a"b'`,
      '"a\\nb"',
      "'a\\'b'",
      '"\\u00e9"',
      '"é😀"',
      '"a | b"',
      '"a: b, c"',
      '"{{ x }}"',
      '" x "',
      '"\\\\"',
      '"\\x"',
      '"nil"',
      '"true" == true',
      '"1" == 1',
    ],
  },
  {
    note: 'whitespace control',
    texts: [
      ...[
        'a {{ t }} b',
        'a {{- t }} b',
        'a {{ t -}} b',
        'a {{- t -}} b',
        ' {{- t -}} ',
        '{{- t -}}',
        '\n{{- t -}}\n\n',
        'a\n\t {%- if yes -%} \n x \n {%- endif -%} \n b',
        'a {%- comment -%} x {%- endcomment -%} b',
      ],
      ...[
        'a {% if yes -%} x {%- else -%} y {% endif %} b',
        'a {%- for i in l -%} {{ i }} {%- endfor -%} b',
        '{%- for i in l %} {{- i -}} , {% endfor -%} x',
        'a {%- assign x = 1 -%} b {{- x -}} c',
        ' {%- raw %} {{ x }} {% endraw -%} ',
      ],
      ...[
        'a {%- capture x -%} y {%- endcapture -%} b{{ x }}',
        'a {%- # x -%} b',
        'a {%- case one -%} \n {%- when 1 -%} x {%- endcase -%} b',
        '{%- liquid\n echo t\n-%} x',
        'a {%- echo t -%} b',
        '{{ void }} {{ none }} {{- nothing -}} ',
      ],
    ],
  },
  {
    note: 'for: limit, offset, reversed, else, break, continue',
    texts: [
      ...list`
        {% for i in l %}{{ i }}{% endfor %} ¦ {% for i in l limit: 2 %}{{ i }}{% endfor %} ¦
        {% for i in l offset: 1 %}{{ i }}{% endfor %} ¦ {% for i in l reversed %}{{ i }}{% endfor %} ¦
        {% for i in l limit: 2 offset: 1 %}{{ i }}{% endfor %} ¦ {% for i in l reversed limit: 2 %}{{ i }}{% endfor %} ¦
        {% for i in l limit: 2 reversed %}{{ i }}{% endfor %} ¦ {% for i in l reversed offset: 1 limit: 1 %}{{ i }}{% endfor %} ¦
        {% for i in l limit: num %}{{ i }}{% endfor %} ¦ {% for i in l limit: nothing %}{{ i }}{% endfor %} ¦
        {% for i in l limit: none %}{{ i }}{% endfor %} ¦ {% for i in l offset: none %}{{ i }}{% endfor %} ¦
        {% for i in l limit: -1 %}{{ i }}{% endfor %} ¦ {% for i in l offset: -1 %}{{ i }}{% endfor %} ¦
        {% for i in l limit: t %}{{ i }}{% endfor %} ¦ {% for i in l limit: m %}{{ i }}{% endfor %} ¦
        {% for i in l limit: l %}{{ i }}{% endfor %} ¦ {% for i in l limit: 0 %}{{ i }}{% else %}none{% endfor %} ¦
        {% for i in l offset: 9 %}{{ i }}{% else %}none{% endfor %} ¦ {% for i in l limit: 1.9 %}{{ i }}{% endfor %} ¦
        {% for i in l limit: exact %}{{ i }}{% endfor %} ¦ {% for i in l limit: empty %}{{ i }}{% endfor %} ¦
        {% for i in l limit: yes %}{{ i }}{% endfor %} ¦ {% for i in l limit: (l | size) %}{{ i }}{% endfor %} ¦
        {% for i in t %}{{ i }}{% endfor %} ¦ {% for i in void %}x{% else %}none{% endfor %} ¦
        {% for i in none %}x{% else %}none{% endfor %} ¦ {% for i in nothing %}x{% else %}none{% endfor %} ¦
        {% for i in one %}x{% else %}none{% endfor %} ¦ {% for i in yes %}x{% else %}none{% endfor %} ¦
        {% for i in exact %}x{% else %}none{% endfor %} ¦ {% for i in em %}x{% else %}none{% endfor %} ¦
        {% for i in m %}{{ i[0] }}={{ i[1] | json }};{% endfor %} ¦ {% for i in m %}{{ i.first }},{{ i.size }};{% endfor %} ¦
        {% for i in ll %}{% for j in i %}{{ j }}{% else %}-{% endfor %},{% endfor %} ¦
        {% for i in items %}{{ i.k }}{{ i.deep.x }};{% endfor %} ¦ {% for i in nil %}x{% else %}none{% endfor %} ¦
        {% for i in empty %}x{% else %}none{% endfor %} ¦ {% for i in "ab" %}{{ i }}{% endfor %} ¦
        {% for i in l %}{{ i }}{% break %}x{% endfor %}y ¦
        {% for i in l %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %} ¦
        {% for i in l %}{% if i == 1 %}{% break %}{% endif %}{{ i }}{% else %}none{% endfor %} ¦ a{% break %}b ¦
        a{% continue %}b ¦ {% for i in l %}{% for j in l %}{% if j == 1 %}{% break %}{% endif %}{{ j }}{% endfor %};{% endfor %} ¦
        {% for i in l %}{% for j in l %}{% continue %}{% endfor %}{{ i }}{% endfor %} ¦
        {% for i in l %}{% case i %}{% when 1 %}{% break %}{% endcase %}{{ i }}{% endfor %} ¦
        {% for i in l %}{% capture x %}{{ i }}{% break %}z{% endcapture %}[{{ x }}]{% endfor %}{{ x }} ¦
        {% for i in l %}{% unless i == 3 %}{% continue %}{% endunless %}{{ i }}{% endfor %} ¦
        {% for i in (l | sort) %}{{ i }}{% endfor %} ¦ {% for i in (t | split: "") %}{{ i }}.{% endfor %} ¦
        {% for i in l %}a{% if i == 3 %}b{% continue %}c{% endif %}d{% endfor %} ¦
        {% for i in el %}{% else %}{% break %}x{% endfor %}y ¦
        {% for i in nothing %}{% else %}{% for j in l %}{{ j }}{% endfor %}{% endfor %} ¦ {% for i in l %}{% else %}x{% endfor %}
      `,
    ],
  },
  {
    note: 'for: what is seen inside and behind',
    texts: [
      ...'index index0 rindex rindex0 first last length name parentloop parentloop.index nothing size i'
        .split(' ')
        .map(
          (name) =>
            `{% for i in l %}{{ forloop.${name} }},{% for j in ll %}{{ forloop.${name} }};{% endfor %}{{ forloop.${name} }} {% endfor %}`,
        ),
      ...list`
        {% for i in l %}{% endfor %}{{ i }}{{ forloop.index }} ¦ {% for t in l %}{{ t }}{% endfor %}{{ t }} ¦
        {% for i in l %}{% assign i = 9 %}{{ i }}{% endfor %}{{ i }} ¦ {% for i in l %}{% assign x = i %}{% endfor %}{{ x }} ¦
        {% assign i = 7 %}{% for i in l %}{{ i }}{% endfor %}{{ i }} ¦
        {% for i in l %}{% for i in ll %}{{ i | size }}{% endfor %}{{ i }}{% endfor %} ¦
        {% for forloop in l %}{{ forloop }}{% endfor %} ¦ {% for i in l %}{{ forloop }}{% endfor %} ¦
        {% for i in l %}{% assign forloop = i %}{{ forloop.index }}{% endfor %}{{ forloop }} ¦
        {% for i in l %}{{ forloop | json }}{% endfor %} ¦ {% for i in l %}{% for j in forloop %}{{ j }}{% endfor %}{% endfor %} ¦
        {% for row in rows %}{{ row.k }}{{ row.size }}{% endfor %}{{ row.k }} ¦
        {% for l in l %}{{ l }}{% endfor %}{{ l | join }} ¦ {% for i in l %}{% assign l = t %}{{ i }}{% endfor %}{{ l }} ¦
        {% for i in l %}{% if forloop.first %}[{% endif %}{{ i }}{% unless forloop.last %},{% else %}]{% endunless %}{% endfor %} ¦
        {% for i in l limit: 2 %}{{ forloop.length }}{{ forloop.rindex }}{% endfor %}
      `,
    ],
  },
  {
    note: 'for: offset: continue',
    texts: [
      ...list`
        {% for i in l limit: 1 %}{{ i }}{% endfor %};{% for i in l offset: continue %}{{ i }}{% endfor %} ¦
        {% for i in l limit: 2 %}{{ i }}{% endfor %};{% for i in l offset: continue limit: 1 %}{{ i }}{% endfor %};{% for i in l offset: continue %}{{ i }}{% else %}none{% endfor %} ¦
        {% for i in l offset: continue %}{{ i }}{% endfor %} ¦
        {% for i in l limit: 1 %}{{ i }}{% endfor %}{% for j in l offset: continue %}{{ j }}{% endfor %} ¦
        {% for i in l limit: 1 %}{{ i }}{% endfor %}{% for i in ll offset: continue %}{{ i | size }}{% endfor %} ¦
        {% for i in l limit: 2 %}{{ i }}{% break %}{% endfor %}{% for i in l offset: continue %}{{ i }}{% endfor %} ¦
        {% for i in (1..5) limit: 2 %}{{ i }}{% endfor %};{% for i in (1..5) offset: continue %}{{ i }}{% endfor %} ¦
        {% for i in l offset: 1 limit: 1 %}{{ i }}{% endfor %};{% for i in l offset: continue %}{{ i }}{% endfor %} ¦
        {% for i in l offset: "1" limit: 1 %}{{ i }}{% endfor %};{% for i in l offset: continue %}{{ i }}{% endfor %} ¦
        {% assign continue = 2 %}{% for i in l offset: continue %}{{ i }}{% endfor %}
      `,
    ],
  },
  {
    note: 'assign and capture: one scope for the whole template',
    texts: [
      ...list`
        {% assign x = 1 %}{{ x }} ¦ {{ x }}{% assign x = 1 %}{{ x }}{% assign x = "b" %}{{ x }} ¦
        {% if yes %}{% assign x = 1 %}{% endif %}{{ x }} ¦ {% if no %}{% assign x = 1 %}{% endif %}{{ x }} ¦
        {% assign t = "own" %}{{ t }} ¦ {% assign m = t %}{{ m }}{{ m.k }} ¦ {% assign x = l %}{{ x[0] }}{{ x | size }} ¦
        {% assign x = nothing %}{{ x }}|{{ x.y }} ¦ {% assign x = l | map: "k" %}{{ x | size }} ¦
        {% assign x = one == 1 %}{{ x }} ¦ {% assign x = not yes %}{{ x }} ¦ {% assign x = (1..3) %}{{ x | join }} ¦
        {% assign a-b = 1 %}{{ a-b }} ¦ {% assign t = t | upcase %}{{ t }} ¦
        {% capture x %}a{{ t }}b{% endcapture %}{{ x }}{{ x | size }} ¦
        {% capture x %}{% endcapture %}[{{ x }}]{% if x == empty %}e{% endif %} ¦
        {% capture "x" %}{{ one }}{% endcapture %}{{ x | plus: 1 }} ¦
        {% capture x %}{% capture y %}in{% endcapture %}{{ y }}{% endcapture %}{{ x }}{{ y }} ¦
        {% capture t %}{{ t }}{{ t }}{% endcapture %}{{ t }} ¦ {% capture x %}{{ l }}{% endcapture %}{{ x }} ¦
        {% capture x %}{{ l | raw }}{% endcapture %}{{ x }} ¦
        {% capture x %}{{ none }}{{ exact }}{{ yes }}{% endcapture %}{{ x }} ¦
        {% capture x %}{% for i in l %}{{ i }}{% endfor %}{% endcapture %}{{ x }} ¦
        {% for i in l %}{% capture x %}{{ x }}{{ i }}{% endcapture %}{% endfor %}{{ x }} ¦ {% assign row = m %}{{ row.size }} ¦
        {% assign x = row %}{{ x.size }} ¦ {% assign __proto__ = m %}{{ __proto__.k }}{{ k }} ¦
        {% assign constructor = 1 %}{{ constructor }} ¦ {% assign x = nil %}[{{ x }}]{% if x == nil %}n{% endif %} ¦
        {% assign x = empty %}{% if el == x %}e{% endif %} ¦ {% assign x = t | default: nil %}{{ x }}
      `,
    ],
  },
  {
    note: 'case and when',
    texts: [
      '{% for i in l %}{% case one %}{% when 1 %}{% break %}{% when 1 %}{% liquid\n # x\n echo t\n%}b{% endcase %}{% endfor %}',
      ...list`
        {% case one %}{% when 1 %}a{% when 2 %}b{% endcase %} ¦ {% case one %}{% when 2 %}a{% else %}b{% endcase %} ¦
        {% case two %}{% when 1, 2 %}a{% endcase %} ¦ {% case two %}{% when 1 or 2 %}a{% endcase %} ¦
        {% case two %}{% when 2, 2 %}a{% endcase %} ¦ {% case two %}{% when 1, 3 or 2 %}a{% else %}b{% endcase %} ¦
        {% case one %}{% when 1 %}a{% when 1 %}b{% else %}c{% endcase %} ¦ {% case one %}x{% when 1 %}a{% endcase %} ¦
        {% case t %}{% when "abc" %}a{% endcase %} ¦ {% case num %}{% when 3 %}a{% when "3" %}b{% endcase %} ¦
        {% case none %}{% when nil %}a{% endcase %} ¦ {% case nothing %}{% when nil %}a{% when blank %}b{% endcase %} ¦
        {% case void %}{% when empty %}a{% when blank %}b{% endcase %} ¦ {% case el %}{% when empty %}a{% endcase %} ¦
        {% case em %}{% when blank %}a{% endcase %} ¦ {% case no %}{% when blank %}a{% when false %}b{% endcase %} ¦
        {% case l %}{% when l %}a{% endcase %} ¦ {% case m %}{% when m %}a{% else %}b{% endcase %} ¦
        {% case exact %}{% when exact %}a{% endcase %} ¦ {% case t | upcase %}{% when "ABC" %}a{% endcase %} ¦
        {% case l.size %}{% when (1..2) %}r{% when 3 %}a{% endcase %} ¦ {% case one %}{% when m.k %}a{% endcase %} ¦
        {% case one %}{% when (two | minus: 1) %}a{% endcase %} ¦ {% case one == 1 %}{% when true %}a{% endcase %} ¦
        {% case nil %}{% when none %}a{% when nothing %}b{% endcase %} ¦ {% case one %}{% endcase %}x ¦
        {% case one %}{% else %}a{% endcase %} ¦
        {% case one %}{% when 1 %}{% case two %}{% when 2 %}in{% endcase %}{% endcase %} ¦
        {% case empty %}{% when "" %}a{% else %}b{% endcase %} ¦ {% case one %}{% when 1.0 %}a{% endcase %} ¦
        {% for i in l %}{% case i %}{% when 1 %}one{% when 2 or 3 %}more{% endcase %},{% endfor %} ¦
        {% for i in l %}{% case one %}{% when 1 %}a{% break %}{% when 1 %}{{ i }}b{% else %}c{% endcase %}d{% endfor %}e ¦
        {% for i in l %}{% case one %}{% when 1 %}a{% break %}{% when 1 %}{% # x %}b{% endcase %}c{% endfor %} ¦
        {% for i in l %}{% case one %}{% when 1 %}{% continue %}{% when 1 %}{% comment %}x{% endcomment %}{{ m }}{% endcase %}{% endfor %} ¦
        {% for i in l %}{% case one %}{% when 1 %}{% break %}{% when 1 %}{% if yes %}{% # x %}b{% endif %}c{% endcase %}{% endfor %} ¦
        {% for i in l %}{% case one %}{% when 1 %}{% break %}{% when 1 %}{% for j in l %}{{ j }}{% endfor %}c{% endcase %}d{% endfor %} ¦
        {% case one %}{% when 1 %}a{% break %}{% when 1 %}{% capture x %}{% # x %}b{% endcapture %}c{% endcase %}[{{ x }}]
      `,
    ],
  },
  {
    note: 'if, elsif, unless',
    texts: [
      ...list`
        {% if no %}a{% elsif none %}b{% elsif one %}c{% else %}d{% endif %} ¦ {% if no %}a{% elsif no %}b{% endif %}c ¦
        {% unless no %}a{% else %}b{% endunless %} ¦ {% unless yes %}a{% elsif one %}b{% else %}c{% endunless %} ¦
        {% unless yes %}a{% elsif no %}b{% else %}c{% endunless %} ¦ {% unless nothing %}a{% endunless %} ¦
        {% if l.size > 2 and t contains "a" %}a{% endif %} ¦ {% if t | upcase %}a{% endif %} ¦
        {% if (l | size) > 5 or (t | size) == 3 %}a{% endif %} ¦
        {% if yes %}{% if no %}a{% else %}b{% endif %}{% else %}c{% endif %} ¦ {% if row.nothing %}a{% else %}b{% endif %} ¦
        {% if void == blank and space == blank and none == blank %}a{% endif %}
      `,
    ],
  },
  {
    note: 'comment, raw, liquid, echo, remarks',
    texts: [
      ...[
        '{% liquid\n assign x = 1\n if x == 1\n echo "one"\n else\n echo "other"\n endif\n%}',
        '{% liquid\n for i in l\n echo i\n if i == 1\n break\n endif\n endfor\n%}',
        '{% liquid\n # a remark\n\n echo t\n%}',
        '{% liquid\n case one\n when 1, 2\n echo "x"\n endcase\n%}',
        '{% liquid\n echo t\n liquid echo num\n%}',
        '{% liquid %}a',
      ],
      ...[
        '{% liquid\n capture x\n echo t\n endcapture\n echo x\n%}{{ x }}',
        '{% liquid\n comment\n echo t\n endcomment\n echo num\n%}',
        '{% for i in l %}{% liquid\n if i == 1\n continue\n endif\n echo i\n%};{% endfor %}',
        '{% liquid\n unless no\n echo t\n endunless\n assign l = num\n%}{{ l }}',
      ],
      ...list`
        a{% comment %}{{ t }}{% if %}{% endcomment %}b ¦ a{% raw %}{{ t }}{% if %}{% endraw %}b ¦ {% raw %}{% endraw %} ¦
        {% # x %}a{% # {{ t }} %} ¦ {% echo t %} ¦ {% echo t | upcase | append: "!" %} ¦ {% echo none %}|{% echo nothing %} ¦
        {% echo l | join %} ¦ {% echo html %}{{ html | raw }}
      `,
    ],
  },
  {
    note: 'outputs of every type, in a text',
    texts: SIDES.flatMap((side) => [
      `a{{ ${side} }}b`,
      `{% assign x = ${side} %}<{{ x }}>`,
      `{{ ${side} | raw }}.`,
      `{% echo ${side} %}`,
    ]),
  },
  {
    note: 'outputs of odd values',
    texts: [
      '{% for i in (1..1100) %}{{ i }},{% endfor %}',
      '{{ huge }} {{ tiny }} {{ half }} {{ exact }}',
      '{{ surrogate }}',
      '{{ one | divided_by: zero }}.',
      '{{ t | plus: 1 }}.',
      '{{ zero | divided_by: 0 }}.',
      '{{ long }}{{ html }}',
      'é{{ "ü" }}😀',
      '{{ "%}" }}{{ "\\n" }}{{ "\\"" }}',
      '{ {{ t }} }',
      '{{t}}{{t}}',
      '{{\nt\n|\nupcase\n}}',
    ],
  },
];

/** JSON texts: what stands where, in which quotes. */
export const JSON_TEXTS: readonly string[] = [
  ...list`
    {"a": {{ one }}} ¦ {"a": {{ t }}} ¦ {"a": "{{ t }}"} ¦ {"a": "x{{ html }}y"} ¦ [{{ none }}, {{ nothing }}, {{ yes }}] ¦
    {{ m }} ¦ [{{ l }}, {{ m }}] ¦ {"a": "{{ l }}"} ¦ {"{{ t }}": {{ exact }}} ¦ {"a": {{ huge }}, "b": {{ surrogate }}} ¦
    [{% for i in l %}{{ i }}{% unless forloop.last %},{% endunless %}{% endfor %}] ¦
    {% if yes %}{{ t }}{% else %}"{{ t }}"{% endif %} ¦ {% capture x %}{{ html }}{% endcapture %}{"a": {{ x }}, "b": "{{ x }}"} ¦
    {"a": {{ html | size }}} ¦ "{{ surrogate }}" ¦ {{ html | json }} ¦ {% assign x = m %}{"x": {{ x }}} ¦
    {{ one | divided_by: zero }} ¦ "{{ t | plus: 1 }}" ¦ {"a": {% echo html %}, "b": "{% echo html %}"} ¦ "a\"{{ html }}\\" ¦
    {"u": {{ t | uri }}, "v": "{{ html | uri }}"}
  `,
];

/** Paths: what an output encodes, and what is encoded already. */
export const PATHS: readonly string[] = [
  ...list`
    /a/{{ t }} ¦ /a/{{ html }}/b ¦ /{{ surrogate }} ¦ /{{ html | uri }} ¦ /{{ html | raw }} ¦ /{{ l }} ¦
    /{{ none }}/{{ nothing }} ¦ /{{ exact }}/{{ half }}/{{ yes }} ¦ /{% if yes %}{{ html }}{% endif %} ¦
    /{% capture x %}{{ html }}{% endcapture %}{{ x }} ¦ /{% for i in l %}{{ i }}/{% endfor %} ¦ /{{ "a/b?c#d" }} ¦
    /{% echo html %} ¦ /{% echo html | uri %} ¦ /{% assign x = html | uri %}{{ x }} ¦ /{{ l | join: "/" }}
  `,
];

/** Trees: what is left out, what is spread, in which order. */
export const TREES: readonly unknown[] = [
  ...[
    [],
    {},
    null,
    'text',
    '{{ nothing }}',
    ['{{ nothing }}', '{{ none }}', null],
    { a: '{{ nothing }}', b: '{{ none }}', c: '{{ void }}', d: '{{ el }}' },
  ],
  ...[
    { '...': '{{ m }}', k: '{{ nothing }}', n: 2, 'a-b': '{{ none }}' },
    { b: 1, '...': '{{ m }}', 1: '{{ t }}', 0: '{{ l }}' },
    { '...': '{{ l }}' },
  ],
  ...[
    { '...': '{{ t }}' },
    { '...': '{{ none }}' },
    { '...': null, a: 1 },
    { a: '{{ nil }}', b: '{{ empty }}', c: ['{{ blank }}', '{{ nothing | default: nil }}'] },
    { '...': { k: '{{ t }}', z: { y: '{{ nothing }}' } }, k: { k: ['{{ em }}'] } },
  ],
  ...[
    JSON.parse('{"__proto__":"{{ t }}","constructor":{"__proto__":"{{ nothing }}"}}'),
    { '...': '{{ proto }}', k: '{{ exact }}' },
    ['{{ one }}x', '{{ html }}', '{{ surrogate }}', '{{ huge }}'],
  ],
];
