/** Makes the requests of rows that go together: their bodies are written when it is time to send them. */

import { namesOf } from '../destination/body.ts';
import type { Request } from '../destination/destination.ts';
import { templatesOfBatch } from '../destination/lookups-read.ts';
import { CLOSE_LIST, COMMA, OPEN_LIST } from '../json/scan.ts';
import { type JsonWriter, WrittenJson, withWriter } from '../json/writer.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope, Values } from '../template/scope.ts';
import { looksIntoItems, renderBody } from './body.ts';
import type { Call, PlannedRequest, Verdict } from './call.ts';
import type { Envelope } from './envelope.ts';
import { stableKey } from './idempotency.ts';
import type { Member } from './member.ts';
import { unrendered } from './rows.ts';

export interface Written {
  readonly requests: readonly PlannedRequest[];
  /** Rows for which no body can be made, by position. */
  readonly settled: ReadonlyMap<number, Verdict>;
}

export class Writer {
  /** Whether items are made with their body, so that not all of a call's are held. Else their size tells which share a body. */
  readonly itemsLate: boolean;
  readonly #call: Call;
  readonly #request: Request;
  readonly #common: Scope;
  readonly #uuid: () => string;
  /** How items are written, where they are only printed. */
  readonly #form: 'json' | 'lines' | undefined;
  /** What of the rows of a batch its body reads, and what its answer is read with. */
  readonly #bodyReads: ReadonlySet<string>;
  readonly #answerReads: ReadonlySet<string>;

  constructor(call: Call, request: Request, common: Scope, uuid: () => string) {
    this.#call = call;
    this.#request = request;
    this.#common = common;
    this.#uuid = uuid;
    this.itemsLate = request.item !== undefined && request.batch?.bytes === Number.POSITIVE_INFINITY;
    this.#form = looksIntoItems(request) ? undefined : request.body.kind === 'ndjson' ? 'lines' : 'json';
    this.#bodyReads = namesOf(request.body);
    const answer = templatesOfBatch({ body: { kind: 'none' }, response: request.response });
    this.#answerReads = new Set(answer.flatMap((template) => [...(template?.names ?? [])]));
  }

  /** A row's part of a body: as it is written, where it is only printed. @throws {Fault} */
  item(scope: Scope): unknown {
    if (this.#form === undefined) return this.#request.item?.value(scope) ?? null;
    return withWriter((out) => {
      this.#writeItem(scope, out);
      return out.copied();
    });
  }

  /** One request for all of them; where no body can be made for all, one for each part for which it can. */
  write(envelope: Envelope, rows: readonly Member[], goOn: () => Promise<boolean>): Written | Promise<Written> {
    if (!this.itemsLate) return this.#write(envelope, rows, undefined, goOn);
    const settled = new Map<number, Verdict>();
    const written = withWriter((out) => {
      const members = this.#itemsInto(out, rows, (member, error) => settled.set(member.position, unrendered(error)));
      if (members.length === 0) return { requests: [], settled };
      return this.#write(envelope, members, this.#form && new WrittenJson(out.written), goOn);
    });
    const done = (own: Written): Written => {
      for (const member of rows) member.item = undefined;
      return settled.size === 0 ? own : { requests: own.requests, settled: new Map([...settled, ...own.settled]) };
    };
    return written instanceof Promise ? written.then(done) : done(written);
  }

  /** @param items of all of them, where they are written */
  #write(
    envelope: Envelope,
    rows: readonly Member[],
    items: WrittenJson | undefined,
    goOn: () => Promise<boolean>,
  ): Written | Promise<Written> {
    const whole = this.#whole(envelope, rows, items);
    return 'outbound' in whole ? { requests: [whole], settled: NO_ROWS } : this.#split(envelope, rows, whole, goOn);
  }

  /** Makes the items that are not made yet. Gives the members that have one. @param failed told of the others */
  #itemsInto(out: JsonWriter, members: readonly Member[], failed: (member: Member, error: unknown) => void): readonly Member[] {
    if (this.#form === 'json') out.byte(OPEN_LIST);
    const made = members.filter((member) => {
      const before = out.length;
      try {
        if (this.#form === undefined) member.item ??= this.item(member.scope);
        else if (member.item instanceof Uint8Array) out.copy(member.item);
        else this.#writeItem(member.scope, out);
        if (this.#form === 'json') out.byte(COMMA);
        return true;
      } catch (error) {
        out.backTo(before);
        failed(member, error);
        return false;
      }
    });
    if (this.#form === 'json') out.close(CLOSE_LIST);
    return made;
  }

  #writeItem(scope: Scope, out: JsonWriter): void {
    const { item } = this.#request;
    if (this.#form === 'lines') item?.writeLines(scope, out);
    else if (item?.write(scope, out) !== true) out.value(null);
  }

  /** What templates see as `items`. Parts of a request that was written before are written anew. */
  #itemsOf(members: readonly Member[]): unknown {
    return withWriter((out) => {
      this.#itemsInto(out, members, (_, error) => {
        throw error;
      });
      return this.#form === undefined ? members.map(({ item }) => item) : new WrittenJson(out.copied());
    });
  }

  /** One request for all of them, or why there is none. */
  #whole(envelope: Envelope, members: readonly Member[], items?: WrittenJson): PlannedRequest | Verdict {
    try {
      return this.#one(envelope, members, items);
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
  #one(envelope: Envelope, members: readonly Member[], items?: WrittenJson): PlannedRequest {
    const request = this.#request;
    const [first] = members;
    if (first === undefined) throw new RangeError('a request without rows');
    const scope = request.batch === undefined ? first.scope : this.#batchScope(first, members);
    // What only the body reads, all rows once more, is not kept until the answer.
    const seen = request.batch === undefined ? scope : scope.with(this.#rowsFor(this.#bodyReads, members, items));
    const body = renderBody(request.body, seen);
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
      count: members.length,
      ...(steps.size > 0 && { steps: Object.fromEntries(steps) }),
      ...this.#rowsFor(this.#answerReads, members),
    });
  }

  #rowsFor(reads: ReadonlySet<string>, members: readonly Member[], items?: WrittenJson): Values {
    return {
      ...(reads.has('items') && { items: items ?? this.#itemsOf(members) }),
      ...(reads.has('records') && { records: members.map(({ row }) => row.fields.record()) }),
      ...(reads.has('rows') && { rows: members.map(({ row }) => row.fields.row()) }),
    };
  }
}

/** @throws {Fault} where the body is over the bound: it is split down to the rows that are */
function checkSize(body: Buffer | undefined, most: number | undefined, rows: number): void {
  if (body === undefined || most === undefined || body.length <= most) return;
  const whose = rows === 1 ? 'this row alone makes' : `${rows} rows make`;
  throw renderFault('size', `${whose} a body of ${body.length} bytes; batch.bytes allows ${most}`);
}

const NO_ROWS: ReadonlyMap<number, Verdict> = new Map();
