/** Secrets in files, as Docker and Kubernetes mount them: read again when they change, and kept where they cannot be read any more. */

import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CRM } from './manifests.ts';
import { api, folder, type Serving, serve, until } from './running.ts';

const ROW = {
  idColumn: 'id',
  configuration: { mappings: [{ from: 'id', to: 'email' }] },
  rows: [{ id: 'alice@example.com' }],
};

const said = ({ lines }: Serving, message: string) => lines().filter((line) => line.message === message);

/** As Kubernetes does it: a new folder, and a link that is swapped. */
function swap(path: string, name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(path, name));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, name, file), text);
  symlinkSync(name, join(path, '..data_new'));
  renameSync(join(path, '..data_new'), join(path, '..data'));
}

describe('the secret of a destination in a file', async () => {
  const crm = await api(() => ({ status: 200 }));
  const path = folder({ 'destinations/crm.yaml': CRM, 'secrets/keep': '' });
  const secrets = join(path, 'secrets');
  swap(secrets, '1', { token: 'first-secret-of-the-crm\n' });
  symlinkSync('..data/token', join(secrets, 'token'));
  const served = await serve({
    ROWPOST_DESTINATIONS: join(path, 'destinations'),
    ROWPOST_URL_CRM: crm.url,
    CRM_TOKEN_FILE: join(secrets, 'token'),
  });
  const sent = async () => {
    assert.equal((await served.call('crm', 'add', ROW)).text, '{"jsonrpc":"2.0","id":1,"result":{"rejectedRows":[]}}');
    return crm.requests.at(-1)?.headers.authorization;
  };
  const problems = async () => JSON.parse(await (await fetch(`${served.url}/readyz`)).text()).destinations[0].problems;

  it('is sent, and after a renewal the new one, with no call refused', async () => {
    assert.equal(await sent(), 'Bearer first-secret-of-the-crm');
    swap(secrets, '2', { token: 'second-secret-of-the-crm\n' });
    let last: string | undefined;
    while (last !== 'Bearer second-secret-of-the-crm') last = await sent();
  });

  for (const [what, spoil, sentence] of [
    ['emptied', () => swap(secrets, '3', { token: '\n' }), 'is empty'],
    ['removed', () => swap(secrets, '4', {}), 'cannot be read'],
  ] as const) {
    it(`holds while its file is ${what}, says so, and goes on by itself`, async () => {
      const before = said(served, 'settings missing').length;
      spoil();
      await until(() => said(served, 'settings missing').length > before);
      assert.match(
        String(said(served, 'settings missing').at(-1)?.fault),
        new RegExp(`^settings\\.token: the file .*${sentence}`),
      );
      assert.equal(await sent(), 'Bearer second-secret-of-the-crm');
      const [head, why] = await problems();
      assert.match(head, /cannot be read any more; the destination with its last good value is served/);
      assert.match(why, new RegExp(sentence));
      swap(secrets, `${what}-no-more`, { token: `secret-after-it-was-${what}` });
      let last: string | undefined;
      while (last !== `Bearer secret-after-it-was-${what}`) last = await sent();
      assert.equal(await problems(), undefined);
      swap(secrets, `${what}-before`, { token: 'second-secret-of-the-crm' });
      while (last !== 'Bearer second-secret-of-the-crm') last = await sent();
    });
  }

  it('is in no line of the log', async () => {
    await served.told();
    assert.doesNotMatch(served.out.stdout + served.out.stderr, /-of-the-crm|secret-after/);
  });
});

describe('the tokens of the server in a file', async () => {
  const path = folder({ 'destinations/crm.yaml': CRM, token: 'first-horse\n' });
  const file = join(path, 'token');
  const served = await serve({
    ROWPOST_DESTINATIONS: join(path, 'destinations'),
    CRM_TOKEN: 'made-up-token',
    ROWPOST_TOKEN_FILE: file,
  });
  const status = async (token: string) =>
    (await served.call('crm', 'list_fields', {}, { authorization: `Bearer ${token}` })).status;

  it('are replaced when it changes', async () => {
    assert.deepEqual([await status('first-horse'), await status('second-horse')], [200, 401]);
    writeFileSync(file, 'second-horse, first-horse');
    await until(() => said(served, 'credentials of callers replaced').length === 1);
    assert.deepEqual([await status('first-horse'), await status('second-horse')], [200, 200]);
    writeFileSync(file, 'second-horse\n');
    await until(() => said(served, 'credentials of callers replaced').length === 2);
    assert.deepEqual([await status('first-horse'), await status('second-horse')], [401, 200]);
  });

  it('hold while it cannot be used', async () => {
    const kept = () => said(served, 'credentials of callers kept as they were');
    for (const [spoil, sentence] of [
      [() => writeFileSync(file, ''), /is empty/],
      [() => rmSync(file), /cannot be read/],
      [() => writeFileSync(file, 'short'), /holds a token that cannot be used/],
    ] as const) {
      const before = kept().length;
      spoil();
      await until(() => kept().length > before);
      assert.match(String(kept().at(-1)?.fault), sentence);
      assert.deepEqual([await status('short'), await status('second-horse'), await status('')], [401, 200, 401]);
    }
    writeFileSync(file, 'third-horse');
    await until(() => said(served, 'credentials of callers replaced').length === 3);
    assert.deepEqual([await status('second-horse'), await status('third-horse')], [401, 200]);
  });

  it('are in no line of the log', async () => {
    await served.told();
    assert.doesNotMatch(served.out.stdout + served.out.stderr, /-horse/);
  });
});
