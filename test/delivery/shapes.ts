/** Requests with values in every place, and what each row must have become. */

import { type Canonical, type Fate, type Pairs, wantedJson } from './fate.ts';
import { Dict, Numeral, type Value } from './hostile.ts';

/** Columns of a row, each perhaps missing. */
export interface HostileRow {
  readonly v?: Value | undefined;
  readonly w?: Value | undefined;
  readonly m?: Value | undefined;
}

/** All of a request that data could change. */
export interface Wanted {
  readonly method?: string;
  /** Segments, decoded. */
  readonly path?: readonly string[];
  readonly query?: Pairs;
  /** Beside those of every request, by name. */
  readonly headers?: Pairs;
  readonly json?: Canonical;
  readonly form?: Pairs;
}

export interface Shape {
  /** Lines of YAML. */
  readonly request: string;
  readonly connection?: string;
  /** What a row must have become, or its item where rows share requests, unless its fate has a cause to reject it. */
  readonly wanted: (row: HostileRow, fate: Fate) => Wanted;
}

export const PLACES = ['path', 'query', 'header', 'JSON leaf', 'JSON text', 'form'] as const;
export type PlaceName = (typeof PLACES)[number];

type Entry = readonly [string, Value | undefined];

const ONE = new Numeral('1', '1');
const TWO = new Numeral('2', '2');
const json = (...entries: readonly Entry[]): Wanted => ({ json: wantedJson(new Dict(entries)) });
const path = (...segments: readonly string[]): Wanted => ({ path: ['', 'v1', ...segments] });

/** Rows that share requests, in which their items stand between literal parts. */
const BATCH = 'post: /r\nbatch: { size: 50 }\nitem: { p: 1, v: "{{ row.v }}", w: "{{ row.w }}"';
const item = ({ v, w }: HostileRow): Entry[] => Object.entries({ p: ONE, v, w });

/** Those that the client sets itself, and one that it loses. */
const REFUSED =
  /^(?:__proto__|connection|content-length|expect|host|http2-settings|keep-alive|proxy-(?:authenticate|authorization|connection)|te|trailer|transfer-encoding|upgrade)$/i;

/** A query and a form are told alike. */
const PARAMETERS: readonly [map: string, wanted: (row: HostileRow, fate: Fate) => Pairs][] = [
  [
    '{ a: 1, v: "{{ row.v }}", w: "x{{ row.w }}y", z: 2 }',
    ({ v, w }, fate) => fate.parameters(['a', ONE], ['v', v], ['w', `x${fate.text(w)}y`], ['z', TWO]),
  ],
  [
    '{ a: 1, "...": "{{ row.m }}", z: "{{ row.v }}" }',
    ({ v, m }, fate) => fate.parameters(['a', ONE], ...fate.spread(m, 'a', 'z'), ['z', v]),
  ],
  [
    '{ f: { a: "{{ row.v }}", "...": "{{ row.m }}" }, z: ["{{ row.w }}", 1] }',
    ({ v, w = null, m }, fate) => fate.parameters(['f', new Dict([['a', v], ...fate.spread(m, 'a')])], ['z', [w, ONE]]),
  ],
];

