/** A template and a set of values, given to us and to LiquidJS: whether both say the same, or which difference that is. */

import { inspect } from 'node:util';
import { Drop } from 'liquidjs';
import { Fault } from '../../src/fault.ts';
import { ExactNumber, stringifyJson } from '../../src/numbers.ts';
import type { Names } from '../../src/template/names.ts';
import { type Scope, scopeOf, type Values } from '../../src/template/scope.ts';
import { compileExpression, compileLeaf, compileQuestion, compileText } from '../../src/template/template.ts';
import { compileTree, type Omit } from '../../src/template/tree.ts';
import { type Judgement, Oracle } from './oracle.ts';
import { ALLOWED, type Allowed, boundBehind, codeOf } from './oracle-differences.ts';
import type { TextPlace } from './oracle-places.ts';
import { judgeTree } from './oracle-trees.ts';

/** What a template is compiled as. */
export type Kind = TextPlace | 'leaf' | 'expression' | 'question';

export interface Template {
  readonly kind: Kind;
  readonly source: string;
}

/** Every name is one: what is not there is missing. */
export const OPEN: Names = { where: 'this test', known: new Map([['row', null]]), open: true };

const oracle = new Oracle();

/** What became of a pair. `different` has no explanation. */
export type Verdict =
  | { is: 'equal' | 'both failed' }
  | { is: 'explained'; by: string }
  | { is: 'different'; ours: string; theirs: string };

/** Runs a template over values; nothing where it is refused at load, with the reasons. */
export function pairOf({ kind, source }: Template): ((values: Values) => Verdict) | { refused: string } {
  const problems: string[] = [];
  const ours = oursOf(kind, source, (sentence) => problems.push(sentence));
  if (ours === undefined || problems.length > 0) return { refused: problems.join(' ') };
  const theirs = theirsOf(kind, source);
  return (values) => verdictOf(outcomeOf(ours, values), theirs(values), source);
}

/** The same of a whole tree. */
export function pairOfTree(tree: unknown, omit: Omit): ((values: Values) => Verdict) | { refused: string } {
  const problems: string[] = [];
  const ours = compileTree(tree, OPEN, (_, { sentence }) => problems.push(sentence), omit);
  if (problems.length > 0) return { refused: problems.join(' ') };
  const theirs = judgeTree(tree, omit, oracle);
  const source = inspect(tree, { depth: null });
  return (values) =>
    verdictOf(
      outcomeOf((scope) => ours.value(scope), values),
      theirs(values),
      source,
    );
}

function oursOf(kind: Kind, source: string, say: (sentence: string) => void): ((scope: Scope) => unknown) | undefined {
  const report = ({ sentence }: { sentence: string }) => say(sentence);
  if (kind === 'leaf' || kind === 'expression') {
    const compiled = (kind === 'leaf' ? compileLeaf : compileExpression)(source, OPEN, report);
    return compiled && ((scope) => compiled.value(scope));
  }
  if (kind === 'question') {
    const compiled = compileQuestion(source, OPEN, report);
    return compiled && ((scope) => compiled.ask(scope));
  }
  const compiled = compileText(source, kind, OPEN, report);
  return compiled && ((scope) => compiled.text(scope));
}

function theirsOf(kind: Kind, source: string): (values: Values) => Judgement {
  if (kind === 'leaf' || kind === 'expression' || kind === 'question') return oracle[kind](source);
  return oracle.text(source, kind);
}

type Outcome = { value: unknown } | { thrown: unknown };

function outcomeOf(run: (scope: Scope) => unknown, values: Values): Outcome {
  try {
    return { value: run(scopeOf(values)) };
  } catch (thrown) {
    return { thrown };
  }
}

function verdictOf(ours: Outcome, theirs: Judgement, source: string): Verdict {
  const by = 'thrown' in ours ? excuseOfFault(ours.thrown, theirs, source) : excuseOfValue(ours.value, theirs);
  if (by === undefined) return { is: 'different', ours: shownOutcome(ours), theirs: shownJudgement(theirs) };
  return by === 'equal' || by === 'both failed' ? { is: by } : { is: 'explained', by };
}

function excuseOfFault(thrown: unknown, theirs: Judgement, source: string): string | undefined {
  if (!(thrown instanceof Fault)) return undefined;
  if ('refused' in theirs && codeOf(theirs.refused.refusal) === thrown.code) return theirs.refused.refusal;
  // What a filter of ours says, it says to both.
  if ('error' in theirs && !(theirs.error instanceof Fault && theirs.error.code !== thrown.code)) return 'both failed';
  return boundBehind(thrown.code, thrown.sentence, source) ?? allowed(theirs, thrown.code);
}

function excuseOfValue(value: unknown, theirs: Judgement): string | undefined {
  if (!('value' in theirs) || !same(value, theirs.value)) return undefined;
  return allowed(theirs, 'as the design') ?? 'equal';
}

function allowed(theirs: Judgement, how: string): Allowed | undefined {
  return [...theirs.allowed].find((name) => ALLOWED[name] === how);
}

/** The same value of the same type, down to the order of keys and the digits of an exact number. Neither text nor JSON tells -0 from 0. */
function same(one: unknown, other: unknown): boolean {
  if (one === other || Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (one instanceof ExactNumber || other instanceof ExactNumber)
    return one instanceof ExactNumber && other instanceof ExactNumber && one.toString() === other.toString();
  if (Array.isArray(one) !== Array.isArray(other) || one instanceof Drop !== other instanceof Drop) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  const [map, ofOther] = [one as Values, other as Values]; // lists too have own keys
  return keys.length === others.length && keys.every((key, at) => key === others[at] && same(map[key], ofOther[key]));
}

function shownOutcome(outcome: Outcome): string {
  if ('value' in outcome) return shown(outcome.value);
  const { thrown } = outcome;
  return thrown instanceof Fault ? `fault ${thrown.code}: ${thrown.sentence}` : `no fault: ${String(thrown)}`;
}

function shownJudgement(judgement: Judgement): string {
  if ('value' in judgement) return shown(judgement.value);
  return 'refused' in judgement ? `a fault, since ${judgement.refused.refusal}` : `fails: ${String(judgement.error)}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  return typeof value === 'string' ? JSON.stringify(value) : stringifyJson(value);
}
