import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Answer, OutboundRequest, Reply, SendOptions, Unreachable } from '../../src/outbound/exchange.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import type { Transport } from '../../src/outbound/transport.ts';
import { cert, key } from './certificate.ts';
import { type Answering, http, type RawServer, rawServer } from './raw-server.ts';
import { TRANSPORTS } from './transports.ts';

const guard = createGuard(['127.0.0.0/8']);
const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing) await close();
});

async function server(...args: Parameters<typeof rawServer>): Promise<RawServer> {
  const made = await rawServer(...args);
  closing.push(() => made.close());
  return made;
}

type Asked = Partial<OutboundRequest> & Partial<SendOptions> & { transport?: Transport };
function answered(reply: Reply): Answer {
  assert.equal(reply.kind, 'answer', JSON.stringify(reply));
  return reply;
}
function failed(reply: Reply, phase: Unreachable['phase'], code: string | RegExp, mayHaveArrived = phase === 'after'): void {
  assert.equal(reply.kind, 'unreachable', JSON.stringify(reply));
  const { sentence, ...rest } = reply;
  assert.match(rest.code, typeof code === 'string' ? new RegExp(`^${code}$`) : code);
  assert.deepEqual({ ...rest, code: '' }, { kind: 'unreachable', phase, code: '', mayHaveArrived });
  assert.match(sentence, /^[A-Z].*\.$/);
  assert.doesNotMatch(sentence, /127\.0\.0\.1:|http:|secret/);
}

