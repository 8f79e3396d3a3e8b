/** Settings: each form that is taken, and what is said of each that is not. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Fault } from '../src/fault.ts';
import { isLoopback, networkTest, parseNetworks } from '../src/networks.ts';
import { type Environment, readServerSettings, type ServerFlags } from '../src/server-settings.ts';
import { SERVER_SETTINGS } from '../src/settings.ts';
import { parseDuration, parseSize } from '../src/units.ts';

const MB = 1024 * 1024;
const TOKEN = 'correct-horse';
/** The base64 of 24 bytes. */
const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYX';

const everywhere = (secret: string) => ({ secret, destinations: undefined });
const only = (secret: string, ...ids: readonly string[]) => ({ secret, destinations: new Set(ids) });

/** With these files, by their paths. */
function readSettings(env: Environment = {}, flags: ServerFlags = {}, files: Readonly<Record<string, string>> = {}) {
  return readServerSettings(env, flags, (path) => files[path] ?? assert.fail(`${path} cannot be read`));
}

describe('readServerSettings', () => {
  it('has defaults', () => {
    assert.deepEqual(readSettings(), {
      port: 8080,
      host: '127.0.0.1',
      destinations: 'destinations',
      credentials: { tokens: [], signingKeys: [] },
      secretFiles: [],
      tls: undefined,
      maxConnections: 1000,
      allowFrom: [],
      trustedProxies: [],
      bodyLimit: 64 * MB,
      maxPending: 128 * 1024 * 1024,
      maxRows: 250_000,
      maxResponse: 16 * MB,
      maxLookup: 64 * MB,
      deadline: undefined,
      logLevel: 'info',
      allowPrivate: [],
    });
  });

  const taken: [Environment, ServerFlags, object][] = [
    [{ PORT: '0' }, {}, { port: 0 }],
    [{ PORT: ' 3000 ' }, {}, { port: 3000 }],
    [{ PORT: '3000' }, { port: '4000' }, { port: 4000 }],
    [{ PORT: '' }, {}, { port: 8080 }],
    [{ ROWPOST_TOKEN: TOKEN }, {}, { credentials: { tokens: [everywhere(TOKEN)], signingKeys: [] }, host: '0.0.0.0' }],
    [
      { ROWPOST_TOKEN: `${TOKEN},crm=other-horse crm+my-slack=third-horse==` },
      {},
      {
        credentials: {
          tokens: [everywhere(TOKEN), only('other-horse', 'crm'), only('third-horse==', 'crm', 'my-slack')],
          signingKeys: [],
        },
      },
    ],
    // Named twice, it is for both; once without a limit, for all. A "=" at the end is base64's own.
    [{ ROWPOST_TOKEN: `a=${TOKEN} b=${TOKEN}` }, {}, { credentials: { tokens: [only(TOKEN, 'a', 'b')], signingKeys: [] } }],
    [{ ROWPOST_TOKEN: `a=${TOKEN} ${TOKEN}` }, {}, { credentials: { tokens: [everywhere(TOKEN)], signingKeys: [] } }],
    [{ ROWPOST_TOKEN: 'c2VjcmV0cw==' }, {}, { credentials: { tokens: [everywhere('c2VjcmV0cw==')], signingKeys: [] } }],
    [
      { ROWPOST_SIGNING_KEY: `whsec_${KEY}, crm=${KEY.slice(0, 31)}B` },
      {},
      { credentials: { tokens: [], signingKeys: [everywhere(KEY), only(`${KEY.slice(0, 31)}B`, 'crm')] }, host: '0.0.0.0' },
    ],
    [{ ROWPOST_ALLOW_FROM: '10.0.0.0/8 ::1' }, {}, { allowFrom: ['10.0.0.0/8', '::1'] }],
    [{ ROWPOST_TRUSTED_PROXIES: '10.0.0.1' }, {}, { trustedProxies: ['10.0.0.1'] }],
    [{ ROWPOST_MAX_PENDING: '2GB' }, {}, { maxPending: 2 * 1024 ** 3 }],
    [{ ROWPOST_MAX_ROWS: '10' }, {}, { maxRows: 10 }],
    [{ ROWPOST_MAX_RESPONSE: '1MB', ROWPOST_MAX_LOOKUP: '2MB' }, {}, { maxResponse: MB, maxLookup: 2 * MB }],
    [{ ROWPOST_TOKEN: TOKEN, HOST: '::1' }, {}, { host: '::1' }],
    [
      { ROWPOST_TOKEN: `${TOKEN}, other-horse\n${TOKEN}` },
      {},
      { credentials: { tokens: [everywhere(TOKEN), everywhere('other-horse')], signingKeys: [] } },
    ],
    [{ HOST: 'localhost' }, {}, { host: 'localhost' }],
    [{ HOST: '[::1]' }, {}, { host: '::1' }],
    [{ HOST: '127.0.0.2' }, {}, { host: '127.0.0.2' }],
    [{}, { host: '0.0.0.0', token: TOKEN }, { host: '0.0.0.0' }],
    [{ ROWPOST_DESTINATIONS: '/etc/rowpost' }, {}, { destinations: '/etc/rowpost' }],
    [{ ROWPOST_BODY_LIMIT: '512kb' }, {}, { bodyLimit: 512 * 1024 }],
    [{ ROWPOST_BODY_LIMIT: '256MB' }, {}, { bodyLimit: 256 * MB }],
    [{ ROWPOST_DEADLINE: '1500ms' }, {}, { deadline: 1500 }],
    [{ ROWPOST_DEADLINE: '10m' }, { deadline: '25' }, { deadline: 25_000 }],
    [{ LOG_LEVEL: 'DEBUG' }, {}, { logLevel: 'debug' }],
    [
      { ROWPOST_ALLOW_PRIVATE: '10.0.0.0/8,fd00::/8 192.168.1.1' },
      {},
      { allowPrivate: ['10.0.0.0/8', 'fd00::/8', '192.168.1.1'] },
    ],
  ];
  for (const [env, flags, expected] of taken) {
    it(`takes ${JSON.stringify({ ...env, ...flags })}`, () => {
      const settings = readSettings(env, flags);
      assert.deepEqual({ ...settings, ...expected }, settings);
    });
  }

  const refused: [Environment, ServerFlags, string, string][] = [
    [{ PORT: '65536' }, {}, 'settings.port', 'PORT is "65536". Expected a whole number from 0 to 65535.'],
    [{ PORT: '0x50' }, {}, 'settings.port', 'PORT is "0x50". Expected a whole number from 0 to 65535.'],
    [{ PORT: '80' }, { port: '8o' }, 'settings.port', '--port is "8o". Expected a whole number from 0 to 65535.'],
    [{}, { port: '' }, 'settings.port', '--port is empty. Expected a whole number from 0 to 65535.'],
    [
      { HOST: 'http://localhost' },
      {},
      'settings.host',
      'HOST is "http://localhost". Expected an address or a host name, without scheme and port.',
    ],
    [
      { ROWPOST_SIGNING_KEY: 'whsec_c2hvcnQ=' },
      {},
      'settings.signingKey',
      'ROWPOST_SIGNING_KEY holds a key that cannot be used. Expected keys such as whsec_… with the base64 of 24 to 64 bytes, separated by commas or spaces.',
    ],
    [
      { ROWPOST_ALLOW_FROM: '10.0.0.0/33' },
      {},
      'settings.allowFrom',
      'ROWPOST_ALLOW_FROM is "10.0.0.0/33". Expected addresses or CIDRs separated by commas or spaces, such as 10.0.0.0/8 or fd00::1.',
    ],
    [
      { ROWPOST_MAX_PENDING: '1KB' },
      {},
      'settings.maxPending',
      'ROWPOST_MAX_PENDING is "1KB". Expected a size from 1MB to 16GB.',
    ],
    [{ ROWPOST_MAX_ROWS: '0' }, {}, 'settings.maxRows', 'ROWPOST_MAX_ROWS is "0". Expected a whole number from 1 to 10000000.'],
    [
      { ROWPOST_TOKEN_FILE: '/run/gone' },
      {},
      'settings.token',
      'The file /run/gone (ROWPOST_TOKEN_FILE) cannot be read. Expected tokens of at least 8 printable ASCII characters, separated by commas or spaces.',
    ],
    [
      { ROWPOST_BODY_LIMIT: '257MB' },
      {},
      'settings.bodyLimit',
      'ROWPOST_BODY_LIMIT is "257MB". Expected a size from 1KB to 256MB, such as 64MB, 512kb or 1000000 (bytes).',
    ],
    [
      { ROWPOST_DEADLINE: '11m' },
      {},
      'settings.deadline',
      'ROWPOST_DEADLINE is "11m". Expected a duration from 1s to 10m, such as 25s, 1500ms or 1m.',
    ],
    [
      { ROWPOST_DEADLINE: '999ms' },
      {},
      'settings.deadline',
      'ROWPOST_DEADLINE is "999ms". Expected a duration from 1s to 10m, such as 25s, 1500ms or 1m.',
    ],
    [
      { LOG_LEVEL: 'loud' },
      {},
      'settings.logLevel',
      'LOG_LEVEL is "loud". Expected fatal, error, warn, info, debug, trace or silent.',
    ],
    ...['10.0.0.0/33', 'fd00::/129', '10.0.0', '10.0.0.0/', 'internal', 'fe80::1%eth0', '10.0.0.1;10.0.0.2'].map(
      (text): [Environment, ServerFlags, string, string] => [
        { ROWPOST_ALLOW_PRIVATE: `127.0.0.1 ${text}` },
        {},
        'settings.allowPrivate',
        `ROWPOST_ALLOW_PRIVATE is "127.0.0.1 ${text}". Expected addresses or CIDRs separated by commas or spaces, such as 10.0.0.0/8 or fd00::1.`,
      ],
    ),
    ...['0.0.0.0', '::', '192.168.1.1', 'example.com', '127.1', '0'].map((host): [Environment, ServerFlags, string, string] => [
      { HOST: host },
      {},
      'settings.open',
      `Without a token, anybody who reaches ${host} could send rows through your destinations. Set ROWPOST_TOKEN (or --token) to a secret of at least 8 characters, or listen on 127.0.0.1.`,
    ]),
  ];
  for (const [env, flags, code, message] of refused) {
    it(`refuses ${JSON.stringify({ ...env, ...flags })}`, () => {
      assert.throws(() => readSettings(env, flags), { name: 'Fault', code, message });
    });
  }

  it('never shows a token', () => {
    for (const token of ['hunter2', 'hunter2hunter2,short', 'hunter2-with-ünicode', ',']) {
      assert.throws(
        () => readSettings({ ROWPOST_TOKEN: token, HOST: '0.0.0.0' }),
        (error) => error instanceof Fault && error.code === 'settings.token' && !/hunter|short,/.test(error.message),
      );
    }
  });

  it('reads secrets from files, where neither flag nor variable is set', () => {
    const files = { '/run/token': ` ${TOKEN}\ncrm=other-horse\n`, '/run/empty': '\n' };
    const read = readSettings({ ROWPOST_TOKEN_FILE: '/run/token' }, {}, files);
    assert.deepEqual(read.credentials.tokens, [everywhere(TOKEN), only('other-horse', 'crm')]);
    assert.deepEqual(read.secretFiles, ['/run/token']);
    assert.deepEqual(readSettings({ ROWPOST_TOKEN_FILE: '/run/token', ROWPOST_TOKEN: 'third-horse' }, {}, files).secretFiles, []);
    assert.throws(() => readSettings({ ROWPOST_TOKEN_FILE: '/run/empty' }, {}, files), {
      message:
        'The file /run/empty (ROWPOST_TOKEN_FILE) is empty. Expected tokens of at least 8 printable ASCII characters, separated by commas or spaces.',
    });
  });

  it('says all that is wrong at once', () => {
    assert.throws(
      () => readSettings({ PORT: 'x', LOG_LEVEL: 'y', HOST: '0.0.0.0' }),
      (error) =>
        error instanceof Fault &&
        error.code === 'settings.several' &&
        error.message.split('\n').length === 3 &&
        error.cause instanceof AggregateError &&
        error.cause.errors.every((each) => each instanceof Fault),
    );
  });
});

