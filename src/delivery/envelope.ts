/** A request without its body: URL and headers, checked to be what the manifest says. */

import { type Base, type BoundDestination, baseFor } from '../destination/bind.ts';
import { type HttpMethod, METHODS, type Request } from '../destination/destination.ts';
import { problemOfHeader } from '../destination/headers.ts';
import { OF_DESTINATION, ROW_NAMES, readsOnly } from '../destination/names.ts';
import { beginning } from '../fault.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope } from '../template/scope.ts';
import type { Compiled } from '../template/template.ts';
import { isMap, scalarText } from '../template/text.ts';
import type { Tree } from '../template/tree.ts';
import { type RenderedAuth, renderAuth } from './auth.ts';
import { headerValue } from './header-value.ts';
import { lazy } from './lazy.ts';
import type { RateKey } from './rate.ts';
import { renderQuery, renderUrl } from './url.ts';

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
  const queryOf = part(query, (scope) => renderQuery(base(), auth()?.query ?? [], mapOf(query, scope, 'query')));
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
