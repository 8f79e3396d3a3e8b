/** A request without its body: URL and headers, checked to be what the manifest says. */

import { type Base, type BoundDestination, baseFor } from '../destination/bind.ts';
import { type HttpMethod, METHODS, type PathTemplate, type Request } from '../destination/destination.ts';
import { problemOfHeader } from '../destination/headers.ts';
import { OF_DESTINATION, ROW_NAMES, readsOnly } from '../destination/names.ts';
import { beginning } from '../fault.ts';
import { checkSegment } from '../template/places.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope } from '../template/scope.ts';
import { type Compiled, OUTPUT, type ValueTemplate } from '../template/template.ts';
import { isMap, scalarText } from '../template/text.ts';
import type { Tree } from '../template/tree.ts';
import { type RenderedAuth, renderAuth } from './auth.ts';
import { headerValue } from './header-value.ts';
import { lazy } from './lazy.ts';
import { pairsOf, queryString, rootOf } from './parameters.ts';
import type { RateKey } from './rate.ts';

export interface Envelope {
  readonly method: HttpMethod;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: RenderedAuth | undefined;
  /** The declared rates that it falls under. */
  readonly rates: readonly RateKey[];
}

/** @throws {Fault} where a value would change what is asked of whom */
export function renderEnvelope(request: Request, base: Base, auth: RenderedAuth | undefined, scope: Scope): Envelope {
  return envelopes(
    request,
    () => base,
    () => auth,
    scope,
  )(scope);
}

/** What a call gives an envelope beside its rows. */
interface Given {
  readonly config: Readonly<Record<string, unknown>>;
  /** ISO 8601. */
  readonly now: string;
  /** What all rows see. */
  readonly common: Scope;
}

/** Of requests whose URL and headers no call changes. */
const unchanging = new WeakMap<BoundDestination, WeakMap<Request, Envelope>>();

/** Envelopes for the rows of a call; the same for all calls where nothing of it reads more than settings. @returns as `envelopes` */
export function callEnvelopes(bound: BoundDestination, request: Request, { config, now, common }: Given): Part<Envelope> {
  const known = unchanging.get(bound) ?? new WeakMap<Request, Envelope>();
  unchanging.set(bound, known);
  const kept = known.get(request);
  if (kept !== undefined) return () => kept;
  const own = envelopes(
    request,
    lazy(() => baseFor(bound, config)),
    lazy(() => renderAuth(bound, now)),
    common,
  );
  const { auth } = bound.destination.connection;
  const templates = [...templatesOf(request), ...(auth?.parts.values() ?? [])];
  if (bound.base === undefined || !templates.every((template) => readsOnly(template, OF_DESTINATION))) return own;
  return (scope) => {
    const envelope = own(scope);
    known.set(request, envelope);
    return envelope;
  };
}

function templatesOf({ method, path, query, headers, rateLimits }: Request): (Compiled | undefined)[] {
  const rates = rateLimits.map(({ by }) => by);
  return [typeof method === 'string' ? undefined : method, path.template, path.leading, ...query, ...headers, ...rates];
}

/**
 * Envelopes for the rows of a call: what of one reads nothing of a row is rendered once for all of them.
 * @param common what all rows see
 * @returns throws {Fault} where a value would change what is asked of whom
 */
function envelopes(
  request: Request,
  base: () => Base,
  auth: () => RenderedAuth | undefined,
  common: Scope,
): (scope: Scope) => Envelope {
  const part = <T>(templates: readonly (Compiled | undefined)[], render: (scope: Scope) => T): Part<T> =>
    templates.some(readsRow) ? render : lazy(() => render(common));
  const { method, path, query, headers, rateLimits } = request;
  const methodOf = typeof method === 'string' ? () => method : part([method], (scope) => readMethod(method.value(scope)));
  const queryOf = part(query, (scope) => renderQuery(query, base(), auth(), scope));
  const urlOf = part([path.template, path.leading, ...query], (scope) => renderUrl(path, base(), queryOf(scope), scope));
  const headersOf = part(headers, (scope) => ({
    ...defaultHeaders(request),
    ...renderHeaders(headers, scope),
    ...auth()?.headers,
  }));
  const ratesOf = part(
    rateLimits.map(({ by }) => by),
    (scope) => rateLimits.map((limit) => ({ limit, by: scalarText(limit.by?.value(scope)) })),
  );
  const render = (scope: Scope): Envelope => ({
    method: methodOf(scope),
    url: urlOf(scope),
    headers: headersOf(scope),
    auth: auth(),
    rates: ratesOf(scope),
  });
  return part(templatesOf(request), render);
}

type Part<T> = (scope: Scope) => T;

/** Asked of all templates in every call. */
const rowReaders = new WeakMap<ReadonlySet<string>, boolean>();

export function readsRow(template: Pick<Compiled, 'names'> | undefined): boolean {
  if (template === undefined) return false;
  const { names } = template;
  const known = rowReaders.get(names);
  if (known !== undefined) return known;
  const reads = [...names].some((name) => ROW_NAMES.has(name));
  rowReaders.set(names, reads);
  return reads;
}

/** Equal for rows that may share a request. */
export function envelopeKey({ method, url, headers, rates }: Envelope): string {
  return `${method} ${url}\n${JSON.stringify([headers, rates.map(({ by }) => by)])}`;
}

