/** Settings that come with each call: every caller reaches the API with its own, and nothing that is kept meets another's. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Host } from '../../src/commands/host.ts';
import { isFaults } from '../../src/destination/bind.ts';
import { loadCatalogue } from '../../src/destination/catalogue.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import { readManifest } from '../../src/manifest/read.ts';
import { createRedactor, type Redactor } from '../../src/observe/redact.ts';
import { RPC_CODES } from '../../src/rpc/method.ts';
import { type Answered, type ApiAnswer, api, type Env, folder, later, serve, until } from './running.ts';

const MANY = `version: 1
name: Many accounts
settings:
  key: { secret: true, header: X-Api-Key, description: API key of the account }
  account: { header: X-Account, env: MANY_ACCOUNT, pattern: "[a-z0-9]+" }
  region: { header: X-Region, default: eu, enum: [eu, us] }
connection:
  url: https://api.many.example
  auth: { bearer: "{{ settings.key }}" }
  headers: { X-Account: "{{ settings.account }}", X-Region: "{{ settings.region }}" }
  concurrency: 1
  retry: { attempts: 1 }
lookups:
  lists: { get: /lists, list: body.lists, cache: 5m }
fields:
  - { id: email, label: Email, type: EMAIL, identifier: true }
  - { each: lookups.lists, id: "{{ item.id }}", label: "{{ item.label }}" }
sync: { add: save }
requests:
  save:
    put: "/contacts/{{ record.email }}"
    json: { owner: "{{ row.owner }}", lists: "{{ lookups.lists | map: 'id' }}" }
    response: { reason: "{{ body.error }}" }
`;

const FILES = { 'destinations/many.yaml': MANY };
const CONFIGURATION = { mappings: [{ from: 'email', to: 'email' }] };
const ADD = rowsOf('somebody');

function rowsOf(owner: string, count = 1): object {
  const rows = Array.from({ length: count }, (_, index) => ({ id: index + 1, email: `${owner}-${index}@example.com`, owner }));
  return { idColumn: 'id', configuration: CONFIGURATION, rows };
}

const keyOf = (headers: { authorization?: string | undefined }) => headers.authorization?.replace('Bearer ', '') ?? 'none';
const caller = (name: string): Env => ({ 'x-api-key': `key-of-${name}`, 'x-account': name });

/** Each account has lists of its own. */
const lists: ApiAnswer = ({ path, headers }) =>
  path === '/lists'
    ? { status: 200, body: JSON.stringify({ lists: [{ id: `of-${keyOf(headers)}`, label: 'L' }] }) }
    : { status: 200 };

async function started(answer: ApiAnswer = lists, env: Env = {}) {
  const backend = await api(answer);
  const serving = await serve({
    ROWPOST_DESTINATIONS: `${folder(FILES)}/destinations`,
    ROWPOST_URL_MANY: backend.url,
    MANY_ACCOUNT: 'operators',
    ...env,
  });
  return { ...serving, requests: backend.requests };
}

