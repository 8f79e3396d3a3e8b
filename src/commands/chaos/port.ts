/** A port that can be closed while connections are cut off, and opened again. */

import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as later } from 'node:timers/promises';

export interface Port {
  readonly number: number;
  /** Closed, connections are refused, and those there are were reset. Settles once it is so. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds until opening is tried again, where somebody took the port meanwhile. */
const AGAIN = 50;

/** @param port 0 takes any free one; it stays the same one. @throws as `listen` does where it cannot be had now */
export async function openPort(server: Server, host: string, port: number): Promise<Port> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const listen = async (on: number) => {
    server.listen({ host, port: on });
    await once(server, 'listening');
  };
  const cutOff = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  await listen(port);
  const { port: number } = server.address() as AddressInfo; // a listening TCP server's address is an object

  let wanted = true;
  const settle = async () => {
    while (server.listening !== wanted) {
      if (wanted) await listen(number).catch(() => later(AGAIN));
      else await cutOff();
    }
  };
  let settled = Promise.resolve();
  /** One at a time: a server that is just opening cannot be closed. */
  const set = (now: boolean): Promise<void> => {
    wanted = now;
    settled = settled.then(settle);
    return settled;
  };
  return { number, open: () => set(true), close: () => set(false) };
}
