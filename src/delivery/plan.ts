/** Puts the rows of a call into requests: rules first, then rows that may share a request together, in order. Bodies are written when they are sent. */

import { baseFor } from '../destination/bind.ts';
import type { Request } from '../destination/destination.ts';
import { templatesBeforeBody, templatesOfBatch } from '../destination/lookups-read.ts';
import { stringifyJson } from '../numbers.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope } from '../template/scope.ts';
import type { ValueTemplate } from '../template/template.ts';
import { textsOf } from '../template/text.ts';
import { renderAuth } from './auth.ts';
import { formOfItems, type ItemForm, renderBody, renderItem } from './body.ts';
import { ACCEPTED, type Call, type PlannedRequest, type PlannedRow, rejected, type Verdict, type World } from './call.ts';
import { type Envelope, envelopeKey, envelopes, readsRow } from './envelope.ts';
import { keyPart, stableKey } from './idempotency.ts';
import { lazy } from './lazy.ts';
import { reasonText } from './reason.ts';
import { type CallRow, type CallRows, unrendered } from './rows.ts';

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

export interface Written {
  readonly requests: readonly PlannedRequest[];
  /** Rows for which no body can be made, by position. */
  readonly settled: ReadonlyMap<number, Verdict>;
}

/**
 * @param now when the call began, milliseconds since 1970
 * @param uuid a new one each time, for idempotency keys
 * @param breathe asked after every row
 * @param closing ends the planning: rows that it did not come to are neither settled nor in a request
 */
export async function planRequests(
  call: Call,
  request: Request,
  { common, rows }: Pick<CallRows, 'common' | 'rows'>,
  now: number,
  uuid: () => string,
  breathe: World['breathe'],
  closing: AbortSignal,
): Promise<Plan> {
  const planner = new Planner(call, request, common, new Date(now).toISOString(), uuid);
  for (const row of rows) {
    if (closing.aborted) break;
    planner.add(row);
    const breath = breathe();
    if (breath !== undefined) await breath;
  }
  return planner;
}

/** A row with its part of a request. */
class Member implements PlannedRow {
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
  readonly #call: Call;
  readonly #uuid: () => string;
  readonly #request: Request;
  readonly #common: Scope;
  /** The group of each envelope that still takes rows. */
  readonly #open = new Map<string, Group>();
  /** The latest group that holds a row of this id, or of this key. */
  readonly #holders = new Map<string, Group>();
  readonly #envelopeOf: (scope: Scope) => Envelope;
  /** The kept answers that the body of a batch or the reading of its answer reads: rows of one request must share them. */
  readonly #shared: readonly string[];
  readonly #itemForm: ItemForm;
  /** Whether items are made with their body: so that not all of a call's are held. Else their size tells which share a body. */
  readonly #itemsLate: boolean;
  /** Whether what a row does not share with the others is read before its body is made. */
  readonly #readsRow: boolean;
  /** What of the rows the templates of a batch read. */
  readonly #reads: ReadonlySet<string>;
  /** Rows mostly have the same. */
  #latest: { readonly envelope: Envelope | undefined; readonly key: string } = { envelope: undefined, key: '' };
  /** Numbers for what may not be compared as text. */
  readonly #numbers = new Map<object, number>();

