/** The configurations of syncs: each comes with every call of its sync, and is parsed with the first one. */

import { MAX_DEPTH } from '../json/limits.ts';
import { parseJson } from '../json/parse.ts';
import { behind, endOfValue, NOWHERE, OPEN_MAP } from '../json/scan.ts';

/** Bytes of one: some hundreds of mappings. Longer ones are parsed each time. */
const LONGEST = 16 * 1024;
/** Bytes of those that are kept, which came last: of some hundreds of syncs. Their values may take ten times as many. */
const MOST = 1024 * 1024;
/** As many bytes each counts for beside its own: thousands of short ones would take more room, and long to look through. */
const EACH = 1024;
/** Around it are a batch, the call and its params. */
const LEVELS = MAX_DEPTH - 3;

interface Kept {
  readonly bytes: Buffer;
  readonly value: unknown;
}

/** The oldest first. To compare them with one takes less than to make a key of it. */
const kept: Kept[] = [];
let size = 0;

/** Where the one ends that begins here; `NOWHERE` where none does, or none to be kept. @param bytes UTF-8, known to be well-formed */
export function endOfConfiguration(bytes: Buffer, start: number): number {
  if (bytes[start] !== OPEN_MAP) return NOWHERE;
  const end = behind(endOfValue(bytes, start, { levels: LEVELS, values: 0 }));
  return end - start > LONGEST ? NOWHERE : end;
}

/** The value of these bytes, frozen. @param bytes of JSON */
export function keptConfiguration(bytes: Buffer): unknown {
  for (const one of kept) if (one.bytes.length === bytes.length && one.bytes.equals(bytes)) return one.value;
  const value = frozen(parseJson(bytes.toString()));
  kept.push({ bytes: Buffer.from(bytes), value });
  size += bytes.length + EACH;
  while (size > MOST) size -= (kept.shift()?.bytes.length ?? 0) + EACH;
  return value;
}

/** All of it: calls that run side by side share it. */
function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const one of Object.values(value)) frozen(one);
  return Object.freeze(value);
}