interface Said {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

function said({ status, text }: Answered): Said {
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

describe('callers with settings of their own', () => {
  it('each reach the API with their own, over connections of their own', async () => {
    const { call, requests } = await started();
    const names = ['alice', 'bob', 'carol'];
    const calls = Array.from({ length: 30 }, (_, index) => names[index % 3] ?? '');
    const answers = await Promise.all(calls.map((name) => call('many', 'add', rowsOf(name, 3), caller(name))));
    for (const answer of answers) assert.deepEqual(said(answer).result, { rejectedRows: [] });
    const owners = new Map<number, string>();
    for (const { method, headers, body, connection } of requests) {
      const name = String(headers['x-account']);
      assert.equal(keyOf(headers), `key-of-${name}`);
      if (method === 'PUT') assert.deepEqual(JSON.parse(body), { owner: name, lists: [`of-key-of-${name}`] });
      assert.equal(owners.get(connection) ?? name, name, 'one connection served two callers');
      owners.set(connection, name);
    }
    assert.equal(requests.filter(({ method }) => method === 'PUT').length, 90);
    assert.equal(requests.filter(({ path }) => path === '/lists').length, 3, 'each asks once, and keeps the answer');
    assert.ok(owners.size <= 6, 'connections are kept for the next call');
  });

  it('do not share kept answers where one setting alone differs, and share them where none does', async () => {
    const { call, requests } = await started();
    const asks = async (headers: Env) => {
      const before = requests.length;
      assert.ok(said(await call('many', 'list_fields', {}, headers)).result);
      return requests.length - before;
    };
    assert.equal(await asks(caller('alice')), 1);
    assert.equal(await asks(caller('alice')), 0);
    assert.equal(await asks({ ...caller('alice'), 'x-api-key': 'key-of-bob' }), 1);
    assert.equal(await asks({ ...caller('alice'), 'x-account': 'bob' }), 1);
    assert.equal(await asks({ ...caller('alice'), 'x-region': 'us' }), 1);
    assert.equal(await asks({ ...caller('alice'), 'x-region': 'eu' }), 0, 'the default is the same as its value');
  });

  it('do not wait for one another', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { call, requests } = await started(async (request, count) => {
      if (request.method === 'PUT' && request.headers['x-account'] === 'alice') await held;
      return lists(request, count);
    });
    const slow = [call('many', 'add', rowsOf('alice'), caller('alice')), call('many', 'add', rowsOf('alice'), caller('alice'))];
    const puts = (name: string) =>
      requests.filter(({ method, headers }) => method === 'PUT' && headers['x-account'] === name).length;
    await until(() => puts('alice') === 1);
    assert.deepEqual(said(await call('many', 'add', rowsOf('bob'), caller('bob'))).result, { rejectedRows: [] });
    await later(100);
    assert.equal(puts('alice'), 1, 'concurrency: 1 holds for her two calls together');
    release();
    for (const answer of await Promise.all(slow)) assert.deepEqual(said(answer).result, { rejectedRows: [] });
  });

  it('are not paused where the API asks another to wait', async () => {
    const { call } = await started(async (request, count) =>
      request.method === 'PUT' && request.headers['x-account'] === 'alice'
        ? { status: 429, headers: { 'retry-after': '600' } }
        : lists(request, count),
    );
    const [first] = (said(await call('many', 'add', ADD, caller('alice'))).result?.rejectedRows ?? []) as { reason: string }[];
    assert.match(String(first?.reason), /429|wait/i);
    const [second] = (said(await call('many', 'add', ADD, caller('alice'))).result?.rejectedRows ?? []) as { reason: string }[];
    assert.match(String(second?.reason), /not attempted/);
    assert.deepEqual(said(await call('many', 'add', ADD, caller('bob'))).result, { rejectedRows: [] });
  });

  it('may be more than are kept at once', async () => {
    const { call, requests } = await started();
    const names = Array.from({ length: 250 }, (_, index) => `c${index}`);
    for (const round of [1, 2]) {
      for (let from = 0; from < names.length; from += 25) {
        const some = names.slice(from, from + 25);
        const answers = await Promise.all(some.map((name) => call('many', 'add', rowsOf(name), caller(name))));
        for (const answer of answers) assert.deepEqual(said(answer).result, { rejectedRows: [] }, `round ${round}`);
      }
    }
    for (const { headers, body, method } of requests) {
      assert.equal(keyOf(headers), `key-of-${String(headers['x-account'])}`);
      if (method === 'PUT') assert.equal(JSON.parse(body).owner, headers['x-account']);
    }
  });
});

describe('a setting that is missing or wrong', () => {
  const methods: [string, object][] = [
    ['list_objects', {}],
    ['list_fields', {}],
    ['validate', { configuration: CONFIGURATION }],
    ['behavior', {}],
    ['add', ADD],
  ];
  it('is told by the name of its header, and nothing is sent', async () => {
    const { call, post, requests, url } = await started();
    for (const headers of [{}, { 'x-api-key': '' }, { 'x-api-key': '  ' }] as Env[]) {
      for (const [method, params] of methods) {
        const { error } = said(await call('many', method, params, headers));
        assert.equal(error?.code, RPC_CODES.invalidParams, method);
        assert.match(error?.message ?? '', /settings\.key is missing \(API key of the account\).* request header x-api-key\b/);
        assert.doesNotMatch(error?.message ?? '', /MANY_|_FILE|environment/, 'what the operator knows');
      }
    }
    const batch = [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'add', params: ADD }));
    const { text } = await post('many', JSON.stringify(batch));
    for (const one of JSON.parse(text)) assert.match(one.error.message, /x-api-key/);
    assert.equal(requests.length, 0);
    const ready = await fetch(`${url}/readyz`);
    assert.deepEqual(await ready.json(), { status: 'ready', destinations: [{ id: 'many', state: 'ready' }] });
  });

