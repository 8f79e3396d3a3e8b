/**
 * Our templates mean what LiquidJS's mean. Whatever we evaluate in our own way is compared with LiquidJS itself: what is not equal, fails on
 * both sides, or stands in `oracle-differences.ts` with its reason, is a mistake. `ORACLE=1000000` is the long form.
 */

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import type { Values } from '../../src/template/scope.ts';
import { EXPLAINED } from './oracle-differences.ts';
import { Generator, notGenerated } from './oracle-generator.ts';
import { manifestTemplates, Reads } from './oracle-manifests.ts';
import { pairOf, type Template, type Verdict } from './oracle-pairs.ts';
import { shrunk, verdictOn } from './oracle-shrink.ts';
import { COMMON, COMPARISONS, CORNERS, JSON_TEXTS, PATHS } from './oracle-table.ts';
import { Chance, valuesOf } from './oracle-values.ts';

const PAIRS = Number(process.env.ORACLE ?? 16_000);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/** Sets of values that a generated template is given. */
const SETS = 8;
/** Sets of values that a template of a manifest is given. */
const SETS_OF_MANIFESTS = Math.max(10, Math.round(PAIRS / 5000));
/** Differences that are shown, each made small. */
const SHOWN = 5;

/** What became of many pairs. */
class Tally {
  pairs = 0;
  readonly #by = new Map<string, number>();
  readonly #different: string[] = [];

  count(template: Template, values: Values, verdict: Verdict): void {
    this.pairs++;
    const name = verdict.is === 'explained' ? verdict.by : verdict.is;
    this.#by.set(name, (this.#by.get(name) ?? 0) + 1);
    if (verdict.is === 'different' && this.#different.length < SHOWN) this.#different.push(told(template, values, verdict));
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

function told(template: Template, values: Values, verdict: Verdict & { is: 'different' }): string {
  const small = shrunk(template, values);
  const again = verdictOn(small.template, small.values);
  const { ours, theirs } = again?.is === 'different' ? again : verdict;
  const shown = inspect(small.values, { depth: null, breakLength: Number.POSITIVE_INFINITY });
  return `${small.template.kind} ${JSON.stringify(small.template.source)} of ${shown}\n  ours: ${ours}\n  LiquidJS: ${theirs}`;
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
    tally.count(template, values, run(values));
  }
  tally.end(t);
  return tally;
}

function judgeOften(template: Template, run: (values: Values) => Verdict, by: Chance, tally: Tally): void {
  const reads = new Reads(template);
  for (let set = 0; set < SETS_OF_MANIFESTS; set++) {
    const values = reads.values(by);
    tally.count(template, values, run(values));
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
  it('and every difference that is explained is met', () => {
    assert.deepEqual(
      EXPLAINED.filter((name) => !met.has(name)),
      [],
    );
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
        tally.count(template, values, run(values));
      }
    }
    t.diagnostic(`${templates} templates; ${refused} more were refused at load`);
    const share = (count: number) => `${((100 * count) / templates).toFixed(2)} %`;
    const most = [...seen].sort((a, b) => b[1] - a[1]);
    t.diagnostic(most.map(([word, count]) => `${word} ${share(count)}`).join(', '));
    tally.end(t);
  });
});
