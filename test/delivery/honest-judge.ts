/** A second, plain reading of the language's "Responses", for the shapes of request that the conservation test makes. */

import { parseJson } from '../../src/json/parse.ts';
import { ExactNumber } from '../../src/numbers.ts';
import type { Answer, Reply } from '../../src/outbound/exchange.ts';
import type { Row } from './calling.ts';

/** A request of a manifest, in the words that the test varies. */
export interface Shape {
  readonly method: 'post' | 'put';
  readonly idempotent: boolean | undefined;
  /** Rows in one request at most; undefined for one row in its own. */
  readonly size: number | undefined;
  readonly body: 'json' | 'form' | 'text';
  readonly join: 'none' | 'rows key' | 'rows index' | 'rows order' | 'errors key' | 'errors index';
  readonly unmatched: 'reject' | 'ignore';
  readonly ok: 'none' | 'body' | 'status';
  readonly partial: boolean;
  readonly accepted: boolean;
  readonly rules: boolean;
  readonly attempts: number;
  readonly concurrency: number;
}

export function requestOf(shape: Shape, timeout = '5s', backoff = '100ms..2s'): string {
  const { method, idempotent, size, body, join, ok, partial, accepted, rules } = shape;
  const [list, by] = join.split(' ');
  const mapping = list === 'errors' ? `, unmatched: ${shape.unmatched}, required: status == 207` : ', ok: result.ok';
  const element = list === 'errors' ? 'error' : 'result';
  const join_ = by === 'order' ? '' : `, ${by}: ${element}.${by === 'key' ? 'key' : 'at'}`;
  const lines = [
    `${method}: /r`,
    'headers: { X-Q: "{{ record.q }}" }',
    ...(idempotent === undefined ? [] : [`idempotent: ${idempotent}`]),
    ...(size === undefined ? [] : [`batch: { size: ${size} }`]),
    BODIES[body][size === undefined ? 0 : 1],
    'rules: [{ if: record.skip == true, then: accept }, { if: record.skip == 1, then: reject }]',
    `retry: { attempts: ${shape.attempts}, backoff: ${backoff} }`,
    `timeout: ${timeout}`,
    'response:',
    '  parse: auto',
    ...(rules
      ? [
          "  rules: [{ if: status == 404, then: accept }, { if: body.gone, then: accept }, { if: body.error == 'limited', then: retry }]",
        ]
      : []),
    ...(ok === 'none' ? [] : [`  ok: ${ok === 'body' ? 'body.ok' : 'status == 200 or status == 409'}`]),
    ...(partial && join !== 'none' ? ['  partial: [400, 422]'] : []),
    ...(accepted ? ['  accepted: body.imported'] : []),
    ...(by === 'key' ? ['  key: record.k'] : []),
    ...(join === 'none' ? [] : [`  ${list}: { each: body.${list}${join_}${mapping} }`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Of one row, of a batch. Each names the rows that it holds by `n`; `p` makes some fail. */
const BODIES: Readonly<Record<Shape['body'], readonly [string, string]>> = {
  json: [
    'json: { n: "{{ record.n }}", p: "x{{ record.p }}" }',
    'item: { n: "{{ record.n }}", p: "x{{ record.p }}" }\njson: { items: "{{ items }}" }',
  ],
  form: [
    'form: { n: "{{ record.n }}", p: "x{{ record.p }}" }',
    'form: { n: "{{ records | map: \'n\' }}", p: "{% for r in records %}{{ r.p }}{% endfor %}" }',
  ],
  text: ['text: "{{ record.n }}{{ record.p }};"', 'text: "{% for r in records %}{{ r.n }}{{ r.p }};{% endfor %}"'],
};

/** The `n` of the rows that a body holds. */
export function rowsIn({ body: kind, size }: Shape, body: string): number[] {
  if (kind === 'form') return new URLSearchParams(body).getAll('n').map(Number);
  if (kind === 'text') return body.split(';').slice(0, -1).map(Number);
  const sent = JSON.parse(body) as { n: number; items: { n: number }[] }; // as the shape writes it
  return size === undefined ? [sent.n] : sent.items.map(({ n }) => n);
}

/** For each row of the request, whether this answer accepts it. */
export function accepts(shape: Shape, answer: Answer, rows: readonly Row[]): boolean[] {
  const { status } = answer;
  const { believed, body } = readBody(answer);
  const all = (verdict: boolean) => rows.map(() => verdict);
  const ruled = shape.rules ? byRules(status, body) : undefined;
  if (ruled !== undefined) return all(ruled);
  const ok = isOk(shape, status, body);
  const partial = shape.partial && shape.join !== 'none' && (status === 400 || status === 422);
  const reads = shape.ok === 'body' || shape.accepted || shape.join !== 'none';
  if (!(ok || partial) || (reads && !believed)) return all(false);
  const { verdicts, named } = joined(shape, status, body, rows);
  if (!ok && named === 0) return all(false);
  if (!shape.accepted) return verdicts;
  const imported = member(body, 'imported');
  const count = typeof imported === 'string' && /^\s*\d+\s*$/.test(imported) ? Number(imported) : imported;
  return count === verdicts.filter(Boolean).length ? verdicts : all(false);
}

function byRules(status: number, body: unknown): boolean | undefined {
  if (status === 404) return true;
  const gone = member(body, 'gone') ?? false;
  if (gone !== false) return gone === true;
  return member(body, 'error') === 'limited' ? false : undefined;
}

function isOk({ ok }: Shape, status: number, body: unknown): boolean {
  if (ok === 'status') return status === 200 || status === 409;
  const well = status >= 200 && status < 300;
  return ok === 'body' ? well && member(body, 'ok') === true : well;
}

function joined(shape: Shape, status: number, body: unknown, rows: readonly Row[]): { verdicts: boolean[]; named: number } {
  const nobody = { verdicts: rows.map(() => false), named: 0 };
  const [list, by] = shape.join.split(' ');
  if (list === 'none') return { verdicts: rows.map(() => true), named: 0 };
  const given = member(body, list ?? '');
  if (list === 'errors' && (given === undefined || given === null))
    return status === 207 ? nobody : { verdicts: rows.map(() => true), named: 0 };
  const elements = elementsOf(given);
  if (elements === undefined || (by === 'order' && elements.length > rows.length)) return nobody;
  const yes = rows.map(() => false);
  const no = rows.map(() => false);
  let named = 0;
  for (const [place, element] of elements.entries()) {
    const at = by === 'order' ? [place] : rows.flatMap((row, index) => (names(element, by, row, index) ? [index] : []));
    const well = list === 'rows' && member(element, 'ok') === true;
    if (at.length > 0) named++;
    else if (!well && !(list === 'errors' && shape.unmatched === 'ignore')) return nobody;
    for (const index of at) (well ? yes : no)[index] = true;
  }
  return { verdicts: rows.map((_, index) => !no[index] && (list === 'errors' || yes[index] === true)), named };
}

function names(element: unknown, by: string | undefined, row: Row, index: number): boolean {
  const given = member(element, by === 'key' ? 'key' : 'at');
  const texts = (Array.isArray(given) ? given : [given]).map((one: unknown) =>
    one === undefined || one === null ? '' : String(one),
  );
  const own = by === 'key' ? (row.k === undefined || row.k === null ? '' : String(row.k)) : String(index);
  return own !== '' && texts.includes(own);
}

function elementsOf(given: unknown): unknown[] | undefined {
  if (Array.isArray(given)) return given;
  return typeof given === 'object' && given !== null && !(given instanceof ExactNumber)
    ? Object.entries(given).map(([key, value]) => ({ key, value }))
    : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined; // it has this member
}

/** JSON that parses, or no content at all where the status says so. */
function readBody({ status, headers, body }: Answer): { believed: boolean; body: unknown } {
  if (body.trim() === '') return { believed: status === 204, body: undefined };
  const type = headers['content-type'] ?? '';
  if (type !== 'application/json' && !(type === '' && /^\s*[[{]/.test(body))) return { believed: false, body: undefined };
  try {
    return { believed: true, body: parseJson(body) };
  } catch {
    return { believed: false, body: undefined };
  }
}

/** Whether a request may leave once more after this reply. */
export function mayRepeat(shape: Shape, reply: Reply, rows: readonly Row[]): boolean {
  const idempotent = shape.idempotent ?? shape.method === 'put';
  if (reply.kind === 'unreachable') return reply.phase === 'before' || (reply.phase === 'after' && idempotent);
  if (accepts(shape, reply, rows).includes(true)) return false;
  if (shape.rules && member(readBody(reply).body, 'error') === 'limited') return true;
  const { status, headers } = reply;
  if ([408, 421, 425, 429].includes(status)) return true;
  if (headers['retry-after'] !== undefined && (status === 403 || status === 503)) return true;
  return idempotent && [500, 502, 503, 504, 520].includes(status);
}
