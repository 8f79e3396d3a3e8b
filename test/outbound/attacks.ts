/** Answers that are made to fill a client's memory, to hold it for ever, or to be believed although they are not whole; and how each must end. */

import type { Socket } from 'node:net';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

/** Milliseconds between two bytes of an answer that drips, and what the client that is measured is set to. */
export interface Pace {
  readonly drip: number;
  /** That an answer may be silent once it began; more than a drip, so that only the timeout ends one. */
  readonly silence: number;
  readonly timeout: number;
}

/** How an answer ends for the row: the code of the reply, and what the row's reason says of it. */
interface Ending {
  readonly code: RegExp;
  readonly reason: RegExp;
}

const ENDINGS = {
  large: { code: /^TOO_LARGE$/, reason: /^outcome unknown: The API's answer is larger than 16 MiB, the most that is read\.$/ },
  damaged: {
    code: /^GARBLED$/,
    reason: /^outcome unknown: The API's answer is damaged: it is not proper HTTP, or its compression cannot be undone\.$/,
  },
  /** What Node's parser takes for damage at 16 KiB, and undici's for as long as it is within the bound of the wire. */
  endless: { code: /^(?:GARBLED|TOO_LARGE)$/, reason: /^outcome unknown: The API's answer is (?:damaged|larger than)\b/ },
  silent: { code: /^TIMEOUT$/, reason: /^outcome unknown: The answer began, and then nothing more of it came for \d+ ms\.$/ },
  /** Whichever comes first: the cap of what is on the wire, or that nothing of the answer itself comes. */
  framing: {
    code: /^(?:TOO_LARGE|TIMEOUT)$/,
    reason: /^outcome unknown: The (?:API's answer is larger than|answer began, and then) /,
  },
  late: { code: /^TIMEOUT$/, reason: /^outcome unknown: The answer was not complete within \d+ ms\.$/ },
  unanswered: { code: /^TIMEOUT$/, reason: /^outcome unknown: The API did not answer within \d+ ms\.$/ },
  closed: { code: /^ECONNRESET$/, reason: /^outcome unknown: The connection broke before an answer came \(ECONNRESET\)\.$/ },
  broken: {
    code: /^ECONNRESET$/,
    reason: /^outcome unknown: The connection broke before the answer was complete \(ECONNRESET\)\.$/,
  },
} satisfies Record<string, Ending>;

export interface Attack {
  readonly name: string;
  readonly ending: Ending;
  /** Whether it is the cap that ends it. */
  readonly large: boolean;
  /** Milliseconds of the time limit that ends it. */
  readonly waits: (pace: Pace) => number;
  /** Its answer comes whole, by what HTTP says: the connection is sound, and may be kept. */
  readonly whole: boolean;
  /** What is done to a client that asked. */
  readonly play: (socket: Socket, pace: Pace) => void;
}

const MB = 1_048_576;
/** No attack pours more, whatever the client does. */
const MOST = 2048 * MB;

/** Writes piece after piece, as fast as they are taken, until the client has had enough. */
function pour(socket: Socket, head: string | Buffer, piece: Buffer, pieces = MOST / piece.length, tail = ''): void {
  socket.write(head);
  let left = pieces;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      left--;
      if (!socket.write(piece)) return;
    }
    if (left === 0) socket.write(tail);
    left--;
  };
  socket.on('drain', more);
  more();
}

function drip(socket: Socket, head: string, text: string, { drip: milliseconds }: Pace): void {
  socket.write(head);
  let at = 0;
  const timer = setInterval(() => socket.write(text.charAt(at++ % text.length)), milliseconds);
  socket.on('close', () => clearInterval(timer));
}

/** Bare deflate of the same megabyte a thousand times: it is compressed once, as a block that stands alone. */
function deflated(megabyte: Buffer, times: number): Buffer {
  const block = deflateRawSync(megabyte, { finishFlush: constants.Z_FULL_FLUSH });
  return Buffer.concat([...Array<Buffer>(times).fill(block), deflateRawSync('')]);
}

/** Made when it is first asked for. */
function once(make: () => Buffer): () => Buffer {
  let made: Buffer | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const GZIP = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
const ZLIB = Buffer.from([0x78, 0x9c]);
const ZEROS = Buffer.alloc(MB);
/** The sums at their ends are wrong: nobody may come so far as to see. */
const gzipBomb = once(() => Buffer.concat([GZIP, deflated(ZEROS, 1024), Buffer.alloc(8)]));
const brotli = (bytes: Buffer): Buffer => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
const brotliBomb = once(() => brotli(Buffer.alloc(1024 * MB)));
/** Gzip of gzips of nothing: it comes to no byte in the end, and to 100 MB on the way. */
const hollow = (): Buffer => {
  const nothing = gzipSync('');
  return Buffer.concat([GZIP, deflated(Buffer.concat(Array<Buffer>(Math.floor(MB / nothing.length)).fill(nothing)), 100)]);
};

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
/** What would be a yes, if it were whole. */
const YES = '{"ok":true}';
const YES_CHUNK = `${YES.length.toString(16)}\r\n${YES}\r\n`;
const X = Buffer.alloc(65_536, 'x');
const CHUNK = Buffer.concat([Buffer.from('10000\r\n'), X, Buffer.from('\r\n')]);

type Play = Attack['play'];
interface Whole {
  readonly whole: Play;
}
const write =
  (text: string): Play =>
  (socket) =>
    socket.write(text, 'latin1');
const close =
  (text: string): Play =>
  (socket) =>
    socket.end(text, 'latin1');
const pouring =
  (head: string, piece: Buffer | string, pieces?: number, tail?: string): Play =>
  (socket) =>
    pour(
      socket,
      head,
      Buffer.isBuffer(piece) ? piece : Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length))),
      pieces,
      tail,
    );
