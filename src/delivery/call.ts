/** One call's rows on their way: what delivery is given, and what it answers for every row. */

import type { BoundDestination } from '../destination/bind.ts';
import type { Flow, Operation, Request } from '../destination/destination.ts';
import type { ReadConfiguration } from '../destination/mappings.ts';
import type { JsonRows } from '../json/rows.ts';
import type { Ending } from '../outbound/ending.ts';
import type { OutboundRequest, Send } from '../outbound/exchange.ts';
import type { Scope } from '../template/scope.ts';
import type { RenderedAuth } from './auth.ts';
import type { Bulkhead } from './bulkhead.ts';
import type { Kept } from './kept.ts';
import type { RateKey } from './rate.ts';
import { reasonText } from './reason.ts';

/** An `add`, `change` or `remove`, checked: every row has an id. */
export interface Call {
  readonly bound: BoundDestination;
  /** When it began, on the clock that only grows: its lookups took of its time. */
  readonly begun: number;
  readonly flow: Flow;
  readonly operation: Operation;
  readonly idColumn: string;
  readonly configuration: ReadConfiguration;
  readonly object: string | undefined;
  readonly mode: string | undefined;
  /** The lookups that the request's templates read, by name. */
  readonly lookups: Readonly<Record<string, unknown>>;
  readonly rows: JsonRows;
}

/** What a row's fate depends on beside its call: all of it an argument, so that none of it is hidden. */
export interface World {
  readonly send: Send;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  /** A new one each time. */
  uuid(): string;
  /** Of the destination, shared by its calls. */
  readonly bulkhead: Bulkhead;
  /** Of the destination, kept from one call to the next. */
  readonly kept: Kept;
  /** What proves who we are, where it is another one by now than this; undefined where it is not. */
  renewed?(used: RenderedAuth): Promise<RenderedAuth | undefined>;
  /** Milliseconds that the call may take. */
  readonly deadline: number;
  /** Aborted when the caller hangs up: nothing more is sent. */
  readonly gone: Ending;
  /** Lets other work run, where it is time to: nothing where it is not. Asked after every row. */
  breathe(): Promise<void> | undefined;
  /** Told of a request that leaves now, each time that it does. */
  leaves?(planned: PlannedRequest): void;
  /** Tells of a bug and gives a reference to look it up by. */
  bug(error: unknown): string;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only ever grow: for deadlines and waits. */
  elapsed(): number;
  /** Resolves after so many milliseconds, or at once when the signal fires; never rejects. */
  wait(milliseconds: number, signal: Ending): Promise<void>;
}

/** Why a row was rejected, by codes that stay: the log counts them, and docs/reasons.md says what to do about each. */
export type ReasonCode =
  /** The sync's configuration fits no object, mode or operation of the destination. */
  | 'configuration'
  /** What the call needs could not be asked of the API. */
  | 'lookup'
  /** The row does not make a request. */
  | 'not-sent'
  /** A rule of the manifest rejects the row before it is sent. */
  | 'rule'
  /** There was no time, no room, or the API is out of order: nothing left. */
  | 'not-attempted'
  /** The request did not reach the API. */
  | 'not-delivered'
  /** The request may have arrived, and no answer says what became of it. */
  | 'outcome-unknown'
  /** The API said no. */
  | 'refused'
  /** The API answered, but not what became of this row. */
  | 'unclear'
  /** A bug of Rowpost. */
  | 'internal';

/** What becomes of a row. */
export type Verdict =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly code: ReasonCode; readonly reason: string };

export const ACCEPTED: Verdict = { accepted: true };

/** Whatever a reason quotes, it is bounded here. */
export function rejected(code: ReasonCode, reason: string): Verdict {
  return { accepted: false, code, reason: reasonText(reason) ?? 'rejected without a reason' };
}

/** A row of the call, with what its templates see. */
export interface PlannedRow {
  /** The row's place in the call, from 0. */
  readonly position: number;
  readonly id: unknown;
  readonly scope: Scope;
  /** The row's side of a join, as texts: any of them names it. */
  readonly keys: readonly string[];
}

/** A request rendered for its rows: every retry sends these bytes. */
export interface PlannedRequest {
  readonly request: Request;
  readonly rows: readonly PlannedRow[];
  readonly outbound: OutboundRequest;
  /** What the templates of the answer see, beside the answer. */
  readonly scope: Scope;
  /** What proves who we are, as it stands in `outbound`. */
  readonly auth: RenderedAuth | undefined;
  /** Whose share of the declared rates it takes. */
  readonly rates: readonly RateKey[];
  /** Goes before the rows of other calls. */
  readonly urgent: boolean;
  /** The same for some of its rows, by their places. @throws {Fault} where its body cannot be made for these alone */
  part(places: readonly number[]): PlannedRequest;
}
