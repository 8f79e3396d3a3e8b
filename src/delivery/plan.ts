/** Turns the rows of a call into requests: rules first, then rows that may share a request are put together, in order. */

import { createHash } from 'node:crypto';
import { baseFor } from '../destination/bind.ts';
import type { Request } from '../destination/destination.ts';
import { recordMaker, unreadableMapping } from '../destination/mappings.ts';
import { ROW_NAMES } from '../destination/names.ts';
import { Fault } from '../fault.ts';
import { stringifyJson } from '../numbers.ts';
import { type Scope, scopeOf } from '../template/scope.ts';
import { scalarText } from '../template/text.ts';
import { renderAuth } from './auth.ts';
import { renderBody } from './body.ts';
import { ACCEPTED, type Call, type PlannedRequest, type PlannedRow, rejected, type Verdict } from './call.ts';
import { type Envelope, renderEnvelope } from './envelope.ts';
import { lazy } from './lazy.ts';
import { reasonText } from './reason.ts';

export interface Plan {
  readonly requests: readonly PlannedRequest[];
  /** Rows that need no request, by position: settled by rules, or failed to render. */
  readonly settled: ReadonlyMap<number, Verdict>;
}

/**
 * @param now when the call began, milliseconds since 1970
 * @param uuid a new one each time, for idempotency keys
 * @param breathe awaited after every row
 * @param closing ends the planning: rows that it did not come to are neither settled nor in a request
 */
export async function planRequests(
  call: Call,
  now: number,
  uuid: () => string,
  breathe: () => Promise<void>,
  closing: AbortSignal,
): Promise<Plan> {
  const planner = new Planner(call, new Date(now).toISOString(), uuid);
  for (const [position, row] of call.rows.entries()) {
    if (closing.aborted) break;
    planner.add(position, row);
    await breathe();
  }
  for (const group of planner.groups()) {
    if (closing.aborted) break;
    await planner.write(group, async () => {
      await breathe();
      return !closing.aborted;
    });
    await breathe();
  }
  return planner;
}

interface Member {
  readonly row: PlannedRow;
  readonly record: Readonly<Record<string, unknown>>;
  readonly source: Readonly<Record<string, unknown>>;
  readonly item: unknown;
  /** What its request's idempotency key is made from. */
  readonly keyPart: string | undefined;
}

/** Rows that will share a request. */
interface Group {
  /** Its place among the groups, which are sent in this order. */
  readonly index: number;
  readonly envelope: Envelope;
  readonly members: Member[];
  /** All of them with a lower index. */
  readonly after: Set<Group>;
}

class Planner implements Plan {
  readonly requests: PlannedRequest[] = [];
  readonly settled = new Map<number, Verdict>();
  readonly #call: Call;
  readonly #uuid: () => string;
  readonly #common: Scope;
  /** What a later group waits for. */
  readonly #written = new Map<Group, readonly PlannedRequest[]>();
  readonly #groups: Group[] = [];
  /** The group of each envelope that still takes rows. */
  readonly #open = new Map<string, Group>();
  /** The latest group that holds a row of this id, or of this key. */
  readonly #holders = new Map<string, Group>();
  readonly #record: (row: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  readonly #unreadable: string | undefined;
  readonly #envelopeOf: (scope: Scope) => Envelope;

