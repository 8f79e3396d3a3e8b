/** One destination with its settings at work: its own connections, pace and kept answers, so that none shares another's fate. */

import { randomUUID } from 'node:crypto';
import { authSecrets } from '../delivery/auth.ts';
import { Bulkhead } from '../delivery/bulkhead.ts';
import type { ReasonCode, World } from '../delivery/call.ts';
import { MOST_AUTO } from '../delivery/concurrency.ts';
import { deliver } from '../delivery/deliver.ts';
import { Kept } from '../delivery/kept.ts';
import { Lookups } from '../delivery/lookups.ts';
import type { BoundDestination } from '../destination/bind.ts';
import type { Redactor } from '../observe/redact.ts';
import type { Send } from '../outbound/exchange.ts';
import { createGuard } from '../outbound/guard.ts';
import { openTransport } from '../outbound/open-transport.ts';
import type { Running } from '../protocols/hightouch.ts';
import { SERVER_SETTINGS } from '../settings.ts';
import { breathe, realClock } from './real-world.ts';

/** After its last call, milliseconds until the connections of an engine that was replaced are closed and its secrets forgotten. */
const LINGER = 500;

export interface EngineOptions {
  /** Addresses and CIDRs of private networks that may be called. */
  readonly allowPrivate: readonly string[];
  /** Bytes of an answer that are read, inflated: of one to rows, and to a lookup, which may be a long list. */
  readonly maxResponse?: number;
  readonly maxLookup?: number;
  /** Milliseconds that a call may take, whatever its manifest says. */
  readonly deadline: number | undefined;
  /** What the log hides: the secrets of every engine that is at work. */
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
  /** How many rows were rejected for which code. */
  readonly reasons?: Readonly<Partial<Record<ReasonCode, number>>>;
  readonly ms: number;
}

export interface Engine {
  readonly running: Running;
  /** Whether calls are under way. */
  readonly busy: boolean;
  /** Closes it once no call is under way; a call that comes later is carried out nevertheless. */
  retire(): void;
  /** Ends its connections, also those in use. */
  close(): void;
}

/**
 * @param answers knows what no answer shows; this destination's own secrets are hidden too
 * @param renewed what proves who we are, where a file holds something newer by now
 */
export function createEngine(
  bound: BoundDestination,
  options: EngineOptions,
  answers: Redactor,
  renewed?: World['renewed'],
): Engine {
  const { destination, base, settings } = bound;
  const { bug, watch = (send: Send) => send } = options;
  const { maxResponse = SERVER_SETTINGS.maxResponse.fallback, maxLookup = SERVER_SETTINGS.maxLookup.fallback } = options;
  const secrets = [...settings.secrets, ...authSecrets(bound)];
  const guard = createGuard(options.allowPrivate, { exemptOrigin: base?.operators === true ? base.origin : undefined });
  const { concurrency, transport } = destination.connection;
  const connections = concurrency === 'auto' ? MOST_AUTO : concurrency;
  const rows = openTransport(transport, { connections, guard, maxResponse });
  const lists = openTransport('got', { connections, guard, maxResponse: maxLookup });
  const deadline = Math.min(destination.deadline, options.deadline ?? Number.POSITIVE_INFINITY);
  const common = {
    clock: realClock,
    random: Math.random,
    uuid: randomUUID,
    bulkhead: new Bulkhead(realClock, concurrency),
    kept: new Kept(realClock),
    ...(renewed && { renewed }),
    deadline,
    breathe,
    bug,
  };
  const world = { ...common, send: watch(rows.send) };
  const asking = { ...common, send: watch(lists.send) };
  const lookups = new Lookups(bound, asking, maxLookup);
  const close = () => {
    rows.close();
    lists.close();
  };
  const life = new Life(secrets, options.redactor, close);
  return {
    running: {
      bound,
      deadline,
      now: () => Date.now(),
      redact: answers.with(secrets).redact,
      elapsed: () => realClock.elapsed(),
      ask: (maxAge, begun) => (names, asked) => life.during(() => lookups.ask(maxAge, begun)(names, asked)),
      deliver: (call, gone) => life.during(() => deliver(call, world, gone)),
      settled(operation, verdicts, begun) {
        const reasons: Partial<Record<ReasonCode, number>> = {};
        let rejected = 0;
        for (const verdict of verdicts) {
          if (verdict.accepted) continue;
          rejected++;
          reasons[verdict.code] = (reasons[verdict.code] ?? 0) + 1;
        }
        options.delivered?.({
          destination: destination.id,
          operation,
          rows: verdicts.length,
          rejected,
          ...(rejected > 0 && { reasons }),
          ms: Math.round(realClock.elapsed() - begun),
        });
      },
    },
    get busy() {
      return life.busy;
    },
    retire: () => life.retire(),
    close,
  };
}

/** From its making until nobody needs it any more: as long its secrets are hidden, and its connections kept. */
class Life {
  readonly #secrets: readonly string[];
  readonly #redactor: Redactor;
  readonly #close: () => void;
  #releases: readonly (() => void)[] = [];
  #underWay = 0;
  #retired = false;

  constructor(secrets: readonly string[], redactor: Redactor, close: () => void) {
    this.#secrets = secrets;
    this.#redactor = redactor;
    this.#close = close;
    this.#hide();
  }

  get busy(): boolean {
    return this.#underWay > 0;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    this.#hide();
    try {
      return await work();
    } finally {
      this.#underWay--;
      if (this.#retired) this.#endSoon();
    }
  }

  retire(): void {
    this.#retired = true;
    this.#endSoon();
  }

  #hide(): void {
    if (this.#releases.length === 0) this.#releases = this.#secrets.map((secret) => this.#redactor.add(secret));
  }

  /** Not at once: an error of the last call may still be on its way to the log. */
  #endSoon(): void {
    setTimeout(() => {
      if (this.busy) return;
      this.#close();
      for (const release of this.#releases) release();
      this.#releases = [];
    }, LINGER).unref();
  }
}
