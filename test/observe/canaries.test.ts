/**
 * Fifty secrets, an API that says all of them again, and calls that fail in every way: nothing that is answered, logged or printed shows one.
 * `CANARIES=200000 node test/run.js test/observe/canaries.test.ts` is the long form; SEED repeats a run.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { type Env, type Files, folder, rowpost, type Serving, serve, until } from '../commands/running.ts';
import { seeded } from '../seeded.ts';
import { Finder, hatch } from './canaries.ts';
import { nest } from './canary-manifests.ts';
import { failingCalls, JSON_TYPE, type Sent } from './failing-calls.ts';
import { hostileApi } from './hostile-api.ts';

/** Calls that fail; those that do not are made beside them. */
const COUNT = Number(process.env.CANARIES ?? 1000);
const LONG = process.env.CANARIES !== undefined;
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Callers at once. */
const CALLERS = 24;

const chance = seeded(SEED);
const canaries = hatch(SEED);
const value = (name: string) => canaries.find((each) => each.name === name)?.value ?? assert.fail(name);
/** Those that a server has from its start on. */
const operators = canaries.filter(({ name }) => !/^(?:caller|fresh)/.test(name));

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 1;
}

const hostile = await hostileApi(chance);
const { files, env: held, ids, callers } = nest(canaries, hostile.port, await closedPort());
const next = failingCalls(canaries, { ids, callers }, chance);
const BEARER = { authorization: `Bearer ${value('token')}` };

/** A folder with all of it, and the environment that goes with it. */
function home(more: Files = {}): { path: string; env: Env } {
  const manifests = Object.entries({ ...files, ...more }).map(([name, text]) => [`destinations/${name}`, text]);
  const secrets = { PEM: value('pem'), ROBOT: value('robot'), TEXT: value('fileText'), KEY: value('signingKey') };
  const path = folder({ ...Object.fromEntries(manifests), ...secrets });
  const settings = Object.entries(held).map(([name, text]) => [name, Object.hasOwn(secrets, text) ? join(path, text) : text]);
  return {
    path,
    env: {
      ...Object.fromEntries(settings),
      ROWPOST_DESTINATIONS: join(path, 'destinations'),
      ROWPOST_TOKEN: `${value('token')},${value('otherToken')} bearer=${value('limitedToken')}`,
      ROWPOST_SIGNING_KEY_FILE: join(path, 'KEY'),
      ROWPOST_ALLOW_PRIVATE: '127.0.0.0/8',
      ROWPOST_MAX_RESPONSE: '64KB',
      ROWPOST_MAX_LOOKUP: '64KB',
      ROWPOST_DEADLINE: '5s',
    },
  };
}

function noSightings(t: TestContext, finder: Finder): void {
  const seen = finder.end();
  if (LONG || seen.length > 0) for (const figure of finder.figures) t.diagnostic(figure);
  assert.deepEqual(seen.slice(0, 5), [], `${seen.length} sightings; SEED=${SEED}`);
}

const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
after(() => agent.destroy());

interface Got {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

function ask(port: number, { path, method = 'POST', headers = {}, body = '' }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, agent, method, path, headers });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const { statusCode: status = 0, statusMessage, rawHeaders } = incoming;
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        resolve({ status, head: `${statusMessage} ${rawHeaders.join(' ')}`, body: Buffer.concat(chunks).toString('utf8') }),
      );
      incoming.on('error', reject);
    });
    // As bytes: Node writes headers beside a text as UTF-8, and they are Latin-1.
    outgoing.end(Buffer.from(body));
  });
}

/** Those that no API is sent: of the server itself, of settings that are wrong or come later, and of APIs that cannot be reached. */
const UNHEARD = [
  'token',
  'otherToken',
  'limitedToken',
  'signingKey',
  'host',
  'badPattern',
  'badJson',
  'badEnum',
  'besideMissing',
  'tls',
  'refused',
  'guarded',
  'freshText',
  'freshKey',
];

const ROW = { idColumn: 'id', configuration: {}, rows: [{ id: 1, v: 'x' }] };

