/** Plays one golden case: the call against its manifest, with the answers that the case gives. Nothing leaves the machine. */

import { deliver } from '../delivery/deliver.ts';
import { Pacer } from '../delivery/pacer.ts';
import { isFaults, withSettings } from '../destination/bind.ts';
import type { Destination } from '../destination/destination.ts';
import { bindGiven } from '../destination/settings.ts';
import { Fault } from '../fault.ts';
import type { CasesSpec } from '../manifest/manifest.ts';
import { parseJson, stringifyJson } from '../numbers.ts';
import { createRedactor } from '../observe/redact.ts';
import type { OutboundRequest, Reply } from '../outbound/exchange.ts';
import { hightouchMethods } from '../protocols/hightouch.ts';
import { dispatch } from '../rpc/dispatch.ts';
import type { CaseSpec, ExchangeSpec, RequestCase } from './case.ts';
import { contentOf, replyOf, showRequest } from './exchange.ts';
import { seededRandom, VirtualClock } from './virtual-clock.ts';

const DEFAULT_NOW = '2026-01-01T00:00:00Z';

/** What came of a case. */
export interface Played {
  /** Every request that left, in order, with the place of the exchange that answered it; undefined where none did. */
  readonly sent: readonly { readonly request: RequestCase; readonly exchange: number | undefined }[];
  /** What was answered: `result` or `error`. */
  readonly answer: { readonly result?: unknown; readonly error?: unknown };
}

/** Compare: an exchange answers the request that it shows. Update: one that shows none, or another, answers in its turn. */
export type Matching = 'compare' | 'update';

/** @throws {Fault} where the settings of the case are not those of the manifest */
export async function playCase(destination: Destination, cases: CasesSpec, one: CaseSpec, matching: Matching): Promise<Played> {
  const settings = bindGiven(destination, { ...cases.settings, ...one.settings });
  if (isFaults(settings)) throw settings[0] ?? new Fault({ code: 'cases.settings', sentence: 'The settings are wrong.' });
  const bound = withSettings(destination, settings);
  if (isFaults(bound)) throw bound[0] ?? new Fault({ code: 'cases.settings', sentence: 'The settings are wrong.' });

  const clock = new VirtualClock(Date.parse(one.now ?? DEFAULT_NOW));
  const random = seededRandom(one.seed ?? 1);
  const { redact } = createRedactor(settings.secrets);
  const target = new Target(one.exchanges ?? [], redact, matching);
  // One request at a time, in row order: the same case always sends the same.
  const single = { ...bound, destination: { ...destination, connection: { ...destination.connection, concurrency: 1 } } };
  const methods = hightouchMethods(single, {
    now: () => clock.now(),
    redact,
    deliver: (call, gone) =>
      deliver(call, {
        send: async (request) => target.answer(request),
        clock,
        random,
        pacer: new Pacer(1),
        deadline: destination.deadline,
        gone,
        breathe: () => Promise.resolve(),
        bug: (error) => {
          throw error;
        },
      }),
  });
  const body = stringifyJson({
    jsonrpc: '2.0',
    id: 1,
    method: one.call.method,
    ...(one.call.params !== undefined && { params: one.call.params }),
  });
  const answer = await dispatch(
    body,
    methods,
    { signal: new AbortController().signal },
    { notification: () => undefined, bug: rethrow },
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
  readonly #matching: Matching;

  constructor(exchanges: readonly ExchangeSpec[], redact: (text: string) => string, matching: Matching) {
    this.#left = new Map(exchanges.entries());
    this.#redact = redact;
    this.#matching = matching;
  }

  answer(outbound: OutboundRequest): Reply {
    const request = showRequest(outbound, this.#redact);
    const exchange = this.#exchangeFor(request);
    this.sent.push({ request, exchange });
    const response = exchange === undefined ? undefined : this.#left.get(exchange)?.response;
    if (exchange !== undefined) this.#left.delete(exchange);
    return replyOf(response ?? { fail: 'refused' });
  }

  #exchangeFor(request: RequestCase): number | undefined {
    const content = contentOf(request);
    const places = [...this.#left.entries()];
    const equal = places.find(([, exchange]) => exchange.request !== undefined && contentOf(exchange.request) === content);
    if (equal !== undefined || this.#matching === 'compare') return equal?.[0];
    const blank = places.find(([, exchange]) => exchange.request === undefined);
    return (blank ?? places[0])?.[0];
  }
}
