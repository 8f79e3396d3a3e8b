/** Whatever an API answers: the row is rejected for the right reason, in bounded time and memory, and no connection stays that did not bring a whole answer. */

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ATTACKS, type Attack, type Pace } from './attacks.ts';
import type { ClientOptions, Delivered, Order } from './hostile-client.ts';
import type { Played } from './hostile-server.ts';
import { TRANSPORTS } from './transports.ts';

/** `ANSWERS=1 node test/run.js test/outbound/hostile-answers.test.ts` is the long form: a byte a second, and what each answer costs. */
const LONG = process.env.ANSWERS === '1';
const PACE: Pace = LONG ? { drip: 1000, silence: 10_000, timeout: 15_000 } : { drip: 25, silence: 1500, timeout: 2000 };
/** For what is ended by something else: a machine that does much else is slow. */
const PATIENT: Pace = { ...PACE, silence: 20_000, timeout: 20_000 };
const MB = 1_048_576;
/** What `serve` reads of an answer to rows, unless the operator says otherwise. */
const CAP = 16 * MB;
/** Bytes that an answer may hold, whatever it is: the cap, and what the connection, the inflater and the last piece take. */
const MOST_HELD = (LONG ? 20 : 28) * MB;
/**
 * Bytes that the process may grow by: what is held, and garbage of buffers, which V8 lets pile up before it collects them, whoever sent
 * them and however many send. On a machine that does much else it waits longer.
 */
const MOST_RESIDENT = (LONG ? 36 : 60) * MB;
/** Answers that are taken before anything is measured, and their bytes: a server at work. */
const WARM = { answers: 10, bytes: 4 * MB };
/** Milliseconds beside the time limits, on a machine that does much else. */
const SLACK = 10_000;

const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing) await close();
});

interface Process {
  readonly child: ChildProcess;
  /** What it says next. */
  answer(): Promise<unknown>;
}

function forked(file: string, env: Readonly<Record<string, unknown>>): Process {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: [...process.execArgv.filter((arg) => !arg.startsWith('--test')), '--expose-gc'],
    env: {
      PATH: process.env.PATH,
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, JSON.stringify(value)])),
    },
  });
  const ended = once(child, 'exit');
  closing.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const answer = async (): Promise<unknown> => {
    const [message]: unknown[] = await Promise.race([
      once(child, 'message'),
      ended.then(([code, signal]) => Promise.reject(new Error(`${file} ended: ${String(code ?? signal)}`))),
    ]);
    return message;
  };
  return { child, answer };
}

for (const transport of TRANSPORTS.keys())
  describe(`${transport}: hostile answers`, { timeout: LONG ? 900_000 : 240_000 }, () => {
    let server: Process;
    let url: string;

    const played = async (name: string): Promise<Played> => {
      server.child.send(name);
      return server.answer() as Promise<Played>; // all that it says, but for its port
    };
    const clientOf = async (pace: Pace) => {
      const options: ClientOptions = { transport, url, pace, maxResponse: CAP };
      const { child, answer } = forked('hostile-client.ts', { CLIENT: options });
      await answer();
      return (names: readonly string[], collecting = false): Promise<Delivered> => {
        const order: Order = { names, collecting };
        child.send(order);
        return answer() as Promise<Delivered>; // all that it says, once it is ready
      };
    };
    let deliver: Awaited<ReturnType<typeof clientOf>>;
    /** Delivers a row that is answered with so many bytes: it must be taken. */
    const honest = async (bytes: number): Promise<Delivered> => {
      const delivered = await deliver([String(bytes)]);
      assert.deepEqual(delivered.outcomes, [{ reply: 200 }]);
      return delivered;
    };

    before(async () => {
      server = forked('hostile-server.ts', { PACE });
      url = `http://127.0.0.1:${String(await server.answer())}`;
      deliver = await clientOf(PATIENT);
      for (let count = 0; count < WARM.answers; count++) await honest(WARM.bytes);
    });

    /** What must be so of every attack, played to one row each, at once. */
    const judge = async (attacks: readonly Attack[], delivered: Delivered): Promise<void> => {
      for (const [place, { name, ending }] of attacks.entries()) {
        const { reply, reason } = delivered.outcomes[place] ?? assert.fail('an outcome for each');
        assert.match(String(reply), ending.code, name);
        assert.match(reason ?? 'accepted', ending.reason, name);
      }
      const limit = Math.max(...attacks.map(({ waits }) => waits(PACE))) + SLACK;
      assert.ok(delivered.milliseconds < limit, `${delivered.milliseconds} ms`);
      for (const { name } of attacks.filter(({ whole }) => !whole)) {
        const until = performance.now() + SLACK;
        while ((await played(name)).open > 0) {
          assert.ok(performance.now() < until, `${name}: the connection stays open`);
          await sleep(5);
        }
      }
    };

    const [patient, quick] = [ATTACKS.filter(({ waits }) => waits(PACE) > 0), ATTACKS.filter(({ waits }) => waits(PACE) === 0)];
    const mb = (bytes: number): string => (bytes / MB).toFixed(1);

    for (const attack of quick) {
      it(attack.name, async (t) => {
        const plain = await deliver([attack.name]);
        await judge([attack], plain);
        assert.ok(plain.resident < MOST_RESIDENT, `resident ${mb(plain.resident)} MB`);
        const { poured } = await played(attack.name);
        // What is cut elsewhere brings so little that it is within the bound with all its garbage.
        const collected = attack.large ? await deliver([attack.name], true) : undefined;
        if (collected !== undefined) await judge([attack], collected);
        const held = collected === undefined ? '' : `held ${mb(collected.used)} MB, `;
        assert.ok((collected ?? plain).used < MOST_HELD, `${held}with garbage ${mb(plain.used)} MB`);
        if (LONG)
          t.diagnostic(
            `${attack.name}: ${String(plain.outcomes[0]?.reply)} after ${plain.milliseconds.toFixed(0)} ms and ${mb(poured)} MB on the wire, ` +
              `${held}with garbage ${mb(plain.used)} MB, resident ${mb(plain.resident)} MB`,
          );
      });
    }

    it('rows are delivered after all that as before', async () => {
      await honest(100);
    });

    it('those that take time, at once', async (t) => {
      const hasty = await clientOf(PACE);
      await hasty(['100']);
      const all = await hasty(
        patient.map(({ name }) => name),
        true,
      );
      await judge(patient, all);
      assert.ok(all.used < MOST_HELD, mb(all.used));
      if (LONG)
        t.diagnostic(
          `${patient.length} answers that take time: ${all.milliseconds.toFixed(0)} ms, held ${mb(all.used)} MB all together`,
        );
    });

    it('ten bombs at once: ten times the cap', async (t) => {
      const bombs = quick.filter(({ name }) => /1 GB|100 MB that|100 MB in|redirect/.test(name)).slice(0, 10);
      const delivered = await deliver(bombs.map(({ name }) => name));
      await judge(bombs, delivered);
      if (LONG) t.diagnostic(`ten at once: with garbage ${mb(delivered.used)} MB, resident ${mb(delivered.resident)} MB`);
      assert.ok(delivered.resident < bombs.length * CAP + MOST_RESIDENT, mb(delivered.resident));
    });

    it('an honest answer as large as the cap is taken', async (t) => {
      const delivered = await honest(CAP);
      const { used, resident } = delivered;
      if (LONG)
        t.diagnostic(
          `an honest answer of 16 MiB of JSON, its text and its values: with garbage ${mb(used)} MB, resident ${mb(resident)} MB`,
        );
    });
  });
