/** A chaos target is fast enough for proofs with many rows, and its ledger stays within bounds. */

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Rows that are sent. CHAOS_LOAD=1100000 goes beyond what the ledger keeps. */
const ROWS = Number(process.env.CHAOS_LOAD ?? 10_000);
const BATCH = 100;
const CONNECTIONS = 4;
/** Rows a second that a busy machine must come to in any case; the long form tells how many they were. */
const SLOWEST = 2000;
/** Bytes that a row of the size below may take; the long form tells how many it does. */
const MOST = 1000;
const MB = 1024 * 1024;

interface Told {
  readonly port: number;
  readonly held: number;
  readonly rss: number;
}

async function tell(child: ChildProcess): Promise<Told> {
  const told = once(child, 'message');
  child.send({});
  const [message]: Told[] = await told;
  return message ?? assert.fail();
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function post(port: number, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', method: 'POST', path: '/rows', agent }, (incoming) => {
      incoming.resume().once('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.once('error', reject).end(body);
  });
}

it('takes many rows in little time and memory', async (t) => {
  const loader = 'typescript' in process.features && process.features.typescript ? [] : ['--import', 'tsx'];
  const child = fork(fileURLToPath(new URL('load-child.ts', import.meta.url)), { execArgv: [...loader, '--expose-gc'] });
  after(() => {
    agent.destroy();
    child.disconnect();
  });
  const [{ port }]: [Told] = (await once(child, 'message')) as [Told]; // its first message
  assert.equal(await post(port, '[]'), 200);
  const before = await tell(child);

  const numbers = Array.from({ length: Math.ceil(ROWS / BATCH) }, (_, batch) => batch).values();
  const statuses = new Map<number, number>();
  const begun = performance.now();
  const work = async () => {
    for (const batch of numbers) {
      const rows = Array.from({ length: BATCH }, (_, index) => {
        const id = batch * BATCH + index;
        return { id: `row-${id}`, email: `somebody-${id}@example.com`, plan: 'team', seats: id % 100 };
      });
      const status = await post(port, JSON.stringify({ rows }));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const perSecond = ROWS / ((performance.now() - begun) / 1000);

  const { held, rss } = await tell(child);
  const taken = (statuses.get(200) ?? 0) * BATCH;
  const perRow = (held - before.held) / taken;
  const mb = (bytes: number) => Math.round(bytes / MB);
  t.diagnostic(`${Math.round(perSecond)} rows/s in batches of ${BATCH}, ${Math.round(perRow)} bytes a row`);
  t.diagnostic(`${taken} rows are ${mb(held)} MB (rss ${mb(rss)}); ${mb(before.held)} MB (rss ${mb(before.rss)}) before`);
  // It keeps a million entries: each request is one beside its rows, the first one too.
  const most = Math.floor((1_000_000 - 1) / (BATCH + 1)) * BATCH;
  assert.equal(taken, Math.min(ROWS, most), 'all that the ledger keeps');
  assert.deepEqual([...statuses.keys()].sort(), ROWS > most ? [200, 507] : [200]);
  assert.ok(perSecond > SLOWEST, `${perSecond} rows/s`);
  assert.ok(perRow < MOST, `${perRow} bytes a row`);
});
