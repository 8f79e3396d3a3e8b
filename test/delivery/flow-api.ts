/** An API for the flows of `arbitrary-flows.ts`, with a true ledger of what it took; faults come between it and its caller. */

import assert from 'node:assert/strict';
import type { Clock } from '../../src/delivery/call.ts';
import type { Answer, OutboundRequest, Reply, SendOptions } from '../../src/outbound/exchange.ts';
import { type FlowRow, type FlowShape, JOB_TIMEOUT } from './arbitrary-flows.ts';
import { broken, json, text } from './calling.ts';

/** What may happen to one request. */
export type FlowFault =
  | { readonly kind: 'none' }
  /** Before the API does anything, or when all is done. */
  | { readonly kind: 'status'; readonly status: number; readonly after: string | undefined; readonly done: boolean }
  | { readonly kind: 'reset'; readonly done: boolean }
  | { readonly kind: 'cut off' | 'empty' | 'no list' | 'bug' | 'abort' }
  /** Of the rows only some are taken: the others are said to be refused. */
  | { readonly kind: 'partial'; readonly but: number }
  /** Beside the truth about a row the opposite is said. */
  | { readonly kind: 'contradiction'; readonly at: number }
  /** One row is left out of the results, or a stranger is in them. */
  | { readonly kind: 'missing' | 'stranger'; readonly at: number };

interface Result {
  readonly k: string;
  readonly at: number;
  readonly ok: boolean;
  readonly code: number;
  readonly after: number;
  readonly why: string;
}

interface RunningJob {
  readonly bytes: string;
  readonly results: readonly Result[];
  readonly begun: number;
  looks: number;
}

export const REFUSED = 'refused by the API';

export class FlowApi {
  /** How many times each row was taken, by `what n`. */
  readonly taken = new Map<string, number>();
  /** How many times each group was made. */
  readonly groups = new Map<string, number>();
  /** Rows of which something untrue was said. */
  readonly contradicted = new Set<number>();
  jobsBegun = 0;
  readonly #made: FlowShape;
  readonly #rows: readonly FlowRow[];
  readonly #clock: Clock;
  readonly #busy = new Map<number, number>();
  readonly #jobs = new Map<string, RunningJob>();

  constructor(made: FlowShape, rows: readonly FlowRow[], clock: Clock) {
    this.#made = made;
    this.#rows = rows;
    this.#clock = clock;
  }

  /** How many times the row was taken by what it went to. */
  times(what: 'send' | 'change' | 'tag', n: number): number {
    return this.taken.get(`${what} ${n}`) ?? 0;
  }

  async answer(request: OutboundRequest, fault: FlowFault, signal: SendOptions['signal']): Promise<Reply> {
    switch (fault.kind) {
      case 'status': {
        if (fault.done) this.#honest(request, fault);
        const headers = fault.after === undefined ? undefined : { 'retry-after': fault.after };
        return json(fault.status, { message: 'a fault' }, headers);
      }
      case 'reset':
        if (fault.done) this.#honest(request, fault);
        return fault.done ? broken('ECONNRESET') : broken('ECONNREFUSED', 'before');
      case 'bug':
        throw new Error('bug');
      case 'abort':
        if (signal?.aborted === false)
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        return broken('ABORTED');
      case 'cut off': {
        const answer = this.#honest(request, fault);
        return { ...answer, body: answer.body.slice(0, -2) };
      }
      case 'empty':
        return text(this.#honest(request, fault).status, '');
      case 'no list': {
        const { status } = this.#honest(request, fault);
        return this.#says(status, { results: 'fine', errors: true, even: 1, odd: 'none' });
      }
      case 'none':
      case 'partial':
      case 'contradiction':
      case 'missing':
      case 'stranger':
        return this.#honest(request, fault);
    }
  }

  #honest({ method, url, body }: OutboundRequest, fault: FlowFault): Answer {
    const { pathname, searchParams } = new URL(url);
    if (pathname === '/find') return json(200, { old: this.#row(Number(searchParams.get('n'))).old });
    if (pathname.startsWith('/jobs/')) return this.#job(pathname, fault);
    if (pathname === '/tags') return this.#takeOne('tag', (JSON.parse(String(body)) as { n: number }).n); // as the manifest writes it
    if (pathname === '/groups') {
      const { g } = JSON.parse(String(body)) as { g: string }; // as the manifest writes it
      this.groups.set(g, (this.groups.get(g) ?? 0) + 1);
      return json(201, { id: `id of ${g}` });
    }
    const rows = this.#rowsIn(String(body));
    if (method === 'PUT') return this.#takeOne('change', rows[0]?.n ?? assert.fail('no row'));
    return this.#send(rows, String(body), fault);
  }

  #row(n: number): FlowRow {
    return this.#rows[n] ?? assert.fail(`no row ${n}`);
  }

  #take(what: 'send' | 'change' | 'tag', n: number): void {
    this.taken.set(`${what} ${n}`, this.times(what, n) + 1);
  }

