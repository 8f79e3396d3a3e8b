/** Where the time of a process goes: the functions of a CPU profile by the time spent in themselves. */

import type { Profiler } from 'node:inspector';
import { fileURLToPath } from 'node:url';

export interface Hot {
  /** Name and place. */
  readonly where: string;
  /** Of the time that the process was not idle, from 0 to 1. */
  readonly share: number;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export function hottest(profile: Profiler.Profile, most: number): Hot[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const times = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const frame = nodes.get(id)?.callFrame;
    const time = Math.max(0, profile.timeDeltas?.[index] ?? 0);
    if (frame === undefined || isIdle(frame)) continue;
    busy += time;
    const where = placeOf(frame.functionName, frame.url, frame.lineNumber);
    times.set(where, (times.get(where) ?? 0) + time);
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([where, time]) => ({ where, share: time / busy }));
}

/** Waiting, and what the profiler itself does while it is told to begin and to stop. */
function isIdle({ functionName, url }: Profiler.ProfileNode['callFrame']): boolean {
  return functionName === '(idle)' || (functionName === 'dispatch' && url === '');
}

function placeOf(name: string, url: string, line: number): string {
  if (url === '') return name || '(anonymous)';
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const short = path.startsWith(ROOT) ? path.slice(ROOT.length) : path.replace(/^.*\/(?=node_modules\/)/, '');
  return `${name || '(anonymous)'} ${short}:${line + 1}`;
}
