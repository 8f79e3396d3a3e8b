/** Whatever is sent, the server stays: every answer is one of JSON-RPC 2.0, none is a failure of ours, and none tells of the inside. */

import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { after, describe, it } from 'node:test';
import { JsonError, parseJson } from '../../src/json/parse.ts';
import { ExactNumber, stringifyJson } from '../../src/numbers.ts';
import { MAX_BATCH } from '../../src/rpc/request.ts';
import { isMap } from '../../src/template/text.ts';
import { seeded } from '../seeded.ts';
import type { Figures } from './child.ts';
import { type Conversation, conversation } from './conversations.ts';
import { type InChild, servingInChild } from './in-child.ts';
import { malformed, type Sent } from './malformed.ts';
import { readAnswers } from './raw-answers.ts';
import { TOKEN } from './serving.ts';

/** `FUZZ=1000000 node test/run.js test/server/fuzz.test.ts` is the long form; SEED repeats a run. */
const COUNT = Number(process.env.FUZZ ?? 5000);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const LONG = process.env.FUZZ !== undefined;
/** Connections that are kept, each with one request at a time. */
const CONNECTIONS = 32;
const CANARY = 'canary-of-the-environment';
/** Milliseconds that an answer may take, and the event loop of the server be held. */
const SLOWEST = 1000;
/** The same by the clock of a machine that others use too: what a turn takes of the processor is judged there. */
const SHARED_SLOWEST = 10_000;
/** Bytes by which the memory may have grown since it was warm. */
const GROWTH = 20_000_000;

