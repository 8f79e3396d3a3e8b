/** The end of a server with calls under way: all are answered, new ones are refused, and the process ends in time. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { api, later, until } from '../commands/running.ts';
import { adding, LONG, probed, rowsOf, timed } from './servers.ts';

const DEADLINE = 3000;
const CALLS = 200;

describe('SIGTERM with 200 calls under way', () => {
  for (const [name, slow] of [
    ['that an API answers', 800],
    ['that hang', 60_000],
  ] as const) {
    it(`${name}: all are answered, new ones refused, and the process ends`, async (t) => {
      const sink = await api(async () => {
        await later(slow);
        return { status: 200 };
      });
      const ids = ['a', 'b', 'c', 'd'];
      const served = await probed(Object.fromEntries(ids.map((id) => [id, sink.url])), { ROWPOST_DEADLINE: `${DEADLINE}ms` });
      const body = adding(rowsOf(5));
      let answered = 0;
      const calls = Array.from({ length: CALLS }, async (_, n) => {
        const came = await timed(served, ids[n % ids.length] ?? '', body);
        answered++;
        return came;
      });
      await until(() => sink.requests.length >= 4);
      // All of them are there by now: the least that a call takes is longer.
      await later(LONG ? 500 : 300);
      const from = performance.now();
      served.child.kill('SIGTERM');
      await until(() => served.lines().some(({ message }) => message === 'stopping'));
      const late = await timed(served, 'a', body).catch((error: unknown) => String(error));
      assert.ok(typeof late === 'string' || late.status === 503, JSON.stringify(late));
      const answers = await Promise.all(calls);
      const code = await served.ended;
      const took = performance.now() - from;
      assert.equal(answered, CALLS);
      for (const { status } of answers) assert.ok(status === 200 || status === 503, `${status}`);
      const well = answers.filter(({ status, rejected }) => status === 200 && rejected === 0).length;
      const rejected = answers.filter((one) => one.rejected === 5).length;
      const refused = answers.filter(({ status }) => status === 503).length;
      assert.equal(well + rejected + refused, CALLS, 'each call as a whole');
      const figures = `${well} delivered, ${rejected} rejected, ${refused} refused; the process ended after ${took.toFixed(0)} ms of a deadline of ${DEADLINE} with ${code}`;
      t.diagnostic(figures);
      assert.equal(code, 0);
      if (slow === 800) assert.ok(well > 0);
      assert.ok(took <= DEADLINE + (LONG ? 1000 : 6000), figures);
    });
  }
});
