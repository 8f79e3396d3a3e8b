/** What a destination keeps from one call to the next: what `ensure` found or made, and jobs that still run. */

import type { Clock, Verdict } from './call.ts';
import type { Running } from './jobs.ts';

/** Most values that are kept; the one kept longest makes room. */
const MOST = 10_000;

export type Ensured = { readonly value: unknown } | { readonly rejected: Verdict };

interface Entry {
  readonly ensured: Promise<Ensured>;
  /** Once it is there. */
  found?: Ensured;
  until: number;
}

/** One for each destination and its settings. */
export class Kept {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #jobs = new Map<string, { readonly running: Running; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The value of this key; where it is not there yet it is made once, whoever waits for it.
   * @param cache milliseconds that it is kept; what was rejected is not
   */
  async ensure(key: string, cache: number, make: () => Promise<Ensured>): Promise<Ensured> {
    const known = this.#entries.get(key);
    if (known !== undefined && known.until > this.#clock.elapsed()) return known.ensured;
    const entry: Entry = { ensured: make(), until: Number.POSITIVE_INFINITY };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MOST) break;
      this.#entries.delete(oldest);
    }
    try {
      const ensured = await entry.ensured;
      entry.found = ensured;
      if ('value' in ensured) entry.until = this.#clock.elapsed() + cache;
      else this.#drop(key, entry);
      return ensured;
    } catch (error) {
      this.#drop(key, entry);
      throw error;
    }
  }

  /** The API does not know it any more; what was made anew since is kept. */
  forget(key: string, found: Ensured): void {
    if (this.#entries.get(key)?.found === found) this.#entries.delete(key);
  }

  /** The job that this request began, where it is still worth asking for. */
  job(key: string): Running | undefined {
    const known = this.#jobs.get(key);
    return known !== undefined && known.until > this.#clock.elapsed() ? known.running : undefined;
  }

  rememberJob(key: string, running: Running, milliseconds: number): void {
    this.#jobs.delete(key);
    this.#jobs.set(key, { running, until: this.#clock.elapsed() + milliseconds });
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > MOST && oldest !== undefined) this.#jobs.delete(oldest);
  }

  forgetJob(key: string): void {
    this.#jobs.delete(key);
  }

  #drop(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}
