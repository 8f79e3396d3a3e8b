/** Plays every golden case of every manifest in destinations/, through the code of `rowpost test`. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testDestination } from '../src/commands/test.ts';
import { loadCatalogue } from '../src/destination/catalogue.ts';
import { showFault } from '../src/fault.ts';

const settings = {
  env: {},
  readFile: () => {
    throw new Error('golden cases bring their own settings');
  },
};

let played = 0;
const catalogue = loadCatalogue('destinations', settings);

for (const loaded of catalogue.values()) {
  const { id, file, faults, cases } = await testDestination(loaded, false);

  describe(id, () => {
    it('is a manifest without faults, with golden cases beside it', () => {
      assert.deepEqual([...loaded.faults, ...faults].map(showFault), []);
      assert.notEqual(file, undefined, `${loaded.file} has no file of golden cases`);
      assert.ok(cases.length > 0, `${file} holds no case`);
    });

    for (const { name, where, differences } of cases) {
      played++;
      it(name, () => {
        assert.equal(differences.length, 0, [where, ...differences].join('\n\n'));
      });
    }
  });
}

it('there are golden cases', () => assert.ok(played > 0));
