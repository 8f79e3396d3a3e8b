/** The keys by which an API tells a request that it has seen. */

import { createHash } from 'node:crypto';
import type { Idempotency } from '../destination/destination.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope } from '../template/scope.ts';
import { scalarText } from '../template/text.ts';

/** What of a row its request's key is made from, where that shall be the same in every call. @throws {Fault} where there is nothing */
export function keyPart(idempotency: Idempotency | undefined, scope: Scope): string | undefined {
  if (idempotency?.by === undefined) return undefined;
  const part = scalarText(idempotency.by.value(scope));
  if (part === '') throw renderFault('idempotency', 'idempotency.by gave nothing for this row');
  return part;
}

/** The same key for the same parts, in the form of a UUID, which is what APIs expect. */
export function stableKey(parts: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
