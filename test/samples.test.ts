/** The destinations of the repository, called by jayson as Hightouch's samples are, against servers that stand in for the APIs. */

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import jayson from 'jayson/promise/index.js';
import { Host } from '../src/commands/host.ts';
import { loadCatalogue } from '../src/destination/catalogue.ts';
import { createRedactor } from '../src/observe/redact.ts';
import { RPC_CODES } from '../src/rpc/method.ts';
import { serving, TOKEN } from './server/serving.ts';
import { mailchimp } from './stand-ins/mailchimp.ts';
import { slack } from './stand-ins/slack.ts';
import { type Asked, standIn } from './stand-ins/stand-in.ts';

interface Said {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** The destinations as `serve` serves them, on a port of their own; calls go through jayson's client. */
async function served(env: Readonly<Record<string, string>>) {
  const supply = { env, readFile: () => assert.fail('no file is read') };
  const bug = (error: unknown) => assert.fail(String(error));
  const redactors = { redactor: createRedactor([]), answers: createRedactor([]) };
  // The stand-ins are this machine's: what ROWPOST_URL names may be private, other hosts need to be opened.
  const host = new Host({ supply, allowPrivate: ['127.0.0.0/8'], deadline: undefined, ...redactors, bug });
  after(() => host.close());
  host.swap(loadCatalogue('destinations', supply));
  const { server } = await serving([...host.hosted.values()], { tokens: [TOKEN], bodyLimit: 10_000_000 });
  const clients = new Map<string, ReturnType<typeof jayson.Client.http>>();
  return async (id: string, method: string, params: object = {}): Promise<Said> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const client =
      clients.get(id) ?? jayson.Client.http({ port: server.port, host: '127.0.0.1', path: `/hightouch/${id}`, headers });
    clients.set(id, client);
    const { result, error } = await client.request(method, params);
    return { ...(result !== undefined && { result }), ...(error !== undefined && { error }) };
  };
}

/** What of a request is the destination's own. */
function sent({ method, path, query, headers, json }: Asked) {
  return { method, path, query, authorization: headers.authorization, json };
}

