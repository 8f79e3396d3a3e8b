/** Puts the rows of a call into requests: rules first, then rows that may share a request together, in order. */

import type { Request } from '../destination/destination.ts';
import { templatesBeforeBody, templatesOfBatch } from '../destination/lookups-read.ts';
import { stringifyJson } from '../numbers.ts';
import type { Scope } from '../template/scope.ts';
import type { ValueTemplate } from '../template/template.ts';
import { textsOf } from '../template/text.ts';
import { ACCEPTED, type Call, type PlannedRow, rejected, type Verdict, type World } from './call.ts';
import { callEnvelopes, type Envelope, envelopeKey, readsRow } from './envelope.ts';
import { keyPart } from './idempotency.ts';
import { Member } from './member.ts';
import { reasonText } from './reason.ts';
import { AT_ONCE, type CallRow, type CallRows, unrendered } from './rows.ts';
import { Writer, type Written } from './writer.ts';

export interface Plan {
  /** In the order in which they are to be sent. */
  readonly groups: readonly PlannedGroup[];
  /** Rows that need no request, by position: settled by rules, or failed to render. */
  readonly settled: ReadonlyMap<number, Verdict>;
  /**
   * Makes the request of a group; where its body cannot be made for all of its rows, a request for each part for which it can.
   * Only when it is time to send it: the bodies of all groups together would be held for as long as the call takes.
   * @param goOn asked between the parts of a group that must be split: splitting one can be much work
   */
  write(group: PlannedGroup, goOn: () => Promise<boolean>): Written | Promise<Written>;
}

/** Rows that will share a request. */
export interface PlannedGroup {
  readonly rows: readonly PlannedRow[];
  /** Those that hold an earlier row of the same id or key: this one waits for their answers. Nothing for none. */
  readonly after: ReadonlySet<PlannedGroup> | undefined;
}

/**
 * @param now when the call began, by ISO 8601
 * @param uuid a new one each time, for idempotency keys
 * @param breathe asked after every row that takes work
 * @param closing ends the planning: rows that it did not come to are neither settled nor in a request
 */
export async function planRequests(
  call: Call,
  request: Request,
  { common, rows }: Pick<CallRows, 'common' | 'rows'>,
  now: string,
  uuid: () => string,
  breathe: World['breathe'],
  closing: { readonly aborted: boolean },
): Promise<Plan> {
  const planner = new Planner(call, request, common, now, uuid);
  for (const [index, row] of rows.entries()) {
    if (closing.aborted) break;
    planner.add(row);
    // A template may take long for each row.
    const breath = planner.readsRow || index % AT_ONCE === 0 ? breathe() : undefined;
    if (breath !== undefined) await breath;
  }
  return planner;
}

interface Group extends PlannedGroup {
  /** Its place among the groups, which are sent in this order. */
  readonly index: number;
  readonly envelope: Envelope;
  readonly rows: Member[];
  /** Bytes of its body, about: it is measured when it is written. */
  bytes: number;
  /** Under which others find it while it takes rows. */
  readonly key: string;
  /** All of them with a lower index; nothing for none. */
  after: Set<Group> | undefined;
}

class Planner implements Plan {
  readonly groups: Group[] = [];
  readonly settled = new Map<number, Verdict>();
  readonly #request: Request;
  readonly #writer: Writer;
  readonly #common: Scope;
  /** The group of each envelope that still takes rows. */
  readonly #open = new Map<string, Group>();
  /** The latest group that holds a row of this id, or of this key. */
  readonly #byId = new Map<unknown, Group>();
  readonly #byKey = new Map<string, Group>();
  readonly #envelopeOf: (scope: Scope) => Envelope;
  /** The kept answers that the body of a batch or the reading of its answer reads: rows of one request must share them. */
  readonly #shared: readonly string[];
  /** Whether what a row does not share with the others is read before its body is made. */
  readonly readsRow: boolean;
  /** Rows mostly have the same. */
  #latest: { readonly envelope: Envelope | undefined; readonly key: string } = { envelope: undefined, key: '' };
  /** Numbers for what may not be compared as text. */
  readonly #numbers = new Map<object, number>();

  constructor(call: Call, request: Request, common: Scope, now: string, uuid: () => string) {
    this.#request = request;
    this.#common = common;
    this.#writer = new Writer(call, request, common, uuid);
    const { bound, configuration } = call;
    this.#envelopeOf = callEnvelopes(bound, request, { config: configuration.config, now, common });
    const late = this.#writer.itemsLate ? request.item : undefined;
    this.readsRow = templatesBeforeBody(request).some((template) => template !== late && readsRow(template));
    this.#shared = request.batch === undefined ? [] : sharedSteps(request);
  }

  add(row: CallRow): void {
    try {
      const scope = this.readsRow ? row.scope : this.#common;
      const verdict = this.#ruled(scope);
      if (verdict === undefined) this.#place(this.#member(row, scope), this.#envelopeOf(scope));
      else this.settled.set(row.position, verdict);
    } catch (error) {
      this.settled.set(row.position, unrendered(error));
    }
  }