/** What no answer may show: of the process, of the code, and of what JavaScript makes of a mistake. */
const INSIDE = [
  ...[process.cwd(), TOKEN, CANARY, 'node_modules', 'node:internal', 'file://', '    at ', '.ts:', '.js:'],
  ...['TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'Cannot read', 'is not a function', 'not iterable'],
  ...['Internal error', 'internal error', '[object Object]', 'undefined'],
];

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
after(() => agent.destroy());

function send(port: number, { path, headers, body }: Sent, chunked: boolean): Promise<Got> {
  return new Promise((resolve, reject) => {
    const length = chunked ? {} : { 'content-length': body.length };
    const outgoing = request({
      host: '127.0.0.1',
      port,
      agent,
      method: 'POST',
      path,
      headers: { authorization: `Bearer ${TOKEN}`, ...headers, ...length },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    outgoing.end(body);
  });
}

/** An answer as the specification has it; https://www.jsonrpc.org/specification section 5. */
function assertAnswer(answer: unknown): asserts answer is Record<string, unknown> {
  assert.ok(isMap(answer));
  const { jsonrpc, id, result, error } = answer;
  assert.equal(jsonrpc, '2.0');
  assert.ok(id === null || typeof id === 'string' || typeof id === 'number' || id instanceof ExactNumber);
  assert.deepEqual(Object.keys(answer).sort(), ['jsonrpc', 'id', error === undefined ? 'result' : 'error'].sort());
  if (error === undefined) return assert.ok(isMap(result));
  assert.ok(isMap(error));
  assert.ok(Number.isInteger(error.code) && typeof error.message === 'string' && error.message.length < 2000);
  assert.ok(Object.keys(error).every((name) => ['code', 'message', 'data'].includes(name)));
}

const own = (value: Record<string, unknown>, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);

function isNotification(entry: unknown): boolean {
  return (
    isMap(entry) && own(entry, 'jsonrpc') === '2.0' && typeof own(entry, 'method') === 'string' && !Object.hasOwn(entry, 'id')
  );
}

/** What the id of the answer must be. */
function idOf(entry: unknown): unknown {
  const id = isMap(entry) ? own(entry, 'id') : undefined;
  return typeof id === 'string' || typeof id === 'number' || id instanceof ExactNumber ? id : null;
}

function parsed(text: string): unknown {
  try {
    // RFC 8259 section 8.1: a byte order mark may be ignored.
    return parseJson(text.replace(/^\ufeff/, ''));
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
}

/** Every call of the body is answered once, in its place and by its id. */
function assertAnswered(asked: unknown, { status, text }: Got): void {
  const single = !Array.isArray(asked) || asked.length === 0 || asked.length > MAX_BATCH;
  const entries = single ? [Array.isArray(asked) || asked instanceof JsonError ? undefined : asked] : asked;
  const expected = entries.filter((entry) => !isNotification(entry));
  assert.equal(status, expected.length === 0 ? 204 : 200);
  if (expected.length === 0) return assert.equal(text, '');
  const answers = single ? [parseJson(text)] : parseJson(text);
  assert.ok(Array.isArray(answers) && answers.length === expected.length);
  for (const [index, answer] of answers.entries()) {
    assertAnswer(answer);
    assert.equal(stringifyJson(answer.id), stringifyJson(idOf(expected[index])));
    assertRows(expected[index], answer);
  }
}

/** Only rows that were sent are rejected, each once and with a reason. */
function assertRows(asked: unknown, { result }: Record<string, unknown>): void {
  const rejected = isMap(result) ? result.rejectedRows : undefined;
  if (rejected === undefined) return;
  const { rows, idColumn } = (asked as { params: { rows: object[]; idColumn: string } }).params; // else there was no result
  const ids = new Set(rows.map((row) => stringifyJson(Object.getOwnPropertyDescriptor(row, idColumn)?.value)));
  assert.ok(Array.isArray(rejected));
  for (const { id, reason } of rejected) {
    assert.ok(ids.delete(stringifyJson(id)), 'an id that was not sent, or one twice');
    assert.ok(typeof reason === 'string' && reason !== '' && reason.length <= 600);
  }
}

function assertRight(sent: Sent, got: Got): void {
  const { status, headers, text } = got;
  assert.ok(status < 500, `HTTP ${status}`);
  for (const inside of INSIDE) assert.ok(!text.includes(inside), `it shows "${inside}"`);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  if (sent.text !== undefined) return assertAnswered(parsed(sent.text), got);
  if (text === '' || !sent.path.startsWith('/hightouch/')) return;
  const answers = parseJson(text);
  for (const answer of Array.isArray(answers) ? answers : [answers]) assertAnswer(answer);
}

function plain(text: string): Sent {
  return { path: '/hightouch/demo', headers: { 'content-type': 'application/json' }, body: Buffer.from(text), text };
}

function serving(): Promise<InChild> {
  return servingInChild({ token: TOKEN, bodyLimit: 500_000, canary: CANARY });
}

describe('the server', () => {
  it('takes any value anywhere in the params', async () => {
    const child = await serving();
    const right = { idColumn: 'id', rows: [{ id: 1, email: 'a@example.com' }], object: 'contact', mode: 'upsert' };
    const configuration = { object: 'contact', mode: 'upsert', identifierMapping: { from: 'email', to: 'email' }, source: 'odd' };
    const values: unknown[] = [
      { toString: 1 },
      { valueOf: {} },
      { then: 1 },
      { toJSON: 'x' },
      ['contact'],
      'x'.repeat(10_000),
      true,
      1e21,
      [],
    ];
    for (const method of ['list_fields', 'list_options', 'validate', 'behavior', 'add', 'change', 'remove']) {
      for (const value of values) {
        const odd = [
          ...Object.keys(right).map((name) => ({ ...right, configuration, [name]: value })),
          ...[...Object.keys(configuration), 'mappings', 'customMappings', 'default_plan'].map((name) => ({
            ...right,
            configuration: { ...configuration, [name]: value },
          })),
          ...['id', 'email'].map((name) => ({ ...right, configuration, rows: [{ ...right.rows[0], [name]: value }] })),
        ];
        const sent = plain(JSON.stringify(odd.map((params, id) => ({ jsonrpc: '2.0', id, method, params }))));
        assertRight(sent, await send(child.port, sent, false));
      }
    }
    assert.deepEqual((await child.figures()).faults, []);
  });

  it(`stands ${COUNT} bodies and connections that are right, odd or garbage`, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const child = await serving();
    const fresh = await child.figures();
    const run = new Run(child);
    // Its CRM begins with a pause, and what is kept for later calls is kept from the first on.
    const warmUp = Math.min(20_000, COUNT / 5);
    await run.to(warmUp);
    const warm = await child.figures();
    run.slowest = { ms: 0, what: '' };
    await run.to(COUNT);
    const done = await child.figures();
    const last = await send(child.port, plain('{"jsonrpc":"2.0","id":1,"method":"list_objects"}'), false);
    assert.match(last.text, /"objects":\[\{"id":"contact"/);
    agent.destroy();
    const left = await rested(child, fresh);

    const [, load = 0] = loadavg(); // of five minutes
    const shared = !LONG || load > availableParallelism() + 1;
    const most = shared ? SHARED_SLOWEST : SLOWEST;
    for (const line of [
      `${COUNT} in ${run.seconds.toFixed(0)} s: ${run.summary()}; ${done.accepted} rows accepted, ${done.rejected} rejected`,
      `slowest call ${done.slowest} ms at the server, ${run.slowest.ms.toFixed(0)} ms to its caller (${run.slowest.what}); longest turn of the server's event loop ${done.delay.toFixed(0)} ms, ${done.busy.toFixed(0)} ms of the processor; the machine's load was ${load.toFixed(1)}`,
      `memory when warm and at the end: heap ${megabytes(warm.heap)} and ${megabytes(left.heap)}, outside ${megabytes(warm.external)} and ${megabytes(left.external)}, resident ${megabytes(warm.rss)} and ${megabytes(left.rss)}`,
      `what it holds, fresh and at the end: ${JSON.stringify(fresh.resources)} and ${JSON.stringify(left.resources)}`,
    ])
      t.diagnostic(line);
    assert.deepEqual(left.faults, []);
    assert.equal(left.inherited, fresh.inherited, 'something was put on every object');
    assert.ok(done.busy <= SLOWEST, `a turn took ${done.busy} ms of the processor`);
    assert.ok(done.slowest <= most, `a call took ${done.slowest} ms`);
    assert.ok(done.delay <= most, `nothing else ran for ${done.delay} ms`);
    const grown = left.heap + left.external - warm.heap - warm.external;
    assert.ok(grown <= GROWTH, `its memory grew by ${megabytes(grown)}`);
  });
});

function megabytes(count: number): string {
  return `${(count / 1e6).toFixed(1)} MB`;
}

/** Once every connection and timer of the server that was not there at first is gone. */
async function rested(child: InChild, fresh: Figures): Promise<Figures> {
  let now = await child.figures();
  const more = () => Object.entries(now.resources).some(([kind, count]) => count > (fresh.resources[kind] ?? 0));
  // Connections to the CRM are kept for some seconds.
  for (let tries = 0; more() && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    now = await child.figures();
  }
  assert.ok(!more(), `it still holds ${JSON.stringify(now.resources)}; at first it was ${JSON.stringify(fresh.resources)}`);
  return now;
}

/** What is sent, one after the other over as many connections at once, and what came of it. */
class Run {
  slowest = { ms: 0, what: '' };
  seconds = 0;
  readonly #child: InChild;
  readonly #counts = new Map<string, number>();
  #next = 0;
  #failure: Promise<never> | undefined;

  constructor(child: InChild) {
    this.#child = child;
  }

  summary(): string {
    return [...this.#counts]
      .sort()
      .map(([what, times]) => `${what}: ${times}`)
      .join(', ');
  }

  async to(end: number): Promise<void> {
    const start = performance.now();
    const work = async (): Promise<void> => {
      while (this.#next < end) await this.#one(this.#next++);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
    this.seconds += (performance.now() - start) / 1000;
  }

  async #one(index: number): Promise<void> {
    // Multiplied, so that the cases of neighbouring seeds are not the same ones.
    const chance = seeded(Math.imul(SEED, 0x9e3779b1) + index);
    if (chance() < 0.03) return this.#talk(index, conversation(chance));
    const sent = malformed(chance);
    const what = `SEED=${SEED} body ${index}: ${sent.body.toString('utf8').slice(0, 400)}`;
    const start = performance.now();
    try {
      const got = await send(this.#child.port, sent, chance() < 0.1);
      this.#took(start, what);
      this.#tally(got);
      assertRight(sent, got);
    } catch (error) {
      await this.#fail(`${what}\n${JSON.stringify(sent.headers)} ${sent.path}`, error);
    }
  }

  async #talk(index: number, spoken: Conversation): Promise<void> {
    const what = `SEED=${SEED} connection ${index}, ${spoken.what}`;
    const start = performance.now();
    try {
      const statuses = assertHeard(spoken, await speak(this.#child.port, spoken));
      this.#took(start, what);
      this.#count(`connections: ${statuses.length === 0 ? 'closed' : statuses.map((status) => `HTTP ${status}`).at(-1)}`);
    } catch (error) {
      await this.#fail(`${what}\n${Buffer.concat(spoken.pieces).toString('latin1').slice(0, 1000)}`, error);
    }
  }

  #took(start: number, what: string): void {
    const ms = performance.now() - start;
    if (ms > this.slowest.ms) this.slowest = { ms, what };
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  #tally({ status, text }: Got): void {
    this.#count(`HTTP ${status}`);
    const code = /"error":\{"code":(-\d+)/.exec(text)?.[1];
    if (code !== undefined) this.#count(`error ${code}`);
    else if (text.includes('"result":')) this.#count('results');
  }

  /** Tells of the first failure alone, with what the server has to say to it. */
  #fail(what: string, error: unknown): Promise<never> {
    this.#failure ??= this.#failed(what, error);
    return this.#failure;
  }

  async #failed(what: string, error: unknown): Promise<never> {
    const faults = this.#child.alive() ? (await this.#child.figures()).faults : ['the server ended'];
    return assert.fail([what, String(error), ...faults].join('\n'));
  }
}

interface Heard {
  readonly bytes: Buffer;
  /** Whether the connection ended with an error, as where the server closes before it has read everything. */
  readonly reset: boolean;
}

/** Says everything and listens until the connection is closed. */
async function speak(port: number, { pieces, end }: Conversation): Promise<Heard> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const chunks: Buffer[] = [];
  let reset = false;
  socket.on('error', () => {
    reset = true;
  });
  socket.on('data', (chunk) => chunks.push(chunk)).on('end', () => socket.end());
  // Not `once` of events: it would fail of an error that comes while pieces are still being said.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise(setImmediate);
  }
  if (end === 'half') socket.end();
  if (end === 'cut') socket.destroy();
  await closed;
  return { bytes: Buffer.concat(chunks), reset };
}

/** Node's own refusals, of what is no HTTP and of an expectation that nobody can meet. */
const BARE = new Set([100, 400, 413, 414, 417, 431, 505]);

function assertHeard({ ids, head, end }: Conversation, { bytes, reset }: Heard): number[] {
  const text = bytes.toString('utf8');
  for (const inside of INSIDE) assert.ok(!text.includes(inside), `it shows "${inside}"`);
  const answers = readAnswers(bytes, { head: head ?? false, broken: reset || end === 'cut' });
  for (const { status, headers, body } of answers) {
    assert.ok(status < 500 || status === 505, `HTTP ${status}`);
    if (headers.get('x-content-type-options') === undefined) {
      assert.ok(BARE.has(status) && body === '', `a bare HTTP ${status}`);
    } else if (body !== '') {
      const answer = headers.get('content-type')?.startsWith('application/json') ? parseJson(body) : {};
      if (isMap(answer) && answer.jsonrpc !== undefined) assertAnswer(answer);
    }
  }
  if (ids !== undefined) {
    assert.deepEqual(
      answers.map(({ body }) => (parseJson(body) as { id: unknown }).id), // each was found to be a map
      ids,
    );
  }
  return answers.map(({ status }) => status);
}
