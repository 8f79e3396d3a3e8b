/** Where the time of a process goes: a CPU profile by functions and by the packages and folders that they stand in. */

import type { Profiler } from 'node:inspector';
import { fileURLToPath } from 'node:url';

export interface Share {
  readonly where: string;
  /** Of the time that the process was not idle, from 0 to 1. */
  readonly share: number;
}

export interface Profile {
  readonly title: string;
  /** The functions with the most time in themselves. */
  readonly functions: readonly Share[];
  readonly parts: readonly Share[];
  /** For a tool that shows it. */
  readonly raw: object;
}

type Frame = Profiler.ProfileNode['callFrame'];

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FUNCTIONS = 25;
const PARTS = 8;

export function profileOf(title: string, raw: Profiler.Profile): Profile {
  return { title, functions: shares(raw, placeOf).slice(0, FUNCTIONS), parts: shares(raw, partOf).slice(0, PARTS), raw };
}

function shares(profile: Profiler.Profile, name: (frame: Frame) => string): Share[] {
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const times = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const frame = frames.get(id);
    const time = Math.max(0, profile.timeDeltas?.[index] ?? 0);
    if (frame === undefined || isIdle(frame)) continue;
    busy += time;
    const where = name(frame);
    times.set(where, (times.get(where) ?? 0) + time);
  }
  return [...times].sort(([, a], [, b]) => b - a).map(([where, time]) => ({ where, share: time / busy }));
}

/** Waiting, and what the profiler itself does while it is told to begin and to stop. */
function isIdle({ functionName, url }: Frame): boolean {
  return functionName === '(idle)' || (functionName === 'dispatch' && url === '');
}

function placeOf({ functionName, url, lineNumber }: Frame): string {
  const name = functionName || '(anonymous)';
  return url === '' ? name : `${name} ${fileOf(url)}:${lineNumber + 1}`;
}

/** A package, a folder of Rowpost, or what belongs to Node. */
function partOf({ functionName, url }: Frame): string {
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (url === '' || url.startsWith('node:')) return 'Node';
  const file = fileOf(url);
  const inside = /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? /^[^/]+\/[^/]+/.exec(file);
  return inside?.[0].replace('node_modules/', '') ?? file;
}

function fileOf(url: string): string {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path.replace(/^.*\/(?=node_modules\/)/, '');
}
