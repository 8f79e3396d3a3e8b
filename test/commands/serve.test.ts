/** `rowpost serve` as a process: what it logs and refuses, what it keeps to itself, and how it ends. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { BROKEN } from './manifests.ts';
import { api, DESTINATIONS, type Files, folder, later, rowpost, serve, until } from './running.ts';

const MANIFEST = `version: 1
name: Sink
connection: { url: https://api.sink.example, concurrency: 2 }
fields:
  - { id: key, label: Key, identifier: true, required: true }
  - { id: value, label: Value }
sync: { add: send }
requests:
  send:
    post: /rows
    json: { key: "{{ record.key }}", value: "{{ record.value }}" }
    response:
      ok: body.ok
      reason: "{{ body.error }}"
`;

const CONFIGURATION = { identifierMapping: { from: 'id', to: 'key' }, mappings: [{ from: 'v', to: 'value' }] };
const OK = { status: 200, body: '{"ok":true}' };

function adding(...ids: number[]): object {
  return { idColumn: 'id', configuration: CONFIGURATION, rows: ids.map((id) => ({ id, v: `value ${id}` })) };
}

function rejected(text: string): { id: unknown; reason: string }[] {
  return JSON.parse(text).result.rejectedRows;
}

/** A temporary folder of manifests. */
function manifests(files: Files): string {
  return folder(files);
}

describe('serve', async () => {
  const sink = await api(() => OK);
  const served = await serve({
    ROWPOST_DESTINATIONS: manifests({ 'sink.yaml': MANIFEST, 'crm.yaml': BROKEN, 'sink.test.yaml': 'cases: []' }),
    ROWPOST_URL_SINK: sink.url,
  });

  it('logs JSON lines: what is ready, and each fault at its line', () => {
    const lines = served.lines();
    for (const { time, level } of lines) assert.ok(!Number.isNaN(Date.parse(String(time))) && /^(info|warn|error)$/.test(level));
    assert.equal(served.out.stderr, '');
    const listening = lines.find(({ message }) => message === 'listening');
    assert.deepEqual([listening?.ready, listening?.broken], [['sink'], ['crm']]);
    assert.match(String(listening?.note), /no token is set, so only this machine may call/);
    const faults = lines.filter(({ message }) => message === 'manifest refused');
    assert.deepEqual(
      faults.map(({ level, destination }) => [level, destination]),
      [
        ['error', 'crm'],
        ['error', 'crm'],
      ],
    );
    assert.match(String(faults[0]?.fault), /crm\.yaml:11:1 {2}"sink" .*\n {3}11 \| sink:/);
  });

  it('shows at /readyz what is broken and why', async () => {
    const response = await fetch(`${served.url}/readyz`);
    const { status, destinations } = JSON.parse(await response.text());
    assert.deepEqual([response.status, status], [200, 'ready']);
    assert.deepEqual(
      destinations.map((one: { id: string; state: string }) => [one.id, one.state]),
      [
        ['crm', 'broken'],
        ['sink', 'ready'],
      ],
    );
    assert.match(destinations[0].problems[1], /crm\.yaml:14:5 {2}"pst"/);
  });

  it('answers for the destinations that are right', async () => {
    const { status, text } = await served.call('sink', 'add', adding(1, 2));
    assert.deepEqual([status, JSON.parse(text)], [200, { jsonrpc: '2.0', id: 1, result: { rejectedRows: [] } }]);
    assert.deepEqual(
      sink.requests.map(({ method, path, body }) => [method, path, JSON.parse(body)]),
      [
        ['POST', '/rows', { key: 1, value: 'value 1' }],
        ['POST', '/rows', { key: 2, value: 'value 2' }],
      ],
    );
  });

  it('says of a broken one that it is, for every method', async () => {
    for (const method of ['add', 'list_fields', 'nonsense']) {
      const { error } = JSON.parse((await served.call('crm', method, adding(1))).text);
      assert.equal(error.code, -32002);
      assert.match(error.message, /^The destination "crm" is out of order: its manifest has 2 faults\./);
    }
  });

  it('logs how many rows were rejected, and nothing of what was in them', async () => {
    await served.call('sink', 'add', { ...adding(1), rows: [{ id: 'canary-id', v: 'canary-value' }] });
    await served.told();
    const line = served.lines().findLast(({ message }) => message !== 'call');
    assert.deepEqual([line?.destination, line?.rows, line?.rejected], ['sink', 1, 0]);
    assert.doesNotMatch(served.out.stdout, /canary/);
  });

  it('keeps every digit of ids, values and answers', async () => {
    const rows = '[{"id":12345678901234567890,"v":0.12345678901234567890123},{"id":12345678901234567891,"v":[1e400]}]';
    const body = `{"jsonrpc":"2.0","id":98765432109876543210,"method":"add","params":{"idColumn":"id","configuration":${JSON.stringify(CONFIGURATION)},"rows":${rows}}}`;
    const before = sink.requests.length;
    const { text } = await served.post('sink', body);
    assert.equal(text, '{"jsonrpc":"2.0","id":98765432109876543210,"result":{"rejectedRows":[]}}');
    assert.deepEqual(
      sink.requests
        .slice(before)
        .map((request) => request.body)
        .sort(),
      ['{"key":12345678901234567890,"value":0.12345678901234567890123}', '{"key":12345678901234567891,"value":[1e400]}'],
    );
  });

  it('answers a health check, until it has ended', async () => {
    const env = { PORT: String(served.port) };
    assert.deepEqual(await rowpost(['health'], { env }), { code: 0, stdout: 'HTTP 200\n', stderr: '' });
    served.child.kill('SIGINT');
    assert.equal(await served.ended, 0);
    const { code, stdout } = await rowpost(['health'], { env });
    assert.deepEqual([code, stdout], [1, `Nothing answers at http://127.0.0.1:${served.port}/healthz.\n`]);
  });
});

