/** `rowpost render`: rows of every kind of file become the exact requests; nothing is sent, no secret shown, and its curl is the request. */

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readRows } from '../../src/commands/rows-file.ts';
import { Fault } from '../../src/fault.ts';
import { parseJson } from '../../src/json/parse.ts';
import { CRM } from './manifests.ts';
import { DESTINATIONS, type Ended, type Env, type Files, folder, ROWPOST, rowpost } from './running.ts';

/** Processes at once: starting one takes longer than what it does. */
const SIDE_BY_SIDE = { concurrency: 4 };

const ECHO = `version: 1
name: Echo
settings:
  token: { secret: true }
  key: { secret: true, pattern: "^k-[0-9]+$" }
  region: { default: eu }
connection:
  url: https://api.example/v1
  auth: { basic: { username: rowpost, password: "{{ settings.token }}" } }
sync: { add: save, change: change, remove: batch }
requests:
  save:
    post: "/contacts/{{ id }}"
    query: { q: "{{ row.q }}" }
    headers: { X-Text: "{{ row.header }}", X-Key: "{{ settings.key }}", X-Region: "{{ settings.region }}" }
    json: { row: "{{ row }}", token: "{{ settings.token }}" }
    rules: [{ if: row.skip == true, then: reject, reason: it is to be skipped }]
  change:
    put: "/contacts/{{ id }}"
    text: "{{ row.text }}"
  batch:
    post: /contacts/remove
    batch: { size: 2 }
    json: { ids: "{{ rows | map: 'id' }}", kinds: "{{ lookups.kinds | map: 'id' }}" }
lookups:
  kinds: { get: /kinds, list: body }
`;

interface Shown {
  readonly requests: readonly {
    readonly rows: readonly unknown[];
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly json?: { readonly row: Readonly<Record<string, unknown>>; readonly token: string };
    readonly text?: string;
    readonly curl: string;
  }[];
  readonly rejectedRows: readonly { readonly id: unknown; readonly reason: string }[];
}

async function render(files: Files, args: readonly string[], env: Env = {}): Promise<Ended> {
  const cwd = folder({ 'destinations/echo.yaml': ECHO, ...files });
  return rowpost(['render', 'echo', ...args], { cwd, env });
}

async function rendered(files: Files, args: readonly string[], env: Env = {}): Promise<Shown> {
  const { code, stdout, stderr } = await render(files, [...args, '--json'], env);
  assert.equal(stderr, '');
  assert.ok(code < 2);
  return parseJson(stdout) as Shown; // the command's own JSON
}

const rowsOf = ({ requests }: Shown) => requests.map(({ json }) => json?.row);

