/** Sees files appear, change and go: also through symbolic links, in folders that are made anew, and on mounts that tell nothing. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

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
 * @param changed called once after each change of any of them, one call at a time, and again at the next look where it
 *   says `false`: not all could be read. What it throws is given to `failed`
 */
export async function watchFiles(
  list: () => Iterable<string> | Promise<Iterable<string>>,
  changed: () => boolean,
  failed: (error: unknown) => void,
): Promise<Watch> {
  let last = await fingerprint(await list());
  /** Undefined while it is known to be less than there is. */
  let served: string | undefined = last;
  /** Looks that saw something else than what is served. */
  let looks = 0;
  let closed = false;
  let timer: NodeJS.Timeout;

  const look = async (): Promise<void> => {
    const now = await fingerprint(await list());
    const settled = now === last;
    last = now;
    looks = now === served ? 0 : looks + 1;
    if (closed || looks === 0 || (!settled && looks < MOST_LOOKS)) return;
    served = now;
    looks = 0;
    if (!changed()) served = undefined;
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
    return files.map((name) => join(folder, name));
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

/** Names, sizes, times and inodes, links followed. */
async function fingerprint(files: Iterable<string>): Promise<string> {
  return (await Promise.all(Array.from(files, async (file) => `${file}\t${await mark(file)}`))).join('\n');
}

async function mark(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return 'gone';
  }
}
