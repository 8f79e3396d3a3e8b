/** Connections: which one makes room, how those end that would stay for ever, and slow clients beside honest ones. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { ListenOptions } from '../../src/server/listen.ts';
import { FIRST } from './certificates.ts';
import { call, destination, serving, TOKEN, until } from './serving.ts';

interface Bare {
  readonly socket: Socket;
  /** All that came, Latin-1. */
  text(): string;
  isClosed(): boolean;
}

/** A bare connection, which does not end when the server ends it: a polite client's would. */
async function bare(port: number, { tls = false, paused = false } = {}): Promise<Bare> {
  const options = { port, host: '127.0.0.1', allowHalfOpen: true };
  const socket = tls ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
  const chunks: string[] = [];
  socket.on('error', () => undefined);
  if (!paused) socket.on('data', (data) => chunks.push(data.toString('latin1')));
  after(() => socket.destroy());
  await once(socket, tls ? 'secureConnect' : 'connect');
  return { socket, text: () => chunks.join(''), isClosed: () => socket.closed || socket.readableEnded };
}

/** `ping` answers, `big` with so many characters, and `wait` when it is let go. */
async function limited(how: Partial<ListenOptions>) {
  const releases: (() => void)[] = [];
  const crm = destination('crm', {
    ping: async () => 'pong',
    big: async (params) => 'x'.repeat(Array.isArray(params) ? params[0] : 0),
    wait: () =>
      new Promise((resolve) => {
        releases.push(() => resolve('at last'));
      }),
  });
  const { server, lines } = await serving([crm], { tokens: [TOKEN], bodyLimit: 1_000_000 }, how);
  const release = () => {
    for (const one of releases) one();
  };
  const open = (paused = false) => bare(server.port, { tls: how.certificate !== undefined, paused });
  return { server, lines, open, release, waiting: () => releases.length };
}

