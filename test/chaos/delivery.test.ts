/** The promise, against an API that misbehaves: what is not rejected is in its ledger, whatever fault came, and how often. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAULT_NAMES, type FaultName } from '../../src/commands/chaos/faults.ts';
import type { ScriptPlan } from '../../src/commands/chaos/script.ts';
import { realClock } from '../../src/commands/real-world.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import { createUndiciTransport } from '../../src/outbound/undici-transport.ts';
import { call, destinationOf, type Row } from '../delivery/calling.ts';
import { type Create, TRANSPORTS } from '../outbound/transports.ts';
import { seeded } from '../seeded.ts';
import { type Arrived, assertTrue, type DoorOptions, openChaos } from './door.ts';
import { startProxy, type Weather } from './proxy.ts';

const SEED = Number(process.env.SEED ?? 1);
/** Rows of the long form; 0 leaves it out. */
const MANY = Number(process.env.CHAOS ?? 0);
/** A 200 that says no in its body: only for manifests that read it. */
const SAYS_NO_INSIDE: readonly FaultName[] = ['error-inside', 'partial'];
const LONG = 'CHAOS=100000 runs it';
const WHOLE_STATUS = FAULT_NAMES.filter((name) => !SAYS_NO_INSIDE.includes(name));

/** So many in a call: the breaker, which keeps further requests back, opens at five of them and more. */
const AT_ONCE = 4;
/** Rows of such a call: in batches of five enough for each fault. */
const ROWS = 30;
/** What they ask for is waited for, seconds: for the long form. */
const WAITS = /-(?:seconds|date)$/;

interface Manifest {
  readonly name: string;
  readonly request: string;
  readonly faults: readonly FaultName[];
  readonly idempotent: boolean;
}

const RETRY = 'retry: { attempts: 3, backoff: 1ms..5ms }\ntimeout: 1s\n';
const BATCH = `${RETRY}post: /rows\nbatch: { size: 5 }\nitem: { id: "{{ record.id }}", v: "{{ record.v }}" }\njson: { rows: "{{ items }}" }\n`;
const EACH = 'response: { key: record.id, rows: { each: body.results, key: result.id, ok: result.ok } }\n';

const MANIFESTS: readonly Manifest[] = [
  {
    name: 'one row in a request, judged by the status',
    request: `${RETRY}put: "/rows/{{ record.id }}"\njson: { v: "{{ record.v }}" }\n`,
    faults: WHOLE_STATUS,
    idempotent: true,
  },
  { name: 'batches, judged row by row', request: `${BATCH}idempotent: true\n${EACH}`, faults: FAULT_NAMES, idempotent: true },
  {
    name: 'batches, judged as a whole',
    request: `${BATCH}idempotent: true\nresponse: { ok: body.ok }\n`,
    faults: FAULT_NAMES,
    idempotent: true,
  },
  { name: 'batches that must not be repeated', request: `${BATCH}${EACH}`, faults: FAULT_NAMES, idempotent: false },
];

interface Running extends Pick<DoorOptions, 'child'> {
  /** A call for each, against the same API. */
  readonly scripts: readonly ScriptPlan[];
  /** Of each call. */
  readonly rows: number;
  readonly weather?: Weather;
  /** Milliseconds. */
  readonly deadline: number;
  readonly concurrency?: number;
  /** Makes the transport: the one that is used by default unless given. */
  readonly create?: Create;
  /** Milliseconds that the API is gone for, from the first request of the first call on. */
  readonly outage?: number;
}

interface Run {
  readonly rows: number;
  /** Requests that were tried. */
  readonly tried: number;
  readonly rejected: number;
  readonly arrived: Arrived;
}

