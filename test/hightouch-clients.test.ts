/** The demo destination driven from end to end by other people's JSON-RPC clients: jayson, which Hightouch's samples are built on, and json-rpc-2.0. */

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import jayson from 'jayson/promise/index.js';
import { JSONRPCClient, JSONRPCErrorException } from 'json-rpc-2.0';
import { startCrm } from '../src/commands/demo/crm.ts';
import { Host } from '../src/commands/host.ts';
import { loadCatalogue } from '../src/destination/catalogue.ts';
import { createLog } from '../src/observe/log.ts';
import { createRedactor } from '../src/observe/redact.ts';
import { createApp } from '../src/server/app.ts';
import { listen } from '../src/server/listen.ts';
import { gateOf } from './server/serving.ts';

const TOKEN = 'correct-horse-battery';

/** The demo destination, served over HTTP, before a made-up CRM of its own. */
async function serving() {
  const crm = await startCrm();
  const readFile = () => assert.fail('no setting comes from a file');
  const supply = { env: { ROWPOST_URL_DEMO: crm.url }, readFile };
  const redactor = createRedactor([TOKEN]);
  const bug = (error: unknown) => assert.fail(String(error));
  const host = new Host({ supply, allowPrivate: [], deadline: undefined, answers: redactor, redactor, bug });
  host.swap(loadCatalogue('destinations', supply));
  const log = createLog({ level: 'silent', redact: redactor.redact });
  const app = createApp({
    hosted: () => host.hosted,
    redact: redactor.redact,
    gate: gateOf({ tokens: [TOKEN] }),
    bodyLimit: 1_000_000,
    log,
    stopping: () => false,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, maxConnections: 1000 });
  after(async () => {
    await server.close(1000);
    host.close();
    crm.close();
  });
  return { crm, server };
}

const CONFIGURATION = {
  object: 'contact',
  mode: 'upsert',
  identifierMapping: [{ from: 'user_email', to: 'email' }],
  mappings: [
    { from: 'user_fn', to: 'first_name' },
    { from: 'user_ln', to: 'last_name' },
    { from: 'plan', to: 'plan' },
  ],
  customMappings: [{ from: 'ltv', to: 'lifetime_value' }],
  source: 'warehouse',
  default_plan: 'free',
};
const ALICE = { id: 'a', user_email: 'Alice@example.com', user_fn: 'Alice', user_ln: 'Doe', plan: 'team', ltv: 0 };
const BOB = { id: 'b', user_email: 'bob@example.com', user_fn: 'Bob', user_ln: null };
const GOLD = { id: 'g', user_email: 'gold@example.com', plan: 'gold' };

function adding(...rows: object[]): object {
  return { idColumn: 'id', configuration: CONFIGURATION, rows };
}

/** @param request calls a method and gives its result */
function drivesAllNine(
  request: (method: string, params?: object) => Promise<unknown>,
  { crm }: Awaited<ReturnType<typeof serving>>,
): void {
  it('fills in the form', async () => {
    assert.deepEqual(await request('list_objects'), {
      objects: [{ id: 'contact', label: 'Contact', description: 'People, found by their email address.' }],
    });
    const { modes } = (await request('list_modes', { object: 'contact' })) as { modes: { id: string }[] }; // what list_modes answers
    assert.deepEqual(
      modes.map(({ id }) => id),
      ['upsert', 'create'],
    );
    const { fields } = (await request('list_fields', { object: 'contact', mode: 'upsert' })) as { fields: object[] }; // likewise
    assert.equal(fields.length, 5);
    assert.deepEqual(fields[0], { id: 'email', label: 'Email Address', type: 'EMAIL', required: true, identifier: true });
    const { options } = (await request('list_options', { object: 'contact', mode: 'upsert' })) as {
      options: { schema: { properties: { default_plan: object } } };
    }; // likewise
    assert.deepEqual(options.schema.properties.default_plan, {
      type: 'string',
      title: 'Default plan',
      enum: ['free', 'team', 'enterprise'],
      default: 'free',
    });
    assert.deepEqual(await request('behavior', { configuration: CONFIGURATION }), {
      batchSize: 100,
      operations: { add: true, change: true, remove: true },
      skipInitialRun: false,
    });
    assert.deepEqual(await request('validate', { configuration: CONFIGURATION }), { errors: [] });
    assert.deepEqual(await request('validate', { configuration: { ...CONFIGURATION, source: 'x' } }), {
      errors: ['The option "Source" must NOT have fewer than 2 characters.'],
    });
  });

  it('adds, changes and removes, and hears of each row that was rejected', async () => {
    assert.deepEqual(await request('add', adding(ALICE, GOLD, BOB)), {
      rejectedRows: [{ id: 'g', reason: '"gold" is not a plan; it is free, team or enterprise' }],
    });
    const properties = { first_name: 'Alice', last_name: 'Doe', lifetime_value: 0 };
    assert.deepEqual(crm.contacts.get('alice@example.com'), {
      email: 'Alice@example.com',
      plan: 'team',
      source: 'warehouse',
      properties,
    });
    assert.deepEqual(crm.contacts.get('bob@example.com')?.properties, { first_name: 'Bob', last_name: null });

    assert.deepEqual(await request('change', adding({ ...ALICE, plan: 'enterprise' })), { rejectedRows: [] });
    assert.equal(crm.contacts.get('alice@example.com')?.plan, 'enterprise');

    const gone = { id: 'z', user_email: 'gone@example.com' };
    assert.deepEqual(await request('remove', adding(ALICE, gone)), { rejectedRows: [] });
    assert.deepEqual([...crm.contacts.keys()], ['bob@example.com']);
  });
}

