/** Compiles one of a manifest's `requests`. */

import { didYouMean, oneOf } from '../fault.ts';
import type { ConnectionSpec, RequestSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import { say } from '../manifest/say.ts';
import type { Names } from '../template/names.ts';
import { OUTPUT } from '../template/template.ts';
import type { Tree } from '../template/tree.ts';
import { parseSize } from '../units.ts';
import type { Author } from './author.ts';
import { compileRetry } from './connection.ts';
import { type Body, type Idempotency, type Job, METHODS, type PathTemplate, type Request } from './destination.ts';
import { milliseconds } from './duration.ts';
import { breaksHeader, problemOfHeader } from './headers.ts';
import { lookupsRead, templatesOf } from './lookups-read.ts';
import type { PlaceNames } from './names.ts';
import { compileRateLimits, type Defaults } from './rate-limit.ts';
import { compileJob, compileResponse } from './response.ts';

const SHORT = { get: 'GET', post: 'POST', put: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;
const BODIES = ['json', 'ndjson', 'form', 'text'] as const;

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

function compilePath(source: string, at: Path, author: Author, names: Names): PathTemplate {
  if (source.startsWith('{{')) return compileLeading(source, at, author, names);
  const template = author.text(source, at, names, 'path');
  const leading = undefined;
  if (source === '') return { leading, template, skeleton: [''] };
  // Templates are blanked out, so that what is found in the rest stands where the author wrote it.
  const literal = source.replace(/\{\{.*?\}\}|\{%.*?%\}/gs, (part) => OUTPUT.repeat(part.length));
  const wrong = (sentence: string, found?: RegExpExecArray | null) =>
    author.faultWithin('manifest.path', at, sentence, found?.index ?? 0, found?.[0].length ?? source.length);
  const query = /[?#].*/s.exec(literal);
  const odd = /(?!%[0-9A-Fa-f]{2})[^A-Za-z0-9\-._~!$&'()*+,;=:@/\uFFFC]/u.exec(literal.replace(/%(?=[0-9A-Fa-f]{2})/g, '-'));
  const dots = /(?<=\/)\.{1,2}(?=\/|$)/.exec(literal);
  if (!source.startsWith('/')) {
    wrong('The path must begin with "/". Scheme and host stand in connection.url.');
  } else if (query !== null) {
    wrong('A path holds no "?" and no "#". Put parameters into query:, which encodes them.', query);
  } else if (odd !== null) {
    wrong(`A path holds no ${JSON.stringify(odd[0])} (RFC 3986): write it percent-encoded, a space as %20.`, odd);
  } else if (dots !== null) {
    wrong('The path holds "." or "..". Write the path that is meant.', dots);
  }
  return { leading, template, skeleton: template.literal?.split('/') };
}

/** What may hold a URL that is called: it is the author's or the operator's, or an answer's, whose origin is checked. */
const HOLDS_URLS: ReadonlySet<string> = new Set(['settings', 'vars', 'auth', 'body', 'headers', 'steps']);

/** `{{ headers.location }}`, or with a path behind it. */
function compileLeading(source: string, at: Path, author: Author, names: Names): PathTemplate {
  const [, expression = '', rest = ''] = /^\{\{-?(.*?)-?\}\}(.*)$/s.exec(source) ?? [];
  const leading = author.expression(expression.trim(), at, names);
  const template = author.text(rest, at, names, 'path');
  const others = [...leading.names].map((name) => name.split('.')[0] ?? '').filter((name) => !HOLDS_URLS.has(name));
  if (others.length > 0)
    author.fault(
      'manifest.path',
      at,
      `The path must begin with "/", or with a URL from settings, vars, an answer or a step; ${others[0]} may not choose what is called.`,
    );
  else if (rest !== '' && !rest.startsWith('/'))
    author.fault('manifest.path', at, 'Behind the URL that begins it a path goes on with "/".');
  return { leading, template, skeleton: template.literal?.split('/') };
}

function compileBody(spec: RequestSpec, path: Path, author: Author, names: Names, method: Request['method']): Body {
  const given = BODIES.filter((word) => spec[word] !== undefined);
  const [word] = given;
  if (given.length > 1)
    author.fault(
      'manifest.body',
      [...path, given[1] ?? ''],
      `A request has one body at most; this one has ${given.join(' and ')}.`,
      'key',
    );
  if (spec.omit !== undefined && word !== 'json' && word !== 'form' && word !== 'ndjson')
    author.fault('manifest.body', [...path, 'omit'], 'omit is for json, ndjson and form bodies.', 'key');
  if (word === undefined) return { kind: 'none' };
  const at = [...path, word];
  if (method === 'GET') author.fault('manifest.body', at, 'A GET request sends no body. Use query:, or post.', 'key');
  if (word === 'ndjson') return { kind: 'ndjson', tree: author.tree(spec.ndjson, at, names, spec.omit) };
  if (word === 'form') return { kind: 'form', tree: author.tree(spec.form, at, names, spec.omit) };
  if (word === 'text') return { kind: 'text', template: author.text(spec.text ?? '', at, names, 'text') };
  if (typeof spec.json !== 'string' || /^\s*\{\{(?:(?!\}\}).)*\}\}$/s.test(spec.json))
    return { kind: 'json', tree: author.tree(spec.json, at, names, spec.omit) };
  if (spec.omit !== undefined)
    author.fault(
      'manifest.body',
      [...path, 'omit'],
      'omit is for JSON written as a tree; leave the keys out of this text with {% if %}.',
      'key',
    );
  return { kind: 'json-text', template: author.text(spec.json, at, names, 'json-value') };
}

const HOLDS_ROWS = ['items', 'records', 'rows'];

function namesOf(body: Body): ReadonlySet<string> {
  if (body.kind === 'none') return new Set();
  return 'tree' in body ? body.tree.names : body.template.names;
}

function compileBatch(
  { batch: spec }: RequestSpec,
  path: Path,
  author: Author,
  names: Names,
  used: ReadonlySet<string>,
): Request['batch'] {
  if (spec === undefined) return undefined;
  const bytes = spec.bytes === undefined ? Number.POSITIVE_INFINITY : (parseSize(String(spec.bytes)) ?? 0);
  return {
    size: spec.size,
    bytes,
    by: author.maybeExpression(spec.by, [...path, 'batch', 'by'], names),
    holdsRows: HOLDS_ROWS.some((name) => used.has(name)),
  };
}

function checkItem(spec: RequestSpec, path: Path, author: Author, used: ReadonlySet<string>): void {
  if (used.has('items') && spec.item === undefined) {
    author.fault(
      'manifest.item',
      [...path, BODIES.find((word) => spec[word] !== undefined) ?? 'batch'],
      'The body reads items, but there is no item. Add item:, one row’s part of the body, or use {{ records }}.',
      'key',
    );
  } else if (!used.has('items') && spec.item !== undefined && HOLDS_ROWS.some((name) => used.has(name))) {
    author.fault('manifest.item', [...path, 'item'], 'The body does not read items, so this item is never sent.', 'key');
  }
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
