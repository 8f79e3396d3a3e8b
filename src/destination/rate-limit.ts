/** Compiles `rateLimit`: the rates that requests are kept within. */

import type { ConnectionSpec, RateLimitSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import type { Names } from '../template/names.ts';
import type { Author } from './author.ts';
import type { RateLimit } from './destination.ts';
import { milliseconds } from './duration.ts';
import type { PlaceNames } from './names.ts';

/** A day: no API counts longer, and every request of that time is remembered. */
const LONGEST = 86_400_000;

/** What holds for every request: what `connection` says, one rate for all of them, and the milliseconds that a call may take. */
export type Defaults = ConnectionSpec & { readonly rateLimits: readonly RateLimit[]; readonly deadline: number };

export function compileDefaults(spec: ConnectionSpec, deadline: number, author: Author, names: PlaceNames): Defaults {
  const path = ['connection', 'rateLimit'];
  return { ...spec, deadline, rateLimits: compileRateLimits(spec.rateLimit, path, author, names.rate('connection.rateLimit')) };
}

/** @param names what `by` may read: of a connection's rate nothing of a row */
export function compileRateLimits(
  spec: RateLimitSpec | readonly RateLimitSpec[] | undefined,
  path: Path,
  author: Author,
  names: Names,
): RateLimit[] {
  const at = (index: number): Path => (Array.isArray(spec) ? [...path, index] : path);
  return [spec ?? []].flat().map((one, index) => ({
    requests: one.requests,
    per: milliseconds(one.per, [...at(index), 'per'], author, { least: 1, most: LONGEST }),
    by: author.maybeExpression(one.by, [...at(index), 'by'], names),
  }));
}

/**
 * How many requests can be begun in so many milliseconds.
 * @returns infinity where no rate is declared
 */
export function requestsWithin(limits: readonly RateLimit[], ms: number): number {
  // What `by` divides may all be one share.
  return Math.min(Number.POSITIVE_INFINITY, ...limits.map(({ requests, per }) => requests * (Math.floor(ms / per) + 1)));
}
