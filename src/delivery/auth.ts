/** What proves who we are, rendered once for a call. */

import type { BoundDestination } from '../destination/bind.ts';
import { renderFault } from '../template/render-fault.ts';
import { scopeOf } from '../template/scope.ts';
import { headerValue } from './header-value.ts';

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
