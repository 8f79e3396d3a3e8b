/** What befalls a machine while calls come: its clock is set, the file of a secret is emptied and lost. No row is lost by it. */

import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { api, folder, later, until } from '../commands/running.ts';
import { adding, probed, rowsOf, timed } from './servers.ts';

const MANIFEST = `version: 1
name: CRM
settings: { key: { secret: true } }
connection:
  url: https://api.example.com
  auth: { bearer: "{{ settings.key }}" }
  rateLimit: { requests: 500, per: 1s }
sync: { add: send }
requests:
  send:
    put: /rows
    batch: { size: 100 }
    json: { rows: "{{ records }}" }
`;
const DAY = 86_400_000;

describe('while calls come', async () => {
  const files = folder({ key: 'first-key-of-the-api', clock: '0' });
  const [key, clock] = [join(files, 'key'), join(files, 'clock')];
  let good = 'first-key-of-the-api';
  let taken = 0;
  const sink = await api(({ headers, body }) => {
    if (headers.authorization !== `Bearer ${good}`) return { status: 401, body: '{"message":"wrong key"}' };
    taken += (JSON.parse(body) as { rows: unknown[] }).rows.length; // as the manifest writes it
    return { status: 200 };
  });
  const served = await probed({ crm: sink.url }, { CRM_KEY_FILE: key, CLOCK: clock, ROWPOST_DEADLINE: '3s' }, MANIFEST);
  const body = adding(rowsOf(250));
  const write = (path: string, text: string) => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };

  /** Calls come until this is over. */
  async function beside(work: () => Promise<void>): Promise<{ calls: number; rejected: number; reasons: Set<string> }> {
    let under = true;
    let calls = 0;
    let rejected = 0;
    const reasons = new Set<string>();
    const before = taken;
    const drive = async () => {
      while (under) {
        const came = await timed(served, 'crm', body);
        assert.equal(came.status, 200);
        calls++;
        rejected += came.rejected;
        for (const reason of came.reasons) reasons.add(reason);
      }
    };
    const drivers = [drive(), drive()];
    await work();
    under = false;
    await Promise.all(drivers);
    assert.ok(taken - before >= calls * 250 - rejected, 'what was accepted arrived');
    return { calls, rejected, reasons };
  }

  for (const [name, off] of [
    ['a day ahead', DAY],
    ['a day back', -DAY],
    ['to 1970', -Date.now() + 1000],
  ] as const) {
    it(`a clock that is set ${name} changes nothing`, async () => {
      const { calls, rejected } = await beside(async () => {
        await later(150);
        write(clock, String(off));
        await later(400);
        write(clock, '0');
        await later(150);
      });
      assert.ok(calls > 4, `${calls} calls`);
      assert.equal(rejected, 0);
    });
  }

  it('the file of a secret that is emptied, then lost, leaves the last one in use, and the log says so; a new one is taken', async () => {
    const said = (pattern: RegExp) => served.lines().some((line) => line.level === 'warn' && pattern.test(JSON.stringify(line)));
    const without = await beside(async () => {
      await later(100);
      write(key, '');
      await until(() => said(/key is empty/));
      rmSync(key);
      await until(() => said(/key cannot be read/));
      await later(300);
    });
    assert.equal(without.rejected, 0, [...without.reasons].join());
    const renewed = await beside(async () => {
      write(key, 'second-key-of-the-api');
      good = 'second-key-of-the-api';
      await later(1500);
    });
    // Calls that were under way ask for the new one themselves.
    assert.equal(renewed.rejected, 0, [...renewed.reasons].join());
  });
});