/** Every destination once, so that its API is sent its secrets: nothing is proven by the silence of those that do not know any. */
async function greet(port: number, finder: Finder): Promise<string[]> {
  const body = JSON.stringify(['add', 'list_fields'].map((method) => ({ jsonrpc: '2.0', id: method, method, params: ROW })));
  const greetings = ids.flatMap((id) =>
    (id === 'caller' ? callers : ['none']).map(async (key) => {
      const headers = { ...JSON_TYPE, ...BEARER, 'x-api-key': Buffer.from(key, 'utf8').toString('latin1') };
      finder.feed('answers', (await ask(port, { path: `/hightouch/${id}`, headers, body })).body);
    }),
  );
  await Promise.all(greetings);
  const heard = [...hostile.heard].join('\n');
  return canaries.filter(({ parts }) => !parts.some((part) => heard.includes(part))).map(({ name }) => name);
}

/** An answer to one call. */
interface Answer {
  readonly error?: unknown;
  readonly result?: { readonly rejectedRows?: readonly unknown[]; readonly errors?: readonly unknown[] } | undefined;
}

/** How many calls failed, of those that this answers. */
function failures({ status, body }: Got): number {
  if (status !== 200) return 1;
  const parsed: Answer | Answer[] = JSON.parse(body);
  return [parsed].flat().filter(({ error, result }) => {
    return error !== undefined || [...(result?.rejectedRows ?? []), ...(result?.errors ?? [])].length > 0;
  }).length;
}

/** What came of calls, by kind. */
type Tally = Map<string, number>;

async function flood(port: number, finder: Finder): Promise<Tally> {
  const tally: Tally = new Map();
  const count = (name: string, times = 1) => tally.set(name, (tally.get(name) ?? 0) + times);
  let failed = 0;
  const worker = async () => {
    while (failed < COUNT) {
      const sent = next();
      const got = await ask(port, sent);
      finder.feed(sent.method === 'GET' ? 'pages' : 'answers', `${got.head}\n${got.body}`);
      if (sent.method !== 'GET') failed += failures(got);
      count(`HTTP ${got.status}`);
      count('errors', got.body.split('"error":{').length - 1);
      count('rejected rows', got.body.split('"reason":').length - 1);
      count('marks', got.body.split('[secret]').length - 1);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, worker));
  return tally.set('failed calls', failed);
}

/** What a server writes, searched as it comes and then let go; it may be gigabytes. */
function overhear({ child, out }: Serving, finder: Finder) {
  const heard = { lines: 0, last: '' };
  finder.feed('standard output', out.stdout);
  child.stdout?.on('data', (text: string) => {
    finder.feed('standard output', text);
    heard.lines += text.split('\n').length - 1;
    heard.last = `${heard.last}${text}`.slice(-100_000);
    out.stdout = '';
  });
  child.stderr?.on('data', (text: string) => finder.feed('standard error', text));
  return heard;
}

/** Secrets that come later, a manifest that breaks while it is served, a setting that cannot be read any more, and an end with calls under way. */
async function end(served: Serving, path: string, heard: { last: string }, finder: Finder): Promise<void> {
  writeFileSync(join(path, 'TEXT'), value('freshText'));
  writeFileSync(join(path, 'KEY'), value('freshKey'));
  writeFileSync(join(path, 'destinations', 'bearer.yaml'), `${files['bearer.yaml']}\nnonsense: "${value('literal')}"\n`);
  writeFileSync(join(path, 'ROBOT'), value('badJson'));
  for (const line of ['destinations reloaded', 'manifest refused', 'credentials of callers replaced'])
    await until(() => heard.last.includes(`"message":"${line}"`));
  await greet(served.port, finder);
  const fresh = ['freshText', 'freshKey'].map((name) => value(name).replace('whsec_', ''));
  const quoted = { path: `/hightouch/short`, headers: { ...JSON_TYPE, ...BEARER } };
  const bodies = fresh.map((text) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: text }));
  const pages = ['/readyz', '/'].flatMap((page) => [{}, BEARER].map((headers) => ({ path: page, headers, method: 'GET' })));
  for (const body of bodies) finder.feed('answers', (await ask(served.port, { ...quoted, body })).body);
  for (const page of pages) finder.feed('pages', (await ask(served.port, page)).body);
  const late = Array.from({ length: 10 }, () => ask(served.port, next()).catch(() => undefined));
  served.child.kill('SIGTERM');
  for (const got of await Promise.all(late)) finder.feed('answers', got?.body ?? '');
  await served.ended;
}

it('fifty canaries are fifty', () => assert.equal(canaries.length, 50));