describe('an answer with long numbers', async () => {
  const sink = await api(() => ({ status: 422, body: '{"error":12345678901234567890.5}' }));
  const served = await serve({ ROWPOST_DESTINATIONS: manifests({ 'sink.yaml': MANIFEST }), ROWPOST_URL_SINK: sink.url });

  it('is quoted with all its digits, and the id of its row is too', async () => {
    const params = { ...adding(), rows: [] };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'add', params }).replace(
      '"rows":[]',
      '"rows":[{"id":-12345678901234567890}]',
    );
    assert.equal(
      (await served.post('sink', body)).text,
      '{"jsonrpc":"2.0","id":1,"result":{"rejectedRows":[{"id":-12345678901234567890,"reason":"12345678901234567890.5"}]}}',
    );
  });
});

describe('serve refuses to start', { concurrency: 2 }, () => {
  const env = { ROWPOST_DESTINATIONS: DESTINATIONS, PORT: '0' };

  for (const host of ['0.0.0.0', '::']) {
    it(`on ${host} without a token`, async () => {
      const { code, stdout, stderr } = await rowpost(['serve', '--host', host], { env });
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /^Without a token, anybody who reaches .* Set ROWPOST_TOKEN \(or --token\) to a secret of at least 8/);
    });
  }

  it('with a short token, which it does not show', async () => {
    const { code, stdout, stderr } = await rowpost(['serve'], { env: { ...env, ROWPOST_TOKEN: 'canary' } });
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /ROWPOST_TOKEN.*at least 8/);
    assert.doesNotMatch(stderr, /canary/);
  });

  it('on a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stderr } = await rowpost(['serve', '--port', String(port)], { env });
    taken.close();
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use already\\. Choose another with PORT or --port`));
  });
});

describe('SIGTERM', async () => {
  let release: (() => void) | undefined;
  const slow = await api(async () => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return OK;
  });
  const served = await serve({ ROWPOST_DESTINATIONS: manifests({ 'sink.yaml': MANIFEST }), ROWPOST_URL_SINK: slow.url });

  it('finishes the call under way, refuses new ones, and ends with 0', async () => {
    const underWay = served.call('sink', 'add', adding(1));
    const body = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'list_fields' });
    const late = connect(served.port, '127.0.0.1').setEncoding('utf8');
    let said = '';
    late.on('data', (text: string) => {
      said += text;
    });
    const hungUp = once(late, 'close');
    late.write('POST /hightouch/sink HTTP/1.1\r\nHost: x\r\n');
    await until(() => release !== undefined);
    await later(400); // until the first bytes of the late call have come, it is nobody's

    served.child.kill('SIGTERM');
    await until(() => served.lines().some(({ message }) => message === 'stopping'));
    late.write(`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await hungUp;
    assert.match(said, /^HTTP\/1\.1 503 .*\r\nRetry-After: 5\r\n.*"code":-32000,"message":"The server is stopping\./s);
    assert.equal((await served.call('sink', 'list_fields')).status, 503);
    assert.equal((await fetch(`${served.url}/readyz`)).status, 503);

    release?.();
    const { status, text } = await underWay;
    assert.deepEqual([status, rejected(text)], [200, []]);
    assert.equal(await served.ended, 0);
    assert.equal(served.lines().at(-1)?.message, 'stopped');
    assert.equal(served.lines().at(-1)?.finished, true);
    assert.equal(slow.requests.length, 1);
  });
});

