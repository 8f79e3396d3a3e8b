/** APIs that hang: every call is answered in its time, and the other destinations do not feel it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, describe, it } from 'node:test';
import { api, later } from '../commands/running.ts';
import { adding, LONG, percentile, probed, rowsOf, timed } from './servers.ts';

/** Takes connections and bytes, and says nothing. */
async function silent(): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

describe('where every API hangs', async () => {
  const DEADLINE = LONG ? 25_000 : 1500;
  const DESTINATIONS = 10;
  const CALLS = 20;

  it('every call is answered in its time', async (t) => {
    const url = await silent();
    const ids = Array.from({ length: DESTINATIONS }, (_, n) => `d${n}`);
    const served = await probed(Object.fromEntries(ids.map((id) => [id, url])), { ROWPOST_DEADLINE: `${DEADLINE}ms` });
    const body = adding(rowsOf(100));
    const answers = await Promise.all(ids.flatMap((id) => Array.from({ length: CALLS }, () => timed(served, id, body))));
    const late = answers.map(({ ms }) => ms - DEADLINE);
    assert.equal(answers.length, DESTINATIONS * CALLS);
    for (const { status, rejected, reasons } of answers) {
      assert.deepEqual([status, rejected], [200, 100]);
      for (const reason of new Set(reasons)) assert.match(reason, /^(?:outcome unknown|not attempted): /);
    }
    const figures = `${answers.length} calls of a deadline of ${DEADLINE} ms: the last answer ${Math.max(...late).toFixed(0)} ms after it (p50 ${percentile(late, 0.5).toFixed(0)})`;
    t.diagnostic(figures);
    assert.ok(Math.max(...late) <= (LONG ? 250 : 3000), figures);
  });
});

describe('where one API of ten hangs', async () => {
  const ROUNDS = LONG ? 5 : 2;
  const MS = LONG ? 4000 : 700;

  it('the other nine lose nothing', async (t) => {
    const url = await silent();
    const well = await api(() => ({ status: 200 }));
    const ids = Array.from({ length: 10 }, (_, n) => `d${n}`);
    const served = await probed({ ...Object.fromEntries(ids.map((id) => [id, well.url])), hung: url, spare: well.url });
    const body = adding(rowsOf(500));
    /** Rows a second of nine destinations, beside a tenth that is busy with calls of its own. */
    const round = async (tenth: string): Promise<number> => {
      const end = performance.now() + MS;
      let rows = 0;
      const drive = async (id: string, counts: boolean) => {
        while (performance.now() < end) {
          const { status, rejected } = await timed(served, id, body);
          if (counts && performance.now() <= end) {
            assert.deepEqual([status, rejected], [200, 0]);
            rows += 500;
          }
        }
      };
      const nine = ids.slice(1).map((id) => drive(id, true));
      const others = tenth === 'hung' ? Array.from({ length: 20 }, () => timed(served, 'hung', body)) : [drive('spare', false)];
      await Promise.all(nine);
      const perSecond = (rows * 1000) / MS;
      if (tenth !== 'hung') await Promise.all(others);
      else void Promise.allSettled(others);
      return perSecond;
    };
    await round('spare');
    const beside: Record<'spare' | 'hung', number[]> = { spare: [], hung: [] };
    for (let n = 0; n < ROUNDS; n++) for (const tenth of ['spare', 'hung'] as const) beside[tenth].push(await round(tenth));
    const ratio = percentile(beside.hung, 0.5) / percentile(beside.spare, 0.5);
    const figures = `beside a hung API ${(ratio * 100).toFixed(0)} % of the rows a second beside a well one (${beside.hung.map(Math.round).join(', ')} against ${beside.spare.map(Math.round).join(', ')})`;
    t.diagnostic(figures);
    assert.ok(ratio >= (LONG ? 0.95 : 0.6), figures);
    served.child.kill('SIGKILL');
    await later(0);
  });
});
