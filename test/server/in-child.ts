/** Starts the server of `child.ts`, and asks it how it fares. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCrm } from '../../src/commands/demo/crm.ts';
import type { ChildOptions, Figures } from './child.ts';

export interface InChild {
  readonly port: number;
  figures(): Promise<Figures>;
  /** Whether the process still runs. */
  alive(): boolean;
}

export async function servingInChild(options: Omit<ChildOptions, 'crm'>): Promise<InChild> {
  const crm = await startCrm();
  after(() => crm.close());
  const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), {
    execArgv: [...process.execArgv.filter((arg) => !arg.startsWith('--test')), '--expose-gc'],
    env: { PATH: process.env.PATH, CHILD: JSON.stringify({ ...options, crm: crm.url }) },
  });
  const ended = once(child, 'exit');
  after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const answer = async (): Promise<unknown> => {
    const [message]: unknown[] = await Promise.race([
      once(child, 'message'),
      ended.then(([code, signal]) => Promise.reject(new Error(`the server ended: ${String(code ?? signal)}`))),
    ]);
    return message;
  };
  const { port } = (await answer()) as { port: number }; // the first thing that the child says
  return {
    port,
    figures() {
      child.send('figures');
      return answer() as Promise<Figures>; // all else that the child says
    },
    alive: () => child.exitCode === null && child.signalCode === null,
  };
}
