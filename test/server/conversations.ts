/** What no HTTP client sends, for a bare connection of its own: each made from a chance, so that it can be made again. */

import { bytes, type Chance, pick, whole } from './chance.ts';
import { TOKEN } from './serving.ts';

export interface Conversation {
  /** For the message of a failure. */
  readonly what: string;
  /** Written one by one; the server may see each before the next. */
  readonly pieces: readonly Buffer[];
  /** After the last piece: the server must close, we end our half, or we cut the connection. */
  readonly end: 'wait' | 'half' | 'cut';
  /** The ids of the calls that must be answered, in this order; undefined where there may be any answers or none. */
  readonly ids?: readonly number[];
  /** Answers have no body. */
  readonly head?: boolean;
}

const USUAL = ['Host: x', `Authorization: Bearer ${TOKEN}`, 'Content-Type: application/json'];

function head(line: string, headers: readonly string[]): string {
  return `${[line, ...headers].join('\r\n')}\r\n\r\n`;
}

const POST = 'POST /hightouch/demo HTTP/1.1';

function call(id: number): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"list_objects"}`;
}

function right(id: number, ...headers: string[]): string {
  return head(POST, [...USUAL, `Content-Length: ${call(id).length}`, ...headers]) + call(id);
}

/** The same bytes in a few pieces, cut anywhere. */
function cut(text: string, chance: Chance): Buffer[] {
  const all = Buffer.from(text, 'latin1');
  const cuts = Array.from({ length: whole(chance, 4) }, () => whole(chance, all.length)).sort((a, b) => a - b);
  return [...cuts, all.length].map((end, index) => all.subarray(cuts[index - 1] ?? 0, end));
}

/** A body in chunks of any size, each size written in one of the ways that RFC 9112 section 7.1 allows. */
function chunked(text: string, chance: Chance): string {
  let out = '';
  for (let at = 0; at < text.length; ) {
    const size = Math.min(text.length - at, 1 + whole(chance, 40));
    const written = pick(chance, [size.toString(16), size.toString(16).toUpperCase(), size.toString(16).padStart(6, '0')]);
    out += `${written}${pick(chance, ['', ';a=b', ';a="b;c"'])}\r\n${text.slice(at, at + size)}\r\n`;
    at += size;
  }
  return `${out}0\r\n${pick(chance, ['', 'X-Trailer: a\r\n'])}\r\n`;
}

const CODED = 'Transfer-Encoding: chunked';

/** Chunks that are none. */
const BROKEN_CHUNKS = [
  ...[
    'zz\r\n{}\r\n',
    '-1\r\n{}\r\n',
    '0x2\r\n{}\r\n',
    'FFFFFFFFFFFFFFFFF\r\n{}\r\n',
    '2 \r\n{}\r\n0\r\n\r\n',
    '2\n{}\n0\n\n',
    '2\r\n{}0\r\n\r\n',
  ],
  ...[
    '2\r\n{}\r\n',
    '9\r\n{}\r\n0\r\n\r\n',
    '\r\n',
    '0\r\nX',
    '2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n',
    `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    `0\r\n${'X: y\r\n'.repeat(3000)}\r\n`,
  ],
];

const FRAMINGS = [
  ['Content-Length: 5', 'Content-Length: 6'],
  ['Content-Length: 2', 'Content-Length: 2'],
  ...['5, 5', '+2', '0x2', '-1', '2 ', '1e1', '99999999999999999999', '', 'two', '2;2'].map((value) => [
    `Content-Length: ${value}`,
  ]),
  [CODED, 'Content-Length: 2'],
  ['Content-Length: 2', CODED],
  [CODED, CODED],
  ...[
    'chunked, chunked',
    'identity',
    'gzip, chunked',
    'chunked, gzip',
    'xchunked',
    'chunked;a=b',
    ' chunked',
    '\u000bchunked',
    'cow',
    '',
  ].map((value) => [`Transfer-Encoding: ${value}`]),
  ['Transfer-Encoding : chunked'],
  ['Transfer-Encoding: chu', ' nked'],
];

const TWICE = [
  ['Content-Type: text/plain'],
  ['Content-Type: application/json'],
  ['Host: y'],
  ['Authorization: Bearer other'],
  ['Content-Encoding: gzip', 'Content-Encoding: gzip'],
  ['Content-Encoding: identity', 'Content-Encoding: br'],
  ['Connection: keep-alive', 'Connection: close'],
  ['__proto__: x', 'constructor: y'],
];

