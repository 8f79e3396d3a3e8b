/** Turns the rows of a call into requests: rules first, then rows that may share a request are put together, in order. */

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

/** After so many rows other work may run. */
const ROWS_PER_BREATH = 100;

/**
 * @param now when the call began, milliseconds since 1970
 * @param breathe awaited every so many rows
 */
export async function planRequests(call: Call, now: number, breathe: () => Promise<void>): Promise<Plan> {
  const planner = new Planner(call, new Date(now).toISOString());
  for (const [position, row] of call.rows.entries()) {
    planner.add(position, row);
    if (position % ROWS_PER_BREATH === ROWS_PER_BREATH - 1) await breathe();
  }
  return planner.finish();
}

interface Member {
  readonly row: PlannedRow;
  readonly record: Readonly<Record<string, unknown>>;
  readonly source: Readonly<Record<string, unknown>>;
  readonly item: unknown;
}

/** Rows that will share a request. */
interface Group {
  readonly envelope: Envelope;
  readonly members: Member[];
  readonly after: Set<Group>;
  closed: boolean;
}

class Planner {
  readonly #call: Call;
  readonly #common: Scope;
  readonly #settled = new Map<number, Verdict>();
  readonly #groups: Group[] = [];
  /** The group of each envelope that still takes rows. */
  readonly #open = new Map<string, Group>();
  /** The latest group that holds a row of this id, or of this key. */
  readonly #holders = new Map<string, Group>();
  readonly #record: (row: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  readonly #unreadable: string | undefined;
  readonly #envelopeOf: (scope: Scope) => Envelope;

  constructor(call: Call, now: string) {
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
      const scope = this.#common.with({ row: source, record, id, position });
      const verdict = this.#ruled(scope);
      if (verdict === undefined) this.#place(this.#member(position, id, source, record, scope), this.#envelopeOf(scope));
      else this.#settled.set(position, verdict);
    } catch (error) {
      this.#settled.set(position, unrendered(error));
    }
  }

  finish(): Plan {
    const planned = new Map<Group, PlannedRequest>();
    for (const group of this.#groups) {
      try {
        planned.set(group, this.#render(group, planned));
      } catch (error) {
        for (const { row } of group.members) this.#settled.set(row.position, unrendered(error));
      }
    }
    return { requests: [...planned.values()], settled: this.#settled };
  }

  #ruled(scope: Scope): Verdict | undefined {
    const rule = this.#call.request.rules.find((one) => one.if.ask(scope));
    if (rule === undefined) return undefined;
    return rule.then === 'accept'
      ? ACCEPTED
      : rejected(reasonText(rule.reason?.value(scope)) ?? 'rejected by a rule of the manifest');
  }

  #member(position: number, id: unknown, source: Member['source'], record: Member['record'], scope: Scope): Member {
    const { response, item } = this.#call.request;
    const key = scalarText(response.key?.value(scope));
    return { row: { position, id, scope, key: key === '' ? undefined : key }, record, source, item: item?.value(scope) ?? null };
  }

  /**
   * Rows of one id or key go one after the other. A group that holds an earlier one is closed before the later row is
   * placed, so what a group waits for never changes afterwards, and no two groups can wait for each other.
   */
  #place(member: Member, envelope: Envelope): void {
    const size = this.#call.request.batch?.size ?? 1;
    const names = [`id:${scalarId(member.row.id)}`, ...(member.row.key === undefined ? [] : [`key:${member.row.key}`])];
    const earlier = new Set(names.flatMap((name) => this.#holders.get(name) ?? []));
    for (const group of earlier) this.#close(group);
    let group = this.#open.get(envelope.key);
    if (group === undefined || group.closed) {
      group = { envelope, members: [], after: new Set(), closed: false };
      this.#groups.push(group);
      this.#open.set(envelope.key, group);
    }
    group.members.push(member);
    for (const one of earlier) group.after.add(one);
    for (const name of names) this.#holders.set(name, group);
    if (group.members.length >= size) this.#close(group);
  }

  #close(group: Group): void {
    group.closed = true;
    if (this.#open.get(group.envelope.key) === group) this.#open.delete(group.envelope.key);
  }

  #render(group: Group, planned: ReadonlyMap<Group, PlannedRequest>): PlannedRequest {
    const { request } = this.#call;
    const { members, envelope } = group;
    const [first] = members;
    const scope = request.batch === undefined && first !== undefined ? first.row.scope : this.#batchScope(members);
    return {
      request,
      rows: members.map(({ row }) => row),
      scope,
      outbound: { method: envelope.method, url: envelope.url, headers: envelope.headers, body: renderBody(request.body, scope) },
      after: [...group.after].flatMap((one) => planned.get(one) ?? []),
    };
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
  ].flatMap((template) => [...template.names]);
  if (names.some((name) => ROW_NAMES.has(name))) return (scope) => renderEnvelope(request, base(), auth(), scope);
  return lazy(() => renderEnvelope(request, base(), auth(), common));
}

/** Ids are compared as JSON: the number 1 and the text "1" are two. */
function scalarId(id: unknown): string {
  return stringifyJson(id);
}

function unrendered(error: unknown): Verdict {
  if (error instanceof Fault) return rejected(`not sent: ${error.message}`);
  throw error;
}