describe('a client made with jayson', async () => {
  const served = await serving();
  const client = jayson.Client.http({
    host: '127.0.0.1',
    port: served.server.port,
    path: '/hightouch/demo',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  drivesAllNine(async (method, params) => {
    const { result, error } = await client.request(method, params ?? []);
    assert.equal(error, undefined);
    return result;
  }, served);

  it('sends a batch, and gets each answer by its id', async () => {
    const one = (method: string, params: object) => client.request(method, params, undefined, false);
    const calls = [one('list_objects', {}), one('missing', {}), one('add', adding(GOLD)), one('add', { rows: [] })];
    const answers = await client.request(calls);
    assert.deepEqual(answers.map(({ id }: { id: string }) => id).sort(), calls.map(({ id }) => id).sort());
    const byId = new Map(answers.map((each: { id: string }) => [each.id, each]));
    const [objects, missing, add, wrong] = calls.map(({ id }) => byId.get(id)) as { result?: object; error?: { code: number } }[]; // JSON-RPC answers
    assert.ok(objects?.result && 'objects' in objects.result);
    assert.equal(missing?.error?.code, -32601);
    assert.ok(add?.result && 'rejectedRows' in add.result);
    assert.equal(wrong?.error?.code, -32602);
  });

  it('sends notifications, which do nothing', async () => {
    const before = [...served.crm.contacts.keys()];
    const eve = { id: 'e', user_email: 'eve@example.com' };
    const NONE = null as unknown as string; // jayson makes notifications of it; its types do not know
    const note = client.request('add', adding(eve), NONE, false);
    assert.equal('id' in note, false);
    assert.equal(await client.request('add', adding(eve), NONE), undefined);
    assert.deepEqual(await client.request([note, note]), undefined);
    assert.deepEqual([...served.crm.contacts.keys()], before);
  });
});

describe('a client made with json-rpc-2.0', async () => {
  const served = await serving();
  const client = new JSONRPCClient(async (payload) => {
    const response = await fetch(`${served.server.url}/hightouch/demo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(payload),
    });
    if (response.status === 200) client.receive(JSON.parse(await response.text()));
    else assert.deepEqual([response.status, await response.text()], [204, '']);
  });
  drivesAllNine(async (method, params) => client.request(method, params), served);

  it('sends a batch with a notification in it', async () => {
    const eve = { id: 'e', user_email: 'eve@example.com' };
    const batch = [
      { jsonrpc: '2.0' as const, id: 'x', method: 'add', params: adding(GOLD) },
      { jsonrpc: '2.0' as const, method: 'add', params: adding(eve) },
      { jsonrpc: '2.0' as const, id: 'y', method: 'remove', params: adding(GOLD) },
    ];
    const answers = await client.requestAdvanced(batch);
    assert.deepEqual(
      answers.map(({ id, result }) => [id, result.rejectedRows.length]),
      [
        ['x', 1],
        ['y', 0],
      ],
    );
    assert.equal(served.crm.contacts.has('eve@example.com'), false);
  });

  it('hears errors as exceptions, and of notifications nothing', async () => {
    await assert.rejects(
      async () => client.request('add', { ...adding(ALICE), idColumn: 'uuid' }),
      (error) => error instanceof JSONRPCErrorException && error.code === -32602 && /idColumn names/.test(error.message),
    );
    client.notify('add', adding({ id: 'e', user_email: 'eve@example.com' }));
    await client.request('list_objects', {});
    assert.equal(served.crm.contacts.has('eve@example.com'), false);
  });
});

describe('a client without the token', async () => {
  const { server, crm } = await serving();

  it('hears so', async () => {
    const client = jayson.Client.http({ host: '127.0.0.1', port: server.port, path: '/hightouch/demo' });
    await assert.rejects(client.request('add', adding(ALICE)), /"code":-32003,"message":"This server wants the header/);
    assert.equal(crm.contacts.size, 0);
  });
});
