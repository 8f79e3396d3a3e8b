/** Flows that use every word of flows and of answers to batches, and rows for them, for properties. */

import fc from 'fast-check';
import { boundOf } from './calling.ts';

/** What a manifest says; the API knows it too, and answers in its manner. */
export interface FlowShape {
  readonly ensure: 'none' | 'in each row' | 'in the body';
  readonly find: boolean;
  readonly tag: boolean;
  /** Rows in one request; undefined without batch. */
  readonly size: number | undefined;
  readonly by: boolean;
  readonly bytes: boolean;
  readonly body: 'json' | 'ndjson';
  readonly join: 'none' | 'rows key' | 'rows index' | 'rows order' | 'errors key' | 'two errors';
  /** Of what the API says of batches. */
  readonly format: 'json' | 'xml';
  readonly bisect: boolean;
  readonly job: { readonly looks: number; readonly fetch: boolean } | undefined;
  readonly idempotency: 'none' | 'header' | 'by';
  readonly limit: boolean;
  readonly concurrency: number;
}

/** A row, which says what the API makes of it, whatever stands beside it. */
export type FlowRow = Readonly<{
  id: string;
  n: number;
  /** Its key: several rows may have one. */
  k: string;
  /** What must be there for it. */
  g: string;
  country: string;
  /** `row`: its result says no. `whole`: whatever holds it is refused. */
  bad: '' | 'row' | 'whole';
  /** How many times it is told to come again. */
  busy: number;
  old: boolean;
  tag: boolean;
  skip: '' | 'accept' | 'reject';
}>;

export const flowShape: fc.Arbitrary<FlowShape> = fc
  .record({
    ensure: fc.constantFrom('none', 'in each row', 'in the body'),
    find: fc.boolean(),
    tag: fc.boolean(),
    size: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 5 }),
    by: fc.boolean(),
    bytes: fc.boolean(),
    body: fc.constantFrom('json', 'ndjson'),
    join: fc.constantFrom('none', 'rows key', 'rows index', 'rows order', 'errors key', 'two errors'),
    format: fc.constantFrom('json', 'xml'),
    bisect: fc.boolean(),
    job: fc.option(fc.record({ looks: fc.nat(3), fetch: fc.boolean() }), { nil: undefined, freq: 2 }),
    idempotency: fc.constantFrom('none', 'header', 'by'),
    limit: fc.boolean(),
    concurrency: fc.integer({ min: 1, max: 3 }),
  } as const)
  .map((made) => ({
    ...made,
    // XML has no empty list: what names only the rows that failed could not require one.
    format: made.join.includes('error') ? 'json' : made.format,
    bisect: made.bisect && made.size !== undefined,
  }));

export const flowRows: fc.Arbitrary<FlowRow[]> = fc
  .array(
    fc.record({
      k: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
      g: fc.constantFrom('x', 'y'),
      country: fc.constantFrom('de', 'fr'),
      bad: fc.constantFrom('', '', '', '', 'row', 'whole'),
      busy: fc.constantFrom(0, 0, 0, 1, 2),
      old: fc.boolean(),
      tag: fc.boolean(),
      skip: fc.constantFrom('', '', '', '', '', 'accept', 'reject'),
    } as const),
    { minLength: 1, maxLength: 9 },
  )
  .map((all) => all.map((row, n) => ({ ...row, n, id: `i${n}` })));

const JOINS: Readonly<Record<FlowShape['join'], string>> = {
  none: '',
  'rows key': 'rows: { each: body.results, key: result.k, ok: result.ok, rules: [RULE], reason: "{{ result.why }}" }',
  'rows index': 'rows: { each: body.results, index: result.at, ok: result.ok, rules: [RULE], reason: "{{ result.why }}" }',
  'rows order': 'rows: { each: body.results, ok: result.ok, rules: [RULE], reason: "{{ result.why }}" }',
  'errors key': 'errors: { each: body.errors, key: error.k, required: true, rules: [RULE], reason: "{{ error.why }}" }',
  'two errors':
    'errors: [{ each: body.even, key: error.k, required: true, rules: [RULE], reason: "{{ error.why }}" }, { each: body.odd, index: error.at, required: true, rules: [RULE], reason: "{{ error.why }}" }]',
};

