/** A process of its own that delivers rows to an API, and measures what the answers do to its memory. */

import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '../../src/commands/real-world.ts';
import type { Reply } from '../../src/outbound/exchange.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import { call, destinationOf } from '../delivery/calling.ts';
import type { Pace } from './attacks.ts';
import { TRANSPORTS } from './transports.ts';

/** What a test hands over in `CLIENT`, as JSON. */
export interface ClientOptions {
  /** One of `TRANSPORTS`. */
  readonly transport: string;
  readonly url: string;
  readonly pace: Pace;
  /** Bytes. */
  readonly maxResponse: number;
}

/** Rows to deliver at once, one for each name. */
export interface Order {
  readonly names: readonly string[];
  /** Whether what can be collected is, whenever memory is looked at: then it is what is held, and else with garbage. */
  readonly collecting: boolean;
}

/** What came of as many rows, one for each name, delivered at once. */
export interface Delivered {
  readonly outcomes: readonly {
    /** The code of the reply, or its status. */
    readonly reply: string | number;
    /** Why the row was rejected; nothing where it was accepted. */
    readonly reason: string | undefined;
  }[];
  readonly milliseconds: number;
  /** Bytes over what stood there before, at the most that was seen. */
  readonly resident: number;
  readonly used: number;
}

/** One for each of the answers that are awaited at once. */
const CONNECTIONS = 50;

const { transport: name, url, pace, maxResponse }: ClientOptions = JSON.parse(process.env.CLIENT ?? '');
const create = TRANSPORTS.get(name);
if (create === undefined) throw new Error(`there is no transport ${name}`);
const transport = create({
  connections: CONNECTIONS,
  guard: createGuard(['127.0.0.0/8']),
  maxResponse,
  silence: pace.silence,
});
const bound = destinationOf('post: "/{{ record.name }}"\njson: {}\nretry: { attempts: 1 }', {
  url,
  connection: `timeout: ${pace.timeout}ms\nconcurrency: ${CONNECTIONS}`,
});

/** Milliseconds. */
const SETTLE = 30;
/** Milliseconds between two looks at the memory. */
const LOOK = 2;
/** So many times as long as a collection takes, there is none: what is measured must not starve. */
const SHARE = 1;
const collect = globalThis.gc ?? (() => undefined);
/** Bytes that values and buffers take, garbage too. */
const used = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** The most that was resident since it was last asked, in bytes: Linux keeps count, elsewhere it is looked at now and then. */
function peakOfResident(): { start(): void; look(): void; read(): number } {
  let most = 0;
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const reset = (): boolean => {
    try {
      writeFileSync('/proc/self/clear_refs', '5');
      return true;
    } catch {
      return false;
    }
  };
  let counted = false;
  return {
    start() {
      most = 0;
      counted = reset();
    },
    look,
    read() {
      look();
      const kept = counted ? /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] : undefined;
      return Math.max(most, Number(kept ?? 0) * 1024);
    },
  };
}
const resident = peakOfResident();

async function deliver({ names, collecting }: Order): Promise<Delivered> {
  // What was closed before is let go in later turns; buffers count until the collection after the one that frees them.
  await sleep(SETTLE);
  collect();
  collect();
  const before = { resident: process.memoryUsage.rss(), used: used() };
  const replies = new Map<string, Reply>();
  let most = 0;
  let next = 0;
  const look = (): void => {
    if (collecting) {
      const start = performance.now();
      if (start < next) return;
      collect();
      collect();
      next = performance.now() + SHARE * (performance.now() - start);
    }
    most = Math.max(most, used());
    resident.look();
  };
  resident.start();
  const looking = setInterval(look, LOOK);
  const begin = performance.now();
  const { reasons } = await call(bound, {
    rows: names.map((name, id) => ({ id, name })),
    clock: realClock,
    send: async (request, _, options) => {
      const reply = await transport.send(request, options);
      replies.set(decodeURIComponent(new URL(request.url).pathname.slice(1)), reply);
      look();
      return reply;
    },
  });
  const milliseconds = performance.now() - begin;
  look();
  clearInterval(looking);
  const outcomes = names.map((name, id) => {
    const reply = replies.get(name);
    return { reply: reply?.kind === 'answer' ? reply.status : (reply?.code ?? 'not sent'), reason: reasons[id] };
  });
  return { outcomes, milliseconds, resident: resident.read() - before.resident, used: most - before.used };
}

process.on('message', (order: Order) => {
  void deliver(order).then((delivered) => process.send?.(delivered));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
