/** What proves who we are, rendered once for a call. */

import type { BoundDestination } from '../destination/bind.ts';
import { Fault } from '../fault.ts';
import type { OutboundRequest } from '../outbound/exchange.ts';
import { renderFault } from '../template/render-fault.ts';
import { scopeOf } from '../template/scope.ts';
import { headerValue } from './header-value.ts';
import { queryString } from './parameters.ts';

/** The same request, with what proves who we are by now. */
export function withAuth(outbound: OutboundRequest, before: RenderedAuth, after: RenderedAuth): OutboundRequest {
  const old = queryString(before.query);
  // What proves who we are stands behind all other parameters.
  const url = old === '' ? outbound.url : outbound.url.slice(0, -old.length) + queryString(after.query);
  return { ...outbound, url, headers: { ...outbound.headers, ...after.headers } };
}

export interface RenderedAuth {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
}

/** @throws {Fault} */
export function renderAuth({ destination, settings }: BoundDestination, now: string): RenderedAuth | undefined {
  const { auth } = destination.connection;
  if (auth === undefined) return undefined;
  const scope = scopeOf({ settings: settings.values, vars: destination.vars, now });
  const parts = [...auth.parts].map(([name, template]) => [name, template.text(scope)] as const);
  const part = (name: string) => parts.find(([own]) => own === name)?.[1] ?? '';
  switch (auth.kind) {
    case 'basic': {
      // RFC 7617 section 2: the first colon ends the user's name.
      if (part('username').includes(':')) throw renderFault('auth', 'the user name of connection.auth.basic holds a colon');
      const pair = Buffer.from(`${part('username')}:${part('password')}`, 'utf8').toString('base64');
      return { headers: { authorization: `Basic ${pair}` }, query: [] };
    }
    case 'bearer':
      return { headers: { authorization: headerValue('authorization', `Bearer ${part('token')}`) }, query: [] };
    case 'header':
      return {
        headers: Object.fromEntries(parts.map(([name, value]) => [name.toLowerCase(), headerValue(name, value)])),
        query: [],
      };
    case 'query':
      return { headers: {}, query: parts };
  }
}

/**
 * What proves who we are without showing the secret that it is made from, and is as good as that: of Basic the pair in
 * base64, else what filters made. What changes with the time is a signature, which tells nothing.
 */
export function authSecrets(bound: BoundDestination): string[] {
  const { destination, settings } = bound;
  const { auth } = destination.connection;
  if (auth === undefined) return [];
  const known = destination.settings.filter(({ name, secret }) => secret && settings.values[name] !== undefined);
  const secret = known.map(({ name }) => `settings.${name}`);
  const made = [...auth.parts.values()].filter(({ names }) => !names.has('now') && secret.some((name) => names.has(name)));
  try {
    if (auth.kind === 'basic') {
      const { authorization } = (made.length > 0 && renderAuth(bound, BEGINNING)?.headers) || {};
      return authorization === undefined ? [] : [authorization.replace('Basic ', '')];
    }
    const scope = scopeOf({ settings: settings.values, vars: destination.vars });
    return made.map((template) => template.text(scope)).filter((text) => !settings.secrets.some((one) => text.includes(one)));
  } catch (error) {
    // The requests themselves will fail of it, and say so.
    if (error instanceof Fault) return [];
    throw error;
  }
}

/** Any time will do. */
const BEGINNING = new Date(0).toISOString();
