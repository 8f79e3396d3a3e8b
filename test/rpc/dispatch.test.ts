/** JSON-RPC 2.0, corner by corner. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/fault.ts';
import { dispatch } from '../../src/rpc/dispatch.ts';
import { type Method, RPC_CODES, RpcError } from '../../src/rpc/method.ts';
import { MAX_BATCH } from '../../src/rpc/request.ts';

type Answer = { jsonrpc: string; id: unknown; result?: unknown; error?: { code: number; message: string; data?: unknown } };

const circular: unknown[] = [];
circular.push(circular);

const METHODS = new Map<string, Method<string>>([
  ['echo', async (params) => params ?? 'nothing'],
  ['context', async (_, context) => context],
  ['nothing', async () => undefined],
  ['meet', meeting(2)],
  ['fault', () => Promise.reject(new Fault({ code: 'request.rows', sentence: '"rows" must be a list.', hint: 'Send one.' }))],
  ['busy', () => Promise.reject(new RpcError(RPC_CODES.overloaded, 'Come back.', { retryAfter: 3 }))],
  ['bug', () => Promise.reject(new Error('secret stack'))],
  ['throws', () => assert.fail('secret, at once')],
  ['throwsText', () => Promise.reject('secret text')], // as careless code does
  ['unprintable', async () => circular],
  ['bigint', async () => 1n],
  ['unprintableData', () => Promise.reject(new RpcError(RPC_CODES.overloaded, 'x', circular))],
]);

async function ask(body: string) {
  const notifications: string[] = [];
  const bugs: [unknown, string][] = [];
  const text = await dispatch(Buffer.from(body), METHODS, 'the context', {
    redact: (text) => text.replaceAll('CANARY', '[secret]'),
    notification: (name) => notifications.push(name),
    bug: (error, method) => `ref${bugs.push([error, method])}`,
  });
  return { text, notifications, bugs };
}

async function one(body: string): Promise<Answer> {
  const { text } = await ask(body);
  assert.ok(text !== undefined);
  return JSON.parse(text);
}

const call = (method: string, more = '') => `{"jsonrpc":"2.0","id":1,"method":"${method}"${more}}`;

describe('dispatch refuses', () => {
  const deep = `${'['.repeat(200)}${']'.repeat(200)}`;
  const table: [string, number, string?][] = [
    ['', -32700],
    ['{', -32700],
    ['{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', -32700],
    ['[{"jsonrpc": "2.0", "method": "echo", "id": "1"},{"jsonrpc": "2.0", "method"', -32700],
    ["{'jsonrpc':'2.0'}", -32700],
    [call('echo', `,"params":${deep}`), -32700],
    ['{"jsonrpc":"2.0","id":NaN,"method":"echo"}', -32700],
    ['{}', -32600],
    ['{"jsonrpc":"2.0","method":1}', -32600],
    ['{"jsonrpc": "2.0", "method": 1, "params": "bar"}', -32600],
    ['"text"', -32600],
    ['1', -32600],
    ['12345678901234567890', -32600],
    ['null', -32600],
    ['true', -32600],
    ['[]', -32600],
    ['{"method":"echo"}', -32600],
    ['{"jsonrpc":"2.0","method":null}', -32600],
    ['{"__proto__":{"jsonrpc":"2.0","method":"echo","id":1}}', -32600],
    ['{"__proto__":{"jsonrpc":"2.0"},"method":"echo"}', -32600],
    ['{"jsonrpc":"2.0","method":"echo","id":true}', -32600],
    ['{"jsonrpc":"2.0","method":"echo","id":{}}', -32600],
    ['{"jsonrpc":"2.0","method":"echo","id":[1]}', -32600],
  ];
  for (const [body, code] of table) {
    it(`${body.slice(0, 70) || 'an empty body'} with ${code} and id null`, async () => {
      const { error, ...rest } = await one(body);
      assert.deepEqual(rest, { jsonrpc: '2.0', id: null });
      assert.equal(error?.code, code);
      assert.ok(error?.message);
    });
  }

  const known: [string, number, RegExp][] = [
    ['{"jsonrpc":"1.0","id":1,"method":"echo"}', -32600, /"2\.0"/],
    ['{"jsonrpc":2.0,"id":1,"method":"echo"}', -32600, /"2\.0"/],
    ['{"id":1,"method":"echo"}', -32600, /"2\.0"/],
    ['{"jsonrpc":"2.0","id":1}', -32600, /"method"/],
    ['{"jsonrpc":"2.0","id":1,"method":["echo"]}', -32600, /"method"/],
    [call('missing'), -32601, /"missing"/],
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'get', 'size', ''].map((name): [string, number, RegExp] => [
      call(name),
      -32601,
      /not found/,
    ]),
    [call('x'.repeat(5000)), -32601, /^.{1,100}$/],
    [call('echo', ',"params":"text"'), -32602, /"params" must be an object or an array, not a string/],
    [call('echo', ',"params":null'), -32602, /not null/],
    [call('echo', ',"params":1'), -32602, /not a number/],
    [call('echo', ',"params":12345678901234567890'), -32602, /not a number/],
    [call('echo', ',"params":false'), -32602, /not a boolean/],
    [call('fault'), -32602, /^"rows" must be a list\. Send one\.$/],
    [call('busy'), -32000, /^Come back\.$/],
    ...['bug', 'throws', 'throwsText', 'unprintable', 'bigint', 'unprintableData'].map((name): [string, number, RegExp] => [
      call(name),
      -32603,
      /^Internal error \(reference ref1\)$/,
    ]),
  ];
  for (const [body, code, message] of known) {
    it(`${body.slice(0, 70)} with ${code} and its id`, async () => {
      const { id, error } = await one(body);
      assert.equal(id, 1);
      assert.equal(error?.code, code);
      assert.match(error.message, message);
    });
  }

  it('and says what an error holds beside its message', async () => {
    assert.deepEqual((await one(call('busy'))).error?.data, { retryAfter: 3 });
    assert.ok(!('data' in ((await one(call('fault'))).error ?? {})));
  });

  it('without telling what broke, which the hook hears', async () => {
    const { text, bugs } = await ask(call('bug'));
    assert.doesNotMatch(text ?? '', /secret|stack|dispatch/);
    assert.deepEqual(
      bugs.map(([error, method]) => [String(error), method]),
      [['Error: secret stack', 'bug']],
    );
  });
});

describe('dispatch answers', () => {
  const ids = [
    '"a"',
    '""',
    '1',
    '-1',
    '0',
    '1.5',
    'null',
    '12345678901234567890',
    '-9007199254740993',
    '1e400',
    '0.12345678901234567891',
    '"\\u0001"',
  ];
  for (const id of ids) {
    it(`an id of ${id} with the same`, async () => {
      const { text } = await ask(`{"jsonrpc":"2.0","id":${id},"method":"nothing"}`);
      assert.equal(text, `{"jsonrpc":"2.0","id":${id},"result":null}`);
      const refused = await ask(`{"jsonrpc":"2.0","id":${id},"method":"missing"}`);
      assert.ok(refused.text?.startsWith(`{"jsonrpc":"2.0","id":${id},"error":{`));
    });
  }

  it('with params by name, by position, absent, and with every digit', async () => {
    for (const params of ['{"a":12345678901234567890,"__proto__":[1]}', '[1,1e400]', '{}', '[]']) {
      const { text } = await ask(call('echo', `,"params":${params}`));
      assert.equal(text, `{"jsonrpc":"2.0","id":1,"result":${params}}`);
    }
    assert.equal((await one(call('echo'))).result, 'nothing');
    assert.equal((await one(call('context'))).result, 'the context');
  });

  it('nothing to notifications, and does not carry them out', async () => {
    for (const [body, names] of [
      ['{"jsonrpc":"2.0","method":"bug"}', ['bug']],
      ['{"jsonrpc":"2.0","method":"missing","params":1}', ['missing']],
      ['[{"jsonrpc":"2.0","method":"bug"},{"jsonrpc":"2.0","method":"echo"}]', ['bug', 'echo']],
      ['{"jsonrpc":"2.0","method":"echo","__proto__":{"id":1}}', ['echo']],
    ] as const) {
      assert.deepEqual(await ask(body), { text: undefined, notifications: names, bugs: [] });
    }
  });
});

describe('a batch', () => {
  it('of what are no calls gets an error for each', async () => {
    const { text } = await ask('[1,[],12345678901234567890]');
    const answers: Answer[] = JSON.parse(text ?? '');
    assert.deepEqual(
      answers.map(({ id, error }) => [id, error?.code]),
      Array(3).fill([null, -32600]),
    );
  });

  it('of one gets a list of one', async () => {
    assert.equal((await ask(`[${call('nothing')}]`)).text, '[{"jsonrpc":"2.0","id":1,"result":null}]');
  });

  it('gets its answers side by side, each with its id, and none for notifications', async () => {
    const entries = ['meet', 'bug', 'echo', 'meet'].map((method, id) => `{"jsonrpc":"2.0","id":${id},"method":"${method}"}`);
    const { text, notifications } = await ask(`[${entries.join(',')},{"jsonrpc":"2.0","method":"meet"},{"foo":"boo"}]`);
    const answers: Answer[] = JSON.parse(text ?? '');
    assert.deepEqual(
      answers.map(({ id, result, error }) => [id, result ?? error?.code]).sort(),
      [
        [0, 'met'],
        [1, -32603],
        [2, 'nothing'],
        [3, 'met'],
        [null, -32600],
      ].sort(),
    );
    assert.deepEqual(notifications, ['meet']);
  });

  it('that is too long gets one error', async () => {
    const many = (length: number) => `[${Array(length).fill(call('nothing')).join(',')}]`;
    assert.equal(JSON.parse((await ask(many(MAX_BATCH))).text ?? '').length, MAX_BATCH);
    const { id, error } = await one(many(MAX_BATCH + 1));
    assert.equal(id, null);
    assert.equal(error?.code, -32600);
    assert.match(error.message, /101 calls. At most 100/);
  });
});

describe('dispatch, whatever the text', () => {
  const member = fc.constantFrom('jsonrpc', 'id', 'method', 'params', '__proto__', 'constructor');
  const value = fc.oneof(
    fc.constantFrom('"2.0"', '"echo"', '"bug"', '"missing"', '1', 'null', '12345678901234567890', '{}', '[]', 'true'),
    fc.json({ maxDepth: 2 }),
  );
  const entry = fc
    .array(fc.tuple(member, value), { maxLength: 5 })
    .map((all) => `{${all.map(([key, text]) => `"${key}":${text}`).join(',')}}`);
  const likely = fc.array(fc.oneof(entry, value), { maxLength: 5 }).map((all) => `[${all.join(',')}]`);
  const body = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), entry, likely);

  it('answers JSON-RPC or nothing, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const { text: answer } = await ask(text);
        if (answer === undefined) return;
        const parsed: unknown = JSON.parse(answer);
        if (Array.isArray(parsed)) assert.ok(parsed.length > 0);
        for (const each of Array.isArray(parsed) ? parsed : [parsed]) checkAnswer(each);
      }),
      { numRuns: 3000 },
    );
  });

  function checkAnswer(answer: Answer): void {
    assert.equal(answer.jsonrpc, '2.0');
    assert.ok(Object.hasOwn(answer, 'id'));
    assert.notEqual(Object.hasOwn(answer, 'result'), Object.hasOwn(answer, 'error'));
    if (answer.error === undefined) return;
    assert.ok(Number.isInteger(answer.error.code) && typeof answer.error.message === 'string');
  }
});

/** A method that answers when so many calls of it are under way at once, and never where they wait for each other. */
function meeting(guests: number): Method<string> {
  const waiting: (() => void)[] = [];
  return () =>
    new Promise((resolve) => {
      waiting.push(() => resolve('met'));
      if (waiting.length === guests) for (const go of waiting.splice(0)) go();
    });
}