describe('rows from', SIDE_BY_SIDE, () => {
  for (const [name, file, text, expected] of [
    [
      'a JSON list',
      'rows.json',
      '[{"id": 1, "n": null}, {"id": 2, "n": [true]}]',
      [
        { id: 1, n: null },
        { id: 2, n: [true] },
      ],
    ],
    ['one object over several lines', 'rows.json', '{\n  "id": 1,\n  "n": { "a": 2 }\n}\n', [{ id: 1, n: { a: 2 } }]],
    ['an object a line', 'rows.ndjson', '{"id": 1}\r\n\r\n  {"id": 2}\n', [{ id: 1 }, { id: 2 }]],
    ['one object in one line', 'rows.jsonl', '{"id": 1}', [{ id: 1 }]],
    ['JSON behind a byte order mark', 'rows.json', '\uFEFF[{"id": 1}]', [{ id: 1 }]],
    [
      'CSV',
      'rows.csv',
      'id,name\n1,Alice\n2,\n',
      [
        { id: '1', name: 'Alice' },
        { id: '2', name: '' },
      ],
    ],
    [
      'CSV with quotes, commas and lines in fields',
      'rows.CSV',
      '\uFEFFid,"the name",note\r\n1,"Doe, ""Al"" Alice"," a\r\nb "\r\n\r\n"2",Bob,\'x\'\r\n',
      [
        { id: '1', 'the name': 'Doe, "Al" Alice', note: ' a\r\nb ' },
        { id: '2', 'the name': 'Bob', note: "'x'" },
      ],
    ],
    ['CSV of one column and no end of line', 'rows.csv', 'id\n007', [{ id: '007' }]],
  ] as const) {
    it(name, () => assert.deepEqual(readRows(join(folder({ [file]: text }), file)), expected));
  }

  it('a file, with every digit', async () => {
    const { code, stdout } = await render({ 'rows.json': '[{"id": 12345678901234567890, "n": 0.1234567890123456789}]' }, [
      '--rows',
      'rows.json',
      '--json',
    ]);
    assert.equal(code, 0);
    const { requests } = parseJson(stdout) as Shown; // the command's own JSON
    assert.match(stdout, /"rows": \[\s*12345678901234567890\s*\]/);
    assert.match(stdout, /"n": 0\.1234567890123456789/);
    assert.equal(requests[0]?.url, 'https://api.example/v1/contacts/12345678901234567890');
  });

  for (const [name, text] of [
    ['JSON', '[{"id": 1}]'],
    ['an object a line', '{"id": 1}\n'],
    ['CSV', 'id\n1\n'],
  ] as const) {
    it(`standard input, as ${name}`, async () => {
      const cwd = folder({ 'destinations/echo.yaml': ECHO });
      const child = spawn(process.execPath, [ROWPOST, 'render', 'echo', '--rows', '-', '--json'], {
        cwd,
        env: { PATH: process.env.PATH },
        stdio: 'pipe',
      });
      child.stdin.end(text);
      let stdout = '';
      for await (const data of child.stdout) stdout += String(data);
      assert.deepEqual(
        rowsOf(parseJson(stdout) as Shown).map((row) => String(row?.id)),
        ['1'],
      ); // as above
    });
  }

  for (const [name, file, text, sentence] of [
    [
      'half a JSON list',
      'rows.json',
      '[{"id": 1},',
      /^rows\.json: not JSON.*Expected a JSON list of rows, one JSON object a line, or CSV with a header line\.$/m,
    ],
    ['half an object', 'rows.json', '{\n  "id": 1,\n', /^rows\.json: not JSON/],
    ['a line that is no JSON', 'rows.ndjson', '{"id": 1}\n\n{"id": 2', /^rows\.ndjson:3: not JSON/],
    ['numbers', 'rows.json', '[1, 2]', /^rows\.json: row 1 is no object of columns and values\. Expected/],
    ['words', 'rows.txt', 'id,name', /^rows\.txt: not JSON/],
    ['CSV whose lines differ', 'rows.csv', 'id,name\n1,Alice,x\n', /^rows\.csv: .*line 2/],
    ['CSV with an open quote', 'rows.csv', 'id,name\n1,"Alice\n', /^rows\.csv: Quote Not Closed/],
    ['no file', 'other.json', '[]', /^The file rows\.json cannot be read\.$/m],
  ] as const) {
    it(`${name}: misuse that says what is wrong`, () => {
      const cwd = folder({ [file]: text });
      assert.throws(
        () => readRows(join(cwd, name === 'no file' ? 'rows.json' : file)),
        (error) => {
          assert.ok(error instanceof Fault);
          assert.match(error.message.replaceAll(`${cwd}/`, ''), sentence);
          return true;
        },
      );
    });
  }

  it('a file in which one lacks its key: misuse', async () => {
    const { code, stdout, stderr } = await render({ 'rows.json': '[{"id": 1}, {"name": "b"}]' }, ['--rows', 'rows.json']);
    const sentence = 'Row 2 has no value in the column "id", the primary key. Name the key\'s column: --id-column NAME.\n';
    assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: sentence });
  });
});

