/** The real clock, randomness and event loop, as delivery is given them. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../delivery/call.ts';

/** The longest a timer of Node can wait, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  wait: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(milliseconds, LONGEST));
      signal.addEventListener('abort', done, { once: true });
    }),
};

/** Milliseconds that planning may hold up all else: templates of the form may take long for each row. */
const TURN = 10;

/**
 * For one piece of work: lets whatever else is due run first, where the event loop has been held for long. Not sooner: of many calls that
 * take turns, all have their rows held until the last one is done.
 * @param most milliseconds that it may be held
 */
export function breathe(most = TURN): Promise<void> | undefined {
  const now = performance.now();
  if (begun === undefined) {
    begun = now;
    setImmediate(() => {
      begun = undefined;
    });
  }
  return now - begun < most ? undefined : nextTurn();
}

/** When the first piece of work of this turn of the event loop began. */
let begun: number | undefined;