describe('Slack', async () => {
  const channels = [
    ...Array.from({ length: 450 }, (_, index) => ({ id: `C${1000 + index}`, name: `channel-${index}` })),
    { id: 'G1', name: 'leads', private: true },
    { id: 'C8', name: 'over', archived: true },
    { id: 'C9', name: 'elsewhere', joined: false },
  ];
  const api = await slack('xoxb-made-up', channels);
  const env = { SLACK_TOKEN: 'xoxb-made-up', ROWPOST_URL_SLACK: `${api.url}/api` };
  const call = await served(env);
  const authorization = 'Bearer xoxb-made-up';
  const configuration = { channel: 'C1000', message: '{{ name }} signed up{% if plan %} for {{ plan | upcase }}{% endif %}' };
  const post = (text: string, channel = 'C1000') => ({
    method: 'POST',
    path: '/api/chat.postMessage',
    query: {},
    authorization,
    json: { channel, text },
  });
  const since = async (work: () => Promise<Said>) => {
    const before = api.ledger.length;
    const said = await work();
    return { said, asked: api.ledger.slice(before).map(sent) };
  };

  it('has no objects, modes or fields', async () => {
    assert.deepEqual(await call('slack', 'list_objects'), { result: { objects: [] } });
    assert.deepEqual(await call('slack', 'list_modes'), { result: { modes: [] } });
    assert.deepEqual(await call('slack', 'list_fields'), { result: { fields: [] } });
  });

  it('takes new rows only, a hundred at once, and skips the initial run', async () => {
    const operations = { add: true, change: false, remove: false };
    assert.deepEqual(await call('slack', 'behavior', { configuration }), {
      result: { batchSize: 100, operations, skipInitialRun: true },
    });
  });

  it('offers the channels of all pages', async () => {
    const { said, asked } = await since(() => call('slack', 'list_options'));
    const { options } = said.result as {
      options: { schema: { properties: { channel: { enum: string[]; enumNames: string[] } } }; uiSchema: object };
    }; // the protocol's own answer
    const { channel } = options.schema.properties;
    assert.deepEqual(
      [channel.enum.length, channel.enum[0], channel.enum.at(-1), channel.enumNames.at(-1)],
      [451, 'C1000', 'G1', 'leads'],
    );
    assert.deepEqual(options.uiSchema, { message: { 'ui:widget': 'textarea' } });
    const query = { types: 'public_channel,private_channel', exclude_archived: 'true', limit: '200' };
    const ask = (cursor: object) => ({
      method: 'GET',
      path: '/api/users.conversations',
      query: { ...query, ...cursor },
      authorization,
      json: undefined,
    });
    const cursorOf = (id: string) => ({ cursor: Buffer.from(`team:${id}`).toString('base64') });
    assert.deepEqual(asked, [ask({}), ask(cursorOf('C1200')), ask(cursorOf('C1400'))]);
  });

  it('validates the channel and the template', async () => {
    assert.deepEqual(await call('slack', 'validate', { configuration }), { result: { errors: [] } });
    const { result } = await call('slack', 'validate', { configuration: { channel: 'C9', message: '{{ name' } });
    const { errors } = result as { errors: string[] }; // the protocol's own answer
    assert.equal(errors.length, 2);
    assert.match(errors[0] ?? '', /^The option "Channel" must be one of C1000, /);
    assert.match(errors[1] ?? '', /^The option "Message" is no template: /);
  });

  it('posts a message for each row, with its columns', async () => {
    const rows = [
      { user_id: 1, name: 'Alice', plan: 'team' },
      { user_id: 2, name: '"Bob" <b@example.com> {{ plan }}' },
    ];
    const { said, asked } = await since(() => call('slack', 'add', { idColumn: 'user_id', configuration, rows }));
    assert.deepEqual(said, { result: { rejectedRows: [] } });
    assert.deepEqual(asked, [post('Alice signed up for TEAM'), post('"Bob" <b@example.com> {{ plan }} signed up')]);
    assert.deepEqual(
      api.messages.map(({ text }) => text),
      ['Alice signed up for TEAM', '"Bob" <b@example.com> {{ plan }} signed up'],
    );
  });

  it('rejects the messages that Slack refuses, and the others arrive', async () => {
    const rows = [
      { id: 'a', text: 'one' },
      { id: 'b', text: 'x'.repeat(40_001) },
      { id: 'c', text: '' },
      { id: 'd', text: 'four' },
    ];
    const { said } = await since(() =>
      call('slack', 'add', { idColumn: 'id', configuration: { channel: 'C1001', message: '{{ text }}' }, rows }),
    );
    assert.deepEqual(said, {
      result: {
        rejectedRows: [
          { id: 'b', reason: 'Slack says msg_too_long' },
          { id: 'c', reason: 'Slack says no_text' },
        ],
      },
    });
    assert.deepEqual(
      api.messages.filter(({ channel }) => channel === 'C1001').map(({ text }) => text),
      ['one', 'four'],
    );
    for (const [channel, reason] of [
      ['C8', 'is_archived'],
      ['C9', 'not_in_channel'],
      ['C0', 'channel_not_found'],
    ]) {
      const call1 = await call('slack', 'add', { idColumn: 'id', configuration: { channel, message: 'x' }, rows: [{ id: 1 }] });
      assert.deepEqual(call1, { result: { rejectedRows: [{ id: 1, reason: `Slack says ${reason}` }] } });
    }
  });

  it('waits as long as Slack asks', async () => {
    api.limit(1);
    const begin = performance.now();
    const { said, asked } = await since(() =>
      call('slack', 'add', { idColumn: 'id', configuration: { channel: 'G1', message: 'late' }, rows: [{ id: 1 }] }),
    );
    assert.deepEqual([said, asked], [{ result: { rejectedRows: [] } }, [post('late', 'G1'), post('late', 'G1')]]);
    assert.ok(performance.now() - begin >= 990);
  });

  it('rejects what it does not do, and asks nothing', async () => {
    for (const operation of ['change', 'remove']) {
      const { said, asked } = await since(() => call('slack', operation, { idColumn: 'id', configuration, rows: [{ id: 1 }] }));
      assert.deepEqual(said, { result: { rejectedRows: [{ id: 1, reason: `This destination does not ${operation} rows.` }] } });
      assert.deepEqual(asked, []);
    }
  });

  it('with a wrong token answers the form with an error, and rejects rows', async () => {
    const wrong = await served({ ...env, SLACK_TOKEN: 'xoxb-other' });
    const message = 'The API could not be asked for channels: Slack says invalid_auth';
    for (const method of ['list_options', 'validate'])
      assert.deepEqual(await wrong('slack', method, { configuration }), { error: { code: RPC_CODES.upstream, message } });
    const { result } = await wrong('slack', 'add', { idColumn: 'id', configuration, rows: [{ id: 1 }] });
    assert.deepEqual(result, { rejectedRows: [{ id: 1, reason: 'Slack says invalid_auth' }] });
  });
});

