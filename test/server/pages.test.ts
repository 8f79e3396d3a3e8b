/** Health, readiness and the page for people. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { destination, serving, TOKEN } from './serving.ts';

const ready = destination('slack', {}, { name: 'Slack <b>&"\'', description: 'Messages </small><script>' });
const broken = destination('a b/c', {}, { state: 'broken', problems: ['canary-problem <i>'] });
const authorization = `Bearer ${TOKEN}`;

describe('/healthz', async () => {
  const { get, post } = await serving([broken], { tokens: [TOKEN] });

  it('is open, also while destinations are broken', async () => {
    const { status, text, headers } = await get('/healthz');
    assert.equal(status, 200);
    assert.equal(text, '{"status":"ok"}');
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
  });

  it('answers HEAD, and nothing but GET and HEAD', async () => {
    const { status, text, headers } = await get('/healthz', { method: 'HEAD' });
    assert.deepEqual([status, text, headers.get('content-length')], [200, '', '15']);
    const posted = await post('/healthz', '{}');
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get('allow'), 'GET, HEAD');
  });
});

describe('/readyz', async () => {
  const cases = [
    ['without destinations', [], 200, 'ready'],
    ['with one that is ready', [ready, broken], 200, 'ready'],
    ['with broken ones only', [broken], 503, 'not ready'],
  ] as const;
  for (const [what, hosts, status, said] of cases) {
    const { get } = await serving(hosts, { tokens: [TOKEN] });
    it(`${what} answers ${status}`, async () => {
      const answer = await get('/readyz');
      assert.equal(answer.status, status);
      assert.deepEqual(JSON.parse(answer.text), { status: said, destinations: hosts.map(({ id, state }) => ({ id, state })) });
    });
  }

  const closed = await serving([ready, broken], { tokens: [TOKEN] });
  it('shows problems to who may call', async () => {
    const { text } = await closed.get('/readyz', { headers: { authorization } });
    assert.deepEqual(JSON.parse(text).destinations[1], { id: 'a b/c', state: 'broken', problems: ['canary-problem <i>'] });
  });

  const open = await serving([ready, broken]);
  it('shows problems where there is no token, but not to web pages of other sites', async () => {
    assert.match((await open.get('/readyz')).text, /canary-problem/);
    assert.doesNotMatch((await open.get('/readyz', { headers: { origin: 'https://example.com' } })).text, /canary-problem/);
  });
});

describe('/', async () => {
  const closed = await serving([ready, broken], { tokens: [TOKEN] });
  const open = await serving([ready, broken]);

  it('lists the destinations, escaped', async () => {
    for (const { text } of [await open.get('/'), await closed.get('/', { headers: { authorization } })]) {
      assert.ok(text.includes('<code>/hightouch/slack</code>'));
      assert.ok(text.includes('<code>/hightouch/a%20b%2Fc</code>'));
      assert.ok(text.includes('Slack &#60;b&#62;&#38;&#34;&#39;'));
      assert.ok(text.includes('canary-problem &#60;i&#62;'));
      assert.doesNotMatch(text, /<script|<b>|<i>|127\.0\.0\.1/);
    }
  });

  it('tells others only that it runs', async () => {
    const { status, text } = await closed.get('/');
    assert.equal(status, 200);
    assert.match(text, /running/);
    assert.match(text, /bearer token/);
    assert.doesNotMatch(text, /slack|canary/i);
  });

  it('lets a browser do nothing but show it', async () => {
    const { headers, text } = await open.get('/');
    assert.match(headers.get('content-type') ?? '', /^text\/html; charset=utf-8/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /^default-src 'none';/);
    const style = /<style>(.*)<\/style>/.exec(text)?.[1] ?? '';
    assert.ok(policy.includes(createHash('sha256').update(style).digest('base64')));
  });

  it('is empty where there is nothing', async () => {
    const { get } = await serving([]);
    assert.match((await get('/')).text, /no destinations yet/);
  });

  it('answers HEAD with the headers of GET', async () => {
    const [head, whole] = [await open.get('/', { method: 'HEAD' }), await open.get('/')];
    assert.equal(head.text, '');
    assert.equal(head.headers.get('content-length'), whole.headers.get('content-length'));
  });
});
