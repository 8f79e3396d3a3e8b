/** The redactor: canaries in every encoding, alone and inside other text. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRedactor } from '../../src/observe/redact.ts';

const CANARY = 'k3y/with+"quotes"\\ & ümläut?=';

describe('createRedactor', () => {
  const { redact } = createRedactor([CANARY]);
  const bytes = Buffer.from(CANARY);
  const forms: Record<string, string> = {
    raw: CANARY,
    base64: bytes.toString('base64'),
    base64url: bytes.toString('base64url'),
    percent: encodeURIComponent(CANARY),
    'percent in lower case': encodeURIComponent(CANARY).replace(/%../g, (code) => code.toLowerCase()),
    form: new URLSearchParams({ a: CANARY }).toString().slice(2),
    JSON: JSON.stringify(CANARY).slice(1, -1),
    'JSON with \\/': JSON.stringify(CANARY).slice(1, -1).replaceAll('/', '\\/'),
    'JSON in ASCII': JSON.stringify(CANARY)
      .slice(1, -1)
      .replace(/[^ -~]/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`),
    'JSON in JSON': JSON.stringify(JSON.stringify(CANARY).slice(1, -1)).slice(1, -1),
  };
  for (const [name, form] of Object.entries(forms)) {
    it(`takes it out as ${name}`, () => assert.equal(redact(`<${form}|${form}>`), '<[secret]|[secret]>'));
  }

  for (const user of ['', 'a', 'ab', 'abc', 'abcd']) {
    it(`leaves nothing to decode of basic credentials of ${JSON.stringify(user)}`, () => {
      for (const encoding of ['base64', 'base64url'] as const) {
        const header = Buffer.from(`${user}:${CANARY}:x`).toString(encoding);
        const left = redact(header);
        assert.ok(left.includes('[secret]'), left);
        assert.ok(left.replace('[secret]', '').length <= 12, left);
      }
    });
  }

  it('takes out the beginning of one that a text was cut off in', () => {
    for (const form of Object.values(forms)) {
      for (let length = 4; length < form.length; length++) {
        const cut = `<${form.slice(0, length)}`.toWellFormed();
        assert.match(redact(`${cut}… (${cut}…`), /^<\[secret\]=?… \(<\[secret\]=?…$/, cut); // base64 may keep its padding
      }
    }
    assert.equal(
      redact(`${CANARY.slice(0, 3)}… and ${CANARY.slice(1, 9)}…`),
      `${CANARY.slice(0, 3)}… and ${CANARY.slice(1, 9)}…`,
    );
    assert.equal(createRedactor(['emoji🔑key']).redact('emoji�…'), '[secret]…');
  });

  it('takes out one of several lines where it stands in one', () => {
    const lines = createRedactor(['-----BEGIN KEY-----\r\ncanary\n-----END KEY-----\n', '\n\n\n\n\n']);
    assert.equal(lines.redact('a -----BEGIN KEY----- canary -----END KEY----- b'), 'a [secret] b');
  });

  it('takes the longest first', () => {
    const both = createRedactor(['abcd', 'abcdefgh']);
    assert.equal(both.redact('abcdefgh abcd'), '[secret] [secret]');
  });

  it('ignores what is too short to be one', () => {
    assert.equal(createRedactor(['', 'abc']).redact('abc'), 'abc');
  });

  it('learns', () => {
    const learning = createRedactor([]);
    assert.equal(learning.redact('fresh-token'), 'fresh-token');
    learning.add('fresh-token');
    assert.equal(learning.redact('fresh-token'), '[secret]');
    learning.add('other-token');
    assert.equal(learning.redact('fresh-token other-token'), '[secret] [secret]');
  });

  it('lets no secret through, whatever it is made of', () => {
    const secret = fc.string({ unit: 'binary', minLength: 4, maxLength: 30 }).filter((text) => !'[secret]'.includes(text));
    fc.assert(
      fc.property(secret, fc.string({ unit: 'binary' }), (text, around) => {
        const one = createRedactor([text]);
        for (const form of [
          text,
          encodeURIComponent(text),
          JSON.stringify(text).slice(1, -1),
          Buffer.from(text).toString('base64'),
        ]) {
          assert.ok(one.redact(form).startsWith('[secret]'));
          assert.ok(!one.redact(around.replaceAll(text, '') + form).endsWith(form));
        }
      }),
    );
  });

  it('takes lone surrogates', () => {
    assert.equal(createRedactor(['\ud800abcd']).redact('\ud800abcd \ufffdabcd'), '[secret] [secret]');
  });

  it('is quick on long texts with many secrets', () => {
    const many = createRedactor(Array.from({ length: 50 }, (_, i) => `secret-number-${i}-${'x'.repeat(30)}`));
    const start = performance.now();
    many.redact('secret-number- and other text '.repeat(20_000));
    assert.ok(performance.now() - start < 2000);
  });

  it('forgets what was let go by all who added it', () => {
    const { add, redact } = createRedactor(['shared-secret']);
    const [one, other] = [add('own-secret'), add('own-secret')];
    const again = add('shared-secret');
    one();
    one();
    assert.equal(redact('own-secret'), '[secret]');
    other();
    again();
    assert.equal(redact('own-secret shared-secret'), 'own-secret [secret]');
  });

  it('takes out the beginning of a secret at which a text was cut', () => {
    const cut = createRedactor(['sk_live_0123456789', 'live_token']).redact;
    assert.equal(cut('the key sk_live_01…'), 'the key [secret]…');
    assert.equal(cut('first sk_l… and then live_… end'), 'first [secret]… and then [secret]… end');
    assert.equal(cut('the key sk_…'), 'the key sk_…', 'three characters tell nothing');
    assert.equal(cut('sk_live_0 in the middle'), 'sk_live_0 in the middle');
  });

  it('hides all of two that overlap', () => {
    assert.equal(createRedactor(['abcdefgh', 'efghijkl']).redact('-abcdefghijkl-'), '-[secret]-');
  });

  it('finds what came as Latin-1 and was UTF-8', () => {
    const came = Buffer.from('pässwörd', 'utf8').toString('latin1');
    assert.equal(createRedactor([came]).redact(`pässwörd ${came}`), '[secret] [secret]');
  });
});
