/** Every fault on the wire, as a raw client sees it, and in the ledger. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FAULT_NAMES, type FaultName, KINDS } from '../../src/commands/chaos/faults.ts';
import { startChaos } from '../../src/commands/chaos/server.ts';
import { parseHttpDate } from '../../src/outbound/http-date.ts';
import { later, until } from '../commands/running.ts';
import { type RawClient, rawClient, written } from './raw-client.ts';

const ROWS = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
const YES = '{"ok":true,"results":[{"id":"a","ok":true},{"id":"b","ok":true},{"id":"c","ok":true}]}';
const HALF = YES.slice(0, YES.length >> 1);
const NEXT = '{"ok":true,"results":[{"id":"next","ok":true}]}';
const REFUSED = /^\{"ok":false,"error":"[^"]+"\}$/;
/** Milliseconds: late enough to be told from at once, also on a busy machine. */
const LATE = 300;
const DRIP = 2;
/** Milliseconds in which nothing comes from somebody who hangs. */
const SILENCE = 100;

/** Reads what is on the wire, and asserts it. */
type Proof = (client: RawClient) => Promise<void>;

interface Answer {
  readonly head: string;
  readonly body: string;
}

/** The first answer of what came, by its own length, which is taken off. */
async function nextAnswer({ came, read }: RawClient): Promise<Answer> {
  await read(/\r\n\r\n/);
  const start = came.text.indexOf('\r\n\r\n') + 4;
  const head = came.text.slice(0, start);
  const end = start + Number(/content-length: (\d+)/i.exec(head)?.[1]);
  await read(new RegExp(`^[\\s\\S]{${end}}`));
  const body = came.text.slice(start, end);
  came.text = came.text.slice(end);
  return { head, body };
}

/** The connection is good for another request. */
async function goesOn(client: RawClient): Promise<void> {
  client.socket.write(written({ id: 'next' }));
  const { head, body } = await nextAnswer(client);
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(body, NEXT);
}

/** A whole answer, and nothing else. */
function answers(head: RegExp, body: string | RegExp, check: (answer: Answer) => void = () => undefined): Proof {
  return async (client) => {
    const answer = await nextAnswer(client);
    assert.match(answer.head, head);
    if (typeof body === 'string') assert.equal(answer.body, body);
    else assert.match(answer.body, body);
    check(answer);
    await goesOn(client);
  };
}

const yes = answers(/^HTTP\/1\.1 200 OK\r\n/, YES);

function refuses(status: number, check?: (head: string) => void): Proof {
  return answers(new RegExp(`^HTTP/1\\.1 ${status} `), REFUSED, ({ head }) => {
    if (check === undefined) assert.doesNotMatch(head, /retry-after|location/i);
    else check(head);
  });
}

function headerOf(head: string, name: string): string {
  return new RegExp(`\r\n${name}: ([^\r]*)\r\n`, 'i').exec(head)?.[1] ?? assert.fail(`no ${name} in ${head}`);
}

const inSeconds = (head: string) => assert.match(headerOf(head, 'retry-after'), /^[1-9]$/);
const asDate = (head: string) => {
  const at = parseHttpDate(headerOf(head, 'retry-after'), Date.now()) ?? 0;
  // It was made moments ago, and has whole seconds.
  assert.ok(at > Date.now() - 60_000 && at < Date.now() + 5000, headerOf(head, 'retry-after'));
};
const unreadable = (head: string) => {
  assert.ok(Number.isNaN(Number(headerOf(head, 'retry-after'))));
  assert.equal(parseHttpDate(headerOf(head, 'retry-after'), Date.now()), undefined);
};
const leadsElsewhere = (head: string) => assert.equal(headerOf(head, 'location'), '/chaos/elsewhere');

/** Exactly this comes, and then the end. */
function ends(how: 'fin' | 'reset', came = /^$/): Proof {
  return async (client) => {
    assert.equal(await client.done(), how);
    assert.match(client.came.text, came);
  };
}

/** Exactly this comes, and then nothing, nor an end. */
function hangs(came = /^$/): Proof {
  return async (client) => {
    await client.read(came);
    await later(SILENCE);
    assert.equal(client.ended(), 'open');
    assert.match(client.came.text, came);
  };
}

/** It takes at least as long. */
function slowly(milliseconds: number, proof: Proof): Proof {
  return async (client) => {
    const begun = performance.now();
    await proof(client);
    const took = performance.now() - begun;
    // A tenth less: the request left before the clock was read.
    assert.ok(took >= milliseconds * 0.9, `it took ${took} ms`);
  };
}

