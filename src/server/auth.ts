/** Who may call: those with a bearer token, or everybody on this machine where none is set. */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { RPC_CODES } from '../rpc/method.ts';
import { isLoopback } from '../settings.ts';
import { Refusal } from './refusal.ts';

export interface Gate {
  /** Whether this request may see and do what is not for everybody. */
  allows(ctx: Context): boolean;
  /** @throws {Refusal} where it may not */
  check(ctx: Context): void;
}

export function createGate(tokens: readonly string[]): Gate {
  const digests = tokens.map(digest);
  const allows = (ctx: Context) => (digests.length === 0 ? !isFromAnotherSite(ctx) : holdsToken(ctx, digests));
  return {
    allows,
    check(ctx) {
      if (allows(ctx)) return;
      if (digests.length === 0) throw new Refusal(ANOTHER_SITE);
      throw new Refusal({
        ...UNAUTHORIZED,
        sentence: `${bearer(ctx) === undefined ? 'This' : 'The token is not known: this'} ${WANTED}`,
      });
    },
  };
}

const WANTED = 'server wants the header "Authorization: Bearer …" with one of the tokens it was started with (ROWPOST_TOKEN).';

const UNAUTHORIZED = {
  status: 401,
  code: RPC_CODES.unauthorized,
  headers: { 'WWW-Authenticate': 'Bearer realm="rowpost"' },
} as const;

const ANOTHER_SITE = {
  status: 403,
  code: RPC_CODES.unauthorized,
  sentence: 'A web page of another site may not call a server that has no token. Start it with ROWPOST_TOKEN.',
} as const;

/** Every token is compared, in the same time whatever was sent: the time of the answer must not tell how much of it was right. */
function holdsToken(ctx: Context, digests: readonly Buffer[]): boolean {
  const sent = digest(bearer(ctx) ?? '');
  let held = false;
  for (const known of digests) held = timingSafeEqual(known, sent) || held;
  return held;
}

function bearer(ctx: Context): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(ctx.get('authorization'))?.[1];
}

/** Of equal length whatever the token's, as timingSafeEqual wants. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * Without a token the loopback address is the only fence, and a page in the operator's browser stands inside it
 * (by DNS rebinding even with an origin that looks like ours). Browsers name the page's origin in every POST.
 */
function isFromAnotherSite(ctx: Context): boolean {
  const origin = ctx.get('origin');
  if (origin === '') return false;
  const host = URL.canParse(origin) ? new URL(origin).hostname.replace(/^\[(.*)\]$/, '$1') : '';
  return !isLoopback(host);
}