export const SHAPES: Readonly<Record<PlaceName, readonly Shape[]>> = {
  path: [
    {
      request: 'post: "/lists/{{ row.v }}/members/{{ row.w }}"',
      wanted: ({ v, w }, fate) => path('lists', fate.segment({ of: v }), 'members', fate.segment({ of: w })),
    },
    {
      request: 'put: "/a/x{{ record.v }}.json/{{ row.w }}{{ row.v }}/z"',
      wanted: ({ v, w }, fate) => ({
        method: 'PUT',
        ...path('a', fate.segment('x', { of: v }, '.json'), fate.segment({ of: w }, { of: v }), 'z'),
      }),
    },
    {
      request: 'post: "/a{% if position < 0 %}/never{% endif %}/{{ row.v }}/.{{ row.w | uri }}"',
      wanted: ({ v, w }, fate) => {
        // The filter asks of what is not missing that it is a segment by itself.
        if (w !== null && w !== undefined) fate.segment({ of: w });
        return path('a', fate.segment({ of: v }), fate.segment('.', { of: w }));
      },
    },
  ],
  query: [
    ...PARAMETERS.map(
      ([map, wanted]): Shape => ({
        request: `post: /r\nquery: ${map}`,
        wanted: (row, fate) => ({ query: wanted(row, fate) }),
      }),
    ),
    {
      request: 'post: /r\nquery: { "...": "{{ row.m }}" }',
      connection: 'auth: { query: { first: s } }',
      wanted: ({ m }, fate) => {
        const own = fate.spread(m);
        if (own.some(([name]) => name.split('[')[0] === 'first')) fate.causes.add('taken');
        return { query: [...fate.parameters(...own), ['first', 's']] };
      },
    },
  ],
  form: [
    ...PARAMETERS.map(
      ([map, wanted]): Shape => ({
        request: `post: /r\nform: ${map}`,
        wanted: (row, fate) => ({ form: wanted(row, fate) }),
      }),
    ),
    {
      request: `${BATCH} }\nform: { a: 1, rows: "{{ items }}", z: 2 }`,
      wanted: (row, fate) => ({ form: fate.parameters(['rows', [new Dict(item(row))]]) }),
    },
  ],
  header: [
    {
      request: 'post: /r\nheaders: { X-A: "1", X-V: "{{ row.v }}", X-Z: "2" }',
      wanted: ({ v }, fate) => ({ headers: [['x-a', '1'], ...fate.headers(['x-v', v]), ['x-z', '2']] }),
    },
    {
      // Beside a body, which has another encoding.
      request: 'post: /r\nheaders: { X-V: "x{{ row.v }}{{ row.w }}" }\njson: { v: "{{ row.v }}é" }',
      wanted: ({ v, w }, fate) => ({
        headers: fate.headers(['x-v', `x${fate.text(v)}${fate.text(w)}`]),
        ...json(['v', `${fate.text(v)}é`]),
      }),
    },
    {
      request: 'post: /r\nheaders: "{{ row.m }}"',
      wanted: ({ m }, fate) => {
        const own = fate.spread(m);
        if (fate.causes.delete('spread')) fate.causes.add('headerMap');
        if (own.some(([name]) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || REFUSED.test(name))) fate.causes.add('headerName');
        return { headers: [...new Map(fate.headers(...own))] };
      },
    },
  ],
  'JSON leaf': [
    {
      request: 'post: /r\njson: { a: 1, v: "{{ row.v }}", deep: { list: [1, "{{ record.w }}", "{{ row.v }}"] }, z: 2 }',
      wanted: ({ v, w }) => json(['a', ONE], ['v', v], ['deep', new Dict([['list', [ONE, w ?? null, v ?? null]]])], ['z', TWO]),
    },
    {
      request: 'post: /r\njson: { t: "<{{ row.v }}|{{ row.w }}>", z: 2 }',
      wanted: ({ v, w }, fate) => json(['t', `<${fate.text(v)}|${fate.text(w)}>`], ['z', TWO]),
    },
    {
      request: 'post: /r\njson: "{{ row.v }}"',
      wanted: ({ v }, fate) => {
        if (v === undefined) fate.causes.add('missing');
        return { json: wantedJson(v ?? null) };
      },
    },
    {
      request: `${BATCH}, "...": "{{ row.m }}" }\njson: { a: 1, rows: "{{ items }}", z: 2 }`,
      wanted: (row, fate) => json(...fate.spread(row.m, 'p', 'v', 'w'), ...item(row)),
    },
  ],
  'JSON text': [
    {
      request: 'post: /r\njson: |\n  {"a": 1, "v": {{ row.v }}, "t": "<{{ row.w }}>", "z": [2, {{ record.w }}]}',
      wanted: ({ v = null, w = null }, fate) => json(['a', ONE], ['v', v], ['t', `<${fate.text(w)}>`], ['z', [TWO, w]]),
    },
    {
      request:
        'post: /r\njson: |\n  {% capture c %}[{{ row.w }}]{% endcapture %}{"c": "{{ c }}", "k{{ row.w }}": {{ row.v }}{% if position >= 0 %}, "m": {{ row.m }}{% endif %}}',
      wanted: ({ v = null, w, m = null }, fate) => json(['c', `[${fate.text(w)}]`], [`k${fate.text(w)}`, v], ['m', m]),
    },
    {
      request: `${BATCH} }\njson: |\n  {"a": 1, "rows": [{% for item in items %}{"p": {{ item.p }}, "v": {{ item.v }}, "w": {{ item.w }}}{% unless forloop.last %},{% endunless %}{% endfor %}], "z": 2}`,
      wanted: ({ v = null, w = null }) => json(...item({ v, w })),
    },
  ],
};