describe('Mailchimp', async () => {
  const fields = [
    { tag: 'FNAME', name: 'First Name', type: 'text' },
    { tag: 'AGE', name: 'Age', type: 'number' },
    { tag: 'JOINED', name: 'Joined', type: 'date' },
    { tag: 'SIZE', name: 'Shirt', type: 'choices' },
    { tag: 'HOME', name: 'Home', type: 'address' },
    ...Array.from({ length: 40 }, (_, index) => ({ tag: `M${index}`, name: `More ${index}`, type: 'textarea' })),
  ];
  const api = await mailchimp('0123456789abcdef-us21', { id: 'a1b2', fields });
  const env = {
    MAILCHIMP_API_KEY: '0123456789abcdef-us21',
    MAILCHIMP_SERVER: 'us21',
    MAILCHIMP_AUDIENCE: 'a1b2',
    ROWPOST_URL_MAILCHIMP: `${api.url}/3.0`,
  };
  const call = await served(env);
  const authorization = `Basic ${Buffer.from('rowpost:0123456789abcdef-us21').toString('base64')}`;
  const configuration = {
    mode: 'upsert',
    identifierMapping: { from: 'user_email', to: 'email' },
    mappings: [
      { from: 'user_email', to: 'email' },
      { from: 'fn', to: 'FNAME' },
      { from: 'age', to: 'AGE' },
    ],
  };
  const since = async (work: () => Promise<Said>) => {
    const before = api.ledger.length;
    const said = await work();
    return { said, asked: api.ledger.slice(before).map(sent) };
  };

  it('has one mode, no objects and no options', async () => {
    const upsert = { id: 'upsert', label: 'Upsert', description: 'Adds new contacts and updates those that change.' };
    assert.deepEqual(await call('mailchimp', 'list_objects'), { result: { objects: [] } });
    assert.deepEqual(await call('mailchimp', 'list_modes'), { result: { modes: [upsert] } });
    assert.deepEqual(await call('mailchimp', 'list_options', { mode: 'upsert' }), { result: { options: null } });
  });

  it('adds and changes, five hundred at once', async () => {
    const operations = { add: true, change: true, remove: false };
    assert.deepEqual(await call('mailchimp', 'behavior', { configuration }), {
      result: { batchSize: 500, operations, skipInitialRun: false },
    });
  });

  it('offers the address and the merge fields of the audience, with their types', async () => {
    const { said, asked } = await since(() => call('mailchimp', 'list_fields', { mode: 'upsert' }));
    const { fields: listed } = said.result as { fields: { id: string; type: string }[] }; // the protocol's own answer
    assert.deepEqual(listed[0], { id: 'email', label: 'Email Address', type: 'EMAIL', required: true, identifier: true });
    assert.deepEqual(
      listed.slice(1, 7).map(({ id, type }) => [id, type]),
      [
        ['FNAME', 'STRING'],
        ['AGE', 'NUMBER'],
        ['JOINED', 'DATETIME'],
        ['SIZE', 'ENUM'],
        ['HOME', 'UNKNOWN'],
        ['M0', 'STRING'],
      ],
    );
    assert.equal(listed.length, 46);
    assert.deepEqual(asked, [
      { method: 'GET', path: '/3.0/lists/a1b2/merge-fields', query: { count: '500' }, authorization, json: undefined },
    ]);
  });

  it('validates mappings against them', async () => {
    assert.deepEqual(await call('mailchimp', 'validate', { configuration }), { result: { errors: [] } });
    assert.deepEqual(
      await call('mailchimp', 'validate', { configuration: { mode: 'upsert', mappings: [{ from: 'x', to: 'NONE' }] } }),
      {
        result: {
          errors: [
            'The required field "Email Address" is not mapped.',
            'No identifier is mapped. Map "Email Address".',
            'There is no field "NONE". Reload the fields, and map another.',
          ],
        },
      },
    );
  });

  for (const operation of ['add', 'change']) {
    it(`${operation}: members in one request; the refused are rejected, the others arrive`, async () => {
      const rows = [
        { user_id: 1, user_email: `Alice@${operation}.example`, fn: 'Alice', age: 41 },
        { user_id: 2, user_email: 'bob@', fn: 'Bob' },
        { user_id: 3, user_email: '', fn: 'Nobody' },
        { user_id: 4, user_email: `carol@${operation}.example`, fn: 'Carol', age: 'old' },
        { user_id: 5, user_email: `dave@${operation}.example` },
      ];
      const { said, asked } = await since(() => call('mailchimp', operation, { idColumn: 'user_id', configuration, rows }));
      assert.deepEqual(said, {
        result: {
          rejectedRows: [
            { id: 2, reason: 'Please provide a valid email address. (ERROR_GENERIC)' },
            { id: 3, reason: 'The row has no email address.' },
            { id: 4, reason: 'Your merge fields were invalid. (ERROR_GENERIC)' },
          ],
        },
      });
      const member = (email_address: string, merge_fields: object) => ({ email_address, status: 'subscribed', merge_fields });
      const members = [
        member(`Alice@${operation}.example`, { FNAME: 'Alice', AGE: 41 }),
        member('bob@', { FNAME: 'Bob' }),
        member(`carol@${operation}.example`, { FNAME: 'Carol', AGE: 'old' }),
        member(`dave@${operation}.example`, {}),
      ];
      assert.deepEqual(asked, [
        { method: 'POST', path: '/3.0/lists/a1b2', query: {}, authorization, json: { members, update_existing: true } },
      ]);
      assert.deepEqual(api.members.get(`alice@${operation}.example`)?.merge_fields, { FNAME: 'Alice', AGE: 41 });
      assert.ok(api.members.has(`dave@${operation}.example`) && !api.members.has(`carol@${operation}.example`));
    });
  }

  it('the same address twice goes in two requests, and the later value stays', async () => {
    const rows = [
      { user_id: 1, user_email: 'eve@example.com', fn: 'Eve' },
      { user_id: 2, user_email: 'EVE@example.com', fn: 'Eva' },
    ];
    const { said, asked } = await since(() => call('mailchimp', 'add', { idColumn: 'user_id', configuration, rows }));
    assert.deepEqual([said, asked.length], [{ result: { rejectedRows: [] } }, 2]);
    assert.deepEqual(api.members.get('eve@example.com')?.merge_fields, { FNAME: 'Eva' });
  });

  it('a thousand rows in two requests', async () => {
    const rows = Array.from({ length: 1000 }, (_, id) => ({ id, user_email: `${id}@many.example` }));
    const { said, asked } = await since(() => call('mailchimp', 'add', { idColumn: 'id', configuration, rows }));
    assert.deepEqual([said, asked.length], [{ result: { rejectedRows: [] } }, 2]);
    assert.equal([...api.members.keys()].filter((address) => address.endsWith('@many.example')).length, 1000);
  });

  it('rejects removals, and asks nothing', async () => {
    const { said, asked } = await since(() => call('mailchimp', 'remove', { idColumn: 'id', configuration, rows: [{ id: 1 }] }));
    assert.deepEqual(
      [said, asked],
      [{ result: { rejectedRows: [{ id: 1, reason: 'The mode "upsert" does not remove rows.' }] } }, []],
    );
  });

  for (const [name, wrong, title, detail] of [
    [
      'a wrong key',
      { MAILCHIMP_API_KEY: 'made-up-key-us21' },
      'HTTP 401: API Key Invalid',
      "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
    ],
    [
      'no such audience',
      { MAILCHIMP_AUDIENCE: 'none' },
      'HTTP 404: Resource Not Found',
      'The requested resource could not be found.',
    ],
  ] as const) {
    it(`${name} answers the form with the problem, and rejects every row with it`, async () => {
      const other = await served({ ...env, ...wrong });
      const message = `The API could not be asked for merge_fields: ${title}: ${detail}`;
      assert.deepEqual(await other('mailchimp', 'list_fields', { mode: 'upsert' }), {
        error: { code: RPC_CODES.upstream, message },
      });
      const rows = [
        { id: 1, user_email: 'a@example.com' },
        { id: 2, user_email: 'b@example.com' },
      ];
      const { result } = await other('mailchimp', 'add', { idColumn: 'id', configuration, rows });
      assert.deepEqual(result, { rejectedRows: rows.map(({ id }) => ({ id, reason: `${title}: ${detail}` })) });
    });
  }

  it('without its settings says so, whatever is called', async () => {
    const bare = await served({});
    for (const method of ['list_fields', 'add']) {
      const { error } = await bare('mailchimp', method);
      assert.equal(error?.code, RPC_CODES.destinationBroken);
      assert.match(error.message, /settings are missing/);
    }
  });
});

