/** The base URL: from the manifest, its settings or the operator, and only what it seems to be. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bindDestination, isFaults } from '../../src/destination/bind.ts';
import { compiled, manifest, messages, supply } from './making.ts';

function base(url: string, env: Record<string, string> = {}, settings = ''): string {
  const result = bindDestination(compiled(manifest(settings, `url: ${JSON.stringify(url)}`)), supply(env));
  if (isFaults(result)) return messages(result).join(' | ');
  const { origin, path, operators } = result.base ?? assert.fail('the base is not known');
  return `${origin} ${path.replace(/\/$/, '')}${operators ? ' operators' : ''}`;
}

describe('a base URL', () => {
  const table: [url: string, expected: string][] = [
    ['https://api.example.com', 'https://api.example.com '],
    ['https://api.example.com/', 'https://api.example.com '],
    ['https://api.example.com/v1/', 'https://api.example.com /v1'],
    ['HTTPS://API.Example.com:443/v1', 'https://api.example.com /v1'],
    ['http://127.0.0.1:9700/v1', 'http://127.0.0.1:9700 /v1'],
    ['https://[::1]:8443/a', 'https://[::1]:8443 /a'],
    ['https://bücher.example/a', 'https://xn--bcher-kva.example /a'],
    ['https://api.example.com/a%20b', 'https://api.example.com /a%20b'],
  ];
  for (const [url, expected] of table) it(`${url} → ${expected}`, () => assert.equal(base(url), expected));
});

describe('a base URL with a setting', () => {
  const SETTINGS = 'settings: { server: {} }';
  const table: [url: string, server: string, expected: RegExp][] = [
    ['https://{{ settings.server }}.example.com/v1', 'us21', /^https:\/\/us21\.example\.com \/v1$/],
    ['https://{{ settings.server }}/v1', 'api.example.com:8443', /^https:\/\/api\.example\.com:8443 \/v1$/],
    ['https://{{ settings.server }}.example.com', 'evil.com/', /^settings\.url: .*other characters than letters/],
    ['https://{{ settings.server }}.example.com', 'evil.com#', /^settings\.url: /],
    ['https://{{ settings.server }}.example.com', 'user@evil.com', /^settings\.url: /],
    ['https://{{ settings.server }}.example.com', 'evil.com\\', /^settings\.url: /],
    ['https://{{ settings.server }}.example.com', ' ', /^settings\.url: /],
    ['https://example.com/{{ settings.server }}/v1', 'a/b', /^https:\/\/example\.com \/a%2Fb\/v1$/],
    ['https://example.com/{{ settings.server }}/v1', '..', /^settings\.url: /],
    ['https://example.com/{{ settings.server }}/v1', 'a?b#c', /^https:\/\/example\.com \/a%3Fb%23c\/v1$/],
    ['{{ settings.server }}', 'https://api.example.com/v2/', /^https:\/\/api\.example\.com \/v2$/],
    ['{{ settings.server }}/v1', 'https://api.example.com', /^https:\/\/api\.example\.com \/v1$/],
    ['{{ settings.server }}', 'https://user:password@example.com', /^settings\.url: /],
    ['{{ settings.server }}', 'https://example.com?key=1', /^settings\.url: /],
    ['{{ settings.server }}', 'https://example.com/a/../b', /^settings\.url: /],
    ['{{ settings.server }}', 'https://example.com/%2e%2e/b', /^settings\.url: /],
    ['{{ settings.server }}', 'file:///etc/passwd', /^settings\.url: /],
    ['{{ settings.server }}', 'javascript:alert(1)', /^settings\.url: /],
    ['{{ settings.server }}', 'api.example.com', /^settings\.url: /],
    ['{{ settings.server }}', 'https://exa\tmple.com', /^settings\.url: /],
    ['{{ settings.server }}', 'https:\\\\example.com', /^settings\.url: /],
  ];
  for (const [url, server, expected] of table) {
    it(`${url} of ${JSON.stringify(server)}`, () => assert.match(base(url, { EXAMPLE_SERVER: server }, SETTINGS), expected));
  }
  it('says which settings to look at, and never what they hold', () => {
    const fault = base('https://{{ settings.server }}', { EXAMPLE_SERVER: 's3cr3t/' }, 'settings: { server: { secret: true } }');
    assert.match(fault, /Check the settings that it reads/);
    assert.ok(!fault.includes('s3cr3t'));
  });
});

describe('the operator’s own URL', () => {
  const env = (url: string) => ({ ROWPOST_URL_EXAMPLE: url });
  it('stands in place of the manifest’s', () => {
    assert.equal(base('https://api.example.com/v1', env('http://localhost:9700/x')), 'http://localhost:9700 /x operators');
  });
  it('makes settings that only the URL reads no less needed', () => {
    assert.match(
      base('https://{{ settings.server }}.example.com', env('http://localhost:9700'), 'settings: { server: {} }'),
      /^settings\.missing/,
    );
  });
  it('is refused where it is none, naming its variable', () => {
    for (const url of ['localhost:9700', 'ftp://localhost', 'http://a:b@localhost', 'http://localhost?x', 'nonsense']) {
      assert.match(base('https://api.example.com', env(url)), /^settings\.url: ROWPOST_URL_EXAMPLE is no URL/);
    }
  });
  it('is not set where it is empty', () => {
    assert.equal(base('https://api.example.com', env('')), 'https://api.example.com ');
  });
});