  it('falls back to the variable and the default where it is no secret', async () => {
    const { call, requests } = await started();
    said(await call('many', 'add', ADD, { 'x-api-key': 'key-1234' }));
    const { headers } = requests.at(-1) ?? {};
    assert.deepEqual([headers?.['x-account'], headers?.['x-region']], ['operators', 'eu']);
    said(await call('many', 'add', ADD, { 'x-api-key': 'key-1234', 'x-account': 'own', 'x-region': 'us' }));
    const own = requests.at(-1)?.headers;
    assert.deepEqual([own?.['x-account'], own?.['x-region']], ['own', 'us']);
  });

  it('never comes from the environment where it is a secret', async () => {
    const { call, requests } = await started(lists, { MANY_KEY: 'operators-key' });
    const { error } = said(await call('many', 'add', ADD));
    assert.match(error?.message ?? '', /x-api-key/);
    assert.equal(requests.length, 0);
  });

  it('is refused where it breaks its pattern or its enum', async () => {
    const { call, requests } = await started();
    const told = async (headers: Env) => said(await call('many', 'add', ADD, { 'x-api-key': 'key-1234', ...headers })).error;
    assert.deepEqual(await told({ 'x-account': '../b' }), {
      code: RPC_CODES.invalidParams,
      message: 'settings.account (header x-account): "../b" does not match [a-z0-9]+.',
    });
    assert.deepEqual(await told({ 'x-region': 'mars' }), {
      code: RPC_CODES.invalidParams,
      message: 'settings.region (header x-region): "mars" is not one of eu, us.',
    });
    assert.equal(requests.length, 0);
  });

  it('is the operator’s to mend where it is the operator’s: callers hear neither values nor paths', async () => {
    const { call, url } = await started(lists, { MANY_ACCOUNT: 'NOT/RIGHT' });
    const { error } = said(await call('many', 'add', ADD, { 'x-api-key': 'key-1234' }));
    assert.doesNotMatch(error?.message ?? '', /NOT\/RIGHT|MANY_ACCOUNT/);
    assert.match(await (await fetch(`${url}/readyz`)).text(), /MANY_ACCOUNT/);
  });
});

describe('a secret that comes with a call', () => {
  const SECRET = 'sk_live_"Zm9v/äöü+bar';
  const echo: ApiAnswer = ({ path, headers }) => {
    const key = keyOf(headers);
    if (path === '/lists') return { status: 200, body: JSON.stringify({ lists: [{ id: `list ${key}`, label: `of ${key}` }] }) };
    const long = path.includes('long') ? 'x'.repeat(Number(/long(\d+)/.exec(path)?.[1])) : '';
    return {
      status: 422,
      body: JSON.stringify({ error: `${long}the key ${key} (${Buffer.from(key).toString('base64')}) is refused` }),
    };
  };

  it('is not shown in answers, the log and /readyz, whatever the API echoes', async () => {
    const { call, out, told, url } = await started(echo);
    const latin = Buffer.from(SECRET, 'utf8').toString('latin1');
    const texts: string[] = [];
    const headers = { 'x-api-key': latin };
    for (const [method, params] of [
      ['list_fields', {}],
      ['list_options', {}],
      ['validate', { configuration: { mappings: [{ from: 'email', to: 'nowhere' }] } }],
      ['add', ADD],
      ['add', { idColumn: 'id', configuration: {}, rows: [] }],
      ['nonsense', {}],
    ] as const)
      texts.push((await call('many', method, params, headers)).text);
    for (let cut = 440; cut < 500; cut += 3) {
      const rows = [{ id: 1, email: `long${cut}@example.com`, owner: 'x' }];
      texts.push((await call('many', 'add', { idColumn: 'id', configuration: CONFIGURATION, rows }, headers)).text);
    }
    await told();
    texts.push(await (await fetch(`${url}/readyz`)).text(), await (await fetch(url)).text(), out.stdout, out.stderr);
    assert.match(texts[0] ?? '', /list \[secret\].*of \[secret\]/);
    for (const form of [SECRET, latin, Buffer.from(latin).toString('base64'), Buffer.from(SECRET).toString('base64')]) {
      // Its first characters alone are a part that must not show either: a reason is cut somewhere.
      for (const text of texts) assert.ok(!text.includes(form.slice(0, 8)), text.slice(0, 600));
    }
  });

  it('hides nothing in the answers of others', async () => {
    const { call } = await started(({ path }) =>
      path === '/lists' ? { status: 200, body: '{"lists":[]}' } : { status: 422, body: '{"error":"the email is refused"}' },
    );
    const add = async (key: string) => said(await call('many', 'add', ADD, { 'x-api-key': key })).result?.rejectedRows;
    assert.deepEqual(await add('email'), [{ id: 1, reason: 'the [secret] is refused' }]);
    assert.deepEqual(await add('refused'), [{ id: 1, reason: 'the email is [secret]' }]);
    assert.deepEqual(await add('level'), [{ id: 1, reason: 'the email is refused' }]);
  });

  it('is forgotten soon after its caller made room for others', async () => {
    const live = new Set<string>();
    const redactor: Redactor = {
      ...createRedactor([]),
      add(secret) {
        live.add(secret);
        return () => live.delete(secret);
      },
    };
    const supply = { env: { ROWPOST_URL_MANY: 'http://127.0.0.1:9', MANY_ACCOUNT: 'operators' }, readFile: () => '' };
    const host = new Host({ supply, allowPrivate: [], deadline: 1000, redactor, answers: createRedactor([]), bug: () => 'none' });
    host.swap(loadCatalogue(`${folder(FILES)}/destinations`, supply));
    const method = host.hosted.get('many')?.methods.get('behavior');
    for (let index = 0; index < 300; index++) {
      const header = (name: string) => (name === 'x-api-key' ? `key-${index}` : undefined);
      await method?.({}, { signal: new AbortController().signal, header });
    }
    assert.ok(live.has('key-299'));
    await until(() => live.size === 100);
    assert.ok(live.has('key-299') && !live.has('key-0'));
    host.swap(new Map());
    await until(() => live.size === 0);
    host.close();
  });
});

