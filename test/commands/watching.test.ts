/** The watch by itself: it tells which files changed, each once, until they could be read; whether the system is asked at once or by threads. */

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { watchFiles } from '../../src/commands/watch.ts';
import { folder, until } from './running.ts';

/** More than threads look at together. */
const COUNT = 40;

/** A watch of as many files, and what it told. */
async function watching(t: TestContext, answers: boolean[] = []) {
  const path = folder({});
  const files = Array.from({ length: COUNT }, (_, index) => join(path, `${index}.yaml`));
  for (const file of files) writeFileSync(file, 'as it was');
  const told: string[][] = [];
  const watch = await watchFiles(
    () => files,
    (changed) => {
      told.push([...changed].map((file) => file.slice(path.length + 1)).sort());
      return answers.shift() ?? true;
    },
    (error) => assert.fail(String(error)),
  );
  t.after(() => watch.close());
  return { at: (name: string) => join(path, name), files, told };
}

for (const [how, slow] of [
  ['asks the system at once', false],
  ['leaves files that take long to threads', true],
] as const) {
  describe(`a watch that ${how}`, () => {
    /** A clock on which everything takes longer than looking at a file may. */
    function slowClock(t: TestContext): void {
      let now = 0;
      if (slow) t.mock.method(performance, 'now', () => (now += 2));
    }

    it('tells of the files that changed, came and went, and of no others', async (t) => {
      slowClock(t);
      const { at, files, told } = await watching(t);
      writeFileSync(at('7.yaml'), 'changed');
      rmSync(at('39.yaml'));
      writeFileSync(at('new.yaml'), '');
      files.push(at('new.yaml'));
      await until(() => told.length > 0);
      assert.deepEqual(told, [['39.yaml', '7.yaml', 'new.yaml']]);
      writeFileSync(at('39.yaml'), 'here again');
      files.shift();
      await until(() => told.length > 1);
      assert.deepEqual(told[1], ['0.yaml', '39.yaml']);
    });

    it('tells again what could not be read, and what changed since', async (t) => {
      slowClock(t);
      const { at, told } = await watching(t, [false, false]);
      writeFileSync(at('1.yaml'), 'changed');
      await until(() => told.length > 1);
      writeFileSync(at('2.yaml'), 'changed too');
      await until(() => told.some((changed) => changed.includes('2.yaml')));
      assert.deepEqual(told.slice(0, 2), [['1.yaml'], ['1.yaml']]);
    });

    it('follows links, and takes one that leads nowhere for a file that is not there', async (t) => {
      slowClock(t);
      const { at, files, told } = await watching(t);
      mkdirSync(at('inner'));
      symlinkSync('inner/data', at('link'));
      files.push(at('link'));
      await until(() => told.length > 0);
      writeFileSync(at('inner/data'), 'it leads somewhere');
      await until(() => told.length > 1);
      assert.deepEqual(told, [['link'], ['link']]);
    });
  });
}
