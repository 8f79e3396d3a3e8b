/** Who may call: those with a token or a signature, from the addresses that are allowed; everybody on this machine where neither is set. */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { type Credential, type Credentials, NO_CREDENTIALS } from '../credentials.ts';
import { oneOf } from '../fault.ts';
import { isLoopback } from '../networks.ts';
import { RPC_CODES } from '../rpc/method.ts';
import { type Addresses, createAddresses } from './caller.ts';
import { quoted, Refusal } from './refusal.ts';
import { Signatures } from './signature.ts';

/** Somebody who was let in, perhaps to some destinations only. */
export interface Caller {
  /** Whether it is the body that proves who calls. */
  readonly signed: boolean;
  may(destination: string): boolean;
  /**
   * Whether the body is what was signed; for callers with a token there is nothing to prove.
   * @throws {Refusal} where it is not
   */
  prove(body: Buffer, destination: string): void;
}

export interface Gate {
  /**
   * Before the body is read.
   * @param inPath the last part of the path, where there is one more than the destination
   * @throws {Refusal} where this request may not call
   */
  admit(ctx: Context, inPath?: string): Caller;
  /** Who reads a page, where they may see what is not for everybody. */
  reader(ctx: Context): Caller | undefined;
}

export interface GateOptions {
  /** Those of this moment: they may be replaced while the server runs. */
  credentials(): Credentials;
  readonly addresses: Addresses;
  /** Milliseconds since 1970. */
  now(): number;
}

export function createGate({ credentials, addresses, now }: GateOptions): Gate {
  const signatures = new Signatures(now);

  function admit(ctx: Context, inPath?: string): Caller {
    const address = addresses.of(ctx.req);
    if (!addresses.allows(address)) throw new Refusal({ ...FORBIDDEN, sentence: notFrom(address) });
    const { tokens, signingKeys } = credentials();
    if (tokens.length + signingKeys.length === 0) {
      if (isFromAnotherSite(ctx)) throw new Refusal({ ...FORBIDDEN, sentence: ANOTHER_SITE });
      if (inPath !== undefined) throw new Refusal(NOTHING_BEHIND);
      return ANYBODY;
    }
    const sent = [tokenOf(ctx), inPath].filter((token) => token !== undefined);
    for (const token of sent) {
      const held = holder(token, tokens);
      if (held !== undefined) return limitedTo([held]);
    }
    const claim = sent.length === 0 && signingKeys.length > 0 ? signatures.claim(ctx.req.headers) : undefined;
    if (claim === undefined) throw unauthorized(sent.length > 0, credentials());
    if (typeof claim === 'string') throw new Refusal({ ...UNAUTHORIZED, sentence: claim });
    return limitedTo(signingKeys, (body, destination) => {
      const keys = signingKeys.filter((key) => isFor(key, destination));
      const why = signatures.refuses(claim, body, keys);
      if (why !== undefined) throw new Refusal({ ...UNAUTHORIZED, sentence: why });
    });
  }

  return {
    admit,
    reader(ctx) {
      try {
        const caller = admit(ctx);
        // A signature is of a body, and pages have none.
        return caller.signed ? undefined : caller;
      } catch (error) {
        if (error instanceof Refusal) return undefined;
        throw error;
      }
    },
  };
}

/** For a server that only this machine reaches. */
export function openGate(): Gate {
  return createGate({ credentials: () => NO_CREDENTIALS, addresses: createAddresses([], []), now: Date.now });
}

const ANYBODY: Caller = { signed: false, may: () => true, prove: () => undefined };

function isFor({ destinations }: Credential, destination: string): boolean {
  return destinations === undefined || destinations.has(destination);
}

function limitedTo(credentials: readonly Credential[], prove?: Caller['prove']): Caller {
  return {
    signed: prove !== undefined,
    may: (destination) => credentials.some((one) => isFor(one, destination)),
    prove: prove ?? (() => undefined),
  };
}

/** What a caller hears who was let in, but not to this destination: told before it is known whether there is one. */
export function notYours(id: string): Refusal {
  return new Refusal({
    ...FORBIDDEN,
    sentence: `What this call was sent with is for other destinations than ${quoted(id)}. Use a token that is for it.`,
  });
}

/** Every token is compared, in the same time whatever was sent: the time of the answer must not tell how much of it was right. */
function holder(sent: string, tokens: readonly Credential[]): Credential | undefined {
  const digest = digestOf(sent);
  let held: Credential | undefined;
  for (const token of tokens) if (timingSafeEqual(digestOf(token.secret), digest)) held = token;
  return held;
}

/** Of equal length whatever the token's, as timingSafeEqual wants. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The bearer token, or the password; where that is empty the user's name, as some tools send keys. */
function tokenOf(ctx: Context): string | undefined {
  const header = ctx.get('authorization');
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(header) ?? [];
  if (bearer !== undefined) return bearer;
  const [, basic] = /^Basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(header) ?? [];
  if (basic === undefined) return header === '' ? undefined : '';
  const text = Buffer.from(basic, 'base64').toString('utf8');
  const [, user = '', password = ''] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  return password || user;
}

const UNAUTHORIZED = {
  status: 401,
  code: RPC_CODES.unauthorized,
  headers: { 'WWW-Authenticate': 'Bearer realm="rowpost", Basic realm="rowpost", charset="UTF-8"' },
} as const;

const NOTHING_BEHIND = {
  status: 404,
  code: RPC_CODES.unknownDestination,
  sentence: 'The path has one part too many: behind the destination stands a token, and this server has none.',
} as const;

const FORBIDDEN = { status: 403, code: RPC_CODES.unauthorized } as const;

function unauthorized(sent: boolean, { tokens, signingKeys }: Credentials): Refusal {
  const ways = [
    ...(tokens.length > 0 ? ['the header "Authorization: Bearer …" with one of its tokens (ROWPOST_TOKEN)'] : []),
    ...(signingKeys.length > 0 ? ['a signature as Standard Webhooks has it, made with its key (ROWPOST_SIGNING_KEY)'] : []),
  ];
  return new Refusal({
    ...UNAUTHORIZED,
    sentence: `${sent ? 'The token is not known: this' : 'This'} server wants ${oneOf(ways)}.`,
  });
}

function notFrom(address: string): string {
  return `Calls from ${address} are not taken here. If they should be, add that address to ROWPOST_ALLOW_FROM; behind a proxy, name the proxy in ROWPOST_TRUSTED_PROXIES.`;
}

const ANOTHER_SITE = 'A web page of another site may not call a server that has no token. Start it with ROWPOST_TOKEN.';

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
