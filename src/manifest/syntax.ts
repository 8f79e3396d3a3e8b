/** What the YAML parser complains of, in the words of somebody who writes manifests. */

import type { ErrorCode, YAMLError } from 'yaml';
import { beginning } from '../fault.ts';
import { LONGEST_NAME } from './say.ts';

export interface SyntaxMistake {
  readonly sentence: string;
  readonly from: number;
  readonly length: number;
  readonly hint: string | undefined;
}

/** One for each line: what the parser says of the rest of a line follows from its first mistake. `most` are enough. */
export function syntaxMistakes(problems: readonly YAMLError[], text: string, most: number): SyntaxMistake[] {
  const lines = new Set<number>();
  const mistakes: SyntaxMistake[] = [];
  const last = Math.max(0, text.trimEnd().length - 1);
  // The line at hand: to look for its ends anew with each of a hundred thousand problems takes seconds.
  let [begin, end] = [0, -1];
  for (const problem of problems) {
    if (mistakes.length === most) break;
    // The parser may notice at the very end, behind the last line, that something is missing.
    const from = Math.min(problem.pos[0], last);
    if (from < begin || from > end) {
      begin = from === 0 ? 0 : text.lastIndexOf('\n', from - 1) + 1;
      end = text.indexOf('\n', from);
      if (end < 0) end = text.length;
    }
    if (lines.has(begin)) continue;
    lines.add(begin);
    const length = Math.max(1, problem.pos[1] - problem.pos[0]);
    mistakes.push({ ...said(problem, text.slice(from, from + length), text.slice(begin, end)), from, length });
  }
  return mistakes;
}

/** What to do, by the parser's code. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  BAD_SCALAR_START: 'Quote a text that begins with this character.',
  BAD_ALIAS: 'Quote a text that begins with * or &.',
  BAD_DQ_ESCAPE: 'In double quotes a backslash begins an escape: write it twice, or use single quotes.',
  BAD_INDENT: 'Indent it like its neighbours.',
  BLOCK_AS_IMPLICIT_KEY: 'Quote a text that holds ": ".',
  TAB_AS_INDENT: 'Indent with spaces.',
};

function said({ code, message }: YAMLError, source: string, line: string): Pick<SyntaxMistake, 'sentence' | 'hint'> {
  if (code === 'MULTIPLE_DOCS')
    return { sentence: 'A second document begins here. Put each destination into a file of its own.', hint: undefined };
  if (code === 'TAG_RESOLVE_FAILED') return { sentence: tagSentence(source), hint: undefined };
  if (code === 'RESOURCE_EXHAUSTION')
    return { sentence: 'Nested too deeply. A manifest needs far less; check brackets and indentation.', hint: undefined };
  if (code === 'MISSING_CHAR' && /quote/.test(message))
    return {
      sentence: `Not YAML: a text in quotes is not closed; ${/'quote/.test(message) ? "'" : '"'} is missing.`,
      hint: undefined,
    };
  const flow = /^Flow (map|sequence) in block collection/.exec(message)?.[1];
  if (flow !== undefined) {
    const end = flow === 'map' ? '}' : ']';
    return { sentence: `Not YAML: ${end} is missing, or the lines before it are not indented.`, hint: undefined };
  }
  const braces =
    /[:\-,[{]\s*\{\{/.test(line) || (code === 'UNEXPECTED_TOKEN' && line.includes('{{'))
      ? 'A text with {{ in it needs quotes here: "… {{ … }}".'
      : undefined;
  return {
    sentence: `Not YAML: ${beginning(message.replace(/\.?$/, '.'), 200).replace(/\s+/g, ' ')}`,
    hint: braces ?? HINTS[code],
  };
}

export function tagSentence(tag: string): string {
  return `${beginning(tag, LONGEST_NAME)} is a tag, and tags are not read here. Leave it out, or quote a text that begins with "!".`;
}
