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
 * @param changed called once after each change of any of them, one call at a time; what it throws is given to `failed`
 */
export async function watchFiles(
  list: () => Iterable<string> | Promise<Iterable<string>>,
  changed: () => Promise<void> | void,
  failed: (error: unknown) => void,
): Promise<Watch> {
  let served = await fingerprint(await list());
  let last = served;
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
    await changed();
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

/** The YAML files of a folder, for `watchFiles`. The folder may come and go: there are none then. */
export async function yamlFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => !name.startsWith('.') && /\.ya?ml$/.test(name)).sort();
  return files.map((name) => join(folder, name));
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
