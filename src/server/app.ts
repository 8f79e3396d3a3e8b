/** The Koa application: which path leads where, and what becomes of an error. It listens nowhere. */

import { randomBytes } from 'node:crypto';
import Koa, { type Context } from 'koa';
import type { Log } from '../observe/log.ts';
import { SERVER_SETTINGS } from '../settings.ts';
import type { Gate } from './auth.ts';
import { createBodyReader } from './body.ts';
import { type CallLine, createCallHandler } from './call.ts';
import type { Hosted } from './hosted.ts';
import { PAGES } from './pages.ts';
import { answerBug, answerJson, quoted, Refusal, refuse } from './refusal.ts';

export interface AppDeps {
  /** The destinations of this moment, by their ids: asked anew for every request. */
  hosted(): ReadonlyMap<string, Hosted>;
  readonly gate: Gate;
  /** Bytes, inflated. */
  readonly bodyLimit: number;
  /** Takes out of what is answered what nobody may see: the secrets of the operator. */
  redact(text: string): string;
  readonly log: Log;
  /** Whether calls should go elsewhere by now. */
  stopping(): boolean;
  /** Makes what a caller can quote and an operator can search the log for. */
  newReference?(): string;
  readonly callsPerDestination?: number;
  /** Bytes of all bodies under way together. */
  readonly maxPending?: number;
}

const CALLS = '/hightouch/';

export function createApp(deps: AppDeps): Koa {
  const { log, redact, newReference = () => randomBytes(5).toString('hex') } = deps;
  const readBody = createBodyReader(deps.bodyLimit);

  function bug(error: unknown, where: Readonly<Record<string, string>>): string {
    const reference = newReference();
    log.error('internal error', { reference, ...where, error });
    return reference;
  }

  const answerCall = createCallHandler({
    ...deps,
    readBody,
    bug,
    callsPerDestination: deps.callsPerDestination ?? 100,
    maxPending: deps.maxPending ?? SERVER_SETTINGS.maxPending.fallback,
  });

  function answerFailure(ctx: Context, error: unknown): void {
    if (error instanceof Refusal) refuse(ctx, error, redact);
    else answerBug(ctx, bug(error, { method: ctx.method }));
  }

  async function call(ctx: Context, parts: readonly string[]): Promise<void> {
    const start = performance.now();
    const line: CallLine = { destination: '?', methods: new Set(), bytes: 0, notifications: 0 };
    try {
      await answerCall(ctx, parts, line);
    } catch (error) {
      answerFailure(ctx, error);
    }
    logCall(log, ctx, line, performance.now() - start);
  }

  function page(ctx: Context, path: string): void {
    const show = PAGES.get(path);
    if (show === undefined) {
      ctx.status = 404;
      answerJson(
        ctx,
        JSON.stringify({
          error: redact(`There is nothing at ${quoted(path)}. Calls go to ${CALLS}<destination>; / lists the destinations.`),
        }),
      );
    } else if (ctx.method === 'GET' || ctx.method === 'HEAD') {
      show(ctx, deps);
    } else {
      ctx.status = 405;
      ctx.set('Allow', 'GET, HEAD');
      answerJson(ctx, JSON.stringify({ error: `${path} is read with GET.` }));
    }
  }

  const app = new Koa();
  // Whoever connects is who is seen; headers that say otherwise are anybody's to send.
  app.proxy = false;
  app.silent = true;
  app.on('error', (error: unknown) => {
    if (isLostConnection(error)) log.debug('connection lost', { error });
    else bug(error, {});
  });
  app.use(async (ctx) => {
    ctx.res.setHeader('X-Content-Type-Options', 'nosniff').setHeader('Cache-Control', 'no-store');
    try {
      const path = pathOf(ctx);
      if (path.startsWith(CALLS)) await call(ctx, path.slice(CALLS.length).split('/').map(decoded));
      else page(ctx, path);
    } catch (error) {
      answerFailure(ctx, error);
    }
  });
  return app;
}

function logCall(log: Log, ctx: Context, line: CallLine, ms: number): void {
  const { destination, bytes, notifications } = line;
  const methods = [...line.methods];
  log.info('call', {
    destination,
    methods,
    ms: Math.round(ms),
    status: ctx.status,
    bytes,
    ...(ctx.res.destroyed ? { hungUp: true } : {}),
  });
  if (notifications > 0) {
    log.warn('notifications were not carried out: a call needs an "id", or nobody hears of its rows', {
      destination,
      methods,
      notifications,
    });
  }
}

/** Koa parses lazily, and throws at or has nothing for a target such as `http://a:b/` or `?`. */
function pathOf(ctx: Context): string {
  try {
    return ctx.path ?? '';
  } catch {
    return '';
  }
}

function isLostConnection(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?:ECONN|EPIPE|ETIMEDOUT|ERR_STREAM_|HPE_)/.test(String(error.code));
}

/** The id that a path means; a path that cannot be decoded means none that exists. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