  write({ envelope, rows }: Group, goOn: () => Promise<boolean>): Written | Promise<Written> {
    return this.#writer.write(envelope, rows, goOn);
  }

  #ruled(scope: Scope): Verdict | undefined {
    const rule = this.#request.rules.find((one) => one.if.ask(scope));
    if (rule === undefined) return undefined;
    return rule.then === 'accept'
      ? ACCEPTED
      : rejected('rule', reasonText(rule.reason?.value(scope)) ?? 'rejected by a rule of the manifest');
  }

  #member(row: CallRow, scope: Scope): Member {
    const { response, item, batch, idempotency } = this.#request;
    const keys = response.key === undefined ? NONE : textsOf(response.key.value(scope));
    const own = this.#writer.itemsLate ? undefined : item === undefined ? null : this.#writer.item(scope);
    return new Member(row, keys, own, this.#apart(batch?.by, scope, row.steps), keyPart(idempotency, scope));
  }

  /** As text; empty where nothing but the envelope keeps rows apart. */
  #apart(by: ValueTemplate | undefined, scope: Scope, steps: CallRow['steps']): string {
    if (by === undefined && this.#shared.length === 0) return '';
    return stringifyJson([by?.value(scope) ?? null, ...this.#shared.map((name) => this.#numberOf(steps.get(name)))]);
  }

  #numberOf(kept: object | undefined): number {
    if (kept === undefined) return -1;
    const number = this.#numbers.get(kept) ?? this.#numbers.size;
    this.#numbers.set(kept, number);
    return number;
  }

  /**
   * Rows of one id or key go one after the other. A group that holds the earlier one is closed, and the later row joins
   * only a group that was begun after it: so groups wait for earlier ones alone, and no two can wait for each other.
   */
  #place(member: Member, envelope: Envelope): void {
    const earlier = this.#earlier(member);
    const group = this.#request.batch === undefined ? this.#begin(envelope, '') : this.#batched(member, envelope, earlier);
    group.rows.push(member);
    this.#byId.set(nameOfId(member.id), group);
    for (const key of member.keys) this.#byKey.set(key, group);
    if (earlier.length === 0) return;
    group.after ??= new Set();
    for (const one of earlier) group.after.add(one);
  }

  /** The groups that hold an earlier row of its id, or of a key. */
  #earlier({ id, keys }: Member): readonly Group[] {
    const same = this.#byId.get(nameOfId(id));
    if (keys.length === 0) return same === undefined ? NONE : [same];
    const others = keys.flatMap((key) => this.#byKey.get(key) ?? NONE);
    return same === undefined ? others : [same, ...others];
  }

  /** The group that takes this row. */
  #batched(member: Member, envelope: Envelope, earlier: readonly Group[]): Group {
    const { size = 1, bytes = Number.POSITIVE_INFINITY } = this.#request.batch ?? {};
    for (const one of earlier) this.#close(one);
    const key = this.#keyOf(envelope) + (member.apart === '' ? '' : `\n${member.apart}`);
    const more = bytes === Number.POSITIVE_INFINITY ? 0 : this.#sizeOf(member);
    let group = this.#open.get(key);
    if (group !== undefined && group.bytes + more > bytes) {
      this.#close(group);
      group = undefined;
    }
    const begun = group?.index ?? -1;
    if (group === undefined || earlier.some(({ index }) => index > begun)) {
      group = this.#begin(envelope, key);
      this.#open.set(key, group);
    }
    group.bytes += more;
    if (group.rows.length + 1 >= size) this.#close(group);
    return group;
  }

  #keyOf(envelope: Envelope): string {
    if (this.#latest.envelope !== envelope) this.#latest = { envelope, key: envelopeKey(envelope) };
    return this.#latest.key;
  }

  /** Bytes of a row's part of a body, about: what surrounds it is little. */
  #sizeOf({ item, row }: Member): number {
    if (item instanceof Uint8Array) return item.length + 1;
    const part = this.#request.item === undefined ? row.fields.record() : item;
    return Buffer.byteLength(stringifyJson(part ?? null)) + 1;
  }

  #begin(envelope: Envelope, key: string): Group {
    const group: Group = { index: this.groups.length, envelope, rows: [], bytes: 0, key, after: undefined };
    this.groups.push(group);
    return group;
  }

  #close(group: Group): void {
    if (this.#open.get(group.key) === group) this.#open.delete(group.key);
  }
}

/** Of all that a request reads of steps, what is read once for all of its rows. */
function sharedSteps(request: Request): string[] {
  const templates = templatesOfBatch(request);
  return [...request.readsSteps].filter((name) => templates.some((template) => template?.names.has(`steps.${name}`)));
}

const NONE: readonly never[] = [];

/** Ids are compared as JSON: the number 1 and the text "1" are two. No harm is done where a text looks like what is made of others: one row waits. */
function nameOfId(id: unknown): unknown {
  return typeof id === 'object' ? `\0${stringifyJson(id)}` : id;
}
