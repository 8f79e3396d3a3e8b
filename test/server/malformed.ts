/** Bodies of calls, from right to garbage: each made from a chance of its own, so that it can be made again. */

import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { MAX_DEPTH } from '../../src/json/limits.ts';
import { ExactNumber, stringifyJson } from '../../src/numbers.ts';
import { isMap } from '../../src/template/text.ts';
import { bytes, type Chance, pick, whole } from './chance.ts';

export interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The text of the body where the headers let it be read. */
  readonly text: string | undefined;
}

const CONFIGURATION = {
  object: 'contact',
  mode: 'upsert',
  identifierMapping: [{ from: 'user_email', to: 'email' }],
  mappings: [
    { from: 'user_fn', to: 'first_name' },
    { type: 'standard', from: 'user_ln', to: 'last_name' },
    { type: 'standard', from: 'plan', to: 'plan' },
    { type: 'static', value: 7, to: 'seats' },
  ],
  source: 'warehouse',
  default_plan: 'free',
};

const ROWS = Array.from({ length: 6 }, (_, index) => ({
  user_id: index,
  user_email: `person${index}@example.com`,
  user_fn: 'Ann',
  user_ln: 'Doe',
  plan: 'team',
  seats: index,
}));

const METHODS = ['list_objects', 'list_modes', 'list_fields', 'list_options', 'validate', 'behavior', 'add', 'change', 'remove'];

/** Names that an object has without anybody having given them to it, and names that mean something to a runtime. */
const NAMES = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'toJSON', 'then'],
  ...[
    'length',
    'size',
    'first',
    'last',
    'id',
    'jsonrpc',
    'method',
    'params',
    'rows',
    'config',
    'settings',
    '',
    ' ',
    '...',
    '0',
    '-1',
  ],
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** An object with a member of any name, `__proto__` too. */
function member(name: string, value: unknown): object {
  return Object.fromEntries([[name, value]]);
}

const ODD: readonly ((chance: Chance) => unknown)[] = [
  () => null,
  () => true,
  () => false,
  () => -0,
  () => new ExactNumber('1e400'),
  () => new ExactNumber('-12345678901234567890.123456789'),
  (chance) => new ExactNumber(`1${'0'.repeat(whole(chance, 5000))}1`),
  () => '',
  () => ' ',
  () => '\u0000\u0007\u001b[31m',
  () => '\ud800',
  () => '\udfff\ud800 \u202e \ufeff \u2028',
  () => '𝄞 ‱ é e\u0301',
  () => '{{ settings.api_key }}{% for i in (1..1000000000) %}{{ i }}{% endfor %}',
  () => '{{ row | json }}{{ config }}',
  () => "'; drop table contacts; --",
  () => '../../../../etc/hosts',
  () => '<script>alert(1)</script>',
  () => 'http://127.0.0.1:1/',
  () => '2024-02-30T25:61:61Z',
  (chance) => 'x'.repeat(whole(chance, 20_000)),
  () => [],
  () => ({}),
  () => [null],
  () => [[]],
  (chance) => nested(whole(chance, 120)),
  (chance) => pick(chance, NAMES),
  (chance) => member(pick(chance, NAMES), pick(chance, NAMES)),
  (chance) => member(pick(chance, NAMES), member(pick(chance, NAMES), 1)),
  (chance) => Array.from({ length: whole(chance, 60) }, () => pick(chance, NAMES)),
  (chance) => chance() * 1e9,
  (chance) => Math.floor(chance() * 1e9) * -1,
];

function odd(chance: Chance): unknown {
  return pick(chance, ODD)(chance);
}

function rightCall(chance: Chance): Record<string, unknown> {
  const method = pick(chance, METHODS);
  const rows = ROWS.slice(0, 1 + whole(chance, ROWS.length)).map((row) => ({ ...row, user_id: whole(chance, 1000) }));
  const params = method.startsWith('list_')
    ? { object: 'contact', mode: pick(chance, ['upsert', 'create']) }
    : METHODS.indexOf(method) < 6
      ? { configuration: CONFIGURATION }
      : { idColumn: 'user_id', configuration: { ...CONFIGURATION, mode: pick(chance, ['upsert', 'create']) }, rows };
  return { jsonrpc: '2.0', id: whole(chance, 1e6), method, params };
}

