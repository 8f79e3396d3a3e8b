/** Compiles one of a manifest's `requests`. */

import { didYouMean, oneOf } from '../fault.ts';
import type { ConnectionSpec, RequestSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import { say } from '../manifest/say.ts';
import type { Names } from '../template/names.ts';
import type { Tree } from '../template/tree.ts';
import type { Author } from './author.ts';
import { checkItem, compileBatch, compileBody, namesOf } from './body.ts';
import { compileRetry } from './connection.ts';
import { type Idempotency, type Job, METHODS, type Request } from './destination.ts';
import { milliseconds } from './duration.ts';
import { breaksHeader, problemOfHeader } from './headers.ts';
import { lookupsRead, templatesOf } from './lookups-read.ts';
import type { PlaceNames } from './names.ts';
import { compilePath } from './path.ts';
import { compileRateLimits, type Defaults } from './rate-limit.ts';
import { compileJob, compileResponse } from './response.ts';

const SHORT = { get: 'GET', post: 'POST', put: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;

/** Until a manifest says otherwise. */
const DEFAULT_TIMEOUT = '30s';

export function compileRequest(
  name: string,
  spec: RequestSpec,
  connection: Defaults,
  author: Author,
  names: PlaceNames,
  path: Path = ['requests', name],
): Request {
  const where = path.join('.');
  const rowNames = names.row(where);
  const { method, pathAt, source } = methodOf(spec, path, author, rowNames);
  const bodyNames = spec.batch === undefined ? rowNames : names.batch(`the body of ${where}, which is batched,`);
  const before = author.faults.length;
  const body = compileBody(spec, path, author, bodyNames, method);
  const bodyIsRight = author.faults.length === before;
  if (spec.batch === undefined && spec.item !== undefined) {
    author.fault(
      'manifest.item',
      [...path, 'item'],
      'An item is one row’s part of a batched body. Add batch: { size: … }, or write the body itself.',
      'key',
    );
  }
  if (spec.batch !== undefined && bodyIsRight) checkItem(spec, path, author, namesOf(body));
  const item = spec.item === undefined ? undefined : author.tree(spec.item, [...path, 'item'], rowNames, spec.omit);
  const request = {
    name,
    method,
    path: compilePath(source, pathAt, author, rowNames),
    query: layers(author, rowNames, connection.query, ['connection', 'query'], spec.query, [...path, 'query']),
    headers: compileHeaders(author, rowNames, connection, spec, path),
    body,
    batch: compileBatch(spec, path, author, rowNames, namesOf(body)),
    item,
    idempotent: spec.idempotent,
    idempotency: compileIdempotency(spec, path, author, rowNames),
    rateLimits: [...connection.rateLimits, ...compileRateLimits(spec.rateLimit, [...path, 'rateLimit'], author, rowNames)],
    rules: (spec.rules ?? []).map((rule, index) => ({
      if: author.question(rule.if, [...path, 'rules', index, 'if'], rowNames),
      then: rule.then,
      reason: author.maybeLeaf(rule.reason, [...path, 'rules', index, 'reason'], rowNames),
    })),
    timeout: milliseconds(
      spec.timeout ?? connection.timeout ?? DEFAULT_TIMEOUT,
      spec.timeout === undefined ? ['connection', 'timeout'] : [...path, 'timeout'],
      author,
    ),
    retry: compileRetry(
      { ...connection.retry, ...spec.retry },
      spec.retry?.backoff === undefined ? ['connection', 'retry'] : [...path, 'retry'],
      author,
    ),
    response: {
      ...compileResponse(spec.response ?? {}, [...path, 'response'], where, spec.batch !== undefined, author, names),
      job: spec.response?.job && jobOf(name, spec, spec.response.job, connection, author, names, path),
    },
  };
  const templates = templatesOf(request);
  const readsKey = templates.some((template) => template?.names.has('idempotency_key'));
  const read = templates.flatMap((template) => [...(template?.names ?? [])]);
  const readsSteps = new Set(read.flatMap((one) => (one.startsWith('steps.') ? one.slice('steps.'.length) : [])));
  return { ...request, readsKey, readsSteps, lookups: lookupsRead(templates) };
}

/** The requests that ask for a job see what the response sees: the answer that named it. */
function jobOf(
  name: string,
  spec: RequestSpec,
  job: NonNullable<NonNullable<RequestSpec['response']>['job']>,
  connection: Defaults,
  author: Author,
  names: PlaceNames,
  path: Path,
): Job {
  const batched = spec.batch !== undefined;
  const place = `the job of ${path.join('.')}`;
  const inner: PlaceNames = { ...names, row: () => names.answer(place, batched) };
  const { parse } = spec.response ?? {};
  const at = [...path, 'response', 'job'];
  return compileJob(job, at, author, names.answer(place, batched), connection.deadline, (one, where) =>
    compileRequest(name, { ...one, ...(parse !== undefined && { response: { parse } }) }, connection, author, inner, where),
  );
}

function compileIdempotency(
  { idempotency: spec }: RequestSpec,
  path: Path,
  author: Author,
  names: Names,
): Idempotency | undefined {
  if (spec === undefined) return undefined;
  const at = [...path, 'idempotency'];
  const problem = problemOfHeader(spec.header);
  if (problem !== undefined) author.fault('manifest.header', [...at, 'header'], `${problem}.`);
  return { header: spec.header.toLowerCase(), by: author.maybeExpression(spec.by, [...at, 'by'], names) };
}

function methodOf(
  spec: RequestSpec,
  path: Path,
  author: Author,
  names: Names,
): { method: Request['method']; pathAt: Path; source: string } {
  const short = (Object.keys(SHORT) as (keyof typeof SHORT)[]).filter((word) => spec[word] !== undefined); // the keys of a literal
  const long = spec.method !== undefined || spec.path !== undefined;
  const [word] = short;
  if (word !== undefined && short.length === 1 && !long)
    return { method: SHORT[word], pathAt: [...path, word], source: spec[word] ?? '' };
  if (word === undefined && spec.method !== undefined && spec.path !== undefined) {
    return { method: longMethod(spec.method, [...path, 'method'], author, names), pathAt: [...path, 'path'], source: spec.path };
  }
  const sentence =
    short.length === 0 && !long
      ? `This request has no method. Add one of ${oneOf(Object.keys(SHORT))} with its path.`
      : short.length > 1
        ? `A request has one method; this one has ${short.join(' and ')}.`
        : long && short.length === 1
          ? `method and path are the long form of ${short[0]}: keep one of the two forms.`
          : 'The long form needs both method and path.';
  const at = short[1] ?? (['method', 'path'] as const).find((key) => spec[key] !== undefined);
  author.fault('manifest.method', at === undefined ? path : [...path, at], sentence, 'key');
  return { method: 'POST', pathAt: path, source: '/' };
}

function longMethod(source: string, at: Path, author: Author, names: Names): Request['method'] {
  if (source.includes('{{')) return author.leaf(source, at, names);
  const method = METHODS.find((one) => one === source);
  if (method === undefined)
    author.fault(
      'manifest.method',
      at,
      `${say(source)} is not a method. Use ${oneOf(METHODS)}.`,
      'value',
      didYouMean(source.toUpperCase(), METHODS),
    );
  return method ?? 'POST';
}

function compileHeaders(author: Author, names: Names, connection: ConnectionSpec, spec: RequestSpec, path: Path): Tree[] {
  for (const [headers, at] of [
    [connection.headers, ['connection', 'headers']],
    [spec.headers, [...path, 'headers']],
  ] as const) {
    if (typeof headers !== 'object') continue;
    for (const [name, value] of Object.entries(headers)) {
      if (name.includes('{{')) continue; // the tree says that keys are literal
      const problem = problemOfHeader(name);
      if (problem !== undefined) author.fault('manifest.header', [...at, name], `${problem}.`, 'key');
      else if (breaksLine(value)) {
        author.fault(
          'manifest.header',
          [...at, name],
          'A header holds no line breaks and no control characters. Write it in one line.',
        );
      }
    }
  }
  return layers(author, names, connection.headers, ['connection', 'headers'], spec.headers, [...path, 'headers']);
}

/** Whether the text around templates could never be sent; a template with whitespace control may yet remove it. */
function breaksLine(value: unknown): boolean {
  if (typeof value !== 'string' || /\{%|\{\{-|-\}\}/.test(value)) return false;
  return breaksHeader(value.replace(/\{\{.*?\}\}/gs, ''));
}

function layers(author: Author, names: Names, first: unknown, firstAt: Path, second: unknown, secondAt: Path): Tree[] {
  return [
    ...(first === undefined ? [] : [author.tree(first, firstAt, names)]),
    ...(second === undefined ? [] : [author.tree(second, secondAt, names)]),
  ];
}
