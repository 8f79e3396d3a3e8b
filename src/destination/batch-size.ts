/** How many rows a call should bring: what the manifest says, or less where its declared rates let fewer through in time. */

import type { Destination, Request } from './destination.ts';
import { requestsWithin } from './rate-limit.ts';

/** Rows in a call where neither the manifest nor a batch says more. */
const DEFAULT = 100;
/** Of a call's time, what is there to begin requests in; the rest is for the last answers. */
const SENDING = 0.9;

export interface BatchSize {
  readonly size: number;
  /** What would hold without the rates. */
  readonly declared: number;
}

/**
 * @param requests those that rows may come to
 * @param deadline milliseconds that one call may take
 */
export function batchSize({ batchSize: own }: Destination, requests: readonly Request[], deadline: number): BatchSize {
  const declared = own ?? (Math.max(0, ...requests.map(({ batch }) => batch?.size ?? 0)) || DEFAULT);
  const possible = requests.map(({ rateLimits, batch }) => requestsWithin(rateLimits, deadline * SENDING) * (batch?.size ?? 1));
  return { size: Math.max(1, Math.min(declared, ...possible)), declared };
}