describe('a manifest whose callers choose the host', () => {
  const codesOf = (settings: string, url: string, more = '') => {
    const text = `version: 1\nname: Host\nsettings:\n${settings}\nconnection:\n  url: "${url}"\n${more}sync: { add: save }\nrequests: { save: { post: /rows } }\n`;
    const file = readManifest('host', 'host.yaml', text);
    const compiled = isFaults(file) ? file : compileDestination(file);
    return isFaults(compiled) ? compiled.map((fault) => `${fault.code} ${fault.place?.line}`) : [];
  };
  const HOST = '  host: { header: X-Host }';
  const KEY = '  key: { secret: true }';
  for (const [what, settings, url, more, codes] of [
    ['beside an operator’s secret', `${HOST}\n${KEY}`, 'https://{{ settings.host }}', '', ['manifest.origin 4']],
    ['as a member in brackets', `${HOST}\n${KEY}`, "https://{{ settings['host'] }}", '', ['manifest.origin 4']],
    ['through a filter', `${HOST}\n${KEY}`, "https://a.example{{ '' | append: settings.host }}", '', ['manifest.origin 4']],
    ['in what is allowed', `${HOST}\n${KEY}`, '{{ config.url }}', '  allow: "{{ settings.host }}"\n', ['manifest.origin 4']],
    [
      'in what is allowed, of a list',
      `${HOST}\n${KEY}`,
      '{{ config.url }}',
      '  allow: [a.example, "{{ settings[\'host\'] }}"]\n',
      ['manifest.origin 4'],
    ],
    ['among an enum', `  host: { header: X-Host, enum: [a.example, b.example] }\n${KEY}`, 'https://{{ settings.host }}', '', []],
    [
      'where every secret comes with the call',
      `${HOST}\n  key: { secret: true, header: X-Key }`,
      'https://{{ settings.host }}',
      '',
      [],
    ],
    ['and a name that begins alike', `${HOST}\n  hostname: {}\n${KEY}`, 'https://{{ settings.hostname }}', '', []],
    [
      'with a secret that has a variable too',
      '  key: { secret: true, header: X-Key, env: KEY }',
      'https://a.example',
      '',
      ['manifest.secret 4'],
    ],
    [
      'with a secret that has a file too',
      '  key: { secret: true, header: X-Key, file: /run/key }',
      'https://a.example',
      '',
      ['manifest.secret 4'],
    ],
    [
      'with a secret that has a default',
      '  key: { secret: true, header: X-Key, default: abcd }',
      'https://a.example',
      '',
      ['manifest.secret 4'],
    ],
    ['by a header that is no header', '  key: { secret: true, header: "X Key" }', 'https://a.example', '', ['manifest.header 4']],
    [
      'by the header that holds the token of Rowpost itself',
      '  key: { secret: true, header: Authorization }',
      'https://a.example',
      '',
      ['manifest.header 4'],
    ],
  ] as const) {
    it(what, () => assert.deepEqual(codesOf(settings, url, more), codes));
  }
});
