import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Reply, Unreachable } from '../../src/outbound/exchange.ts';
import {
  backoff,
  DEFAULT_RETRY_ON,
  mayBeTaken,
  type RetryAfter,
  type RetryPolicy,
  retryAfter,
  retryable,
} from '../../src/outbound/retry.ts';

const answer = (status: number, headers: Record<string, string> = {}): Reply => ({ kind: 'answer', status, headers, body: '' });
const unreachable = (phase: Unreachable['phase'], code: string, mayHaveArrived = phase === 'after'): Reply => ({
  kind: 'unreachable',
  phase,
  mayHaveArrived,
  code,
  sentence: 'It broke.',
});
const policy = (changes: Partial<RetryPolicy> = {}): RetryPolicy => ({
  idempotent: false,
  on: DEFAULT_RETRY_ON,
  notFoundBefore: false,
  ...changes,
});

describe('what may be tried again', () => {
  /** The reply, then whether it is tried again for any request, and for an idempotent one. */
  const when = { 'retry-after': '1' };
  const cases: [name: string, reply: Reply, any: boolean, idempotent: boolean][] = [
    ...['EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'TIMEOUT', 'EMFILE', 'ENOTFOUND'].map(
      (code): [string, Reply, boolean, boolean] => [`before ${code}`, unreachable('before', code), true, true],
    ),
    ...['ECONNRESET', 'EPIPE', 'TIMEOUT', 'GARBLED'].map((code): [string, Reply, boolean, boolean] => [
      `after ${code}`,
      unreachable('after', code),
      false,
      true,
    ]),
    ['refused by the guard', unreachable('refused', 'ADDRESS_REFUSED'), false, false],
    ['a bad certificate', unreachable('refused', 'CERT_HAS_EXPIRED'), false, false],
    ['an answer over the cap', unreachable('refused', 'TOO_LARGE', true), false, false],
    ['aborted before', unreachable('before', 'ABORTED'), false, false],
    ['aborted after', unreachable('after', 'ABORTED'), false, false],
    ...[408, 421, 425, 429].map((status): [string, Reply, boolean, boolean] => [String(status), answer(status), true, true]),
    ['503 with Retry-After', answer(503, when), true, true],
    ['503 with a Retry-After that cannot be read', answer(503, { 'retry-after': 'soon' }), true, true],
    ['503 with an empty Retry-After', answer(503, { 'retry-after': ' ' }), false, true],
    ['503', answer(503), false, true],
    ['403 with Retry-After', answer(403, when), true, true],
    ['403', answer(403), false, false],
    ...[500, 502, 504, 520, 521, 522, 523, 524, 525, 526, 527].map((status): [string, Reply, boolean, boolean] => [
      String(status),
      answer(status, when),
      false,
      true,
    ]),
    ...[200, 201, 204, 301, 302, 304, 307, 400, 401, 402, 404, 405, 409, 410, 413, 422, 423, 501, 505, 507, 528].map(
      (status): [string, Reply, boolean, boolean] => [`${status}, Retry-After or not`, answer(status, when), false, false],
    ),
  ];
  for (const [name, reply, any, idempotent] of cases) {
    it(`${name}: ${any}; idempotent: ${idempotent}`, () => {
      assert.equal(retryable(reply, policy()), any);
      assert.equal(retryable(reply, policy({ idempotent: true })), idempotent);
    });
  }

  it('does not look for a missing name twice', () => {
    assert.equal(retryable(unreachable('before', 'ENOTFOUND'), policy({ notFoundBefore: true, idempotent: true })), false);
    assert.equal(retryable(unreachable('before', 'ECONNREFUSED'), policy({ notFoundBefore: true })), true);
  });

  it('`on` chooses among statuses, and names 409 and 423', () => {
    const on = new Set([409, 423, 503]);
    assert.equal(retryable(answer(429), policy({ on })), false);
    assert.equal(retryable(answer(500), policy({ on, idempotent: true })), false);
    assert.equal(retryable(answer(409), policy({ on, idempotent: true })), true);
    assert.equal(retryable(answer(423), policy({ on, idempotent: true })), true);
    assert.equal(retryable(unreachable('before', 'ECONNREFUSED'), policy({ on: new Set() })), true);
  });

  it('`on` makes nothing safe that is not', () => {
    const on = new Set(Array.from({ length: 500 }, (_, index) => index + 100));
    for (const status of [400, 404, 409, 422, 423, 500, 501, 502, 503, 504, 520, 301]) {
      assert.equal(retryable(answer(status), policy({ on })), false, String(status));
    }
    for (const status of [200, 301, 400, 401, 404, 422, 501]) {
      assert.equal(retryable(answer(status), policy({ on, idempotent: true })), false, String(status));
    }
  });
});