function renderQuery(layers: readonly Tree[], base: Base, auth: RenderedAuth | undefined, scope: Scope): string {
  const credentials = auth?.query ?? [];
  const own = pairsOf(mapOf(layers, scope, 'query'), takenBy(base, credentials));
  return [base.query, queryString([...own, ...credentials])].filter((part) => part !== '').join('&');
}

function renderUrl(path: PathTemplate, base: Base, query: string, scope: Scope): string {
  const { leading } = path;
  return leading === undefined
    ? checkedUrl(base, renderPath(path, scope), query)
    : leadingUrl(base, leading, renderPath(path, scope), query, scope);
}

function readMethod(value: unknown): HttpMethod {
  const text = scalarText(value).toUpperCase();
  const method = METHODS.find((one) => one === text);
  if (method === undefined)
    throw renderFault(
      'method',
      `${beginning(JSON.stringify(value) ?? 'nothing', 40)} is not a method; expected GET, POST, PUT, PATCH or DELETE`,
    );
  return method;
}

function renderPath({ template, skeleton }: PathTemplate, scope: Scope): string {
  const path = template.text(scope);
  // Only text that opted out of escaping can hold these.
  if (/[?#]/.test(path)) throw renderFault('path', 'a value would end the path with "?" or "#"');
  const parts = path.split('/');
  for (const [index, part] of parts.entries()) {
    // What is literal was checked when the manifest was loaded. Where tags may move the parts, only the ends may be empty.
    const literal =
      skeleton === undefined
        ? part === '' && (index === 0 || index === parts.length - 1)
        : skeleton[index]?.includes(OUTPUT) === false;
    if (!literal) checkSegment(part);
  }
  if (skeleton !== undefined && parts.length !== skeleton.length)
    throw renderFault('path', 'a value would change the parts of the path');
  return path;
}

/** A parameter that stands twice is read as the first by one API and as the last by another: names from data take none of these. */
function takenBy({ query }: Base, credentials: RenderedAuth['query']): ReadonlySet<string> | undefined {
  if (query === '' && credentials.length === 0) return undefined;
  return new Set([...new URLSearchParams(query).keys(), ...credentials.map(([name]) => name)].map(rootOf));
}

/** The URL as a parser reads it must be the one that was meant: its origin, its path, its parameters. */
function checkedUrl({ origin, path: before }: Base, path: string, query: string): string {
  const url = `${origin}${path === '' ? before : before.replace(/\/$/, '') + path}${query === '' ? '' : `?${query}`}`;
  if (isPlain(url.slice(origin.length))) return url;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.origin === origin && parsed.href === url) return url;
  throw renderFault('url', 'the URL would be read as another one than the manifest means');
}

/**
 * Whether a URL's parser takes it as it stands, so that it need not be asked: unreserved characters and escapes (RFC 3986
 * section 2.3), slashes, and no part that leads elsewhere.
 */
function isPlain(pathAndQuery: string): boolean {
  return /^\/[\w\-~/%.]*(?:\?[\w\-~/%.&=]*)?$/.test(pathAndQuery) && !/\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(pathAndQuery);
}

/** A URL that an answer, a setting or a constant holds: whatever it says, it is called at the destination's own origin only. */
function leadingUrl({ origin, path: before }: Base, leading: ValueTemplate, rest: string, query: string, scope: Scope): string {
  const target = scalarText(leading.value(scope));
  if (target.trim() === '') throw renderFault('url', 'the URL that the path begins with is missing');
  const whole = target + rest;
  const from = `${origin}${before.replace(/\/$/, '')}/`;
  const parsed = URL.canParse(whole, from) ? new URL(whole, from) : undefined;
  const [path = ''] = whole.split(/[?#]/, 1);
  const climbs = decodedParts(path).some((part) => part === '..' || part === '.');
  if (
    parsed === undefined ||
    parsed.origin !== origin ||
    parsed.username !== '' ||
    parsed.password !== '' ||
    climbs ||
    /[\\\p{Cc}]/u.test(whole)
  )
    throw renderFault('origin', 'the URL that the path begins with leads elsewhere than to the destination');
  parsed.hash = '';
  if (query !== '') parsed.search = parsed.search === '' ? query : `${parsed.search}&${query}`;
  return parsed.href;
}

function decodedParts(path: string): string[] {
  try {
    return decodeURIComponent(path).split('/');
  } catch {
    return path.split('/');
  }
}

function mapOf(layers: readonly Tree[], scope: Scope, what: string): Record<string, unknown> {
  const map: Record<string, unknown> = Object.create(null);
  for (const layer of layers) {
    const value = layer.value(scope);
    if (value === undefined || value === null) continue;
    if (!isMap(value)) throw renderFault('map', `${what} must be a map of names and values`);
    for (const [name, one] of Object.entries(value)) map[name] = one;
  }
  return map;
}

function renderHeaders(layers: readonly Tree[], scope: Scope): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const layer of layers) {
    for (const [name, value] of Object.entries(mapOf([layer], scope, 'headers'))) {
      const problem = problemOfHeader(name);
      if (problem !== undefined) throw renderFault('header', problem);
      headers[name.toLowerCase()] = headerValue(name, scalarText(value));
    }
  }
  return headers;
}

const CONTENT_TYPES = {
  none: undefined,
  json: 'application/json',
  'json-text': 'application/json',
  form: 'application/x-www-form-urlencoded',
  ndjson: 'application/x-ndjson',
  text: 'text/plain; charset=utf-8',
};

function defaultHeaders(request: Request): Record<string, string> {
  const type = CONTENT_TYPES[request.body.kind];
  return { ...(type !== undefined && { 'content-type': type }) };
}
