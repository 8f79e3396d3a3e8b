/**
 * Our templates mean what LiquidJS's mean. Whatever we evaluate in our own way is compared with LiquidJS itself: what is not equal, fails on
 * both sides, or stands in `oracle-differences.ts` with its reason, is a mistake. `ORACLE=1000000` is the long form.
 */

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import type { Values } from '../../src/template/scope.ts';
import type { Omit } from '../../src/template/tree.ts';
import { EXPLAINED } from './oracle-differences.ts';
import { Generator, notGenerated } from './oracle-generator.ts';
import { manifestTemplates, Reads } from './oracle-manifests.ts';
import { pairOf, pairOfTree, type Template, type Verdict } from './oracle-pairs.ts';
import { shrunk, simpler, verdictOn } from './oracle-shrink.ts';
import { COMMON, COMPARISONS, CORNERS, JSON_TEXTS, PATHS, TREES } from './oracle-table.ts';
import { treeOf } from './oracle-trees.ts';
import { Chance, valuesOf } from './oracle-values.ts';

const PAIRS = Number(process.env.ORACLE ?? 16_000);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/** Sets of values that a generated template is given. */
const SETS = 8;
/** Sets of values that a template of a manifest is given. */
const SETS_OF_MANIFESTS = Math.max(10, Math.round(PAIRS / 5000));
/** Differences that are shown, each made small. */
const SHOWN = 5;

const OMITS: readonly Omit[] = ['nothing', 'nulls', 'empties'];

/** In one line. */
const DEEP = { depth: null, breakLength: Number.POSITIVE_INFINITY };

/** What became of many pairs. */
class Tally {
  pairs = 0;
  readonly #by = new Map<string, number>();
  readonly #different: string[] = [];

