/** Reads the hostile texts that its parent names, and tells what came of each. */

import assert from 'node:assert/strict';
import { isFaults } from '../../src/destination/bind.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import { showFault } from '../../src/fault.ts';
import { readManifest } from '../../src/manifest/read.ts';
import { HOSTILE } from './hostile-texts.ts';
import { assertFault } from './telling.ts';

export interface Told {
  /** Milliseconds of the processor. */
  readonly ms: number;
  /** Over what was there before; the most that ever was, so right for the first text alone. */
  readonly megabytes: number;
  /** What the test should say, where the faults are not what they must be. */
  readonly wrong: string | undefined;
}

function told([, made, expected]: (typeof HOSTILE)[number]): Told {
  const text = made();
  const before = process.memoryUsage.rss();
  const begin = process.cpuUsage();
  const file = readManifest('a', 'a.yaml', text);
  const compiled = isFaults(file) ? file : compileDestination(file);
  const ms = process.cpuUsage(begin).user / 1000;
  // What is read in one go cannot be watched.
  const megabytes = process.resourceUsage().maxRSS / 1024 - before / 2 ** 20;
  try {
    const faults = isFaults(compiled) ? compiled : assert.fail('it has no fault');
    const [first = assert.fail('it has none')] = faults;
    assert.match(showFault(first).split('\n')[0] ?? '', expected);
    assert.equal(faults.length <= 100, true, `it has ${faults.length} faults`);
    for (const fault of faults) assertFault(fault, text);
    return { ms, megabytes, wrong: undefined };
  } catch (error) {
    return { ms, megabytes, wrong: String(error).slice(0, 1000) };
  }
}

readManifest('a', 'a.yaml', 'version: 1\nname: A\n');
process.on('message', (index: number) => process.send?.(told(HOSTILE[index] ?? assert.fail('there is no such text'))));
process.on('disconnect', () => process.exit());
