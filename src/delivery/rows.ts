/** The rows of a call as templates see them, before any of them is put into a request. */

import { fieldsMaker, unreadableMapping } from '../destination/mappings.ts';
import { Fault } from '../fault.ts';
import type { JsonRows } from '../json/rows.ts';
import { type Fields, type Scope, scopeOf } from '../template/scope.ts';
import { type Call, rejected, type Verdict, type World } from './call.ts';

export interface CallRows {
  /** What the templates of all rows see. */
  readonly common: Scope;
  readonly rows: readonly CallRow[];
  /** Rows that nothing can be made of, by position. */
  readonly settled: ReadonlyMap<number, Verdict>;
}

/** Rows of which each takes a microsecond or so, after which it is asked whether others are to have their turn. */
export const AT_ONCE = 64;

const NO_STEPS: ReadonlyMap<string, object> = new Map();

/** What the rows of a call have in common. */
interface Shared {
  readonly common: Scope;
  readonly idColumn: string;
  readonly rows: JsonRows;
  readonly fieldsOf: (index: number) => Fields;
}

/**
 * A row of the call on its way, before it is put into a request. What its templates see is made when it is asked for, and
 * not kept: a call holds all of its rows for as long as it takes.
 */
export class CallRow {
  /** Its place in the call, from 0. */
  readonly position: number;
  /** What steps before kept of it, by name: rows that share an answer have the very same. */
  readonly steps: ReadonlyMap<string, object>;
  readonly #shared: Shared;
  readonly #key: string | undefined;

  /** @param key its idempotency key, where a template reads one */
  constructor(shared: Shared, position: number, key: string | undefined, steps = NO_STEPS) {
    this.#shared = shared;
    this.position = position;
    this.#key = key;
    this.steps = steps;
  }

  get id(): unknown {
    const { rows, idColumn } = this.#shared;
    return rows.value(this.position, idColumn);
  }

  get fields(): Fields {
    return this.#shared.fieldsOf(this.position);
  }

  /** What its templates see. */
  get scope(): Scope {
    const { position, id, steps } = this;
    const own: Record<string, unknown> = { id, position };
    if (this.#key !== undefined) own.idempotency_key = this.#key;
    if (steps.size > 0) own.steps = Object.fromEntries(steps);
    return this.#shared.common.with(own, this.fields);
  }

  /** The same row, of which a step kept something more. */
  with(name: string, kept: object): CallRow {
    return new CallRow(this.#shared, this.position, this.#key, new Map([...this.steps, [name, kept]]));
  }
}

/**
 * @param now when the call began, by ISO 8601
 * @param uuid a new one each time, for idempotency keys
 * @param breathe asked every so many rows
 * @param closing ends it: rows that it did not come to are in neither list
 */
export async function readCallRows(
  call: Call,
  now: string,
  uuid: () => string,
  breathe: World['breathe'],
  closing: { readonly aborted: boolean },
): Promise<CallRows> {
  const { bound, configuration, operation, object, mode, flow, lookups, idColumn } = call;
  const { config, mappings } = configuration;
  const common = scopeOf({
    settings: bound.settings.values,
    vars: bound.destination.vars,
    now,
    lookups,
    config,
    operation,
    object,
    mode,
    identifier: mappings.identifier[0]?.to,
  });
  const shared: Shared = { common, idColumn, rows: call.rows, fieldsOf: fieldsMaker(mappings, call.rows) };
  const unreadable = unreadableMapping(mappings);
  const keyed = flow.requests.some(({ readsKey }) => readsKey);
  const rows: CallRow[] = [];
  const settled = new Map<number, Verdict>();
  const refused = unreadable === undefined ? undefined : unrendered(new Fault({ code: 'render.mapping', sentence: unreadable }));
  for (let position = 0; position < call.rows.length && !closing.aborted; position++) {
    if (refused !== undefined) settled.set(position, refused);
    else rows.push(new CallRow(shared, position, keyed ? uuid() : undefined));
    const breath = position % AT_ONCE === 0 ? breathe() : undefined;
    if (breath !== undefined) await breath;
  }
  return { common, rows, settled };
}

/** Why a row is not sent. */
export function unrendered(error: unknown): Verdict {
  if (error instanceof Fault) return rejected('not-sent', `not sent: ${error.message}`);
  throw error;
}
