/** The processes that every measurement needs: the sink, the driver, and servers under test. */

import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Child, type Start } from './child.ts';
import { type Call, scratch } from './contacts.ts';
import type { Cores } from './machine.ts';

const TOKEN = 'the-token-of-the-benchmark';
const PROBE = new URL('children/probe.js', import.meta.url).href;
export const DESTINATIONS = fileURLToPath(new URL('destinations', import.meta.url));

/** What the sink saw. */
export interface Arrived {
  readonly requests: number;
  readonly rows: number;
  readonly refused: number;
  /** Rows that were looked into, and of them those that nobody should have sent. */
  readonly looked: number;
  readonly strangers: number;
  /** Rows that should have come and did not; where all are looked into. */
  readonly missing: number;
}

/** Microseconds of all threads, and bytes. */
export interface Usage {
  readonly cpu: number;
  readonly rss: number;
  readonly peak: number;
}

export interface Driven {
  readonly calls: number;
  readonly ms: number;
  readonly failures: readonly string[];
}

/** How a call is driven: against which URLs in turn, how many at once, and for how long or how often. */
export interface Drive {
  readonly urls: readonly string[];
  readonly atOnce: number;
  readonly ms?: number;
  readonly most?: number;
}

export interface Server {
  readonly name: string;
  readonly child: Child;
  readonly url: string;
  /** Milliseconds from its start until it listened. */
  readonly startedIn: number;
  /** How often it logged a message. */
  heard(message: string): number;
}

/** How Rowpost is started. */
interface Form {
  /** What Node runs. */
  readonly main?: string;
  /** Whether it is profiled from its first moment. */
  readonly profiled?: boolean;
}

export class Stage {
  readonly cores: Cores | undefined;
  readonly #sink: Child;
  readonly #driver: Child;
  readonly #servers = new Set<Child>();
  #sinkUrl = '';
  #expected: Call | undefined;

  private constructor(cores: Cores | undefined) {
    this.cores = cores;
    this.#sink = new Child('children/sink.js', { core: cores?.others });
    this.#driver = new Child('children/driver.js', { core: cores?.others });
  }

  static async set(cores: Cores | undefined): Promise<Stage> {
    const stage = new Stage(cores);
    stage.#sinkUrl = `http://127.0.0.1:${await stage.#sink.ask<number>('listen', TOKEN)}/v1`;
    return stage;
  }

  /** A connector of peers/. @param batch rows in a request */
  async peer(name: string, batch = 1): Promise<Server> {
    const begun = performance.now();
    const env = { ...this.#env, BENCH_BATCH: String(batch) };
    const child = this.#start(`peers/${name}.js`, env);
    const { url } = await child.told<{ url: string }>();
    return { name, child, url, startedIn: performance.now() - begun, heard: () => 0 };
  }

  /** Rowpost as the package and the image start it: the built one, unless it is to be the source. */
  async rowpost(
    name: string,
    destinations = DESTINATIONS,
    { main = '../dist/main.js', profiled = false }: Form = {},
  ): Promise<Server> {
    const begun = performance.now();
    const env = {
      ...this.#env,
      PORT: '0',
      HOST: '127.0.0.1',
      ROWPOST_DESTINATIONS: destinations,
      ROWPOST_ALLOW_PRIVATE: '127.0.0.1',
      ...(profiled && { BENCH_PROFILE: 'yes' }),
    };
    const heard = new Map<string, number>();
    let said = '';
    let listening: (url: string) => void = () => undefined;
    const line = (text: string) => {
      said = text;
      const message = /"message":"([^"]*)"/.exec(text)?.[1] ?? '';
      heard.set(message, (heard.get(message) ?? 0) + 1);
      if (message === 'listening') listening(JSON.parse(text).url);
    };
    const child = this.#start(main, env, { args: ['serve'], line });
    const url = await new Promise<string>((resolve, reject) => {
      listening = resolve;
      child.process.once('close', (code) => reject(new Error(`Rowpost ended (${code}) before it listened: ${said}`)));
    });
    const startedIn = performance.now() - begun;
    return { name, child, url: `${url}/hightouch/`, startedIn, heard: (message) => heard.get(message) ?? 0 };
  }

  async end(server: Server): Promise<void> {
    this.#servers.delete(server.child);
    await server.child.end();
  }

  /** The rows that the sink may be sent from now on. */
  async expect(call: Call): Promise<void> {
    if (this.#expected !== call) await this.#sink.ask('expect', call.contacts);
    this.#expected = call;
  }

  /** Sends one call that is looked into row by row. @throws where not every row arrives once, as it should */
  async check(name: string, urls: readonly string[], call: Call): Promise<void> {
    await this.#sink.ask('begin', true);
    await this.drive(call, { urls, atOnce: 1, most: 1 }, name);
    const arrived = await this.#arrived(name);
    if (arrived.rows !== call.rows || arrived.missing > 0)
      throw new Error(`${name}: of ${call.rows} rows ${arrived.rows} arrived, and ${arrived.missing} are not among them`);
  }

  /** Sends calls that are counted. @throws where what arrives is not what was sent */
  async counted(name: string, call: Call, drive: Drive): Promise<Driven & Arrived> {
    await this.#sink.ask('begin', false);
    const driven = await this.drive(call, drive, name);
    const arrived = await this.#arrived(name);
    if (arrived.rows !== driven.calls * call.rows)
      throw new Error(`${name}: ${driven.calls * call.rows} rows were sent, and ${arrived.rows} arrived`);
    return { ...driven, ...arrived };
  }

  /** @throws where a call fails or a row is rejected */
  async drive(call: Call, drive: Drive, name: string): Promise<Driven> {
    const driven = await this.#driver.ask<Driven>('drive', { ...drive, file: call.file });
    const [failure] = driven.failures;
    if (failure !== undefined) throw new Error(`${name}: ${driven.failures.length} calls failed, the first with ${failure}`);
    return driven;
  }

  /** Calls at a fixed pace; failures are counted, not thrown. */
  pace(call: Call, urls: readonly string[], every: number, ms: number): Promise<Driven & { readonly times: readonly number[] }> {
    return this.#driver.ask('pace', { urls, file: call.file, every, ms });
  }

  usage(server: Server): Promise<Usage> {
    return server.child.ask<Usage>('usage');
  }

  async strike(): Promise<void> {
    await Promise.all([...this.#servers, this.#driver, this.#sink].map((child) => child.end()));
  }

  get #env(): Record<string, string> {
    return { BENCH_URL: this.#sinkUrl, BENCH_TOKEN: TOKEN };
  }

  #start(file: string, env: Record<string, string>, { args = [], line }: Pick<Start, 'args' | 'line'> = {}): Child {
    const child = new Child(file, {
      core: this.cores?.tested,
      env,
      cwd: scratch(),
      node: ['--import', PROBE],
      args,
      ...(line && { line }),
    });
    this.#servers.add(child);
    return child;
  }

  async #arrived(name: string): Promise<Arrived> {
    const arrived = await this.#sink.ask<Arrived>('arrived');
    if (arrived.refused > 0)
      throw new Error(`${name}: the sink refused ${arrived.refused} requests: path, token or content type are wrong`);
    if (arrived.strangers > 0)
      throw new Error(`${name}: ${arrived.strangers} of ${arrived.looked} rows are not as they should be`);
    return arrived;
  }
}
