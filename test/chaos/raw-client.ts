/** A client of one raw connection: what it wrote, what came back byte for byte, and how it ended. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after } from 'node:test';
import { until } from '../commands/running.ts';

export interface RawClient {
  readonly socket: Socket;
  /** What came so far (Latin-1), whole and in the pieces that it came in. */
  readonly came: { text: string; pieces: string[] };
  /** `fin`: the other end closed politely; `reset`: it did not. */
  ended(): 'open' | 'fin' | 'reset';
  /** Resolves once this stands in what came. @returns what came up to it and beyond */
  read(wanted: RegExp): Promise<string>;
  /** Resolves once the other end is done. */
  done(): Promise<'fin' | 'reset'>;
}

export async function rawClient(port: number, written = ''): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const came: RawClient['came'] = { text: '', pieces: [] };
  let ended: 'open' | 'fin' | 'reset' = 'open';
  socket.setEncoding('latin1').on('data', (text: string) => {
    came.text += text;
    came.pieces.push(text);
  });
  socket.on('end', () => {
    ended = 'fin';
  });
  socket.on('error', () => {
    ended = 'reset';
  });
  // Once its own end is all that is open, it would not even see a reset.
  after(() => socket.destroy());
  await once(socket, 'connect');
  socket.setNoDelay(true).write(written);
  return {
    socket,
    came,
    ended: () => ended,
    async read(wanted) {
      await until(() => wanted.test(came.text) || ended !== 'open');
      if (!wanted.test(came.text)) throw new Error(`it ended (${ended}) without ${wanted}:\n${came.text}`);
      return came.text;
    },
    async done() {
      await until(() => ended !== 'open');
      return ended === 'reset' ? 'reset' : 'fin';
    },
  };
}

/** A request with a body of JSON, as it is written. */
export function written(body: unknown, { method = 'POST', path = '/v1/rows', headers = '' } = {}): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const length = Buffer.byteLength(text);
  return `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${length}\r\n${headers}\r\n${text}`;
}
