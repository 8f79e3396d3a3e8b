/** Who may call: tokens in every place, limited ones, their rotation, addresses, and web pages of other sites. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Context } from 'koa';
import type { Credentials } from '../../src/credentials.ts';
import { Refusal } from '../../src/server/refusal.ts';
import { seeded } from '../seeded.ts';
import { call, destination, gateOf, serving, TOKEN } from './serving.ts';

const slack = destination('slack', { ping: async () => 'pong' });
const crm = destination('crm', { ping: async () => 'pong' });

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

describe('a server with tokens', async () => {
  const other = 'another-horse';
  const { post, lines } = await serving([slack], { tokens: [TOKEN, other] });

  for (const header of [
    `Bearer ${TOKEN}`,
    `bearer ${TOKEN}`,
    `BEARER  ${TOKEN}`,
    `Bearer ${other}`,
    basic('hightouch', TOKEN),
    basic('', other),
    basic(TOKEN, ''),
  ]) {
    it(`takes ${header}`, async () => {
      assert.equal((await post('/hightouch/slack', call('ping'), { authorization: header })).status, 200);
    });
  }

  for (const header of [
    undefined,
    '',
    'Bearer',
    'Bearer x',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    TOKEN,
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN} ${other}`,
    `Bearer ${TOKEN},${other}`,
    basic(TOKEN, 'x'),
    basic('hightouch', `${TOKEN}:`),
    basic('', ''),
    `Basic ${Buffer.from(TOKEN).toString('base64')}`,
    'Basic !',
  ]) {
    it(`refuses ${header ?? 'no header'}`, async () => {
      lines.length = 0;
      const { status, headers, text } = await post(
        '/hightouch/slack',
        call('ping'),
        header === undefined ? {} : { authorization: header },
      );
      assert.equal(status, 401);
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer/);
      const { id, error } = JSON.parse(text);
      assert.equal(id, null);
      assert.equal(error.code, -32003);
      assert.doesNotMatch(text, /horse|slack/);
      assert.doesNotMatch(JSON.stringify(lines), /horse/);
      assert.deepEqual(
        lines.map(({ destination, status, methods }) => ({ destination, status, methods })),
        [{ destination: '?', status: 401, methods: [] }],
      );
    });
  }

  it('takes the token as the last part of the path, and does not log it', async () => {
    lines.length = 0;
    assert.equal((await post(`/hightouch/slack/${TOKEN}`, call('ping'))).status, 200);
    assert.equal((await post(`/hightouch/slack/${TOKEN}`, call('ping'), { authorization: 'Bearer of-a-gateway' })).status, 200);
    assert.doesNotMatch(JSON.stringify(lines), /horse/);
    for (const path of [`${TOKEN}x`, '', `${TOKEN}/x`, `x/${TOKEN}`, '%', encodeURIComponent(`${TOKEN}/`)]) {
      const { status, text } = await post(`/hightouch/slack/${path}`, call('ping'));
      assert.equal(status, 401, path);
      assert.doesNotMatch(text, /horse/);
    }
    assert.equal((await post(`/hightouch/${TOKEN}`, call('ping'))).status, 401);
    assert.equal((await post(`/hightouch/${TOKEN}/slack`, call('ping'))).status, 401);
  });

  it('needs no more than the token from a web page', async () => {
    assert.equal(
      (await post('/hightouch/slack', call('ping'), { authorization: `Bearer ${TOKEN}`, origin: 'https://example.com' })).status,
      200,
    );
  });

  it('refuses before it reads', async () => {
    const { status } = await post('/hightouch/slack', new Uint8Array(5_000_000));
    assert.equal(status, 401);
  });
});

describe('a server without tokens', async () => {
  const { post } = await serving([slack]);

  for (const [origin, status] of [
    [undefined, 200],
    ['http://localhost:3000', 200],
    ['http://127.0.0.1:8080', 200],
    ['http://[::1]:8080', 200],
    ['https://example.com', 403],
    ['http://localhost.example.com', 403],
    ['null', 403],
  ] as const) {
    it(`answers ${status} to ${origin ?? 'what is no web page'}`, async () => {
      const answer = await post('/hightouch/slack', call('ping'), origin === undefined ? {} : { origin });
      assert.equal(answer.status, status);
      if (status === 403) assert.equal(JSON.parse(answer.text).error.code, -32003);
    });
  }
});

describe('a server with tokens for some destinations', async () => {
  const credentials: Credentials = {
    tokens: [
      { secret: TOKEN, destinations: undefined },
      { secret: 'only-for-slack', destinations: new Set(['slack']) },
      { secret: 'for-both-of-them', destinations: new Set(['slack', 'crm']) },
    ],
    signingKeys: [],
  };
  const hosts = [slack, { ...crm, state: 'broken', problems: ['crm.yaml:3:1  wrong'] } as const];
  const { post, get } = await serving(hosts, { credentials: () => credentials });

  for (const [token, id, status] of [
    [TOKEN, 'slack', 200],
    [TOKEN, 'crm', 200],
    ['only-for-slack', 'slack', 200],
    ['only-for-slack', 'crm', 403],
    ['only-for-slack', 'nothing', 403],
    ['for-both-of-them', 'crm', 200],
    ['for-both-of-them', 'nothing', 403],
    [TOKEN, 'nothing', 404],
  ] as const) {
    it(`answers ${status} to ${token} at ${id}`, async () => {
      for (const headers of [{ authorization: `Bearer ${token}` }, { authorization: basic('x', token) }]) {
        const answer = await post(`/hightouch/${id}`, call('ping'), headers);
        assert.equal(answer.status, status);
        if (status === 403) assert.deepEqual(JSON.parse(answer.text).error, { code: -32003, message: FOR_OTHERS(id) });
      }
    });
  }

  it('shows what is wrong to those whom it concerns', async () => {
    for (const [token, seen] of [
      ['only-for-slack', false],
      ['for-both-of-them', true],
    ] as const) {
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await get('/readyz', { headers })).text.includes('crm.yaml:3:1'), seen);
      assert.equal((await get('/', { headers })).text.includes('crm'), seen);
    }
  });
});

const FOR_OTHERS = (id: string) =>
  `What this call was sent with is for other destinations than "${id}". Use a token that is for it.`;

describe('addresses that calls may come from', async () => {
  const behind = await serving([slack], {
    tokens: [TOKEN],
    allowFrom: ['10.0.0.0/8', 'fd00::/8'],
    trustedProxies: ['127.0.0.1', '10.9.9.9'],
  });
  const direct = await serving([slack], { tokens: [TOKEN], allowFrom: ['10.0.0.0/8'] });
  const own = await serving([slack], { tokens: [TOKEN], allowFrom: ['127.0.0.0/8'] });
  const headers = { authorization: `Bearer ${TOKEN}` };

  const table: [string | undefined, number][] = [
    ['10.1.2.3', 200],
    ['10.1.2.3:4711', 200],
    ['::ffff:10.1.2.3', 200],
    ['[fd00::1]:4711', 200],
    ['fd00::1', 200],
    ['8.8.8.8', 403],
    // Who connects adds at the end; what it was sent stands before.
    ['10.1.2.3, 8.8.8.8', 403],
    ['8.8.8.8, 10.1.2.3', 200],
    ['8.8.8.8, 10.9.9.9', 403],
    ['10.1.2.3, 10.9.9.9', 200],
    ['unknown', 403],
    ['10.1.2.3, unknown', 403],
    ['10.1.2.3,', 403],
    [undefined, 403],
    ['', 403],
  ];
  for (const [forwarded, status] of table) {
    it(`answers ${status} behind a proxy that names ${forwarded ?? 'nobody'}`, async () => {
      const more = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
      const answer = await behind.post('/hightouch/slack', call('ping'), { ...headers, ...more });
      assert.equal(answer.status, status);
      if (status === 403) assert.match(JSON.parse(answer.text).error.message, /are not taken here.*ROWPOST_ALLOW_FROM/);
    });
  }

  it('believes nobody else', async () => {
    const answer = await direct.post('/hightouch/slack', call('ping'), { ...headers, 'x-forwarded-for': '10.1.2.3' });
    assert.equal(answer.status, 403);
    assert.match(JSON.parse(answer.text).error.message, /^Calls from 127\.0\.0\.1 are not taken here/);
  });

  it('takes calls from there, with a token only', async () => {
    assert.equal((await own.post('/hightouch/slack', call('ping'), headers)).status, 200);
    assert.equal((await own.post('/hightouch/slack', call('ping'))).status, 401);
  });

  it('tells others whether it lives, and nothing more', async () => {
    assert.equal((await direct.get('/healthz')).status, 200);
    assert.doesNotMatch((await direct.get('/', { headers })).text, /slack/);
  });
});

/** `AUTH=100000 node test/run.js test/server/auth.test.ts` is the long form. */
const COUNT = Number(process.env.AUTH ?? 2000);