  constructor(call: Call, now: string, uuid: () => string) {
    this.#uuid = uuid;
    const { bound, configuration, operation, object, mode, request, lookups } = call;
    this.#call = call;
    this.#record = recordMaker(configuration.mappings);
    this.#unreadable = unreadableMapping(configuration.mappings);
    this.#common = scopeOf({
      settings: bound.settings.values,
      vars: bound.destination.vars,
      now,
      lookups,
      config: configuration.config,
      operation,
      object,
      mode,
      identifier: configuration.mappings.identifier[0]?.to,
    });
    this.#envelopeOf = envelopes(request, call, now, this.#common);
  }

  add(position: number, source: Readonly<Record<string, unknown>>): void {
    try {
      if (this.#unreadable !== undefined) throw new Fault({ code: 'render.mapping', sentence: this.#unreadable });
      const record = this.#record(source);
      const id = source[this.#call.idColumn];
      const own = { row: source, record, id, position };
      const scope = this.#common.with(this.#call.request.readsKey ? { ...own, idempotency_key: this.#uuid() } : own);
      const verdict = this.#ruled(scope);
      if (verdict === undefined) this.#place(this.#member(position, id, source, record, scope), this.#envelopeOf(scope));
      else this.settled.set(position, verdict);
    } catch (error) {
      this.settled.set(position, unrendered(error));
    }
  }

  groups(): readonly Group[] {
    return this.#groups;
  }

  /**
   * Renders a group; what waits for one of which nothing is left waits for what that would have waited for.
   * @param goOn asked between the parts of a group that must be split: splitting one can be much work
   */
  async write(group: Group, goOn: () => Promise<boolean>): Promise<void> {
    const after = [...group.after].flatMap((one) => this.#written.get(one) ?? []);
    const requests = await this.#render(group.envelope, group.members, after, goOn);
    this.#written.set(group, requests.length > 0 ? requests : after);
    this.requests.push(...requests);
  }

  #ruled(scope: Scope): Verdict | undefined {
    const rule = this.#call.request.rules.find((one) => one.if.ask(scope));
    if (rule === undefined) return undefined;
    return rule.then === 'accept'
      ? ACCEPTED
      : rejected('rule', reasonText(rule.reason?.value(scope)) ?? 'rejected by a rule of the manifest');
  }

  #member(position: number, id: unknown, source: Member['source'], record: Member['record'], scope: Scope): Member {
    const { response, item } = this.#call.request;
    const key = scalarText(response.key?.value(scope));
    const row = { position, id, scope, key: key === '' ? undefined : key };
    return { row, record, source, item: item?.value(scope) ?? null, keyPart: this.#keyPart(scope) };
  }

  /**
   * Rows of one id or key go one after the other. A group that holds the earlier one is closed, and the later row joins
   * only a group that was begun after it: so groups wait for earlier ones alone, and no two can wait for each other.
   */
  #place(member: Member, envelope: Envelope): void {
    const size = this.#call.request.batch?.size ?? 1;
    const names = [`id:${scalarId(member.row.id)}`, ...(member.row.key === undefined ? [] : [`key:${member.row.key}`])];
    const earlier = new Set(names.flatMap((name) => this.#holders.get(name) ?? []));
    for (const one of earlier) this.#close(one);
    let group = this.#open.get(envelope.key);
    const begun = group?.index ?? -1;
    if (group === undefined || [...earlier].some(({ index }) => index > begun)) {
      group = { index: this.#groups.length, envelope, members: [], after: new Set() };
      this.#groups.push(group);
      this.#open.set(envelope.key, group);
    }
    group.members.push(member);
    for (const one of earlier) group.after.add(one);
    for (const name of names) this.#holders.set(name, group);
    if (group.members.length >= size) this.#close(group);
  }

  #close(group: Group): void {
    if (this.#open.get(group.envelope.key) === group) this.#open.delete(group.envelope.key);
  }

  /** A body that fails is split until it fails for one row alone: the others are still sent. */
  async #render(
    envelope: Envelope,
    members: readonly Member[],
    after: readonly PlannedRequest[],
    goOn: () => Promise<boolean>,
  ): Promise<PlannedRequest[]> {
    const { request } = this.#call;
    const [first] = members;
    if (first === undefined) return [];
    const scope = request.batch === undefined ? first.row.scope : this.#batchScope(members);
    try {
      const body = renderBody(request.body, scope);
      const { method, url, auth, rates } = envelope;
      const outbound = { method, url, headers: { ...envelope.headers, ...this.#keyHeader(members) }, body };
      return [{ request, rows: members.map(({ row }) => row), scope, outbound, auth, rates, urgent: false, after }];
    } catch (error) {
      const verdict = unrendered(error);
      if (members.length === 1) {
        this.settled.set(first.row.position, verdict);
        return [];
      }
      const half = Math.ceil(members.length / 2);
      const requests: PlannedRequest[] = [];
      for (const part of [members.slice(0, half), members.slice(half)])
        if (await goOn()) requests.push(...(await this.#render(envelope, part, after, goOn)));
      return requests;
    }
  }

  #keyPart(scope: Scope): string | undefined {
    const by = this.#call.request.idempotency?.by;
    if (by === undefined) return undefined;
    const part = scalarText(by.value(scope));
    if (part === '') throw new Fault({ code: 'render.idempotency', sentence: 'idempotency.by gave nothing for this row' });
    return part;
  }

  /** The same key for the same rows in every call where `by` says so, else a new one; a retry sends the same bytes. */
  #keyHeader(members: readonly Member[]): Readonly<Record<string, string>> {
    const { idempotency, name } = this.#call.request;
    if (idempotency === undefined) return {};
    const [first] = members;
    const own = first?.row.scope.get('idempotency_key');
    if (idempotency.by === undefined)
      return { [idempotency.header]: typeof own === 'string' && members.length === 1 ? own : this.#uuid() };
    const parts = members.map(({ keyPart }) => keyPart);
    const digest = createHash('sha256')
      .update(JSON.stringify([this.#call.bound.destination.id, name, parts]))
      .digest('hex');
    return { [idempotency.header]: digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5') };
  }

  #batchScope(members: readonly Member[]): Scope {
    return this.#common.with({
      items: members.map(({ item }) => item),
      records: members.map(({ record }) => record),
      rows: members.map(({ source }) => source),
      count: members.length,
    });
  }
}

/** An envelope that reads nothing of a row is rendered once for the call. */
function envelopes(request: Request, { bound, configuration }: Call, now: string, common: Scope): (scope: Scope) => Envelope {
  const auth = lazy(() => renderAuth(bound, now));
  const base = lazy(() => baseFor(bound, configuration.config));
  const names = [
    ...(typeof request.method === 'string' ? [] : [request.method]),
    request.path.template,
    ...request.query,
    ...request.headers,
    ...request.rateLimits.flatMap(({ by }) => by ?? []),
  ].flatMap((template) => [...template.names]);
  if (names.some((name) => ROW_NAMES.has(name))) return (scope) => renderEnvelope(request, base(), auth(), scope);
  return lazy(() => renderEnvelope(request, base(), auth(), common));
}

/** Ids are compared as JSON: the number 1 and the text "1" are two. */
function scalarId(id: unknown): string {
  return stringifyJson(id);
}

function unrendered(error: unknown): Verdict {
  if (error instanceof Fault) return rejected('not-sent', `not sent: ${error.message}`);
  throw error;
}