describe('the table of settings', () => {
  it('names every variable and flag once', () => {
    const all = Object.values(SERVER_SETTINGS).flatMap(({ env, flag }) => [env, flag]);
    assert.equal(new Set(all).size, all.length);
  });

  it('spells flags as their names', () => {
    for (const [name, { flag }] of Object.entries(SERVER_SETTINGS)) {
      assert.equal(flag, `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    }
  });

  it('stands in docs/operating.md (UPDATE=1 writes it)', () => {
    const file = new URL('../docs/operating.md', import.meta.url);
    const page = readFileSync(file, 'utf8');
    const rows = Object.values(SERVER_SETTINGS).map(
      ({ env, flag, default: fallback, description }) => `| \`${env}\` | \`${flag}\` | ${fallback} | ${description} |`,
    );
    const table = ['| variable | flag | default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
    const written = page.replace(/(?<=<!-- settings: begin -->\n).*(?=<!-- settings: end -->)/s, `${table}\n`);
    if (process.env.UPDATE === '1') writeFileSync(file, written);
    else assert.equal(page, written);
    assert.ok(written.includes(table));
  });

  it('has the defaults that are taken', () => {
    const env = Object.fromEntries(
      Object.entries(SERVER_SETTINGS).map(([name, setting]) => [setting.env, name === 'host' ? '' : setting.default]),
    );
    assert.deepEqual(readSettings(env), readSettings());
  });
});

describe('parseDuration', () => {
  for (const [text, expected] of [
    ['25s', 25_000],
    ['25', 25_000],
    ['1500ms', 1500],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    [' 1 s ', 1000],
    ['0', 0],
    ['', undefined],
    ['-1s', undefined],
    ['1d', undefined],
    ['1e3', undefined],
    ['1S', undefined],
    ['s', undefined],
    ['1s2', undefined],
    ['9'.repeat(400), undefined],
  ] as const) {
    it(`${JSON.stringify(text)} is ${expected}`, () => assert.equal(parseDuration(text), expected));
  }
});

describe('parseSize', () => {
  for (const [text, expected] of [
    ['64MB', 64 * MB],
    ['64m', 64 * MB],
    ['64MiB', 64 * MB],
    ['512kb', 512 * 1024],
    ['1.5 KB', 1536],
    ['1GB', 1024 * MB],
    ['1000000', 1_000_000],
    ['10b', 10],
    ['0', 0],
    ['', undefined],
    ['MB', undefined],
    ['-1', undefined],
    ['1TB', undefined],
    ['1ib', undefined],
    ['9'.repeat(400), undefined],
  ] as const) {
    it(`${JSON.stringify(text)} is ${expected}`, () => assert.equal(parseSize(text), expected));
  }
});

describe('isLoopback', () => {
  for (const host of ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost', 'LOCALHOST']) {
    it(`${host} is`, () => assert.ok(isLoopback(host)));
  }
  for (const host of ['', '0.0.0.0', '::', '128.0.0.1', 'localhost.example.com', '127.0.0.1.example.com', '::ffff:10.0.0.1']) {
    it(`${host} is not`, () => assert.ok(!isLoopback(host)));
  }
});

describe('networkTest', () => {
  const table: [string, string, boolean][] = [
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['10.0.0.0/8', '::ffff:a00:1', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '::ffff:10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', 'fe80::1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '::1', true],
    ['0.0.0.0/0', 'unknown', false],
  ];
  for (const [network, address, within] of table) {
    it(`${address} is ${within ? '' : 'not '}in ${network}`, () => {
      assert.deepEqual(parseNetworks(network), [network]);
      assert.equal(networkTest([network])(address), within);
    });
  }

  it('holds nothing without networks', () => assert.equal(networkTest([])('10.0.0.1'), false));

  for (const text of ['', 'x', '10.0.0', '10.0.0.0/33', '::/129', 'fe80::1%eth0', '10.0.0.0/-1', '::ffff:10.0.0.0/95']) {
    it(`${JSON.stringify(text)} is none`, () => assert.equal(parseNetworks(text), undefined));
  }
});