for (const [name, create] of TRANSPORTS) {
  function transportOf(options: { connections?: number; maxResponse?: number; guard?: typeof guard } = {}): Transport {
    const transport = create({ connections: 10, maxResponse: 1_048_576, guard, ...options });
    closing.push(() => transport.close());
    return transport;
  }
  const shared = transportOf();
  function ask(url: string, { transport = shared, timeout = 2000, signal, ...request }: Asked = {}): Promise<Reply> {
    return transport.send({ method: 'POST', url, headers: {}, body: Buffer.from('{}'), ...request }, { timeout, signal });
  }
  /** One exchange with a server of its own. */
  async function exchange(answering: Answering, asked: Asked = {}): Promise<Reply> {
    const { url, close } = await rawServer(answering);
    try {
      return await ask(url, asked);
    } finally {
      await close();
    }
  }
  describe(`${name}: whole answers`, () => {
    for (const status of [
      '200 OK',
      '201 Created',
      '299 Other',
      '300 Choose',
      '400 Bad',
      '401 No',
      '404 No',
      '429 Slow',
      '500 Oh',
      '503 Later',
      '599 X',
    ]) {
      it(`${status} is an answer`, async () => {
        const reply = answered(await exchange((socket) => socket.write(http(status, { 'content-length': 4 }, 'body'))));
        assert.equal(reply.status, Number(status.slice(0, 3)));
        assert.equal(reply.body, 'body');
      });
    }
    for (const [name, bytes] of [
      ['204', http('204 No Content', {})],
      ['304', http('304 Not Modified', { 'content-encoding': 'gzip' })],
      ['205 with gzip and nothing', http('205 Reset', { 'content-encoding': 'gzip', 'content-length': 0 })],
      ['200 of length 0', http('200 OK', { 'content-length': 0 })],
      [
        'after 100 and 103',
        http('100 Continue', {}) + http('103 Early Hints', { link: '</x>' }) + http('200 OK', { 'content-length': 0 }),
      ],
    ] as const) {
      it(`${name}: no body`, async () => assert.equal(answered(await exchange((socket) => socket.write(bytes))).body, ''));
    }

    it('chunked, and ended by closing', async () => {
      const chunked = `${http('200 OK', { 'transfer-encoding': 'chunked' })}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`;
      assert.equal(answered(await exchange((socket) => socket.write(chunked))).body, 'abcde');
      assert.equal(answered(await exchange((socket) => socket.end(http('200 OK', {}, 'abc')))).body, 'abc');
    });

    it('does not follow redirects', async () => {
      const target = await server((socket) => socket.write(http('200 OK', { 'content-length': 0 })));
      for (const status of ['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent']) {
        const reply = answered(
          await exchange((socket) => socket.write(http(status, { location: target.url, 'content-length': 0 }))),
        );
        assert.equal(reply.headers.location, target.url);
      }
      assert.equal(target.seen.connections, 0);
    });

    it('keeps headers as they are, joined where repeated', async () => {
      const head =
        'HTTP/1.1 200 OK\r\nX-One: caf\xe9\r\nx-one:  two \r\nRetry-After: 1\r\nRetry-After: 9\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n__proto__: x\r\n';
      const reply = answered(await exchange((socket) => socket.write(Buffer.from(`${head}content-length: 0\r\n\r\n`, 'latin1'))));
      assert.equal(reply.headers['x-one'], 'café, two');
      assert.equal(reply.headers['retry-after'], '1, 9');
      assert.equal(reply.headers['set-cookie'], 'a=1, b=2');
      assert.ok(Object.hasOwn(reply.headers, '__proto__'));
    });

    it('decodes by charset, UTF-8 otherwise', async () => {
      for (const [type, bytes, text] of [
        ['application/json', Buffer.from('\uFEFF{"ü":1}'), '{"ü":1}'],
        ['text/plain; charset=iso-8859-1', Buffer.from('caf\xe9', 'latin1'), 'café'],
        ['text/plain;charset="UTF-16LE"', Buffer.from('\uFEFFhé', 'utf16le'), 'hé'],
        ['text/plain; charset=klingon', Buffer.from('é'), 'é'],
        ['text/plain', Buffer.from('a\xffb', 'latin1'), 'a\uFFFDb'],
      ] as const) {
        const reply = await exchange((socket) => {
          socket.write(http('200 OK', { 'content-type': type, 'content-length': bytes.length }));
          socket.write(bytes);
        });
        assert.equal(answered(reply).body, text, type);
      }
    });

    it('answers a whole answer even if rubbish follows it', async () => {
      assert.equal(
        answered(await exchange((socket) => socket.write(`${http('200 OK', { 'content-length': 2 }, 'ok')}rubbish\r\n\r\n`)))
          .body,
        'ok',
      );
    });
  });

  describe(`${name}: what is sent`, () => {
    const sent = async (asked: Asked, path = ''): Promise<string> => {
      let text = '';
      const { url, close } = await rawServer((socket, request) => {
        text = request;
        socket.write(http('200 OK', { 'content-length': 0 }));
      });
      answered(await ask(url + path, asked));
      await close();
      return text;
    };

    it('is what was planned, with defaults for what was not said', async () => {
      const text = await sent(
        { headers: { 'x-a': 'caf\xe9', 'content-type': 'text/plain' }, body: Buffer.from('é') },
        '/a%2Fb/%ff;x?q=a+b%20c&d=%c3',
      );
      assert.match(text, /^POST \/a%2Fb\/%ff;x\?q=a\+b%20c&d=%c3 HTTP\/1\.1\r\n/);
      assert.match(text, /\r\nx-a: caf\xe9\r\n/);
      assert.match(text, /\r\nuser-agent: rowpost\r\n/);
      assert.match(text, /\r\naccept: application\/json, /);
      assert.match(text, /\r\ncontent-length: 2\r\n/);
      assert.ok(text.endsWith('\r\n\r\n\xc3\xa9'));
      const own = await sent({ headers: { 'user-agent': 'mine', accept: 'text/csv', 'accept-encoding': 'identity' } });
      assert.match(own, /\r\nuser-agent: mine\r\naccept: text\/csv\r\naccept-encoding: identity\r\n/);
    });

    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      it(`${method}, with a body and without`, async () => {
        assert.match(
          await sent({ method, body: Buffer.from('abc') }),
          new RegExp(`^${method} / [^]*\r\ncontent-length: 3\r\n(?:[^]*\r\n)?\r\nabc$`),
        );
        assert.match(await sent({ method, body: undefined }), new RegExp(`^${method} / [^]*\r\n\r\n$`));
      });
    }
  });

  describe(`${name}: many at once`, () => {
    it('each is sent as it was planned, whatever is sent beside it', async () => {
      const { url } = await server((socket, request) => {
        const body = Buffer.from(request, 'latin1').toString('base64');
        // Later than some that are sent after it.
        setTimeout(() => socket.write(http('200 OK', { 'content-length': body.length }, body)), request.length % 7);
      });
      const methods = ['POST', 'GET', 'PUT', 'DELETE', 'PATCH'] as const;
      const planned = Array.from({ length: 300 }, (_, at) => ({
        method: methods[at % methods.length] ?? 'POST',
        url: `${url}/${at % 11 === 0 ? 'same' : `path-${at}`}`,
        headers: { 'x-number': String(at), ...(at % 3 === 0 && { [`x-only-${at}`]: 'yes' }) },
        body: at % 4 === 0 ? undefined : Buffer.from(`body ${at} é`.repeat(1 + (at % 50))),
      }));
      const bad = [{ url: 'ftp://127.0.0.1/' }, { url: 'no url' }, { url, headers: { 'x-a': 'a\n', 'x-bad': 'yes' } }];
      const replies = planned.map((one, at) => {
        const reply = ask(one.url, one);
        const spoiled = bad[at % 20];
        return Promise.all([reply, spoiled && ask(spoiled.url, { ...spoiled, body: Buffer.from('bad') })]);
      });
      for (const [at, one] of planned.entries()) {
        const [reply, spoiled] = (await replies[at]) ?? [];
        assert.ok(reply !== undefined);
        if (spoiled !== undefined) assert.equal(spoiled.kind === 'unreachable' && spoiled.phase, 'refused');
        const text = Buffer.from(answered(reply).body, 'base64').toString('utf8');
        assert.ok(text.startsWith(`${one.method} ${one.url.slice(url.length)} HTTP/1.1\r\n`), text);
        assert.ok(text.includes(`\r\nx-number: ${at}\r\n`), text);
        assert.deepEqual(text.match(/^x-(only|bad)[^:]*/gm) ?? [], at % 3 === 0 ? [`x-only-${at}`] : []);
        assert.equal(text.slice(text.indexOf('\r\n\r\n') + 4), String(one.body ?? ''));
      }
    });

    it('each has its own time and its own call', async () => {
      const { url } = await server((socket, request) => {
        if (request.startsWith('GET')) setTimeout(() => socket.write(http('200 OK', { 'content-length': 0 })), 200);
      });
      const [ended, other] = [new AbortController(), new AbortController()];
      const began = performance.now();
      const later = ask(url, { method: 'GET', timeout: 5000, signal: other.signal });
      const late = ask(url, { timeout: 100, signal: other.signal });
      const called = ask(url, { timeout: 5000, signal: ended.signal });
      setTimeout(() => ended.abort(), 50);
      failed(await called, 'after', 'ABORTED');
      failed(await late, 'after', 'TIMEOUT');
      answered(await later);
      assert.ok(performance.now() - began < 2000);
    });
  });

  describe(`${name}: compressed answers`, () => {
    const text = JSON.stringify({ text: 'é'.repeat(5000) });
    const compressed = (coding: string, body: Buffer) => (socket: Parameters<Answering>[0]) => {
      socket.write(http('200 OK', { 'content-encoding': coding, 'content-length': body.length }));
      socket.write(body);
    };
    for (const [coding, body] of [
      ['gzip', gzipSync(text)],
      ['GZIP', gzipSync(text)],
      ['x-gzip', gzipSync(text)],
      ['br', brotliCompressSync(text)],
      ['deflate', deflateSync(text)],
      ['deflate', deflateRawSync(text)],
      ['gzip, br', brotliCompressSync(gzipSync(text))],
      ['identity', Buffer.from(text)],
      ['utf-8', Buffer.from(text)],
    ] as const) {
      it(`${coding} is undone`, async () => assert.equal(answered(await exchange(compressed(coding, body))).body, text));
    }
    for (const [name, coding, body] of [
      ['no gzip', 'gzip', Buffer.from('plain text')],
      ['half a gzip', 'gzip', gzipSync(text).subarray(0, 40)],
      ['gzip with a wrong sum', 'gzip', Buffer.concat([gzipSync(text).subarray(0, -8), Buffer.alloc(8)])],
      ['no brotli', 'br', Buffer.from('plain text')],
      ['half a brotli', 'br', brotliCompressSync(text).subarray(0, 20)],
      ['no deflate', 'deflate', Buffer.from('plain text')],
      ['zstd', 'zstd', Buffer.from('(\xb5/\xfd', 'latin1')],
      ['a stack of codings', 'gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(text)))],
    ] as const) {
      it(`${name} is garbled`, async () => failed(await exchange(compressed(coding, body)), 'after', 'GARBLED'));
    }
    it('stops bombs at the cap', async () => {
      const zeros = Buffer.alloc(4 * 1_048_576);
      for (const [coding, bomb] of [
        ['gzip', gzipSync(zeros)],
        ['br', brotliCompressSync(zeros)],
        ['gzip, gzip', gzipSync(gzipSync(zeros))],
      ] as const) {
        failed(await exchange(compressed(coding, bomb)), 'refused', 'TOO_LARGE', true);
      }
    });
  });

  describe(`${name}: answers over the cap`, () => {
    const cap = transportOf({ maxResponse: 1000 });
    it('takes exactly the cap, and no byte more', async () => {
      const sized = (length: number) =>
        exchange((socket) => socket.write(http('200 OK', { 'content-length': length }, 'x'.repeat(length))), { transport: cap });
      assert.equal(answered(await sized(1000)).body.length, 1000);
      failed(await sized(1001), 'refused', 'TOO_LARGE', true);
    });
    it('stops reading an endless answer', async () => {
      let closed = false;
      const reply = await exchange(
        (socket) => {
          socket.write(http('200 OK', { 'transfer-encoding': 'chunked' }));
          const pour = setInterval(() => socket.write(`64\r\n${'x'.repeat(100)}\r\n`), 1);
          socket.on('close', () => {
            closed = true;
            clearInterval(pour);
          });
        },
        { transport: cap },
      );
      failed(reply, 'refused', 'TOO_LARGE', true);
      await sleep(20);
      assert.ok(closed);
    });
    it('bounds the head too', async () => {
      failed(await exchange((socket) => socket.write(http('200 OK', { 'x-long': 'x'.repeat(70_000) }))), 'after', 'GARBLED');
      answered(await exchange((socket) => socket.write(http('200 OK', { 'x-long': 'x'.repeat(40_000), 'content-length': 0 }))));
    });
  });

  describe(`${name}: no whole answer: the outcome is unknown`, () => {
    const half = http('200 OK', { 'content-length': 10 }, 'half');
    const chunk = `${http('200 OK', { 'transfer-encoding': 'chunked' })}4\r\nhalf\r\n`;
    const cases: [name: string, answering: Answering, code: string | RegExp][] = [
      ['closed before any byte', (socket) => socket.end(), 'ECONNRESET'],
      ['reset before any byte', (socket) => socket.resetAndDestroy(), 'ECONNRESET'],
      ['closed in the status line', (socket) => socket.end('HTTP/1.1 20'), /^(ECONNRESET|GARBLED)$/],
      ['closed in the head', (socket) => socket.end('HTTP/1.1 200 OK\r\nx-a: b'), /^(ECONNRESET|GARBLED)$/],
      ['closed in a body of known length', (socket) => socket.end(half), 'ECONNRESET'],
      ['reset in a body of known length', (socket) => socket.write(half, () => socket.resetAndDestroy()), 'ECONNRESET'],
      ['closed in a chunked body', (socket) => socket.end(chunk), 'ECONNRESET'],
      ['reset in a chunked body', (socket) => socket.write(chunk, () => socket.resetAndDestroy()), 'ECONNRESET'],
      [
        'reset in a body without length',
        (socket) => socket.write(http('200 OK', {}, 'x'), () => setTimeout(() => socket.resetAndDestroy(), 20)),
        'ECONNRESET',
      ],
      ['a broken chunk', (socket) => socket.write(`${chunk}zz\r\n`), 'GARBLED'],
      ['no HTTP', (socket) => socket.write('220 smtp ready\r\n\r\n'), 'GARBLED'],
      ['binary rubbish', (socket) => socket.write(Buffer.alloc(500, 0xee)), 'GARBLED'],
      ['two lengths', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'), 'GARBLED'],
      [
        '101',
        (socket) => socket.write(http('101 Switching Protocols', { connection: 'upgrade', upgrade: 'websocket' })),
        'GARBLED',
      ],
    ];
    for (const [name, answering, code] of cases) it(name, async () => failed(await exchange(answering), 'after', code));

    it('a switch of protocols leaves no socket behind', async () => {
      const { url, open } = await server((socket) =>
        socket.write(http('101 Switching Protocols', { connection: 'upgrade', upgrade: 'x' })),
      );
      failed(await ask(url), 'after', 'GARBLED');
      await sleep(20);
      assert.equal(open(), 0);
    });
    it('without a body too', async () => {
      for (const method of ['GET', 'POST', 'DELETE'] as const) {
        failed(await exchange((socket) => socket.destroy(), { method, body: undefined }), 'after', 'ECONNRESET');
        failed(await exchange(() => undefined, { method, body: undefined, timeout: 50 }), 'after', 'TIMEOUT');
      }
    });

    const late: [name: string, answering: Answering][] = [
      ['silence', () => undefined],
      ['silence after the head', (socket) => socket.write(http('200 OK', { 'content-length': 10 }))],
      ['silence amid the body', (socket) => socket.write(half)],
      ['only 1xx', (socket) => socket.write(http('102 Processing', {}))],
      [
        'a drip',
        (socket) => {
          socket.write(http('200 OK', { 'transfer-encoding': 'chunked' }));
          const drip = setInterval(() => socket.write('1\r\nx\r\n'), 10);
          socket.on('close', () => clearInterval(drip));
        },
      ],
    ];
    for (const [name, answering] of late) {
      it(`${name} ends at the timeout`, async () => {
        const started = performance.now();
        failed(await exchange(answering, { timeout: 120 }), 'after', 'TIMEOUT');
        const took = performance.now() - started;
        assert.ok(took > 100 && took < 600, `${took} ms`);
      });
    }

    it('a timeout longer than timers can wait does not fire at once', async () => {
      answered(
        await exchange((socket) => setTimeout(() => socket.write(http('200 OK', { 'content-length': 0 })), 30), {
          timeout: 2 ** 40,
        }),
      );
    });

    it('an answer that is there when the process wakes is taken, late or not', async () => {
      // Server and client share this process: the answer leaves, then the process is held before the client can read it.
      const { url, close } = await rawServer((socket) => {
        socket.write(http('200 OK', { 'content-length': 0 }));
        for (const until = performance.now() + 100; performance.now() < until; );
      });
      for (let round = 0; round < 3; round++) answered(await ask(url, { timeout: 50 }));
      await close();
    });
  });

  describe(`${name}: nothing left`, () => {
    it('a refused connection', async () => {
      const { url, close } = await rawServer(() => undefined);
      await close();
      for (const method of ['GET', 'POST', 'DELETE'] as const) {
        for (const body of [undefined, Buffer.from('{}')]) failed(await ask(url, { method, body }), 'before', 'ECONNREFUSED');
      }
    });
    it('a name that does not exist', async () =>
      failed(await ask('http://rowpost.invalid/?secret'), 'before', /^(ENOTFOUND|EAI_AGAIN)$/));
    it('a lookup that hangs', async () => {
      const hanging = createGuard([], { resolve: () => undefined });
      failed(await ask('http://slow.example/', { transport: transportOf({ guard: hanging }), timeout: 50 }), 'before', 'TIMEOUT');
    });
    it('waiting for a free connection', async () => {
      const one = transportOf({ connections: 1 });
      const silent = await server(() => undefined);
      const replies = await Promise.all([
        ask(silent.url, { transport: one, timeout: 200 }),
        ask(silent.url, { transport: one, timeout: 100 }),
      ]);
      failed(replies[0], 'after', 'TIMEOUT');
      failed(replies[1], 'before', 'TIMEOUT');
      assert.equal(silent.seen.requests, 1);
    });
    it('a request that is no HTTP', async () => {
      failed(await ask('http://127.0.0.1:9/', { headers: { 'x-a': 'secret\n' } }), 'refused', 'ERR_INVALID_CHAR');
      failed(await ask('no url: secret'), 'refused', 'ERR_INVALID_URL');
      failed(await ask('ftp://127.0.0.1/'), 'refused', 'ERR_UNSUPPORTED_PROTOCOL');
      // got's way to write a Unix socket; to others it is a name that does not exist.
      const socket = await ask('http://unix/var/run/docker.sock:/info');
      assert.ok(socket.kind === 'unreachable' && socket.phase !== 'after', JSON.stringify(socket));
    });
  });

  describe(`${name}: the guard`, () => {
    it('lets no connection be made to a private address, literal or named', async () => {
      const closed = transportOf({ guard: createGuard([]) });
      const private_ = await server((socket) => socket.write(http('200 OK', { 'content-length': 0 })));
      const { port } = private_;
      for (const host of ['127.0.0.1', 'localhost', '127.1', '2130706433', '0.0.0.0', '[::1]', '[::ffff:127.0.0.1]']) {
        for (const scheme of ['http', 'https']) {
          const reply = await ask(`${scheme}://${host}:${port}/`, { transport: closed });
          assert.equal(reply.kind, 'unreachable', host);
          assert.equal(reply.phase, 'refused', host);
          assert.equal(reply.code, 'ADDRESS_REFUSED', host);
          assert.equal(reply.mayHaveArrived, false);
          assert.match(reply.sentence, /ROWPOST_ALLOW_PRIVATE/);
        }
      }
      assert.equal(private_.seen.connections, 0);
    });

    it('connects to the address it checked', async () => {
      const { url, port, seen } = await server((socket) => socket.write(http('200 OK', { 'content-length': 0 })));
      let lookups = 0;
      const rebinding = createGuard(['127.0.0.1'], {
        resolve: (_, __, done) => done(null, [{ address: lookups++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }]),
      });
      const transport = transportOf({ guard: rebinding });
      answered(await ask(`http://api.example:${port}/`, { transport }));
      assert.equal(lookups, 1);
      assert.equal(seen.connections, 1);
      answered(await ask(url, { transport }));
      assert.equal(lookups, 1);
    });

    it('opens the operator’s own origin', async () => {
      const { url, port } = await server((socket) => socket.write(http('200 OK', { 'content-length': 0 })));
      const other = await server((socket) => socket.write(http('200 OK', { 'content-length': 0 })));
      const literal = transportOf({ guard: createGuard([], { exemptOrigin: url }) });
      answered(await ask(`${url}/path`, { transport: literal }));
      failed(await ask(other.url, { transport: literal }), 'refused', 'ADDRESS_REFUSED');
      const named = transportOf({ guard: createGuard([], { exemptOrigin: `http://localhost:${port}` }) });
      answered(await ask(`http://localhost:${port}/`, { transport: named }));
      const reply = await ask(`http://localhost:${other.port}/`, { transport: named });
      assert.equal(reply.kind === 'unreachable' && reply.code, 'ADDRESS_REFUSED');
    });
  });

  describe(`${name}: connections`, () => {
    it('are kept and used again, one for each request at a time', async () => {
      const transport = transportOf({ connections: 2 });
      const { url, seen } = await server((socket) =>
        setTimeout(() => socket.write(http('200 OK', { 'content-length': 2 }, 'ok')), 5),
      );
      for (const reply of await Promise.all(Array.from({ length: 10 }, () => ask(url, { transport })))) answered(reply);
      assert.deepEqual(seen, { connections: 2, requests: 10 });
    });

    it('closed without a byte when used again: the outcome is unknown', async () => {
      const transport = transportOf({ connections: 1 });
      for (const end of ['end', 'destroy', 'resetAndDestroy'] as const) {
        const { url, seen } = await server((socket, _, count) => {
          if (count === 1) socket.write(http('200 OK', { 'content-length': 0 }));
          else socket[end]();
        });
        answered(await ask(url, { transport }));
        failed(await ask(url, { transport }), 'after', 'ECONNRESET');
        assert.equal(seen.connections, 1);
      }
    });

    for (const [name, more] of [
      ['a byte', 'x'],
      ['another answer', http('200 OK', { 'content-length': 4 }, 'evil')],
      ['the rest of an answer that was longer than it said', ', "rejected": [1]}'],
    ] as const) {
      it(`${name} that nobody asked for ends a connection, and is no answer`, async () => {
        const transport = transportOf({ connections: 1 });
        let unasked = (): unknown => undefined;
        const { url, seen, open } = await server((socket, _, count) => {
          socket.write(http('200 OK', { 'content-length': 2 }, 'ok'));
          if (count === 1) unasked = () => socket.write(more);
        });
        answered(await ask(url, { transport }));
        unasked();
        for (const until = performance.now() + 2000; open() > 0 && performance.now() < until; ) await sleep(5);
        assert.equal(open(), 0);
        assert.equal(answered(await ask(url, { transport })).body, 'ok');
        assert.equal(seen.connections, 2);
      });
    }

    it('to an IPv6 address', async (t) => {
      const answering: Answering = (socket, request) => {
        const host = /\r\nhost: (.*)\r\n/i.exec(request)?.[1] ?? '';
        socket.write(http('200 OK', { 'content-length': host.length }, host));
      };
      const made = await server(answering, { host: '::1' }).catch(() => undefined);
      if (made === undefined) return t.skip('this machine has no ::1');
      const transport = transportOf({ guard: createGuard(['::1']) });
      assert.equal(answered(await ask(made.url, { transport })).body, `[::1]:${made.port}`);
    });

    it('closed while unused are made anew', async () => {
      const transport = transportOf({ connections: 1 });
      const { url, seen } = await server((socket) => socket.end(http('200 OK', { 'content-length': 0 })));
      answered(await ask(url, { transport }));
      await sleep(10);
      answered(await ask(url, { transport }));
      assert.equal(seen.connections, 2);
    });

    it('end with the transport, requests in flight too', async () => {
      const transport = transportOf();
      const silent = await server(() => undefined);
      const reply = ask(silent.url, { transport });
      await sleep(30);
      transport.close();
      failed(await reply, 'after', 'ECONNRESET');
    });
  });

  describe(`${name}: abort`, () => {
    it('before anything was sent', async () => {
      const { url, seen } = await server(() => undefined);
      failed(await ask(url, { signal: AbortSignal.abort() }), 'before', 'ABORTED');
      assert.equal(seen.connections, 0);
    });
    it('while an answer is awaited, and amid it', async () => {
      for (const bytes of ['', http('200 OK', { 'content-length': 10 }, 'half')]) {
        const controller = new AbortController();
        const reply = exchange((socket) => bytes && socket.write(bytes), { signal: controller.signal });
        await sleep(50);
        controller.abort();
        failed(await reply, 'after', 'ABORTED');
      }
    });
    it('leaves one listener at most on a signal shared by many', async () => {
      const { signal } = new AbortController();
      const { url } = await server((socket, _, count) =>
        count % 2 === 0 ? socket.destroy() : socket.write(http('200 OK', { 'content-length': 0 })),
      );
      for (let round = 0; round < 30; round++) await ask(url, { signal });
      assert.ok(getEventListeners(signal, 'abort').length <= 1);
    });
  });

  describe(`${name}: an early answer while the body is still going up`, () => {
    const body = Buffer.alloc(20 * 1_048_576, 'x');
    const large = http('413 Too Large', { 'content-length': 5 }, 'large');
    const ways: [name: string, answering: Answering][] = [
      ['and the server reads no more', (socket) => socket.pause().write(large)],
      ['and the server closes its side', (socket) => socket.pause().end(large)],
      ['and the server closes', (socket) => socket.write(large, () => socket.destroy())],
      ['and the server resets', (socket) => socket.write(large, () => socket.resetAndDestroy())],
    ];
    for (const [name, answering] of ways) {
      it(`${name}: is the answer`, async () => {
        for (let round = 0; round < 10; round++) {
          const early = await rawServer(answering, { eager: true });
          const started = performance.now();
          const reply = answered(await ask(early.url, { body }));
          assert.equal(reply.status, 413);
          assert.equal(reply.body, 'large');
          assert.ok(performance.now() - started < 1000);
          await sleep(5);
          await early.close();
        }
      });
    }
    it('half of one is none', async () => {
      const early = await server((socket) => socket.write(large.slice(0, -2), () => socket.destroy()), { eager: true });
      failed(await ask(early.url, { body }), 'after', /^(ECONNRESET|EPIPE)$/);
    });
  });

  describe(`${name}: TLS`, () => {
    it('a certificate nobody knows is refused, and nothing was sent', async () => {
      const secure = await server((socket) => socket.write(http('200 OK', { 'content-length': 0 })), { tls: { key, cert } });
      const reply = await ask(secure.url);
      failed(reply, 'refused', 'DEPTH_ZERO_SELF_SIGNED_CERT');
      assert.equal(secure.seen.requests, 0);
    });
    it('what fails before the connection is secure was not sent', async () => {
      const plain = await server((socket) => socket.write(http('200 OK', { 'content-length': 0 })));
      failed(await ask(plain.url.replace('http:', 'https:'), { timeout: 100 }), 'before', /^(ERR_SSL_|EPROTO|TIMEOUT)/);
      const { createServer } = await import('node:net');
      for (const [act, code] of [
        ['destroy', 'ECONNRESET'],
        ['pause', 'TIMEOUT'],
        ['write', /^(ERR_SSL_|EPROTO)/],
      ] as const) {
        const rude = createServer((socket) => {
          socket.on('error', () => undefined);
          if (act === 'write') socket.write('220 smtp ready\r\n');
          else socket[act]();
        }).listen(0, '127.0.0.1');
        await once(rude, 'listening');
        const address = rude.address();
        failed(
          await ask(`https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, { timeout: 300 }),
          'before',
          code,
        );
        rude.close();
      }
    });
    it('with a known authority: answers, the wrong host, and a close once secure', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'rowpost-'));
      closing.push(() => rm(folder, { recursive: true }));
      await writeFile(join(folder, 'ca.pem'), cert);
      const good = await server(
        (socket, request, count) =>
          count === 1 ? socket.write(http('200 OK', { 'content-length': 2 }, request.slice(-1).repeat(2))) : socket.destroy(),
        {
          tls: { key, cert },
        },
      );
      const urls = [good.url, good.url, good.url, good.url.replace('127.0.0.1', 'other.example')];
      const loader = 'typescript' in process.features && process.features.typescript ? [] : ['--import', 'tsx'];
      const child = spawn(
        process.execPath,
        [...loader, fileURLToPath(new URL('tls-client.ts', import.meta.url)), name, ...urls],
        {
          env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let out = '';
      child.stdout.on('data', (data) => {
        out += data;
      });
      await once(child, 'close');
      const replies: Reply[] = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.equal(replies.length, 4, out);
      const [first, reused, fresh, elsewhere] = replies;
      assert.equal(first?.kind === 'answer' && first.body, 'xx');
      for (const reply of [reused, fresh]) if (reply) failed(reply, 'after', 'ECONNRESET');
      if (elsewhere) failed(elsewhere, 'refused', 'ERR_TLS_CERT_ALTNAME_INVALID');
      assert.equal(good.seen.requests, 3);
    });
  });

  describe(`${name}: ten thousand exchanges`, () => {
    it('leak no socket and no listeners', { timeout: 60_000 }, async () => {
      const transport = transportOf({ connections: 20 });
      const controller = new AbortController();
      const { url, open } = await server((socket, _, count) => {
        if (count % 50 === 0) socket.destroy();
        else if (count % 50 === 1) socket.end(http('200 OK', { 'content-length': 9 }, 'half'));
        else if (count % 50 === 2) socket.write(http('200 OK', { 'content-encoding': 'gzip', 'content-length': 3 }, 'bad'));
        else if (count % 1000 === 3) socket.pause();
        else socket.write(http('200 OK', { 'content-length': 2 }, 'ok'));
      });
      const counts: Record<string, number> = {};
      let left = 10_000;
      let most = 0;
      const work = async (): Promise<void> => {
        while (left-- > 0) {
          const reply = await ask(url, { transport, timeout: 100, signal: controller.signal });
          const kind = reply.kind === 'answer' ? 'answer' : `${reply.phase} ${reply.code}`;
          counts[kind] = (counts[kind] ?? 0) + 1;
          most = Math.max(most, open());
        }
      };
      await Promise.all(Array.from({ length: 20 }, work));
      assert.equal(
        Object.values(counts).reduce((sum, count) => sum + count, 0),
        10_000,
      );
      assert.ok((counts.answer ?? 0) > 9000, JSON.stringify(counts));
      assert.deepEqual(Object.keys(counts).sort(), ['after ECONNRESET', 'after GARBLED', 'after TIMEOUT', 'answer']);
      assert.ok(most <= 60, `${most} sockets at once`);
      await sleep(50);
      assert.ok(open() <= 20, `${open()} sockets are left`);
      assert.ok(getEventListeners(controller.signal, 'abort').length <= 1);
      transport.close();
      await sleep(50);
      assert.equal(open(), 0);
    });
  });
}
