/** A URL from the configuration: only the hosts that the operator allows are ever asked, however it is written. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { call, destinationOf } from '../delivery/calling.ts';

function webhook(hosts: string, url = '"{{ config.url }}"') {
  return destinationOf('method: POST\npath: ""\njson: "{{ record }}"', {
    url,
    connection: 'allow: "{{ settings.hosts }}"',
    top: 'settings: { hosts: { default: "" } }',
    settings: { hosts },
  });
}

const DESTINATIONS = new Map<string, ReturnType<typeof webhook>>();

/** Where a row went, or why it went nowhere. */
async function origin(hosts: string, url: unknown): Promise<string> {
  const bound = DESTINATIONS.get(hosts) ?? webhook(hosts);
  DESTINATIONS.set(hosts, bound);
  const { sent, reasons } = await call(bound, { rows: [{ id: 1 }], configuration: { url } });
  const [first] = sent;
  if (first === undefined) return reasons['1'] ?? 'neither sent nor rejected';
  assert.deepEqual(reasons, {});
  return new URL(first.request.url).origin;
}

const HOSTS =
  'hooks.example.com, *.example.org http://plain.example.com,api.example.com:8443 http://*.local.example:3000 https://münchen.example';
const OTHER = /^not sent: the host \S+ of the configuration's URL is not among the hosts that the operator allows$/;
const PLAIN = /^not sent: the host \S+ of the configuration's URL is allowed with https:\/\/ only$/;
const NONE =
  /^not sent: the URL of the configuration is none that can be called; expected https:\/\/ with a host, without user and password$/;
const MOVED = /^not sent: /;

