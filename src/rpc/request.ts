/** What makes a JSON value a JSON-RPC 2.0 call, and what is said of one that is none. */

import { ExactNumber } from '../numbers.ts';
import { RPC_CODES, RpcError } from './method.ts';

/** More calls than this in one batch are refused: they would all run at once. */
export const MAX_BATCH = 100;

export type Id = string | number | ExactNumber | null;

export interface Call {
  readonly method: string;
  /** As it came, not yet known to be an object or an array. */
  readonly params: unknown;
  /** Undefined where the member is absent: a notification. */
  readonly id: Id | undefined;
}

/** A value that is no call, with its `id` where that could be told. */
export class InvalidRequest extends RpcError {
  readonly id: Id;

  constructor(id: Id, message: string) {
    super(RPC_CODES.invalidRequest, message);
    this.id = id;
  }
}

export function readCall(entry: unknown): Call | InvalidRequest {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry) || entry instanceof ExactNumber) {
    return new InvalidRequest(null, 'A call must be an object with "jsonrpc", "method" and "id".');
  }
  const id = member(entry, 'id');
  if (id !== undefined && !isId(id)) return new InvalidRequest(null, '"id" must be a string, a number or null.');
  const told = id ?? null;
  if (member(entry, 'jsonrpc') !== '2.0') return new InvalidRequest(told, '"jsonrpc" must be "2.0".');
  const method = member(entry, 'method');
  if (typeof method !== 'string') return new InvalidRequest(told, '"method" must be a string.');
  return { method, params: member(entry, 'params'), id };
}

/** Own members only; JSON has no undefined, so that stands for an absent one. */
function member(entry: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(entry, name)?.value;
}

function isId(value: unknown): value is Id {
  return value === null || typeof value === 'string' || typeof value === 'number' || value instanceof ExactNumber;
}
