/** How many rows a call should bring: what the manifest says, or less where its declared rates let fewer through in time. */

import type { Destination, Flow, RateLimit } from './destination.ts';
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
 * @param flows those that rows may go through
 * @param deadline milliseconds that one call may take
 */
export function batchSize({ batchSize: own }: Destination, flows: readonly Flow[], deadline: number): BatchSize {
  const requests = flows.flatMap((flow) => flow.requests);
  const declared = own ?? (Math.max(0, ...requests.map(({ batch }) => batch?.size ?? 0)) || DEFAULT);
  const possible = flows.map((flow) => rowsWithin(flow, deadline * SENDING));
  return { size: Math.max(1, Math.min(declared, ...possible)), declared };
}

/** Rows that come through a flow in so many milliseconds: of each rate all requests that fall under it take their part. */
function rowsWithin({ requests }: Flow, ms: number): number {
  const taken = new Map<RateLimit, number>();
  for (const { rateLimits, batch } of requests)
    for (const limit of rateLimits) taken.set(limit, (taken.get(limit) ?? 0) + 1 / (batch?.size ?? 1));
  return Math.min(
    Number.POSITIVE_INFINITY,
    ...[...taken].map(([limit, each]) => Math.floor(requestsWithin([limit], ms) / each + 1e-9)),
  );
}
