/** What becomes of the server where the system lets it open nothing, and where a folder tells nothing of what it holds. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { manifest } from './editing.ts';
import { folder, later, type Serving, serve, until } from './running.ts';

const skip = spawnSync('prlimit', ['--version']).error === undefined ? false : 'prlimit is not there';

/** The version that answers, asked by a connection that is kept. */
function asking({ port }: Serving) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => agent.destroy());
  return () =>
    new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const outgoing = request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/hightouch/a', headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (more: string) => {
          text += more;
        });
        answer.once('end', () => {
          const { result, error } = JSON.parse(text);
          resolve(error === undefined ? Number(result.fields[1].label) : error.code);
        });
      });
      outgoing.on('error', reject);
      outgoing.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'list_fields' }));
    });
}

const said = ({ lines }: Serving, message: string) => lines().filter((line) => line.message === message);

describe('a folder of which nothing is known', () => {
  it('leaves what was served as it was, says so once, and is read again by itself', async () => {
    const path = join(folder({ 'destinations/a.yaml': manifest(1) }), 'destinations');
    const served = await serve({ ROWPOST_DESTINATIONS: path });
    const version = asking(served);
    assert.equal(await version(), 1);
    renameSync(path, `${path}.aside`);
    symlinkSync(path, path); // a link to itself: also root cannot read it
    await until(() => said(served, 'destinations kept as they were').length > 0);
    await later(600);
    assert.equal(await version(), 1);
    assert.deepEqual(
      said(served, 'destinations kept as they were').map(({ fault, code }) => [fault, code]),
      [
        [
          `The folder ${path} cannot be read. Name the folder that holds the manifests with --destinations or ROWPOST_DESTINATIONS.`,
          'ELOOP',
        ],
      ],
    );
    writeFileSync(join(`${path}.aside`, 'a.yaml'), manifest(2));
    unlinkSync(path);
    renameSync(`${path}.aside`, path);
    while ((await version()) !== 2) await later(10);
  });
});

describe('a process that may open no more files', { skip }, () => {
  const limit = ({ child }: Serving, files: string) => execFileSync('prlimit', [`--pid=${child.pid}`, `--nofile=${files}:`]);

  it('goes on with what it has, and takes connections and files again by itself', async () => {
    const path = join(folder({ 'destinations/a.yaml': manifest(1) }), 'destinations');
    const served = await serve({ ROWPOST_DESTINATIONS: path });
    const version = asking(served);
    assert.equal(await version(), 1);
    limit(served, '3');
    const early = connect(served.port, '127.0.0.1').on('error', () => undefined);
    after(() => early.destroy());
    await once(early, 'connect');
    writeFileSync(join(path, 'a.yaml'), manifest(2));
    await until(() => said(served, 'destinations kept as they were').length > 0);
    assert.equal(await version(), 1);

    limit(served, '1000');
    while ((await version()) !== 2) await later(10);
    assert.equal((await served.call('a', 'list_fields')).status, 200);
    assert.equal(said(served, 'destinations kept as they were').length, 1);
    assert.deepEqual(said(served, 'internal error'), []);
  });

  it('takes no more connections than fit into its files', async () => {
    const path = folder({});
    const served = await serve({ ROWPOST_DESTINATIONS: path }, [], ['prlimit', '--nofile=300:300']);
    assert.deepEqual(
      served
        .lines()
        .filter(({ level }) => level === 'warn')
        .map(({ time, ...line }) => line),
      [
        {
          level: 'warn',
          message: 'fewer connections are taken than is set: this process may not open more files (ulimit -n)',
          maxConnections: 1000,
          most: 150,
        },
      ],
    );
    const count = 400;
    const all = await Promise.all(
      Array.from({ length: count }, async () => {
        const socket = connect(served.port, '127.0.0.1')
          .on('error', () => undefined)
          .resume();
        after(() => socket.destroy());
        await once(socket, 'connect');
        return socket;
      }),
    );
    await until(() => all.filter(({ closed }) => !closed).length === 150);
    assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
    assert.equal(said(served, 'too many connections: the least deserving are closed').length, 1);
  });
});
