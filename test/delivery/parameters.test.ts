/** Names and lists from data, as parameters: what a receiver would read as another value rejects its row. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { call, destinationOf, type ManifestParts } from './calling.ts';

const SPREAD = 'form: { user: { id: 1 }, a: 2, "...": "{{ record.v }}" }';
const FORM = 'form: { v: "{{ record.v }}" }';
const QUERY = 'query: { "...": "{{ record.v }}" }';
const OF_KEY = { connection: 'auth: { query: { key: s3cr3t } }' };
const OF_PERSON = { url: '"{{ config.url }}"', connection: 'allow: [api.test]' };

/** The body or the query, decoded, or the reason. */
const TABLE: readonly [request: string, v: unknown, wanted: string | RegExp, parts?: ManifestParts][] = [
  [SPREAD, { 'b[c]': 3, 'b[d]': [4, 5] }, 'b[c]=3&b[d]=4&b[d]=5&user[id]=1&a=2'],
  [SPREAD, { 'user[admin]': true }, /^not sent: the parameter "user\[admin\]" would be read as a part of "user"$/],
  [SPREAD, { 'user[id][x]': 2 }, /part of "user"$/],
  [SPREAD, { 'b[c]': 3, 'b[c][d]': 4 }, /part of "b\[c\]"$/],
  ['form: { "user[id]": 1, "...": "{{ record.v }}" }', { user: 2 }, /part of "user"$/],
  [FORM, { 'a][b': 1 }, /^not sent: "a\]\[b", the name of a value in a map, would be read as another nesting: it is empty or/],
  [FORM, [{ a: 1, b: { c: 2 } }, { a: 3 }], 'v[][a]=1&v[][b][c]=2&v[][a]=3'],
  [FORM, [{ a: 1 }, { b: 2 }], /^not sent: the list "v" holds lists, or maps that do not all begin with the same name, which/],
  [FORM, [[1], [2]], /the list "v"/],
  [FORM, [1, { a: 2 }], /^not sent: the list "v" holds values beside lists or maps, which parameters cannot tell; send it as/],
  [QUERY, { key: 'mine' }, /^not sent: the parameter "key" is set already, by the URL or the credentials of/, OF_KEY],
  [QUERY, { b: 1 }, 'site=1&user[id]=1&b=1', OF_PERSON],
  [QUERY, { 'user[admin]': 1 }, /the parameter "user\[admin\]" is set already/, OF_PERSON],
];

describe('names and lists from data, as parameters', () => {
  for (const [request, v, wanted, parts] of TABLE) {
    it(`${request} of ${JSON.stringify(v)}: ${String(wanted).slice(0, 60)}`, async () => {
      const bound = destinationOf(`post: /r\n${request}`, parts);
      const configuration = { url: 'https://api.test/v1?site=1&user[id]=1' };
      const { sent, rejected } = await call(bound, { rows: [{ id: 1, v }], configuration });
      if (wanted instanceof RegExp) return assert.match(rejected[0]?.reason ?? 'sent', wanted);
      const { body, url = '' } = sent[0]?.request ?? {};
      assert.equal(decodeURIComponent(body?.toString() ?? url.split('?')[1] ?? ''), wanted);
    });
  }

  it('are looked at once, however many brackets a name has', async () => {
    const start = performance.now();
    const bound = destinationOf(`post: /r\n${SPREAD}`);
    const { sent } = await call(bound, { rows: [{ id: 1, v: { ['['.repeat(1_000_000)]: 1 } }] });
    assert.equal(sent.length, 1);
    assert.ok(performance.now() - start < 5000);
  });
});
