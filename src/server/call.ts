/** `POST /hightouch/<destination>`: from the request to the answer, and the one line that the log keeps of it. */

import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import { didYouMean, oneOf } from '../fault.ts';
import type { Log } from '../observe/log.ts';
import { End, type Ending } from '../outbound/ending.ts';
import { dispatch } from '../rpc/dispatch.ts';
import { type Methods, RPC_CODES } from '../rpc/method.ts';
import { type Caller, type Gate, notYours } from './auth.ts';
import type { ReadBody } from './body.ts';
import type { CallContext, Hosted } from './hosted.ts';
import { type Held, Pending } from './pending.ts';
import { answerJson, comeBack, quoted, Refusal } from './refusal.ts';

export interface CallDeps {
  hosted(): ReadonlyMap<string, Hosted>;
  stopping(): boolean;
  readonly gate: Gate;
  readonly readBody: ReadBody;
  redact(text: string): string;
  readonly log: Log;
  /** Logs a bug and gives its reference. */
  bug(error: unknown, where: Readonly<Record<string, string>>): string;
  /** Requests that one destination may be busy with; more are refused before their bodies are read. */
  readonly callsPerDestination: number;
  /** Bytes of all bodies under way together. */
  readonly maxPending: number;
}

/** What the log keeps of a request: no params, and of names only those that are ours. */
export interface CallLine {
  destination: string;
  readonly methods: Set<string>;
  bytes: number;
  notifications: number;
}

/** @param parts of the path: the destination, and perhaps a token */
export type AnswerCall = (ctx: Context, parts: readonly string[], line: CallLine) => Promise<void>;

/** For a server that stops: a restart is over by then. */
const STOPPED_SECONDS = 5;
const BUSY_SECONDS = 2;

export function createCallHandler(deps: CallDeps): AnswerCall {
  const busy = new Map<string, number>();
  const pending = new Pending(deps.maxPending);

  return async (ctx, [id = '', ...more], line) => {
    if (ctx.method !== 'POST') throw wrongMethod(ctx);
    if (deps.stopping()) throw comeBack('The server is stopping. Send the call again.', STOPPED_SECONDS);
    const caller = deps.gate.admit(ctx, more.length === 0 ? undefined : more.join('/'));
    if (!caller.may(id)) throw notYours(id);
    const hosted = deps.hosted();
    const destination = hosted.get(id);
    if (destination === undefined)
      throw unknownDestination(
        id,
        [...hosted.keys()].filter((known) => !caller.signed && caller.may(known)),
      );
    line.destination = id;

    const running = busy.get(id) ?? 0;
    if (running >= deps.callsPerDestination) {
      throw comeBack(`${running} calls of ${quoted(id)} are under way already. Send this one again.`, BUSY_SECONDS);
    }
    busy.set(id, running + 1);
    const held = pending.hold();
    try {
      await answer(ctx, destination, caller, line, held, deps);
    } finally {
      held.release();
      const left = (busy.get(id) ?? 1) - 1;
      if (left > 0) busy.set(id, left);
      else busy.delete(id);
    }
  };
}

async function answer(
  ctx: Context,
  destination: Hosted,
  caller: Caller,
  line: CallLine,
  held: Held,
  { readBody, redact, bug }: CallDeps,
): Promise<void> {
  const body = await readBody(ctx, held, (bytes) => caller.prove(bytes, destination.id));
  line.bytes = body.bytes;
  const methods = noting(destination, line.methods);
  const said = await dispatch(
    body.take(),
    methods,
    { signal: hangUpSignal(ctx.res), header: (name) => ctx.get(name) || undefined },
    {
      redact,
      notification(name) {
        methods.get(name);
        line.notifications++;
      },
      bug: (error, method) => bug(error, { destination: destination.id, method: knownName(destination, method) }),
    },
  );
  if (said === undefined) {
    ctx.status = 204;
    return;
  }
  ctx.status = 200;
  answerJson(ctx, said);
}

/** The methods of the destination; which were asked for is noted. */
function noting(destination: Hosted, names: Set<string>): Methods<CallContext> {
  return {
    get(name) {
      names.add(knownName(destination, name));
      return destination.methods.get(name);
    },
  };
}

/** The name, or `?`: what callers make up does not get into the log. A broken destination answers to any name. */
function knownName({ state, methods }: Hosted, name: string): string {
  return state === 'ready' && methods.get(name) !== undefined ? name : '?';
}

/** Aborts when the connection closes before the whole answer was handed to it. */
function hangUpSignal(res: ServerResponse): Ending {
  const end = new End();
  const hungUp = () => {
    if (!res.writableFinished) end.abort();
  };
  if (res.destroyed) hungUp();
  else res.once('close', hungUp);
  return end;
}

function wrongMethod(ctx: Context): Refusal {
  return new Refusal({
    status: 405,
    code: RPC_CODES.invalidRequest,
    sentence: `Calls are sent here with POST, as JSON-RPC 2.0; this was ${quoted(ctx.method)}.`,
    headers: { Allow: 'POST' },
  });
}

/** As many ids as an error may name. */
const NAMED = 20;

function unknownDestination(id: string, known: Iterable<string>): Refusal {
  const ids = [...known].sort();
  const guess = didYouMean(id, ids);
  const others = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
  const named =
    ids.length === 0
      ? 'There are none.'
      : `There ${ids.length === 1 ? 'is' : 'are'} ${oneOf(ids.slice(0, NAMED), '"').replace(/ or ([^ ]+)$/, ' and $1')}${others}.`;
  return new Refusal({
    status: 404,
    code: RPC_CODES.unknownDestination,
    sentence: [`There is no destination ${quoted(id)}.`, guess, named].filter((part) => part !== undefined).join(' '),
  });
}
