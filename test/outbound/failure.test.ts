import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Unreachable } from '../../src/outbound/exchange.ts';
import { failure } from '../../src/outbound/failure.ts';

const URL_AND_SECRET = 'POST https://api.example.com/?key=s3cret failed';
const failing = (code: unknown): Error => Object.assign(new Error(URL_AND_SECRET), { code });

describe('what an error of the client means before anything left', () => {
  const cases: [phase: Unreachable['phase'], ...codes: string[]][] = [
    [
      'before',
      'EAI_AGAIN',
      'ECONNREFUSED',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'ENOTFOUND',
      'ETIMEDOUT',
      'ECONNRESET',
      'EMFILE',
      'ENFILE',
    ],
    ['before', 'EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'ERR_TLS_HANDSHAKE_TIMEOUT'],
    ['before', 'EACCES', 'EPERM', 'ENOBUFS', 'EAI_FAIL', 'EPIPE', 'EADDRNOTAVAIL'],
    [
      'refused',
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'CERT_REVOKED',
      'CERT_UNTRUSTED',
      'CERT_SIGNATURE_FAILURE',
      'CERT_CHAIN_TOO_LONG',
    ],
    [
      'refused',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
    ],
    [
      'refused',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'ERR_TLS_CERT_ALTNAME_FORMAT',
      'HOSTNAME_MISMATCH',
    ],
    ['refused', 'INVALID_CA', 'INVALID_PURPOSE', 'PATH_LENGTH_EXCEEDED', 'ERROR_IN_CERT_NOT_AFTER_FIELD', 'CRL_HAS_EXPIRED'],
    [
      'refused',
      'ERR_INVALID_CHAR',
      'ERR_INVALID_URL',
      'ERR_UNESCAPED_CHARACTERS',
      'ERR_GOT_REQUEST_ERROR',
      'ERR_UNSUPPORTED_PROTOCOL',
    ],
  ];
  for (const [phase, ...codes] of cases) {
    for (const code of codes) {
      it(`${code}: ${phase}`, () => {
        const reply = failure(failing(code), { left: false, answering: false });
        assert.deepEqual({ ...reply, sentence: '' }, { kind: 'unreachable', phase, mayHaveArrived: false, code, sentence: '' });
        assert.match(reply.sentence, /^[A-Z].*\. Nothing was sent\.$/);
      });
    }
  }
});

describe('what an error of the client means once bytes may have left', () => {
  for (const [given, code] of [
    ['ECONNRESET', 'ECONNRESET'],
    ['EPIPE', 'EPIPE'],
    ['ECONNREFUSED', 'ECONNREFUSED'],
    ['CERT_HAS_EXPIRED', 'CERT_HAS_EXPIRED'],
    ['HPE_INVALID_CONSTANT', 'GARBLED'],
    ['HPE_HEADER_OVERFLOW', 'GARBLED'],
    [undefined, 'FAILED'],
    [7, 'FAILED'],
  ]) {
    it(`${given}: the outcome is unknown`, () => {
      for (const answering of [false, true]) {
        const reply = failure(failing(given), { left: true, answering });
        assert.deepEqual(
          { ...reply, sentence: '' },
          { kind: 'unreachable', phase: 'after', mayHaveArrived: true, code, sentence: '' },
        );
      }
    });
  }
});

it('never shows the client’s own words', () => {
  for (const left of [true, false]) {
    for (const thrown of [
      failing('ECONNRESET'),
      failing('ERR_INVALID_URL'),
      new TypeError(URL_AND_SECRET),
      URL_AND_SECRET,
      undefined,
      null,
    ]) {
      assert.doesNotMatch(JSON.stringify(failure(thrown, { left, answering: false })), /s3cret|example/);
    }
  }
});
