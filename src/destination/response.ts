/** Compiles a request's `response`. */

import type { ResponseSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import type { Author } from './author.ts';
import type { Response, RowErrors, RowResults } from './destination.ts';
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
  const response: Omit<Response, 'accepting'> = {
    parse: spec.parse ?? 'auto',
    rules: (spec.rules ?? []).map((rule, index) => {
      const at = [...path, 'rules', index];
      if (rule.after !== undefined && rule.then !== 'retry' && rule.then !== 'stop')
        author.fault('manifest.rule', [...at, 'after'], 'after is for then: retry and then: stop.', 'key');
      return {
        if: author.question(rule.if, [...at, 'if'], whole),
        then: rule.then,
        reason: author.maybeLeaf(rule.reason, [...at, 'reason'], row),
        after: author.maybeExpression(rule.after?.toString(), [...at, 'after'], whole),
      };
    }),
    ok: author.maybeQuestion(spec.ok, [...path, 'ok'], whole),
    reason: author.maybeLeaf(spec.reason, [...path, 'reason'], row),
    partial: new Set(spec.partial ?? []),
    accepted: author.maybeExpression(spec.accepted, [...path, 'accepted'], whole),
    key: author.maybeExpression(spec.key, [...path, 'key'], names.row(`the key of ${where}`)),
    rows: spec.rows && compileRows(spec.rows, [...path, 'rows'], batched, author, names, place),
    errors: spec.errors && compileErrors(spec.errors, [...path, 'errors'], batched, author, names, place),
  };
  checkJoins(spec, path, batched, author);
  const templates = [response.ok, response.accepted, response.rows?.each, response.rows?.ok, response.errors?.each];
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

function compileRows(
  spec: NonNullable<ResponseSpec['rows']>,
  path: Path,
  batched: boolean,
  author: Author,
  names: PlaceNames,
  place: string,
): RowResults {
  const element = names.answer(place, batched, 'result');
  const row = names.rowAnswer(place, 'result');
  return {
    each: author.expression(spec.each, [...path, 'each'], names.answer(place, batched)),
    key: author.maybeExpression(spec.key, [...path, 'key'], element),
    index: author.maybeExpression(spec.index, [...path, 'index'], element),
    ok: author.maybeQuestion(spec.ok, [...path, 'ok'], row),
    reason: author.maybeLeaf(spec.reason, [...path, 'reason'], row),
  };
}

function compileErrors(
  spec: NonNullable<ResponseSpec['errors']>,
  path: Path,
  batched: boolean,
  author: Author,
  names: PlaceNames,
  place: string,
): RowErrors {
  const element = names.answer(place, batched, 'error');
  return {
    each: author.expression(spec.each, [...path, 'each'], names.answer(place, batched)),
    key: author.maybeExpression(spec.key, [...path, 'key'], element),
    index: author.maybeExpression(spec.index, [...path, 'index'], element),
    reason: author.maybeLeaf(spec.reason, [...path, 'reason'], names.rowAnswer(place, 'error')),
    unmatched: spec.unmatched ?? 'reject',
    required: author.maybeQuestion(spec.required, [...path, 'required'], names.answer(place, batched)),
  };
}

/** The questions that a join raises: each has one answer, so they are asked when the file is loaded. */
function checkJoins(spec: ResponseSpec, path: Path, batched: boolean, author: Author): void {
  const { rows, errors } = spec;
  if (rows !== undefined && errors !== undefined) {
    author.fault(
      'manifest.join',
      [...path, 'errors'],
      'rows is a result for every row, errors only the failed ones: keep one of the two.',
      'key',
    );
  }
  for (const [word, mapping] of [
    ['rows', rows],
    ['errors', errors],
  ] as const) {
    if (mapping === undefined) continue;
    if (mapping.key !== undefined && mapping.index !== undefined) {
      author.fault(
        'manifest.join',
        [...path, word, 'index'],
        `${word} is joined by key or by index: keep one of the two.`,
        'key',
      );
    }
    if (mapping.key !== undefined && spec.key === undefined) {
      author.fault(
        'manifest.join',
        [...path, word, 'key'],
        `${word}.key is the answer’s side of a join. Add response.key, the row’s side, such as key: record.email.`,
        'key',
      );
    }
  }
  if (batched && errors !== undefined && errors.key === undefined && errors.index === undefined) {
    author.fault('manifest.join', [...path, 'errors'], 'In a batch an error must name its row. Add key or index.', 'key');
  }
  if (spec.partial !== undefined && rows === undefined && errors === undefined) {
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
    rows?.key === undefined &&
    errors?.key === undefined &&
    (rows ?? errors)?.index === undefined &&
    rows === undefined
  ) {
    author.fault('manifest.join', [...path, 'key'], 'key joins rows with rows.key or errors.key, and there is neither.', 'key');
  }
}
