/** Signed calls (Standard Webhooks): the published example, fresh and stale ones, changed ones, replays, and keys that are replaced. */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Credentials, parseSigningKeys } from '../../src/credentials.ts';
import { Signatures } from '../../src/server/signature.ts';
import { seeded } from '../seeded.ts';
import { call, destination, serving, TOKEN } from './serving.ts';

/** The example of the specification's reference libraries. */
const EXAMPLE = {
  key: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

const KEY = Buffer.from('a key of made-up bytes, thirty-two').toString('base64');
const OLD_KEY = Buffer.from('another key of made-up bytes').toString('base64');
const SLACK_KEY = Buffer.from('a third key of made-up bytes').toString('base64');
const NOW = 1_700_000_000;

interface Signing {
  readonly id?: string;
  readonly timestamp?: number | string;
  readonly key?: string;
}

let calls = 0;

function signed(body: string | Buffer, { id = `msg_${++calls}`, timestamp = NOW, key = KEY }: Signing = {}) {
  const digest = createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${digest}` };
}

const slack = destination('slack', { ping: async () => 'pong' });
const crm = destination('crm', { ping: async () => 'pong' });

const CREDENTIALS: Credentials = {
  tokens: [{ secret: TOKEN, destinations: undefined }],
  signingKeys: [
    { secret: KEY, destinations: undefined },
    { secret: OLD_KEY, destinations: undefined },
    { secret: SLACK_KEY, destinations: new Set(['slack']) },
  ],
};

describe('signed calls', async () => {
  const { post, lines } = await serving([slack, crm], { credentials: () => CREDENTIALS, now: () => NOW * 1000 });
  const body = call('ping');
  const sent = (headers: Record<string, string>, id = 'slack', text: string | Uint8Array<ArrayBuffer> = body) =>
    post(`/hightouch/${id}`, text, headers);

  const taken: [string, Record<string, string>, string?][] = [
    ['signed now', signed(body)],
    ['signed with the key that is being replaced', signed(body, { key: OLD_KEY })],
    ['300 seconds old', signed(body, { timestamp: NOW - 300 })],
    ['of a clock that is 300 seconds ahead', signed(body, { timestamp: NOW + 300 })],
    ['signed with a key for this destination', signed(body, { key: SLACK_KEY })],
    [
      'whose second signature fits',
      {
        ...signed(body, { id: 'two' }),
        'webhook-signature': `v1,AAAA v1a,x ${signed(body, { id: 'two' })['webhook-signature']}`,
      },
    ],
    ['with a token and no signature', { authorization: `Bearer ${TOKEN}` }],
  ];
  for (const [what, headers, id] of taken) {
    it(`takes a call ${what}`, async () => assert.equal((await sent(headers, id)).status, 200));
  }

  it('takes a call that is sent again with a signature of its own', async () => {
    assert.equal((await sent(signed(body, { id: 'again', timestamp: NOW - 1 }))).status, 200);
    assert.equal((await sent(signed(body, { id: 'again', timestamp: NOW }))).status, 200);
  });

  it('signs what the body is, not how it is compressed', async () => {
    const headers = { ...signed(body), 'content-encoding': 'gzip' };
    assert.equal((await sent(headers, 'slack', new Uint8Array(gzipSync(body)))).status, 200);
  });

  const refused: [string, Record<string, string>, RegExp][] = [
    ['without anything', {}, /wants the header "Authorization: Bearer …".* or a signature/],
    ['301 seconds old', signed(body, { timestamp: NOW - 301 }), /more than 300 seconds away/],
    ['of a clock that is 301 seconds ahead', signed(body, { timestamp: NOW + 301 }), /more than 300 seconds away/],
    ['with another body', signed(`${body} `), /fits none/],
    ['with another id', { ...signed(body), 'webhook-id': 'other' }, /fits none/],
    ['with another time', { ...signed(body), 'webhook-timestamp': String(NOW - 1) }, /fits none/],
    ['with a key that is not known', signed(body, { key: Buffer.alloc(32).toString('base64') }), /fits none/],
    ['without a signature', { ...signed(body), 'webhook-signature': '' }, /fits none/],
    [
      'whose signature is cut',
      { ...signed(body, { id: 'cut' }), 'webhook-signature': signed(body, { id: 'cut' })['webhook-signature'].slice(0, -4) },
      /fits none/,
    ],
    [
      'of another version',
      { ...signed(body, { id: 'v2' }), 'webhook-signature': signed(body, { id: 'v2' })['webhook-signature'].replace('v1', 'v2') },
      /fits none/,
    ],
    [
      'with nine wrong signatures before the right one',
      {
        ...signed(body, { id: 'nine' }),
        'webhook-signature': `${'v1,AAAA '.repeat(9)}${signed(body, { id: 'nine' })['webhook-signature']}`,
      },
      /fits none/,
    ],
    ['without an id', { 'webhook-timestamp': String(NOW), 'webhook-signature': 'v1,x' }, /one of them is missing/],
    ['with a time that is none', signed(body, { timestamp: '1e9' }), /whole seconds/],
    ['with a negative time', signed(body, { timestamp: -NOW }), /whole seconds/],
    ['with a very long id', signed(body, { id: 'x'.repeat(257) }), /1 to 256/],
    ['with a wrong token beside a right signature', { ...signed(body), authorization: 'Bearer wrong-horse' }, /not known/],
  ];
  for (const [what, headers, why] of refused) {
    it(`refuses a call ${what}`, async () => {
      const { status, text } = await sent(headers);
      assert.equal(status, 401);
      const { error } = JSON.parse(text);
      assert.equal(error.code, -32003);
      assert.match(error.message, why);
    });
  }

  it('takes a signed call once', async () => {
    const headers = signed(body, { id: 'once' });
    assert.equal((await sent(headers)).status, 200);
    const { status, text } = await sent(headers);
    assert.equal(status, 401);
    assert.match(text, /was taken before/);
    assert.equal((await sent(headers, 'crm')).status, 401);
  });

  it('keeps a key to its destination', async () => {
    assert.equal((await sent(signed(body, { key: SLACK_KEY }), 'crm')).status, 401);
  });

  it('names no destination to who has proved nothing', async () => {
    const { status, text } = await sent(signed(body, { key: Buffer.alloc(32).toString('base64') }), 'slak');
    assert.equal(status, 404);
    assert.doesNotMatch(text, /slack|crm/);
  });

  it('logs neither keys nor signatures', () => {
    assert.doesNotMatch(JSON.stringify(lines), new RegExp(`v1,|${[KEY, OLD_KEY].join('|').replaceAll('+', '\\+')}`));
  });
});

describe('Signatures', () => {
  const keysOf = (text: string) => parseSigningKeys(text) ?? assert.fail('no keys');

  it('takes the published example', () => {
    const signatures = new Signatures(() => EXAMPLE.timestamp * 1000);
    const headers = {
      'webhook-id': EXAMPLE.id,
      'webhook-timestamp': String(EXAMPLE.timestamp),
      'webhook-signature': EXAMPLE.signature,
    };
    const claim = signatures.claim(headers);
    assert.ok(typeof claim === 'object');
    assert.equal(signatures.refuses(claim, Buffer.from(EXAMPLE.body), keysOf(EXAMPLE.key)), undefined);
  });

  it('refuses what it forgot to remember, rather than taking it again', () => {
    const signatures = new Signatures(() => NOW * 1000);
    const keys = keysOf(KEY);
    const take = (id: string, timestamp: number) => {
      const claim = signatures.claim(signed('x', { id, timestamp }));
      return typeof claim === 'object' ? signatures.refuses(claim, Buffer.from('x'), keys) : (claim ?? 'no claim');
    };
    assert.equal(take('first', NOW - 100), undefined);
    // As many as are remembered, and one more.
    for (let index = 0; index < 100_000; index++) assert.equal(take(`m${index}`, NOW - 10), undefined);
    assert.match(take('first', NOW - 100) ?? '', /taken before, or is older/);
    assert.match(take('as old as the first', NOW - 100) ?? '', /taken before, or is older/);
    assert.equal(take('younger', NOW - 99), undefined);
    assert.match(take('m99999', NOW - 10) ?? '', /taken before/);
  });
});

/** `AUTH=100000 node test/run.js test/server/signature.test.ts` is the long form. */
const COUNT = Number(process.env.AUTH ?? 2000);

describe('forging', async () => {
  const { post } = await serving([slack], { credentials: () => CREDENTIALS, now: () => NOW * 1000 });
  const body = call('ping');

  it(`takes none of ${COUNT} calls that are changed, stale, replayed or signed by somebody else`, async (t) => {
    const random = seeded(Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31)));
    const pick = (most: number) => Math.floor(random() * most);
    const replayed = signed(body, { id: 'replayed' });
    assert.equal((await post('/hightouch/slack', body, replayed)).status, 200);
    const changed = (text: string) => {
      const at = pick(text.length);
      return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    };
    const forged: (() => [Record<string, string>, string])[] = [
      () => [replayed, body],
      () => [signed(body, { timestamp: NOW + (pick(2) ? 1 : -1) * (301 + pick(1e6)) }), body],
      () => [signed(body), `${body}${' '.repeat(1 + pick(3))}`],
      () => [signed(body, { key: Buffer.from(Array.from({ length: 32 }, () => pick(256))).toString('base64') }), body],
      () => [{ ...signed(body), 'webhook-id': `forged-${pick(1e9)}` }, body],
      () => [{ ...signed(body), 'webhook-timestamp': String(NOW - 1 - pick(200)) }, body],
      () => {
        const headers = signed(body);
        const [version = '', signature = ''] = headers['webhook-signature'].split(',');
        const other = changed(signature.slice(0, -2));
        return [{ ...headers, 'webhook-signature': `${version},${other}${signature.slice(-2)}` }, body];
      },
      () => [
        {
          ...signed(body),
          'webhook-signature': `v1,${Buffer.from(Array.from({ length: pick(40) }, () => pick(256))).toString('base64')}`,
        },
        body,
      ],
    ];
    let refused = 0;
    for (let sent = 0; sent < COUNT; sent += 50) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const [headers, text] = forged[pick(forged.length)]?.() ?? assert.fail('no way to forge');
          return (await post('/hightouch/slack', text, headers)).status;
        }),
      );
      refused += answers.filter((status) => status === 401).length;
    }
    assert.equal(refused, Math.ceil(COUNT / 50) * 50);
    t.diagnostic(`${refused} forged calls, none taken`);
  });
});
