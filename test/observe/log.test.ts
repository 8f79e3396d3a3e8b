/** The log: lines of JSON, errors with their stacks, and no secret in any of it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog, type LogOptions } from '../../src/observe/log.ts';
import { createRedactor } from '../../src/observe/redact.ts';

const CANARY = 'can"ary\\12345';

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({
    level: 'debug',
    redact: createRedactor([CANARY]).redact,
    destination: { write: (line) => lines.push(line) },
    ...options,
  });
  const only = (): Record<string, unknown> => {
    assert.equal(lines.length, 1);
    return JSON.parse(lines[0] ?? '');
  };
  return { log, lines, only };
}

describe('createLog', () => {
  it('writes a line of JSON', () => {
    const { log, lines, only } = capture();
    log.info('call', { destination: 'slack', ms: 5 });
    const { time, ...rest } = only();
    assert.deepEqual(rest, { level: 'info', destination: 'slack', ms: 5, message: 'call' });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
    assert.ok(lines[0]?.endsWith('}\n'));
  });

  it('has levels', () => {
    const { log, lines } = capture({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).message),
      ['c', 'd'],
    );
    const silent = capture({ level: 'silent' });
    silent.log.error('e');
    assert.deepEqual(silent.lines, []);
  });

  it('shows errors with stack, code and causes', () => {
    const { log, only } = capture();
    const cause = Object.assign(new Error('inner'), { code: 'ECONNRESET' });
    log.error('internal error', { error: new TypeError('outer', { cause }) });
    const error = only().error as Record<string, Record<string, unknown>>; // as readableError makes it
    assert.equal(error.type, 'TypeError');
    assert.match(String(error.stack), /log\.test/);
    assert.equal(error.cause?.code, 'ECONNRESET');
  });

  it('follows no chain of causes for ever', () => {
    const { log, only } = capture();
    const error = new Error('round');
    error.cause = error;
    log.error('x', { error });
    assert.ok(only().error);
  });

  it('holds no secret, wherever it was put', () => {
    const { log, lines } = capture();
    const circular: Record<string, unknown> = { CANARY };
    circular.self = circular;
    log.info(CANARY);
    log.warn('x', {
      field: CANARY,
      [CANARY]: 1,
      deep: { list: [CANARY, JSON.stringify({ CANARY })] },
      url: `https://x/?k=${encodeURIComponent(CANARY)}`,
    });
    log.error('x', { error: new Error(`bad ${CANARY}`, { cause: new Error(CANARY) }), circular });
    assert.equal(lines.length, 3);
    for (const line of lines) {
      assert.doesNotMatch(line, /ary.{1,4}12345/);
      assert.match(line, /\[secret\]/);
      assert.ok(JSON.parse(line));
    }
  });

  it('still writes JSON where a secret is part of its own words', () => {
    for (const secret of ['info', '"level"', '"time":"20', '":1234']) {
      const { log, only } = capture({ redact: createRedactor([secret]).redact });
      log.info('hello', { n: 1234 });
      assert.match(String(only().message), /hello/);
    }
  });
});