describe('a second signal', async () => {
  const hanging = await api(() => undefined);
  const served = await serve({ ROWPOST_DESTINATIONS: manifests({ 'sink.yaml': MANIFEST }), ROWPOST_URL_SINK: hanging.url });

  it('ends at once', async () => {
    const cutOff = assert.rejects(served.call('sink', 'add', adding(1)));
    await until(() => hanging.requests.length === 1);
    served.child.kill('SIGTERM');
    await until(() => served.lines().some(({ message }) => message === 'stopping'));
    served.child.kill('SIGTERM');
    assert.equal(await served.ended, 'SIGTERM');
    await cutOff;
  });
});

describe('a manifest that names a private address', async () => {
  const inside = await api(() => OK);
  const ROWPOST_DESTINATIONS = manifests({
    'sink.yaml': MANIFEST.replace('https://api.sink.example', inside.url),
    'name.yaml': MANIFEST.replace('https://api.sink.example', `http://localhost:${inside.port}`),
  });

  it('is not called; the reason says how to allow it', async () => {
    const served = await serve({ ROWPOST_DESTINATIONS });
    for (const [id, address] of [
      ['sink', /Rowpost does not call the loopback address 127\.0\.0\.1\. .*ROWPOST_ALLOW_PRIVATE=127\.0\.0\.1\/32/],
      ['name', /localhost resolves to the loopback address .*, which Rowpost does not call\. .*ROWPOST_ALLOW_PRIVATE=/],
    ] as const) {
      const [row] = rejected((await served.call(id, 'add', adding(7))).text);
      assert.equal(row?.id, 7);
      assert.match(row.reason, /^not delivered: /);
      assert.match(row.reason, address);
    }
    assert.equal(inside.requests.length, 0);
  });

  it('is called where the operator allows it', async () => {
    const served = await serve({ ROWPOST_DESTINATIONS, ROWPOST_ALLOW_PRIVATE: '127.0.0.0/8, ::1' });
    assert.deepEqual(rejected((await served.call('sink', 'add', adding(7))).text), []);
    assert.deepEqual(rejected((await served.call('name', 'add', adding(8))).text), []);
    assert.equal(inside.requests.length, 2);
  });
});

