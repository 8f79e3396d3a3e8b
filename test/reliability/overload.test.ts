/** Ten times as many calls as a server can carry out: it carries out as many as ever, and tells the others at once. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { api, later } from '../commands/running.ts';
import { adding, type Came, LONG, percentile, probed, rowsOf, timed } from './servers.ts';

const MB = 1024 * 1024;
const MS = LONG ? 10_000 : 2000;
const ROWS = 200;

describe('ten times as many calls as can be carried out', () => {
  it('leave the rows a second what they were, and are refused at once', async (t) => {
    // The API is what limits: five requests at once, each a while.
    const sink = await api(async () => {
      await later(50);
      return { status: 200 };
    });
    const served = await probed({ crm: sink.url }, { ROWPOST_DEADLINE: '5s' });
    const body = adding(rowsOf(ROWS));
    const accepted = (answers: readonly Came[]) =>
      answers.reduce((sum, { status, rejected }) => sum + (status === 200 ? ROWS - rejected : 0), 0);

    /** As many callers as keep it busy, each with one call after the other. */
    const busy = async (callers: number) => {
      const from = performance.now();
      const answers: Came[] = [];
      const drive = async () => {
        while (performance.now() - from < MS) answers.push(await timed(served, 'crm', body));
      };
      await Promise.all(Array.from({ length: callers }, drive));
      return { perSecond: (accepted(answers) * 1000) / (performance.now() - from), calls: answers.length };
    };
    await busy(10);
    const peak = await busy(10);
    const before = await served.figures();

    const overload = async () => {
      const every = MS / (10 * peak.calls);
      const from = performance.now();
      const calls: Promise<Came>[] = [];
      while (performance.now() - from < MS) {
        while (calls.length * every <= performance.now() - from) calls.push(timed(served, 'crm', body));
        await later(1);
      }
      const answers = await Promise.all(calls);
      return {
        answers,
        perSecond: (accepted(answers) * 1000) / (performance.now() - from),
        memory: (await served.figures()).peak,
      };
    };
    const first = await overload();
    const { answers, perSecond, memory } = await overload();
    const refused = answers.filter(({ status }) => status === 503).map(({ ms }) => ms);
    const ratio = perSecond / peak.perSecond;
    const figures = `${answers.length} calls, ${refused.length} refused within ${percentile(refused, 0.99).toFixed(0)} ms (p99), ${(ratio * 100).toFixed(0)} % of ${peak.perSecond.toFixed(0)} rows a second; memory at most ${(before.peak / MB).toFixed(0)} MB before, ${(first.memory / MB).toFixed(0)} in it, ${(memory / MB).toFixed(0)} when it comes again`;
    t.diagnostic(figures);
    assert.ok(refused.length > answers.length / 3, figures);
    assert.ok(ratio >= (LONG ? 0.8 : 0.4), figures);
    assert.ok(percentile(refused, 0.99) <= (LONG ? 50 : 2000), figures);
    assert.ok(memory <= first.memory * (LONG ? 1.1 : 1.5), figures);
  });
});
