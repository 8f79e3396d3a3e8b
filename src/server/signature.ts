/** Calls signed with a shared key, as Standard Webhooks has it: fresh, unchanged, and taken once. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Credential } from '../credentials.ts';

/** Seconds that the clocks of caller and server may differ, with the way between them. */
const TOLERANCE = 300;
/** Calls that are remembered; where there are more, the oldest are forgotten and what is as old is refused. */
const REMEMBERED = 100_000;
/** Signatures of one call that are looked at: one for each key while keys are being replaced. */
const MOST_SIGNATURES = 8;
const LONGEST_ID = 256;

/** What the headers of a call claim. */
export interface Claim {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly signatures: readonly Buffer[];
}

/**
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @param now milliseconds since 1970
 */
export class Signatures {
  readonly #now: () => number;
  /** Calls taken, oldest first; a call that is sent again comes with a new timestamp and counts as another. */
  readonly #taken = new Map<string, number>();
  #forgottenUntil = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What the headers claim; undefined where they claim nothing, or a sentence on what is wrong with it. */
  claim(headers: IncomingHttpHeaders): Claim | string | undefined {
    const [id, time, signature] = ['id', 'timestamp', 'signature'].map((name) => headers[`webhook-${name}`]);
    if (id === undefined && time === undefined && signature === undefined) return undefined;
    if (typeof id !== 'string' || typeof time !== 'string' || typeof signature !== 'string')
      return 'A signed call has the headers webhook-id, webhook-timestamp and webhook-signature; one of them is missing.';
    if (id === '' || id.length > LONGEST_ID) return `The header webhook-id must have 1 to ${LONGEST_ID} characters.`;
    if (!/^\d{1,12}$/.test(time)) return 'The header webhook-timestamp must hold whole seconds since 1970.';
    if (!this.#isFresh(Number(time)))
      return `The header webhook-timestamp is more than ${TOLERANCE} seconds away from this server's clock.`;
    const signatures = signature
      .split(' ')
      .filter((one) => one.startsWith('v1,'))
      .slice(0, MOST_SIGNATURES)
      .map((one) => Buffer.from(one.slice('v1,'.length), 'base64'));
    return { id, timestamp: Number(time), signatures };
  }

  /** Why the body is not what was signed; undefined where it is, and is taken for the first time. */
  refuses({ id, timestamp, signatures }: Claim, body: Buffer, keys: readonly Credential[]): string | undefined {
    let fits = false;
    for (const { secret } of keys) {
      const right = createHmac('sha256', Buffer.from(secret, 'base64')).update(`${id}.${timestamp}.`).update(body).digest();
      // All are compared, whichever fits: how long it takes tells nothing.
      for (const one of signatures) fits = (one.length === right.length && timingSafeEqual(one, right)) || fits;
    }
    if (!fits) return 'The signature fits none of the keys that this server was started with (ROWPOST_SIGNING_KEY).';
    // The body may have taken its time.
    if (!this.#isFresh(timestamp)) return 'The call was signed too long ago when its body had come.';
    const key = `${timestamp}.${id}`;
    if (this.#taken.has(key) || timestamp <= this.#forgottenUntil)
      return 'This signed call was taken before, or is older than what can be told. To send it again, sign it anew with the time of now.';
    this.#remember(key, timestamp);
    return undefined;
  }

  #isFresh(timestamp: number): boolean {
    return Math.abs(this.#now() / 1000 - timestamp) <= TOLERANCE;
  }

  #remember(key: string, timestamp: number): void {
    this.#taken.set(key, timestamp);
    for (const [oldest, time] of this.#taken) {
      const stale = this.#now() / 1000 - time > TOLERANCE;
      if (!stale && this.#taken.size <= REMEMBERED) return;
      // What is forgotten must not be taken again while it would still pass for fresh.
      if (!stale) this.#forgottenUntil = Math.max(this.#forgottenUntil, time);
      this.#taken.delete(oldest);
    }
  }
}