/** The same tree with one place changed: another value, a member more or less, an element twice. */
function mutated(value: unknown, chance: Chance): unknown {
  if (chance() < 0.15) return odd(chance);
  if (Array.isArray(value) && value.length > 0) {
    const at = whole(chance, value.length);
    const copy = [...value];
    const change = chance();
    if (change < 0.1) copy.splice(at, 1);
    else if (change < 0.2) copy.splice(at, 0, copy[at]);
    else if (change < 0.3) copy.splice(at, 0, odd(chance));
    else copy[at] = mutated(copy[at], chance);
    return copy;
  }
  if (!isMap(value)) return odd(chance);
  const entries = Object.entries(value);
  const at = whole(chance, entries.length);
  const [name = 'a', own] = entries[at] ?? [];
  const change = chance();
  if (change < 0.1) entries.splice(at, 1);
  else if (change < 0.2) entries.push([pick(chance, NAMES), odd(chance)]);
  else if (change < 0.3) entries[at] = [pick(chance, NAMES), own];
  else entries[at] = [name, mutated(own, chance)];
  return Object.fromEntries(entries);
}

function oddCall(chance: Chance): unknown {
  let call: unknown = rightCall(chance);
  const times = 1 + whole(chance, 3);
  for (let time = 0; time < times; time++) call = mutated(call, chance);
  return call;
}

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '"a"',
  '1',
  '-',
  '.',
  'e9',
  'null',
  'NaN',
  'Infinity',
  '//',
  '\u0000',
  '\n',
  "'",
  '\\u',
  '\\ud800',
];

