/** The destinations that callers reach: one catalogue after another, each swapped in whole. */

import { createHash } from 'node:crypto';
import { authSecrets, renderAuth } from '../delivery/auth.ts';
import type { World } from '../delivery/call.ts';
import { type BoundDestination, bindDestination, isFaults } from '../destination/bind.ts';
import type { Loaded } from '../destination/catalogue.ts';
import type { Destination } from '../destination/destination.ts';
import type { Supply } from '../destination/settings.ts';
import { Fault, showFault, withoutSecrets } from '../fault.ts';
import { stringifyJson } from '../numbers.ts';
import type { Redactor } from '../observe/redact.ts';
import { brokenMethods, hightouchMethods, type Limits, type Running } from '../protocols/hightouch.ts';
import type { CallContext, Hosted } from '../server/hosted.ts';
import { createEngine, type Engine, type EngineOptions } from './engine.ts';

/** Settings of callers that are kept at work at once for one destination; the least recently used makes room. */
const MOST_ENGINES = 100;

export interface HostOptions extends EngineOptions, Limits {
  readonly supply: Supply;
  /** What no answer shows, whoever asks: the operator's secrets. A caller's own are hidden from that caller alone. */
  readonly answers: Redactor;
}

export class Host {
  readonly #options: HostOptions;
  #catalogue: ReadonlyMap<string, Loaded> = new Map();
  #served = new Map<string, Served>();
  #hosted: ReadonlyMap<string, Hosted> = new Map();
  /** Replaced, and with calls under way. */
  #retired: Served[] = [];

  constructor(options: HostOptions) {
    this.#options = options;
  }

  get hosted(): ReadonlyMap<string, Hosted> {
    return this.#hosted;
  }

