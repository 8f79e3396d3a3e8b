/** Calls of a destination whose manifest is written in the test, answered by a script under a virtual clock. */

import assert from 'node:assert/strict';
import { seededRandom, uuidsOf, VirtualClock } from '../../src/cases/virtual-clock.ts';
import { Bulkhead } from '../../src/delivery/bulkhead.ts';
import type { Clock, World } from '../../src/delivery/call.ts';
import { deliver } from '../../src/delivery/deliver.ts';
import { Kept } from '../../src/delivery/kept.ts';
import { Lookups } from '../../src/delivery/lookups.ts';
import { type BoundDestination, isFaults, withSettings } from '../../src/destination/bind.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import type { Operation } from '../../src/destination/destination.ts';
import { bindGiven } from '../../src/destination/settings.ts';
import { type Fault, showFault } from '../../src/fault.ts';
import { parseJson } from '../../src/json/parse.ts';
import { readManifest } from '../../src/manifest/read.ts';
import { stringifyJson } from '../../src/numbers.ts';
import type { Answer, OutboundRequest, Reply, SendOptions, Unreachable } from '../../src/outbound/exchange.ts';
import { hightouchMethods } from '../../src/protocols/hightouch.ts';

export const BEGIN = Date.parse('2026-03-01T12:00:00Z');

export interface ManifestParts {
  /** Lines below `connection`, beside its url. */
  readonly connection?: string;
  readonly url?: string;
  /** Whole top-level words. */
  readonly top?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** @param request lines of YAML: the one request, which answers every operation */
export function destinationOf(request: string, parts: ManifestParts = {}): BoundDestination {
  const indented = (text: string, by: number) => text.replace(/^(?=.)/gm, ' '.repeat(by));
  const text = `version: 1
name: Test
sync: { add: send, change: send, remove: send }
${parts.top ?? ''}
connection:
  url: ${parts.url ?? 'https://api.test/v1'}
${indented(parts.connection ?? '', 2)}
requests:
  send:
${indented(request, 4)}
`;
  return boundOf(text, parts.settings);
}

/** @param text a whole manifest */
export function boundOf(text: string, settings: Readonly<Record<string, unknown>> = {}): BoundDestination {
  const manifest = right(readManifest('test', 'test.yaml', text));
  const { destination } = right(compileDestination(manifest));
  return right(withSettings(destination, right(bindGiven(destination, settings))));
}

function right<T>(result: T | readonly Fault[]): T {
  if (!isFaults(result)) return result;
  return assert.fail(result.map(showFault).join('\n'));
}

export type Row = Readonly<Record<string, unknown>>;

export interface Answering extends Partial<Omit<World, 'send' | 'deadline' | 'gone' | 'bug'>> {
  /** The answer to the n-th request, from 0. */
  readonly send?: (request: OutboundRequest, n: number, options: SendOptions) => Reply | Promise<Reply>;
  /** Milliseconds. */
  readonly deadline?: number;
  /** Characters of a lookup, all its pages together. */
  readonly largest?: number;
}

/** A request that left, with the virtual time at which it did. */
export interface Sent {
  readonly at: number;
  readonly request: OutboundRequest;
  readonly timeout: number;
}

export interface AtWork {
  readonly clock: Clock;
  readonly sent: readonly Sent[];
  readonly bugs: readonly unknown[];
  /** One of Hightouch's methods. @throws {RpcError} */
  ask(method: string, params?: unknown, gone?: AbortSignal): Promise<unknown>;
}

/** A destination for several calls, which share what it keeps. */
export function atWork(bound: BoundDestination, answering: Answering = {}): AtWork {
  const clock: Clock = answering.clock ?? new VirtualClock(BEGIN);
  const sent: Sent[] = [];
  const bugs: unknown[] = [];
  const world: Omit<World, 'gone'> = {
    send: async (request, options) => {
      sent.push({ at: clock.elapsed(), request, timeout: options.timeout });
      return (answering.send ?? (() => json(200, {})))(request, sent.length - 1, options);
    },
    clock,
    random: answering.random ?? seededRandom(1),
    uuid: uuidsOf(seededRandom(2)),
    bulkhead: answering.bulkhead ?? new Bulkhead(clock, bound.destination.connection.concurrency),
    kept: answering.kept ?? new Kept(clock),
    ...(answering.renewed && { renewed: answering.renewed }),
    deadline: answering.deadline ?? bound.destination.deadline,
    breathe: answering.breathe ?? (() => undefined),
    bug: (error) => `ref${bugs.push(error)}`,
  };
  const lookups = new Lookups(bound, world, answering.largest ?? 64 * 1024 * 1024);
  const methods = hightouchMethods(() => ({
    bound,
    deadline: world.deadline,
    now: () => clock.now(),
    redact: (text) => text,
    elapsed: () => clock.elapsed(),
    ask: (maxAge, begun) => lookups.ask(maxAge, begun),
    deliver: (one, gone) => deliver(one, world, gone),
    settled: () => undefined,
  }));
  return {
    clock,
    sent,
    bugs,
    async ask(name, params, gone = new AbortController().signal) {
      const method = methods.get(name);
      assert.ok(method !== undefined);
      return method(params, { signal: gone });
    },
  };
}

export interface Calling extends Answering {
  readonly rows: readonly Row[];
  readonly idColumn?: string;
  readonly operation?: Operation;
  /** Beside mappings of every column to the field of its name. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly gone?: AbortSignal;
}

export interface Called {
  readonly rejected: readonly { readonly id: unknown; readonly reason: string }[];
  /** `id: reason` for each, ids as JSON. */
  readonly reasons: Readonly<Record<string, string>>;
  readonly sent: readonly Sent[];
  /** Virtual milliseconds until the answer. */
  readonly took: number;
  readonly bugs: readonly unknown[];
}

export async function call(bound: BoundDestination, calling: Calling): Promise<Called> {
  const { rows, idColumn = 'id', operation = 'add' } = calling;
  const { ask, clock, sent, bugs } = atWork(bound, calling);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const configuration = { mappings: columns.map((name) => ({ from: name, to: name })), ...calling.configuration };
  const begin = clock.elapsed();
  const result = (await ask(operation, { idColumn, configuration, rows }, calling.gone)) as { rejectedRows: Called['rejected'] }; // the protocol's own answer
  const took = clock.elapsed() - begin;
  const rejected = result.rejectedRows;
  return {
    rejected,
    reasons: Object.fromEntries(rejected.map(({ id, reason }) => [stringifyJson(id), reason])),
    sent,
    took,
    bugs,
  };
}

/** Rows of ids 1, 2, … with these emails. */
export function people(...emails: unknown[]): Row[] {
  return emails.map((email, index) => ({ id: index + 1, email }));
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: 'answer', status, headers: { 'content-type': 'application/json', ...headers }, body: stringifyJson(body) };
}

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: 'answer', status, headers, body };
}

export function broken(code: string, phase: Unreachable['phase'] = 'after', mayHaveArrived = phase === 'after'): Unreachable {
  return { kind: 'unreachable', phase, mayHaveArrived, code, sentence: `It broke (${code}).` };
}

export function hanging(): Promise<never> {
  return new Promise(() => undefined);
}

/** The JSON body of a request, with every digit. */
export function bodyOf({ request }: { readonly request: OutboundRequest }): unknown {
  return parseJson(String(request.body ?? 'null'));
}
