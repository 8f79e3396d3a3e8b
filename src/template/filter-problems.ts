/** What is wrong with a filter as it is written: it is none, it is off, or it lacks arguments. */

import type { FilteredValueToken } from 'liquidjs';
import { didYouMean } from '../fault.ts';
import { ARGUMENTS, engine, FILTERS_NOT_YET, FILTERS_OFF } from './engine.ts';
import type { TemplateProblem } from './names.ts';
import { brief } from './wording.ts';

export type FilterToken = FilteredValueToken['filters'][number];

export function problemsOfFilter(filter: FilterToken): TemplateProblem[] {
  const { name, begin } = filter;
  const problems: TemplateProblem[] = [];
  const unknown = Object.hasOwn(engine.filters, name) ? undefined : whyUnknown(name);
  if (unknown !== undefined) {
    const hint = didYouMean(name, Object.keys(engine.filters));
    problems.push({ code: 'template.filter', sentence: unknown, offset: begin, length: name.length, hint });
  }
  const text = filter.getText().trimEnd();
  const missing = missingArgument(filter, text);
  if (missing !== undefined) problems.push({ code: 'template.filter', sentence: missing, offset: begin, length: text.length });
  return problems;
}

function whyUnknown(name: string): string {
  if (FILTERS_NOT_YET.has(name)) return `The filter "${name}" is not yet built in this version of Rowpost.`;
  const off = FILTERS_OFF.get(name);
  return off === undefined ? `"${brief(name)}" is not a filter.` : `The filter "${name}" is off: ${off}.`;
}

function missingArgument({ name, args }: FilterToken, text: string): string | undefined {
  if (/[:,]$/.test(text)) return `An argument is expected behind "${text.at(-1)}".`;
  const needed = ARGUMENTS.get(name) ?? 0;
  if (args.length >= needed) return undefined;
  const what = needed === 1 ? 'an argument' : `${needed} arguments`;
  return `The filter "${name}" needs ${what}: ${name}: …`;
}