describe('guessing', async () => {
  const { post } = await serving([slack], { tokens: [TOKEN], bodyLimit: 10_000 });

  it(`takes none of ${COUNT} wrong tokens`, async (t) => {
    const random = seeded(Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31)));
    const letter = () => String.fromCharCode(33 + Math.floor(random() * 94));
    const at = () => Math.floor(random() * (TOKEN.length + 1));
    const wrong = [
      () => TOKEN.slice(0, at()),
      () => TOKEN.slice(at()),
      () => TOKEN + letter(),
      () => letter() + TOKEN,
      () => ((index) => TOKEN.slice(0, index) + letter() + TOKEN.slice(index + 1))(at()),
      () => TOKEN.toUpperCase(),
      () => [...TOKEN].reverse().join(''),
      () => Array.from({ length: 1 + at() }, letter).join(''),
      () => `${TOKEN},${TOKEN}`,
      () => encodeURIComponent(`${TOKEN}${String.fromCharCode(Math.floor(random() * 32))}`),
      () => Buffer.from(TOKEN).toString('base64'),
    ];
    let refused = 0;
    for (let sent = 0; sent < COUNT; sent += 50) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const token = wrong[Math.floor(random() * wrong.length)]?.() ?? '';
          if (token === TOKEN) return 401;
          const way = Math.floor(random() * 3);
          const authorization = way === 0 ? `Bearer ${token}` : way === 1 ? basic('x', token) : undefined;
          const path = way === 2 ? `/hightouch/slack/${encodeURIComponent(token)}` : '/hightouch/slack';
          return (await post(path, call('ping'), authorization === undefined ? {} : { authorization })).status;
        }),
      );
      refused += answers.filter((status) => status === 401).length;
    }
    assert.equal(refused, Math.ceil(COUNT / 50) * 50);
    t.diagnostic(`${refused} wrong tokens, none taken`);
  });

  it('takes as long for a token that is nearly right as for one that is all wrong', (t) => {
    const gate = gateOf({ tokens: [TOKEN, 'another-horse'] });
    const nearly = `${TOKEN.slice(0, -1)}x`;
    const wrong = 'x'.repeat(TOKEN.length);
    const times = { nearly: [] as number[], wrong: [] as number[] };
    const random = seeded(1);
    for (let turn = 0; turn < COUNT * 4; turn++) {
      const kind = random() < 0.5 ? 'nearly' : 'wrong';
      const ctx = asking(`Bearer ${kind === 'nearly' ? nearly : wrong}`);
      const begin = process.hrtime.bigint();
      assert.throws(() => gate.admit(ctx), Refusal);
      times[kind].push(Number(process.hrtime.bigint() - begin));
    }
    const score = welch(calm(times.nearly), calm(times.wrong));
    t.diagnostic(`Welch's t of ${COUNT * 4} comparisons: ${score.toFixed(2)}`);
    // The bound of the dudect method (Reparaz and others, 2017) is 10 for "surely not constant".
    if (COUNT >= 100_000) assert.ok(Math.abs(score) < 10, `${score}`);
  });
});

/** As much of a request as the gate looks at. */
function asking(authorization: string): Context {
  const get = (name: string) => (name === 'authorization' ? authorization : '');
  return { get, req: { headers: {}, socket: { remoteAddress: '127.0.0.1' } } } as unknown as Context; // the gate reads nothing else
}

/** Without the slowest twentieth: collections of garbage, other processes. */
function calm(times: readonly number[]): number[] {
  return times.toSorted((a, b) => a - b).slice(0, Math.floor(times.length * 0.95));
}

function welch(a: readonly number[], b: readonly number[]): number {
  const of = (list: readonly number[]) => {
    const mean = list.reduce((sum, one) => sum + one, 0) / list.length;
    return { mean, error: list.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (list.length - 1) / list.length };
  };
  const [x, y] = [of(a), of(b)];
  return (x.mean - y.mean) / Math.sqrt(x.error + y.error);
}
