/** The request of the next page: the last one with what `next` changes. */

import type { Base } from '../destination/bind.ts';
import type { Change, NextPage } from '../destination/destination.ts';
import { parseJson } from '../json/parse.ts';
import { stringifyJson } from '../numbers.ts';
import type { OutboundRequest } from '../outbound/exchange.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope } from '../template/scope.ts';
import { isMap, scalarText } from '../template/text.ts';
import { pairsOf, queryString } from './parameters.ts';

/** A page that was read. */
export interface Page {
  readonly request: OutboundRequest;
  readonly headers: Readonly<Record<string, string>>;
  /** Sees the answer, `page` and `count`. */
  readonly scope: Scope;
}

/** Where pages are asked for, and the parameters that prove who asks. */
export interface PageSource {
  readonly base: Base;
  readonly credentials: readonly (readonly [string, string])[];
}

/** Undefined where there is no further page: what would change is missing or empty. @throws {Fault} where it leads to another origin */
export function changedRequest(next: NextPage, page: Page, source: PageSource): OutboundRequest | undefined {
  if (next.kind === 'change') return changed(next, page);
  const { request, headers, scope } = page;
  const target = next.kind === 'link' ? nextLink(headers.link ?? '') : scalarText(next.url.value(scope));
  if (target.trim() === '') return undefined;
  const url = URL.canParse(target, request.url) ? new URL(target, request.url) : undefined;
  if (url === undefined || url.origin !== source.base.origin || url.username !== '' || url.password !== '') {
    throw renderFault('origin', 'the next page is said to be at another server, which is not asked');
  }
  url.hash = '';
  // Links leave credentials out.
  if (source.credentials.length > 0)
    setParameters(
      url,
      source.credentials.map(([name]) => name),
      source.credentials,
    );
  return { ...request, url: url.href };
}

function changed({ query, json }: Extract<NextPage, { kind: 'change' }>, { request, scope }: Page): OutboundRequest | undefined {
  if (![query, json].some((change) => change !== undefined && saysSomething(change.made.value(scope)))) return undefined;
  const url = new URL(request.url);
  setParameters(
    url,
    query.names,
    pairsOf(valuesOf(query, scope)).filter(([, value]) => value !== ''),
  );
  return { ...request, url: url.href, body: json === undefined ? request.body : changedBody(request.body, json, scope) };
}

function changedBody(body: Buffer | undefined, change: Change, scope: Scope): Buffer {
  const before = parseJson(body?.toString() ?? '{}');
  const replaced = new Set(change.names);
  const kept = Object.entries(isMap(before) ? before : {}).filter(([name]) => !replaced.has(name));
  const set = Object.entries(valuesOf(change, scope)).filter(([, value]) => saysSomething(value));
  return Buffer.from(stringifyJson(Object.fromEntries([...kept, ...set])));
}

function valuesOf(change: Change, scope: Scope): Record<string, unknown> {
  const values = change.values.value(scope);
  return isMap(values) ? values : {};
}

/** Whether there is any value in it that is neither null nor empty. */
function saysSomething(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(saysSomething);
  if (isMap(value)) return Object.values(value).some(saysSomething);
  return value !== undefined && value !== null && value !== '';
}

/** Parameters in place of those of these names, `name[part]` among them. */
function setParameters(url: URL, names: readonly string[], pairs: readonly (readonly [string, string])[]): void {
  const replaced = (name: string) => names.some((one) => name === one || name.startsWith(`${one}[`));
  const kept = [...url.searchParams].filter(([name]) => !replaced(name));
  const all = queryString([...kept, ...pairs]);
  url.search = all === '' ? '' : `?${all}`;
}

const TARGET = /<([^<>]*)>/g;
const PARAMETER = /\s*;\s*([\w*-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+)))?/y;

/** The target of rel=next in a Link header (RFC 8288 section 3); empty where there is none. */
function nextLink(header: string): string {
  TARGET.lastIndex = 0;
  for (let link = TARGET.exec(header); link !== null; link = TARGET.exec(header)) {
    // Of several the first holds.
    let rel: string | undefined;
    PARAMETER.lastIndex = TARGET.lastIndex;
    for (let one = PARAMETER.exec(header); one !== null; one = PARAMETER.exec(header)) {
      const [, name = '', quoted, bare = ''] = one;
      if (name.toLowerCase() === 'rel') rel ??= quoted ?? bare;
      TARGET.lastIndex = PARAMETER.lastIndex;
    }
    if (rel?.toLowerCase().split(/\s+/).includes('next')) return link[1] ?? '';
  }
  return '';
}
