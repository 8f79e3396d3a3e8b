/** The redactor: secrets in every encoding, alone, in part and inside other text, and how long it takes. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRedactor } from '../../src/observe/redact.ts';
import { DISGUISES, ESCAPES } from './encodings.ts';

const CANARY = 'k3ys/with+"quotes"\\ & ümläut?=';
const PEM = [
  '-----BEGIN PRIVATE KEY-----',
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj',
  'MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu',
  'v3ETI2sHBAZ7zJ8=',
  '-----END PRIVATE KEY-----\n',
].join('\n');

const SECRETS: Readonly<Record<string, string>> = {
  'of letters and digits': 'sk_live_51H8xK2eZvKYlo2C',
  'of all kinds of signs': CANARY,
  'that looks escaped itself': 'a%41b\\/c\\u0041"d&amp;e%zz\\n<f>',
  'of other letters': 'пароль-密码-ß-🔑-Σίσυφος',
  'of several lines': PEM,
  'of digits': '4929123456781234',
  'with blanks': ' a pass phrase of-several words ',
};

describe('a secret', () => {
  for (const [kind, secret] of Object.entries(SECRETS)) {
    const { redact } = createRedactor([secret]);
    const core = secret.trim();
    it(`${kind} is taken out in every encoding, and in those of those`, () => {
      const hidden = (form: string, how: string) => {
        const shown = redact(`<${form}|${form}>`);
        assert.match(shown, /^<\s*\[secret\][\s=]*\|\s*\[secret\][\s=]*>$/, `${how}: ${shown}`);
      };
      for (const [first, disguise] of Object.entries(DISGUISES)) {
        hidden(disguise(core), first);
        for (const [second, escaping] of Object.entries(ESCAPES)) {
          hidden(escaping(disguise(core)), `${second} of ${first}`);
          for (const [third, again] of Object.entries(ESCAPES))
            hidden(again(escaping(disguise(core))), `${third} of ${second} of ${first}`);
        }
      }
    });

    it(`${kind} leaves nothing to decode of credentials that it is a part of`, () => {
      for (const user of ['', 'a', 'ab', 'abc', 'abcd']) {
        for (const encoding of ['base64', 'base64url', 'hex'] as const) {
          const header = Buffer.from(`${user}:${core}:x`).toString(encoding);
          for (const form of [header, header.toUpperCase()]) {
            const left = redact(form);
            assert.ok(left.includes('[secret]'), left);
            assert.ok(left.replace('[secret]', '').length <= 16, left);
          }
        }
      }
    });
  }

  it('is hidden whatever is around it', () => {
    // Neither blank, which is none, nor with control characters at its ends, which are no part of it; nor part of the mark.
    const secret = fc
      .string({ unit: 'binary', minLength: 4, maxLength: 40 })
      .filter(
        (text) =>
          /^[^\p{Cc}\s].*[^\p{Cc}\s]$/su.test(text) && /[^\p{Cc}\s+-]/u.test(text) && !'[secret]'.includes(text.toLowerCase()),
      );
    const escapes = fc.array(fc.constantFrom(...Object.values(ESCAPES)), { maxLength: 2 });
    const disguise = fc.constantFrom(...Object.values(DISGUISES));
    const around = fc.string({ unit: 'grapheme-ascii', maxLength: 30 });
    fc.assert(
      fc.property(secret, disguise, escapes, around, around, (own, hide, all, before, behind) => {
        const form = all.reduce((text, escaping) => escaping(text), hide(own.toWellFormed()));
        // A sign in front may make another escape of it, as "\\" does: then it is another text.
        const shown = createRedactor([own]).redact(`${before} ${form} ${behind}`);
        assert.ok(shown.includes('[secret]'), shown);
      }),
      { numRuns: 500 },
    );
  });

  it('is known as Latin-1 where it came as UTF-8', () => {
    const came = Buffer.from('pässwörd', 'utf8').toString('latin1');
    assert.equal(createRedactor([came]).redact(`pässwörd ${came}`), '[secret] [secret]');
  });

  it('may have half a surrogate pair', () => {
    assert.equal(createRedactor(['\ud800abcd']).redact('\ud800abcd \ufffdabcd'), '[secret] [secret]');
  });

  it('of less than four characters, or of blanks, is none', () => {
    assert.equal(createRedactor(['', 'abc', '    ', '----', '\n\n\n\n\n']).redact('abc     ------'), 'abc     ------');
  });

  it('of several lines is hidden line by line, and in one', () => {
    const { redact } = createRedactor([PEM]);
    for (const line of PEM.split('\n').slice(1, -2)) assert.equal(redact(`at "${line}" …`), 'at "[secret]" …');
    assert.match(redact(`a ${PEM.replaceAll('\n', '\r\n')}b`), /^a (?:\[secret\]\s+)+b$/);
    assert.equal(createRedactor([PEM.replaceAll('\n', '\\n')]).redact(PEM.slice(28, 92)), '[secret]');
  });

  it('of JSON is hidden leaf by leaf, however it is written', () => {
    const account = { type: 'robot', project: 'p1', private_key: PEM, nested: [{ client_secret: 'GOCSPX-0123456789' }] };
    for (const secret of [JSON.stringify(account), JSON.stringify(account, null, 2)]) {
      const { redact } = createRedactor([secret]);
      assert.equal(redact('the key GOCSPX-0123456789 of a robot at p1'), 'the key [secret] of a robot at p1');
      assert.equal(redact(`lines ${PEM.split('\n')[1]}`), 'lines [secret]');
      for (const text of [JSON.stringify(account), JSON.stringify(JSON.stringify(account))])
        assert.doesNotMatch(redact(text), /GOCSPX|0123456789|MII|VJTUt9|MzEfY/);
    }
    assert.equal(createRedactor(['[not JSON at all']).redact('[not JSON at all'), '[secret]');
  });
});

describe('a secret that is a URL', () => {
  const TOKEN = 'XoxoFgHiJkLmNoPqRsTuVwXy';
  const HOOK = `https://hooks.example.com/services/T0123/B4567/${TOKEN}`;
  const { redact } = createRedactor([HOOK]);

  it('is hidden but for its scheme and host, which other texts hold too', () => {
    assert.equal(redact(`sent to ${HOOK} in vain`), 'sent to https://hooks.example.com[secret] in vain');
    assert.equal(redact(`sent to ${encodeURIComponent(HOOK)}`), 'sent to https%3A%2F%2Fhooks.example.com[secret]');
    for (const text of [
      'https://hooks.example.com is silent',
      'at https://hooks.example.com/status…',
      'https://other.example.com…',
    ])
      assert.equal(redact(text), text);
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      const shown = redact(Buffer.from(HOOK).toString(encoding));
      assert.match(shown, /\[secret\]/);
      assert.match(Buffer.from(shown.replace('[secret]', ''), encoding).toString(), /^https:..hooks.example.com.{0,4}$/);
    }
  });

  it('is hidden segment by segment, so that a part of its token is too', () => {
    for (const [name, encode] of Object.entries(DISGUISES))
      assert.match(redact(`the token ${encode(TOKEN)} is old`), /^the token \[secret\]=* is old$/, name);
    assert.equal(redact(`(${TOKEN.slice(0, 16)})`), '([secret])');
    assert.equal(redact('services T0123'), 'services T0123', 'words of the API, and short ids');
    assert.equal(createRedactor([`https://example.com/?v=1&key=${TOKEN}#x`]).redact(`(${TOKEN})`), '([secret])');
    assert.equal(createRedactor(['https://robot:correct-horse@example.com/']).redact('(correct-horse)'), '([secret])');
    assert.equal(createRedactor([JSON.stringify({ url: HOOK })]).redact(`(${TOKEN})`), '([secret])');
  });

  it('counts as a whole only, where there is little behind the host', () => {
    const { redact: own } = createRedactor(['http://127.0.0.1:8080/v1']);
    assert.equal(own('asked http://127.0.0.1:8080/v1 for more'), 'asked [secret] for more');
    for (const text of ['listening on http://127.0.0.1:8080', Buffer.from('http://127.0.0.1:8080').toString('base64')])
      assert.equal(own(text), text);
    assert.equal(createRedactor(['https://tenant-4711.example.com']).redact('tenant-4711.example.com'), '[secret]');
  });
});

describe('a part of a secret', () => {
  const LONG = 'sk_live_51H8xK2eZvKYlo2CpQ7rT9wB4nM6jL0dF3gS5aU8iO1yE';

  it('is taken out where a text was cut off in it', () => {
    for (const [name, encode] of Object.entries({ ...DISGUISES, ...ESCAPES })) {
      const form = encode(CANARY);
      const least = Math.max(4, encode(CANARY.slice(0, 4)).length + 3);
      for (let length = least; length < form.length; length++) {
        const cut = `<${form.slice(0, length)}`.toWellFormed();
        const shown = createRedactor([CANARY]).redact(`${cut}… (${cut}…`);
        assert.match(shown, /^<\[secret\][\s=]?… \(<\[secret\][\s=]?…$/, `${name}: ${cut}`); // base64 may keep its padding
      }
    }
    const { redact } = createRedactor(['sk_live_0123456789', 'live_token', 'emoji🔑key']);
    assert.equal(redact('the key sk_live_01…'), 'the key [secret]…');
    assert.equal(redact('first SK_L… and then live_… end'), 'first [secret]… and then [secret]… end');
    assert.equal(redact('the key sk_…'), 'the key sk_…', 'three characters tell nothing');
    assert.equal(redact('sk_live_0 in the middle'), 'sk_live_0 in the middle');
    assert.equal(redact('emoji\ufffd… emoji\ud83d…'), '[secret]… [secret]…');
  });

  it('is taken out wherever it was cut off, once it is sixteen characters from its beginning, or twice that from elsewhere', () => {
    const { redact } = createRedactor([LONG]);
    for (let from = 0; from < LONG.length; from++) {
      for (let to = from + (from === 0 ? 16 : 31); to <= LONG.length; to++)
        assert.equal(redact(`(${LONG.slice(from, to)})`), '([secret])', `${from} to ${to}`);
    }
  });

  it('is taken out of its encodings, once it is six bytes from its beginning, or twice that from elsewhere', () => {
    const SHORT = 'q7RzX2mVw9Lp';
    for (const [encoding, least] of [
      ['hex', 12],
      ['base64', 8],
      ['base64url', 8],
    ] as const) {
      for (const secret of [LONG, SHORT]) {
        const { redact } = createRedactor([secret]);
        const form = Buffer.from(secret).toString(encoding).replace(/=+$/, '');
        for (let from = 0; from < form.length; from++) {
          for (let to = from + (from === 0 ? least : 2 * least - 1); to < form.length; to++)
            assert.equal(redact(`(${form.slice(from, to)})`), '([secret])', `${encoding} of ${secret}, ${from} to ${to}`);
        }
        assert.equal(redact(`(${form.slice(0, 4)})`), `(${form.slice(0, 4)})`);
      }
    }
  });

  it('is nothing that other documents hold too', () => {
    const { redact } = createRedactor([JSON.stringify({ type: 'robot', url: 'https://example.com', key: LONG })]);
    for (const text of ['{"type":"cursor"}', '{"url":"https://other.example"}']) {
      const cursor = Buffer.from(text).toString('base64');
      assert.equal(redact(cursor), cursor);
    }
  });

  it('is taken out of a document of any length', () => {
    const long = Array.from({ length: 3000 }, (_, at) => Math.abs(Math.sin(at) * 1e9).toString(36)).join('');
    const { redact } = createRedactor([long]);
    assert.equal(redact(`(${long})`), '([secret])');
    assert.ok(redact(long.slice(1000, 3000)).replaceAll('[secret]', '').length < long.length / 32);
  });

  it('is what remains visible of a shorter one', () => {
    assert.equal(createRedactor(['correct-horse']).redact('correct-hors'), 'correct-hors');
  });
});

describe('a redactor', () => {
  it('hides all of two that overlap, and the longest', () => {
    assert.equal(createRedactor(['abcdefgh', 'efghijkl']).redact('-abcdefghijkl-'), '-[secret]-');
    assert.equal(createRedactor(['abcd', 'abcdefgh']).redact('abcdefgh abcd'), '[secret] [secret]');
  });

  it('learns, and forgets what was let go by all who added it', () => {
    const { add, redact } = createRedactor(['shared-secret']);
    assert.equal(redact('own-secret'), 'own-secret');
    const [one, other] = [add('own-secret'), add('own-secret')];
    const again = add('shared-secret');
    one();
    one();
    assert.equal(redact('OWN-SECRET own-se…'), '[secret] [secret]…');
    other();
    again();
    assert.equal(redact('own-secret own-se… shared-secret'), 'own-secret own-se… [secret]');
  });

  it('may know more than another, at one go', () => {
    const common = createRedactor(['of-everybody']);
    const { redact } = common.with(['body-own']);
    const release = common.add('added-later');
    assert.equal(redact('of-everybody-own added-later'), '[secret] [secret]');
    assert.equal(common.redact('of-everybody-own'), '[secret]-own');
    release();
    assert.equal(redact('added-later'), 'added-later');
  });

  it('remembers and forgets thousands, and still finds each', () => {
    const { add, redact } = createRedactor([]);
    const name = (index: number) =>
      createHash('sha256')
        .update(`${index}`)
        .digest('hex')
        .slice(0, 20 + (index % 9));
    const releases = Array.from({ length: 3000 }, (_, index) => add(name(index)));
    for (let index = 0; index < 3000; index += 2) releases[index]?.();
    for (let index = 0; index < 3000; index++)
      assert.equal(redact(`(${name(index)})`).includes('[secret]'), index % 2 === 1, name(index));
  });

  it('searches long texts whole', () => {
    const { redact } = createRedactor([CANARY]);
    const form = ESCAPES.JSON?.(ESCAPES['\\u of every character']?.(CANARY) ?? '') ?? '';
    for (const border of [61_440, 65_536, 122_880, 126_976]) {
      for (let before = border - form.length - 3; before <= border + 3; before += 5) {
        const shown = redact(`${'.'.repeat(before)}${form}${'.'.repeat(70_000)}`);
        assert.equal(shown.length, before + '[secret]'.length + 70_000, `at ${before}`);
      }
    }
  });
});

describe('the time that it takes', () => {
  const MEGABYTE = 1_048_576;
  const many = (count: number, name: (index: number) => string) =>
    createRedactor(Array.from({ length: count }, (_, index) => name(index)));
  const fill = (text: string) => text.repeat(Math.ceil(MEGABYTE / text.length));
  for (const [what, redactor, text] of [
    [
      'secrets that begin alike',
      many(500, (i) => `secret-number-${i}-${'x'.repeat(30)}`),
      fill('secret-number- and other text '),
    ],
    ['nothing but beginnings', many(500, (i) => `sk_live_${i}${'x'.repeat(30)}`), fill('sk_live_')],
    ['nothing but cuts', many(500, (i) => `sk_live_${i}${'x'.repeat(30)}`), fill('sk_live_…')],
    ['one letter over and over', createRedactor([`${'a'.repeat(15_000)}b`]), fill('a')],
    ['one letter, in secrets of all lengths', many(20, (i) => `${'a'.repeat(2 * i + 4)}b`), fill('a')],
    ['escapes of escapes', createRedactor(['aaaaaaaa', '25252525']), fill('%2525252525')],
    ['backslashes', createRedactor(['\\\\\\\\\\\\\\\\']), fill('\\')],
    ['entities that are none', createRedactor(['amp;amp;amp']), fill('&amp&#x&#')],
  ] as const) {
    it(`does not grow with ${what}`, () => {
      // Of this process alone: the machine may have more to do.
      const start = process.cpuUsage();
      redactor.redact(text);
      const took = process.cpuUsage(start).user / 1000;
      // Measured at 5 to 900 ms for a megabyte; a search that went wrong takes minutes.
      assert.ok(took < 8000, `${took} ms`);
    });
  }
});