  /** @param told how a difference is shown */
  count(verdict: Verdict, told: (verdict: Verdict & { is: 'different' }) => string): void {
    this.pairs++;
    const name = verdict.is === 'explained' ? verdict.by : verdict.is;
    this.#by.set(name, (this.#by.get(name) ?? 0) + 1);
    if (verdict.is === 'different' && this.#different.length < SHOWN) this.#different.push(told(verdict));
  }

  get names(): Iterable<string> {
    return this.#by.keys();
  }

  /** Says what was counted, and fails for a difference. */
  end(t: TestContext): void {
    for (const [name, count] of [...this.#by].sort((a, b) => b[1] - a[1])) {
      t.diagnostic(`${name}: ${count} of ${this.pairs} pairs (${((100 * count) / this.pairs).toFixed(2)} %)`);
    }
    assert.deepEqual(this.#different, [], 'differences that nothing explains');
  }
}

function judgeText(template: Template, run: (values: Values) => Verdict, values: Values, tally: Tally): void {
  tally.count(run(values), (verdict) => {
    const small = shrunk(template, values);
    const again = verdictOn(small.template, small.values);
    const { kind, source } = small.template;
    return told(`${kind} ${JSON.stringify(source)}`, small.values, again?.is === 'different' ? again : verdict);
  });
}

/** A tree that is refused at load is none. */
function judgeTree(tree: unknown, omit: Omit, values: Values, tally: Tally): void {
  const run = pairOfTree(tree, omit);
  if (typeof run !== 'function') return;
  tally.count(run(values), (verdict) => {
    const small = simpler(values, (tried) => run(tried as Values).is === 'different') as Values; // a map stays one
    const again = run(small);
    return told(`tree ${inspect(tree, DEEP)}, omit: ${omit}`, small, again.is === 'different' ? again : verdict);
  });
}

function told(what: string, values: Values, { ours, theirs }: Verdict & { is: 'different' }): string {
  return `${what} of ${inspect(values, DEEP)}\n  ours: ${ours}\n  LiquidJS: ${theirs}`;
}

/** The tags and filters of a template. */
function wordsIn(source: string): Set<string> {
  return new Set(source.match(/\{%-?\s*(?:\w+|#)|\|\s*\w+/g)?.map((found) => found.replace(/[-\s]/g, '')));
}

/** All that an expression may stand in. */
function around(expression: string): Template[] {
  return [
    { kind: 'expression', source: expression },
    { kind: 'question', source: expression },
    { kind: 'leaf', source: `{{ ${expression} }}` },
    { kind: 'text', source: `<{{ ${expression} }}>` },
    { kind: 'text', source: `{% if ${expression} %}yes{% else %}no{% endif %}` },
    { kind: 'text', source: `{% assign x = ${expression} %}{{ x | json }}{% for i in x %}{{ i | json }}{% endfor %}` },
    { kind: 'json-value', source: `[{{ ${expression} }}]` },
  ];
}

/** Templates that are written by hand must all be taken. */
function judgeAll(t: TestContext, templates: readonly Template[], values: Values): Tally {
  const tally = new Tally();
  for (const template of templates) {
    const run = pairOf(template);
    if (typeof run !== 'function') assert.fail(`${template.source}: ${run.refused}`);
    judgeText(template, run, values, tally);
  }
  tally.end(t);
  return tally;
}

function judgeOften(template: Template, run: (values: Values) => Verdict, by: Chance, tally: Tally): void {
  const reads = new Reads(template);
  for (let set = 0; set < SETS_OF_MANIFESTS; set++) {
    const values = reads.values(by);
    judgeText(template, run, values, tally);
  }
}

describe('templates mean what LiquidJS means', () => {
  const met = new Set<string>();
  const judge = (t: TestContext, templates: readonly Template[], values: Values) => {
    for (const name of judgeAll(t, templates, values).names) met.add(name);
  };
  for (const { note, values, expressions = [], texts = [] } of CORNERS) {
    const templates = [...expressions.flatMap(around), ...texts.map((source): Template => ({ kind: 'text', source }))];
    it(note, (t) => judge(t, templates, { ...COMMON, ...values }));
  }
  it('everything compared with everything', (t) => {
    const conditions = COMPARISONS.map((source): Template => ({ kind: 'expression', source }));
    judge(t, conditions, COMMON);
  });
  it('in JSON texts and in paths', (t) => {
    const json = JSON_TEXTS.map((source): Template => ({ kind: 'json-value', source }));
    judge(t, [...json, ...PATHS.map((source): Template => ({ kind: 'path', source }))], COMMON);
  });
  it('those of manifests, over values that they read', (t) => {
    const by = new Chance(SEED);
    const tally = new Tally();
    const refused: string[] = [];
    for (const [file, templates] of manifestTemplates()) {
      for (const template of templates) {
        const run = pairOf(template);
        if (typeof run !== 'function') refused.push(`${file}: ${template.source}: ${run.refused}`);
        else judgeOften(template, run, by, tally);
      }
      assert.ok(templates.length > 0 || file.endsWith('.md'), `no template was found in ${file}`);
    }
    assert.deepEqual(refused, []);
    tally.end(t);
  });
  it('trees', (t) => {
    const tally = new Tally();
    for (const tree of TREES) for (const omit of OMITS) judgeTree(tree, omit, COMMON, tally);
    tally.end(t);
    for (const name of tally.names) met.add(name);
  });
  it('and every difference that is explained is met', () => {
    assert.deepEqual(
      EXPLAINED.filter((name) => !met.has(name)),
      [],
    );
  });

  it('generated trees, over generated values', (t) => {
    const by = new Chance(SEED);
    const generator = new Generator(by);
    const tally = new Tally();
    while (tally.pairs < PAIRS / 4) {
      const [tree, omit] = [treeOf(by, generator), by.of(OMITS)];
      for (let set = 0; set < SETS; set++) judgeTree(tree, omit, valuesOf(by), tally);
    }
    tally.end(t);
  });
  it('generated ones, over generated values', (t) => {
    t.diagnostic(`SEED=${SEED}`);
    assert.deepEqual(notGenerated(), [], 'filters that no template is made with');
    const by = new Chance(SEED);
    const generator = new Generator(by);
    const tally = new Tally();
    const seen = new Map<string, number>();
    let templates = 0;
    let refused = 0;
    while (tally.pairs < PAIRS) {
      const template = generator.template();
      const run = pairOf(template);
      if (typeof run !== 'function') {
        refused++;
        continue;
      }
      templates++;
      for (const word of wordsIn(template.source)) seen.set(word, (seen.get(word) ?? 0) + 1);
      for (let set = 0; set < SETS; set++) {
        const values = valuesOf(by);
        judgeText(template, run, values, tally);
      }
    }
    t.diagnostic(`${templates} templates; ${refused} more were refused at load`);
    const share = (count: number) => `${((100 * count) / templates).toFixed(2)} %`;
    const most = [...seen].sort((a, b) => b[1] - a[1]);
    t.diagnostic(most.map(([word, count]) => `${word} ${share(count)}`).join(', '));
    tally.end(t);
  });
});
