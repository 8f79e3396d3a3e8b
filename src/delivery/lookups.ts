/** Asks the API for lookups: pages put together, one fetch for all that wait, good answers kept for a while. */

import type { Ask, Asked } from '../destination/ask.ts';
import { type Base, type BoundDestination, baseFor } from '../destination/bind.ts';
import type { Lookup } from '../destination/destination.ts';
import { Fault } from '../fault.ts';
import { stringifyJson } from '../numbers.ts';
import type { OutboundRequest } from '../outbound/exchange.ts';
import { type Scope, scopeOf } from '../template/scope.ts';
import { scalarText } from '../template/text.ts';
import type { ReadAnswer } from './answer.ts';
import { type RenderedAuth, renderAuth } from './auth.ts';
import { renderBody } from './body.ts';
import type { PlannedRequest, World } from './call.ts';
import { renderEnvelope } from './envelope.ts';
import { elementsIn } from './join.ts';
import { changedRequest, type Page } from './pages.ts';
import type { RateKey } from './rate.ts';
import { settle } from './settle.ts';
import { CallTime } from './time.ts';

/** Answers kept for one destination and its settings, and how many answers of the largest size they come to at most. */
const MOST_KEPT = 200;
const LARGEST_KEPT = 2;

interface Kept {
  readonly value: unknown;
  /** Characters of the answers that it was read from. */
  readonly size: number;
  /** When it was asked for, on the clock that only grows. */
  readonly at: number;
}

/** A lookup with what it asks first. */
interface Question {
  readonly lookup: Lookup;
  readonly base: Base;
  readonly auth: RenderedAuth | undefined;
  readonly scope: Scope;
  readonly first: OutboundRequest;
  readonly rates: readonly RateKey[];
}

interface Fetching {
  readonly value: Promise<unknown>;
  readonly at: number;
}

/** The lookups of one bound destination. */
export class Lookups {
  readonly #bound: BoundDestination;
  readonly #world: Omit<World, 'gone'>;
  readonly #largest: number;
  readonly #kept = new Map<string, Kept>();
  #keptSize = 0;
  readonly #underWay = new Map<string, Fetching>();

  /** @param largest characters of an answer, all its pages together */
  constructor(bound: BoundDestination, world: Omit<World, 'gone'>, largest: number) {
    this.#largest = largest;
    this.#bound = bound;
    this.#world = world;
  }

