/** The proxy that is a bad network does what its words say, and the same again for the same seed. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { later, until } from '../commands/running.ts';
import { type BadNetwork, startProxy, type Weather } from './proxy.ts';
import { type RawClient, rawClient } from './raw-client.ts';

/** Milliseconds in which nothing comes that is not to come. */
const SILENCE = 100;
const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(20);

/** What one connection brought to the target behind the proxy. */
interface Arrived {
  readonly socket: Socket;
  readonly pieces: string[];
  ended: 'open' | 'fin' | 'reset';
}

const textOf = ({ pieces }: Arrived) => pieces.join('');

/** Where the proxy leads: it writes down what comes. */
async function startTarget(): Promise<{ port: number; arrived: Arrived[] }> {
  const arrived: Arrived[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const one: Arrived = { socket, pieces: [], ended: 'open' };
    arrived.push(one);
    socket.setEncoding('latin1').on('data', (text: string) => one.pieces.push(text));
    socket.on('end', () => {
      one.ended = 'fin';
    });
    socket.on('error', () => {
      one.ended = 'reset';
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.close();
    for (const { socket } of arrived) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, arrived }; // a TCP server's address is an object
}

interface Joined {
  readonly proxy: BadNetwork;
  readonly client: RawClient;
  readonly target: Arrived;
  readonly arrived: readonly Arrived[];
}

/** A client and a target with this weather between them. */
async function joined(weather: Weather = {}, { seed = 1, text = '' } = {}): Promise<Joined> {
  const { port, arrived } = await startTarget();
  const proxy = await startProxy({ port }, seed);
  after(() => proxy.close());
  proxy.weather(weather);
  const client = await rawClient(proxy.port, text);
  await until(() => arrived.length === 1);
  return { proxy, client, target: arrived[0] ?? assert.fail(), arrived };
}

/** Milliseconds until it holds. */
async function took(holds: () => boolean): Promise<number> {
  const begun = performance.now();
  await until(holds);
  return performance.now() - begun;
}

/** Timers and the clock are rounded each in its own way. */
const ROUNDING = 2;

describe('as if it were not there', () => {
  it('passes on bytes, and the end of each way by itself', async () => {
    const { proxy, client, target } = await joined();
    client.socket.end(TEXT);
    await until(() => target.ended === 'fin');
    assert.equal(textOf(target), TEXT);
    target.socket.end(TEXT);
    assert.equal(await client.done(), 'fin');
    assert.equal(client.came.text, TEXT);
    assert.deepEqual(proxy.seen, { connections: 1, up: TEXT.length, down: TEXT.length });
  });

  it('passes on resets', async () => {
    const up = await joined();
    up.client.socket.resetAndDestroy();
    await until(() => up.target.ended === 'reset');
    const down = await joined();
    down.target.socket.resetAndDestroy();
    assert.equal(await down.client.done(), 'reset');
  });

  it('resets where there is nothing behind it', async () => {
    const { port } = await startTarget();
    const gone = await startProxy({ port });
    await gone.close();
    const proxy = await startProxy({ port: gone.port });
    after(() => proxy.close());
    assert.equal(await (await rawClient(proxy.port)).done(), 'reset');
  });
});

describe('slow', () => {
  it('latency holds up each way', async () => {
    const { client, target } = await joined({ latency: 100 });
    client.socket.write('up');
    assert.ok((await took(() => textOf(target) === 'up')) >= 100 - ROUNDING);
    target.socket.write('down');
    assert.ok((await took(() => client.came.text === 'down')) >= 100 - ROUNDING);
  });

  it('latency is no lack of width: much comes at once', async () => {
    const { client, target } = await joined({ latency: 200 });
    const size = 4 * 1024 * 1024;
    let came = 0;
    target.socket.on('data', (text) => {
      came += text.length;
    });
    client.socket.write(Buffer.alloc(size));
    // One piece of 64 KB each 200 ms would be 12.8 s.
    assert.ok((await took(() => came === size)) < 8000);
  });

  it('jitter adds to it, and keeps the order', async () => {
    const { client, target } = await joined({ jitter: 60 });
    const begun = performance.now();
    for (let n = 0; n < 20; n++) {
      client.socket.write(`${n},`);
      await later(1);
    }
    const whole = Array.from({ length: 20 }, (_, n) => `${n},`).join('');
    await until(() => textOf(target).length === whole.length);
    assert.equal(textOf(target), whole);
    // The greatest of twenty draws is below a third of 60 ms once in three thousand million.
    assert.ok(performance.now() - begun >= 20);
  });

  it('bandwidth is bytes a second, each way', async () => {
    const { client, target } = await joined({ bandwidth: 20_000 });
    const size = 10_000;
    client.socket.write('x'.repeat(size));
    assert.ok((await took(() => textOf(target).length === size)) >= 500 * 0.9);
    target.socket.write('x'.repeat(size));
    assert.ok((await took(() => client.came.text.length === size)) >= 500 * 0.9);
    assert.ok(target.pieces.length > 3, 'it trickles');
  });

  it('lets the sender wait rather than keep what it sends', async () => {
    const { client, target } = await joined({ bandwidth: 1000 });
    const size = 64 * 1024 * 1024;
    client.socket.write(Buffer.alloc(size));
    await until(() => target.pieces.length > 3);
    // What is neither in the proxy nor in the buffers of the system, which hold some MB.
    assert.ok(client.socket.writableLength > size / 2, `${client.socket.writableLength}`);
  });
});

describe('in pieces', () => {
  async function pieces(seed: number): Promise<{ up: string[]; down: string[] }> {
    const { client, target } = await joined({ slice: 7 }, { seed });
    client.socket.write(TEXT);
    await until(() => textOf(target) === TEXT);
    target.socket.write(TEXT);
    await until(() => client.came.text === TEXT);
    return { up: target.pieces, down: client.came.pieces };
  }

  it('slice cuts each way into small ones, the same for the same seed', async () => {
    const first = await pieces(1);
    for (const way of [first.up, first.down]) {
      assert.ok(way.every(({ length }) => length <= 7));
      assert.ok(new Set(way.map(({ length }) => length)).size > 3);
    }
    assert.deepEqual(await pieces(1), first);
    const other = await pieces(2);
    assert.notDeepEqual(other.up, first.up);
    assert.notDeepEqual(first.up, first.down);
  });
});

describe('cut', () => {
  const cut = (how: 'reset' | 'fin' | 'stall', after = 100) => ({ after, how });

  for (const at of [0, 1, 100]) {
    it(`reset after ${at} bytes up: the target has these, and both are reset`, async () => {
      const { client, target } = await joined({ up: cut('reset', at) });
      client.socket.write(TEXT);
      assert.equal(await client.done(), 'reset');
      await until(() => target.ended === 'reset');
      assert.equal(textOf(target), TEXT.slice(0, at));
    });

    it(`reset after ${at} bytes down: the client has these, and both are reset`, async () => {
      const { client, target } = await joined({ down: cut('reset', at) });
      target.socket.write(TEXT);
      assert.equal(await client.done(), 'reset');
      await until(() => target.ended === 'reset');
      assert.equal(client.came.text, TEXT.slice(0, at));
    });
  }

  it('fin ends one way behind these bytes, and the other goes on', async () => {
    const { client, target } = await joined({ up: cut('fin') });
    client.socket.write(TEXT);
    await until(() => target.ended === 'fin');
    assert.equal(textOf(target), TEXT.slice(0, 100));
    target.socket.write(TEXT);
    assert.equal(await client.read(new RegExp(TEXT)), TEXT);

    const other = await joined({ down: cut('fin') });
    other.target.socket.write(TEXT);
    assert.equal(await other.client.done(), 'fin');
    assert.equal(other.client.came.text, TEXT.slice(0, 100));
    other.client.socket.write(TEXT);
    await until(() => textOf(other.target) === TEXT);
  });

  it('stall passes these bytes and nothing more, without an end, and the other way goes on', async () => {
    const { client, target } = await joined({ down: cut('stall') });
    target.socket.end(TEXT);
    await client.read(/^[\s\S]{100}/);
    await later(SILENCE);
    assert.deepEqual([client.ended(), client.came.text], ['open', TEXT.slice(0, 100)]);
    client.socket.write(TEXT);
    await until(() => textOf(target) === TEXT);

    const other = await joined({ up: cut('stall', 0) });
    other.client.socket.end(TEXT);
    await later(SILENCE);
    assert.deepEqual([other.target.ended, textOf(other.target)], ['open', '']);
  });

  it('comes together with the rest: in pieces, late, and cut where it was to be', async () => {
    const { client, target } = await joined({ slice: 7, latency: 20, jitter: 5, bandwidth: 50_000, up: cut('reset') });
    client.socket.write(TEXT);
    assert.equal(await client.done(), 'reset');
    assert.equal(textOf(target), TEXT.slice(0, 100));
  });
});

describe('gone', () => {
  it('refuses, resets what there was, and is back on its port when it is told', async () => {
    const { proxy, client } = await joined();
    await proxy.refuse();
    assert.equal(await client.done(), 'reset');
    await assert.rejects(rawClient(proxy.port), { code: 'ECONNREFUSED' });
    await proxy.accept();
    assert.equal((await rawClient(proxy.port)).ended(), 'open');
  });

  it('is back by itself after a time', async () => {
    const { proxy } = await joined();
    const begun = performance.now();
    await proxy.refuse(200);
    let client: RawClient | undefined;
    while (client === undefined) client = await rawClient(proxy.port).catch(() => later(10).then(() => undefined));
    assert.ok(performance.now() - begun >= 200 - ROUNDING);
  });

  it('takes weather for the connections to come', async () => {
    const { proxy, client, arrived } = await joined();
    proxy.weather({ up: { after: 0, how: 'reset' } });
    client.socket.write('old');
    await until(() => arrived[0] !== undefined && textOf(arrived[0]) === 'old');
    const next = await rawClient(proxy.port, 'new');
    assert.equal(await next.done(), 'reset');
    assert.equal(client.ended(), 'open');
  });
});
