/** The connections of undici: each carries one request at a time, is made through the guard, and ends with what goes wrong on it. */

import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { AddressRefused, type Guard } from './guard.ts';
import { type Awaiting, Intake } from './intake.ts';
import { IDLE, MAX_BEFORE, MAX_HEADERS, NEXT_ADDRESS } from './transport.ts';
import type { Limited } from './under-way.ts';

/** Milliseconds that a connection is given up before the server does, where it says when. */
const BEFORE_SERVER = 1_000;

const CLIENT: Client.Options = {
  pipelining: 1,
  maxHeaderSize: MAX_HEADERS,
  // Its own time limits are coarse, and a timer each: the deadline is ours.
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: IDLE,
  keepAliveMaxTimeout: IDLE,
  keepAliveTimeoutThreshold: BEFORE_SERVER,
};

/** A request on its way, as a connection sees it: what is sent, and who is told what comes of it. */
export interface Carried extends Dispatcher.DispatchOptions, Dispatcher.DispatchHandler, Awaiting, Limited {
  /** Whether a byte of it may have left. */
  readonly left: boolean;
  /** The connection that carries it now. */
  line: Line | undefined;
  onError(error: unknown): void;
}

/** One connection at a time, made when it is needed. */
export class Line {
  readonly #origin: Origin;
  readonly #client: Client;
  #socket: Socket | undefined;
  #intake: Intake | undefined;
  #carried: Carried | undefined;

  constructor(origin: Origin) {
    this.#origin = origin;
    this.#client = new Client(origin.name, {
      ...CLIENT,
      connect: (target, done) => {
        const socket = origin.connect(target, done);
        if (socket !== undefined) this.#watch(socket);
      },
    });
  }

  /** Whether its connection was closed. */
  get closed(): boolean {
    return this.#socket?.destroyed === true;
  }

  get carried(): Carried | undefined {
    return this.#carried;
  }

  /** Whether the server has sent all that it will. */
  get ended(): boolean {
    return this.#socket?.readableEnded === true;
  }

  carry(carried: Carried): void {
    this.#carried = carried;
    carried.line = this;
    this.#client.dispatch(carried, carried);
  }

  /** The request leaves now. */
  begin(carried: Carried): void {
    this.#intake?.begin(carried, MAX_BEFORE);
  }

  /** So many bytes more may come. */
  more(bytes: number): void {
    this.#intake?.more(bytes);
  }

  hold(): void {
    this.#intake?.hold();
  }

  go(): void {
    this.#intake?.go();
  }

  /** The answer is whole and taken. */
  done(): void {
    this.#carried = undefined;
    this.#intake?.end();
    // The answer came before the request was written whole: the rest of it would go before the next one.
    if (this.#socket !== undefined && this.#socket.writableLength > 0) this.drop();
    else this.#origin.free(this);
  }

  /** Ends it, whatever it does. */
  drop(): void {
    this.#carried = undefined;
    this.#origin.forget(this);
    // Not within what undici is doing: it takes its own state for granted there.
    queueMicrotask(() => {
      void this.#client.destroy();
      this.#socket?.destroy();
    });
  }

  #watch(socket: Socket): void {
    this.#socket = socket;
    this.#intake = new Intake(socket);
    // Before undici, which takes a reset for the end of an answer that says no length.
    socket.on('error', (error) => {
      if (this.#carried?.left === true) this.#carried.onError(error);
    });
    socket.on('close', () => {
      if (this.#carried === undefined) this.drop();
    });
  }
}

/** The connections to one origin. */
export class Origin {
  readonly name: string;
  readonly connect: (target: buildConnector.Options, done: buildConnector.Callback) => Socket | undefined;
  readonly #connections: number;
  readonly #empty: () => void;
  readonly #lines = new Set<Line>();
  /** The last used is used first, so that those above need close by themselves. */
  readonly #free: Line[] = [];
  readonly #waiting = new Set<Carried>();

  /** @param empty called when it has no connection, and nobody waits for one */
  constructor(name: string, connections: number, guard: Guard, empty: () => void) {
    this.name = name;
    this.#connections = connections;
    this.#empty = empty;
    const gate = guard.at(name);
    const connect = buildConnector({ lookup: gate.lookup, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS, timeout: 0 });
    this.connect = (target, done) => {
      // Here, where it is what is connected to: whatever else read the URL before cannot have read another host.
      const refusal = gate.refuses(target.hostname);
      if (refusal !== undefined) {
        done(new AddressRefused(refusal), null);
        return undefined;
      }
      // Its type does not say so, but it gives the socket before it is open.
      return connect(target, done) as unknown as Socket;
    };
  }

  /** Whether no request is under way. */
  get idle(): boolean {
    return this.#waiting.size === 0 && this.#lines.size === this.#free.length;
  }

  /** What is carried, and waits for it. A list, since those that end leave. */
  underWay(): Carried[] {
    const carried = [...this.#lines].flatMap((line) => line.carried ?? []);
    return [...carried, ...this.#waiting];
  }

  carry(carried: Carried): void {
    const line = this.#take();
    if (line === undefined) this.#waiting.add(carried);
    else line.carry(carried);
  }

  /** It needs no connection any more. */
  leave(carried: Carried): void {
    this.#waiting.delete(carried);
  }

  free(line: Line): void {
    this.#free.push(line);
    // Once undici has seen to the end of the answer: it may close the connection behind it.
    if (this.#waiting.size > 0) queueMicrotask(() => this.#next());
  }

  forget(line: Line): void {
    if (!this.#lines.delete(line)) return;
    const at = this.#free.indexOf(line);
    if (at >= 0) this.#free.splice(at, 1);
    if (this.#waiting.size > 0) queueMicrotask(() => this.#next());
    else if (this.#lines.size === 0) this.#empty();
  }

  /** Ends all connections, and what they carry with the error. */
  close(error: unknown): void {
    for (const carried of this.underWay()) carried.onError(error);
    for (const line of this.#lines) line.drop();
  }

  #next(): void {
    for (const waiting of this.#waiting) {
      const line = this.#take();
      if (line === undefined) return;
      this.#waiting.delete(waiting);
      line.carry(waiting);
    }
  }

  #take(): Line | undefined {
    for (let line = this.#free.pop(); line !== undefined; line = this.#free.pop()) {
      if (!line.closed) return line;
      line.drop();
    }
    if (this.#lines.size >= this.#connections) return undefined;
    const line = new Line(this);
    this.#lines.add(line);
    return line;
  }
}
