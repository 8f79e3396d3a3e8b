/** Sees files appear, change and go: also through symbolic links, in folders that are made anew, and on mounts that tell nothing. */

import { type Stats, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { pathsIn } from '../destination/catalogue.ts';

/**
 * Milliseconds between two looks. A change counts when two looks in a row see the same, so that no file is read while it
 * is being written: it takes effect in two looks at most, or in three where something changes all the time. Looking is
 * the one way that works everywhere: a mounted ConfigMap swaps a link above the files, and mounts of a container's host
 * report no events at all.
 */
const INTERVAL = 200;
const MOST_LOOKS = 3;

export interface Watch {
  close(): void;
}

/**
 * Watches any files, wherever they lie: a file that is not there counts too, so that it is seen when it comes.
 * Resolves once all were seen as they are: whoever reads them after that misses no change.
 * @param list asked anew at every look; that it names other files is a change too
 * @param changed told once of the files that changed, one call at a time, and again at the next look where it says `false`:
 *   not all could be read. What it throws is given to `failed`
 */
export async function watchFiles(
  list: () => Iterable<string> | Promise<Iterable<string>>,
  changed: (files: ReadonlySet<string>) => boolean | Promise<boolean>,
  failed: (error: unknown) => void,
): Promise<Watch> {
  let last = await marksOf(await list());
  /** What changed and was not told yet. */
  let owed = new Set<string>();
  /** Looks that saw something else than what was told. */
  let looks = 0;
  let closed = false;
  let timer: NodeJS.Timeout;

  const look = async (): Promise<void> => {
    const now = await marksOf(await list());
    const moved = difference(last, now);
    last = now;
    for (const file of moved) owed.add(file);
    looks = owed.size === 0 ? 0 : looks + 1;
    if (closed || looks === 0 || (moved.length > 0 && looks < MOST_LOOKS)) return;
    const files = owed;
    owed = new Set();
    looks = 0;
    if (!(await changed(files))) owed = files;
  };
  const again = (): void => {
    timer = setTimeout(() => {
      look()
        .catch(failed)
        .finally(() => {
          if (!closed) again();
        });
    }, INTERVAL);
    timer.unref();
  };
  again();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** The YAML files of a folder, for `watchFiles`. It may come and go: there are none then. Where it cannot be read it stands for them itself. */
export async function yamlFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    const files = names.filter((name) => !name.startsWith('.') && /\.ya?ml$/.test(name)).sort();
    return pathsIn(folder, files);
  } catch (error) {
    return isAbsence(error) ? [] : [folder];
  }
}

/** Whether a file could not be read since there is none. Any other error says nothing of what there is. */
export function isAbsence(error: unknown): boolean {
  return hasCode(error, ['ENOENT', 'ENOTDIR']);
}

/** Whether a file could not be read for want of file descriptors: there may be some the next time. */
export function isShortage(error: unknown): boolean {
  return hasCode(error, ['EMFILE', 'ENFILE']);
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

type Marks = ReadonlyMap<string, string>;

/**
 * Milliseconds that one file takes at most where looking at it costs nothing but a call of the system, a thousandth of this. Where it
 * takes longer, as over a network, threads look at the rest, which costs six times as much, and nobody waits for them.
 */
const SLOW = 1;
/** Files that calls wait for at once, some 0.3 ms, and the milliseconds that they have to themselves before the next ones. */
const TURN = 100;
const PAUSE = 1;
/** Files that threads look at together, so that others have theirs too. */
const TOGETHER = 16;

async function marksOf(files: Iterable<string>): Promise<Marks> {
  const all = [...files];
  const marks = new Map<string, string>();
  let at = 0;
  for (let begun = performance.now(), slow = false; at < all.length && !slow; ) {
    const file = all[at++] ?? '';
    marks.set(file, markNow(file));
    const now = performance.now();
    slow = now - begun > SLOW;
    begun = now;
    if (at % TURN > 0) continue;
    await wait(PAUSE);
    begun = performance.now();
  }
  for (; at < all.length; at += TOGETHER) {
    const some = all.slice(at, at + TOGETHER);
    const found = await Promise.all(some.map(markLater));
    for (const [index, file] of some.entries()) marks.set(file, found[index] ?? GONE);
  }
  return marks;
}

const GONE = 'gone';

function markNow(path: string): string {
  try {
    return markOf(statSync(path, { throwIfNoEntry: false }));
  } catch {
    return GONE;
  }
}

async function markLater(path: string): Promise<string> {
  try {
    return markOf(await stat(path));
  } catch {
    return GONE;
  }
}

/** Size, times and inode, links followed. */
function markOf(stats: Stats | undefined): string {
  return stats === undefined ? GONE : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
}

/** The files that are in one alone, or not the same in both. */
function difference(some: Marks, others: Marks): string[] {
  const found: string[] = [];
  for (const [file, mark] of others) if (some.get(file) !== mark) found.push(file);
  for (const file of some.keys()) if (!others.has(file)) found.push(file);
  return found;
}
