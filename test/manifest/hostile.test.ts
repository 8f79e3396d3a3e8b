/** YAML made to do harm: each text is refused or read soon, with little memory, and each fault has its place in the text. */

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Told } from './hostile-child.ts';
import { HOSTILE, LONG } from './hostile-texts.ts';

/** `HOSTILE=1 node test/run.js test/manifest/hostile.test.ts` is the long form: the longest texts, true figures, and memory for each. */

/** Milliseconds of the processor: the true figure, and one that holds on any machine; what is quadratic takes half a minute. */
const SOON = LONG ? 1000 : 5000;
/** Megabytes, of the 256 KiB of a file. */
const MEMORY = 256;
/** Milliseconds after which a text counts as one that never ends. */
const HANG = 60_000;
/** The first of a process, so that its memory can be told; in the long form that is every text. */
const GREEDY = new Set(['size: fifty megabytes of lines', 'aliases: a wide list of them', 'keys: 30,000']);

let child: ChildProcess | undefined;
after(() => child?.kill('SIGKILL'));

/** What the child says of a text; a crash or a hang is the text's own failure, and another child reads the rest. */
function told(index: number): Promise<Told> {
  const reader = child ?? fork(fileURLToPath(new URL('hostile-child.ts', import.meta.url)));
  child = reader;
  return new Promise((resolve, reject) => {
    const over = (settle: () => void): void => {
      clearTimeout(timer);
      reader.removeAllListeners();
      settle();
    };
    const lost = (why: string) => (): void =>
      over(() => {
        replaceChild();
        reject(new Error(why));
      });
    const timer = setTimeout(lost(`it was not read in ${HANG} ms`), HANG);
    reader.once('exit', lost('it ended the process'));
    reader.once('message', (message) => over(() => resolve(message as Told))); // all that the child says
    reader.send(index);
  });
}

function replaceChild(): void {
  child?.kill('SIGKILL');
  child = undefined;
}

describe('a hostile text is refused or read soon', () => {
  const all: { name: string; ms: number; megabytes?: number }[] = [];
  for (const [index, [name]] of HOSTILE.entries()) {
    it(name, async () => {
      const alone = LONG || GREEDY.has(name);
      if (alone) replaceChild();
      const { ms, megabytes, wrong } = await told(index);
      all.push(alone ? { name, ms, megabytes } : { name, ms });
      assert.equal(wrong, undefined);
      assert.equal(ms < SOON, true, `it took ${ms.toFixed(0)} ms`);
      if (alone) assert.equal(megabytes < MEMORY, true, `it took ${megabytes.toFixed(0)} MB`);
    });
  }

  it('all of them', (t) => {
    const most = (figure: (one: (typeof all)[number]) => number, unit: string): string => {
      const [first] = all.sort((a, b) => figure(b) - figure(a));
      return first === undefined ? 'none' : `${figure(first).toFixed(0)} ${unit} (${first.name})`;
    };
    t.diagnostic(
      `${all.length} texts; at most ${most(({ ms }) => ms, 'ms of the processor')}, ${most((one) => one.megabytes ?? 0, 'MB')}`,
    );
    assert.equal(all.length, HOSTILE.length);
  });
});
