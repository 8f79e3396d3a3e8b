/** Every row arrives, whatever the API does to requests, where the caller sends rejected rows again as Hightouch does. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FaultName } from '../../src/commands/chaos/faults.ts';
import { openChaos } from '../chaos/door.ts';
import { probed } from './servers.ts';

/** `RESENT=100000` for the long form; `SEED` repeats what the API does. */
const ROWS = Number(process.env.RESENT ?? 2000);
const SEED = Number(process.env.SEED ?? 11);
const CALL = 500;
const BATCH = 50;

const FAULTS: readonly FaultName[] = [
  'reset-early',
  'reset-taken',
  'reset-mid-answer',
  'close-lost',
  'hang-taken',
  'drip',
  'garbage',
  'bad-chunks',
  'half-body',
  'error-inside',
  'partial',
  'broken-json',
  'http-429-seconds',
  'http-503',
  'http-500-taken',
];

const MANIFEST = `version: 1
name: Misbehaving
connection: { url: https://api.example.com, concurrency: 8, timeout: 1s, retry: { backoff: 5ms..50ms } }
sync: { add: send }
requests:
  send:
    post: /rows
    idempotent: true
    batch: { size: ${BATCH} }
    json: { rows: "{{ records }}" }
    response:
      key: record.id
      rows: { each: body.results, key: result.id, ok: result.ok }
`;

describe(`an API that misbehaves in ${FAULTS.length} ways, at 30 % of its requests`, () => {
  it('gets every row, and no row is told to be there that is not', async (t) => {
    const chaos = await openChaos({ child: true, rate: 0.3, faults: FAULTS, seed: SEED });
    const served = await probed({ bad: chaos.url }, {}, MANIFEST);
    const configuration = { mappings: ['id', 'value'].map((name) => ({ from: name, to: name })) };
    const all = Array.from({ length: ROWS }, (_, n) => ({ id: `row ${n}`, value: `value ${n}` }));
    const send = async (rows: readonly { id: string }[]): Promise<Set<string>> => {
      const { status, text } = await served.call('bad', 'add', { idColumn: 'id', configuration, rows });
      // What is refused as a whole was not sent.
      if (status === 503) return new Set(rows.map(({ id }) => id));
      assert.equal(status, 200, text);
      const { rejectedRows } = JSON.parse(text).result as { rejectedRows: { id: string }[] }; // the protocol's own answer
      return new Set(rejectedRows.map(({ id }) => id));
    };
    let left = all;
    let rounds = 0;
    let rejections = 0;
    while (left.length > 0) {
      assert.ok(++rounds < 100, `${left.length} rows are still rejected`);
      const calls = Array.from({ length: Math.ceil(left.length / CALL) }, (_, n) =>
        left.slice(n * CALL, (n + 1) * CALL),
      ).values();
      const again: typeof all = [];
      const drive = async () => {
        for (const rows of calls) {
          const rejected = await send(rows);
          again.push(...rows.filter(({ id }) => rejected.has(id)));
        }
      };
      await Promise.all([drive(), drive(), drive(), drive()]);
      if (rounds === 1) {
        // Already before anything is sent again: what was accepted is there.
        const { rows } = await chaos.ledger();
        const open = new Set(again.map(({ id }) => id));
        for (const { id } of all) assert.ok(open.has(id) || rows.has(id), `${id} was accepted, and never arrived`);
      }
      rejections += again.length;
      left = again;
    }
    const { rows, summary } = await chaos.ledger();
    assert.equal(rows.size, ROWS);
    for (const row of all) assert.deepEqual(rows.get(row.id)?.value, row);
    const { requests, met } = summary;
    const faults = requests - (met.honest ?? 0);
    const needed = ROWS / BATCH + faults;
    const figures = `SEED=${SEED}: ${ROWS} rows, ${rejections} rejections in ${rounds} rounds; ${requests} requests, ${faults} of them met a fault: ${(requests / needed).toFixed(2)} × (requests of the rows + faults)`;
    t.diagnostic(figures);
    assert.ok(faults > requests * 0.15, figures);
    assert.ok(requests <= 1.2 * needed, figures);
  });
});
