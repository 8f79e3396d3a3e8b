/** The door to a chaos API for proofs of delivery: it is started, told what to do, and asked what truly arrived. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { after } from 'node:test';
import type { Arrival, Entry, Summary } from '../../src/commands/chaos/ledger.ts';
import type { ScriptPlan } from '../../src/commands/chaos/script.ts';
import { startChaos } from '../../src/commands/chaos/server.ts';
import { parseJson } from '../../src/json/parse.ts';
import { later, ROWPOST, until } from '../commands/running.ts';

export interface DoorOptions extends ScriptPlan {
  /** A process of its own, `rowpost chaos`; in this one unless given. */
  readonly child?: boolean;
  /** Milliseconds until a late answer, and between two bytes of one that drips. */
  readonly late?: number;
  readonly drip?: number;
}

export interface Door {
  readonly url: string;
  readonly port: number;
  ledger(): Promise<Arrived>;
  /** From now on, counting requests from 1 again. */
  script(plan: ScriptPlan): Promise<void>;
  /** An empty ledger, and the script from its beginning. */
  reset(): Promise<void>;
  /** Cuts every connection and refuses new ones for so many milliseconds, which begin a moment after it resolves; what is asked here waits until it is back. */
  down(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** What truly arrived. */
export interface Arrived {
  readonly summary: Summary;
  /** By the text of their ids; `requests` of each: the numbers of those that took it. */
  readonly rows: ReadonlyMap<string, Entry>;
  /** All, in the order in which they arrived; the first has the number 1. */
  readonly requests: readonly Arrival[];
}

/** Open until the test file ends, or `close`. */
export async function openChaos({ child = false, late = 30, drip = 1, ...plan }: DoorOptions = {}): Promise<Door> {
  const target = child
    ? await commandChaos('--rate', '0', '--quiet', '--late', `${late}ms`, '--drip', `${drip}ms`)
    : await startChaos({ late, drip });
  const { url } = target;
  const close = async () => void (await target.close());
  after(close);
  const post = async (path: string, body: unknown) => {
    const response = await control(`${url}/chaos/${path}`, { method: 'POST', body: JSON.stringify(body) });
    const text = await response.text();
    assert.equal(response.status, 200, text);
  };
  await post('script', plan);
  return {
    url,
    port: Number(new URL(url).port),
    ledger: () => ledgerOf(url),
    script: (next) => post('script', next),
    reset: () => post('reset', {}),
    down: (milliseconds) => post('down', { for: `${milliseconds}ms` }),
    close,
  };
}

/** Waits where the API is down, seconds at most. */
async function control(url: string, init: RequestInit = {}): Promise<Response> {
  for (let tries = 500; ; tries--) {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (tries === 0) throw error;
      await later(10);
    }
  }
}

/** Every digit of a number is kept. */
async function ledgerOf(url: string): Promise<Arrived> {
  const text = await (await control(`${url}/chaos/ledger`)).text();
  const told = parseJson(text) as { summary: Summary; rows: Entry[]; requests: Arrival[] }; // as docs/chaos.md has it
  return { ...told, rows: new Map(told.rows.map((entry) => [entry.id, entry])) };
}

export interface Command {
  readonly url: string;
  readonly out: { readonly text: string };
  /** @returns all that was printed, and the exit code */
  close(signal?: NodeJS.Signals): Promise<{ text: string; code: number | null }>;
}

/** `rowpost chaos` on a free port, listening. */
export async function commandChaos(...args: string[]): Promise<Command> {
  const child = spawn(process.execPath, [ROWPOST, 'chaos', '--port', '0', ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH ?? '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const out = { text: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out.text += text;
  });
  const ended = once(child, 'close');
  const close: Command['close'] = async (signal = 'SIGTERM') => {
    child.kill(signal);
    await ended;
    return { text: out.text, code: child.exitCode };
  };
  after(() => close('SIGKILL'));
  await until(() => /summary\.\n/.test(out.text) || child.exitCode !== null);
  const url = /on this machine: (\S+)/.exec(out.text)?.[1] ?? assert.fail(out.text);
  return { url, out, close };
}

export interface Delivered {
  /** Each row that was handed over, by the text of the id that the API knows it by. */
  readonly sent: ReadonlyMap<string, unknown>;
  /** What was told to be rejected, by the same ids. */
  readonly rejected: readonly string[];
  readonly arrived: Arrived;
  /** No row may be taken twice. */
  readonly once?: boolean;
  /** Throws where a row in the ledger is not what was sent. */
  readonly same?: (value: unknown, sent: unknown) => void;
}

/** The promise: what was not rejected arrived as it was sent, nothing was rejected twice, nothing arrived that was not sent. */
export function assertTrue({ sent, rejected, arrived, once: atMostOnce = false, same = assert.deepEqual }: Delivered): void {
  const refused = new Set(rejected);
  assert.equal(refused.size, rejected.length, 'each row is rejected once');
  for (const id of [...refused, ...arrived.rows.keys()]) assert.ok(sent.has(id), `${id} was never sent`);
  for (const [id, row] of sent) {
    const entry = arrived.rows.get(id);
    assert.ok(entry !== undefined || refused.has(id), `${id} was accepted, and never arrived`);
    if (entry !== undefined) same(entry.value, row);
    if (atMostOnce) assert.ok((entry?.requests.length ?? 0) <= 1, `${id} was taken by the requests ${entry?.requests}`);
  }
}
