/** A server of raw sockets: what is written is what the client sees, byte for byte. */

import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv6, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface RawServer {
  readonly port: number;
  readonly url: string;
  /** Connections taken so far (TCP, whether or not TLS came about), and requests whose head was seen. */
  readonly seen: { connections: number; requests: number };
  open(): number;
  close(): Promise<void>;
}

/** Called with the text of each whole request (Latin-1), or of its head alone where `eager`. */
export type Answering = (socket: Socket, request: string, count: number) => void;

export async function rawServer(
  answering: Answering,
  { eager = false, tls, host = '127.0.0.1' }: { eager?: boolean; tls?: TlsOptions; host?: string } = {},
): Promise<RawServer> {
  const seen = { connections: 0, requests: 0 };
  const sockets = new Set<Socket>();
  const talk = (socket: Socket): void => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      for (let length = whole(text, eager); length > 0 && length <= text.length; length = whole(text, eager)) {
        const request = text.slice(0, length);
        text = text.slice(length);
        seen.requests++;
        answering(socket, request, seen.requests);
      }
    });
  };
  const server = tls === undefined ? createServer(talk) : createTlsServer(tls, talk);
  server.on('connection', (socket: Socket) => {
    seen.connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  // A listening TCP server has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    seen,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Length of the first request in the text; 0 while its head is not there. */
function whole(text: string, eager: boolean): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  return head + 4 + (eager ? 0 : length);
}

export function http(status: string, headers: Record<string, string | number>, body = ''): string {
  return `HTTP/1.1 ${status}\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`;
}
