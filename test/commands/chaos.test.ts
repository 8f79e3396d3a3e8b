/** `rowpost chaos`: an API that misbehaves, a served destination in front of it, and what the two tell of the same rows. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chaos } from '../../src/commands/chaos/chaos.ts';
import { FAULT_NAMES } from '../../src/commands/chaos/faults.ts';
import type { ScriptPlan } from '../../src/commands/chaos/script.ts';
import { Fault } from '../../src/fault.ts';
import { type Arrived, assertTrue, commandChaos, openChaos } from '../chaos/door.ts';
import { DESTINATIONS, later, rowpost, serve } from './running.ts';

async function send({ url }: { readonly url: string }, body: unknown, path = '/v1/rows'): Promise<number> {
  const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
  await response.text();
  return response.status;
}

async function get({ url }: { readonly url: string }, path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await (await fetch(url + path)).text());
}

describe('rowpost chaos', { concurrency: 4 }, () => {
  it('says what it is and how to use it, then a line a request, and a summary at the end', async () => {
    const running = await commandChaos('--rate', '1', '--faults', 'http-429', '--seed', '7');
    const { url } = running;
    assert.equal(
      running.out.text,
      `An API that misbehaves, on this machine: ${url}

100 % of the requests meet http-429. --seed 7 repeats it.
Send a destination to it:  ROWPOST_URL_<DESTINATION>=${url} rowpost serve
See what truly arrived:    curl ${url}/chaos/ledger
Ctrl-C ends it with a summary.

`,
    );
    assert.equal(await send(running, [{ id: 1 }, { id: 2 }], '/v1/rows?token=canary'), 429);
    await fetch(`${url}/chaos/script`, { method: 'POST', body: '{}' });
    for (let times = 0; times < 2; times++) assert.equal(await send(running, [{ id: 1 }, { id: 2 }]), 200);
    const { text, code } = await running.close('SIGINT');
    assert.equal(code, 0);
    assert.equal(
      text.slice(text.indexOf('#1')),
      `#1  POST /v1/rows  http-429  0 of 2 rows taken
#2  POST /v1/rows  honest  2 of 2 rows taken
#3  POST /v1/rows  honest  2 of 2 rows taken

3 requests; 4 rows taken, 2 different and 2 again.
  honest    2
  http-429  1
`,
    );
  });

  it('is quiet where it is told to be, and ends with SIGTERM too, although somebody hangs', async () => {
    const running = await commandChaos('--rate', '1', '--faults', 'hang-taken', '--quiet');
    const hanging = send(running, [{ id: 1 }]);
    hanging.catch(() => undefined);
    while ((await get(running, '/chaos/summary')).rows !== 1) await later(5);
    const { text, code } = await running.close('SIGTERM');
    await assert.rejects(hanging);
    assert.equal(code, 0);
    assert.doesNotMatch(text, /#1/);
    assert.match(text, /\n1 requests; 1 rows taken, 1 different and 0 again\.\n {2}hang-taken {2}1\n$/);
  });

  it('is honest with a rate of 0; finds rows and ids where it is told, and is as slow', async () => {
    const running = await commandChaos('--rate', '0', '--rows', 'body.data', '--id', 'attributes.sku', '--late', '300ms');
    assert.match(running.out.text, /\nIt is honest until a script says otherwise/);
    const body = { list: [{ id: 1 }], data: [{ id: 2, attributes: { sku: 'x' } }] };
    assert.equal(await send(running, body), 200);
    await fetch(`${running.url}/chaos/script`, { method: 'POST', body: '{"requests":["late"]}' });
    const begun = performance.now();
    assert.equal(await send(running, body), 200);
    assert.ok(performance.now() - begun >= 290);
    assert.deepEqual((await get(running, '/chaos/ledger?id=x')).requests, [1, 2]);
  });

  it('--list shows every fault with its sentence', async () => {
    const { code, stdout } = await rowpost(['chaos', '--list']);
    assert.equal(code, 0);
    assert.match(stdout, /^reset-taken +all +nothing +takes the rows, then resets without an answer$/m);
    assert.deepEqual(
      stdout
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(' ')[0]),
      FAULT_NAMES,
    );
  });

  it('misuse is told, and exits with 2', async () => {
    const { code, stdout, stderr } = await rowpost(['chaos', '--rate', '1.5']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.equal(stderr, '--rate is "1.5". Expected a number from 0 to 1, such as 0.3.\n');
  });
});

describe('a flag that is wrong is a fault', () => {
  const RIGHT = { host: '127.0.0.1', port: '0', rate: '0.3', late: '3s', drip: '5ms' };
  for (const [flags, sentence] of [
    [{ rate: '-1' }, /^--rate is "-1"\. Expected a number from 0 to 1/],
    [{ port: '99999' }, /^--port is "99999"\. Expected a whole number from 0 to 65535/],
    [{ faults: 'reset-erly' }, /^"reset-erly" is no fault\. .*Did you mean "reset-early"\?/],
    [{ faults: ',' }, /^"faults" is a list/],
    [{ seed: 'x' }, /^--seed is "x"\. Expected a whole number/],
    [{ late: 'soon' }, /^--late is "soon"\. Expected a duration/],
    [{ drip: '2h' }, /^--drip is "2h"\. Expected a duration of at most an hour/],
    [{ id: ',' }, /^--id is ","\. Expected /],
    [{ host: '192.0.2.1' }, /^The chaos target cannot listen on 192\.0\.2\.1, port 0 \(EADDRNOTAVAIL\)\./],
  ] as const) {
    it(JSON.stringify(flags), async () => {
      await assert.rejects(chaos({ ...RIGHT, ...flags }), (error) => error instanceof Fault && sentence.test(error.message));
    });
  }
});

it('a destination that is served in front of it tells of each row what the ledger tells', async () => {
  // None that hangs: it would take the whole deadline.
  const faults = [
    'reset-taken',
    'reset-lost',
    'close-lost',
    'http-503',
    'http-500-taken',
    'partial',
    'error-inside',
    'broken-json',
    'two-answers',
    'length-short',
  ] as const;
  const rows = Array.from({ length: 60 }, (_, id) => ({ id, mail: `row${id}@example.com`, seats: id }));
  const configuration = {
    object: 'contact',
    mode: 'upsert',
    identifierMapping: [{ from: 'mail', to: 'email' }],
    mappings: [{ from: 'seats', to: 'seats' }],
    source: 'test',
  };
  const target = await openChaos({ child: true });
  const served = await serve({ ROWPOST_DESTINATIONS: DESTINATIONS, ROWPOST_URL_DEMO: `${target.url}/v1` });

  async function sync(script: ScriptPlan): Promise<{ rejected: Map<string, string>; arrived: Arrived }> {
    await target.script(script);
    await target.reset();
    const { text } = await served.call('demo', 'add', { idColumn: 'id', configuration, rows });
    const { rejectedRows }: { rejectedRows: { id: number; reason: string }[] } = JSON.parse(text).result;
    const arrived = await target.ledger();
    const rejected = new Map(rejectedRows.map(({ id, reason }) => [rows[id]?.mail ?? '', reason]));
    assertTrue({
      sent: new Map(rows.map(({ mail, seats }) => [mail, { seats }])),
      rejected: [...rejected.keys()],
      arrived,
      same: (value, sent) => assert.deepEqual((value as { properties: unknown }).properties, sent), // as the manifest writes it
    });
    return { rejected, arrived };
  }

  const now = await sync({ rate: 0.5, seed: 3, faults });
  assert.ok(now.rejected.size > 0 && now.rejected.size < rows.length, `a run of both kinds: ${now.rejected.size} rejected`);
  assert.ok(now.arrived.summary.duplicates > 0, JSON.stringify(now.arrived.summary));

  const always = await sync({ rate: 1, faults: ['error-inside'] });
  assert.deepEqual([always.rejected.size, always.arrived.rows.size], [rows.length, 0]);
  assert.deepEqual(new Set(always.rejected.values()), new Set(['chaos refuses this row']));

  const never = await sync({});
  assert.deepEqual([never.rejected.size, never.arrived.rows.size], [0, rows.length]);
});