describe('what is rendered', SIDE_BY_SIDE, () => {
  const one = { 'rows.json': '[{"user": 7, "id": "a", "q": "x y", "header": "h"}]' };

  it('as people read it', async () => {
    const { code, stdout } = await render({ 'rows.json': '[{"id": "a", "text": "Hi"}, {"id": "..", "text": ""}]' }, [
      '--rows',
      'rows.json',
      '--operation',
      'change',
    ]);
    assert.equal(code, 1);
    assert.equal(
      stdout,
      `# 1 of 1: row a
PUT https://api.example/v1/contacts/a HTTP/1.1
content-type: text/plain; charset=utf-8
authorization: Basic [secret]

Hi

curl -X PUT 'https://api.example/v1/contacts/a' \\
  -H 'content-type: text/plain; charset=utf-8' \\
  -H 'authorization: Basic [secret]' \\
  --data-raw 'Hi'

rejected  ..: not sent: a part of the path is "." or "..", which would lead elsewhere
1 request for 2 rows; nothing was sent.
`,
    );
  });

  it('with rows that rules reject', async () => {
    const { requests, rejectedRows } = await rendered({ 'rows.json': '[{"id": 1, "skip": true}, {"id": 2}]' }, [
      '--rows',
      'rows.json',
    ]);
    assert.deepEqual(
      requests.map(({ rows }) => rows),
      [[2]],
    );
    assert.deepEqual(rejectedRows, [{ id: 1, reason: 'it is to be skipped' }]);
  });

  it('by another column, and with settings of the environment', async () => {
    const { requests } = await rendered(one, ['--rows', 'rows.json', '--id-column', 'user'], {
      ECHO_REGION: 'us',
      ROWPOST_URL_ECHO: 'http://127.0.0.1:9/x',
    });
    assert.equal(requests[0]?.url, 'http://127.0.0.1:9/x/contacts/7?q=x%20y');
    assert.equal(requests[0]?.headers['x-region'], 'us');
  });

  it('with a configuration, whose mappings make the record', async () => {
    const cwd = folder({
      'destinations/crm.yaml': CRM,
      'config.json': '{"mappings": [{"from": "mail", "to": "email"}, {"type": "static", "value": "Al", "to": "name"}]}',
      'rows.csv': 'id,mail\n1,a@example.com\n',
    });
    const { stdout } = await rowpost(['render', 'crm', '--rows', 'rows.csv', '--config', 'config.json', '--json'], { cwd });
    const { requests } = parseJson(stdout) as Shown; // the command's own JSON
    assert.deepEqual(
      [requests[0]?.url, requests[0]?.json],
      ['https://api.crm.example/v1/contacts/a%40example.com', { full_name: 'Al' }],
    );
  });

  it('with lookups from a file', async () => {
    const files = { 'rows.csv': 'id\n1\n2\n3\n', 'lookups.json': '{"kinds": [{"id": "k"}]}' };
    const args = ['--rows', 'rows.csv', '--operation', 'remove'];
    const { stdout } = await render(files, [...args, '--lookups', 'lookups.json', '--json']);
    const { requests } = JSON.parse(stdout);
    assert.deepEqual(
      requests.map(({ rows, json }: { rows: unknown; json: unknown }) => [rows, json]),
      [
        [['1', '2'], { ids: ['1', '2'], kinds: ['k'] }],
        [['3'], { ids: ['3'], kinds: ['k'] }],
      ],
    );
    const { code, stderr } = await render(files, args);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      'The templates read lookups.kinds, and render asks the API nothing. Give them in a JSON file: --lookups FILE with {"kinds": [ … ]}.\n',
    );
  });

  it('with modes that a lookup lists', async () => {
    const modes = CRM.replace(
      'sync:',
      'lookups: { lists: { get: /lists, list: body } }\nmodes: [{ each: lookups.lists, id: "{{ item.id }}" }]\nsync:',
    );
    const cwd = folder({ 'destinations/crm.yaml': modes, 'config.json': '{"mode": "l"}', 'rows.csv': 'id\n1\n' });
    const args = ['render', 'crm', '--rows', 'rows.csv', '--config', 'config.json'];
    assert.match(
      (await rowpost(args, { cwd })).stderr,
      /^The templates read lookups\.lists, .*--lookups FILE with \{"lists": \[ … \]\}\.\n$/,
    );
  });

  for (const [args, sentence] of [
    [
      ['--rows', 'rows.json', '--operation', 'ad'],
      /^"ad" is not an operation; use add, change or remove\. Did you mean "add"\?$/m,
    ],
    [[], /required option '--rows <file>' not specified/],
    [['--rows', 'rows.json', '--config', 'rows.json'], /^rows\.json: the configuration must be a JSON object\.$/m],
    [['--rows', 'rows.json', '--config', 'none.json'], /^The file none\.json cannot be read\.$/m],
    [
      ['--rows', 'rows.json', '--lookups', 'broken.json'],
      /^broken\.json: not JSON.*\. Expected the lookups as a JSON object\.$/m,
    ],
  ] as const) {
    it(`render echo ${args.join(' ')} is misuse`, async () => {
      const { code, stdout, stderr } = await render({ ...one, 'broken.json': '{' }, args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, sentence);
      assert.doesNotMatch(stderr, /^\s+at /m, 'a stack');
    });
  }

  it('of no such destination, or of one with faults, is misuse', async () => {
    const cwd = folder({ 'destinations/crm.yaml': CRM.replace('put:', 'pst:'), 'rows.json': '[]' });
    const none = await rowpost(['render', 'cmr', '--rows', 'rows.json'], { cwd });
    assert.deepEqual([none.code, none.stdout], [2, '']);
    assert.match(none.stderr, /There is no destination "cmr".*Did you mean "crm"\?/);
    const broken = await rowpost(['render', 'crm', '--rows', 'rows.json'], { cwd });
    assert.deepEqual([broken.code, broken.stdout], [2, '']);
    assert.match(broken.stderr, /^destinations\/crm\.yaml:14:5 {2}"pst"/);
  });

  it('of an operation that nothing answers, or without a mode, is misuse', async () => {
    const cwd = folder({ 'rows.csv': 'id\n1\n', 'config.json': '{"mode": "upsert"}' });
    const args = ['render', 'mailchimp', '--destinations', DESTINATIONS, '--rows', 'rows.csv'];
    const env = { MAILCHIMP_SERVER: 'us21', MAILCHIMP_AUDIENCE: 'a1' };
    assert.equal((await rowpost(args, { cwd, env })).stderr, 'Choose a mode. The configuration (--config) says which.\n');
    const removal = await rowpost([...args, '--config', 'config.json', '--operation', 'remove'], { cwd, env });
    assert.deepEqual([removal.code, removal.stderr], [2, 'Nothing answers remove in the mode "upsert".\n']);
    assert.match((await rowpost(args, { cwd })).stderr, /^settings\.server is missing .*MAILCHIMP_SERVER/);
  });
});

