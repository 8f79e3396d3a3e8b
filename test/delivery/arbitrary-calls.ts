/** Calls, shapes of requests and answers of every kind, for properties. */

import fc from 'fast-check';
import { ExactNumber, stringifyJson } from '../../src/numbers.ts';
import type { Answer, Unreachable } from '../../src/outbound/exchange.ts';
import { broken, type Row } from './calling.ts';
import type { Shape } from './honest-judge.ts';

export const shape: fc.Arbitrary<Shape> = fc.record({
  method: fc.constantFrom('post', 'put'),
  idempotent: fc.constantFrom(undefined, undefined, true, false),
  size: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  body: fc.constantFrom('json', 'form', 'text'),
  join: fc.constantFrom('none', 'rows key', 'rows index', 'rows order', 'errors key', 'errors index'),
  unmatched: fc.constantFrom('reject', 'ignore'),
  ok: fc.constantFrom('none', 'body', 'status'),
  partial: fc.boolean(),
  accepted: fc.boolean(),
  rules: fc.boolean(),
  attempts: fc.integer({ min: 1, max: 4 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
});

const id = fc.constantFrom<unknown>(
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, '0', '1', 'a', 'b', '', '__proto__', true, false, 1.5, -1, 'é\u2028'],
  9007199254740992,
  new ExactNumber('9007199254740993'),
  '9007199254740993',
  new ExactNumber('1e400'),
);
const usually = <T>(value: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

/** Rows with their place as `n`. Of `q` one value is refused by the header, of `p` one by the body; `skip` is for the rules. */
export const rows: fc.Arbitrary<Row[]> = fc
  .array(
    fc.record({
      id,
      k: fc.constantFrom<unknown>(
        'k0',
        'k1',
        'k2',
        'k3',
        'K3',
        4,
        '4',
        'k5',
        'k6',
        new ExactNumber('9007199254740993'),
        true,
        '',
        null,
      ),
      q: usually('', 'q', 'Ā'),
      p: usually<unknown>('', ['p']),
      skip: usually<unknown>(null, true, 1),
    }),
    { maxLength: 9 },
  )
  .map((all) => all.map((row, n) => ({ ...row, n })));

/** An answer, to be made for the rows of a request. */
export interface Recipe {
  readonly status: number;
  readonly type: string;
  readonly form: 'honest' | 'messy' | 'map' | 'no list' | 'missing' | 'cut off' | 'empty' | 'page' | 'other JSON';
  /** Bit n: whether the n-th row of the request is well. */
  readonly well: number;
  readonly elements: readonly { readonly at: number; readonly ok: unknown; readonly list: boolean }[];
  readonly ok: unknown;
  readonly imported: 'right' | 'right, as text' | 'wrong' | 'missing';
  readonly error: string | undefined;
  readonly gone: unknown;
  readonly retryAfter: string | undefined;
}

export const recipe: fc.Arbitrary<Recipe> = fc.record({
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(200, 201, 204, 207) },
    { weight: 2, arbitrary: fc.constantFrom(301, 400, 401, 403, 404, 408, 409, 422, 425, 429, 500, 501, 502, 503, 504, 520) },
  ),
  type: usually('application/json', '', 'text/html'),
  form: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Recipe['form']>('honest') },
    { weight: 3, arbitrary: fc.constant<Recipe['form']>('messy') },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Recipe['form']>('map', 'no list', 'missing', 'cut off', 'empty', 'page', 'other JSON'),
    },
  ),
  well: fc.oneof(fc.constant(-1), fc.nat(15)),
  elements: fc.array(
    fc.record({ at: fc.nat(3), ok: fc.constantFrom<unknown>(true, true, false, 'true', null, 1), list: fc.boolean() }),
    { maxLength: 6 },
  ),
  ok: usually<unknown>(true, false, 'yes', null, undefined, 0),
  imported: usually<Recipe['imported']>('right', 'right, as text', 'wrong', 'missing'),
  error: usually<string | undefined>(undefined, 'limited', 'other'),
  gone: usually<unknown>(undefined, true, 'yes', false),
  retryAfter: usually<string | undefined>(undefined, '0', '1', '0.5', '3', '100', 'soon', '-7', 'Sun, 01 Mar 2026 12:00:09 GMT'),
});

export const failure: fc.Arbitrary<Unreachable> = fc.constantFrom(
  broken('ECONNREFUSED', 'before'),
  broken('ENOTFOUND', 'before'),
  broken('TIMEOUT', 'before'),
  broken('ADDRESS_REFUSED', 'refused'),
  broken('TOO_LARGE', 'refused', true),
  broken('ECONNRESET'),
  broken('TIMEOUT'),
  broken('GARBLED'),
);

/** The answer that a recipe makes for these rows. */
export function answerOf(made: Recipe, held: readonly Row[]): Answer {
  const { status, type, form, retryAfter } = made;
  const headers = {
    ...(type !== '' && { 'content-type': type }),
    ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
  };
  const answer = (body: string): Answer => ({ kind: 'answer', status, headers, body });
  const honest = held.map((row, at) => ({ key: row.k, at, ok: (made.well & (1 << (at % 31))) !== 0 }));
  const named = (at: number) => ({ key: held[at]?.k ?? `stranger ${at}`, at });
  const messy = made.elements.map(({ at, ok, list }) =>
    list ? { key: [named(at).key, named(at + 1).key], at: [at, at + 1], ok } : { ...named(at), ok },
  );
  const failed = (elements: readonly { readonly ok: unknown }[]) => elements.filter(({ ok }) => ok !== true);
  const right = honest.filter(({ ok }) => ok).length;
  const common = {
    ok: made.ok,
    ...(made.imported !== 'missing' && { imported: { right, 'right, as text': `${right}`, wrong: right + 1 }[made.imported] }),
    ...(made.error !== undefined && { error: made.error }),
    ...(made.gone !== undefined && { gone: made.gone }),
  };
  switch (form) {
    case 'honest':
      return answer(stringifyJson({ ...common, rows: honest, errors: failed(honest) }));
    case 'messy':
      return answer(stringifyJson({ ...common, rows: messy, errors: failed(messy) }));
    case 'map':
      return answer(stringifyJson({ ...common, rows: { k0: { ok: true } }, errors: { k1: 'bad' } }));
    case 'no list':
      return answer(stringifyJson({ ...common, rows: 'fine', errors: 'boom' }));
    case 'missing':
      return answer(stringifyJson(common));
    case 'cut off':
      return answer(stringifyJson({ ...common, rows: honest, errors: failed(honest) }).slice(0, -3));
    case 'empty':
      return answer('');
    case 'page':
      return answer('<html>502 Bad Gateway</html>');
    case 'other JSON':
      return answer(made.elements.length % 2 === 0 ? '["ok"]' : '{"ok":"ok","rows":null,"errors":null}');
  }
}
