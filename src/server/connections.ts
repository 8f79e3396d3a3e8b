/** The connections of callers: how many there may be, which one makes room for a new one, and how each comes to its end. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionsOptions {
  readonly most: number;
  /** Milliseconds in which a caller takes in nothing of its answer until it is given up; where a large piece was just written, twice that. */
  readonly stalled: number;
  /** Milliseconds for which the rest of a body is taken in that nobody wants, so that its sender gets to read the answer. */
  readonly linger: number;
  /** A connection was closed since there were too many. */
  crowded(): void;
}

/** Of all connections, the part that may wait for its first request before its oldest makes room: honest ones wait for a moment. */
const WAITING = 0.1;
/** Bytes of a body that nobody wants; more is no upload that was under way when it was refused. */
const UNWANTED = 32 * 1024 * 1024;
/** Milliseconds between looks at what came of such a body. */
const LOOK = 50;

interface Connection {
  /** Of TCP, also where TLS stands on it. */
  readonly socket: Socket;
  /** From the head of their requests until the system has the last byte, or the caller is gone. In the order of the requests. */
  readonly answers: Set<ServerResponse>;
  /** Those of them that are still to be made. */
  readonly unmade: Set<ServerResponse>;
  /** Which of the sets below it is in; none once it is closed. */
  place: Set<Connection> | undefined;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  /** Of all connections. */
  readonly answers = new Set<ServerResponse>();
  /** By where they come from, which a TLS connection and the one below it share. */
  readonly #all = new Map<string, Connection>();
  // In each the one first that came first.
  /** No request yet, or one that was refused before all of it came: it proved nothing. */
  readonly #waiting = new Set<Connection>();
  /** Between two requests. */
  readonly #idle = new Set<Connection>();
  /** All answers are made, and not yet taken in. */
  readonly #reading = new Set<Connection>();
  /** The body of a request is still on its way, and no other is worked at. */
  readonly #sending = new Set<Connection>();
  readonly #working = new Set<Connection>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** A new one, by which nothing was asked yet. */
  opened(socket: Socket): void {
    if (this.#all.size >= this.#options.most && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    const connection: Connection = { socket, answers: new Set(), unmade: new Set(), place: undefined };
    this.#all.set(key, connection);
    move(connection, this.#waiting);
    socket.once('close', () => {
      move(connection, undefined);
      // The same port may have come back meanwhile.
      if (this.#all.get(key) === connection) this.#all.delete(key);
      // Node tells the answer that is written, and none of those behind it; by then it has.
      setImmediate(() => {
        for (const response of connection.answers) response.destroy().emit('close');
      });
    });
  }

  /** A request came. @returns what is to be called once its answer is made; undefined where there is to be none */
  began(request: IncomingMessage, response: ServerResponse): (() => void) | undefined {
    const { socket } = request;
    const connection = this.#all.get(keyOf(socket));
    // Nobody waits for what is sent behind a request that was answered with `Connection: close`.
    if (connection === undefined || socket.writableEnded) return undefined;
    const { answers, unmade } = connection;
    const settle = () => this.#settle(connection, socket);
    const made = () => {
      unmade.delete(response);
      settle();
    };
    for (const set of [this.answers, answers, unmade]) set.add(response);
    settle();
    request.once('end', settle);
    response.once('close', () => {
      this.answers.delete(response);
      answers.delete(response);
      made();
    });
    return made;
  }

  /** Whether no request came behind the one of this answer. */
  isLast(response: ServerResponse): boolean {
    const answers = this.#all.get(keyOf(response.req.socket))?.answers ?? [];
    return [...answers].at(-1) === response;
  }

  /**
   * Ends a connection whose last answer is out before all of its request came. Closed at once, the system would reset it
   * for bytes that nobody read, and the caller might see the reset in place of the answer.
   */
  letGo(request: IncomingMessage): void {
    const { socket } = request;
    const [start, enough] = [performance.now(), socket.bytesRead + UNWANTED];
    socket.end();
    request.resume();
    const looking = setInterval(() => {
      if (request.complete || performance.now() - start > this.#options.linger || socket.bytesRead > enough) socket.destroy();
    }, LOOK);
    socket.once('close', () => clearInterval(looking));
  }

  /** Closes those that wait for a first request. @param begun also those that something of it came by */
  closeWaiting(begun: boolean): void {
    for (const { socket } of this.#waiting) if (begun || socket.bytesRead === 0) socket.destroy();
  }

  /** Where it stands, by what became of its requests. */
  #settle(connection: Connection, socket: Socket): void {
    const { answers, unmade } = connection;
    if (connection.place === undefined) return;
    if (answers.size === 0) move(connection, socket.writableEnded ? this.#waiting : this.#idle);
    else if (unmade.size === 0) move(connection, this.#reading);
    else move(connection, isOneComplete(unmade) ? this.#working : this.#sending);
    // Begins anew with each piece that is taken in. Once all of it is, Node sets its own.
    const patience = unmade.size === 0 ? this.#options.stalled : 0;
    if (answers.size > 0 && socket.timeout !== patience) socket.setTimeout(patience);
  }

  /** Closes the one that deserves its place the least; never one whose call is worked at. */
  #makeRoom(): boolean {
    this.#options.crowded();
    const crowded = this.#waiting.size > WAITING * this.#options.most;
    for (const place of crowded ? [this.#waiting] : [this.#idle, this.#waiting, this.#reading, this.#sending]) {
      for (const connection of place) {
        move(connection, undefined);
        this.#all.delete(keyOf(connection.socket));
        connection.socket.destroy();
        return true;
      }
    }
    return false;
  }
}

/** Whether all of a request came. */
function isOneComplete(answers: ReadonlySet<ServerResponse>): boolean {
  for (const { req } of answers) if (req.complete) return true;
  return false;
}

/** To the end of that set. */
function move(connection: Connection, place: Set<Connection> | undefined): void {
  connection.place?.delete(connection);
  connection.place = place;
  place?.add(connection);
}

/** Kept beside the socket: once it is closed it no longer says. */
const keys = new WeakMap<Socket, string>();

function keyOf(socket: Socket): string {
  const key = keys.get(socket) ?? `${socket.remoteAddress} ${socket.remotePort} ${socket.localPort}`;
  keys.set(socket, key);
  return key;
}