/** Delivers rows to an API of its own, perhaps over a bad network, and holds what is told against what arrived. */
async function run({ request, idempotent }: Manifest, running: Running): Promise<Run> {
  const {
    child = false,
    scripts,
    rows: count,
    weather,
    deadline,
    concurrency = 2,
    create = createUndiciTransport,
    outage,
  } = running;
  const chaos = await openChaos({ child });
  const proxy = weather && (await startProxy(chaos, SEED));
  proxy?.weather(weather ?? {});
  const transport = create({ connections: concurrency, guard: createGuard(['127.0.0.0/8']), maxResponse: 1_000_000 });
  const bound = destinationOf(request, { url: proxy?.url ?? chaos.url, connection: `concurrency: ${concurrency}` });
  const sent = new Map<string, Row>();
  const refused: string[] = [];
  let tried = 0;
  try {
    for (const [round, script] of scripts.entries()) {
      await chaos.script({ seed: SEED, ...script });
      const rows = Array.from({ length: count }, (_, index) => ({ id: `row-${round}-${index}`, v: index }));
      for (const row of rows) sent.set(row.id, row);
      const called = await call(bound, {
        rows,
        clock: realClock,
        deadline,
        random: seeded(SEED),
        send: async (one, n, sending) => {
          tried++;
          if (round === 0 && n === 0 && outage !== undefined) await chaos.down(outage);
          return transport.send(one, sending);
        },
      });
      assert.deepEqual(called.bugs, []);
      refused.push(...called.rejected.map(({ id }) => String(id)));
    }
    const arrived = await chaos.ledger();
    assertTrue({
      sent,
      rejected: refused,
      arrived,
      once: !idempotent,
      // A row that its URL names has no id in its body.
      same: (value, row) => assert.deepEqual({ ...(row as Row), ...(value as Row) }, row), // both objects, as the manifests write them
    });
    return { rows: sent.size, tried, rejected: refused.length, arrived };
  } finally {
    transport.close();
    await proxy?.close();
    await chaos.close();
  }
}

describe('nothing is lost where every fault is met, over a bad network', { concurrency: 4 }, () => {
  for (const [name, create] of TRANSPORTS)
    for (const manifest of MANIFESTS) {
      it(`${name}: ${manifest.name}`, async () => {
        const faults = manifest.faults.filter((name) => !WAITS.test(name));
        const scripts = Array.from({ length: Math.ceil(faults.length / AT_ONCE) }, (_, round) => ({
          requests: faults.slice(round * AT_ONCE, (round + 1) * AT_ONCE),
        }));
        const weather = { latency: 1, jitter: 3, slice: 1000, down: { after: 20_000, how: 'reset' } } as const;
        const { rows, rejected, arrived } = await run(manifest, {
          scripts,
          rows: ROWS,
          weather,
          deadline: 20_000,
          concurrency: 4,
          create,
        });
        assert.ok(rejected < rows / 2, `${rejected} of ${rows} rejected`);
        assert.deepEqual(
          faults.filter((name) => arrived.summary.met[name] === undefined),
          [],
        );
      });
    }
});

it('nothing is lost where the API is gone for a while, and it goes on when it is back', async () => {
  for (const create of TRANSPORTS.values())
    for (const manifest of MANIFESTS) {
      const patient = { ...manifest, request: manifest.request.replace('1ms..5ms', '100ms..400ms') };
      const { tried, rejected, arrived } = await run(patient, {
        scripts: [{}, {}],
        rows: 50,
        deadline: 20_000,
        create,
        outage: 500,
      });
      assert.ok(tried > arrived.summary.requests, 'some met the outage');
      assert.ok(rejected <= 50, `${rejected} rejected, more than the first call had`);
    }
});

describe('nothing is lost to one fault that comes again and again', { skip: MANY === 0 && LONG, concurrency: 4 }, () => {
  for (const manifest of MANIFESTS) {
    for (const name of manifest.faults) {
      it(`${name}: ${manifest.name}`, async () => {
        // Less than any Retry-After, so that it is not waited for.
        const { arrived } = await run(manifest, { scripts: [{ faults: [name], rate: 0.6 }], rows: 20, deadline: 900 });
        assert.ok((arrived.summary.met[name] ?? 0) > 0);
      });
    }
  }
});

describe('nothing is lost of many rows', { skip: MANY === 0 && LONG }, () => {
  for (const manifest of MANIFESTS.filter(({ request }) => request.startsWith(BATCH))) {
    it(manifest.name, async (t) => {
      const begun = performance.now();
      const larger = { ...manifest, request: manifest.request.replace('size: 5', 'size: 100') };
      const scripts = [{ faults: manifest.faults, rate: 0.2 }];
      const options = { child: true, scripts, rows: MANY, deadline: 600_000, concurrency: 8 };
      const { rejected, arrived } = await run(larger, options);
      const seconds = (performance.now() - begun) / 1000;
      const { requests, distinct, duplicates, met } = arrived.summary;
      assert.ok((met.honest ?? 0) < requests, 'some faults were met');
      t.diagnostic(
        `seed ${SEED}: ${MANY} rows in ${seconds.toFixed(1)} s, ${requests} requests, ${met.honest ?? 0} of them honest`,
      );
      t.diagnostic(`${rejected} rejected; ${distinct} in the ledger, and ${duplicates} duplicates`);
    });
  }
});