describe('secrets', SIDE_BY_SIDE, () => {
  const secret = 's3cr3t "quoted" /+ü\'x';
  const forms = [
    secret,
    Buffer.from(`rowpost:${secret}`).toString('base64'),
    Buffer.from(secret).toString('base64'),
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    'k-4711',
  ];
  const rows = {
    'rows.json': JSON.stringify([{ id: 1, q: secret, header: 'h', copy: Buffer.from(secret).toString('base64') }]),
  };

  for (const [name, args] of [
    ['people', []],
    ['programs', ['--json']],
  ] as const) {
    it(`are never shown to ${name}`, async () => {
      const { stdout, stderr } = await render(rows, ['--rows', 'rows.json', ...args], { ECHO_TOKEN: secret, ECHO_KEY: 'k-4711' });
      assert.match(stdout, /\[secret\]/);
      for (const form of forms.filter((one) => one !== secret)) assert.ok(!(stdout + stderr).includes(form), form);
      assert.ok(
        !stdout
          .split('\n')
          .filter((line) => /token|authorization|copy|curl|POST/.test(line))
          .join('\n')
          .includes(secret),
      );
    });
  }

  it('that are missing are stood in, whatever they must look like', async () => {
    const { requests } = await rendered({ 'rows.json': '[{"id": 1}]' }, ['--rows', 'rows.json']);
    const [first] = requests;
    assert.deepEqual(
      [first?.headers.authorization, first?.headers['x-key'], first?.json?.token],
      ['Basic [secret]', '[secret]', '[secret]'],
    );
  });

  it('that come with a call, are numbers or JSON, are stood in too', async () => {
    const manifest = `version: 1
name: Many
settings:
  token: { secret: true, header: X-Api-Key, pattern: "^z" }
  number: { secret: true, type: number }
  json: { secret: true, type: json, enum: [{ a: 1 }] }
connection: { url: https://api.example, auth: { bearer: "{{ settings.token }}{{ settings.number }}{{ settings.json }}" } }
sync: { add: save }
requests: { save: { post: /rows, json: "{{ row }}" } }
`;
    const cwd = folder({ 'destinations/many.yaml': manifest, 'rows.json': '{"id": 1}' });
    const { code, stdout, stderr } = await rowpost(['render', 'many', '--rows', 'rows.json'], { cwd });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^authorization: Bearer \[secret\]$/m);
  });

  it('that are wrong are a fault which does not show them', async () => {
    const { code, stderr } = await render({ 'rows.json': '[]' }, ['--rows', 'rows.json'], {
      ECHO_KEY: 'wrong-one',
      ECHO_TOKEN: 'x',
    });
    assert.equal(code, 2);
    assert.match(stderr, /^settings\.key \(ECHO_KEY\): its value does not match/);
    assert.ok(!stderr.includes('wrong-one'));
  });
});

