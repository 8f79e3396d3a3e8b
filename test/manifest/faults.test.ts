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

function compiled(name: string, text: string): readonly Fault[] {
  const file = readManifest(name, `destinations/${name}.yaml`, text);
  if (isFaults(file)) return file;
  const destination = compileDestination(file);
  return isFaults(destination) ? destination : [];
}

describe('what the author of a bad manifest sees', () => {
  for (const name of names('.yaml')) {
    it(name, () => {
      const faults = compiled(name, readFileSync(new URL(`${name}.yaml`, FOLDER), 'utf8'));
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

describe('a manifest with more faults than anybody reads', () => {
  const manifest = (request: string) =>
    `version: 1\nname: A\nconnection: { url: https://a.example }\nsync: { add: a }\nrequests:\n  a: { post: /a, ${request} }\n`;
  const table: [name: string, text: string, last: string][] = [
    ['15,000 wrong names in one text', manifest(`text: "${'{{ recrd.a }} '.repeat(15_000)}"`), 'manifest.more'],
    ['15,000 wrong leaves', manifest(`json: [${'"{{ recrd.a }}",'.repeat(15_000)}]`), 'manifest.more'],
    ['20,000 blocks that are never closed', manifest(`text: "${'{% if id %}'.repeat(20_000)}"`), 'template.depth'],
    ['10,000 unknown words', Array.from({ length: 10_000 }, (_, i) => `word${i}: 1`).join('\n'), 'manifest.unknown'],
    ['60,000 dots', manifest(`text: "{{ recrd${'.a'.repeat(60_000)} }}"`), 'template.name'],
    ['20,000 parentheses', manifest(`text: "{{ ${'('.repeat(20_000)} }}"`), 'template.depth'],
    ['20,000 brackets', manifest(`text: "{{ ${'record['.repeat(20_000)} }}"`), 'template.depth'],
  ];
  for (const [name, text, last] of table) {
    it(`${name}: the first hundred are told soon, each in a few lines`, () => {
      const begin = process.cpuUsage();
      const faults = compiled('a', text);
      const shown = faults.map(showFault);
      // Well under a second of a quiet machine's time; what is quadratic takes minutes.
      assert.ok(process.cpuUsage(begin).user < 5_000_000);
      assert.ok(faults.length > 0 && faults.length <= 101);
      assert.equal(faults.at(-1)?.code, last);
      for (const one of shown) assert.ok(one.length < 1000, one.slice(0, 1000));
    });
  }
});