describe('a webhook', async () => {
  const api = await standIn(({ json }) =>
    JSON.stringify(json).includes('refuse') ? { status: 422, json: { message: 'not that one' } } : { status: 204 },
  );
  const { host } = new URL(api.url);
  const call = await served({ WEBHOOK_HOSTS: `http://${host}` });
  const configuration = (more: object) => ({
    url: `${api.url}/in?from=hightouch`,
    customMappings: [{ from: 'mail', to: 'email' }],
    ...more,
  });
  const since = async (work: () => Promise<Said>) => {
    const before = api.ledger.length;
    const said = await work();
    return {
      said,
      asked: api.ledger.slice(before).map(({ method, path, query, json, headers }) => ({
        method,
        path,
        query,
        json,
        operation: headers['x-rowpost-operation'],
      })),
    };
  };
  const request = (method: string, operation: string, json: unknown) => ({
    method,
    path: '/in',
    query: { from: 'hightouch' },
    json,
    operation,
  });

  it('has two modes, and answers the form without asking anybody', async () => {
    const { said, asked } = await since(() => call('webhook', 'list_modes'));
    assert.deepEqual(
      (said.result as { modes: { id: string }[] }).modes.map(({ id }) => id),
      ['each', 'many'],
    ); // the protocol's own answer
    const { result } = await call('webhook', 'list_options', { mode: 'each' });
    assert.deepEqual(Object.keys((result as { options: { schema: { properties: object } } }).options.schema.properties), [
      'url',
      'method',
      'headers',
      'body',
    ]); // as above
    assert.deepEqual(await call('webhook', 'validate', { configuration: configuration({ mode: 'each' }) }), {
      result: { errors: [] },
    });
    assert.deepEqual(await call('webhook', 'list_objects'), { result: { objects: [] } });
    assert.deepEqual(asked, []);
  });

  it('calls for each row', async () => {
    const rows = [
      { id: 1, mail: 'a@example.com' },
      { id: 2, mail: 'refuse' },
      { id: 3, mail: 'c@example.com' },
    ];
    const { said, asked } = await since(() =>
      call('webhook', 'add', { idColumn: 'id', configuration: configuration({ mode: 'each' }), rows }),
    );
    assert.deepEqual(said, { result: { rejectedRows: [{ id: 2, reason: 'HTTP 422: not that one' }] } });
    const byMail = (one: { json: unknown }) => JSON.stringify(one.json);
    assert.deepEqual(
      asked.sort((a, b) => byMail(a).localeCompare(byMail(b))),
      ['a@example.com', 'c@example.com', 'refuse'].map((email) => request('POST', 'add', { email })),
    );
  });

  it('calls once for many rows', async () => {
    const rows = [
      { id: 1, mail: 'a@example.com' },
      { id: 2, mail: 'b@example.com' },
    ];
    const { said, asked } = await since(() =>
      call('webhook', 'remove', { idColumn: 'id', configuration: configuration({ mode: 'many', method: 'PUT' }), rows }),
    );
    assert.deepEqual(said, { result: { rejectedRows: [] } });
    assert.deepEqual(asked, [
      request('PUT', 'remove', { operation: 'remove', rows: [{ email: 'a@example.com' }, { email: 'b@example.com' }] }),
    ]);
  });

  it('sends a body of the person’s own; a cleared one counts as none', async () => {
    const body = '{"who": "{{ mail }}", "n": {{ n }}}';
    const rows = [{ id: 1, mail: '","admin":true,"x":"', n: 2 }];
    for (const [own, json] of [
      [body, { who: '","admin":true,"x":"', n: 2 }],
      ['', { email: '","admin":true,"x":"' }],
    ] as const) {
      const { said, asked } = await since(() =>
        call('webhook', 'change', { idColumn: 'id', configuration: configuration({ mode: 'each', body: own }), rows }),
      );
      assert.deepEqual([said, asked], [{ result: { rejectedRows: [] } }, [request('POST', 'change', json)]]);
    }
  });

  it('calls no other host', async () => {
    const other = await standIn(() => ({}));
    const { said } = await since(() =>
      call('webhook', 'add', {
        idColumn: 'id',
        configuration: configuration({ mode: 'each', url: other.url }),
        rows: [{ id: 1, mail: 'a' }],
      }),
    );
    const reason = `not sent: the host ${new URL(other.url).host} of the configuration's URL is not among the hosts that the operator allows`;
    assert.deepEqual([said, other.ledger], [{ result: { rejectedRows: [{ id: 1, reason }] } }, []]);
  });
});