const TEXTS: readonly ((chance: Chance) => string)[] = [
  (chance) => stringifyJson(rightCall(chance)),
  (chance) => stringifyJson(oddCall(chance)),
  (chance) => stringifyJson(oddCall(chance)),
  (chance) => stringifyJson(oddCall(chance)),
  // Names where names are not expected.
  (chance) => stringifyJson({ ...rightCall(chance), method: pick(chance, NAMES) }),
  (chance) => stringifyJson({ ...rightCall(chance), id: pick(chance, [...NAMES, odd(chance)]) }),
  (chance) => {
    const [column, option] = [pick(chance, NAMES), pick(chance, NAMES)];
    const configuration = {
      ...CONFIGURATION,
      ...member(option, odd(chance)),
      mappings: [{ from: column, to: pick(chance, NAMES) }],
    };
    const rows = [member(column, odd(chance)), { ...ROWS[0], ...member(column, odd(chance)) }];
    return stringifyJson({
      jsonrpc: '2.0',
      id: 'p',
      method: pick(chance, METHODS.slice(4)),
      params: { idColumn: column, configuration, rows },
    });
  },
  // Batches, also of none, of notifications, of batches, and too large.
  (chance) =>
    stringifyJson(Array.from({ length: whole(chance, 8) }, () => (chance() < 0.5 ? rightCall(chance) : oddCall(chance)))),
  (chance) =>
    stringifyJson(
      Array.from({ length: pick(chance, [0, 99, 100, 101, 500]) }, () => ({ jsonrpc: '2.0', id: 1, method: 'list_objects' })),
    ),
  (chance) => stringifyJson(Array.from({ length: 1 + whole(chance, 4) }, () => ({ ...rightCall(chance), id: undefined }))),
  (chance) => stringifyJson([[rightCall(chance)], [[]], odd(chance)]),
  // Depth.
  (chance) => pick(chance, ['[', '{"a":', '[{"":']).repeat(pick(chance, [1, 31, 32, 63, 64, 65, 10_000, 90_000])),
  (chance) => {
    const depth = MAX_DEPTH - 10 + whole(chance, 20);
    return `{"jsonrpc":"2.0","id":1,"method":"validate","params":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  },
  // Width.
  (chance) => {
    const name = () => pick(chance, [...NAMES, whole(chance, 1e6).toString(36)]);
    const wide = Object.fromEntries(Array.from({ length: whole(chance, 3000) }, () => [name(), whole(chance, 9)]));
    const params = {
      ...member(name(), wide),
      configuration: { ...CONFIGURATION, ...wide, mode: 'upsert' },
      rows: [wide],
      idColumn: '0',
    };
    return stringifyJson({ jsonrpc: '2.0', id: 1, method: pick(chance, METHODS), params });
  },
  (chance) => {
    const rows = Array(whole(chance, 2000)).fill(pick(chance, [{}, { user_id: null }, { user_id: [] }, [], null, 0]));
    const params = { idColumn: 'user_id', configuration: CONFIGURATION, rows: [ROWS[0], ...rows] };
    return stringifyJson({ jsonrpc: '2.0', id: 1, method: pick(chance, METHODS.slice(6)), params });
  },
  (chance) =>
    `{"jsonrpc":"2.0","id":1,"method":"validate","params":{${'"__proto__":{"a":1},'.repeat(whole(chance, 5000))}"a":1}}`,
  // Large ids and numbers.
  (chance) => `{"jsonrpc":"2.0","id":${'9'.repeat(1 + whole(chance, 50_000))},"method":"behavior"}`,
  (chance) => `{"jsonrpc":"2.0","id":-0.${'0'.repeat(whole(chance, 500))}1e-${whole(chance, 9999)},"method":"behavior"}`,
  (chance) => `{"jsonrpc":"2.0","id":"${'\\u0001'.repeat(whole(chance, 5000))}","method":"behavior"}`,
  // Twice the same member; white space; a byte order mark.
  (chance) =>
    stringifyJson(rightCall(chance)).replace('{', `{"id":${pick(chance, ['1', 'null', '{}'])},"method":"x","jsonrpc":2,`),
  (chance) =>
    `${pick(chance, ['\ufeff', ' '.repeat(whole(chance, 10_000)), '\n\t', '\u00a0'])}${stringifyJson(rightCall(chance))}`,
  // No JSON any more.
  (chance) => {
    const text = stringifyJson(rightCall(chance));
    const at = whole(chance, text.length);
    return pick(chance, [
      text.slice(0, at),
      text.slice(at),
      text.slice(0, at) + pick(chance, TOKENS) + text.slice(at),
      text + text,
    ]);
  },
  (chance) => Array.from({ length: whole(chance, 60) }, () => pick(chance, TOKENS)).join(''),
  () => '',
];

const TYPES = [
  ...['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON;charset="UTF-8"', 'application/vnd.api+json'],
  ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json; charset=utf-16'],
  ...['application/json;', 'application/json, text/html', 'json', '/', ';', 'application/json; charset=__proto__', ''],
];

const PATHS = [
  ...[
    '/hightouch/demo',
    '/hightouch/demo?a=b',
    '/hightouch/demo/',
    '/hightouch/',
    '/hightouch/__proto__',
    '/hightouch/constructor',
  ],
  ...[
    '/hightouch/%',
    '/hightouch/%00',
    '/hightouch/..%2f..%2fetc',
    '/hightouch/demo%20',
    '/hightouch//demo',
    '/',
    '/healthz',
    '/x',
  ],
];

const ZEROS = Buffer.alloc(20_000_000);
/** Small, and inflated larger than any body may be. */
const BOMBS = { gzip: gzipSync(ZEROS), deflate: deflateSync(ZEROS), br: brotliCompressSync(ZEROS) };

/** Some bytes changed. */
function torn(right: Buffer, chance: Chance): Buffer {
  const copy = Buffer.from(right);
  for (let flips = whole(chance, 4); flips >= 0 && copy.length > 0; flips--)
    copy[whole(chance, copy.length)] = whole(chance, 256);
  return copy;
}

/** Headers that change nothing, or refuse the call. */
const HEADERS: readonly (readonly [headers: Readonly<Record<string, string>>, harmless: boolean])[] = [
  [{ expect: '100-continue' }, true],
  [{ accept: 'text/html' }, true],
  [{ 'x-forwarded-for': '::1', 'x-forwarded-host': 'a', 'x-forwarded-proto': 'https' }, true],
  [{ 'x-http-method-override': 'GET' }, true],
  [{ range: 'bytes=0-1', 'if-none-match': '*', 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, true],
  [{ origin: 'https://evil.test', referer: 'https://evil.test/' }, true],
  [{ cookie: 'a=b; __proto__=c', 'x-y': '\u00ff\u0080' }, true],
  [{ te: 'trailers' }, true],
  [{ authorization: 'Bearer other-token' }, false],
  [{ authorization: 'Basic Og==' }, false],
  [{ authorization: 'Bearer ' }, false],
  [{ authorization: '' }, false],
  [{ authorization: `Bearer ${'x'.repeat(10_000)}` }, false],
];

/** Brotli's own choice takes a second for what is sent here. */
const br = (plain: Buffer) => brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });

/** `right` where the text comes back. */
const CODINGS: readonly { coding: string; encode: (plain: Buffer, chance: Chance) => Buffer; right?: true }[] = [
  { coding: 'gzip', encode: (plain) => gzipSync(plain), right: true },
  { coding: 'x-gzip', encode: (plain) => gzipSync(plain), right: true },
  { coding: 'deflate', encode: (plain) => deflateSync(plain), right: true },
  { coding: 'br', encode: br, right: true },
  { coding: ' GZip ', encode: (plain) => gzipSync(plain), right: true },
  { coding: 'identity', encode: (plain) => plain, right: true },
  { coding: 'gzip', encode: (plain) => plain },
  { coding: 'br', encode: (plain) => gzipSync(plain) },
  { coding: 'deflate', encode: (plain, chance) => deflateSync(plain).subarray(0, whole(chance, 40)) },
  { coding: 'gzip', encode: (plain, chance) => torn(gzipSync(plain), chance) },
  { coding: 'br', encode: (plain, chance) => torn(br(plain), chance) },
  {
    coding: 'gzip',
    encode: (plain, chance) => Buffer.concat([gzipSync(plain), pick(chance, [gzipSync(plain), bytes(chance, 9)])]),
  },
  { coding: 'gzip', encode: () => BOMBS.gzip },
  { coding: 'deflate', encode: () => BOMBS.deflate },
  { coding: 'br', encode: () => BOMBS.br },
  { coding: 'gzip', encode: (_, chance) => torn(BOMBS.gzip, chance) },
  { coding: 'gzip, gzip', encode: (plain) => gzipSync(gzipSync(plain)) },
  { coding: 'zstd', encode: (plain) => plain },
  { coding: '__proto__', encode: (plain) => plain },
];

/** What is sent for a number; the same for the same chance. */
export function malformed(chance: Chance): Sent {
  const text = pick(chance, TEXTS)(chance);
  const plain = Buffer.from(text, 'utf8');
  const sent = { path: '/hightouch/demo', headers: { 'content-type': 'application/json' }, body: plain, text };
  const kind = chance();
  if (kind < 0.8) return sent;
  if (kind < 0.85) {
    const { coding, encode, right = false } = pick(chance, CODINGS);
    const headers = { ...sent.headers, 'content-encoding': coding };
    return { ...sent, headers, body: encode(plain, chance), text: right ? text : undefined };
  }
  if (kind < 0.88) {
    const [headers, harmless] = pick(chance, HEADERS);
    return { ...sent, headers: { ...sent.headers, ...headers }, text: harmless ? text : undefined };
  }
  if (kind < 0.91) return { ...sent, headers: { 'content-type': pick(chance, TYPES) }, text: undefined };
  if (kind < 0.94) return { ...sent, path: pick(chance, PATHS), text: undefined };
  if (kind < 0.97) return { ...sent, body: bytes(chance, whole(chance, 300)), text: undefined };
  return { ...sent, body: torn(plain, chance), text: undefined };
}
