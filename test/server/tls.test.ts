/** The server's own certificate: what is wrong with it, https, and its renewal while calls go on. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { warnOfExpiry } from '../../src/commands/credentials.ts';
import { readCertificate } from '../../src/server/certificate.ts';
import { CRM } from '../commands/manifests.ts';
import { folder, rowpost, serve, until } from '../commands/running.ts';
import { cert, key } from '../outbound/certificate.ts';
import { FIRST, SECOND } from './certificates.ts';

const CUT_KEY = `${key.slice(0, 100)}\n-----END PRIVATE KEY-----\n`;

describe('readCertificate', () => {
  const path = folder({
    'tls.crt': cert,
    'tls.key': key,
    empty: '',
    'text.pem': 'no certificate',
    'cut.key': CUT_KEY,
    'first.key': FIRST.key,
  });
  const file = (name: string) => join(path, name);
  const refused: [string, string, string][] = [
    ['gone.crt', 'tls.key', 'The file FOLDER/gone.crt (ROWPOST_TLS_CERT) cannot be read. Expected a readable PEM file.'],
    [
      'empty',
      'tls.key',
      'The file FOLDER/empty (ROWPOST_TLS_CERT) holds no certificate in PEM form. Expected a readable PEM file.',
    ],
    [
      'text.pem',
      'tls.key',
      'The file FOLDER/text.pem (ROWPOST_TLS_CERT) holds no certificate in PEM form. Expected a readable PEM file.',
    ],
    ['tls.crt', 'gone.key', 'The file FOLDER/gone.key (ROWPOST_TLS_KEY) cannot be read. Expected a readable PEM file.'],
    [
      'tls.crt',
      'tls.crt',
      'The file FOLDER/tls.crt (ROWPOST_TLS_KEY) holds no private key in PEM form, or one with a passphrase. Expected a readable PEM file.',
    ],
    [
      'tls.crt',
      'cut.key',
      'The file FOLDER/cut.key (ROWPOST_TLS_KEY) holds no private key in PEM form, or one with a passphrase. Expected a readable PEM file.',
    ],
  ];
  for (const [certificate, own, message] of refused) {
    it(`refuses ${certificate} with ${own}`, () => {
      assert.throws(() => readCertificate({ cert: file(certificate), key: file(own) }), {
        name: 'Fault',
        message: message.replace('FOLDER', path),
      });
    });
  }

  it('refuses a key that belongs to another certificate', () => {
    assert.throws(() => readCertificate({ cert: file('tls.crt'), key: file('first.key') }), {
      code: 'settings.tlsKey',
      message: /is not that of the first certificate in/,
    });
  });

  it('reads one that fits', () => {
    assert.equal(new Date(readCertificate({ cert: file('tls.crt'), key: file('tls.key') }).expires).getUTCFullYear(), 2120);
  });
});

describe('https', async () => {
  const path = folder({ 'destinations/crm.yaml': CRM });
  const files = { cert: join(path, 'tls.crt'), key: join(path, 'tls.key') };
  const put = (pair: { cert: string; key: string }) => {
    writeFileSync(files.cert, pair.cert);
    writeFileSync(files.key, pair.key);
  };
  put(FIRST);
  const env = { ROWPOST_TLS_CERT: files.cert, ROWPOST_TLS_KEY: files.key };
  const served = await serve({ ...env, ROWPOST_DESTINATIONS: join(path, 'destinations'), CRM_TOKEN: 'made-up-token' });

  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 20 });
  after(() => agent.destroy());
  const ask = (options: object = { agent }) =>
    new Promise<number>((resolve, reject) => {
      const outgoing = request(
        `${served.url}/hightouch/crm`,
        { method: 'POST', headers: { 'content-type': 'application/json' }, ...options },
        (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answer.statusCode ?? 0));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'list_fields' }));
    });
  const shown = async () => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port: served.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return name;
  };
  const said = (message: string) => served.lines().filter((line) => line.message === message);

  it('is what the server speaks, and what its health is asked by', async () => {
    assert.match(served.url, /^https:/);
    assert.equal(await ask(), 200);
    assert.equal(await shown(), 'first');
    const { code, stdout } = await rowpost(['health'], { env: { ...env, PORT: String(served.port) } });
    assert.deepEqual([code, stdout], [0, 'HTTP 200\n']);
    await assert.rejects(fetch(served.url.replace('https:', 'http:')));
  });

  it('shows a new certificate once it is renewed, and no call fails meanwhile', async () => {
    let renewed = false;
    const callers = Array.from({ length: 20 }, async () => {
      let calls = 0;
      while (!renewed) {
        assert.equal(await ask(calls % 2 === 0 ? { agent } : { agent: false, rejectUnauthorized: false }), 200);
        calls++;
      }
      return calls;
    });
    // Half of a pair first: that is no pair.
    writeFileSync(files.cert, SECOND.cert);
    await until(() => said('certificate kept as it was').length > 0);
    assert.match(String(said('certificate kept as it was')[0]?.fault), /is not that of the first certificate/);
    assert.equal(await shown(), 'first');
    put(SECOND);
    await until(() => said('certificate renewed').length > 0);
    assert.equal(await shown(), 'second');
    renewed = true;
    for (const calls of await Promise.all(callers)) assert.ok(calls > 0);
    assert.equal(said('the certificate expires soon').length, 0);
  });

  it('keeps what it has while a file is spoilt', async () => {
    writeFileSync(files.key, 'spoilt');
    await until(() => said('certificate kept as it was').length > 1);
    assert.equal(await shown(), 'second');
    assert.equal(await ask(), 200);
    assert.doesNotMatch(served.out.stdout, /PRIVATE KEY|spoilt"/);
  });
});

describe('a certificate that ends', () => {
  for (const [days, message] of [
    [-1, 'the certificate has expired'],
    [13, 'the certificate expires soon'],
    [15, undefined],
  ] as const) {
    it(`in ${days} days ${message === undefined ? 'is nothing to speak of' : 'is warned of'}`, () => {
      const warned: string[] = [];
      const silent = () => undefined;
      const log = { debug: silent, info: silent, error: silent, warn: (text: string) => void warned.push(text) };
      warnOfExpiry({ cert, key, expires: Date.now() + days * 86_400_000 }, log);
      assert.deepEqual(warned, message === undefined ? [] : [message]);
    });
  }
});
