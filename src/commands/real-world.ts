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

/** For one piece of work: lets whatever else is due run first, where it has been a while. */
export function breathe(): Promise<void> | undefined {
  return performance.now() - turned < TURN ? undefined : turn();
}

async function turn(): Promise<void> {
  await nextTurn();
  turned = performance.now();
}

let turned = performance.now();
