/** Connections: which one makes room, what becomes of bodies that nobody wants, and slow clients beside honest ones. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { createApp } from '../../src/server/app.ts';
import { listen } from '../../src/server/listen.ts';
import { call, destination, gateOf, serving, TOKEN, until } from './serving.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function limited(maxConnections: number) {
  const releases: (() => void)[] = [];
  const crm = destination('crm', {
    ping: async () => 'pong',
    wait: () =>
      new Promise((resolve) => {
        releases.push(() => resolve('at last'));
      }),
  });
  const hosted = new Map([['crm', crm]]);
  const app = createApp({
    hosted: () => hosted,
    gate: gateOf({ tokens: [TOKEN] }),
    redact: (text) => text,
    bodyLimit: 1_000_000,
    log: quiet,
    stopping: () => false,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, maxConnections });
  after(() => server.close(0));
  const release = () => {
    for (const one of releases) one();
  };
  return { server, release, waiting: () => releases.length };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
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

describe('at the limit', () => {
  it('who never asked makes room first, the oldest before the others, and who is served goes on', async () => {
    const { server, release, waiting } = await limited(10);
    const [busy, idle] = [keeping(), keeping()];
    assert.equal(await calling(server.port, 'ping', idle), 200);
    const underWay = calling(server.port, 'wait', busy);
    await until(() => waiting() === 1);
    const silent: Socket[] = [];
    for (let count = 0; count < 8; count++) silent.push(await open(server.port));
    const closed = () => silent.map((socket) => socket.closed);
    const newest = await open(server.port);
    await until(() => silent[0]?.closed === true);
    assert.deepEqual(closed(), [true, ...Array(7).fill(false)]);
    for (let count = 0; count < 8; count++) silent.push(await open(server.port));
    await until(() => newest.closed);
    // The one that was kept is still good, as is the one that is being answered.
    assert.equal(await calling(server.port, 'ping', idle), 200);
    release();
    assert.equal(await underWay, 200);
  });

  it('where all are served a new one is closed', async () => {
    const { server, release, waiting } = await limited(10);
    const underWay = Array.from({ length: 10 }, () => calling(server.port, 'wait', keeping()));
    await until(() => waiting() === 10);
    const socket = await open(server.port);
    await until(() => socket.closed);
    release();
    assert.deepEqual(await Promise.all(underWay), Array(10).fill(200));
  });
});

describe('a body that nobody wants', async () => {
  const { raw } = await serving([destination('crm')], { tokens: [TOKEN] });

  it('is thrown away for a while, and then its connection is closed', async () => {
    const socket = await raw();
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    socket.write('POST /hightouch/crm HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n');
    const drip = setInterval(() => socket.write(' '), 50);
    await until(() => socket.closed);
    clearInterval(drip);
    assert.match(said, /^HTTP\/1\.1 401 /);
  });
});

/** `test/slow-clients.sh` is the long form, with slowhttptest. */
describe('slow clients', async () => {
  const { server } = await limited(100);

  it('of 300, none keeps an honest one out', async () => {
    const slow: Socket[] = [];
    const starts = [
      'POST /hightouch/crm HTTP/1.1\r\nHost: x\r\nX-A: ',
      'POST /hightouch/crm HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{',
      '',
    ];
    for (let count = 0; count < 300; count++) {
      const socket = await open(server.port);
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
