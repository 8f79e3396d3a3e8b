/** The destinations that callers reach: one catalogue after another, each swapped in whole. */

import { createHash } from 'node:crypto';
import { bindDestination, isFaults } from '../destination/bind.ts';
import type { Loaded } from '../destination/catalogue.ts';
import type { Destination } from '../destination/destination.ts';
import type { Supply } from '../destination/settings.ts';
import { Fault, showFault } from '../fault.ts';
import { stringifyJson } from '../numbers.ts';
import { brokenMethods, hightouchMethods, type Running } from '../protocols/hightouch.ts';
import type { CallContext, Hosted } from '../server/hosted.ts';
import { createEngine, type Engine, type EngineOptions } from './engine.ts';

/** Settings of callers that are kept at work at once for one destination; the least recently used makes room. */
const MOST_ENGINES = 100;
/** Beyond the deadline of calls under way, milliseconds until the connections of a destination that was replaced are closed. */
const LINGER = 2000;

export interface HostOptions extends EngineOptions {
  readonly supply: Supply;
}

export class Host {
  readonly #options: HostOptions;
  #served = new Map<string, Served>();
  #hosted: ReadonlyMap<string, Hosted> = new Map();

  constructor(options: HostOptions) {
    this.#options = options;
  }

  get hosted(): ReadonlyMap<string, Hosted> {
    return this.#hosted;
  }

  /** The longest deadline of any destination, in milliseconds: what a graceful end must wait for. */
  get longestDeadline(): number {
    return Math.max(0, ...[...this.#served.values()].map(({ deadline }) => deadline));
  }

  /** Serves this catalogue from now on. Calls under way finish on the old one; a file that broke leaves its last good version running. */
  swap(catalogue: ReadonlyMap<string, Loaded>): void {
    const before = this.#served;
    const served = new Map<string, Served>();
    const hosted = new Map<string, Hosted>();
    for (const [id, loaded] of catalogue) {
      const last = before.get(id);
      const one = last?.loaded === loaded ? last : this.#serve(loaded, last);
      if (one === undefined) hosted.set(id, outOfOrder(id, loaded));
      else {
        served.set(id, one);
        hosted.set(id, describe(id, loaded, one));
      }
    }
    this.#served = served;
    this.#hosted = hosted;
    for (const [id, one] of before) if (served.get(id) !== one) setTimeout(() => one.close(), one.deadline + LINGER).unref();
  }

  /** Ends all connections to APIs. */
  close(): void {
    for (const one of this.#served.values()) one.close();
  }

  #serve(loaded: Loaded, last: Served | undefined): Served | undefined {
    if (loaded.destination === undefined || loaded.bound === undefined) return last;
    return new Served(loaded, loaded.destination, this.#options);
  }
}

/** One version of a destination's file, with an engine for each set of settings that callers bring. */
class Served {
  readonly loaded: Loaded;
  readonly destination: Destination;
  readonly deadline: number;
  readonly #options: HostOptions;
  readonly #byCaller: boolean;
  readonly #engines = new Map<string, Engine>();

  constructor(loaded: Loaded, destination: Destination, options: HostOptions) {
    this.loaded = loaded;
    this.destination = destination;
    this.deadline = Math.min(destination.deadline, options.deadline ?? Number.POSITIVE_INFINITY);
    this.#options = options;
    this.#byCaller = destination.settings.some(({ header }) => header !== undefined);
    if (!this.#byCaller && loaded.bound !== undefined) this.#engines.set('', createEngine(loaded.bound, options));
  }

  /** The destination for a caller, whose headers may hold settings. @throws {Fault} where one is missing or wrong */
  readonly running = (caller: CallContext): Running => this.#engineFor(caller).running;

  close(): void {
    for (const engine of this.#engines.values()) engine.close();
  }

  #engineFor(caller: CallContext): Engine {
    const common = this.#engines.get('');
    if (!this.#byCaller && common !== undefined) return common;
    const bound = bindDestination(this.destination, { ...this.#options.supply, header: caller.header });
    if (isFaults(bound)) throw new Fault({ code: 'settings.missing', sentence: bound.map((fault) => fault.message).join(' ') });
    // What is kept is kept by a digest of all settings, never shared between callers that differ.
    const digest = createHash('sha256').update(stringifyJson(bound.settings.values)).digest('base64');
    const engine = this.#engines.get(digest) ?? createEngine(bound, this.#options);
    this.#engines.delete(digest);
    this.#engines.set(digest, engine);
    const [oldest] = this.#engines.keys();
    if (this.#engines.size > MOST_ENGINES && oldest !== undefined) {
      const idle = this.#engines.get(oldest);
      this.#engines.delete(oldest);
      setTimeout(() => idle?.close(), this.deadline + LINGER).unref();
    }
    return engine;
  }
}

function describe(id: string, loaded: Loaded, { running, destination }: Served): Hosted {
  const problems = [...loaded.faults, ...loaded.missing].map(showFault);
  const stale =
    problems.length > 0 ? ['This file changed and is out of order; its last good version is served.', ...problems] : [];
  return {
    id,
    name: destination.name,
    description: destination.description,
    state: 'ready',
    problems: stale,
    methods: hightouchMethods(running),
  };
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
