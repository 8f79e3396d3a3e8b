/** Regular expressions (ECMA-262 with the flag u), run by an engine that never goes back: no text makes one of them slow. */

import { RE2JS } from 're2js';
import { COUNT_ELSEWHERE, translate, Untranslatable } from './translate.ts';

/** Characters of a pattern: more is a list, which `enum` says better. */
const MAX_SOURCE = 4000;
/** Steps of a pattern, its counts written out. */
const MAX_STEPS = 5000;
/** Steps times characters: some 50 ms where the engine is at its worst, 25 ns each. */
const MAX_WORK = 2_500_000;

export interface Pattern {
  /** Characters of the longest text that it is tried on. */
  readonly longest: number;
  /** @throws {Error} where the text is longer than `longest` */
  test(text: string): boolean;
  /** As it was written. */
  toString(): string;
}

/** Why a text is no pattern, or none that is run here. */
export interface PatternProblem {
  /** What is wrong, and what to write instead. */
  readonly sentence: string;
  /** The piece of the text that it is about. */
  readonly offset: number;
  readonly length: number;
}

/** @param whole the pattern must match the whole text, not just a piece of it */
export function compilePattern(source: string, whole = false): Pattern | PatternProblem {
  const shown = `"${source.length > 100 ? `${source.slice(0, 100)}…` : source}"`;
  const problem = (sentence: string) => ({ sentence, offset: 0, length: source.length });
  if (source.length > MAX_SOURCE)
    return problem(`A pattern has at most ${MAX_SOURCE} characters; this one has ${source.length}. List the values with enum.`);
  try {
    new RegExp(source, 'u');
  } catch (error) {
    return problem(`${shown} is no regular expression (ECMA-262): ${why(error)}.`);
  }
  try {
    const { text: translated, steps } = translate(source);
    if (steps > MAX_STEPS)
      return problem(
        `With its counts written out this pattern has ${steps} steps; at most ${MAX_STEPS} are run. ${COUNT_ELSEWHERE}`,
      );
    const compiled = RE2JS.compile(whole ? `^(?:${translated})$` : translated);
    const longest = Math.floor(MAX_WORK / steps);
    return {
      longest,
      test(text) {
        if (text.length > longest) throw new Error(`${shown} is not tried on a text of more than ${longest} characters`);
        return compiled.test(text);
      },
      toString: () => source,
    };
  } catch (error) {
    if (error instanceof Untranslatable) return { sentence: error.message, offset: error.offset, length: error.length };
    return problem(`${shown} is not run here: ${why(error)}.`);
  }
}

/** For Ajv, which keeps patterns apart by `toString`, and writes `code` where it calls this. @throws {Error} a sentence on what is no pattern */
export const patternOfSchema = Object.assign(
  (source: string): Pattern => {
    const pattern = compilePattern(source);
    if ('sentence' in pattern) throw new Error(pattern.sentence);
    return pattern;
  },
  { code: 'patternOfSchema' },
);

/** What V8 and RE2 say, without the pattern before it. */
function why(error: unknown): string {
  const text = error instanceof Error ? error.message.replace(/^.*\/u: |^error parsing regexp: /s, '') : '';
  const property = /^invalid character class range: `(.*)`$/.exec(text)?.[1];
  if (property !== undefined)
    return `${property} is not known; write a category by its short name, as in \\p{L}, and a script as in \\p{Script=Greek}`;
  return text.charAt(0).toLowerCase() + text.slice(1);
}
