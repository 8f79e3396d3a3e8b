/** Lengths of time in a manifest. */

import type { Path } from '../manifest/places.ts';
import { say } from '../manifest/say.ts';
import { parseDuration } from '../units.ts';
import type { Author } from './author.ts';

/** Longer than any call may take. Timers would overflow beyond 24 days. */
export const MAX_DURATION = 600_000;

/** A duration whose form the schema has checked, in milliseconds. */
export function milliseconds(text: string, path: Path, author: Author, { least = 1, most = MAX_DURATION } = {}): number {
  const duration = parseDuration(text) ?? 0;
  if (duration < least || duration > most)
    author.fault('manifest.duration', path, `${say(text)} is out of range; expected ${words(least)} to ${words(most)}.`);
  return duration;
}

function words(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  if (ms < 60_000) return `${ms / 1000}s`;
  return ms < 3_600_000 ? `${ms / 60_000}m` : `${ms / 3_600_000}h`;
}
