/** The rows of a call as templates see them, before any of them is put into a request. */

import { recordMaker, unreadableMapping } from '../destination/mappings.ts';
import { Fault } from '../fault.ts';
import { type Scope, scopeOf } from '../template/scope.ts';
import { type Call, type CallRow, rejected, type Verdict, type World } from './call.ts';

export interface CallRows {
  /** What the templates of all rows see. */
  readonly common: Scope;
  readonly rows: readonly CallRow[];
  /** Rows that nothing can be made of, by position. */
  readonly settled: ReadonlyMap<number, Verdict>;
}

const NO_STEPS: ReadonlyMap<string, object> = new Map();

/**
 * @param now when the call began, milliseconds since 1970
 * @param uuid a new one each time, for idempotency keys
 * @param breathe asked after every row
 * @param closing ends it: rows that it did not come to are in neither list
 */
export async function readCallRows(
  call: Call,
  now: number,
  uuid: () => string,
  breathe: World['breathe'],
  closing: AbortSignal,
): Promise<CallRows> {
  const { bound, configuration, operation, object, mode, flow, lookups, idColumn } = call;
  const { config, mappings } = configuration;
  const common = scopeOf({
    settings: bound.settings.values,
    vars: bound.destination.vars,
    now: new Date(now).toISOString(),
    lookups,
    config,
    operation,
    object,
    mode,
    identifier: mappings.identifier[0]?.to,
  });
  const recordOf = recordMaker(mappings);
  const unreadable = unreadableMapping(mappings);
  const keyed = flow.requests.some(({ readsKey }) => readsKey);
  const rows: CallRow[] = [];
  const settled = new Map<number, Verdict>();
  for (const [position, source] of call.rows.entries()) {
    if (closing.aborted) break;
    try {
      if (unreadable !== undefined) throw new Fault({ code: 'render.mapping', sentence: unreadable });
      const record = recordOf(source);
      const id = source[idColumn];
      const own = { row: source, id, position };
      const scope = common.with(keyed ? { ...own, idempotency_key: uuid() } : own, record);
      rows.push({ position, id, source, record, scope, steps: NO_STEPS });
    } catch (error) {
      settled.set(position, unrendered(error));
    }
    const breath = breathe();
    if (breath !== undefined) await breath;
  }
  return { common, rows, settled };
}

/** Why a row is not sent. */
export function unrendered(error: unknown): Verdict {
  if (error instanceof Fault) return rejected('not-sent', `not sent: ${error.message}`);
  throw error;
}