/** Milliseconds that a job may take. */
export const JOB_TIMEOUT = 20_000;

/** Its lines of `response`. */
function responseOf({ size, join, job, bisect, format }: FlowShape): string[] {
  const element = join.startsWith('rows') ? 'result' : 'error';
  const response = [
    'key: record.k',
    ...(join === 'none'
      ? []
      : [JOINS[join].replaceAll('RULE', `{ if: ${element}.code == 429, then: retry, after: ${element}.after }`)]),
    ...(bisect ? ['bisect: true'] : []),
    ...(job === undefined
      ? []
      : [
          `job: { get: "/jobs/{{ body.id }}", until: body.state == 'done', failed: body.state == 'failed', every: 100ms, timeout: 20s${job.fetch ? ', fetch: "/jobs/{{ body.id }}/results"' : ''} }`,
        ]),
  ];
  // Joined by order or not at all a batch has no use for a key.
  const useful =
    size !== undefined && (join === 'none' || join === 'rows order' || join === 'rows index') ? response.slice(1) : response;
  if (format === 'json') return useful;
  return useful.map((line) =>
    line
      .replaceAll('body.', 'body.answer.')
      .replace('ok: result.ok', "ok: result.ok == 'true'")
      .replace('code == 429', "code == '429'"),
  );
}

function manifestOf(made: FlowShape): string {
  const { ensure, find, tag, size, body, idempotency } = made;
  const useful = responseOf(made);
  const inBatch = size !== undefined;
  const row = `{ "...": "{{ record }}"${ensure === 'in each row' ? ', group: "{{ steps.group.value }}"' : ''} }`;
  const rows = inBatch ? '"{{ items }}"' : `[${row}]`;
  const lines = body === 'ndjson' && ensure !== 'in the body';
  const steps = [
    ensure === 'none' ? '' : '{ as: group, ensure: { key: record.g, request: group, value: body.id } }',
    find ? '{ request: find, as: found }' : '',
    "{ if: record.skip == 'accept', then: accept }",
    "{ if: record.skip == 'reject', then: reject, reason: skipped }",
    find ? '{ request: send, if: steps.found.body.old == false }' : '{ request: send }',
    find ? '{ request: change, if: steps.found.body.old == true }' : '',
    // No end: what only tags a row does not deliver it.
    tag ? '{ request: tag, as: tagged, if: record.tag == true }' : '',
  ];
  return `version: 1
name: Flow
connection: { url: https://api.test, concurrency: ${made.concurrency} }
sync:
  add:
${steps
  .filter((step) => step !== '')
  .map((step) => `    - ${step}`)
  .join('\n')}
requests:
  group: { post: /groups, json: { g: "{{ record.g }}" } }
  find: { get: /find, query: { n: "{{ record.n }}" } }
  change: { put: "/rows/{{ record.n }}", json: { rows: [${row}] } }
  tag: { post: /tags, json: { n: "{{ record.n }}" } }
  send:
    post: /rows
${inBatch ? `    batch: { size: ${size}${made.by ? ', by: record.country' : ''}${made.bytes ? ', bytes: 600' : ''} }\n    item: ${row}` : ''}
    ${lines ? `ndjson: ${rows}` : `json: { rows: ${rows}${ensure === 'in the body' ? ', group: "{{ steps.group.value }}"' : ''} }`}
${idempotency === 'none' ? '' : `    idempotency: { header: Idempotency-Key${idempotency === 'by' ? ', by: record.n' : ''} }`}
${made.limit ? '    rateLimit: { requests: 4, per: 1s, by: record.country }' : ''}
${useful.length === 0 ? '' : `    response: { ${useful.join(', ')} }`}
`;
}

export function flowOf(made: FlowShape): ReturnType<typeof boundOf> {
  return boundOf(manifestOf(made));
}