  /**
   * Reads nothing for an empty set.
   * @param maxAge milliseconds; an older answer is asked for anew although its lookup would keep it
   * @param begun when the call began, on the clock that only grows: it waits no longer than its deadline
   */
  ask(maxAge: number, begun: number): Ask {
    return async (names, asked) => {
      if (names.size === 0) return {};
      const time = new CallTime({ ...this.#world, gone: never() }, begun);
      try {
        return await Promise.race([this.#all(names, asked, maxAge), late([...names].join(', '), time)]);
      } finally {
        time.stop();
      }
    };
  }

  async #all(names: ReadonlySet<string>, asked: Asked, maxAge: number): Promise<Readonly<Record<string, unknown>>> {
    const values: Record<string, unknown> = Object.create(null);
    const reading = new Map<string, Promise<unknown>>();
    const one = (name: string): Promise<unknown> => {
      const started = reading.get(name) ?? this.#read(name, asked, maxAge, one);
      reading.set(name, started);
      return started;
    };
    await Promise.all([...names].map(async (name) => (values[name] = await one(name))));
    return values;
  }

  async #read(name: string, asked: Asked, maxAge: number, other: (name: string) => Promise<unknown>): Promise<unknown> {
    const lookup = this.#bound.destination.lookups.get(name);
    if (lookup === undefined) throw failed(name, 'there is no such lookup');
    const lookups: Record<string, unknown> = Object.create(null);
    for (const read of lookup.reads) lookups[read] = await other(read);
    const { destination, settings } = this.#bound;
    const now = new Date(this.#world.clock.now()).toISOString();
    const { object, mode, config } = asked;
    const scope = scopeOf({ settings: settings.values, vars: destination.vars, now, object, mode, config, lookups });
    try {
      const base = baseFor(this.#bound, config ?? {});
      const auth = renderAuth(this.#bound, now);
      const envelope = renderEnvelope(lookup.request, base, auth, scope);
      const { method, url, headers, rates } = envelope;
      const first = { method, url, headers, body: renderBody(lookup.request.body, scope) };
      const by = Object.fromEntries(lookup.readsAnswerBy.map((one) => [one, { object, mode, config, lookups }[one]]));
      const key = `${name}\n${asText(first)}\n${stringifyJson(by)}`;
      return await this.#cached(key, { lookup, base, auth, scope, first, rates }, maxAge);
    } catch (error) {
      throw error instanceof Fault && error.code !== 'lookup.failed' ? failed(name, error.message, error) : error;
    }
  }

  /** The same request, read the same way, is the same question: the answer is kept by what is asked, not by who asks. */
  #cached(key: string, question: Question, maxAge: number): Promise<unknown> {
    const at = this.#world.clock.elapsed();
    const kept = this.#kept.get(key);
    if (kept !== undefined && at - kept.at <= Math.min(maxAge, question.lookup.cache)) return Promise.resolve(kept.value);
    const waiting = this.#underWay.get(key);
    if (waiting !== undefined && at - waiting.at <= maxAge) return waiting.value;
    const fetching = { value: this.#fetch(key, question, at), at };
    this.#underWay.set(key, fetching);
    const done = () => this.#underWay.get(key) === fetching && this.#underWay.delete(key);
    fetching.value.then(done, done);
    return fetching.value;
  }

  #keep(key: string, kept: Kept): void {
    if ((this.#kept.get(key)?.at ?? 0) > kept.at) return;
    this.#forget(key);
    this.#kept.set(key, kept);
    this.#keptSize += kept.size;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT && this.#keptSize <= LARGEST_KEPT * this.#largest) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#keptSize -= this.#kept.get(key)?.size ?? 0;
    this.#kept.delete(key);
  }

  async #fetch(key: string, question: Question, at: number): Promise<unknown> {
    const time = new CallTime({ ...this.#world, gone: never() });
    try {
      // A transport that does not come back must not be waited for by all who ask later.
      const read = await Promise.race([this.#pages(question, time), late(question.lookup.name, time)]);
      this.#keep(key, { ...read, at });
      return read.value;
    } finally {
      time.stop();
    }
  }

  async #pages(question: Question, time: CallTime): Promise<Omit<Kept, 'at'>> {
    const { lookup, base, auth, scope, first } = question;
    const list: unknown[] = [];
    let size = 0;
    const seen = new Set<string>();
    let outbound = first;
    for (let page = 1; ; page++) {
      if (page > lookup.pages) throw failed(lookup.name, `the list has more than ${lookup.pages} pages`);
      seen.add(asText(outbound));
      const { answer, characters } = await this.#ask(question, outbound, time);
      size += characters;
      if (size > this.#largest)
        throw failed(lookup.name, `its pages hold more than ${this.#largest} characters together (ROWPOST_MAX_LOOKUP)`);
      const { status, headers, body, unreadable } = answer;
      if (unreadable !== undefined) throw failed(lookup.name, `HTTP ${status}, but ${unreadable}`);
      const answered = scope.with({ status, headers, body });
      if (lookup.list === undefined) return { value: body, size };
      const elements = elementsIn(lookup.list.value(answered), answer);
      if (elements === undefined)
        throw failed(lookup.name, `HTTP ${status}, but there is no list where the manifest says (list)`);
      for (const element of elements) list.push(element);
      if (lookup.next === undefined || (lookup.counts && elements.length === 0)) return { value: list, size };
      const read: Page = { request: outbound, headers, scope: answered.with({ page, count: list.length }) };
      const next = changedRequest(lookup.next, read, { base, credentials: auth?.query ?? [] });
      if (next === undefined || seen.has(asText(next))) return { value: list, size };
      outbound = next;
    }
  }

  /** One request, tried again as delivery tries rows; its answer where it is a yes. */
  async #ask(
    { lookup, scope, auth, rates }: Question,
    outbound: OutboundRequest,
    time: CallTime,
  ): Promise<{ readonly answer: ReadAnswer; readonly characters: number }> {
    let characters = 0;
    const send: World['send'] = async (request, options) => {
      const reply = await this.#world.send(request, options);
      characters = reply.kind === 'answer' ? reply.body.length : 0;
      return reply;
    };
    const planned: PlannedRequest = {
      request: lookup.request,
      rows: [{ position: 0, id: null, scope, keys: [] }],
      outbound,
      scope,
      auth,
      rates,
      urgent: true,
      part: () => planned,
    };
    const [outcome] = await settle(planned, { ...this.#world, send, gone: never() }, time);
    const { verdict, answer } = outcome ?? {};
    if (verdict?.accepted === true && answer !== undefined) return { answer, characters };
    throw failed(lookup.name, verdict?.accepted === false ? verdict.reason : 'no answer came');
  }
}

/** Whoever waits for a lookup may hang up: others may wait for it too. A new one each time, since a signal keeps who listens. */
function never(): AbortSignal {
  return new AbortController().signal;
}

async function late(names: string, time: CallTime): Promise<never> {
  await time.over();
  throw failed(names, `no answer came in time: ${time.whyClosed()}`);
}

function failed(name: string, why: string, cause?: unknown): Fault {
  return new Fault({ code: 'lookup.failed', sentence: `The API could not be asked for ${name}: ${scalarText(why)}`, cause });
}

function asText(request: OutboundRequest): string {
  return stringifyJson({ ...request, body: request.body?.toString() });
}
