/** An end, against the AbortController whose place it takes. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { End, type Ending } from '../../src/outbound/ending.ts';

type Step = readonly ['listen' | 'leave' | 'abort', number];

const steps = fc.array(fc.tuple(fc.constantFrom('listen', 'leave', 'abort'), fc.nat(3)));

/** Who heard what, in order. */
function heard(all: readonly Step[], ending: Ending, abort: () => void): unknown[] {
  const log: unknown[] = [];
  const listeners = [0, 1, 2, 3].map((index) => () => {
    log.push(index);
    // One that leaves while the others are told.
    ending.removeEventListener('abort', listeners[(index + 1) % 4] ?? assert.fail());
  });
  for (const [what, index] of all) {
    const listener = listeners[index] ?? assert.fail();
    if (what === 'listen') ending.addEventListener('abort', listener, { once: true });
    else if (what === 'leave') ending.removeEventListener('abort', listener);
    else abort();
    log.push(ending.aborted);
  }
  return log;
}

it('is heard of as an AbortSignal is', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const [end, controller] = [new End(), new AbortController()];
      assert.deepEqual(
        heard(all, end, () => end.abort()),
        heard(all, controller.signal, () => controller.abort()),
      );
    }),
    { numRuns: 1000 },
  );
});
