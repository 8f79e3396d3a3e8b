/** The port, the callers who hang up, and the way a server closes. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import Koa from 'koa';
import { Fault } from '../../src/fault.ts';
import type { CallContext } from '../../src/server/hosted.ts';
import { listen } from '../../src/server/listen.ts';
import { call, destination, serving, until } from './serving.ts';

/** A method that waits until it is let go or its caller hangs up. */
function waiting() {
  const signals: CallContext['signal'][] = [];
  const release: (() => void)[] = [];
  const wait = (_: unknown, { signal }: CallContext) => {
    signals.push(signal);
    return new Promise((resolve) => release.push(() => resolve('done')));
  };
  return { signals, release, host: destination('slow', { wait, quick: async (_, { signal }) => void signals.push(signal) }) };
}

const REQUEST = `POST /hightouch/slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${call('wait').length}\r\n\r\n${call('wait')}`;

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('the signal of a call', async () => {
  const { signals, release, host } = waiting();
  const { raw, post, lines } = await serving([host]);

  it('aborts when the caller hangs up', async () => {
    for (const hangUp of ['destroy', 'end', 'resetAndDestroy'] as const) {
      signals.length = 0;
      lines.length = 0;
      const socket = await raw();
      socket.write(REQUEST);
      await until(() => signals.length === 1);
      assert.equal(signals[0]?.aborted, false);
      socket[hangUp]();
      await until(() => signals[0]?.aborted === true);
      for (const go of release.splice(0)) go();
      await until(() => lines.some(({ hungUp }) => hungUp === true));
      assert.deepEqual(
        lines.filter(({ level }) => level !== 'info' && level !== 'debug'),
        [],
      );
    }
  });

  it('aborts for every call of a connection that is gone, and none of them is waited for', async () => {
    const { signals, release, host } = waiting();
    const { raw, server } = await serving([host]);
    const socket = await raw();
    socket.write(REQUEST.repeat(3));
    await until(() => signals.length === 3);
    socket.destroy();
    await until(() => signals.every(({ aborted }) => aborted));
    for (const go of release) go();
    const start = performance.now();
    assert.equal(await server.close(60_000), true);
    assert.ok(performance.now() - start < 10_000);
  });

  it("is nobody's fault where the body was still on its way", async () => {
    for (const length of [
      'Content-Length: 100',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: chunked\r\nContent-Encoding: gzip',
    ]) {
      lines.length = 0;
      const socket = await raw();
      socket.write(`POST /hightouch/slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${length}\r\n\r\n`);
      await later(50);
      socket.resetAndDestroy();
      await until(() => lines.some(({ message }) => message === 'call'));
      assert.deepEqual(
        lines.filter(({ level }) => level === 'error'),
        [],
      );
    }
  });

  it('does not abort otherwise', async () => {
    signals.length = 0;
    for (let i = 0; i < 5; i++) assert.equal((await post('/hightouch/slow', call('quick'))).status, 200);
    const socket = await raw();
    socket.write(REQUEST);
    await until(() => signals.length === 6);
    for (const go of release.splice(0)) go();
    await once(socket, 'data');
    socket.destroy();
    await later(30);
    assert.equal(signals.filter(({ aborted }) => aborted).length, 0);
  });
});

describe('close', () => {
  it('waits for the calls under way; those that come meanwhile hear that it stops, and then nobody listens', async () => {
    const { signals, release, host } = waiting();
    let stopping = false;
    const { server, post, get, raw } = await serving([host], { stopping: () => stopping });
    const answer = post('/hightouch/slow', call('wait'));
    const socket = await raw();
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    socket.write(REQUEST.repeat(2));
    await until(() => signals.length === 3);
    stopping = true;
    const closed = server.close(60_000);
    for (let count = 0; count < 3; count++) {
      const late = await post('/hightouch/slow', call('wait'));
      assert.deepEqual([late.status, late.headers.get('retry-after'), late.headers.get('connection')], [503, '5', 'close']);
      assert.equal((await get('/readyz')).status, 503);
      assert.equal((await get('/healthz')).status, 200);
    }
    for (const go of release) go();
    assert.equal((await answer).text, '{"jsonrpc":"2.0","id":1,"result":"done"}');
    assert.equal((await answer).headers.get('connection'), 'close');
    assert.equal(await closed, true);
    assert.deepEqual(
      [...said.matchAll(/^connection: (.*)\r|"result":"(.*?)"/gim)].map(([, connection, result]) => connection ?? result),
      ['keep-alive', 'done', 'close', 'done'],
    );
    assert.ok(signals.every(({ aborted }) => !aborted));
    await assert.rejects(get('/healthz'));
  });

  it('does not wait for long for a request that never comes whole', async () => {
    const { server, raw } = await serving([waiting().host]);
    const socket = await raw();
    socket.write(REQUEST.slice(0, 20));
    await later(50);
    const start = performance.now();
    assert.equal(await server.close(60_000), true);
    assert.ok(performance.now() - start < 10_000);
  });

  it('does not wait for connections that are idle', async () => {
    const { server, post, raw } = await serving([waiting().host]);
    await post('/hightouch/slow', call('quick'));
    await raw();
    const start = performance.now();
    assert.equal(await server.close(10_000), true);
    assert.ok(performance.now() - start < 2000);
  });

  it('cuts off what is left when the time is over', async () => {
    const { signals, host } = waiting();
    const { server, post } = await serving([host]);
    const answer = post('/hightouch/slow', call('wait'));
    const cutOff = assert.rejects(answer);
    await until(() => signals.length === 1);
    const start = performance.now();
    assert.equal(await server.close(50), false);
    assert.ok(performance.now() - start < 2000);
    await cutOff;
    assert.equal(signals[0]?.aborted, true);
  });

  it('may be asked twice', async () => {
    const { server } = await serving([]);
    assert.deepEqual(await Promise.all([server.close(10), server.close(10)]), [true, true]);
  });
});

describe('listen', () => {
  it('says that a port is in use', async () => {
    const { server } = await serving([]);
    await assert.rejects(listen(new Koa(), { maxConnections: 1000, host: '127.0.0.1', port: server.port }), (error) => {
      assert.ok(error instanceof Fault);
      assert.equal(error.code, 'settings.port');
      assert.equal(
        error.message,
        `Port ${server.port} of 127.0.0.1 is in use already. Choose another with PORT or --port; 0 takes any free one.`,
      );
      return true;
    });
  });

  it('says that an address is not to be had', async () => {
    await assert.rejects(listen(new Koa(), { maxConnections: 1000, host: '192.0.2.1', port: 0 }), {
      name: 'Fault',
      code: 'settings.host',
    });
  });

  it('tells its port and URL', async () => {
    const { server } = await serving([]);
    assert.ok(server.port > 0);
    assert.equal(server.url, `http://127.0.0.1:${server.port}`);
  });
});
