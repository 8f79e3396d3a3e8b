/** Trees of templates: what they should come out as, if LiquidJS made their leaves, and trees made by seeded chance. */

import { ExactNumber } from '../../src/numbers.ts';
import type { Values } from '../../src/template/scope.ts';
import { isMap } from '../../src/template/text.ts';
import type { Omit } from '../../src/template/tree.ts';
import type { Judgement, Oracle } from './oracle.ts';
import { type Allowed, Refused } from './oracle-differences.ts';
import type { Generator } from './oracle-generator.ts';
import type { Chance } from './oracle-values.ts';

type Build = (values: Values, allowed: Set<Allowed>) => unknown;

/** Carries what a leaf did not make. */
class Stopped extends Error {
  readonly judgement: Judgement;

  constructor(judgement: Judgement) {
    super('a leaf stopped');
    this.judgement = judgement;
  }
}

/** Structure is what it is; of leaves LiquidJS says what they are. */
export function judgeTree(tree: unknown, omit: Omit, oracle: Oracle): (values: Values) => Judgement {
  const build = built(tree, omit, oracle);
  return (values) => {
    const allowed = new Set<Allowed>();
    try {
      return { value: build(values, allowed), allowed };
    } catch (thrown) {
      if (thrown instanceof Stopped) return { ...thrown.judgement, allowed };
      if (thrown instanceof Refused) return { refused: thrown, allowed };
      throw thrown;
    }
  };
}

function built(node: unknown, omit: Omit, oracle: Oracle): Build {
  if (typeof node === 'string') {
    const leaf = oracle.leaf(node);
    return (values, allowed) => {
      const judgement = leaf(values);
      for (const name of judgement.allowed) allowed.add(name);
      if ('value' in judgement) return judgement.value;
      throw new Stopped(judgement);
    };
  }
  if (Array.isArray(node)) {
    const items = node.map((item) => built(item, omit, oracle));
    return (values, allowed) => items.map((item) => item(values, allowed) ?? null);
  }
  return isMap(node) ? builtMap(node, omit, oracle) : () => node;
}

function builtMap({ '...': spread, ...own }: Values, omit: Omit, oracle: Oracle): Build {
  const around = built(spread, omit, oracle);
  const entries = Object.entries(own).map(([key, child]) => [key, built(child, omit, oracle)] as const);
  return (values, allowed) => {
    const given = around(values, allowed) ?? {};
    if (!isMap(given)) throw new Refused('what is spread is a map');
    // A key that is written keeps its place among those that are spread.
    const all = new Map<string, unknown>(Object.entries(given));
    for (const [key, value] of all) if (isOmitted(value, omit)) all.delete(key);
    for (const [key, build] of entries) {
      const value = build(values, allowed);
      if (isOmitted(value, omit)) all.delete(key);
      else all.set(key, value);
    }
    return Object.fromEntries(all);
  };
}

function isOmitted(value: unknown, omit: Omit): boolean {
  if (value === undefined) return true;
  if (omit === 'nothing') return false;
  if (value === null || omit === 'nulls') return value === null;
  return value === '' || (typeof value === 'object' && !(value instanceof ExactNumber) && Object.keys(value).length === 0);
}

const CONSTANTS = [
  null,
  true,
  false,
  0,
  -0,
  1.5,
  1e21,
  '',
  'text',
  '"\\\n',
  '\ud800',
  'é\u2028',
  new ExactNumber('12345678901234567890'),
  [],
  {},
];
const TREE_KEYS = [
  'a',
  'b',
  'k',
  'n',
  'name',
  'size',
  '1',
  '0',
  '10',
  '-1',
  '',
  '__proto__',
  'constructor',
  'toJSON',
  'x y',
  '"\\\n',
  'é',
  '\ud800',
];

/** A tree, as it is read from YAML. */
export function treeOf(by: Chance, generator: Generator, depth = 0): unknown {
  const chosen = by.below(depth === 0 ? 4 : depth > 3 ? 12 : 8);
  if (chosen < 3) {
    const entries = by.times(0, 4, (): [string, unknown] => [by.of(TREE_KEYS), treeOf(by, generator, depth + 1)]);
    return Object.fromEntries(
      by.happens(0.25) ? entries.toSpliced(by.below(entries.length + 1), 0, ['...', spreadOf(by, generator, depth)]) : entries,
    );
  }
  if (chosen < 4) return by.times(0, 4, () => treeOf(by, generator, depth + 1));
  return by.happens(0.25) ? by.of(CONSTANTS) : generator.leaf();
}

function spreadOf(by: Chance, generator: Generator, depth: number): unknown {
  if (by.happens(0.7))
    return by.of([
      '{{ o }}',
      '{{ row }}',
      '{{ record | except: "k" }}',
      '{{ nothing }}',
      '{{ items[0] }}',
      '{{ any }}',
      '{{ o | merge: row }}',
      null,
    ]);
  return by.happens(0.5) ? { a: generator.leaf(), b: null, 1: generator.leaf() } : treeMap(by, generator, depth);
}

function treeMap(by: Chance, generator: Generator, depth: number): unknown {
  return Object.fromEntries(by.times(0, 3, () => [by.of(TREE_KEYS), treeOf(by, generator, depth + 2)]));
}
