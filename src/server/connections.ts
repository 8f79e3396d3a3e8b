/** How many connections there are, and which one makes room for a new one: slow and idle ones before those that are served. */

import type { Socket } from 'node:net';

/** Of all connections, the part that may wait for its first request before its oldest makes room: honest ones wait for a moment. */
const WAITING = 0.1;

export class Connections {
  readonly #most: number;
  /** By where they come from, which a TLS connection and the one below it share. Longest without a request first. */
  readonly #waiting = new Map<string, Socket>();
  /** Had a request, and are kept; least recently used first. */
  readonly #idle = new Map<string, Socket>();
  readonly #busy = new Map<string, Socket>();

  constructor(most: number) {
    this.#most = most;
  }

  /** A new one, which nothing was asked by yet. */
  opened(socket: Socket): void {
    const key = keyOf(socket);
    if (this.#waiting.size + this.#idle.size + this.#busy.size >= this.#most) {
      const crowded = this.#waiting.size > WAITING * this.#most;
      const order = crowded ? [this.#waiting] : [this.#idle, this.#waiting];
      // Where all are busy there is no room, and who is served goes on.
      const victim = order.map(oldest).find((one) => one !== undefined) ?? socket;
      victim.destroy();
      if (victim === socket) return;
      this.#forget(keyOf(victim), victim);
    }
    this.#waiting.set(key, socket);
    socket.once('close', () => this.#forget(key, socket));
  }

  /** A request came by it. */
  began(from: Socket): void {
    this.#move(keyOf(from), this.#busy);
  }

  /** Its answer is out, or will never be. @param whole whether all of the request had come: else it proved nothing */
  ended(from: Socket, whole: boolean): void {
    this.#move(keyOf(from), whole ? this.#idle : this.#waiting);
  }

  /** Closes those that nothing came by at all, as browsers and load balancers open ahead of need. */
  closeUnused(): void {
    for (const socket of this.#waiting.values()) if (socket.bytesRead === 0) socket.destroy();
  }

  #move(key: string, to: Map<string, Socket>): void {
    for (const from of [this.#waiting, this.#idle, this.#busy]) {
      const socket = from.get(key);
      if (socket === undefined) continue;
      from.delete(key);
      to.set(key, socket);
      return;
    }
  }

  #forget(key: string, socket: Socket): void {
    // The same port may have come back meanwhile.
    for (const from of [this.#waiting, this.#idle, this.#busy]) if (from.get(key) === socket) from.delete(key);
  }
}

function oldest(sockets: ReadonlyMap<string, Socket>): Socket | undefined {
  return sockets.values().next().value;
}

/** Kept beside the socket: once it is closed it no longer says. */
const keys = new WeakMap<Socket, string>();

function keyOf(socket: Socket): string {
  const key = keys.get(socket) ?? `${socket.remoteAddress} ${socket.remotePort} ${socket.localPort}`;
  keys.set(socket, key);
  return key;
}
