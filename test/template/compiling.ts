/** Compiles templates for tests, where every name is known. */

import { parseJson } from '../../src/json/parse.ts';
import { withWriter } from '../../src/json/writer.ts';
import { stringifyJson } from '../../src/numbers.ts';
import type { Names, TemplateProblem } from '../../src/template/names.ts';
import type { Place } from '../../src/template/places.ts';
import { type Scope, scopeOf, type Values } from '../../src/template/scope.ts';
import { compileExpression, compileLeaf, compileQuestion, compileText } from '../../src/template/template.ts';
import { compileTree, type Omit, type Tree } from '../../src/template/tree.ts';

export const NAMES: Names = {
  where: 'this test',
  known: new Map<string, ReadonlySet<string> | null>([
    ['settings', new Set(['region'])],
    ['vars', new Set(['types'])],
    ...'row record records rows items config body status error result now a b c'.split(' ').map((name) => [name, null] as const),
  ]),
  secrets: new Set(['api_key']),
  elsewhere: new Map([['mapped', 'only validate reads it']]),
};

/** What a template gave: JSON, `missing`, what its row is rejected with, or the faults of the template itself. */
export type Outcome = { json: string } | { missing: true } | { rejected: string } | { faults: readonly TemplateProblem[] };

/** A scope from JSON, so that it holds what a call could hold. */
export function scopeFrom(json: string): Scope {
  return scopeOf(parseJson(json) as Values); // the tests write maps
}

function outcome(problems: readonly TemplateProblem[], run: (() => unknown) | undefined): Outcome {
  if (run === undefined || problems.length > 0) return { faults: problems };
  try {
    const value = run();
    return value === undefined ? { missing: true } : { json: stringifyJson(value) };
  } catch (error) {
    return { rejected: error instanceof Error ? error.message : String(error) };
  }
}

export function leaf(source: string, scope: Scope): Outcome {
  const problems: TemplateProblem[] = [];
  const compiled = compileLeaf(source, NAMES, (problem) => problems.push(problem));
  return outcome(problems, compiled && (() => compiled.value(scope)));
}

export function text(source: string, place: Place, scope: Scope): Outcome {
  const problems: TemplateProblem[] = [];
  const compiled = compileText(source, place, NAMES, (problem) => problems.push(problem));
  return outcome(problems, compiled && (() => compiled.text(scope)));
}

export function expression(source: string, scope: Scope): Outcome {
  const problems: TemplateProblem[] = [];
  const compiled = compileExpression(source, NAMES, (problem) => problems.push(problem));
  return outcome(problems, compiled && (() => compiled.value(scope)));
}

export function question(source: string | boolean, scope: Scope): Outcome {
  const problems: TemplateProblem[] = [];
  const compiled = compileQuestion(source, NAMES, (problem) => problems.push(problem));
  return outcome(problems, compiled && (() => compiled.ask(scope)));
}

export function tree(source: unknown, scope: Scope, omit?: Omit): Outcome {
  const problems: TemplateProblem[] = [];
  const compiled = compileTree(source, NAMES, (_, problem) => problems.push(problem), omit);
  return outcome(problems, () => compiled.value(scope));
}

/** An outcome in one line, for tables: JSON, "missing", "rejected: …" or "fault: …". */
export function shown(result: Outcome): string {
  if ('json' in result) return result.json;
  if ('rejected' in result) return `rejected: ${result.rejected}`;
  return 'faults' in result ? `fault: ${result.faults.map(({ sentence }) => sentence).join(' | ')}` : 'missing';
}

/** The JSON that a tree writes; undefined where its value is missing. */
export function jsonOf(tree: Tree, scope: Scope): string | undefined {
  return withWriter((out) => (tree.write(scope, out) ? out.copied().toString() : undefined));
}
