/** Listeners on this machine's addresses, all at one port, that count who connects; and every connection that is tried at all. */

import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { http } from './raw-server.ts';

export interface Listeners {
  readonly port: number;
  /** Where there are listeners; not every system has every address. */
  readonly addresses: readonly string[];
  /** Connections taken. */
  readonly taken: { [address: string]: number };
  total(): number;
  close(): void;
}

/** @param addresses the first must be there */
export async function listeners(addresses: readonly string[]): Promise<Listeners> {
  const servers: Server[] = [];
  const taken: Record<string, number> = {};
  const sockets = new Set<Socket>();
  let port = 0;
  for (const address of addresses) {
    const server = createServer((socket) => {
      taken[address] = (taken[address] ?? 0) + 1;
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.on('data', () => socket.end(http('200 OK', { 'content-length': 2, connection: 'close' }, '{}')));
    });
    server.listen(port, address);
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    servers.push(server);
    taken[address] = 0;
    port ||= (server.address() as AddressInfo).port; // a listening TCP server has an address of this kind
  }
  return {
    port,
    addresses: Object.keys(taken),
    taken,
    total: () => Object.values(taken).reduce((sum, count) => sum + count, 0),
    close() {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
    },
  };
}

export interface Watched {
  /** `address:port` of every connection that this process tries, whether or not anybody listens. */
  readonly tried: readonly string[];
  stop(): void;
}

export function watchConnections(): Watched {
  const tried: string[] = [];
  const watch = (message: unknown): void => {
    const { socket } = message as { socket: Socket }; // as Node documents the channel
    socket.on('connectionAttempt', (address: string, port: number) => tried.push(`${address}:${port}`));
  };
  diagnostics.subscribe('net.client.socket', watch);
  return { tried, stop: () => diagnostics.unsubscribe('net.client.socket', watch) };
}
