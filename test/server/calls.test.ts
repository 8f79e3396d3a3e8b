/** Calls over real sockets: statuses, headers, exact numbers, and what the log keeps of them. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { RPC_CODES, RpcError } from '../../src/rpc/method.ts';
import { call, destination, serving, TOKEN } from './serving.ts';

const echo = async (params: unknown) => params;
const slack = destination('slack', {
  echo,
  bug: () => Promise.reject(new Error('canary-stack')),
});
const broken = destination(
  'broken',
  {},
  {
    state: 'broken',
    problems: ['canary-problem'],
    methods: { get: () => () => Promise.reject(new RpcError(RPC_CODES.destinationBroken, 'Its manifest has mistakes.')) },
  },
);

const errorOf = (text: string): { code: number; message: string; data?: unknown } => {
  const { jsonrpc, id, error } = JSON.parse(text);
  assert.deepEqual({ jsonrpc, id }, { jsonrpc: '2.0', id: null });
  return error;
};

describe('a call', async () => {
  const { post, get, raw, lines } = await serving([slack, broken]);

  it('is answered', async () => {
    const { status, headers, text } = await post('/hightouch/slack', call('echo', { a: 1 }));
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.deepEqual(JSON.parse(text), { jsonrpc: '2.0', id: 1, result: { a: 1 } });
  });

  it('keeps every digit and every key', async () => {
    const params = '{"n":[12345678901234567890,1e400],"__proto__":{"admin":true},"constructor":1,"\\u0000":"\\ud83d\\ude00"}';
    const { text } = await post(
      '/hightouch/slack',
      `{"jsonrpc":"2.0","id":98765432109876543210,"method":"echo","params":${params}}`,
    );
    assert.equal(text, `{"jsonrpc":"2.0","id":98765432109876543210,"result":${params.replace('\\ud83d\\ude00', '😀')}}`);
  });

  it('may be a batch', async () => {
    const { text } = await post('/hightouch/slack', `[${call('echo')},${call('missing')},1]`);
    assert.deepEqual(
      JSON.parse(text).map((each: { error?: { code: number } }) => each.error?.code),
      [undefined, -32601, -32600],
    );
  });

  it('without an id gets 204 and a warning in the log', async () => {
    lines.length = 0;
    const { status, text, headers } = await post('/hightouch/slack', '{"jsonrpc":"2.0","method":"echo"}');
    assert.equal(status, 204);
    assert.equal(text, '');
    assert.equal(headers.get('content-type'), null);
    assert.deepEqual(
      lines.map(({ level, methods }) => [level, methods]),
      [
        ['info', ['echo']],
        ['warn', ['echo']],
      ],
    );
  });

  it('leaves one line in the log, without params and made-up names', async () => {
    lines.length = 0;
    const body = `[${call('echo', { canary: 'canary-param' })},${call('echo')},${call('canary-name')}]`;
    await post('/hightouch/slack', body);
    const [first] = lines;
    assert.equal(lines.length, 1);
    assert.ok(Number.isInteger(first?.ms));
    assert.deepEqual(first, {
      level: 'info',
      message: 'call',
      ms: first?.ms,
      destination: 'slack',
      methods: ['echo', '?'],
      status: 200,
      bytes: body.length,
    });
  });

  it('to a broken destination is answered in its own words', async () => {
    lines.length = 0;
    const { status, text } = await post('/hightouch/broken', call('canary-name'));
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).error.code, -32002);
    assert.doesNotMatch(JSON.stringify(lines), /canary/);
  });

  it('that meets a bug gets a reference, and the log the stack', async () => {
    lines.length = 0;
    const { status, text } = await post('/hightouch/slack', call('bug'));
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text).error, { code: -32603, message: 'Internal error (reference ref-1)' });
    const [line] = lines;
    assert.equal(line?.level, 'error');
    assert.equal(line.reference, 'ref-1');
    assert.equal(line.method, 'bug');
    assert.match(String(line.error), /canary-stack/);
  });

  for (const type of [
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'APPLICATION/JSON',
    'application/vnd.api+json',
  ]) {
    it(`may be ${type}`, async () => {
      assert.equal((await post('/hightouch/slack', call('echo'), { 'content-type': type })).status, 200);
    });
  }

  for (const type of [
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'text/json',
    'application/jsonp',
    'application/json; charset=latin1',
    'application/json garbage',
  ]) {
    it(`may not be ${type || 'of no type'}`, async () => {
      const { status, text } = await post('/hightouch/slack', call('echo'), { 'content-type': type });
      assert.equal(status, 415);
      assert.equal(errorOf(text).code, -32600);
      assert.match(errorOf(text).message, /must be application\/json/);
    });
  }

  for (const [what, body] of [
    ['nothing', ''],
    ['half of JSON', '{"jsonrpc"'],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['UTF-16', new Uint8Array(Buffer.from(call('echo'), 'utf16le'))],
    ['a hundred thousand brackets', '['.repeat(90_000)],
  ] as const) {
    it(`of ${what} is a parse error`, async () => {
      const { status, text } = await post('/hightouch/slack', body);
      assert.equal(status, 200);
      assert.equal(errorOf(text).code, -32700);
    });
  }

  it('without any body is a parse error', async () => {
    const socket = await raw();
    socket.write('POST /hightouch/slack HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n');
    assert.match(await readAll(socket), /^HTTP\/1\.1 200 .*-32700/s);
  });

  it('may begin with a byte order mark', async () => {
    assert.equal((await post('/hightouch/slack', `\ufeff${call('echo')}`)).text, '{"jsonrpc":"2.0","id":1,"result":{}}');
  });

  it('is sent with POST', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD']) {
      const { status, headers } = await get('/hightouch/slack', { method });
      assert.equal(status, 405, method);
      assert.equal(headers.get('allow'), 'POST');
    }
  });

  it('to a destination that does not exist names those that do', async () => {
    const { status, text } = await post('/hightouch/slak', call('echo'));
    assert.equal(status, 404);
    assert.deepEqual(errorOf(text), {
      code: -32001,
      message: 'There is no destination "slak". Did you mean "slack"? There are "broken" and "slack".',
    });
    for (const path of ['', 'slack/', 'slack/x', '%', '__proto__', 'constructor', 'x'.repeat(10_000)]) {
      const answer = await post(`/hightouch/${path}`, call('echo'));
      assert.equal(answer.status, 404, path);
      assert.ok(answer.text.length < 400);
    }
  });

  it('to no path of ours gets a sentence', async () => {
    const { status, text, headers } = await post('/canary?x=1', call('echo'));
    assert.equal(status, 404);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.match(JSON.parse(text).error, /^There is nothing at "\/canary"\./);
  });

  for (const target of ['http://a:b/', '?x', '*', '//', '/%', 'http://x/hightouch/slack/../../']) {
    it(`to ${target} is no reason to fall over`, async () => {
      const socket = await raw();
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(await readAll(socket), /^HTTP\/1\.1 4\d\d /);
    });
  }
});

describe('a server that stops', async () => {
  const { post, get } = await serving([slack], { stopping: () => true });

  it('sends callers away for a while', async () => {
    const { status, headers, text } = await post('/hightouch/slack', call('echo'));
    assert.equal(status, 503);
    assert.equal(headers.get('retry-after'), '5');
    assert.equal(errorOf(text).code, -32000);
    assert.deepEqual(errorOf(text).data, { retryAfter: 5 });
  });

  it('is not ready, but alive', async () => {
    assert.equal((await get('/readyz')).status, 503);
    assert.equal((await get('/healthz')).status, 200);
  });
});

describe('a destination with too much to do', async () => {
  const release: (() => void)[] = [];
  const wait = () => new Promise<void>((resolve) => release.push(resolve));
  const { post } = await serving([destination('slow', { wait }), slack], { callsPerDestination: 2 });

  it('refuses more, while others go on, and takes calls again afterwards', async () => {
    const waiting = [post('/hightouch/slow', call('wait')), post('/hightouch/slow', call('wait'))];
    while (release.length < 2) await new Promise(setImmediate);
    const refused = await post('/hightouch/slow', call('wait'));
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.equal(errorOf(refused.text).code, -32000);
    assert.equal((await post('/hightouch/slack', call('echo'))).status, 200);
    for (const go of release) go();
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ status }) => status),
      [200, 200],
    );
    assert.equal((await post('/hightouch/slow', call('missing'))).status, 200);
  });
});

describe('a server with a bug of its own', async () => {
  const { post, get, lines } = await serving([], {
    hosted: () => {
      throw new Error('canary-bug');
    },
  });

  it('answers 500 with a reference', async () => {
    for (const answer of [await post('/hightouch/slack', call('echo')), await get('/readyz')]) {
      assert.equal(answer.status, 500);
      assert.deepEqual(errorOf(answer.text), { code: -32603, message: 'Internal error (reference ref-1)' });
    }
    assert.equal(lines.filter(({ level, reference }) => level === 'error' && reference === 'ref-1').length, 2);
  });
});

describe('an unknown destination', async () => {
  const many = await serving(
    Array.from({ length: 25 }, (_, i) => destination(`d${i}`)),
    { tokens: [TOKEN] },
  );

  it('is told of among many without a list that does not end', async () => {
    const { text } = await many.post('/hightouch/other', call('echo'), { authorization: `Bearer ${TOKEN}` });
    assert.match(errorOf(text).message, /and 5 more\.$/);
  });

  it('is told of only to who may call', async () => {
    const { status, text } = await many.post('/hightouch/other', call('echo'));
    assert.equal(status, 401);
    assert.doesNotMatch(text, /d1|other/);
  });
});

async function readAll(socket: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(socket, 'close');
  return text;
}