/** A 200 in JSON whose head says so, then exactly this. */
function ok(header: string, body: string): RegExp {
  const literal = body.replace(/[[\]{}]/g, '\\$&');
  return new RegExp(`^HTTP/1\\.1 200 OK\r\n(?:[^\r]+\r\n)*${header}\r\n(?:[^\r]+\r\n)*\r\n${literal}$`);
}

const PROOFS: Readonly<Record<FaultName, Proof>> = {
  'reset-early': ends('reset'),
  'reset-lost': ends('reset'),
  'reset-taken': ends('reset'),
  'reset-mid-answer': ends('reset', ok(`content-length: ${YES.length}`, HALF)),
  'close-lost': ends('fin'),
  'close-taken': ends('fin'),
  'hang-lost': hangs(),
  'hang-taken': hangs(),
  late: slowly(LATE, yes),
  drip: slowly(DRIP * YES.length, async (client) => {
    await yes(client);
    assert.ok(client.came.pieces.length > 10, `${client.came.pieces.length} pieces`);
  }),
  'slow-accept': slowly(LATE, yes),
  garbage: ends('fin', /^(?!HTTP)[\s\S]+\r\n$/),
  'bad-chunks': ends('fin', ok('transfer-encoding: chunked', `zz\r\n${YES}\r\n0\r\n\r\n`)),
  'half-body': ends('fin', ok(`content-length: ${YES.length}`, HALF)),
  'length-long': hangs(ok(`content-length: ${YES.length + 1}`, YES)),
  async 'length-short'(client) {
    assert.equal((await nextAnswer(client)).body, HALF);
    client.socket.write(written({ id: 'next' }));
    const came = await client.read(/"next"/);
    assert.ok(came.startsWith(`${YES.slice(HALF.length)}HTTP/1.1 200 OK\r\n`), came);
  },
  async 'two-answers'(client) {
    for (const _ of ['first', 'second']) {
      const { head, body } = await nextAnswer(client);
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
      assert.equal(body, YES);
    }
    await goesOn(client);
  },
  async informational(client) {
    const came = await client.read(/"c","ok":true\}\]\}$/);
    assert.deepEqual(came.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 100', 'HTTP/1.1 102', 'HTTP/1.1 103', 'HTTP/1.1 200']);
    client.came.text = came.slice(came.indexOf('HTTP/1.1 200'));
    await yes(client);
  },
  'close-after': async (client) => {
    const { head, body } = await nextAnswer(client);
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nconnection: keep-alive\r\n/i);
    assert.equal(body, YES);
    await ends('fin')(client);
  },
  'early-answer': refuses(413, () => undefined),
  'huge-header': answers(/^HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*x-huge: x{131072}\r\n/, YES),
  'gzip-lie': answers(/\r\ncontent-encoding: gzip\r\n/, YES),
  'gzip-cut': answers(/\r\ncontent-encoding: gzip\r\n/, /./, ({ body }) => {
    // It is gzip as far as it goes: another beginning would be Z_DATA_ERROR.
    assert.throws(() => gunzipSync(Buffer.from(body, 'latin1')), { code: 'Z_BUF_ERROR' });
  }),
  'error-inside': answers(/^HTTP\/1\.1 200 /, /^\{"ok":false,"results":(?=.*"a")(?=.*"b")(?=.*"c")(?!.*"ok":true)/),
  'broken-json': answers(/^HTTP\/1\.1 200 /, YES.slice(0, -2)),
  empty: answers(/^HTTP\/1\.1 200 /, ''),
  partial: answers(
    /^HTTP\/1\.1 200 /,
    /^\{"ok":false,"results":\[\{"id":"a","ok":false,"error":"[^"]+"\},\{"id":"b","ok":true\},\{"id":"c","ok":false,"error":"[^"]+"\}\]\}$/,
  ),
  'missing-results': answers(/^HTTP\/1\.1 200 /, '{"ok":true,"results":[{"id":"a","ok":true},{"id":"b","ok":true}]}'),
  'shuffled-results': answers(
    /^HTTP\/1\.1 200 /,
    '{"ok":true,"results":[{"id":"c","ok":true},{"id":"b","ok":true},{"id":"a","ok":true}]}',
  ),
  'http-429': refuses(429),
  'http-429-seconds': refuses(429, inSeconds),
  'http-429-date': refuses(429, asDate),
  'http-429-garbage': refuses(429, unreadable),
  'http-503': refuses(503),
  'http-503-seconds': refuses(503, inSeconds),
  'http-503-date': refuses(503, asDate),
  'http-503-garbage': refuses(503, unreadable),
  'http-500': refuses(500),
  'http-500-taken': refuses(500),
  'http-502': refuses(502),
  'http-502-taken': refuses(502),
  'http-504': refuses(504),
  'http-504-taken': refuses(504),
  'http-401': refuses(401),
  'http-408': refuses(408),
  'http-409': refuses(409),
  'http-425': refuses(425),
  'http-301': refuses(301, leadsElsewhere),
  'http-307': refuses(307, leadsElsewhere),
  'http-308': refuses(308, leadsElsewhere),
};