describe('secrets', async () => {
  const KEY = 'canary-key/+"é\\ and more';
  const CODE = 'canary code&?%42';
  const TOKENS = ['canary-token-of-yesterday', 'canary-token-of-today'];
  const secretive = MANIFEST.replace(
    'connection: {',
    `settings:
  key: { secret: true }
  code: { secret: true }
  shape: { secret: true, pattern: "[a-z]+" , default_: x }
connection: { auth: { basic: { username: me, password: "{{ settings.key }}" } }, query: { code: "{{ settings.code }}" },`,
  ).replace(', default_: x', '');
  const files = {
    'sink.yaml': secretive.replace(/ {2}shape: .*\n/, ''),
    'down.yaml': secretive.replace(/ {2}shape: .*\n/, ''),
    'wrong.yaml': secretive,
  };
  // Everything that came goes back, in every place from which a reason is made.
  const echo = await api(({ path, headers, body }, count) => {
    const all = `${path} ${JSON.stringify(headers)} ${body} ${KEY} ${CODE} ${Buffer.from(`me:${KEY}`).toString('base64')}`;
    return [
      { status: 422, body: JSON.stringify({ error: all }) },
      { status: 200, body: JSON.stringify({ ok: all }) },
      { status: 500, body: all },
      { status: 200, body: JSON.stringify({ ok: false, error: { message: all, [KEY]: CODE } }) },
    ][count % 4];
  });
  const own = (id: string, key = KEY) => ({ [`${id}_KEY`]: key, [`${id}_CODE`]: CODE });
  const served = await serve({
    ROWPOST_DESTINATIONS: manifests(files),
    ROWPOST_URL_SINK: echo.url,
    ROWPOST_URL_DOWN: 'http://127.0.0.1:1',
    ROWPOST_TOKEN: TOKENS.join(','),
    LOG_LEVEL: 'trace',
    ...own('SINK'),
    ...own('DOWN'),
    ...own('WRONG'),
    WRONG_SHAPE: 'canary-SHAPE',
  });

  it('are sent, and seen nowhere else', async () => {
    const answers: string[] = [];
    const authorization = `Bearer ${TOKENS[0]}`;
    const methods = ['list_objects', 'list_fields', 'list_options', 'behavior', 'add', 'canary-method'];
    for (const id of ['sink', 'down', 'wrong', 'canary-destination']) {
      for (const method of methods) {
        const { text } = await served.call(id, method, adding(1, 2, 3, 4), { authorization });
        answers.push(id === 'canary-destination' || method === 'canary-method' ? '' : text);
      }
    }
    const validate = { configuration: { ...CONFIGURATION, mappings: [{ form: KEY }] } };
    answers.push((await served.call('sink', 'validate', validate, { authorization })).text);
    for (const path of ['/readyz', '/', '/healthz'])
      answers.push(await (await fetch(served.url + path, { headers: { authorization } })).text());
    answers.push((await served.call('sink', 'add', adding(1), { authorization: 'Bearer canary-guess' })).text);

    assert.equal(echo.requests.length, 4);
    const basic = `Basic ${Buffer.from(`me:${KEY}`, 'utf8').toString('base64')}`;
    assert.equal(echo.requests[0]?.headers.authorization, basic);
    assert.equal(new URL(echo.requests[0].path, echo.url).searchParams.get('code'), CODE);

    await served.told();
    const shown = [served.out.stdout, served.out.stderr, ...answers].join('\n');
    assert.equal(rejected(answers[4] ?? '').length, 4);
    assert.match(shown, /\[secret\]/);
    assert.doesNotMatch(shown, /canary/i);
    // What base64 makes of the middle of a secret, whatever stands before it.
    for (const secret of [KEY, CODE, ...TOKENS]) {
      for (const before of ['', 'm', 'me', 'me:']) {
        const middle = Buffer.from(before + secret)
          .toString('base64')
          .slice(6, 20);
        assert.ok(!shown.includes(middle), `${middle} of ${before}${secret}`);
      }
    }
    assert.match(served.lines().find(({ message }) => message === 'settings missing')?.fault as string, /WRONG_SHAPE.*its value/);
  });

  it('of callers are taken while one is replaced by the next', async () => {
    for (const [authorization, status] of [
      [`Bearer ${TOKENS[0]}`, 200],
      [`Bearer ${TOKENS[1]}`, 200],
      [`bearer ${TOKENS[1]}`, 200],
      [`Bearer ${TOKENS[0]}, ${TOKENS[1]}`, 401],
      [`Bearer ${TOKENS.join(',')}`, 401],
      [`Bearer ${TOKENS[1]}x`, 401],
      [`Basic ${TOKENS[1]}`, 401],
      ['', 401],
    ] as const)
      assert.equal((await served.call('sink', 'list_fields', {}, { authorization })).status, status, authorization);
  });

  it('are not asked for where a probe looks, which then is told little', async () => {
    const response = await fetch(`${served.url}/readyz`);
    assert.equal(response.status, 200);
    assert.doesNotMatch(await response.text(), /problems/);
  });
});

describe('ROWPOST_DEADLINE', async () => {
  const hanging = await api(() => undefined);
  const served = await serve({
    ROWPOST_DESTINATIONS: manifests({ 'sink.yaml': MANIFEST }),
    ROWPOST_URL_SINK: hanging.url,
    ROWPOST_DEADLINE: '1s',
  });

  it('cuts what an API leaves hanging; every row is told', async () => {
    const begin = performance.now();
    const { status, text } = await served.call('sink', 'add', adding(1, 2, 3));
    // The manifest itself would wait for 25 seconds.
    assert.ok(performance.now() - begin < 5000);
    assert.equal(status, 200);
    assert.deepEqual(
      rejected(text).map(({ id, reason }) => [id, reason.split(':')[0]]),
      [
        [1, 'outcome unknown'],
        [2, 'outcome unknown'],
        [3, 'not attempted'],
      ],
    );
    assert.equal(hanging.requests.length, 2);
  });
});

describe('a caller that hangs up', async () => {
  const waiting: (() => void)[] = [];
  const slow = await api(async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return OK;
  });
  const served = await serve({ ROWPOST_DESTINATIONS: manifests({ 'sink.yaml': MANIFEST }), ROWPOST_URL_SINK: slow.url });

  it('causes no further requests', async () => {
    const caller = new AbortController();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'add', params: adding(1, 2, 3, 4, 5) });
    const cutOff = assert.rejects(served.post('sink', body, { signal: caller.signal }));
    await until(() => waiting.length === 2);
    caller.abort();
    await cutOff;
    await later(400); // the news of it travels
    for (const go of waiting) go();
    await until(() => served.lines().some((line) => line.message === 'call' && line.hungUp === true));
    await later(100);
    assert.equal(slow.requests.length, 2);
    const rows = served.lines().find((line) => line.rows === 5);
    assert.equal(rows?.rejected, 3);
  });
});
