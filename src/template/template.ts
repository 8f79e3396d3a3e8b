/** Templates, parsed when a manifest is loaded: texts, typed leaves, values and questions. */

import { type Template as LiquidTemplate, Output, Tokenizer, TypeGuards, Value } from 'liquidjs';
import { ExactNumber, stringifyJson } from '../numbers.ts';
import { checked } from './checked.ts';
import { type Code, fixed, NO_LOCALS } from './code.ts';
import { liquidFilter } from './configuration-template.ts';
import { engine } from './engine.ts';
import { neutral, placeOf } from './escapes.ts';
import { Expressions } from './expression.ts';
import { jsonMistake } from './json-text.ts';
import type { Names, Report } from './names.ts';
import type { Place } from './places.ts';
import { compileTemplates } from './render.ts';
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

/** A value as a tree holds it. */
export interface Leaf extends ValueTemplate {
  /** Not yet checked, and its constant steps not yet taken. */
  readonly code: Code;
  /** Whether it is more than a text that stands for itself. */
  readonly template: boolean;
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
  const render = compileTemplates(templates, engine, (output) => ofUrl?.get(output) ?? placeOf(output, place, scan));
  const fixed = scan.outputs === 0 && scan.tags === 0 ? source : undefined;
  return {
    names: scan.names,
    fixed,
    literal,
    raw: scan.raw.length,
    text: fixed === undefined ? (scope) => run(render, scope) : () => fixed,
  };
}

/** A leaf of a tree: a sole output keeps its type, a longer text makes text. */
export function compileLeaf(source: string, names: Names, report: Report): Leaf | undefined {
  if (!source.includes('{{') && !source.includes('{%'))
    return { names: NO_NAMES, value: () => source, code: fixed(source), template: false };
  const scan = scanTemplate(source, names, report, false);
  if (scan === undefined) return undefined;
  const templates = parse(source, report);
  if (templates === undefined) return undefined;
  const output = soleOutput(templates);
  if (output !== undefined) return leafOf(new Expressions(engine, NO_LOCALS).value(output.value), scan.names);
  const joins = joinedBy(templates);
  const run = compileTemplates(templates, engine, (part) => placeOf(part, 'text', scan));
  return leafOf({ run, steps: 0, ...(joins && { joins }) }, scan.names);
}

/** The words and the paths of a text that holds nothing else. */
function joinedBy(templates: readonly LiquidTemplate[]): Code['joins'] {
  const joins: (string | readonly string[])[] = [];
  for (const part of templates) {
    const path = part instanceof Output ? new Expressions(engine, NO_LOCALS).value(part.value).path : undefined;
    if (path !== undefined) joins.push(path);
    else if (TypeGuards.isHTMLToken(part.token)) joins.push(literalText(part));
    else return undefined;
  }
  return joins;
}

function leafOf(given: Code, names: ReadonlySet<string>): Leaf {
  const code = given.fixed === undefined ? given : fixed(checked(given.fixed.value));
  return { names, code, template: true, value: (scope) => evaluated(code, scope) };
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
  return leafOf(new Expressions(engine, NO_LOCALS).value(new Value(token, engine)), checker.reads);
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
    return engine.parse(source);
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

function evaluated(code: Code, scope: Scope): unknown {
  return checked(
    run((own) => {
      own.budget.steps(code.steps);
      return code.run(own);
    }, scope),
  );
}

function run<T>(body: (scope: Scope) => T, scope: Scope): T {
  try {
    return body(scope);
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
