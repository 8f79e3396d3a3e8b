/** An API on real sockets that breaks in every way, and writes down what arrived whole. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import type { Answer } from '../../src/outbound/exchange.ts';
import { type Recipe, recipe } from './arbitrary-calls.ts';

/** Played before the body was read: the request did not arrive. */
const EARLY = ['reset at the head', 'refusal before the body'] as const;
/** Played when the request arrived whole: no whole answer comes. */
const LATE = [
  'reset',
  'close',
  'half an answer',
  'half an answer, then reset',
  'half a head',
  'bad chunks',
  'endless chunks',
  'garbage',
  'hang',
  'hang within the answer',
] as const;

export type Trick =
  | { readonly kind: 'answer'; readonly recipe: Recipe; readonly end: 'keep' | 'close' | 'reset' }
  | { readonly kind: (typeof EARLY)[number] | (typeof LATE)[number] };

export const trick: fc.Arbitrary<Trick> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      recipe,
      end: fc.constantFrom('keep', 'keep', 'close', 'reset'),
    }),
  },
  { weight: 4, arbitrary: fc.constantFrom(...EARLY, ...LATE).map((kind) => ({ kind })) },
);

/** A request that arrived whole, and the answer that was written whole; nothing where none was. */
export interface Entry {
  readonly body: string;
  readonly answer: Answer | undefined;
}

export interface MisbehavingServer {
  readonly url: string;
  readonly ledger: readonly Entry[];
  close(): void;
}

/** @param tricks played by turns, one for each request */
export async function misbehavingServer(
  tricks: readonly Trick[],
  answerTo: (recipe: Recipe, body: string) => Answer,
): Promise<MisbehavingServer> {
  const ledger: Entry[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  const talk = (socket: Socket): void => {
    let text = '';
    let turn: Trick | undefined;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const begin = text.indexOf('\r\n\r\n') + 4;
      if (begin < 4) return;
      turn ??= tricks[count++ % tricks.length];
      if (turn === undefined || playedEarly(turn, socket)) return;
      const end = begin + Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, begin))?.[1] ?? 0);
      if (text.length < end) return;
      const body = Buffer.from(text.slice(begin, end), 'latin1').toString('utf8');
      text = text.slice(end);
      const answer = turn.kind === 'answer' ? asWritten(answerTo(turn.recipe, body)) : undefined;
      ledger.push({ body, answer });
      if (turn.kind === 'answer' && answer !== undefined) write(answer, turn.end, socket);
      else play(turn.kind, socket);
      turn = undefined;
    });
  };
  const server = createServer(talk);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a listening TCP server has an address of this kind
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, ledger, close };
}

function playedEarly({ kind }: Trick, socket: Socket): boolean {
  if (kind === 'reset at the head') socket.resetAndDestroy();
  else if (kind === 'refusal before the body')
    socket.end('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  else return false;
  return true;
}

/** 204 has no body, whatever its server meant. */
function asWritten(answer: Answer): Answer {
  return answer.status === 204 ? { ...answer, body: '' } : answer;
}

function write({ status, headers, body }: Answer, end: 'keep' | 'close' | 'reset', socket: Socket): void {
  const lines = Object.entries({
    ...headers,
    ...(status !== 204 && { 'content-length': String(Buffer.byteLength(body)) }),
    ...(end === 'close' && { connection: 'close' }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n${body}`);
  if (end === 'close') socket.end();
  if (end === 'reset') setImmediate(() => socket.resetAndDestroy());
}

/** What would be an answer that accepts, if it were whole. */
const YES = '{"ok":true,"imported":1,"rows":[{"ok":true,"at":0,"key":"k0"}],"errors":[]}';
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const LONGER = `${HEAD}content-length: ${YES.length + 1}\r\n\r\n${YES}`;
const CHUNK = `${HEAD}transfer-encoding: chunked\r\n\r\n${YES.length.toString(16)}\r\n${YES}\r\n`;

function play(kind: Trick['kind'], socket: Socket): void {
  switch (kind) {
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'close':
      socket.end();
      return;
    case 'half an answer':
      socket.end(LONGER);
      return;
    case 'half an answer, then reset':
      socket.write(LONGER);
      setTimeout(() => socket.resetAndDestroy(), 5);
      return;
    case 'half a head':
      socket.end('HTTP/1.1 200 OK\r\ncontent-ty');
      return;
    case 'bad chunks':
      socket.end(`${CHUNK}zz\r\n`);
      return;
    case 'endless chunks':
      socket.end(CHUNK);
      return;
    case 'garbage':
      socket.end('HELLO\r\n\r\n');
      return;
    case 'hang within the answer':
      socket.write(LONGER);
      return;
    case 'hang':
    case 'answer':
    case 'reset at the head':
    case 'refusal before the body':
      return;
  }
}
