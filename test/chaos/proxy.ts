/** A TCP proxy on this machine that is a bad network: slow, narrow, in pieces, cut, black, or gone. Chance repeats by its seed. */

import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as later, setImmediate as nextTurn } from 'node:timers/promises';
import { openPort } from '../../src/commands/chaos/port.ts';
import { seeded } from '../seeded.ts';

/** What connections go through that are made from now on. What is not given is as if there were no proxy. */
export interface Weather {
  /** Milliseconds that each byte is under way, each way, and the most that chance adds to it. */
  readonly latency?: number;
  readonly jitter?: number;
  /** Bytes a second, each way. */
  readonly bandwidth?: number;
  /** Bytes arrive in pieces of one to so many, each in a turn of its own. */
  readonly slice?: number;
  readonly up?: Cut;
  readonly down?: Cut;
}

/** What happens once so many bytes went up (from the client) or down (to it). */
export interface Cut {
  readonly after: number;
  /** `reset`: both ends are reset. `fin`: this way ends politely, the other goes on. `stall`: nothing more goes this way. */
  readonly how: 'reset' | 'fin' | 'stall';
}

export interface BadNetwork {
  readonly url: string;
  readonly port: number;
  /** Connections taken so far, and bytes that were passed on. */
  readonly seen: Readonly<Seen>;
  weather(now: Weather): void;
  /** Resets all connections and refuses new ones: until `accept`, or for so many milliseconds. */
  refuse(milliseconds?: number): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

interface Seen {
  connections: number;
  up: number;
  down: number;
}

/** Keeps the chances of connections and ways apart: what others do meanwhile changes nothing. */
const SPREAD = 1_000_003;

export async function startProxy(target: { host?: string; port: number }, seed = 1): Promise<BadNetwork> {
  let weather: Weather = {};
  let timer: NodeJS.Timeout | undefined;
  const seen: Seen = { connections: 0, up: 0, down: 0 };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const now = weather;
    const connection = seen.connections++;
    const api = connect({ host: target.host ?? '127.0.0.1', port: target.port, allowHalfOpen: true });
    shareFate(client, api);
    shareFate(api, client);
    const chance = (way: number) => seeded(seed * SPREAD + connection * 2 + way);
    const passing = (way: 'up' | 'down') => (bytes: number) => {
      seen[way] += bytes;
    };
    new Way({ ...now, from: client, to: api, cut: now.up, random: chance(0), passed: passing('up') });
    new Way({ ...now, from: api, to: client, cut: now.down, random: chance(1), passed: passing('down') });
  });
  const port = await openPort(server, '127.0.0.1', 0);
  return {
    url: `http://127.0.0.1:${port.number}`,
    port: port.number,
    seen,
    weather(now) {
      weather = now;
    },
    async refuse(milliseconds) {
      clearTimeout(timer);
      if (milliseconds !== undefined) timer = setTimeout(() => void port.open(), milliseconds);
      await port.close();
    },
    async accept() {
      clearTimeout(timer);
      await port.open();
    },
    async close() {
      clearTimeout(timer);
      await port.close();
    },
  };
}

/** A reset goes through at once; a polite end is passed on behind the bytes before it. */
function shareFate(one: Socket, other: Socket): void {
  one.setNoDelay(true);
  one.on('error', () => undefined);
  one.on('close', (broken) => {
    if (broken || !one.readableEnded || !one.writableFinished) other.resetAndDestroy();
  });
}

/** Bytes under way, beyond which the sender has to wait. */
const UNDER_WAY = 1_000_000;
/** Milliseconds. */
const BEFORE_RESET = 10;
/** A narrow line brings something so many times a second. */
const TICKS = 50;

interface Piece {
  /** Nothing: the end. */
  readonly bytes: Buffer | undefined;
  /** When it arrives, in milliseconds of the process. */
  readonly due: number;
}

interface Line extends Pick<Weather, 'latency' | 'jitter' | 'bandwidth' | 'slice'> {
  readonly from: Socket;
  readonly to: Socket;
  readonly cut: Cut | undefined;
  readonly random: () => number;
  passed(bytes: number): void;
}

/** One direction of a connection. */
class Way {
  readonly #line: Line;
  readonly #queue: Piece[] = [];
  #waiting = 0;
  /** When the line is free for the next byte, and when the last one arrives. */
  #free = 0;
  #due = 0;
  /** Bytes until the cut, and of the piece that was begun. */
  #left: number;
  #rest = 0;
  #running = false;

  constructor(line: Line) {
    this.#line = line;
    this.#left = line.cut?.after ?? Number.POSITIVE_INFINITY;
    line.from.on('data', (chunk: Buffer) => {
      if (line.cut?.after === 0) return this.#end();
      for (const piece of this.#pieces(chunk)) this.#put(piece);
      if (this.#waiting >= UNDER_WAY) line.from.pause();
      void this.#run();
    });
    line.from.on('end', () => {
      this.#put(undefined);
      void this.#run();
    });
  }

  *#pieces(chunk: Buffer): Iterable<Buffer> {
    const { slice = Number.POSITIVE_INFINITY, bandwidth = Number.POSITIVE_INFINITY } = this.#line;
    for (let at = 0; at < chunk.length; ) {
      if (this.#rest === 0) this.#rest = slice === Number.POSITIVE_INFINITY ? slice : 1 + Math.floor(this.#line.random() * slice);
      const piece = chunk.subarray(at, at + Math.min(this.#rest, Math.ceil(bandwidth / TICKS)));
      this.#rest -= piece.length;
      at += piece.length;
      yield piece;
    }
  }

  #put(bytes: Buffer | undefined): void {
    const { latency = 0, jitter = 0, bandwidth = Number.POSITIVE_INFINITY } = this.#line;
    const size = bytes?.length ?? 0;
    this.#free = Math.max(this.#free, performance.now()) + (size / bandwidth) * 1000;
    // Never before what was sent earlier: this is TCP.
    this.#due = Math.max(this.#due, this.#free + latency + this.#line.random() * jitter);
    this.#queue.push({ bytes, due: this.#due });
    this.#waiting += size;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let piece = this.#queue.shift(); piece !== undefined && this.#goesOn(); piece = this.#queue.shift()) {
      const delay = piece.due - performance.now();
      if (delay > 0) await later(delay);
      if (!this.#goesOn()) break;
      if (piece.bytes === undefined) this.#line.to.end();
      else await this.#pass(piece.bytes);
    }
    this.#running = false;
  }

  #goesOn(): boolean {
    return !this.#line.to.destroyed && this.#left > 0;
  }

  async #pass(bytes: Buffer): Promise<void> {
    const size = Math.min(bytes.length, this.#left);
    this.#left -= size;
    this.#waiting -= bytes.length;
    this.#line.passed(size);
    if (!this.#line.to.write(bytes.subarray(0, size))) await drained(this.#line.to);
    if (this.#line.slice !== undefined) await turn();
    if (this.#left === 0) {
      // A reset overtakes bytes that nobody has read yet.
      await later(BEFORE_RESET);
      await turn();
      this.#end();
    } else if (this.#waiting < UNDER_WAY) this.#line.from.resume();
  }

  #end(): void {
    if (this.#line.cut?.how === 'reset') this.#line.to.resetAndDestroy();
    if (this.#line.cut?.how === 'fin') this.#line.to.end();
  }
}

/** A whole one, in which whoever reads in this process has read: bytes of two writes come as one otherwise. */
async function turn(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
    if (socket.destroyed) done();
  });
}