it('the search finds a canary in every encoding, in any case, and its beginning before a cut', (t) => {
  const finder = new Finder(canaries);
  const places = new Map<string, string>();
  for (const { name, parts } of canaries) {
    const [part = ''] = parts;
    const forms = [
      part,
      encodeURIComponent(part),
      JSON.stringify(part),
      JSON.stringify(JSON.stringify(part)),
      Buffer.from(part).toString('hex'),
    ];
    for (const user of ['', 'a', 'ab', 'abc'])
      forms.push(Buffer.from(`${user}:${part}`).toString('base64'), Buffer.from(`${user}:${part}`).toString('base64url'));
    for (const form of [...forms, ...forms.map((text) => text.toUpperCase()), `${part.slice(0, 9)}…`]) {
      const place = `${name}: ${form.slice(0, 100)}`;
      places.set(place, name);
      finder.feed(place, `said ${form} again`);
    }
  }
  const seen = new Set(finder.end().map(({ where, canary }) => `${canary} in ${where}`));
  for (const [place, name] of places) assert.ok(seen.has(`${name} in ${place}`), place);
  const quiet = new Finder(canaries);
  quiet.feed('here', 'Nothing to see, but [secret]… and more.');
  noSightings(t, quiet);
});

/** Loaded before Rowpost: errors that hold secrets in all ways that errors of an HTTP client do. */
const faulty = (then: string, secrets = operators): Env => {
  const texts = JSON.stringify(secrets.map((each) => each.value.slice(0, 300)));
  const bug = `const texts = ${texts}; const bug = () => {
    throw Object.assign(new Error(texts[4], { cause: new Error(texts.join(' ')) }), { options: { headers: texts } });
  };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(bug + then)}` };
};

describe('a server whose settings hold fifty secrets', () => {
  it(`shows none of them in ${COUNT} calls that fail`, { timeout: 3_600_000 }, async (t) => {
    const { path, env } = home();
    const served = await serve({ ...env, LOG_LEVEL: 'debug' });
    const finder = new Finder(canaries);
    const heard = overhear(served, finder);
    assert.deepEqual(await greet(served.port, finder), UNHEARD);
    const begin = performance.now();
    const tally = await flood(served.port, finder);
    const seconds = (performance.now() - begin) / 1000;
    await end(served, path, heard, finder);
    const kinds = [...tally].sort().map(([name, times]) => `${name}: ${times}`);
    t.diagnostic(`SEED=${SEED}: ${seconds.toFixed(1)} s, ${hostile.asked} requests to APIs, ${heard.lines} log lines`);
    t.diagnostic(kinds.join(', '));
    noSightings(t, finder);
    assert.equal(served.out.stderr, '');
    // Neither would anything be proven unless the secrets were said, and hidden.
    assert.ok((tally.get('marks') ?? 0) > COUNT / 4 && (tally.get('rejected rows') ?? 0) > COUNT / 20, kinds.join());
    assert.ok(hostile.asked > COUNT / 20 && heard.lines > COUNT / 20, `${hostile.asked} requests, ${heard.lines} lines`);
  });

  it('shows none of them where it has a bug, or crashes', async (t) => {
    const finder = new Finder(canaries);
    const bugs = `process.once('SIGUSR2', () => { performance.now = bug; process.on('SIGUSR2', bug); process.stdout.write('{}\\n'); });`;
    // What a caller brings is known from then on.
    const known = [...operators, ...canaries.filter(({ name }) => name === 'caller1')];
    const { child, port, ended, lines, out } = await serve({ ...home().env, LOG_LEVEL: 'trace', ...faulty(bugs, known) });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'add', params: ROW });
    const call = { path: '/hightouch/caller', headers: { ...JSON_TYPE, ...BEARER, 'x-api-key': value('caller1') }, body };
    await ask(port, call);
    const before = lines().length;
    child.kill('SIGUSR2');
    await until(() => lines().length > before);
    const answer = await ask(port, call);
    assert.match(answer.body, /Internal error \(reference [0-9a-f]{10}\)/);
    child.kill('SIGUSR2');
    assert.equal(await ended, 1);
    finder.feed('answers', answer.body);
    finder.feed('log of a bug', out.stdout);
    assert.equal(out.stderr, '');
    assert.match(out.stdout, /"message":"internal error".*"message":"crashed"/s);
    noSightings(t, finder);
  });

  it('shows none of them where it cannot start', async (t) => {
    const { env } = home();
    const finder = new Finder(canaries);
    const [token, other] = [value('token'), value('otherToken')];
    const flags = ['--token', token, `--signing-key=${value('signingKey')}`];
    const { ROWPOST_TOKEN, ROWPOST_SIGNING_KEY_FILE, ...bare } = env;
    // An operator who puts a token where something else belongs, and who types it behind a flag.
    const starts: (readonly [Env, ...string[]])[] = [
      [{ ...env, ROWPOST_TOKEN: `short ${token}`, HOST: token.padEnd(70, '.') }],
      [bare, ...flags, '--port', value('signingKey'), '--host', `${token}!`, '--log-level', value('signingKey').slice(6)],
      ...(LONG
        ? ([
            [{ ...env, HOST: `${token}!` }],
            [{ ...env, PORT: token, LOG_LEVEL: other }],
            [{ ...env, ROWPOST_DESTINATIONS: `/nowhere/${token}` }],
            [bare, '--token', `crm=${token},short`, '--port', token],
            [bare, ...flags, `--token=${other}`, `--${other}`, token],
          ] as const)
        : []),
    ];
    const ends = await Promise.all(starts.map(([own, ...args]) => rowpost(['serve', ...args], { env: { PORT: '0', ...own } })));
    for (const { code, stdout, stderr } of ends) {
      finder.feed('terminal', `${stdout}${stderr}`);
      assert.ok(code === 2 && stderr.includes('[secret]'), stderr);
    }
    noSightings(t, finder);
  });
});

