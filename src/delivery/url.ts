/** The URL of a request: whatever data say, it leads where the manifest means. */

import type { Base } from '../destination/bind.ts';
import type { PathTemplate } from '../destination/destination.ts';
import { checkSegment } from '../template/places.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope } from '../template/scope.ts';
import { OUTPUT, type ValueTemplate } from '../template/template.ts';
import { scalarText } from '../template/text.ts';
import type { RenderedAuth } from './auth.ts';
import { pairsOf, queryString, rootOf } from './parameters.ts';

type Credentials = RenderedAuth['query'];

/** The query of the base, of the request, and of the credentials. */
export function renderQuery(base: Base, credentials: Credentials, own: Readonly<Record<string, unknown>>): string {
  const pairs = pairsOf(own, takenBy(base, credentials));
  return [base.query, queryString([...pairs, ...credentials])].filter((part) => part !== '').join('&');
}

/** A parameter that stands twice is read as the first by one API and as the last by another: names from data take none of these. */
function takenBy({ query }: Base, credentials: Credentials): ReadonlySet<string> | undefined {
  if (query === '' && credentials.length === 0) return undefined;
  return new Set([...new URLSearchParams(query).keys(), ...credentials.map(([name]) => name)].map(rootOf));
}

/** @throws {Fault} where a value would lead elsewhere than the manifest means */
export function renderUrl(path: PathTemplate, base: Base, query: string, scope: Scope): string {
  const { leading } = path;
  return leading === undefined
    ? checkedUrl(base, renderPath(path, scope), query)
    : leadingUrl(base, leading, renderPath(path, scope), query, scope);
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