const HEADS = [
  'POST http://a:b/ HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST ? HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
  'POST * HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
  'POST //// HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
  'POST /hightouch/\u00e4\u0080 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
  `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'GET /hightouch/demo HTTP/9.9\r\n\r\n',
  'GET /hightouch/demo HTTP/1.0\r\n\r\n',
  'GET /hightouch/demo\r\n\r\n',
  'get /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /healthz HTTP/1.1\nHost: x\n\n',
  'GET  /healthz  HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /healthz HTTP/1.1\r\n\r\n',
  'GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n',
  'GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n',
  'GET /healthz HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n',
  'GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n',
  'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
  'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n',
  `${POST}\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
  `${POST}\r\nHost: x\r\n${'X: y\r\n'.repeat(2500)}\r\n`,
  `${POST}\r\n`,
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  '\r\n\r\n\r\n',
  '\u0000',
];

const KINDS: readonly ((chance: Chance) => Conversation)[] = [
  (chance) => ({ what: 'garbage', pieces: [bytes(chance, 1 + whole(chance, 200))], end: 'half' }),
  (chance) => ({ what: 'an odd head', pieces: cut(pick(chance, HEADS), chance), end: 'half' }),
  (chance) => {
    const ids = Array.from({ length: 1 + whole(chance, 20) }, (_, id) => id);
    const text = ids.map((id) => right(id, ...(id === ids.length - 1 ? ['Connection: close'] : []))).join('');
    return { what: 'calls one behind the other', pieces: cut(text, chance), end: 'wait', ids };
  },
  (chance) => ({
    what: 'a call in chunks',
    pieces: cut(head(POST, [...USUAL, CODED, 'Connection: close']) + chunked(call(7), chance), chance),
    end: 'wait',
    ids: [7],
  }),
  (chance) => ({
    what: 'chunks that are none',
    pieces: cut(head(POST, [...USUAL, CODED]) + pick(chance, BROKEN_CHUNKS), chance),
    end: 'half',
  }),
  (chance) => ({
    what: 'a framing that is none',
    pieces: cut(
      head(POST, [...USUAL, ...pick(chance, FRAMINGS)]) + pick(chance, ['{}', '2\r\n{}\r\n0\r\n\r\n', call(1), right(2)]),
      chance,
    ),
    end: 'half',
  }),
  (chance) => {
    const lie = call(1).length + pick(chance, [-20, -1, 1, 1000]);
    return {
      what: 'a length that is a lie',
      pieces: cut(head(POST, [...USUAL, `Content-Length: ${lie}`]) + call(1) + pick(chance, ['', right(2)]), chance),
      end: pick(chance, ['half', 'cut']),
    };
  },
  (chance) => ({
    what: 'the same header twice',
    pieces: cut(head(POST, [...USUAL, ...pick(chance, TWICE), `Content-Length: ${call(1).length}`]) + call(1), chance),
    end: 'half',
  }),
  (chance) => ({
    what: 'Expect',
    pieces: cut(
      right(3, `Expect: ${pick(chance, ['100-continue', '100-Continue', '200-ok', '', '100-continue, 100-continue'])}`),
      chance,
    ),
    end: 'half',
  }),
  (chance) => ({ what: 'a call whose sender is gone', pieces: cut(right(4), chance), end: pick(chance, ['half', 'cut']) }),
  (chance) => {
    const text = right(5);
    return {
      what: 'a part of a call',
      pieces: cut(text.slice(0, whole(chance, text.length)), chance),
      end: pick(chance, ['half', 'cut']),
    };
  },
  (chance) => ({
    what: 'a call and garbage',
    pieces: [...cut(right(6), chance), bytes(chance, 1 + whole(chance, 50))],
    end: 'half',
  }),
  (chance) => {
    const method = pick(chance, ['HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'M-SEARCH', 'BREW', 'QUERY']);
    const path = pick(chance, ['/hightouch/demo', '/healthz', '/', '*']);
    return {
      what: `the method ${method}`,
      pieces: cut(head(`${method} ${path} HTTP/1.1`, [...USUAL, 'Connection: close']), chance),
      end: 'half',
      head: method === 'HEAD',
    };
  },
];

export function conversation(chance: Chance): Conversation {
  return pick(chance, KINDS)(chance);
}