describe('the origin of a configured URL', () => {
  for (const [url, expected] of [
    // The host itself, as URLs may be written.
    ['https://hooks.example.com', 'https://hooks.example.com'],
    ['https://hooks.example.com/in/a?b=c', 'https://hooks.example.com'],
    ['https://hooks.example.com:443/in', 'https://hooks.example.com'],
    ['https://HOOKS.Example.COM/in', 'https://hooks.example.com'],
    ['HTTPS://hooks.example.com/in', 'https://hooks.example.com'],
    ['https://hooks%2Eexample%2ecom/in', 'https://hooks.example.com'],
    ['https://h%6Foks.example.com/in', 'https://hooks.example.com'],
    ['https://ｈｏｏｋｓ.example.com/in', 'https://hooks.example.com'],
    ['https://hooks。example．com/in', 'https://hooks.example.com'],
    ['https://hooks.exa\u00ADmple.com/in', 'https://hooks.example.com'],
    ['https:hooks.example.com/in', 'https://hooks.example.com'],
    ['https:///hooks.example.com/in', 'https://hooks.example.com'],
    ['https://hooks.example.com/in/@evil.example', 'https://hooks.example.com'],
    ['https://hooks.example.com/https://evil.example/', 'https://hooks.example.com'],
    ['https://hooks.example.com?to=https://evil.example', 'https://hooks.example.com'],
    // Ports.
    ['https://hooks.example.com:8443/in', OTHER],
    ['https://hooks.example.com:80/in', OTHER],
    ['https://api.example.com:8443/in', 'https://api.example.com:8443'],
    ['https://api.example.com/in', OTHER],
    ['https://api.example.com:443/in', OTHER],
    ['https://hooks.example.com:99999/in', NONE],
    ['https://hooks.example.com:/in', 'https://hooks.example.com'],
    // Wildcards: any name below, never the name itself, never one that only ends alike.
    ['https://a.example.org/', 'https://a.example.org'],
    ['https://a.b.example.org/', 'https://a.b.example.org'],
    ['https://A.EXAMPLE.ORG/', 'https://a.example.org'],
    ['https://example.org/', OTHER],
    ['https://.example.org/', OTHER],
    ['https://..example.org/', OTHER],
    ['https://a..example.org/', OTHER],
    ['https://evilexample.org/', OTHER],
    ['https://evil-example.org/', OTHER],
    ['https://a.example.org.evil.example/', OTHER],
    ['https://a.example.org:444/', OTHER],
    ['http://a.example.org/', PLAIN],
    ['https://a.example.org./', OTHER],
    ['https://example.org.a/', OTHER],
    ['https://*.example.org/', /^not sent: |^https:\/\/\*\.example\.org$/],
    // Without encryption only where the operator says so, and there only without.
    ['http://plain.example.com/in', 'http://plain.example.com'],
    ['http://plain.example.com:80/in', 'http://plain.example.com'],
    ['https://plain.example.com/in', OTHER],
    ['http://hooks.example.com/in', PLAIN],
    ['http://hooks.example.com:443/in', PLAIN],
    ['http://a.local.example:3000/', 'http://a.local.example:3000'],
    ['http://local.example:3000/', OTHER],
    ['https://a.local.example:3000/', OTHER],
    ['http://a.local.example/', OTHER],
    // Names beside it.
    ['https://evil.example/', OTHER],
    ['https://hooks.example.com.evil.example/', OTHER],
    ['https://evilhooks.example.com/', OTHER],
    ['https://a.hooks.example.com/', OTHER],
    ['https://example.com/', OTHER],
    ['https://hooks.example.co/', OTHER],
    ['https://hooks.example.com./in', OTHER],
    ['https://hooks.example.com../in', OTHER],
    ['https://hooks..example.com/in', OTHER],
    ['https://hooks-example.com/', OTHER],
    ['https://hооks.example.com/', OTHER], // Cyrillic о
    // Users and passwords.
    ['https://hooks.example.com@evil.example/', NONE],
    ['https://hooks.example.com:443@evil.example/', NONE],
    ['https://evil.example@hooks.example.com/', NONE],
    ['https://user:password@hooks.example.com/', NONE],
    ['https://:@hooks.example.com/', 'https://hooks.example.com'],
    ['https://hooks.example.com%40evil.example/', NONE],
    ['https://hooks.example.com%2F@evil.example/', NONE],
    // Backslashes, blanks and what parsers drop.
    ['https://evil.example\\@hooks.example.com/', NONE],
    ['https://hooks.example.com\\@evil.example/', NONE],
    ['https:\\\\evil.example/', NONE],
    ['https://evil.example\\.hooks.example.com/', NONE],
    ['https://evil.example /hooks.example.com', NONE],
    [' https://hooks.example.com/', NONE],
    ['https://hooks.example.com/in ', NONE],
    ['ht\ttps://evil.example/', NONE],
    ['https://evil.example\n.hooks.example.com/', NONE],
    ['https://hooks.example.com\u0000.evil.example/', NONE],
    ['\u0000https://evil.example/', OTHER],
    ['https://hooks.example.com\u2028.evil.example/', NONE],
    ['https://hooks.example.com#@evil.example/', NONE],
    ['https://evil.example/#hooks.example.com', NONE],
    ['https://evil.example?hooks.example.com', OTHER],
    ['https://evil.example;hooks.example.com/', OTHER],
    ['https://evil.example%23.hooks.example.com/', NONE],
    ['https://evil.example%2f.hooks.example.com/', NONE],
    ['https://evil.example%5c.hooks.example.com/', NONE],
    ['https://evil.example%00.hooks.example.com/', NONE],
    // Addresses.
    ['https://127.0.0.1/', OTHER],
    ['https://127.1/', OTHER],
    ['https://2130706433/', OTHER],
    ['https://0x7f.1/', OTHER],
    ['https://0177.0.0.1/', OTHER],
    ['https://①②⑦.⓪.⓪.①/', OTHER],
    ['https://[::1]/', OTHER],
    ['https://[::ffff:169.254.169.254]/', OTHER],
    ['https://169.254.169.254/latest/meta-data/', OTHER],
    ['https://localhost/', OTHER],
    ['https://[hooks.example.com]/', NONE],
    // Other languages.
    ['https://münchen.example/', 'https://xn--mnchen-3ya.example'],
    ['https://MÜNCHEN.example/', 'https://xn--mnchen-3ya.example'],
    ['https://xn--mnchen-3ya.example/', 'https://xn--mnchen-3ya.example'],
    ['https://munchen.example/', OTHER],
    // Other schemes, and no URL at all.
    ['ftp://hooks.example.com/', NONE],
    ['file:///etc/passwd', NONE],
    ['javascript:alert(1)', NONE],
    ['data:text/plain,hooks.example.com', NONE],
    ['blob:https://hooks.example.com/1', NONE],
    ['wss://hooks.example.com/', NONE],
    ['hooks.example.com', NONE],
    ['//hooks.example.com/', NONE],
    ['/in', NONE],
    ['https://', NONE],
    ['', NONE],
    ['{{ settings.hosts }}', NONE],
    // Dots that lead elsewhere within the host.
    ['https://hooks.example.com/a/../b', NONE],
    ['https://hooks.example.com/a/%2e%2E/b', NONE],
    ['https://hooks.example.com/a/./b', NONE],
    // No text.
    [undefined, NONE],
    [null, NONE],
    [5, NONE],
    [['https://hooks.example.com/'], MOVED],
    [{ href: 'https://hooks.example.com/' }, MOVED],
  ] as const) {
    it(`${JSON.stringify(url) ?? 'missing'} → ${expected instanceof RegExp ? 'nowhere' : expected}`, async () => {
      const found = await origin(HOSTS, url);
      if (typeof expected === 'string') {
        assert.equal(found, expected);
        assert.equal(new URL(String(url)).origin, expected, 'the table itself');
      } else assert.match(found, expected);
    });
  }

  it('is never another one, whatever is put together', async () => {
    const allowed =
      /^https:\/\/(hooks\.example\.com|[^.]+(\.[^.]+)*\.example\.org|api\.example\.com:8443|xn--mnchen-3ya\.example)$|^http:\/\/(plain\.example\.com|[^.]+(\.[^.]+)*\.local\.example:3000)$/;
    const piece = fc.constantFrom(
      'https:',
      'http:',
      '//',
      '/',
      '\\',
      '@',
      ':',
      '.',
      'hooks.example.com',
      '.example.org',
      'example.org',
      'plain.example.com',
      'api.example.com',
      ':8443',
      ':443',
      ':3000',
      'evil.example',
      '#',
      '?',
      '%2f',
      '%00',
      '%40',
      '\t',
      ' ',
      '[',
      ']',
      '*',
      'a',
      '127.0.0.1',
      '..',
      '。',
      '\u00ad',
      ',',
    );
    let went = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('https://', 'https://', 'http://', ''),
        fc.array(piece, { maxLength: 2 }),
        fc.constantFrom('hooks.example.com', 'a.example.org', 'plain.example.com', 'api.example.com:8443'),
        fc.array(piece, { maxLength: 3 }),
        async (scheme, before, host, after) => {
          const url = [scheme, ...before, host, ...after].join('');
          const found = await origin(HOSTS, url);
          if (found.startsWith('not sent: ')) return;
          went++;
          assert.match(found, allowed, url);
          assert.equal(found, new URL(url).origin);
        },
      ),
      { numRuns: 3000 },
    );
    assert.ok(went > 50, `${went} went somewhere`);
  });
});