describe('on the wire and in the ledger', { concurrency: 8 }, () => {
  for (const name of FAULT_NAMES) {
    it(`${name} ${KINDS[name].sentence}`, async () => {
      const chaos = await startChaos({ script: { requests: [name] }, late: LATE, drip: DRIP });
      try {
        await PROOFS[name](await rawClient(chaos.port, written(ROWS)));
        const taken = [...chaos.ledger.rows()].filter(({ id }) => id !== 'next');
        assert.deepEqual(
          taken,
          { all: ROWS, none: [], half: ROWS.slice(1, 2) }[KINDS[name].takes].map((row) => ({
            id: row.id,
            value: row,
            requests: [1],
          })),
        );
        assert.equal(chaos.ledger.summary().met[name], 1);
      } finally {
        await chaos.close();
      }
    });
  }
});

describe('while the body is still to come', { concurrency: 8 }, () => {
  const [head = '', body = ''] = written(ROWS).split(/(?<=\r\n\r\n)/);

  it('reset-early resets', async () => {
    const chaos = await startChaos({ script: { requests: ['reset-early'] } });
    await ends('reset')(await rawClient(chaos.port, head));
    await chaos.close();
  });

  it('early-answer answers, and lets the body pass', async () => {
    const chaos = await startChaos({ script: { requests: ['early-answer'] } });
    const client = await rawClient(chaos.port, head);
    assert.match((await nextAnswer(client)).head, /^HTTP\/1\.1 413 /);
    client.socket.write(body);
    await goesOn(client);
    await chaos.close();
  });

  for (const name of ['reset-lost', 'close-lost', 'http-500', 'late'] as const) {
    it(`${name} waits for it`, async () => {
      const chaos = await startChaos({ script: { requests: [name] } });
      const client = await rawClient(chaos.port, head + body.slice(0, -1));
      await hangs()(client);
      assert.equal(chaos.ledger.summary().met[name], undefined);
      client.socket.write(body.slice(-1));
      await until(() => chaos.ledger.summary().met[name] === 1);
      await chaos.close();
    });
  }

  it('slow-accept leaves it where it is', async () => {
    const chaos = await startChaos({ script: { requests: ['slow-accept'] }, late: LATE });
    // More than the buffers of both ends hold.
    const client = await rawClient(chaos.port, written([{ id: 'a', text: 'x'.repeat(32 * 1024 * 1024) }]));
    await slowly(LATE, async () => void (await until(() => client.socket.writableLength === 0)))(client);
    assert.equal((await nextAnswer(client)).body, '{"ok":true,"results":[{"id":"a","ok":true}]}');
    await chaos.close();
  });

  it('a client that goes away is a request that was cut, and takes nothing', async () => {
    const chaos = await startChaos();
    const client = await rawClient(chaos.port, head + body.slice(0, -1));
    await until(() => chaos.ledger.summary().requests === 1);
    client.socket.resetAndDestroy();
    await until(() => chaos.ledger.summary().met.cut === 1);
    assert.equal(chaos.ledger.summary().rows, 0);
    await chaos.close();
  });
});

it('what was taken stays taken, although the client went before the answer', async () => {
  const chaos = await startChaos({ script: { requests: ['late', 'hang-taken', 'drip'] }, late: LATE });
  for (const id of ['one', 'two', 'three']) {
    const client = await rawClient(chaos.port, written({ id }));
    await until(() => chaos.ledger.get(id) !== undefined);
    client.socket.resetAndDestroy();
  }
  assert.deepEqual(
    [...chaos.ledger.rows()].map(({ id, requests }) => [id, requests]),
    [
      ['one', [1]],
      ['two', [2]],
      ['three', [3]],
    ],
  );
  await chaos.close();
});

it('a client that went while its request was left unread is no trouble to the next one', async () => {
  const chaos = await startChaos({ script: { requests: ['slow-accept'] }, late: LATE });
  const client = await rawClient(chaos.port, written(ROWS));
  await until(() => chaos.ledger.summary().requests === 1);
  client.socket.resetAndDestroy();
  await until(() => chaos.ledger.summary().met.underway === undefined);
  await goesOn(await rawClient(chaos.port));
  await chaos.close();
});
