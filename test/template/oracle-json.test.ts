/** The JSON of a tree is that of its value, byte for byte, or fails as the value does. `ORACLE` and `SEED` as in `oracle.test.ts`. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Fault } from '../../src/fault.ts';
import { stringifyJson } from '../../src/numbers.ts';
import { type Scope, scopeOf, type Values } from '../../src/template/scope.ts';
import { compileTree, type Omit, type Tree } from '../../src/template/tree.ts';
import { jsonOf } from './compiling.ts';
import { Generator } from './oracle-generator.ts';
import { OPEN } from './oracle-pairs.ts';
import { COMMON, TREES } from './oracle-table.ts';
import { treeOf } from './oracle-trees.ts';
import { Chance, valuesOf } from './oracle-values.ts';

const PAIRS = Number(process.env.ORACLE ?? 16_000) / 4;
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/** Sets of values that a tree is given. */
const SETS = 8;
const OMITS: readonly Omit[] = ['nothing', 'nulls', 'empties'];

function compiled(tree: unknown, omit: Omit): Tree | undefined {
  let isRefused = false;
  const made = compileTree(
    tree,
    OPEN,
    () => {
      isRefused = true;
    },
    omit,
  );
  return isRefused ? undefined : made;
}

/** What it makes, or the fault that it fails with. */
function outcome(body: (scope: Scope) => unknown, values: Values): { made: unknown } | { fault: string } {
  try {
    return { made: body(scopeOf(values)) };
  } catch (error) {
    if (error instanceof Fault) return { fault: `${error.code}: ${error.sentence}` };
    throw error;
  }
}

/** Its JSON. */
function judge(tree: Tree, shown: string, values: Values): void {
  const textOf = (scope: Scope) => {
    const value = tree.value(scope);
    return value === undefined ? undefined : stringifyJson(value);
  };
  assert.deepEqual(
    outcome((scope) => jsonOf(tree, scope), values),
    outcome(textOf, values),
    `${shown} of ${inspect(values, { depth: null })}`,
  );
}

describe('the JSON of a tree', () => {
  for (const tree of TREES) {
    it(inspect(tree, { depth: null }), () => {
      for (const omit of OMITS) judge(compiled(tree, omit) ?? assert.fail('refused'), omit, COMMON);
    });
  }

  it('is that of its value: generated trees, over generated values', (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const by = new Chance(SEED);
    const generator = new Generator(by);
    let [pairs, trees, failed] = [0, 0, 0];
    while (pairs < PAIRS) {
      const [made, omit] = [treeOf(by, generator), by.of(OMITS)];
      const tree = compiled(by.happens(0.2) ? { a: made, items: '{{ items }}', 'b"': ['{{ items }}'] } : made, omit);
      if (tree === undefined) continue;
      trees++;
      for (let set = 0; set < SETS; set++) {
        const values = valuesOf(by);
        judge(tree, `${inspect(made, { depth: null })}, omit: ${omit}`, values);
        if ('fault' in outcome((scope) => tree.value(scope), values)) failed++;
        pairs++;
      }
    }
    t.diagnostic(`${pairs} pairs of ${trees} trees, in ${failed} of which both fail alike`);
  });
});