  constructor(call: Call, request: Request, common: Scope, now: string, uuid: () => string) {
    this.#call = call;
    this.#request = request;
    this.#common = common;
    this.#uuid = uuid;
    const { bound, configuration } = call;
    const base = lazy(() => baseFor(bound, configuration.config));
    this.#envelopeOf = envelopes(
      request,
      base,
      lazy(() => renderAuth(bound, now)),
      common,
    );
    this.#itemForm = formOfItems(request);
    this.#itemsLate = this.#itemForm !== 'values' && request.batch?.bytes === Number.POSITIVE_INFINITY;
    this.#readsRow = templatesBeforeBody(request).some(readsRow);
    this.#reads = new Set(templatesOfBatch(request).flatMap((template) => [...(template?.names ?? [])]));
    this.#shared = request.batch === undefined ? [] : sharedSteps(request);
  }

  add(row: CallRow): void {
    try {
      const scope = this.#readsRow ? row.scope : this.#common;
      const verdict = this.#ruled(scope);
      if (verdict === undefined) this.#place(this.#member(row, scope), this.#envelopeOf(scope));
      else this.settled.set(row.position, verdict);
    } catch (error) {
      this.settled.set(row.position, unrendered(error));
    }
  }

  write({ envelope, rows }: Group, goOn: () => Promise<boolean>): Written | Promise<Written> {
    if (!this.#itemsLate) return this.#write(envelope, rows, goOn);
    const settled = new Map<number, Verdict>();
    const members = rows.filter((member) => this.#makeItem(member, settled));
    if (members.length === 0) return { requests: [], settled };
    const written = this.#write(envelope, members, goOn);
    const done = (own: Written): Written => {
      for (const member of members) member.item = undefined;
      return settled.size === 0 ? own : { requests: own.requests, settled: new Map([...settled, ...own.settled]) };
    };
    return written instanceof Promise ? written.then(done) : done(written);
  }

  #write(envelope: Envelope, rows: readonly Member[], goOn: () => Promise<boolean>): Written | Promise<Written> {
    const whole = this.#whole(envelope, rows);
    return 'outbound' in whole ? { requests: [whole], settled: NO_ROWS } : this.#split(envelope, rows, whole, goOn);
  }

  /** Whether there is one for this row. */
  #makeItem(member: Member, settled: Map<number, Verdict>): boolean {
    try {
      member.item = this.#itemText(member);
      return true;
    } catch (error) {
      settled.set(member.position, unrendered(error));
      return false;
    }
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
    const own = this.#itemsLate ? undefined : item === undefined ? null : renderItem(item, this.#itemForm, scope);
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
    const names = namesOf(member);
    const earlier = names.flatMap((name) => this.#holders.get(name) ?? NONE);
    const group = this.#request.batch === undefined ? this.#begin(envelope, '') : this.#batched(member, envelope, earlier);
    group.rows.push(member);
    for (const name of names) this.#holders.set(name, group);
    if (earlier.length === 0) return;
    group.after ??= new Set();
    for (const one of earlier) group.after.add(one);
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
    const part = this.#request.item === undefined ? row.record.whole() : item;
    return Buffer.byteLength(this.#itemForm === 'values' ? stringifyJson(part ?? null) : String(part)) + 1;
  }

  #begin(envelope: Envelope, key: string): Group {
    const group: Group = { index: this.groups.length, envelope, rows: [], bytes: 0, key, after: undefined };
    this.groups.push(group);
    return group;
  }

  #close(group: Group): void {
    if (this.#open.get(group.key) === group) this.#open.delete(group.key);
  }

  /** Of a batch whose items are texts. @throws {Fault} */
  #itemText({ item: made, row }: Member): string {
    const { item } = this.#request;
    return String(made ?? (item && renderItem(item, this.#itemForm, row.scope)));
  }

  /** One request for all of them, or why there is none. */
  #whole(envelope: Envelope, members: readonly Member[]): PlannedRequest | Verdict {
    try {
      return this.#one(envelope, members);
    } catch (error) {
      return unrendered(error);
    }
  }

  /** A body that fails is split until it fails for one row alone: the others are still sent. */
  async #split(envelope: Envelope, members: readonly Member[], why: Verdict, goOn: () => Promise<boolean>): Promise<Written> {
    const [first] = members;
    if (first !== undefined && members.length === 1) return { requests: [], settled: new Map([[first.position, why]]) };
    const half = Math.ceil(members.length / 2);
    const requests: PlannedRequest[] = [];
    const settled = new Map<number, Verdict>();
    for (const part of [members.slice(0, half), members.slice(half)]) {
      if (!(await goOn())) continue;
      const whole = this.#whole(envelope, part);
      const written =
        'outbound' in whole ? { requests: [whole], settled: NO_ROWS } : await this.#split(envelope, part, whole, goOn);
      requests.push(...written.requests);
      for (const [position, verdict] of written.settled) settled.set(position, verdict);
    }
    return { requests, settled };
  }

  /** @throws {Fault} where the body fails for these rows */
  #one(envelope: Envelope, members: readonly Member[]): PlannedRequest {
    const request = this.#request;
    const [first] = members;
    if (first === undefined) throw new RangeError('a request without rows');
    const scope = request.batch === undefined ? first.scope : this.#batchScope(first, members);
    const items = this.#itemForm === 'values' ? undefined : members.map((member) => this.#itemText(member));
    const body = renderBody(request.body, scope, items);
    checkSize(body, request.batch?.bytes, members.length);
    const { method, url, auth, rates } = envelope;
    const headers = request.idempotency === undefined ? envelope.headers : { ...envelope.headers, ...this.#keyHeader(members) };
    const part = (places: readonly number[]): PlannedRequest =>
      this.#one(
        envelope,
        places.flatMap((place) => members[place] ?? []),
      );
    return { request, rows: members, scope, outbound: { method, url, headers, body }, auth, rates, urgent: false, part };
  }

  #keyHeader(members: readonly Member[]): Readonly<Record<string, string>> {
    const { idempotency, name } = this.#request;
    if (idempotency === undefined) return {};
    const own = members.length === 1 ? members[0]?.scope.get('idempotency_key') : undefined;
    const parts = members.map((member) => member.keyPart);
    const stable = () => stableKey([this.#call.bound.destination.id, name, parts]);
    const key = idempotency.by !== undefined ? stable() : typeof own === 'string' ? own : this.#uuid();
    return { [idempotency.header]: key };
  }

  #batchScope(first: Member, members: readonly Member[]): Scope {
    const { steps } = first.row;
    return this.#common.with({
      ...(this.#reads.has('items') && this.#itemForm === 'values' && { items: members.map(({ item }) => item) }),
      ...(this.#reads.has('records') && { records: members.map(({ row }) => row.record.whole()) }),
      ...(this.#reads.has('rows') && { rows: members.map(({ row }) => row.source) }),
      count: members.length,
      ...(steps.size > 0 && { steps: Object.fromEntries(steps) }),
    });
  }
}

