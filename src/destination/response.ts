/** Compiles a request's `response`. */

import type { RequestSpec, ResponseSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import type { Names } from '../template/names.ts';
import type { Author } from './author.ts';
import type { AnswerRule, Elements, Job, Request, Response } from './destination.ts';
import { milliseconds } from './duration.ts';
import type { PlaceNames } from './names.ts';

export function compileResponse(
  spec: ResponseSpec,
  path: Path,
  where: string,
  batched: boolean,
  author: Author,
  names: PlaceNames,
): Response {
  const place = `the response of ${where}${batched ? ', which is batched,' : ''}`;
  const whole = names.answer(place, batched);
  const row = names.rowAnswer(`the response of ${where}`);
  const elements = (one: RowsSpec | ErrorsSpec, at: Path, name: 'result' | 'error') =>
    compileElements(one, at, author, {
      whole,
      element: names.answer(place, batched, name),
      row: names.rowAnswer(place, name),
    });
  const response: Omit<Response, 'accepting'> = {
    parse: spec.parse ?? 'auto',
    rules: compileRules(spec.rules, path, author, whole, row, ['retry', 'stop']),
    ok: author.maybeQuestion(spec.ok, [...path, 'ok'], whole),
    reason: author.maybeLeaf(spec.reason, [...path, 'reason'], row),
    partial: new Set(spec.partial ?? []),
    accepted: author.maybeExpression(spec.accepted, [...path, 'accepted'], whole),
    key: author.maybeExpressions(spec.key, [...path, 'key'], names.row(`the key of ${where}`)),
    rows: mappings(spec.rows, [...path, 'rows']).map(([one, at]) => ({
      ...elements(one, at, 'result'),
      ok: author.maybeQuestion(one.ok, [...at, 'ok'], names.rowAnswer(place, 'result')),
    })),
    errors: mappings(spec.errors, [...path, 'errors']).map(([one, at]) => ({
      ...elements(one, at, 'error'),
      unmatched: one.unmatched ?? 'reject',
      required: author.maybeQuestion(one.required, [...at, 'required'], whole),
    })),
    unlike: [...mappings(spec.rows, ['rows']), ...mappings(spec.errors, ['errors'])].flatMap(([one, at]) =>
      spec.key !== undefined && one.key !== undefined && caseOf(one.key) !== caseOf(spec.key) ? [`${at.join('.')}.key`] : [],
    ),
    bisect: spec.bisect === true,
    job: undefined,
  };
  if (spec.bisect === true && !batched)
    author.fault(
      'manifest.bisect',
      [...path, 'bisect'],
      'bisect splits a batch, and there is none. Add batch: { size: … }.',
      'key',
    );
  checkJoins(spec, path, batched, author);
  const templates = [
    response.ok,
    response.accepted,
    ...response.rows.flatMap(({ each, ok, rules }) => [each, ok, ...rules.map((rule) => rule.if)]),
    ...response.errors.flatMap(({ each, rules }) => [each, ...rules.map((rule) => rule.if)]),
  ];
  const accepting = new Set(templates.flatMap((template) => [...(template?.names ?? [])]));
  if (spec.parse === 'none' && accepting.has('body')) {
    author.fault(
      'manifest.parse',
      [...path, 'parse'],
      'parse: none reads no body, but this response asks for body. Leave parse out.',
    );
  }
  return { ...response, accepting };
}

/** A job is asked for by requests of its own, which see the answer that named it. @param request compiles one of them */
export function compileJob(
  spec: NonNullable<ResponseSpec['job']>,
  path: Path,
  author: Author,
  whole: Names,
  deadline: number,
  request: (spec: Pick<RequestSpec, 'get' | 'query' | 'headers'>, path: Path) => Request,
): Job {
  const { get, query, headers, until, failed, fetch, every, timeout } = spec;
  const more = { ...(query !== undefined && { query }), ...(headers !== undefined && { headers }) };
  const time = milliseconds(timeout ?? '20s', [...path, 'timeout'], author, { least: 1 });
  if (time > deadline && timeout !== undefined)
    author.fault(
      'manifest.job',
      [...path, 'timeout'],
      `The job may take ${timeout}, longer than the call itself (behavior.deadline, ${deadline / 1000} s). Make it shorter, or the deadline longer.`,
    );
  return {
    request: request({ get, ...more }, path),
    until: author.question(until, [...path, 'until'], whole),
    failed: author.maybeQuestion(failed, [...path, 'failed'], whole),
    fetch: fetch === undefined ? undefined : request({ get: fetch, ...more }, path),
    every: milliseconds(every ?? '2s', [...path, 'every'], author, { least: 10 }),
    timeout: time,
  };
}

/** The filters by which keys end, where those make all of their texts one case. */
function caseOf(key: string | readonly string[]): string {
  const all = (typeof key === 'string' ? [key] : key).map(
    (one) => /\|\s*(downcase|upcase)\s*(?:\|\s*split\b[^|]*)?$/.exec(one)?.[1] ?? '',
  );
  return [...new Set(all)].sort().join();
}

/** One mapping or several, each with its place. */
function mappings<T extends object>(spec: T | readonly T[] | undefined, path: Path): (readonly [T, Path])[] {
  if (spec === undefined) return [];
  return isList(spec) ? spec.map((one, index) => [one, [...path, index]] as const) : [[spec, path]];
}

function isList<T extends object>(spec: T | readonly T[]): spec is readonly T[] {
  return Array.isArray(spec);
}

type RowsSpec = One<NonNullable<ResponseSpec['rows']>>;
type ErrorsSpec = One<NonNullable<ResponseSpec['errors']>>;
type One<T> = Exclude<T, readonly unknown[]>;

type RuleSpec<Then> = Omit<NonNullable<ResponseSpec['rules']>[number], 'then'> & { readonly then: Then };

/** @param late what `after` may stand beside */
function compileRules<Then extends string>(
  specs: readonly RuleSpec<Then>[] | undefined,
  path: Path,
  author: Author,
  whole: Names,
  row: Names,
  late: readonly Then[],
): AnswerRule<Then>[] {
  return (specs ?? []).map((rule, index) => {
    const at = [...path, 'rules', index];
    if (rule.after !== undefined && !late.includes(rule.then)) {
      const sentence = `after is for ${late.map((then) => `then: ${then}`).join(' and ')}.`;
      author.fault('manifest.rule', [...at, 'after'], sentence, 'key');
    }
    return {
      if: author.question(rule.if, [...at, 'if'], whole),
      then: rule.then,
      reason: author.maybeLeaf(rule.reason, [...at, 'reason'], row),
      after: author.maybeExpression(rule.after?.toString(), [...at, 'after'], whole),
    };
  });
}

/** @param names what is seen of the whole answer, of one element, and of one beside its row */
function compileElements(
  spec: RowsSpec | ErrorsSpec,
  path: Path,
  author: Author,
  names: { readonly whole: Names; readonly element: Names; readonly row: Names },
): Elements {
  const { whole, element, row } = names;
  return {
    rules: compileRules(spec.rules, path, author, row, row, ['retry']),
    each: author.expression(spec.each, [...path, 'each'], whole),
    key: author.maybeExpressions(spec.key, [...path, 'key'], element),
    index: author.maybeExpression(spec.index, [...path, 'index'], element),
    reason: author.maybeLeaf(spec.reason, [...path, 'reason'], row),
  };
}

/** The questions that a join raises: each has one answer, so they are asked when the file is loaded. */
function checkJoins(spec: ResponseSpec, path: Path, batched: boolean, author: Author): void {
  const rows = mappings(spec.rows, [...path, 'rows']);
  const errors = mappings(spec.errors, [...path, 'errors']);
  const both = [...rows, ...errors];
  if (rows.length > 0 && errors.length > 0) {
    author.fault(
      'manifest.join',
      [...path, 'errors'],
      'rows is a result for every row, errors only the failed ones: keep one of the two.',
      'key',
    );
  }
  for (const [mapping, at] of both) checkSides(mapping, at, spec, author);
  for (const [mapping, at] of rows) {
    if (rows.length > 1 && mapping.key === undefined && mapping.index === undefined)
      author.fault('manifest.join', at, 'Of several lists each must name its rows. Add key or index.', 'key');
  }
  for (const [mapping, at] of errors) {
    if (batched && mapping.key === undefined && mapping.index === undefined)
      author.fault('manifest.join', at, 'In a batch an error must name its row. Add key or index.', 'key');
  }
  if (spec.partial !== undefined && both.length === 0) {
    author.fault(
      'manifest.partial',
      [...path, 'partial'],
      'partial says under which failing statuses rows or errors are believed, and there is neither. Add rows or errors.',
      'key',
    );
  }
  if (
    spec.key !== undefined &&
    batched &&
    rows.length === 0 &&
    !both.some(([{ key, index }]) => key !== undefined || index !== undefined)
  ) {
    author.fault('manifest.join', [...path, 'key'], 'key joins rows with rows.key or errors.key, and there is neither.', 'key');
  }
}

function checkSides(mapping: RowsSpec | ErrorsSpec, at: Path, spec: ResponseSpec, author: Author): void {
  if (mapping.key !== undefined && mapping.index !== undefined) {
    author.fault(
      'manifest.join',
      [...at, 'index'],
      `${at.includes('rows') ? 'rows' : 'errors'} is joined by key or by index: keep one of the two.`,
      'key',
    );
  }
  if (mapping.key !== undefined && spec.key === undefined) {
    author.fault(
      'manifest.join',
      [...at, 'key'],
      `${at.includes('rows') ? 'rows' : 'errors'}.key is the answer’s side of a join. Add response.key, the row’s side, such as key: record.email.`,
      'key',
    );
  }
}
