/** Destinations at work: a catalogue joined with transports, pacers and the methods that callers call. */

import type { World } from '../delivery/call.ts';
import { deliver } from '../delivery/deliver.ts';
import { Pacer } from '../delivery/pacer.ts';
import type { BoundDestination } from '../destination/bind.ts';
import type { Loaded } from '../destination/catalogue.ts';
import { showFault } from '../fault.ts';
import type { Redactor } from '../observe/redact.ts';
import type { Send } from '../outbound/exchange.ts';
import { createGotTransport, type Transport } from '../outbound/got-transport.ts';
import { createGuard } from '../outbound/guard.ts';
import { brokenMethods, hightouchMethods } from '../protocols/hightouch.ts';
import type { Hosted } from '../server/hosted.ts';
import { breathe, realClock } from './real-world.ts';

/** Bytes of an answer's body that are read. */
const MAX_RESPONSE = 16 * 1024 * 1024;

export interface HostOptions {
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

export interface Host {
  readonly hosted: ReadonlyMap<string, Hosted>;
  /** The longest deadline of any destination, in milliseconds: what a graceful end must wait for. */
  readonly longestDeadline: number;
  /** Ends all connections to APIs. */
  close(): void;
}

export function createHost(catalogue: ReadonlyMap<string, Loaded>, options: HostOptions): Host {
  const transports: Transport[] = [];
  const hosted = new Map<string, Hosted>();
  let longestDeadline = 0;
  for (const [id, loaded] of catalogue) {
    const { bound } = loaded;
    if (bound === undefined) {
      hosted.set(id, outOfOrder(id, loaded));
      continue;
    }
    for (const secret of bound.settings.secrets) options.redactor.add(secret);
    const transport = transportFor(bound, options);
    transports.push(transport);
    const deadline = Math.min(bound.destination.deadline, options.deadline ?? Number.POSITIVE_INFINITY);
    longestDeadline = Math.max(longestDeadline, deadline);
    hosted.set(id, ready(id, bound, worldOf(bound, transport, deadline, options), options));
  }
  const close = () => {
    for (const transport of transports) transport.close();
  };
  return { hosted, longestDeadline, close };
}

function transportFor({ base, destination }: BoundDestination, { allowPrivate, watch }: HostOptions): Transport {
  const guard = createGuard(allowPrivate, { exemptOrigin: base.operators ? base.origin : undefined });
  const transport = createGotTransport({ connections: destination.connection.concurrency, guard, maxResponse: MAX_RESPONSE });
  return watch === undefined ? transport : { ...transport, send: watch(transport.send) };
}

function worldOf(
  { destination }: BoundDestination,
  { send }: Transport,
  deadline: number,
  { bug }: HostOptions,
): Omit<World, 'gone'> {
  return {
    send,
    clock: realClock,
    random: Math.random,
    pacer: new Pacer(destination.connection.concurrency),
    deadline,
    breathe,
    bug,
  };
}

function ready(id: string, bound: BoundDestination, world: Omit<World, 'gone'>, { redactor, delivered }: HostOptions): Hosted {
  const { redact } = redactor;
  const methods = hightouchMethods(bound, {
    now: () => Date.now(),
    redact,
    deliver: async (call, gone) => {
      const start = performance.now();
      const verdicts = await deliver(call, { ...world, gone });
      const rejected = verdicts.filter((verdict) => !verdict.accepted).length;
      delivered?.({
        destination: id,
        operation: call.operation,
        rows: verdicts.length,
        rejected,
        ms: Math.round(performance.now() - start),
      });
      return verdicts;
    },
  });
  const { name, description } = bound.destination;
  return { id, name, description, state: 'ready', problems: [], methods };
}

function outOfOrder(id: string, { destination, faults, missing }: Loaded): Hosted {
  const problems = [...faults, ...missing].map(showFault);
  const why =
    faults.length > 0
      ? `its manifest has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}`
      : 'settings are missing or wrong';
  // Lines of the file are for the operator, at /readyz and in the log; the caller hears what to do.
  const sentence = `The destination "${id}" is out of order: ${why}. Its operator sees more at /readyz and in the log of Rowpost.`;
  return {
    id,
    name: destination?.name ?? id,
    description: destination?.description,
    state: 'broken',
    problems,
    methods: brokenMethods(sentence),
  };
}
