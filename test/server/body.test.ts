/** Bodies: their size, their compression, and those that never end. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { call, destination, serving, until } from './serving.ts';

const LIMIT = 100_000;
const big = destination('big', { size: async (params) => JSON.stringify(params).length });

describe('the limit of a body', async () => {
  const { post, raw, lines } = await serving([big], { bodyLimit: LIMIT });
  const sized = (bytes: number) => {
    const body = call('size', { text: '' });
    return body.replace('""', `"${'x'.repeat(bytes - body.length)}"`);
  };

  it('is reached', async () => {
    assert.equal((await post('/hightouch/big', sized(LIMIT))).status, 200);
    assert.equal((await post('/hightouch/big', gzipSync(sized(LIMIT)), { 'content-encoding': 'gzip' })).status, 200);
  });

  it('is not passed', async () => {
    const { status, text } = await post('/hightouch/big', sized(LIMIT + 1));
    assert.equal(status, 413);
    assert.deepEqual(JSON.parse(text), {
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: 'The body is larger than 100000 bytes (ROWPOST_BODY_LIMIT).' },
    });
  });

  it('is not passed by a body that does not say how long it is', async () => {
    const socket = await raw();
    socket.write(
      'POST /hightouch/big HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const sending = setInterval(() => socket.write(chunk), 5);
    const [head] = await once(socket, 'data');
    clearInterval(sending);
    assert.match(String(head), /^HTTP\/1\.1 413 /);
  });

  it('is told of also to who is still sending, on a connection that stays', async () => {
    for (let i = 0; i < 20; i++) assert.equal((await post('/hightouch/big', new Uint8Array(20_000_000))).status, 413);
    assert.equal((await post('/hightouch/big', sized(200))).status, 200);
  });

  for (const [coding, bomb] of [
    ['gzip', gzipSync(Buffer.alloc(50_000_000))],
    ['deflate', deflateSync(Buffer.alloc(50_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000))],
  ] as const) {
    it(`counts what ${coding} unpacks`, async () => {
      const before = process.memoryUsage().rss;
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => post('/hightouch/big', bomb, { 'content-encoding': coding })),
      );
      assert.ok(answers.every(({ status }) => status === 413));
      assert.ok(process.memoryUsage().rss - before < 150_000_000, 'it was unpacked');
    });
  }

  it('is kept in the log of what came', async () => {
    lines.length = 0;
    await post('/hightouch/big', sized(500));
    assert.equal(lines[0]?.bytes, 500);
  });
});

describe('a compressed body', async () => {
  const { post, raw, lines } = await serving([big], { bodyLimit: LIMIT });
  const text = call('size', { a: 'x'.repeat(5000) });

  for (const [coding, packed] of [
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', Buffer.from(text)],
    ['Identity', Buffer.from(text)],
  ] as const) {
    it(`may be ${coding}`, async () => {
      const answer = await post('/hightouch/big', packed, { 'content-encoding': coding });
      assert.deepEqual(JSON.parse(answer.text).result, 5008);
    });
  }

  for (const coding of ['zstd', 'compress', 'gzip, br', 'gzip, gzip', '__proto__', 'utf-8']) {
    it(`may not be ${coding}`, async () => {
      const { status, text: said, headers } = await post('/hightouch/big', gzipSync(text), { 'content-encoding': coding });
      assert.equal(status, 415);
      assert.equal(headers.get('accept-encoding'), 'gzip, deflate, br');
      assert.match(JSON.parse(said).error.message, /content encoding/);
    });
  }

  const flipped = gzipSync(text);
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 5) ^ 255, flipped.length - 5);
  for (const [what, coding, bytes] of [
    ['no gzip', 'gzip', Buffer.from(text)],
    ['half of gzip', 'gzip', gzipSync(text).subarray(0, 20)],
    ['gzip with a wrong sum', 'gzip', flipped],
    ['no brotli', 'br', Buffer.from(text)],
    ['half of brotli', 'br', brotliCompressSync(text).subarray(0, 9)],
    ['no deflate', 'deflate', Buffer.from(text)],
    ['nothing as gzip', 'gzip', Buffer.alloc(0)],
  ] as const) {
    it(`of ${what} is a parse error`, async () => {
      const answer = await post('/hightouch/big', bytes, { 'content-encoding': coding });
      assert.ok(answer.status === 400 || bytes.length === 0, String(answer.status));
      assert.equal(JSON.parse(answer.text).error.code, -32700);
    });
  }

  it('that passes the limit and then breaks does not end the process', async () => {
    const bomb = gzipSync(Buffer.alloc(LIMIT + 40_000));
    for (let cut = 9; cut < 90; cut += 3) {
      const bad = Buffer.concat([bomb.subarray(0, bomb.length - cut), Buffer.alloc(200, 0xff)]);
      const { status } = await post('/hightouch/big', bad, { 'content-encoding': 'gzip' });
      assert.ok(status === 413 || status === 400);
    }
    assert.equal((await post('/hightouch/big', text)).status, 200);
  });

  for (const coding of ['gzip', 'identity']) {
    it(`(${coding}) whose sender hangs up is given up`, async () => {
      lines.length = 0;
      const socket = await raw();
      socket.write(
        `POST /hightouch/big HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: ${coding}\r\nContent-Length: 5000\r\n\r\n`,
      );
      socket.write(gzipSync(text).subarray(0, 30));
      await new Promise((resolve) => setTimeout(resolve, 30));
      socket.destroy();
      await until(() => lines.some(({ message }) => message === 'call'));
      assert.deepEqual(
        lines.filter(({ level }) => level !== 'debug').map(({ level, status, hungUp }) => ({ level, status, hungUp })),
        [{ level: 'info', status: 400, hungUp: true }],
      );
    });
  }
});

describe('the bodies of all calls under way', async () => {
  const waiting: (() => void)[] = [];
  const slow = destination('slow', {
    hold: () => new Promise((resolve) => waiting.push(() => resolve('held'))),
    size: async (params) => JSON.stringify(params).length,
  });
  const { post } = await serving([slow], { bodyLimit: LIMIT, maxPending: 50_000 });
  const of = (method: string, bytes: number) => call(method, { text: 'x'.repeat(bytes) });
  const chunked = (text: string) =>
    new ReadableStream({
      start(controller) {
        for (const part of text.match(/.{1,1000}/g) ?? []) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    });

  for (const [name, body, headers] of [
    ['that say how long they are', (text: string) => text, {}],
    ['that do not', chunked, {}],
    ['that are compressed', (text: string) => gzipSync(text), { 'content-encoding': 'gzip' }],
  ] as const) {
    it(`${name}, are bounded together: more is to be sent again`, async () => {
      const send = (text: string) => post('/hightouch/slow', body(text), headers);
      assert.equal((await send(of('size', 90_000))).status, 200, 'a single one may be larger');
      const first = send(of('hold', 40_000));
      await until(() => waiting.length > 0);
      const refused = await send(of('size', 20_000));
      assert.equal(refused.status, 503);
      assert.equal(refused.headers.get('retry-after'), '2');
      assert.deepEqual(JSON.parse(refused.text).error, {
        code: -32000,
        message: 'The calls under way hold as much as the server can work on at once. Send this one again.',
        data: { retryAfter: 2 },
      });
      assert.equal((await send(of('size', 5000))).status, 200);
      waiting.pop()?.();
      assert.equal((await first).status, 200);
      assert.equal((await send(of('size', 20_000))).status, 200);
    });
  }
});
