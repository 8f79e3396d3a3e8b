/** The machine that figures were measured on, and which of its cores serve what. */

import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';

/** A core for the process under test, and another for whatever calls it and is called by it. */
export interface Cores {
  readonly tested: number;
  readonly others: number;
}

/** Undefined where processes cannot be pinned, or there is one core. */
export function findCores(): Cores | undefined {
  const pinned = spawnSync('taskset', ['--cpu-list', '--pid', String(process.pid)], { encoding: 'utf8' });
  const list = /: *([\d,-]+)\s*$/.exec(pinned.stdout ?? '')?.[1];
  const allowed = (list ?? '').split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 || 0 }, (_, index) => first + index);
  });
  const [others, tested] = allowed;
  return tested === undefined || others === undefined ? undefined : { tested, others };
}

/** What `spawn` is given to run a command on one core. */
export function pinned(core: number | undefined, command: string, args: readonly string[]): [string, string[]] {
  return core === undefined ? [command, [...args]] : ['taskset', ['--cpu-list', String(core), command, ...args]];
}

export function describeMachine(cores: Cores | undefined): string[] {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return [
    `${model}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GB; ${type()} ${release()}; Node ${process.versions.node}`,
    cores === undefined
      ? 'Processes were not pinned to cores (no taskset, or one core): rates are less steady, CPU times hold.'
      : `The process under test had core ${cores.tested} to itself; sink, driver and the benchmark shared core ${cores.others}.`,
  ];
}

/** This process goes to a core, all of its threads. */
export function moveTo(core: number): void {
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(process.pid)]);
}