/** What a shell makes of the command: the arguments that curl would get. */
function argumentsOf(curl: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['--norc', '-c', `curl() { printf '%s\\0' "$@"; }\n${curl}`],
      { env: { PATH: process.env.PATH ?? '', canary: 'expanded' } },
      (error, stdout, stderr) => {
        if (error !== null || stderr !== '') reject(error ?? new Error(stderr));
        else resolve(stdout.split('\0').slice(0, -1));
      },
    );
  });
}

describe('curl', SIDE_BY_SIDE, () => {
  const VALUES = [
    'plain',
    "it's 'quoted'",
    `"double" and 'single'`,
    'lines\nand\r\nmore\n',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is for the shell
    '$(echo expanded) `echo expanded` ${canary} $canary',
    'back\\slash \\\\ \\n \\',
    "'; echo expanded; '",
    '!history ~ * ? [a] {b,c} # & | ; < > ( )',
    '-X DELETE',
    '@/etc/passwd',
    'tab\tand\u0001\u007f',
    'ünï😀\u2028',
    '',
  ];

  it('is a word for each part, whatever a value holds', async () => {
    const rows = VALUES.map((value, index) => ({
      id: `${index} ${value.replace(/\p{Cc}/gu, '')}`,
      q: value,
      text: value,
    }));
    const [saves, changes] = await Promise.all([
      rendered({ 'rows.json': JSON.stringify(rows) }, ['--rows', 'rows.json']),
      rendered({ 'rows.json': JSON.stringify(rows) }, ['--rows', 'rows.json', '--operation', 'change']),
    ]);
    assert.deepEqual([saves.rejectedRows, changes.rejectedRows], [[], []]);
    for (const [index, value] of VALUES.entries()) {
      const save = saves.requests[index];
      const change = changes.requests[index];
      assert.ok(save !== undefined && change !== undefined);
      const args = await argumentsOf(save.curl);
      assert.deepEqual(args.slice(0, 3), ['-X', 'POST', save.url]);
      assert.equal(new URL(save.url).searchParams.get('q'), value);
      const headers = Object.entries(save.headers).map(([name, one]) => (one === '' ? `${name};` : `${name}: ${one}`));
      assert.deepEqual(
        args.slice(3, -2),
        headers.flatMap((header) => ['-H', header]),
      );
      assert.deepEqual([args.at(-2), JSON.parse(args.at(-1) ?? '')], ['--data-raw', save.json]);
      assert.equal((await argumentsOf(change.curl)).at(-1), value);
    }
  });

  it('quotes headers', async () => {
    const header = `a'b"c $(x) \`y\` \\`;
    const { requests } = await rendered({ 'rows.json': JSON.stringify([{ id: 1, header }]) }, ['--rows', 'rows.json']);
    assert.ok((await argumentsOf(requests[0]?.curl ?? '')).includes(`x-text: ${header}`));
  });

  it('sends a header without a value, and takes brackets of a URL as they are', async () => {
    const cwd = folder({
      'rows.csv': 'id\n1\n',
      'config.json': '{"mode": "each", "url": "https://hooks.example/in?a[]={b}", "headers": "{\\"X-Empty\\": \\"\\"}"}',
    });
    const { stdout } = await rowpost(
      ['render', 'webhook', '--destinations', DESTINATIONS, '--rows', 'rows.csv', '--config', 'config.json', '--json'],
      {
        cwd,
        env: { WEBHOOK_HOSTS: 'hooks.example' },
      },
    );
    const [first] = (parseJson(stdout) as Shown).requests; // the command's own JSON
    const args = await argumentsOf(first?.curl ?? '');
    assert.deepEqual(args.slice(0, 4), ['-X', 'POST', 'https://hooks.example/in?a[]={b}', '--globoff']);
    assert.ok(args.includes('x-empty;'));
  });

  it('is printed under each request', async () => {
    const cwd = folder({ 'destinations/echo.yaml': ECHO, 'rows.json': JSON.stringify([{ id: 1, text: "a'b\nc" }]) });
    const { stdout } = await rowpost(['render', 'echo', '--rows', join(cwd, 'rows.json'), '--operation', 'change'], { cwd });
    const begin = stdout.indexOf('curl ');
    const args = await argumentsOf(stdout.slice(begin, stdout.indexOf('\n1 request for')));
    assert.equal(args.at(-1), "a'b\nc");
  });
});
