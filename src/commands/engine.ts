/** One destination with its settings at work: its own connections, pace and kept answers, so that none shares another's fate. */

import { deliver } from '../delivery/deliver.ts';
import { Lookups } from '../delivery/lookups.ts';
import { Pacer } from '../delivery/pacer.ts';
import type { BoundDestination } from '../destination/bind.ts';
import type { Redactor } from '../observe/redact.ts';
import type { Send } from '../outbound/exchange.ts';
import { createGotTransport } from '../outbound/got-transport.ts';
import { createGuard } from '../outbound/guard.ts';
import type { Running } from '../protocols/hightouch.ts';
import { breathe, realClock } from './real-world.ts';

/** Bytes of an answer's body that are read: for rows, and for lookups, which may be long lists. */
const MAX_RESPONSE = 16 * 1024 * 1024;
const MAX_LOOKUP = 64 * 1024 * 1024;
/** Lookups have connections of their own, so that somebody at the form does not wait behind a batch of rows. */
const LOOKUP_CONNECTIONS = 4;

export interface EngineOptions {
  /** Addresses and CIDRs of private networks that may be called. */
  readonly allowPrivate: readonly string[];
  /** Milliseconds that a call may take, whatever its manifest says. */
  readonly deadline: number | undefined;
  readonly redactor: Redactor;
  /** Logs a bug and gives the reference that is answered in its place. */
  bug(error: unknown): string;
  /** Told of every call that delivered rows. */
  delivered?(line: Delivered): void;
  /** Sees every request that leaves and its reply; for the demo's eyes. */
  watch?(send: Send): Send;
}

/** What came of a call, in numbers: for the log. */
export interface Delivered {
  readonly destination: string;
  readonly operation: string;
  readonly rows: number;
  readonly rejected: number;
  readonly ms: number;
}

export interface Engine {
  readonly running: Running;
  /** Milliseconds that a call may take. */
  readonly deadline: number;
  /** Ends its connections. */
  close(): void;
}

export function createEngine(bound: BoundDestination, options: EngineOptions): Engine {
  const { destination, base, settings } = bound;
  const { bug, redactor, watch = (send: Send) => send } = options;
  for (const secret of settings.secrets) redactor.add(secret);
  const guard = createGuard(options.allowPrivate, { exemptOrigin: base?.operators === true ? base.origin : undefined });
  const { concurrency } = destination.connection;
  const rows = createGotTransport({ connections: concurrency, guard, maxResponse: MAX_RESPONSE });
  const lists = createGotTransport({ connections: LOOKUP_CONNECTIONS, guard, maxResponse: MAX_LOOKUP });
  const deadline = Math.min(destination.deadline, options.deadline ?? Number.POSITIVE_INFINITY);
  const common = { clock: realClock, random: Math.random, deadline, breathe, bug };
  const world = { ...common, send: watch(rows.send), pacer: new Pacer(concurrency) };
  const lookups = new Lookups(bound, { ...common, send: watch(lists.send), pacer: new Pacer(LOOKUP_CONNECTIONS) });
  return {
    deadline,
    running: {
      bound,
      now: () => Date.now(),
      redact: redactor.redact,
      ask: (maxAge) => lookups.ask(maxAge),
      async deliver(call, gone) {
        const start = performance.now();
        const verdicts = await deliver(call, { ...world, gone });
        const rejected = verdicts.filter((verdict) => !verdict.accepted).length;
        options.delivered?.({
          destination: destination.id,
          operation: call.operation,
          rows: verdicts.length,
          rejected,
          ms: Math.round(performance.now() - start),
        });
        return verdicts;
      },
    },
    close() {
      rows.close();
      lists.close();
    },
  };
}
