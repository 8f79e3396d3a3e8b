/** What other people's JSON-RPC clients make of the answers: jayson, which Hightouch's samples are built on, and json-rpc-2.0. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import jayson from 'jayson/promise/index.js';
import { JSONRPCClient, JSONRPCErrorException } from 'json-rpc-2.0';
import { RPC_CODES, RpcError } from '../../src/rpc/method.ts';
import { destination, serving, TOKEN } from './serving.ts';

const host = destination('slack', {
  add: async (params) => ({ rejectedRows: [params] }),
  busy: () => Promise.reject(new RpcError(RPC_CODES.overloaded, 'Come back.', { retryAfter: 3 })),
});

describe('a client made with jayson', async () => {
  const { server } = await serving([host], { tokens: [TOKEN] });
  const client = jayson.Client.http({
    port: server.port,
    host: '127.0.0.1',
    path: '/hightouch/slack',
    headers: { authorization: `Bearer ${TOKEN}` },
  });

  it('gets results and errors', async () => {
    const { result, error } = await client.request('add', { rows: [1] });
    assert.deepEqual([result, error], [{ rejectedRows: [{ rows: [1] }] }, undefined]);
    assert.equal((await client.request('missing', {})).error.code, -32601);
  });

  it('gets a batch', async () => {
    const answers = await client.request([
      client.request('add', { a: 1 }, undefined, false),
      client.request('busy', {}, undefined, false),
    ]);
    assert.deepEqual(
      answers.map((each: { error?: { code: number } }) => each.error?.code),
      [undefined, -32000],
    );
  });
});

describe('a client made with json-rpc-2.0', async () => {
  const { post } = await serving([host]);
  const client = new JSONRPCClient(async (payload) => {
    const { status, text } = await post('/hightouch/slack', JSON.stringify(payload));
    if (status === 200) client.receive(JSON.parse(text));
    else assert.equal(status, 204);
  });

  it('gets results, errors with their data, and nothing for notifications', async () => {
    assert.deepEqual(await client.request('add', { a: 1 }), { rejectedRows: [{ a: 1 }] });
    await assert.rejects(
      async () => client.request('busy', {}),
      (error) => error instanceof JSONRPCErrorException && error.code === -32000 && error.data.retryAfter === 3,
    );
    client.notify('add', { a: 1 });
  });

  it('gets a batch', async () => {
    const batch = [1, 2].map((id) => ({ jsonrpc: '2.0' as const, id, method: 'add', params: { id } }));
    assert.deepEqual(
      (await client.requestAdvanced(batch)).map(({ id }) => id),
      [1, 2],
    );
  });
});
