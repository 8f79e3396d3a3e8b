/** Exact numbers: made of numerals, compared by value, printed with their own digits. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExactNumber, exactNumber, stringifyJson } from '../src/numbers.ts';

const LONG = '12345678901234567890';

describe('exactNumber', () => {
  for (const [written, printed] of [
    [`+${LONG}`, LONG],
    [`000${LONG}`, LONG],
    [`-0${LONG}.50`, `-${LONG}.50`],
    ['.12345678901234567890', '0.12345678901234567890'],
    [`${LONG}.`, LONG],
    ['+.5', '0.5'],
    ['0x10', '16'],
    ['.inf', 'null'],
    ['', '0'],
  ] as const) {
    it(`prints ${JSON.stringify(written)} as ${printed}`, () => assert.equal(stringifyJson(exactNumber(written)), printed));
  }

  it('is made of numerals only', () => {
    for (const text of ['', 'abc', '01', '+1', '1"', '1,2', 'NaN']) assert.throws(() => new ExactNumber(text), TypeError);
  });

  it('compares by value', () => {
    const exact = new ExactNumber(LONG);
    assert.ok(exact.equals(new ExactNumber(`${LONG}.0`)));
    assert.ok(!exact.equals(new ExactNumber(`${LONG.slice(0, -1)}1`)));
    assert.ok(exact.gt(1) && exact.geq(1) && !exact.lt(1) && !exact.leq(1));
    assert.equal(exact.valueOf(), Number(LONG), 'arithmetic sees the nearest double');
    assert.equal(`${exact}`, LONG);
  });
});
