/** The request of the next page: the last one with what `next` changes. */

import type { Base } from '../destination/bind.ts';
import type { NextPage } from '../destination/destination.ts';
import { parseJson, stringifyJson } from '../numbers.ts';
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

/** Undefined where there is no further page: what would change is missing or empty. @throws {Fault} where it leads to another origin */
export function changedRequest(next: NextPage, { request, headers, scope }: Page, base: Base): OutboundRequest | undefined {
  if (next.kind === 'change') return changed(request, pairsOf(mapOf(next.query.value(scope))), mapOf(next.json?.value(scope)));
  const target = next.kind === 'link' ? nextLink(headers.link ?? '') : scalarText(next.url.value(scope));
  if (target === '') return undefined;
  const url = URL.canParse(target, request.url) ? new URL(target, request.url) : undefined;
  if (url === undefined || url.origin !== base.origin || url.username !== '' || url.password !== '') {
    throw renderFault('origin', 'the next page is said to be at another server, which is not asked');
  }
  url.hash = '';
  return { ...request, url: url.href };
}

function changed(
  request: OutboundRequest,
  query: readonly [string, string][],
  json: Readonly<Record<string, unknown>>,
): OutboundRequest | undefined {
  const present = query.filter(([, value]) => value !== '');
  const keys = Object.entries(json).filter(([, value]) => value !== null && value !== '');
  if (present.length === 0 && keys.length === 0) return undefined;
  const url = new URL(request.url);
  const replaced = new Set(query.map(([name]) => name));
  const kept = [...url.searchParams].filter(([name]) => !replaced.has(name));
  url.search = present.length + kept.length === 0 ? '' : `?${queryString([...kept, ...present])}`;
  const body =
    keys.length === 0 ? request.body : stringifyJson({ ...mapOf(parseJson(request.body ?? '{}')), ...Object.fromEntries(keys) });
  return { ...request, url: url.href, body };
}

function mapOf(value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {};
}

/** The target of rel=next in a Link header (RFC 8288 section 3); empty where there is none. */
function nextLink(header: string): string {
  for (const [, target = '', parameters = ''] of header.matchAll(
    /<([^<>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:"[^"]*"|[^\s",;]+))?)*)/g,
  )) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))/i.exec(parameters);
    if (`${rel?.[1] ?? rel?.[2] ?? ''}`.toLowerCase().split(/\s+/).includes('next')) return target;
  }
  return '';
}