const dripping =
  (head: string, text: string): Play =>
  (socket, pace) =>
    drip(socket, head, text, pace);
const compressed = (coding: string, bytes: () => Buffer): Play => {
  const made = once(bytes);
  return (socket) => {
    socket.write(`${OK}content-encoding: ${coding}\r\ncontent-length: ${made().length}\r\n\r\n`);
    socket.write(made());
  };
};

const PLAYS: Readonly<Record<keyof typeof ENDINGS, Readonly<Record<string, Play | Whole>>>> = {
  large: {
    'gzip of 1 GB of zeros': compressed('gzip', gzipBomb),
    'zlib of 1 GB of zeros': compressed('deflate', () => Buffer.concat([ZLIB, deflated(ZEROS, 1024), Buffer.alloc(4)])),
    'bare deflate of 1 GB of zeros': compressed('deflate', () => deflated(ZEROS, 1024)),
    'brotli of 1 GB of zeros': compressed('br', brotliBomb),
    'gzip of gzip of 1 GB': { whole: compressed('gzip, gzip', () => gzipSync(gzipBomb())) },
    'gzip of brotli of 1 GB': { whole: compressed('br, gzip', () => gzipSync(brotliBomb())) },
    'brotli of gzip of 1 GB': { whole: compressed('gzip, br', () => brotli(gzipBomb())) },
    'gzip of 5 million empty gzips': compressed('gzip, gzip', hollow),
    'gzip of nothing, without end': (socket) => {
      socket.write(`${OK}content-encoding: gzip\r\n\r\n`);
      pour(socket, GZIP, Buffer.from('\0\0\0\xff\xff'.repeat(13_000), 'latin1'));
    },
    'a zlib, and rubbish behind it without end': (socket) => {
      socket.write(`${OK}content-encoding: deflate\r\n\r\n`);
      pour(socket, deflateSync(YES), X);
    },
    '100 MB in chunks': pouring(CHUNKED, CHUNK, 1600, '0\r\n\r\n'),
    '100 MB in chunks of 100 bytes': pouring(CHUNKED, `64\r\n${'x'.repeat(100)}\r\n`, 1600, '0\r\n\r\n'),
    '100 MB that end with the connection': pouring(`${OK}\r\n`, X, 1600),
    'one chunk without end': pouring(`${CHUNKED}fffffffffffffff\r\n`, X),
    'a length of 100 MB': pouring(`${OK}content-length: 104857600\r\n\r\n`, X, 1600),
    'a length of 9007199254740993': pouring(`${OK}content-length: 9007199254740993\r\n\r\n`, X),
    '100 MB of a coding that nobody knows': pouring(`${OK}content-encoding: rot13\r\n\r\n`, X, 1600),
    'a redirect of 100 MB': pouring('HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n', X, 1600),
    'an error of 100 MB': pouring('HTTP/1.1 500 Oh\r\ncontent-type: application/json\r\n\r\n', X, 1600),
    'chunks that each hold a buffer of their own': (socket) => {
      const rest = Buffer.from(`1;${'e'.repeat(16_000)}\r\nx\r\n`);
      pour(socket, CHUNKED, Buffer.concat([Buffer.from('7000\r\n'), X.subarray(0, 0x7000), Buffer.from('\r\n'), rest, rest]));
    },
    'chunk extensions without end': pouring(CHUNKED, `1;${'e'.repeat(10_000)}\r\nx\r\n`),
  },
  damaged: {
    'headers without end': pouring(OK, 'x-a: b\r\n'),
    '100,000 headers': write(`${OK}${'a: b\r\n'.repeat(100_000)}\r\n${YES}`),
    'a header of 1 MB': write(`${OK}x-a: ${'b'.repeat(MB)}\r\ncontent-length: 11\r\n\r\n${YES}`),
    'a header name of 1 MB': write(`${OK}${'b'.repeat(MB)}: a\r\ncontent-length: 11\r\n\r\n${YES}`),
    'a status line without end': pouring('HTTP/1.1 200 ', X),
    '100 Continue without end': pouring('', 'HTTP/1.1 100 Continue\r\n\r\n'),
    '103 Early Hints without end': pouring('', `HTTP/1.1 103 Early Hints\r\nlink: </${'x'.repeat(1000)}>\r\n\r\n`),
    'blank lines without end': pouring('', '\r\n'),
    'trailers without end': pouring(`${CHUNKED}${YES_CHUNK}0\r\n`, 'x-a: b\r\n'),
    'a trailer without end': pouring(`${CHUNKED}${YES_CHUNK}0\r\nx-a: `, X),
    'bytes that are no HTTP': write('\xee\0\xff'.repeat(1000)),
    'bytes that are no HTTP, without end': pouring('', Buffer.alloc(65_536, 0xee)),
    'zeros without end': pouring('', Buffer.alloc(65_536)),
    'another protocol': write('SSH-2.0-OpenSSH_9.6\r\n'),
    TLS: write('\x16\x03\x03\0\x02\x01\0'),
    'HTTP/0.9': close(`<html>${YES}</html>`),
    'HTTP/2': write('\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64'),
    'HTTP/9.9': write(`HTTP/9.9 200 OK\r\ncontent-length: 11\r\n\r\n${YES}`),
    'a status of four digits': write(`HTTP/1.1 2000 OK\r\ncontent-length: 11\r\n\r\n${YES}`),
    'a header without colon': write(`${OK}rubbish\r\ncontent-length: 11\r\n\r\n${YES}`),
    'a folded header': write(`${OK}x-a: b\r\n c\r\ncontent-length: 11\r\n\r\n${YES}`),
    'a header with NUL': write(`${OK}x-a: b\0c\r\ncontent-length: 11\r\n\r\n${YES}`),
    'a chunk size that is no number': write(`${CHUNKED}${YES_CHUNK}zz\r\n`),
    'a negative chunk size': write(`${CHUNKED}${YES_CHUNK}-1\r\n`),
    'a chunk size of 20 digits': write(`${CHUNKED}${YES_CHUNK}fffffffffffffffffffff\r\n`),
    'a chunk longer than it says': write(`${CHUNKED}2\r\n${YES}\r\n0\r\n\r\n`),
    'a chunk that ends in a bare line feed': write(`${CHUNKED}b\n${YES}\n0\n\n`),
    'two lengths': write(`${OK}content-length: 11\r\ncontent-length: 12\r\n\r\n${YES}`),
    'a length and chunks': write(`${OK}content-length: 11\r\ntransfer-encoding: chunked\r\n\r\n${YES_CHUNK}0\r\n\r\n`),
    'a negative length': write(`${OK}content-length: -1\r\n\r\n${YES}`),
    'a length that is no number': write(`${OK}content-length: 11x\r\n\r\n${YES}`),
    'a length of 30 digits': write(`${OK}content-length: ${'9'.repeat(30)}\r\n\r\n${YES}`),
    '101 Switching Protocols': pouring('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', X),
    'zstd, which was not offered': write(`${OK}content-encoding: zstd\r\ncontent-length: 11\r\n\r\n${YES}`),
    'three codings': write(`${OK}content-encoding: gzip, gzip, gzip\r\ncontent-length: 11\r\n\r\n${YES}`),
    '10,000 codings': write(`${OK}content-encoding: ${'br,'.repeat(10_000)}\r\ncontent-length: 11\r\n\r\n${YES}`),
    'plain text that says gzip': { whole: write(`${OK}content-encoding: gzip\r\ncontent-length: 11\r\n\r\n${YES}`) },
    'plain text that says br': { whole: write(`${OK}content-encoding: br\r\ncontent-length: 11\r\n\r\n${YES}`) },
    'plain text that says deflate': { whole: write(`${OK}content-encoding: deflate\r\ncontent-length: 11\r\n\r\n${YES}`) },
    'gzip that says br': { whole: compressed('br', () => gzipSync(YES)) },
    'gzip with rubbish behind it': { whole: compressed('gzip', () => Buffer.concat([gzipSync(YES), Buffer.from('rubbish')])) },
    'gzip that is cut off': { whole: compressed('gzip', () => gzipSync(YES).subarray(0, -4)) },
    'gzip whose sum is wrong': {
      whole: compressed('gzip', () => Buffer.concat([gzipSync(YES).subarray(0, -8), Buffer.alloc(8)])),
    },
    'brotli that is cut off': { whole: compressed('br', () => brotli(Buffer.from(YES)).subarray(0, -2)) },
  },
  endless: { 'one chunk extension without end': pouring(`${CHUNKED}${YES.length.toString(16)};`, X) },
  silent: {
    'silence after the head': write(`${OK}content-length: 11\r\n\r\n`),
    'silence amid the body': write(`${OK}content-length: 12\r\n\r\n${YES}`),
    'silence amid the chunks': write(`${CHUNKED}${YES_CHUNK}`),
    'silence before the last line': write(`${CHUNKED}${YES_CHUNK}0\r\n`),
    'silence behind a body that ends with the connection': write(`${OK}\r\n${YES}`),
    'silence amid gzip': (socket) =>
      socket.write(Buffer.concat([Buffer.from(`${OK}content-encoding: gzip\r\n\r\n`), gzipSync(YES).subarray(0, 20)])),
    'trailers, a byte at a time': dripping(`${CHUNKED}${YES_CHUNK}0\r\n`, 'x: y\r\n'),
    'silence behind a megabyte': (socket) => socket.write(`${OK}\r\n${' '.repeat(MB)}`),
  },
  framing: { 'a chunk size without end': pouring(CHUNKED, '0') },
  late: {
    'a body, a byte at a time': dripping(`${OK}\r\n`, YES),
    'a chunk, a byte at a time': dripping(`${CHUNKED}fffff\r\n`, 'x'),
    'chunk sizes, a byte at a time': dripping(CHUNKED, '1\r\nx\r\n'),
  },
  unanswered: {
    silence: () => undefined,
    'silence amid the status line': write('HTTP/1.1 200'),
    'silence amid the head': write(OK),
    'silence behind 100 Continue': write('HTTP/1.1 100 Continue\r\n\r\n'),
    'a status line, a byte at a time': dripping('HTTP/1.1 200 ', 'O'),
    'a header, a byte at a time': dripping(`${OK}x-a: `, 'b'),
    'headers, a byte at a time': dripping(OK, 'a: b\r\n'),
    '100 Continue, a byte at a time': dripping('', 'HTTP/1.1 100 Continue\r\n\r\n'),
  },
  closed: {
    'closed without a byte': (socket) => socket.end(),
    'reset without a byte': (socket) => socket.resetAndDestroy(),
    'closed amid the status line': close('HTTP/1.1 20'),
    'closed amid the head': close(OK),
    'closed behind 100 Continue': close('HTTP/1.1 100 Continue\r\n\r\n'),
  },
  broken: {
    'a length that is longer': close(`${OK}content-length: 12\r\n\r\n${YES}`),
    'closed amid the chunks': close(`${CHUNKED}${YES_CHUNK}`),
    'closed before the last line': close(`${CHUNKED}${YES_CHUNK}0\r\n`),
    'closed amid gzip': close(`${OK}content-encoding: gzip\r\ncontent-length: 100\r\n\r\n\x1f\x8b`),
  },
};

const WAITS: Readonly<Partial<Record<string, (pace: Pace) => number>>> = {
  silent: ({ silence }) => silence,
  framing: ({ silence }) => silence,
  late: ({ timeout }) => timeout,
  unanswered: ({ timeout }) => timeout,
};

export const ATTACKS: readonly Attack[] = Object.entries(PLAYS).flatMap(([ending, plays]) =>
  Object.entries(plays).map(([name, play]) => ({
    name,
    ending: ENDINGS[ending as keyof typeof ENDINGS], // the keys are the same
    large: ending === 'large' || ending === 'endless',
    waits: WAITS[ending] ?? (() => 0),
    ...('whole' in play ? { whole: true, play: play.whole } : { whole: false, play }),
  })),
);
