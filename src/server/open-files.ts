/** How many connections fit into what the system lets this process open. */

import { readFileSync } from 'node:fs';

/** Kept for connections to APIs, watched files and Node itself; half of what there is where that is little. */
const KEPT = 256;

/**
 * The number wanted, or what fits. Beyond it the system itself would close whatever comes, also who has been waiting
 * the least and deserves it the most, and calls to APIs would fail for want of a socket.
 */
export function connectionsThatFit(wanted: number): number {
  const files = openFilesLimit();
  return Math.min(wanted, files - Math.min(KEPT, Math.floor(files / 2)));
}

/** Told by Linux; elsewhere unknown, and taken for unbounded. */
function openFilesLimit(): number {
  try {
    const [, soft = ''] = /^Max open files +(\d+) /m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === '' ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
