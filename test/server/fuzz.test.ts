/** Whatever is sent, the server stays: every answer is one of JSON-RPC 2.0, none is a failure of ours, and none tells of the inside. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { after, describe, it } from 'node:test';
import { startCrm } from '../../src/commands/demo/crm.ts';
import { Host } from '../../src/commands/host.ts';
import { loadCatalogue } from '../../src/destination/catalogue.ts';
import { ExactNumber, JsonError, parseJson, stringifyJson } from '../../src/numbers.ts';
import { createRedactor } from '../../src/observe/redact.ts';
import { MAX_BATCH } from '../../src/rpc/dispatch.ts';
import { isMap } from '../../src/template/text.ts';
import { seeded } from '../seeded.ts';
import { garbage, malformed, type Sent } from './malformed.ts';
import { serving, TOKEN } from './serving.ts';

/** `FUZZ=100000 node test/run.js test/server/fuzz.test.ts` is the long form; SEED repeats a run. */
const COUNT = Number(process.env.FUZZ ?? 5000);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Connections that are kept, each with one request at a time. */
const CONNECTIONS = 32;
const CANARY = 'canary-of-the-environment';

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
      headers: { ...headers, ...length, authorization: `Bearer ${TOKEN}` },
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

/** The demo's destination and its CRM, with what went wrong and what was delivered. */
async function started() {
  const crm = await startCrm();
  after(() => crm.close());
  const bugs: unknown[] = [];
  const rows = { accepted: 0, rejected: 0 };
  const redactor = createRedactor([]);
  const supply = {
    env: { ROWPOST_URL_DEMO: crm.url, SECRET_OF_THE_OPERATOR: CANARY },
    readFile: () => {
      throw new Error(CANARY);
    },
  };
  const host = new Host({
    supply,
    allowPrivate: [],
    deadline: 10_000,
    redactor,
    answers: redactor,
    bug: (error) => `bug ${bugs.push(error)}`,
    delivered(line) {
      rows.accepted += line.rows - line.rejected;
      rows.rejected += line.rejected;
    },
  });
  after(() => host.close());
  host.swap(loadCatalogue('destinations', supply));
  const demo = host.hosted.get('demo');
  assert.ok(demo?.state === 'ready');
  const { server, lines } = await serving([demo], { tokens: [TOKEN], bodyLimit: 500_000 });
  return { port: server.port, bugs, rows, lines };
}

function plain(text: string): Sent {
  return { path: '/hightouch/demo', headers: { 'content-type': 'application/json' }, body: Buffer.from(text), text };
}

describe('the server', () => {
  it('takes any value anywhere in the params', async () => {
    const { port, bugs, lines } = await started();
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
        assertRight(sent, await send(port, sent, false));
      }
    }
    assert.deepEqual([bugs, lines.filter(({ level }) => level === 'error')], [[], []]);
  });

  it(`stands ${COUNT} bodies that are right, odd or garbage`, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const unhandled: unknown[] = [];
    const note = (error: unknown): number => unhandled.push(error);
    process.on('unhandledRejection', note).on('uncaughtException', note);
    t.after(() => process.off('unhandledRejection', note).off('uncaughtException', note));
    const { port, bugs, rows, lines } = await started();

    const counts = new Map<string, number>();
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
    const tally = ({ status, text }: Got): void => {
      count(`HTTP ${status}`);
      const code = /"error":\{"code":(-\d+)/.exec(text)?.[1];
      if (code !== undefined) count(`error ${code}`);
      else if (text.includes('"result":')) count('results');
    };

    const one = async (index: number): Promise<void> => {
      const chance = seeded(SEED + index);
      if (chance() < 0.01) {
        await sendGarbage(port, garbage(chance));
        count('no HTTP');
        return;
      }
      const sent = malformed(chance);
      const what = `SEED=${SEED} body ${index}: ${sent.body.toString('utf8').slice(0, 400)}`;
      const got = await send(port, sent, chance() < 0.1).catch((error: unknown) => assert.fail(`${what}\n${String(error)}`));
      tally(got);
      try {
        assertRight(sent, got);
      } catch (error) {
        assert.fail(
          `${what}\n${JSON.stringify(sent.headers)} ${sent.path}\nHTTP ${got.status} ${got.text.slice(0, 400)}\n${String(error)}\n${[...bugs, ...lines.flatMap(({ level, error }) => (level === 'error' ? [error] : []))].map(stackOf).join('')}`,
        );
      }
    };
    const start = performance.now();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < COUNT) await one(next++);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
    const seconds = (performance.now() - start) / 1000;

    assert.deepEqual([bugs, unhandled, lines.filter(({ level }) => level === 'error')], [[], [], []]);
    assert.deepEqual(Object.keys(Object.prototype), [], 'something was put on every object');
    const last = await send(port, plain('{"jsonrpc":"2.0","id":1,"method":"list_objects"}'), false);
    assert.match(last.text, /"objects":\[\{"id":"contact"/);
    t.diagnostic(
      `${COUNT} bodies in ${seconds.toFixed(1)} s: ${[...counts]
        .sort()
        .map(([what, times]) => `${what}: ${times}`)
        .join(', ')}; ${rows.accepted} rows accepted, ${rows.rejected} rejected`,
    );
  });
});

function stackOf(error: unknown): string {
  return error instanceof Error ? `${error.stack}\n` : '';
}

/** The server answers or closes; either way it is done with it. */
async function sendGarbage(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket
    .on('error', () => undefined)
    .setEncoding('latin1')
    .on('data', (chunk: string) => {
      text += chunk;
    });
  socket.end(bytes);
  await once(socket, 'close');
  // 505 is Node's own word for a version that is none.
  assert.doesNotMatch(text, /^HTTP\/1\.1 5(?!05)/m);
  for (const inside of INSIDE) assert.ok(!text.includes(inside), `it shows "${inside}" for ${bytes.toString('latin1')}`);
}
