/** What scripts tell a chaos target under /chaos/ while it runs, and what they ask it. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../../fault.ts';
import { JsonError, parseJson } from '../../json/parse.ts';
import { stringifyJson } from '../../numbers.ts';
import { isMap } from '../../template/text.ts';
import { KB, parseDuration } from '../../units.ts';
import { pathOf, readBody } from './api.ts';
import { LONGEST, sendJson } from './exchange.ts';
import type { Ledger } from './ledger.ts';
import { readScript, type ScriptPlan } from './script.ts';

export interface Controlled {
  readonly ledger: Ledger;
  script(plan: ScriptPlan): void;
  reset(): void;
  /** Cuts every connection and refuses new ones for so many milliseconds. Settles once they are refused. */
  down(milliseconds: number): Promise<void>;
}

/** Characters that are written at once. */
const PIECE = 64 * KB;

type Route = (target: Controlled, request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /chaos/summary': ({ ledger }, _, response) => sendJson({ response }, 200, ledger.summary()),
  'GET /chaos/ledger': ({ ledger }, request, response) => sendLedger(ledger, request, response),
  async 'POST /chaos/script'(target, request, response) {
    target.script(readScript(await readJson(request)));
    done(response);
  },
  'POST /chaos/reset'(target, _, response) {
    target.reset();
    done(response);
  },
  async 'POST /chaos/down'(target, request, response) {
    const time = readDown(await readJson(request));
    // Not before the answer is out.
    response.once('close', () => void target.down(time)).setHeader('connection', 'close');
    done(response);
  },
};

export async function control(target: Controlled, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = ROUTES[`${request.method} ${pathOf(request)}`];
  if (route === undefined) {
    const error = `There is nothing at ${request.method} ${pathOf(request)}. There are ${Object.keys(ROUTES).join(', ')}.`;
    return sendJson({ response }, 404, { ok: false, error });
  }
  try {
    await route(target, request, response);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    sendJson({ response }, 400, { ok: false, error: error.message });
  }
}

function done(response: ServerResponse): void {
  sendJson({ response }, 200, { ok: true });
}

/** All of it, or the one row that ?id= names. In pieces: a million entries are no string that fits. */
async function sendLedger(ledger: Ledger, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = new URL(request.url ?? '', 'http://chaos').searchParams.get('id');
  if (id !== null) {
    const entry = ledger.get(id);
    return sendJson({ response }, entry === undefined ? 404 : 200, entry ?? { ok: false, error: 'this row did not arrive' });
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  // Who asked may hang up, which is no fault of ours.
  await pipeline(Readable.from(ledgerText(ledger)), response).catch(() => undefined);
}

function* ledgerText(ledger: Ledger): Iterable<string> {
  yield `{"summary":${stringifyJson(ledger.summary())},"rows":[`;
  yield* listed(ledger.rows());
  yield '],"requests":[';
  yield* listed(ledger.requests());
  yield ']}\n';
}

/** One on a line. */
function* listed(entries: Iterable<unknown>): Iterable<string> {
  let piece = '';
  let separator = '\n';
  for (const entry of entries) {
    piece += separator + stringifyJson(entry);
    separator = ',\n';
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}\n`;
}

/** @throws {Fault} */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request);
  try {
    return parseJson(typeof body === 'string' ? '' : body.toString('utf8') || '{}');
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new Fault({ code: 'usage.script', sentence: `The body is ${error.message}.` });
  }
}

/** @throws {Fault} */
function readDown(value: unknown): number {
  const time = isMap(value) && typeof value.for === 'string' ? parseDuration(value.for) : undefined;
  if (time !== undefined && time <= LONGEST) return time;
  throw new Fault({
    code: 'usage.down',
    sentence: 'The body is {"for": "5s"}, with a duration of at most an hour: nobody could end it meanwhile.',
  });
}
