/** The time of a call, when the call is over. */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { it } from 'node:test';
import { VirtualClock } from '../../src/cases/virtual-clock.ts';
import { CallTime } from '../../src/delivery/time.ts';

it('a call that is over leaves nobody who listens: Node would keep it, with all of its rows', () => {
  const gone = new AbortController();
  const time = new CallTime({ clock: new VirtualClock(0), deadline: 60_000, gone: gone.signal });
  assert.equal(getEventListeners(gone.signal, 'abort').length, 1);
  time.stop();
  assert.equal(getEventListeners(gone.signal, 'abort').length, 0);
});
