/** The log: lines of JSON, errors with their stacks, and no secret in any of it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
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
  log.end();
  const only = (): Record<string, unknown> => {
    assert.equal(lines.length, 1);
    return JSON.parse(lines[0] ?? '');
  };
  return { log, lines, only };
}

/** What is written at a time, as the messages of its lines. */
function writes() {
  const all: string[][] = [];
  const write = (text: string) =>
    all.push(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).message),
    );
  const log = createLog({ level: 'debug', redact: (text) => text, destination: { write } });
  return { log, all };
}

/** Runs JavaScript, which finds `log`, in a process of its own. @returns its output, and how it ended */
function inProcess(script: string) {
  const log = new URL('../../src/observe/log.ts', import.meta.url).href;
  const code = `import { createLog } from ${JSON.stringify(log)};
const log = createLog({ level: 'info', redact: (text) => text });
process.once('exit', log.end);
${script}`;
  const { stdout, status, signal } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  const messages = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).message);
  return { messages, status, signal };
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

describe('when lines are written', () => {
  it('writes those of one turn together, and later ones once the pause is over', async () => {
    const { log, all } = writes();
    log.info('delivered');
    log.info('call');
    assert.deepEqual(all, []);
    await turn();
    assert.deepEqual(all, [['delivered', 'call']]);
    log.info('later');
    log.debug('later still');
    await turn();
    assert.equal(all.length, 1);
    while (all.length < 2) await wait(5);
    assert.deepEqual(all[1], ['later', 'later still']);
  });

  it('writes warnings and errors at once, behind what waits', async () => {
    const { log, all } = writes();
    log.info('a');
    log.warn('b');
    assert.deepEqual(all, [['a', 'b']]);
    log.info('c');
    log.error('d');
    assert.deepEqual(all.slice(1), [['c', 'd']]);
    await wait(0);
    log.info('e');
    log.error('f');
    assert.deepEqual(all.slice(2), [['e', 'f']]);
  });

  it('holds no more than a few lines back, however many come in a turn', () => {
    const { log, all } = writes();
    const text = 'x'.repeat(1000);
    for (let index = 0; index < 1000; index++) log.info(String(index), { text });
    const held = 1000 - all.flat().length;
    assert.ok(held < 20, `${held} lines wait`);
    log.end();
    assert.deepEqual(
      all.flat(),
      Array.from({ length: 1000 }, (_, index) => String(index)),
    );
    log.info('after');
    assert.deepEqual(all.at(-1), ['after']);
  });

  it('loses nothing when the process ends by itself, is ended, or crashes', () => {
    const lines = "log.info('a'); setImmediate(() => { log.info('b'); setImmediate(() => { log.info('c');";
    assert.deepEqual(inProcess(`${lines} }); });`), { messages: ['a', 'b', 'c'], status: 0, signal: null });
    assert.deepEqual(inProcess(`${lines} process.exit(3); }); });`), { messages: ['a', 'b', 'c'], status: 3, signal: null });
    const crash = "process.on('uncaughtException', (error) => { log.error('crashed', { error }); process.exit(1); });";
    assert.deepEqual(inProcess(`${crash} ${lines} throw new Error('bug'); }); });`), {
      messages: ['a', 'b', 'c', 'crashed'],
      status: 1,
      signal: null,
    });
    assert.deepEqual(inProcess(`${lines} log.end(); log.info('d'); process.kill(process.pid, 'SIGKILL'); }); });`), {
      messages: ['a', 'b', 'c', 'd'],
      status: null,
      signal: 'SIGKILL',
    });
  });

  it('bears a reader that has gone', () => {
    const log = new URL('../../src/observe/log.ts', import.meta.url).href;
    const code = `import { createLog } from ${JSON.stringify(log)};
const log = createLog({ level: 'info', redact: (text) => text });
process.once('exit', log.end);
let left = 50;
const more = () => { log.info('line', { text: 'x'.repeat(1000) }); if (left-- > 0) setTimeout(more, 5); };
more();`;
    const command = `"$0" --import tsx --input-type=module -e "$1" | head -n 1; exit "\${PIPESTATUS[0]}"`;
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, code], { encoding: 'utf8', cwd });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });
});
