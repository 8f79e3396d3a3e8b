/** A row with its part of a request. */

import type { Scope } from '../template/scope.ts';
import type { PlannedRow } from './call.ts';
import type { CallRow } from './rows.ts';

export class Member implements PlannedRow {
  readonly row: CallRow;
  readonly keys: readonly string[];
  /** Undefined while it is not made. */
  item: unknown;
  /** Rows for which this differs do not share a request. */
  readonly apart: string;
  /** What its request's idempotency key is made from. */
  readonly keyPart: string | undefined;

  constructor(row: CallRow, keys: readonly string[], item: unknown, apart: string, keyPart: string | undefined) {
    this.row = row;
    this.keys = keys;
    this.item = item;
    this.apart = apart;
    this.keyPart = keyPart;
  }

  get position(): number {
    return this.row.position;
  }

  get id(): unknown {
    return this.row.id;
  }

  get scope(): Scope {
    return this.row.scope;
  }
}
