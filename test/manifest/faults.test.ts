/** One bad manifest for each way to be wrong, and beside it the very text that its author sees. `UPDATE=1` writes the texts anew. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isFaults } from '../../src/destination/bind.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import { type Fault, showFault } from '../../src/fault.ts';
import { readManifest } from '../../src/manifest/read.ts';

const FOLDER = new URL('./faults/', import.meta.url);

const names = (ending: string) =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length));

function faultsOf(name: string): readonly Fault[] {
  const text = readFileSync(new URL(`${name}.yaml`, FOLDER), 'utf8');
  const file = readManifest(name, `destinations/${name}.yaml`, text);
  if (isFaults(file)) return file;
  const destination = compileDestination(file);
  return isFaults(destination) ? destination : [];
}

describe('what the author of a bad manifest sees', () => {
  for (const name of names('.yaml')) {
    it(name, () => {
      const faults = faultsOf(name);
      assert.notEqual(faults.length, 0, `${name}.yaml has no fault`);
      const shown = `${faults.map(showFault).join('\n\n')}\n`;
      const golden = new URL(`${name}.txt`, FOLDER);
      if (process.env.UPDATE === '1') writeFileSync(golden, shown);
      assert.equal(shown, readFileSync(golden, 'utf8'));
    });
  }

  it('is kept for every bad manifest, and for no other', () => {
    assert.deepEqual(names('.txt'), names('.yaml'));
  });
});