/** The head of a call. */
function head(length: number, token = TOKEN): string {
  return `POST /hightouch/crm HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
}

function whole(method: string, params?: unknown): string {
  const body = call(method, params);
  return head(body.length) + body;
}

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Writes a byte every so often until nobody takes it any more: who closed is not seen by those that only look. */
async function dripping({ socket }: Bare, byte = ' '): Promise<void> {
  const drip = setInterval(() => socket.write(byte), 10);
  await until(() => socket.closed);
  clearInterval(drip);
}

const COMPLAINTS = ['warn', 'error'];

for (const [scheme, certificate] of [
  ['http', undefined],
  ['https', { ...FIRST, expires: Number.POSITIVE_INFINITY }],
] as const) {
  describe(`at the limit (${scheme})`, () => {
    it('those make room that deserve their place the least, and never who is served', async () => {
      const { open, release, waiting, lines } = await limited({
        maxConnections: 9,
        certificate,
        patience: { linger: 60_000, stalled: 60_000 },
      });
      const served = async (one: Bare) => {
        const before = one.text().length;
        one.socket.write(whole('ping'));
        await until(() => one.text().slice(before).includes('pong'));
      };
      const reading = await open(true);
      reading.socket.write(whole('big', [30_000_000]));
      const sending = await open();
      sending.socket.write(`${head(1000)}{`);
      const early = await open();
      const recent = await open();
      for (const one of [recent, early, recent]) await served(one);
      const busy = [await open(), await open()];
      // One is answered, and waits for another.
      busy[0]?.socket.write(whole('wait'));
      busy[1]?.socket.write(whole('ping') + whole('wait'));
      await until(() => waiting() === 2 && busy[1]?.text().includes('pong') === true);
      const refused = await open();
      refused.socket.write(`${head(1000, 'a-wrong-token')}{`);
      await until(() => refused.text().includes('401 '));
      const silent = await open();
      const half = await open();
      half.socket.write(head(1000).slice(0, 50));

      const order = [refused, silent, half, early, recent, reading, sending];
      for (const [index, victim] of order.entries()) {
        const next = await open();
        busy.push(next);
        next.socket.write(whole('wait'));
        await until(() => waiting() === busy.length);
        if (victim === reading) {
          let bytes = 0;
          reading.socket.on('data', (data) => {
            bytes += data.length;
          });
          await until(reading.isClosed);
          assert.ok(bytes < 30_000_000);
        } else if (victim === refused) await dripping(refused);
        else await until(victim.isClosed);
        for (const one of order.slice(index + 1)) assert.ok(!one.isClosed());
      }
      // All are served now: who comes is closed, over TLS before hands are shaken.
      const last = await open().catch(() => undefined);
      if (last !== undefined) await until(last.isClosed);
      release();
      for (const one of busy) await until(() => one.text().includes('at last'));
      assert.deepEqual(
        lines.flatMap(({ level, message, most, closed }) => (level === 'warn' ? [{ message, most, closed }] : [])),
        [{ message: 'too many connections: the least deserving are closed', most: 9, closed: 1 }],
      );
    });
  });

  describe(`a body that nobody wants (${scheme})`, () => {
    const refused = head(1_000_000_000, 'a-wrong-token');

    it('is taken in for a while, and then its connection is closed', async () => {
      const { open, lines } = await limited({ certificate, patience: { linger: 200 } });
      const one = await open();
      one.socket.write(refused);
      await dripping(one);
      assert.match(one.text(), /^HTTP\/1\.1 401 .*\r\nconnection: close\r\n/is);
      assert.deepEqual(
        lines.filter(({ level }) => COMPLAINTS.includes(level)),
        [],
      );
    });

    it('leaves its connection open where all of it had come', async () => {
      const { open } = await limited({ certificate });
      const one = await open();
      for (let round = 1; round < 4; round++) {
        one.socket.write(whole('ping').replace(TOKEN, 'a-wrong-token'));
        await until(() => one.text().split('HTTP/1.1 401').length === round + 1);
      }
      assert.match(one.text(), /connection: keep-alive/i);
      assert.ok(!one.isClosed());
    });

    it('does not keep its sender from reading the answer, also where all is sent first', async () => {
      const { open } = await limited({ certificate });
      const one = await open(true);
      const body = Buffer.alloc(20_000_000, 0x20);
      one.socket.write(head(body.length, 'a-wrong-token'));
      await new Promise((sent) => one.socket.write(body, sent));
      const [answer] = await once(one.socket, 'data');
      assert.match(String(answer), /^HTTP\/1\.1 401 /);
    });

    it('is not taken in without end, however fast it comes', async () => {
      const { open } = await limited({ certificate, patience: { linger: 60_000 } });
      const one = await open();
      one.socket.write(refused);
      const chunk = Buffer.alloc(1_000_000);
      let sent = 0;
      while (!one.socket.closed && sent < 500) {
        await Promise.race([new Promise((resolve) => one.socket.write(chunk, resolve)), once(one.socket, 'close')]);
        sent++;
      }
      assert.ok(sent >= 32 && sent < 500, `${sent} MB`);
    });

    it('is the last of its connection: what comes behind it is not carried out', async () => {
      const { open, waiting } = await limited({ certificate, patience: { linger: 60_000 } });
      const one = await open();
      one.socket.write(head(3, 'a-wrong-token'));
      await until(() => one.text().includes('401 '));
      one.socket.write(`123${whole('wait')}`);
      await dripping(one);
      assert.equal(waiting(), 0);
    });
  });

  describe(`a large answer (${scheme})`, () => {
    const SIZE = 30_000_000;

    async function asked(stalled: number) {
      const { open, lines } = await limited({ certificate, patience: { stalled } });
      const one = await open(true);
      let bytes = 0;
      one.socket.on('data', (data) => {
        bytes += data.length;
      });
      one.socket.pause().write(whole('big', [SIZE]));
      await until(() => lines.some(({ message }) => message === 'call'));
      return { one, bytes: () => bytes };
    }

    it('of which nothing is taken is not kept for long', async () => {
      const { one, bytes } = await asked(200);
      await later(2000);
      one.socket.resume();
      await until(one.isClosed);
      assert.ok(bytes() < SIZE);
    });

    it('reaches those that are slow, and take in some of it now and then', async () => {
      const { one, bytes } = await asked(1000);
      const start = performance.now();
      let next = 0;
      one.socket.on('data', () => {
        if (bytes() >= next) one.socket.pause();
      });
      while (bytes() < SIZE) {
        next = Math.min(SIZE, bytes() + 300_000);
        one.socket.resume();
        await until(() => bytes() >= next || one.isClosed());
        assert.ok(!one.isClosed(), `cut after ${bytes()} bytes`);
        await later(30);
      }
      assert.ok(performance.now() - start > 3000);
    });

    it('that is taken in does not end the call that was asked for behind it', async () => {
      const { open, release, waiting } = await limited({ certificate, patience: { stalled: 200 } });
      const one = await open();
      one.socket.write(whole('big', [SIZE]) + whole('wait'));
      await until(() => waiting() === 1);
      await later(1500);
      release();
      await until(() => one.text().includes('at last'));
    });
  });
}

function calling(port: number, method: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const body = call(method);
    const headers = { 'content-type': 'application/json', 'content-length': body.length, authorization: `Bearer ${TOKEN}` };
    const outgoing = request({ host: '127.0.0.1', port, agent, method: 'POST', path: '/hightouch/crm', headers }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const keeping = () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => agent.destroy());
  return agent;
};

/** `test/slow-clients.sh` is the long form, with slowhttptest. */
describe('slow clients', async () => {
  const { server, open } = await limited({ maxConnections: 100 });

  it('of 300, none keeps an honest one out', async () => {
    const slow: Socket[] = [];
    const starts = [
      'POST /hightouch/crm HTTP/1.1\r\nHost: x\r\nX-A: ',
      'POST /hightouch/crm HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{',
      '',
    ];
    for (let count = 0; count < 300; count++) {
      const { socket } = await open();
      socket.write(starts[count % starts.length] ?? '');
      slow.push(socket);
    }
    const drip = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('a');
    }, 100);
    const agents = Array.from({ length: 5 }, keeping);
    const answers = await Promise.all(
      agents.map(async (agent) => {
        const statuses: number[] = [];
        for (let count = 0; count < 40; count++) statuses.push(await calling(server.port, 'ping', agent));
        return statuses;
      }),
    );
    clearInterval(drip);
    assert.deepEqual([...new Set(answers.flat())], [200]);
  });
});