describe('commands', () => {
  it('print none of them, and write none into golden cases', async (t) => {
    const finder = new Finder(canaries);
    const made = value('literal');
    const call = '{ method: add, params: { idColumn: id, configuration: {}, rows: [{ id: 1, v: "x" }] } }';
    const exchange = `{ response: { status: 422, json: { message: ${JSON.stringify(`the key ${made}`)} } } }`;
    const settings = `settings: { key: "${made}" }\n`;
    const cases = `${settings}cases:\n  - name: refused\n    call: ${call}\n    exchanges:\n      - ${exchange}\n`;
    const wrong = cases.replace(exchange, `{ request: { method: POST, url: "https://other" }, response: { status: 200 } }`);
    const { path, env } = home({
      'short.test.yaml': cases,
      'basic.test.yaml': wrong.replace('key:', 'user: someone, key:'),
      'orphan.test.yaml': cases,
    });
    writeFileSync(join(path, 'rows.json'), '[{ "id": 1, "v": "x" }]');
    const rows = ['--rows', 'rows.json'];
    const commands: (readonly string[])[] = [
      ['check', '--json'],
      ['test', 'short', '--update', '--json'],
      ['render', 'headers', ...rows, '--json'],
      ['render', value('token'), ...rows],
      ...(LONG
        ? [
            ['check'],
            ['list'],
            ['list', '--json'],
            ['test', 'basic'],
            ['render', 'basic', ...rows],
            ['render', 'query', ...rows],
            ['render', 'path', ...rows, '--operation', 'remove'],
            ['render', 'account', ...rows, '--json'],
            ['render', 'basic', ...rows, '--operation', value('token')],
            [value('token')],
          ]
        : []),
    ];
    let marked = 0;
    // Three at once: starting one takes longer than what it does.
    for (let first = 0; first < commands.length; first += 3) {
      const some = commands.slice(first, first + 3).map((command) => rowpost(command, { cwd: path, env }));
      for (const { stdout, stderr } of await Promise.all(some)) {
        finder.feed('terminal', `${stdout}${stderr}`);
        if (`${stdout}${stderr}`.includes('[secret]')) marked++;
      }
    }
    const written = readFileSync(join(path, 'destinations/short.test.yaml'), 'utf8');
    assert.match(written, /Bearer \[secret\]/);
    finder.feed('golden cases', written.replace(settings, '').replaceAll(exchange.slice(2, -2), ''));
    assert.ok(marked > commands.length / 2, `${marked} show that there is a secret`);
    const bug = await rowpost(['check'], { cwd: path, env: { ...env, ...faulty('process.stdout.write = bug;') } });
    finder.feed('terminal', bug.stderr);
    assert.ok(bug.code === 1 && /\[secret\]\n\s+at /.test(bug.stderr), bug.stderr);
    noSightings(t, finder);
  });
});
