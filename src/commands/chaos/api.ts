/** The API of a chaos target: an honest one that takes rows, and the fault that a request meets in its place. */

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MB } from '../../units.ts';
import { ELSEWHERE, type FaultKind, type Pace, sendJson, wait } from './exchange.ts';
import { KINDS, type Step } from './faults.ts';
import { type Answer, type Arrival, type Bounds, Ledger, type Outcome, type Row } from './ledger.ts';
import { type Refusal, readRows, type Shape } from './rows.ts';
import { Script, type ScriptPlan } from './script.ts';

/** Bytes of a body. */
const LARGEST = 64 * MB;

export interface ApiOptions {
  readonly shape: Shape;
  readonly pace: Pace;
  readonly bounds: Partial<Bounds>;
  /** Told of every request once it is known what it meets. */
  readonly seen: (arrival: Arrival) => void;
}

/** A request as it arrives, and the ledger that it is written into. */
interface Arriving extends Pick<Arrival, 'number' | 'method' | 'path' | 'key'> {
  readonly ledger: Ledger;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Read {
  readonly rows: readonly Row[];
  /** Tells its body from others, where it has an idempotency key. */
  readonly digest: string;
}

/** What is not said of it is none. */
type Known = Partial<Outcome> & Pick<Outcome, 'met'>;

const NOTHING = { rows: 0, taken: 0, replayed: false };
const FULL: Refusal = { status: 507, error: 'the ledger is full; POST /chaos/reset empties it' };

export class Api {
  readonly #options: ApiOptions;
  #plan: ScriptPlan;
  #script: Script;
  #ledger: Ledger;

  constructor(options: ApiOptions, plan: ScriptPlan) {
    this.#options = options;
    this.#plan = plan;
    this.#script = new Script(plan);
    this.#ledger = new Ledger(options.bounds);
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** Counts requests from 1 again. */
  script(plan: ScriptPlan): void {
    this.#plan = plan;
    this.#script = new Script(plan);
  }

  /** An empty ledger, and the script from its beginning. What is under way stays with the old ones. */
  reset(): void {
    this.#ledger = new Ledger(this.#options.bounds);
    this.#script = new Script(this.#plan);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ledger = this.#ledger;
    const { method = '' } = request;
    const path = pathOf(request);
    const key = request.headersDistinct['idempotency-key']?.[0];
    const number = ledger.begin(method, path, key);
    if (number === undefined) return void refuse(response, FULL);
    const outcome = { ...NOTHING, ...(await this.#answer({ ledger, number, method, path, key, request, response })) };
    ledger.end(number, outcome);
    this.#options.seen({ number, method, path, key, ...outcome });
  }

  async #answer(arriving: Arriving): Promise<Known> {
    const { path, request, response } = arriving;
    if (path === ELSEWHERE) {
      sendJson({ response }, 200, { ok: true });
      return { met: 'elsewhere' };
    }
    const script = this.#script;
    const number = script.next();
    let step = script.needsRows ? undefined : script.byNumber(number);
    if (step !== undefined && KINDS[step].body === 'unread') return this.#play(step, arriving, { rows: [], digest: '' });
    if (step !== undefined) await this.#delay(step, request);
    const read = await readRequest(arriving, this.#options.shape);
    if (read === 'cut') return { met: 'cut' };
    if ('status' in read) return refuse(response, read);
    if (step === undefined) {
      step = script.byRow(read.rows.map(({ name }) => name)) ?? script.byNumber(number);
      await this.#delay(step, request);
    }
    return this.#play(step, arriving, read);
  }

  async #delay(step: Step, { socket }: IncomingMessage): Promise<void> {
    if (KINDS[step].body === 'late') await wait(socket, this.#options.pace.late);
  }

  #play(step: Step, arriving: Arriving, read: Read): Known {
    const { request, response } = arriving;
    const kind = KINDS[step];
    const came = take(arriving, read, kind.takes);
    if ('status' in came) return refuse(response, came);
    void kind.play({ response, socket: request.socket, answer: came.answer, pace: this.#options.pace });
    return { met: step, rows: read.rows.length, taken: came.taken, replayed: came.replayed };
  }
}

interface Came extends Pick<Outcome, 'taken' | 'replayed'> {
  readonly answer: Answer;
}

/** Puts into the ledger what the fault takes. */
function take({ ledger, number, key }: Arriving, { rows, digest }: Read, takes: FaultKind['takes']): Came | Refusal {
  if (takes === 'none') return { answer: answerTo(rows, () => false), taken: 0, replayed: false };
  const recalled = key === undefined ? undefined : ledger.recall(key, digest);
  if (recalled === 'other') return { status: 422, error: 'this Idempotency-Key came with another body before' };
  if (recalled !== undefined) return { answer: recalled, taken: 0, replayed: true };
  const takesRow = (index: number) => takes === 'all' || index % 2 === 1;
  const taken = rows.filter((_, index) => takesRow(index));
  const answer = answerTo(rows, takesRow);
  if (!ledger.take(number, taken, key === undefined ? undefined : { key, digest, answer })) return FULL;
  return { answer, taken: taken.length, replayed: false };
}

/** Without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').replace(/[?#].*$/s, '');
}

function answerTo(rows: readonly Row[], takesRow: (index: number) => boolean): Answer {
  const results = rows.map(({ id, under }, index) => {
    const named = { [under]: id, id };
    return takesRow(index) ? { ...named, ok: true } : { ...named, ok: false, error: 'chaos refuses this row' };
  });
  return { ok: results.every(({ ok }) => ok), results };
}

function refuse(response: ServerResponse, { status, error }: Refusal): Known {
  sendJson({ response }, status, { ok: false, error });
  return { met: 'refused' };
}

async function readRequest({ method, path, key, request }: Arriving, shape: Shape): Promise<Read | Refusal | 'cut'> {
  const body = await readBody(request);
  if (body === 'cut') return 'cut';
  if (body === 'too large') return { status: 413, error: `the body has more than ${LARGEST} bytes` };
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity') return { status: 415, error: `the body is ${coding}; plain JSON was expected` };
  const rows = readRows({ method, path, body: body.toString('utf8') }, shape);
  if ('status' in rows) return rows;
  return { rows, digest: key === undefined ? '' : createHash('sha256').update(body).digest('base64') };
}

/** Reads on to its end what is too large, so that the answer to it arrives. */
export async function readBody(request: IncomingMessage): Promise<Buffer | 'cut' | 'too large'> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      size += chunk.length;
      if (size <= LARGEST) chunks.push(chunk);
      else chunks.length = 0;
    }
  } catch {
    return 'cut';
  }
  return size > LARGEST ? 'too large' : Buffer.concat(chunks);
}