/** Of all that a request reads of steps, what is read once for all of its rows. */
function sharedSteps(request: Request): string[] {
  const templates = templatesOfBatch(request);
  return [...request.readsSteps].filter((name) => templates.some((template) => template?.names.has(`steps.${name}`)));
}

/** @throws {Fault} where the body is over the bound: it is split down to the rows that are */
function checkSize(body: string | undefined, most: number | undefined, rows: number): void {
  if (body === undefined || most === undefined || body.length * 3 <= most) return;
  const bytes = Buffer.byteLength(body);
  if (bytes > most)
    throw renderFault(
      'size',
      `${rows === 1 ? 'this row alone makes' : `${rows} rows make`} a body of ${bytes} bytes; batch.bytes allows ${most}`,
    );
}

const NONE: readonly never[] = [];
const NO_ROWS: ReadonlyMap<number, Verdict> = new Map();

/** By which rows find those of the same id or key. */
function namesOf({ id, keys }: Member): readonly string[] {
  const name = nameOfId(id);
  return keys.length === 0 ? [name] : [name, ...keys.map((key) => `key:${key}`)];
}

/** Ids are compared as JSON: the number 1 and the text "1" are two. */
function nameOfId(id: unknown): string {
  if (typeof id === 'string') return `"${id}`;
  return typeof id === 'number' ? `${id}` : stringifyJson(id);
}
