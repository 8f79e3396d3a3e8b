/** A call of a hundred thousand rows: others are served meanwhile, and memory stays in bounds. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { api } from '../commands/running.ts';
import { adding, LONG, percentile, probed, rowsOf, timed } from './servers.ts';

const MB = 1024 * 1024;

describe('a call of 100,000 rows, 25 MB', () => {
  it('does not hold up the event loop, and takes no more memory than it needs', async (t) => {
    const sink = await api(() => ({ status: 200 }));
    const served = await probed({ large: sink.url, small: sink.url }, { ROWPOST_DEADLINE: '5m' });
    const body = adding(rowsOf(100_000, 225));
    const small = adding(rowsOf(5));
    await timed(served, 'small', small);
    await served.figures();
    let under = true;
    const meanwhile: number[] = [];
    const beside = (async () => {
      while (under) meanwhile.push((await timed(served, 'small', small)).ms);
    })();
    const { status, rejected, ms } = await timed(served, 'large', body);
    under = false;
    await beside;
    const { p99, max, peak } = await served.figures();
    assert.deepEqual([status, rejected], [200, 0]);
    assert.equal(sink.requests.filter(({ body: sent }) => sent.includes('"id":99999')).length, 1);
    const figures = `${(body.length / MB).toFixed(1)} MB in ${(ms / 1000).toFixed(1)} s: event loop p99 ${p99.toFixed(0)} ms, max ${max.toFixed(0)} ms; peak ${(peak / MB).toFixed(0)} MB; small calls meanwhile p99 ${percentile(meanwhile, 0.99).toFixed(0)} ms`;
    t.diagnostic(figures);
    assert.ok(p99 <= (LONG ? 50 : 500) && max <= (LONG ? 250 : 3000), figures);
    assert.ok(peak <= (LONG ? 450 : 700) * MB, figures);
  });
});
