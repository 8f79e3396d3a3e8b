/** A server that is killed again and again, with a supervisor that starts it anew: no row is lost, and none arrives twice that has a key. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openChaos } from '../chaos/door.ts';
import { later } from '../commands/running.ts';
import { seeded } from '../seeded.ts';
import { type Probed, probed } from './servers.ts';

/** `KILLS=500` for the long form; `SEED` repeats when. */
const KILLS = Number(process.env.KILLS ?? 3);
const SEED = Number(process.env.SEED ?? 5);
const CALL = 40;

const MANIFEST = `version: 1
name: Events
connection: { url: https://api.example.com, concurrency: 8, retry: { backoff: 5ms..50ms } }
sync: { add: keyed, change: put }
requests:
  keyed:
    post: /events
    idempotency: { header: Idempotency-Key, by: record.id }
    json: { id: "{{ record.id }}", value: "{{ record.value }}" }
  put:
    put: "/states/{{ record.id }}"
    json: { value: "{{ record.value }}" }
`;

describe('a server that is killed', () => {
  it('loses no row, and none with a key arrives twice', async (t) => {
    const chaos = await openChaos({ child: true });
    const chance = seeded(SEED);
    const start = () => probed({ events: chaos.url }, {}, MANIFEST);
    let served: Probed = await start();
    let restarted = Promise.resolve();
    let over = false;
    const configuration = { mappings: ['id', 'value'].map((name) => ({ from: name, to: name })) };
    let broken = 0;
    /** Until the call is answered and no row of it is rejected, as the caller does it. */
    const deliver = async (method: string, rows: readonly { id: string }[]): Promise<void> => {
      for (let left = rows; left.length > 0; ) {
        await restarted;
        try {
          const { status, text } = await served.call('events', method, { idColumn: 'id', configuration, rows: left });
          assert.equal(status, 200, text);
          const { rejectedRows } = JSON.parse(text).result as { rejectedRows: { id: string }[] }; // the protocol's own answer
          const again = new Set(rejectedRows.map(({ id }) => id));
          left = left.filter(({ id }) => again.has(id));
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
          // The connection broke: nothing is known of the call.
          broken++;
          await later(5);
        }
      }
    };
    const sent = new Map<string, object>();
    const drive = async (method: string, name: string) => {
      for (let call = 0; !over; call++) {
        const rows = Array.from({ length: CALL }, (_, n) => ({ id: `${name}-${call}-${n}`, value: `value ${n}` }));
        await deliver(method, rows);
        for (const row of rows) sent.set(row.id, method === 'add' ? row : { value: row.value });
      }
    };
    const drivers = [drive('add', 'a'), drive('add', 'b'), drive('change', 'c')];
    for (let kill = 0; kill < KILLS; kill++) {
      await later(5 + chance() * 200);
      served.child.kill('SIGKILL');
      restarted = served.ended.then(start).then((fresh) => {
        served = fresh;
      });
      await restarted;
    }
    over = true;
    await Promise.all(drivers);
    const { rows, summary } = await chaos.ledger();
    assert.equal(rows.size, sent.size);
    for (const [id, row] of sent) {
      const entry = rows.get(id) ?? assert.fail(`${id} was accepted, and never arrived`);
      assert.deepEqual(entry.value, row);
      if (!id.startsWith('c')) assert.equal(entry.requests.length, 1, `${id} was taken by the requests ${entry.requests}`);
    }
    const figures = `SEED=${SEED}: ${KILLS} kills, ${broken} calls broken; ${sent.size} rows, ${summary.requests} requests`;
    t.diagnostic(figures);
    assert.ok(broken >= KILLS / 2, figures);
  });
});
