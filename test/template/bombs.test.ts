/** Bombs: templates and values made to hold up the process, to fill its memory or to end it go off in a child, which bears them all. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './bomb-child.ts';
import { BOMBS, THINNED } from './bombs.ts';

/**
 * `BOMBS=1 node test/run.js test/template/bombs.test.ts` is the long form: every bomb in each of its places, by rows of four sizes. Minutes.
 * `BOMBS=4000000` is that with rows of so many characters only.
 */
const ASKED = Number(process.env.BOMBS ?? 0);
const LONG = ASKED > 0;

/** What one may take. In the short form there is room for a busy machine; what is not bounded takes far more all the same. */
const MOST = LONG ? { milliseconds: 200, megabytes: 64 } : { milliseconds: 1000, megabytes: 128 };

/** To collect garbage before each bomb takes longer than the bombs do. */
const EXACT = LONG ? ['--expose-gc'] : [];

/** Characters of a row. Near each limit lies the size that takes most: a larger one is refused before any work is done. */
const SIZES = ASKED > 1 ? [ASKED] : LONG ? [400_000, 1_500_000, 4_000_000, 16_000_000] : [400_000];

/** Each bomb in each of its places; of those that differ by a filter's name only, the short form takes some. */
const CHOSEN = BOMBS.flatMap(({ kinds }, index) =>
  LONG
    ? kinds.map((kind) => `${index}:${kind}`)
    : index < THINNED || index % 8 === 0
      ? `${index}:${kinds[index % kinds.length]}`
      : [],
);

async function setOff(size: number): Promise<Outcome[]> {
  const file = fileURLToPath(new URL('bomb-child.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, ...EXACT, file, String(size), ...CHOSEN], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  const [written, errors, status] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  const lines = written.trimEnd().split('\n');
  assert.equal(status, 0, `the process ended at ${nameOf(lines.at(-1) ?? '')}: ${errors}`);
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Outcome); // the child writes nothing else
}

function nameOf(chosen: string): string {
  return `"${BOMBS[Number.parseInt(chosen, 10)]?.name}" (${chosen})`;
}

function line({ bomb, kind, milliseconds, megabytes, end }: Outcome): string {
  return `${milliseconds.toFixed(0)} ms, ${megabytes.toFixed(0)} MB: "${BOMBS[bomb]?.name}" (${kind}): ${end.slice(0, 160)}`;
}

function tell(t: TestContext, outcomes: readonly Outcome[]): void {
  const made = outcomes.filter(({ end }) => end.startsWith('made')).length;
  t.diagnostic(`${outcomes.length} bombs: ${made} came to an end, ${outcomes.length - made} were refused`);
  for (const by of ['milliseconds', 'megabytes'] as const) {
    const most = outcomes.toSorted((a, b) => b[by] - a[by]).slice(0, 5);
    for (const outcome of most) t.diagnostic(`most ${by}: ${line(outcome)}`);
  }
}

describe('a template or a row made to do harm', {
  skip: process.platform !== 'linux' && 'memory is read as Linux tells it',
}, () => {
  for (const size of SIZES) {
    it(`of ${size.toLocaleString('en')} characters: the process lives, nothing waits long, memory stays`, async (t) => {
      const outcomes = await setOff(size);
      assert.equal(outcomes.length, CHOSEN.length);
      if (LONG) tell(t, outcomes);
      const bad = outcomes.filter(
        ({ milliseconds, megabytes, end }) =>
          milliseconds > MOST.milliseconds ||
          megabytes > MOST.megabytes ||
          // `render.failed` is what is said of an error that nobody foresaw.
          !/^(?:made |render\.(?!failed)\w+: )/.test(end),
      );
      assert.deepEqual(bad.map(line), []);
    });
  }
});
