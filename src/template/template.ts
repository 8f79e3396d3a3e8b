/** Templates, parsed when a manifest is loaded: texts, typed leaves, values and questions. */

import { type Template as LiquidTemplate, Output, Tokenizer, TypeGuards, toValue, Value } from 'liquidjs';
import { ExactNumber, stringifyJson } from '../numbers.ts';
import { liquidFilter } from './configuration-template.ts';
import { engine } from './engine.ts';
import { addEscapes, neutral, placeOf } from './escapes.ts';
import { evaluate } from './evaluate.ts';
import { parseGuarded, render } from './guard.ts';
import { jsonMistake } from './json-text.ts';
import type { Names, Report } from './names.ts';
import type { Place } from './places.ts';
import { asRenderFault, renderFault } from './render-fault.ts';
import { scanTemplate } from './scan.ts';
import type { Scope } from './scope.ts';
import { Checker } from './strict.ts';

/** What every compiled template tells of itself. */
export interface Compiled {
  /** The first names that it reads, and `first.second` where the second is written out. */
  readonly names: ReadonlySet<string>;
}

/** Makes text. */
export interface TextTemplate extends Compiled {
  /** @throws {Fault} */
  text(scope: Scope): string;
  /** The text, where nothing in it depends on values. */
  readonly fixed: string | undefined;
  /** The text with `OUTPUT` for every output, where no tag can change what else is there. */
  readonly literal: string | undefined;
  /** How many outputs opt out of escaping with `raw`. */
  readonly raw: number;
}

/** Makes a value of any type; undefined is a missing one. */
export interface ValueTemplate extends Compiled {
  /** @throws {Fault} */
  value(scope: Scope): unknown;
}

export interface Question extends Compiled {
  /** @throws {Fault} for an answer that is neither true nor false */
  ask(scope: Scope): boolean;
}

engine.registerFilter('liquid', liquidFilter);

const NO_NAMES: ReadonlySet<string> = new Set();

/** Stands for an output in `literal`: a character that no URL holds. */
export const OUTPUT = '\uFFFC';

/** A template that makes text for a place; undefined where it has faults, which were reported. */
export function compileText(source: string, place: Place, names: Names, report: Report): TextTemplate | undefined {
  const json = place === 'json-value';
  const scan = scanTemplate(source, names, report, json);
  if (scan === undefined) return undefined;
  const templates = parse(source, report);
  if (templates === undefined) return undefined;
  const literal =
    scan.tags > 0 ? undefined : templates.map((part) => (part instanceof Output ? OUTPUT : literalText(part))).join('');
  if (json && scan.tags === 0 && scan.raw.length === 0) {
    const mistake = jsonMistake(neutral(templates, source, scan));
    if (mistake !== undefined) {
      report({ code: 'template.json', sentence: 'This is not JSON, whatever the values are.', offset: mistake, length: 1 });
      return undefined;
    }
  }
  const ofUrl = place === 'url' ? placesInUrl(templates) : undefined;
  addEscapes(templates, (output) => ofUrl?.get(output) ?? placeOf(output, place, scan));
  const fixed = scan.outputs === 0 && scan.tags === 0 ? source : undefined;
  const text = (scope: Scope) => run(() => render(templates, scope.fresh()) ?? '');
  return { names: scan.names, fixed, literal, raw: scan.raw.length, text: fixed === undefined ? text : () => fixed };
}

/** A leaf of a tree: a sole output keeps its type, a longer text makes text. */
export function compileLeaf(source: string, names: Names, report: Report): ValueTemplate | undefined {
  if (!source.includes('{{') && !source.includes('{%')) return { names: NO_NAMES, value: () => source };
  const scan = scanTemplate(source, names, report, false);
  if (scan === undefined) return undefined;
  const templates = parse(source, report);
  if (templates === undefined) return undefined;
  const output = soleOutput(templates);
  if (output !== undefined) return { names: scan.names, value: (scope) => checkedValue(output.value, scope) };
  const text = compileText(source, 'text', names, report);
  return text && { names: text.names, value: (scope) => text.text(scope) };
}

/** A bare value with filters, such as `record.email | downcase`. Braces around the whole are accepted. */
export function compileExpression(source: string, names: Names, report: Report): ValueTemplate | undefined {
  const begin = /^\s*\{\{-?/.exec(source)?.[0].length ?? 0;
  const end = begin === 0 ? source.length : /-?\}\}\s*$/.exec(source)?.index;
  if (end === undefined) {
    report({ code: 'template.block', sentence: '{{ is not closed: }} is missing.', offset: source.indexOf('{{'), length: 2 });
    return undefined;
  }
  let failed = false;
  const checker = new Checker(names, (problem) => {
    failed = true;
    report(problem);
  });
  const token = checker.wholeValue(new Tokenizer(source, engine.options.operators, undefined, [begin, end], true));
  if (token === undefined || failed) return undefined;
  const value = new Value(token, engine);
  return { names: checker.uses.names, value: (scope) => checkedValue(value, scope) };
}

/** A question: true or false; missing and null are false, and anything else is an error, never a yes. */
export function compileQuestion(source: string | boolean, names: Names, report: Report): Question | undefined {
  if (typeof source === 'boolean') return { names: NO_NAMES, ask: () => source };
  const expression = compileExpression(source, names, report);
  if (expression === undefined) return undefined;
  return {
    names: expression.names,
    ask: (scope) => {
      const answer = expression.value(scope) ?? false;
      if (typeof answer === 'boolean') return answer;
      throw renderFault('question', `"${source}" must answer true or false; it gave ${describe(answer)}`);
    },
  };
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value instanceof ExactNumber) return stringifyJson(value);
  return Array.isArray(value) ? 'a list' : 'a map';
}

function parse(source: string, report: Report): LiquidTemplate[] | undefined {
  try {
    return parseGuarded(engine, source);
  } catch (error) {
    // The scan finds what authors get wrong; this is for what only LiquidJS knows of.
    const sentence = `This is no template: ${(error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''}.`;
    report({ code: 'template.syntax', sentence, offset: 0, length: source.length });
    return undefined;
  }
}

function literalText(part: LiquidTemplate): string {
  return (part.token as unknown as { getContent(): string }).getContent(); // without tags, what is no output is text
}

function soleOutput(templates: readonly LiquidTemplate[]): Output | undefined {
  const [first] = templates;
  return templates.length === 1 && first instanceof Output ? first : undefined;
}

function checkedValue(value: Value, scope: Scope): unknown {
  return checked(run(() => evaluate(value, scope.shared())));
}

/** `nil`, `empty` and `blank` are LiquidJS's own objects; NaN and infinities are no JSON. */
function checked(result: unknown): unknown {
  const value: unknown = toValue(result);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw renderFault('number', `a calculation gave ${value}, which is no number that can be sent`);
  }
  return value;
}

function run<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw asRenderFault(error);
  }
}

/** In a base URL each output stands in the host or in the path; one that begins the text is the URL itself. */
function placesInUrl(templates: readonly LiquidTemplate[]): Map<unknown, Place> {
  const places = new Map<unknown, Place>();
  let before = '';
  for (const part of templates) {
    if (part instanceof Output) {
      places.set(part, before === '' ? 'text' : /^[^/]*\/\/[^/]*$/.test(before) ? 'host' : 'path');
      before += OUTPUT;
    } else if (TypeGuards.isHTMLToken(part.token)) before += literalText(part);
  }
  return places;
}
