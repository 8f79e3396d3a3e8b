/** The bodies of all calls under way, held together below a bound: what a process can work on at once is its memory. */

import { comeBack } from './refusal.ts';

const SECONDS = 2;

export class Pending {
  readonly #limit: number;
  #bytes = 0;

  /** @param limit bytes; a single body may be larger while there is no other */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What one call holds, until it is released. */
  hold(): Held {
    let own = 0;
    return {
      add: (bytes) => {
        const others = this.#bytes - own;
        if (others > 0 && this.#bytes + bytes > this.#limit)
          throw comeBack('The calls under way hold as much as the server can work on at once. Send this one again.', SECONDS);
        own += bytes;
        this.#bytes += bytes;
      },
      release: () => {
        this.#bytes -= own;
        own = 0;
      },
    };
  }
}

export interface Held {
  /** @throws {Refusal} where so much more is too much */
  add(bytes: number): void;
  release(): void;
}