describe('what may have been taken', () => {
  const cases: [name: string, reply: Reply, taken: boolean][] = [
    ['nothing before bytes left', unreachable('before', 'TIMEOUT'), false],
    ['perhaps after', unreachable('after', 'ECONNRESET'), true],
    ['perhaps with an answer over the cap', unreachable('refused', 'TOO_LARGE', true), true],
    ['nothing that the guard refused', unreachable('refused', 'ADDRESS_REFUSED'), false],
    ...[500, 502, 503, 504, 520, 527].map((status): [string, Reply, boolean] => [`perhaps by a ${status}`, answer(status), true]),
    ['perhaps by a 500 that says when to come back', answer(500, { 'retry-after': '1' }), true],
    ['nothing by a 503 that says when to come back', answer(503, { 'retry-after': '1' }), false],
    ...[400, 401, 403, 408, 409, 422, 429, 501, 302].map((status): [string, Reply, boolean] => [
      `nothing by a ${status}`,
      answer(status),
      false,
    ]),
  ];
  for (const [name, reply, taken] of cases) it(name, () => assert.equal(mayBeTaken(reply), taken));
});

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);
const none: RetryAfter = { kind: 'none' };
const unreadable: RetryAfter = { kind: 'unreadable' };
const wait = (ms: number): RetryAfter => ({ kind: 'wait', ms });

