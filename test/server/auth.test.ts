/** Who may call: tokens, their rotation, and web pages of other sites. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { call, destination, serving, TOKEN } from './serving.ts';

const slack = destination('slack', { ping: async () => 'pong' });

describe('a server with tokens', async () => {
  const other = 'another-horse';
  const { post, lines } = await serving([slack], { tokens: [TOKEN, other] });

  for (const header of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN}`, `Bearer ${other}`]) {
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
