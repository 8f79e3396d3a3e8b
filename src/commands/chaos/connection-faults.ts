/** Faults of the connection, of time and of HTTP itself. */

import { gzipSync } from 'node:zlib';
import { stringifyJson } from '../../numbers.ts';
import { type Exchange, type FaultKind, rawHead, send, sendJson, sendRaw, wait } from './exchange.ts';

/** Milliseconds for bytes on their way before a reset: it would overtake them. */
const BEFORE_RESET = 10;
/** Characters of a header that no client takes: Rowpost takes 64 KB, Node 16 KB, most others 8 KB. */
const HUGE = 128 * 1024;

const reset = ({ socket }: Exchange) => void socket.resetAndDestroy();
const close = ({ socket }: Exchange) => void socket.end();
/** The client goes, or the target ends. */
const hang = () => undefined;
const honest = (exchange: Exchange) => sendJson(exchange, 200, exchange.answer);

export const CONNECTION_FAULTS = {
  'reset-early': {
    sentence: 'resets the connection as soon as the head is there, before the body is read',
    body: 'unread',
    takes: 'none',
    says: 'nothing',
    play: reset,
  },
  'reset-lost': { sentence: 'reads the whole body, forgets it and resets', takes: 'none', says: 'nothing', play: reset },
  'reset-taken': { sentence: 'takes the rows, then resets without an answer', takes: 'all', says: 'nothing', play: reset },
  'reset-mid-answer': {
    sentence: 'takes the rows, then resets in the middle of the answer',
    takes: 'all',
    says: 'nothing',
    async play(exchange) {
      const text = stringifyJson(exchange.answer);
      sendRaw(exchange, rawHead({ 'content-length': String(Buffer.byteLength(text)) }) + half(text));
      await wait(exchange.socket, BEFORE_RESET);
      // A turn more, in which whoever is in this process has read them.
      setImmediate(() => reset(exchange));
    },
  },
  'close-lost': { sentence: 'reads the whole body, forgets it and closes politely', takes: 'none', says: 'nothing', play: close },
  'close-taken': {
    sentence: 'takes the rows, then closes politely without an answer',
    takes: 'all',
    says: 'nothing',
    play: close,
  },
  'hang-lost': { sentence: 'reads the whole body, forgets it and never answers', takes: 'none', says: 'nothing', play: hang },
  'hang-taken': { sentence: 'takes the rows and never answers', takes: 'all', says: 'nothing', play: hang },
  late: {
    sentence: 'takes the rows, and answers late (--late)',
    takes: 'all',
    says: 'yes',
    async play(exchange) {
      if (await wait(exchange.socket, exchange.pace.late)) honest(exchange);
    },
  },
  drip: {
    sentence: 'takes the rows, and lets the body of the answer drip, byte by byte (--drip)',
    takes: 'all',
    says: 'yes',
    async play({ answer, response, socket, pace }) {
      const bytes = Buffer.from(stringifyJson(answer));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
      for (const byte of bytes) {
        response.write(Buffer.of(byte));
        if (!(await wait(socket, pace.drip))) return;
      }
      response.end();
    },
  },
  'slow-accept': {
    sentence: 'leaves the body unread for a while (--late), then takes the rows and answers',
    body: 'late',
    takes: 'all',
    says: 'yes',
    play: honest,
  },
  garbage: {
    sentence: 'takes the rows, and answers something that is not HTTP',
    takes: 'all',
    says: 'nothing',
    play: ({ socket }) => void socket.end('\u0000\u0001 this is not HTTP\r\n\r\n'),
  },
  'bad-chunks': {
    sentence: 'takes the rows, and answers in chunks whose sizes are no numbers',
    takes: 'all',
    says: 'nothing',
    play({ socket, answer }) {
      socket.end(`${rawHead({ 'transfer-encoding': 'chunked' })}zz\r\n${stringifyJson(answer)}\r\n0\r\n\r\n`);
    },
  },
  'half-body': {
    sentence: 'takes the rows, announces the whole answer, sends half of it and closes',
    takes: 'all',
    says: 'nothing',
    play({ socket, answer }) {
      const text = stringifyJson(answer);
      socket.end(rawHead({ 'content-length': String(Buffer.byteLength(text)) }) + half(text));
    },
  },
  'length-long': {
    sentence: 'takes the rows, announces more than the whole answer and waits',
    takes: 'all',
    says: 'nothing',
    play(exchange) {
      const text = stringifyJson(exchange.answer);
      sendRaw(exchange, rawHead({ 'content-length': String(Buffer.byteLength(text) + 1) }) + text);
    },
  },
  'length-short': {
    sentence: 'takes the rows, announces half of the answer and sends all of it: the rest stands before the next answer',
    takes: 'all',
    says: 'nothing',
    play(exchange) {
      const text = stringifyJson(exchange.answer);
      send(exchange, 200, text, { 'content-length': String(Buffer.byteLength(half(text))) });
    },
  },
  'two-answers': {
    sentence: 'takes the rows, and answers twice: the second answer stands before the next one',
    takes: 'all',
    says: 'yes',
    play(exchange) {
      honest(exchange);
      const text = stringifyJson(exchange.answer);
      sendRaw(exchange, rawHead({ 'content-length': String(Buffer.byteLength(text)) }) + text);
    },
  },
  informational: {
    sentence: 'takes the rows, and answers 100, 102 and 103 before the answer itself',
    takes: 'all',
    says: 'yes',
    play(exchange) {
      exchange.response.writeContinue();
      exchange.response.writeProcessing();
      exchange.response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      honest(exchange);
    },
  },
  'close-after': {
    sentence: 'takes the rows, answers, and closes the connection that it promised to keep',
    takes: 'all',
    says: 'yes',
    play(exchange) {
      exchange.response.once('finish', () => close(exchange));
      honest(exchange);
    },
  },
  'early-answer': {
    sentence: 'answers 413 as soon as the head is there, before the body is read',
    body: 'unread',
    takes: 'none',
    says: 'no',
    play: (exchange) => sendJson(exchange, 413, { ok: false, error: 'too much' }),
  },
  'huge-header': {
    sentence: 'takes the rows, and answers with a header of 128 KB',
    takes: 'all',
    says: 'nothing',
    play: (exchange) => sendJson(exchange, 200, exchange.answer, { 'x-huge': 'x'.repeat(HUGE) }),
  },
  'gzip-lie': {
    sentence: 'takes the rows, and says of a plain answer that it is gzip',
    takes: 'all',
    says: 'nothing',
    play: (exchange) => sendJson(exchange, 200, exchange.answer, { 'content-encoding': 'gzip' }),
  },
  'gzip-cut': {
    sentence: 'takes the rows, and answers in gzip that is cut short',
    takes: 'all',
    says: 'nothing',
    play(exchange) {
      const zipped = gzipSync(stringifyJson(exchange.answer));
      send(exchange, 200, zipped.subarray(0, zipped.length >> 1), { 'content-encoding': 'gzip' });
    },
  },
} as const satisfies Record<string, FaultKind>;

function half(text: string): string {
  return text.slice(0, text.length >> 1);
}