describe('Retry-After', () => {
  const cases: [value: string, expected: RetryAfter][] = [
    ['', none],
    ['   ', none],
    [', ,', none],
    ['0', wait(0)],
    ['-0', wait(0)],
    ['1', wait(1000)],
    ['120', wait(120_000)],
    ['  7  ', wait(7000)],
    ['\t7', wait(7000)],
    ['007', wait(7000)],
    ['+5', wait(5000)],
    ['1.5', wait(1500)],
    ['1.', wait(1000)],
    ['.25', wait(250)],
    ['0.0001', wait(1)],
    ['-1', wait(0)],
    ['-99999999999999999999', wait(0)],
    ['99999999999999999999999', wait(Number.MAX_SAFE_INTEGER)],
    ['9'.repeat(400), wait(Number.MAX_SAFE_INTEGER)],
    ['1e3', unreadable],
    ['0x10', unreadable],
    ['30s', unreadable],
    ['PT30S', unreadable],
    ['NaN', unreadable],
    ['Infinity', unreadable],
    ['null', unreadable],
    ['"30"', unreadable],
    ['soon', unreadable],
    ['Tue, 24 Nov 2026 12:00:30 GMT', wait(30_000)],
    ['tue, 24 nov 2026 12:00:30 gmt', wait(30_000)],
    ['Tue, 24 Nov 2026 12:00:30 UTC', wait(30_000)],
    ['Fri, 4 Dec 2026 12:00:00 GMT', wait(864_000_000)],
    ['Tuesday, 24-Nov-26 12:00:30 GMT', wait(30_000)],
    ['Tue Nov 24 12:00:30 2026', wait(30_000)],
    ['Fri Dec  4 12:00:00 2026', wait(864_000_000)],
    ['Sun, 06 Nov 1994 08:49:37 GMT', wait(0)],
    ['Sunday, 06-Nov-94 08:49:37 GMT', wait(0)],
    ['Sun Nov  6 08:49:37 1994', wait(0)],
    ['Tue, 24 Nov 2026 11:59:59 GMT', wait(0)],
    ['Thu, 31 Dec 2026 23:59:60 GMT', wait(Date.UTC(2027, 0, 1) - NOW)],
    ['Fri, 31 Dec 9999 23:59:59 GMT', wait(Date.UTC(9999, 11, 31, 23, 59, 59) - NOW)],
    // Two digits: 2076 is 50 years ahead and stands, later ones were in the last century.
    ['Tuesday, 24-Nov-76 12:00:00 GMT', wait(Date.UTC(2076, 10, 24, 12) - NOW)],
    ['Tuesday, 24-Nov-76 12:00:01 GMT', wait(0)],
    ['Friday, 01-Jan-99 00:00:00 GMT', wait(0)],
    ['Tue, 31 Feb 2026 12:00:30 GMT', unreadable],
    ['Tue, 00 Nov 2026 12:00:30 GMT', unreadable],
    ['Tue, 24 Foo 2026 12:00:30 GMT', unreadable],
    ['Tue, 24 Nov 2026 24:00:30 GMT', unreadable],
    ['Tue, 24 Nov 2026 12:60:30 GMT', unreadable],
    ['Tue, 24 Nov 2026 12:00:30 +0100', unreadable],
    ['2026-11-24T12:00:30Z', unreadable],
    ['24 Nov 2026', unreadable],
    ['30, 120, 60', wait(120_000)],
    ['30,120', wait(120_000)],
    ['30, soon', wait(30_000)],
    ['soon, later', unreadable],
    ['5, Tue, 24 Nov 2026 12:00:30 GMT, 7', wait(30_000)],
    ['Tue, 24 Nov 2026 12:00:30 GMT, Tuesday, 24-Nov-26 12:01:00 GMT', wait(60_000)],
    ['Wednesday, 25-Nov-26 12:00:00 GMT', wait(86_400_000)],
  ];
  for (const [value, expected] of cases) {
    it(`${JSON.stringify(value.slice(0, 70))} → ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(retryAfter({ 'retry-after': value }, NOW), expected);
    });
  }

  it('is none where the header is not there', () => assert.deepEqual(retryAfter({ date: 'x' }, NOW), none));

  it('looks ahead over the turn of a century', () => {
    const late = Date.UTC(2099, 11, 31, 23, 59, 59);
    assert.deepEqual(retryAfter({ 'retry-after': 'Friday, 01-Jan-00 00:00:00 GMT' }, late), wait(1000));
  });

  it('reads back every date that JavaScript writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999_999 }), (seconds) => {
        const at = NOW + seconds * 1000;
        assert.deepEqual(retryAfter({ 'retry-after': new Date(at).toUTCString() }, NOW), wait(seconds * 1000));
      }),
    );
  });

  it('never throws and never waits for what is no finite time', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-zA-Z, :.+-]*$/)), (value) => {
        const read = retryAfter({ 'retry-after': value }, NOW);
        if (read.kind === 'wait') assert.ok(Number.isSafeInteger(read.ms) && read.ms >= 0);
      }),
    );
  });

  it('reads long hostile values in no time', () => {
    const started = performance.now();
    for (const value of [`${'1'.repeat(60_000)}x`, ' '.repeat(60_000), `sun${','.repeat(60_000)}`, 'Sun, '.repeat(12_000)]) {
      retryAfter({ 'retry-after': value }, NOW);
    }
    assert.ok(performance.now() - started < 500);
  });
});

describe('backoff', () => {
  it('grows to its cap and is never nothing', () => {
    const cases: [attempt: number, random: number, expected: number][] = [
      [0, 0, 1],
      [0, 0.5, 250],
      [0, 1, 500],
      [1, 1, 1000],
      [5, 1, 16_000],
      [6, 1, 30_000],
      [1000, 1, 30_000],
      [5000, 0.5, 15_000],
      [Number.MAX_SAFE_INTEGER, 0.5, 15_000],
      [Number.POSITIVE_INFINITY, 0, 1],
    ];
    for (const [attempt, random, expected] of cases)
      assert.equal(
        backoff(attempt, () => random),
        expected,
      );
    assert.equal(
      backoff(3, () => 1, 0, 30_000),
      1,
    );
    assert.equal(
      backoff(2, () => 1, 10, 35),
      35,
    );
  });

  it('stays within its bounds', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const ms = backoff(attempt, () => random);
        assert.ok(Number.isInteger(ms) && ms >= 1 && ms <= Math.min(30_000, 500 * 2 ** Math.min(attempt, 10)));
      }),
    );
  });
});