  /** The longest deadline of any call, in milliseconds: what a graceful end must wait for. */
  get longestDeadline(): number {
    return Math.max(0, ...[...this.#served.values(), ...this.#retired].map(({ deadline }) => deadline));
  }

  /** Serves this catalogue from now on. Calls under way finish on the old one; a file that broke leaves its last good version running. */
  swap(catalogue: ReadonlyMap<string, Loaded>): void {
    const known = this.#catalogue;
    this.#hide([...catalogue.values()].filter((loaded) => known.get(loaded.id) !== loaded));
    const before = this.#served;
    const served = new Map<string, Served>();
    const hosted = new Map<string, Hosted>();
    for (const [id, loaded] of catalogue) {
      const last = before.get(id);
      const one = last?.loaded === loaded ? last : this.#serve(loaded, last);
      if (one !== undefined) served.set(id, one);
      // What is told of a problem may have to hide more by now.
      const same = known.get(id) === loaded && loaded.faults.length + loaded.missing.length === 0;
      hosted.set(id, (same ? this.#hosted.get(id) : undefined) ?? this.#describe(id, loaded, one));
    }
    this.#catalogue = catalogue;
    this.#served = served;
    this.#hosted = hosted;
    for (const [id, one] of before) {
      if (served.get(id) === one) continue;
      one.retire();
      this.#retired.push(one);
    }
    this.#retired = this.#retired.filter(({ busy }) => busy);
  }

  /** Ends all connections to APIs. */
  close(): void {
    for (const one of [...this.#served.values(), ...this.#retired]) one.close();
  }

  /** The secrets of all of them, before anything is said of one. */
  #hide(catalogue: Iterable<Loaded>): void {
    const { answers, redactor } = this.#options;
    for (const { secrets, bound } of catalogue) {
      for (const secret of [...secrets, ...(bound === undefined ? [] : authSecrets(bound))])
        for (const to of [answers, redactor]) to.add(secret);
    }
  }

  #problems({ faults, missing }: Loaded): string[] {
    return [...faults, ...missing].map((fault) => showFault(withoutSecrets(fault, this.#options.answers.redact)));
  }

  #describe(id: string, loaded: Loaded, served: Served | undefined): Hosted {
    const problems = this.#problems(loaded);
    return served === undefined ? outOfOrder(id, loaded, problems) : describe(id, loaded, problems, served, this.#options);
  }

  #serve(loaded: Loaded, last: Served | undefined): Served | undefined {
    return isReady(loaded) ? new Served(loaded, this.#options) : last;
  }
}

/** One version of a destination's file, with an engine for each set of settings that callers bring. */
class Served {
  readonly loaded: Loaded;
  readonly destination: Destination;
  readonly deadline: number;
  readonly #operators: BoundDestination;
  readonly #options: HostOptions;
  readonly #byCaller: boolean;
  /** Of all callers; made for the first of them. */
  #common: Engine | undefined;
  readonly #engines = new Map<string, Engine>();
  #retired = false;

  constructor(loaded: Ready, options: HostOptions) {
    const { destination, bound } = loaded;
    this.loaded = loaded;
    this.destination = destination;
    this.deadline = Math.min(destination.deadline, options.deadline ?? Number.POSITIVE_INFINITY);
    this.#operators = bound;
    this.#options = options;
    this.#byCaller = destination.settings.some(({ header }) => header !== undefined);
  }

  /** Whether calls are under way. */
  get busy(): boolean {
    return this.#all.some((engine) => engine.busy);
  }

  /** The destination for a caller, whose headers may hold settings. @throws {Fault} where one is missing or wrong */
  readonly running = (caller: CallContext): Running => this.#engineOf(caller).running;

  /** Ends once the calls under way are answered. */
  retire(): void {
    this.#retired = true;
    for (const engine of this.#all) engine.retire();
  }

  close(): void {
    for (const engine of this.#all) engine.close();
  }

  get #all(): Engine[] {
    return [...(this.#common === undefined ? [] : [this.#common]), ...this.#engines.values()];
  }

  #engineOf(caller: CallContext): Engine {
    if (this.#byCaller) return this.#engineFor(caller);
    this.#common ??= this.#start(this.#operators);
    return this.#common;
  }

  #engineFor(caller: CallContext): Engine {
    const supply = { ...this.#options.supply, header: caller.header };
    const bound = bindDestination(this.destination, supply, this.#operators.settings);
    if (isFaults(bound)) throw new Fault({ code: 'settings.missing', sentence: bound.map((fault) => fault.message).join(' ') });
    // What is kept is kept by a digest of all settings, never shared between callers that differ.
    const digest = createHash('sha256').update(stringifyJson(bound.settings.values)).digest('base64');
    const kept = this.#engines.get(digest);
    if (kept === undefined) this.#makeRoom();
    const engine = kept ?? this.#start(bound);
    this.#engines.delete(digest);
    this.#engines.set(digest, engine);
    return engine;
  }

  #start(bound: BoundDestination): Engine {
    const engine = createEngine(bound, this.#options, this.#options.answers, this.#renewed(bound));
    // A call may have found this version before it was replaced, and come to its end only now.
    if (this.#retired) engine.retire();
    return engine;
  }

  /** What proves who we are, where the files that secrets come from hold something newer than what was used. */
  #renewed(bound: BoundDestination): World['renewed'] {
    return async (used) => {
      const fresh = bindDestination(this.destination, this.#options.supply);
      if (isFaults(fresh)) return undefined;
      for (const secret of fresh.settings.secrets)
        for (const to of [this.#options.answers, this.#options.redactor]) to.add(secret);
      const values = Object.assign(Object.create(null), bound.settings.values, fresh.settings.values);
      const auth = renderAuth({ ...bound, settings: { ...bound.settings, values } }, new Date().toISOString());
      return stringifyJson(auth) === stringifyJson(used) ? undefined : auth;
    };
  }

  /** Whoever was not here for the longest time goes; those with calls under way go last, and finish them. */
  #makeRoom(): void {
    if (this.#engines.size < MOST_ENGINES) return;
    const [idle = [...this.#engines][0]] = [...this.#engines].filter(([, engine]) => !engine.busy);
    if (idle === undefined) return;
    const [digest, engine] = idle;
    this.#engines.delete(digest);
    engine.retire();
  }
}

/** A file that is right, with its settings. */
type Ready = Loaded & { readonly destination: Destination; readonly bound: BoundDestination };

function isReady(loaded: Loaded): loaded is Ready {
  return loaded.destination !== undefined && loaded.bound !== undefined;
}

const KEPT_SETTINGS = 'A setting cannot be read any more; the destination with its last good value';

function describe(
  id: string,
  { bound }: Loaded,
  problems: readonly string[],
  { running, destination }: Served,
  limits: Limits,
): Hosted {
  const last = bound === undefined ? 'This file changed and is out of order; its last good version' : KEPT_SETTINGS;
  const stale = problems.length > 0 ? [`${last} is served.`, ...problems] : [];
  return {
    id,
    name: destination.name,
    description: destination.description,
    state: 'ready',
    problems: stale,
    methods: hightouchMethods(running, limits),
  };
}

function outOfOrder(id: string, { destination, faults }: Loaded, problems: readonly string[]): Hosted {
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