  #takeOne(what: 'change' | 'tag', n: number): Answer {
    this.#take(what, n);
    return json(200, {});
  }

  /** The rows of a request, each with the group that was made for it. */
  #rowsIn(body: string): FlowRow[] {
    type Sent = { n: number; group?: string };
    const lines = body.startsWith('{"rows"') ? [] : body.trimEnd().split('\n');
    // As the manifest writes them.
    const { rows, group } =
      lines.length > 0
        ? { rows: lines.map((line) => JSON.parse(line) as Sent), group: undefined }
        : (JSON.parse(body) as { rows: Sent[]; group?: string });
    return rows.map((one) => {
      const row = this.#row(one.n);
      if (this.#made.ensure !== 'none' && (group ?? one.group) !== undefined)
        assert.equal(group ?? one.group, `id of ${row.g}`, 'the group of another row');
      return row;
    });
  }

  #send(rows: readonly FlowRow[], bytes: string, fault: FlowFault): Answer {
    const { size = 1, by, join, job } = this.#made;
    assert.ok(rows.length <= size, 'more rows than a batch may hold');
    if (by && this.#made.size !== undefined)
      assert.equal(new Set(rows.map(({ country }) => country)).size, 1, 'rows of two countries');
    if (this.#made.bytes && this.#made.size !== undefined) assert.ok(Buffer.byteLength(bytes) <= 600, 'more bytes than allowed');
    for (const one of this.#jobs.values())
      assert.ok(
        one.bytes !== bytes || one.looks <= 0 || this.#clock.elapsed() >= one.begun + JOB_TIMEOUT,
        'a job that runs is begun again',
      );
    if (rows.some(({ bad }) => bad === 'whole' || (bad === 'row' && join === 'none')))
      return this.#says(422, { message: REFUSED });
    const results = rows.map((row, at) => this.#result(row, at, fault));
    if (job === undefined) return this.#says(200, this.#said(results, fault));
    const id = `j${++this.jobsBegun}`;
    // Nobody knows of it whose answer is lost.
    const known = fault.kind === 'none' || fault.kind === 'partial';
    this.#jobs.set(id, { bytes: known ? bytes : '', results, begun: this.#clock.elapsed(), looks: job.looks });
    return this.#says(202, { id });
  }

  #says(status: number, body: object): Answer {
    return this.#made.format === 'json'
      ? json(status, body)
      : text(status, element('answer', body), { 'content-type': 'application/xml' });
  }

  #result({ n, k, bad, busy }: FlowRow, at: number, fault: FlowFault): Result {
    const tells = this.#made.join !== 'none';
    const met = this.#busy.get(n) ?? 0;
    const again = tells && bad === '' && met < busy;
    if (again) this.#busy.set(n, met + 1);
    const refused = bad === 'row' || (tells && fault.kind === 'partial' && at % 2 === fault.but && this.times('send', n) === 0);
    const ok = !again && !refused;
    if (ok) this.#take('send', n);
    return { k, at, ok, code: again ? 429 : 0, after: 0.1, why: again ? 'busy' : REFUSED };
  }

  #said(results: readonly Result[], fault: FlowFault): object {
    const { join } = this.#made;
    const all = [...results];
    const one = 'at' in fault ? results[fault.at % results.length] : undefined;
    if (one !== undefined && fault.kind === 'contradiction') {
      for (const { n, k } of this.#rows) if (k === one.k) this.contradicted.add(n);
      all.splice(fault.at % 2 === 0 ? 0 : all.length, 0, { ...one, ok: !one.ok, code: 0 });
    }
    // By order only the last can be left out: nothing would tell that the others moved.
    if (one !== undefined && fault.kind === 'missing' && join.startsWith('rows'))
      all.splice(join === 'rows order' ? -1 : all.indexOf(one), 1);
    if (one !== undefined && fault.kind === 'stranger') all.push({ ...one, k: 'stranger', at: 99, ok: false });
    const failed = all.filter(({ ok }) => !ok);
    return {
      state: 'done',
      results: all,
      errors: failed,
      even: failed.filter(({ at }) => at % 2 === 0),
      odd: failed.filter(({ at }) => at % 2 === 1),
    };
  }

  #job(pathname: string, fault: FlowFault): Answer {
    const [, , id = '', results] = pathname.split('/');
    const job = this.#jobs.get(id) ?? assert.fail(`no job ${id}`);
    if (results === undefined && --job.looks >= 0) return this.#says(200, { state: 'running' });
    const said = this.#said(job.results, fault);
    return this.#says(200, results === undefined && this.#made.job?.fetch === true ? { state: 'done' } : said);
  }
}

/** As XML: a list is its elements, of one name. */
function element(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => element(name, one)).join('');
  const inner =
    typeof value === 'object' && value !== null
      ? Object.entries(value)
          .map(([own, member]) => element(own, member))
          .join('')
      : String(value);
  return `<${name}>${inner}</${name}>`;
}