describe('what the operator allows', () => {
  for (const [hosts, url, goes] of [
    ['', 'https://hooks.example.com/', false],
    [',', 'https://hooks.example.com/', false],
    ['*', 'https://hooks.example.com/', false],
    ['*.', 'https://hooks.example.com/', false],
    ['*.com', 'https://hooks.example.com/', true],
    ['*example.com', 'https://hooks.example.com/', false],
    ['hooks.*.com', 'https://hooks.example.com/', false],
    ['HTTPS://HOOKS.EXAMPLE.COM', 'https://hooks.example.com/', true],
    ['https://hooks.example.com/', 'https://hooks.example.com/a', true],
    ['https://hooks.example.com/in', 'https://hooks.example.com/in', false],
    ['http://hooks.example.com', 'https://hooks.example.com/', false],
    ['hooks.example.com http://hooks.example.com', 'http://hooks.example.com/', true],
    ['hooks.example.com:443', 'https://hooks.example.com/', true],
    ['ftp://hooks.example.com', 'https://hooks.example.com/', false],
    ['10.0.0.1', 'https://10.0.0.1/', true],
    ['10.0.0.1', 'https://10.0.1/', true],
    ['[::1]', 'https://[0:0::1]/', true],
    ['*.0.0.1', 'https://10.0.0.1/', false],
    ['hooks.example.com\nhooks.example.net', 'https://hooks.example.net/', true],
  ] as const) {
    it(`${JSON.stringify(hosts)} ${goes ? 'lets' : 'does not let'} ${url} be called`, async () => {
      assert.equal((await origin(hosts, url)) === new URL(url).origin, goes);
    });
  }

  it('as a list', async () => {
    const bound = destinationOf('method: POST\npath: ""\njson: "{{ record }}"', {
      url: '"{{ config.url }}"',
      connection: 'allow: [hooks.example.com, "*.{{ settings.domain }}"]',
      top: 'settings: { domain: {} }',
      settings: { domain: 'example.org' },
    });
    const going = async (url: string) => (await call(bound, { rows: [{ id: 1 }], configuration: { url } })).sent.length;
    assert.deepEqual(
      [await going('https://a.example.org/'), await going('https://hooks.example.com/'), await going('https://example.org/')],
      [1, 1, 0],
    );
  });
});

describe('behind a configured URL', () => {
  it('the path of the request and its query are added, and rows stay in their place', async () => {
    const bound = destinationOf('post: "/rows/{{ row.name }}"\nquery: { q: "{{ row.name }}" }\njson: "{{ record }}"', {
      url: '"{{ config.url }}"',
      connection: 'allow: hooks.example.com',
    });
    const name = '@evil.example/../?a=b#c';
    const { sent, reasons } = await call(bound, {
      rows: [
        { id: 1, name },
        { id: 2, name: 'ok@evil.example:80' },
      ],
      configuration: { url: 'https://hooks.example.com/in/?key=a%2Fb' },
    });
    assert.match(reasons['1'] ?? '', /^not sent: /);
    assert.deepEqual(
      sent.map(({ request }) => request.url),
      ['https://hooks.example.com/in/rows/ok%40evil.example%3A80?key=a%2Fb&q=ok%40evil.example%3A80'],
    );
  });

  it('a lookup asks that host too, and no other', async () => {
    const bound = destinationOf('post: /rows\njson: { a: "{{ lookups.me.id }}" }', {
      url: '"{{ config.url }}"',
      connection: 'allow: hooks.example.com',
      top: 'lookups: { me: { get: /me } }',
    });
    for (const [url, paths] of [
      ['https://hooks.example.com', ['https://hooks.example.com/me', 'https://hooks.example.com/rows']],
      ['https://evil.example', []],
    ] as const) {
      const { sent, rejected } = await call(bound, { rows: [{ id: 1 }], configuration: { url } });
      assert.deepEqual(
        sent.map(({ request }) => request.url),
        paths,
      );
      assert.equal(rejected.length, paths.length === 0 ? 1 : 0);
    }
  });
});
