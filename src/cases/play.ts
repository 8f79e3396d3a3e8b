/** Plays one golden case: the call against its manifest, with the answers that the case gives. Nothing leaves the machine. */

import { authSecrets } from '../delivery/auth.ts';
import { Bulkhead } from '../delivery/bulkhead.ts';
import { deliver } from '../delivery/deliver.ts';
import { Kept } from '../delivery/kept.ts';
import { Lookups } from '../delivery/lookups.ts';
import { type BoundDestination, isFaults, withSettings } from '../destination/bind.ts';
import type { Destination } from '../destination/destination.ts';
import { bindGiven } from '../destination/settings.ts';
import { Fault } from '../fault.ts';
import { parseJson } from '../json/parse.ts';
import type { CasesSpec } from '../manifest/manifest.ts';
import { stringifyJson } from '../numbers.ts';
import { createRedactor } from '../observe/redact.ts';
import type { OutboundRequest, Reply } from '../outbound/exchange.ts';
import { hightouchMethods } from '../protocols/hightouch.ts';
import { dispatch } from '../rpc/dispatch.ts';
import { SERVER_SETTINGS } from '../settings.ts';
import type { CaseSpec, ExchangeSpec, RequestCase } from './case.ts';
import { type CallAnswer, contentOf, replyOf, showRequest } from './exchange.ts';
import { seededRandom, uuidsOf, VirtualClock } from './virtual-clock.ts';

const DEFAULT_NOW = '2026-01-01T00:00:00Z';

/** What came of a case. */
export interface Played {
  /** Every request that left, in order, with the place of the exchange that answered it; undefined where none did. */
  readonly sent: readonly { readonly request: RequestCase; readonly exchange: number | undefined }[];
  readonly answer: CallAnswer;
}

/**
 * An exchange answers the request that it shows. A request that none shows gets, in its turn, the answer of one whose
 * own request does not come, so that a request that changed is told as such and the rest of the case goes on as before.
 * @throws {Fault} where the settings of the case are not those of the manifest
 */
export async function playCase(destination: Destination, cases: CasesSpec, one: CaseSpec): Promise<Played> {
  const bound = bindCase(destination, { ...cases.settings, ...one.settings });
  const exact = await playWith(bound, one, new Set());
  if (exact.sent.every(({ exchange }) => exchange !== undefined)) return exact;
  const free = new Set((one.exchanges ?? []).keys());
  for (const { exchange } of exact.sent) if (exchange !== undefined) free.delete(exchange);
  return free.size === 0 ? exact : playWith(bound, one, free);
}

function bindCase(destination: Destination, given: Readonly<Record<string, unknown>>): BoundDestination {
  const names = destination.settings.map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  const missing = destination.settings.filter(({ name, fallback }) => fallback === undefined && given[name] === undefined);
  const wrong = [
    ...unknown.map((name) => `the manifest has no setting "${name}"`),
    ...missing.map(({ name }) => `the setting "${name}" has no value; write a made-up one into "settings" of the file of cases`),
  ];
  if (wrong.length > 0) throw new Fault({ code: 'cases.settings', sentence: `${wrong.join('; ')}.` });
  const settings = bindGiven(destination, given);
  if (isFaults(settings)) throw gathered(settings);
  const bound = withSettings(destination, settings);
  if (isFaults(bound)) throw gathered(bound);
  return bound;
}

function gathered(faults: readonly Fault[]): Fault {
  return new Fault({ code: 'cases.settings', sentence: faults.map((fault) => fault.message).join(' ') });
}

/** @param free the exchanges that may answer another request than the one they show */
async function playWith(bound: BoundDestination, one: CaseSpec, free: ReadonlySet<number>): Promise<Played> {
  const { destination, settings } = bound;
  const clock = new VirtualClock(Date.parse(one.now ?? DEFAULT_NOW));
  const random = seededRandom(one.seed ?? 1);
  const { redact } = createRedactor([...settings.secrets, ...authSecrets(bound)]);
  const target = new Target(one.exchanges ?? [], redact, free);
  // One request at a time, in row order: the same case always sends the same.
  const single = { ...bound, destination: { ...destination, connection: { ...destination.connection, concurrency: 1 } } };
  const world = {
    send: async (request: OutboundRequest) => target.answer(request),
    clock,
    random,
    uuid: uuidsOf(random),
    bulkhead: new Bulkhead(clock, 1),
    kept: new Kept(clock),
    deadline: destination.deadline,
    breathe: () => undefined,
    bug: rethrow,
  };
  const lookups = new Lookups(single, world, SERVER_SETTINGS.maxLookup.fallback);
  const methods = hightouchMethods(() => ({
    bound: single,
    deadline: world.deadline,
    now: () => clock.now(),
    redact,
    elapsed: () => clock.elapsed(),
    ask: (maxAge, begun) => lookups.ask(maxAge, begun),
    deliver: (call, gone) => deliver(call, world, gone),
    settled: () => undefined,
  }));
  const body = stringifyJson({
    jsonrpc: '2.0',
    id: 1,
    method: one.call.method,
    ...(one.call.params !== undefined && { params: one.call.params }),
  });
  const answer = await dispatch(
    Buffer.from(body),
    methods,
    { signal: new AbortController().signal },
    { redact, notification: () => undefined, bug: rethrow },
  );
  const { result, error } = parseJson(answer ?? '{}') as { result?: unknown; error?: unknown }; // our own dispatcher's answer
  return { sent: target.sent, answer: error === undefined ? { result } : { error } };
}

function rethrow(error: unknown): never {
  throw error;
}

/** Stands for the API. */
class Target {
  readonly sent: { request: RequestCase; exchange: number | undefined }[] = [];
  readonly #left: Map<number, ExchangeSpec>;
  readonly #redact: (text: string) => string;
  readonly #free: ReadonlySet<number>;

  constructor(exchanges: readonly ExchangeSpec[], redact: (text: string) => string, free: ReadonlySet<number>) {
    this.#left = new Map(exchanges.entries());
    this.#redact = redact;
    this.#free = free;
  }

  answer(outbound: OutboundRequest): Reply {
    const request = showRequest(outbound, this.#redact);
    const exchange = this.#exchangeFor(request);
    this.sent.push({ request, exchange });
    const response = exchange === undefined ? undefined : this.#left.get(exchange)?.response;
    if (exchange !== undefined) this.#left.delete(exchange);
    return response === undefined ? UNFORESEEN : replyOf(response);
  }

  #exchangeFor(request: RequestCase): number | undefined {
    const content = contentOf(request);
    const left = [...this.#left.entries()];
    const shown = left.find(([, exchange]) => exchange.request !== undefined && contentOf(exchange.request) === content);
    if (shown !== undefined) return shown[0];
    const free = left.filter(([index]) => this.#free.has(index));
    const blank = free.find(([, exchange]) => exchange.request === undefined);
    const alike = free.find(
      ([, exchange]) => exchange.request?.method === request.method && exchange.request.url === request.url,
    );
    return (blank ?? alike ?? free[0])?.[0];
  }
}

/** Not tried again: the case says nothing of what would come then. */
const UNFORESEEN: Reply = {
  kind: 'unreachable',
  phase: 'refused',
  mayHaveArrived: false,
  code: 'UNFORESEEN',
  sentence: 'The case has no answer to this request.',
};
