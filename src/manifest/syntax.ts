/** What the YAML parser complains of, in the words of somebody who writes manifests. */

import type { ErrorCode, YAMLError } from 'yaml';

export interface SyntaxMistake {
  readonly sentence: string;
  readonly from: number;
  readonly length: number;
  readonly hint: string | undefined;
}

/** One for each line: what the parser says of the rest of a line follows from its first mistake. */
export function syntaxMistakes(problems: readonly YAMLError[], text: string): SyntaxMistake[] {
  const lines = new Set<number>();
  const mistakes: SyntaxMistake[] = [];
  for (const problem of problems) {
    // The parser may notice at the very end, behind the last line, that something is missing.
    const from = Math.min(problem.pos[0], Math.max(0, text.trimEnd().length - 1));
    const line = text.lastIndexOf('\n', from - 1);
    if (lines.has(line)) continue;
    lines.add(line);
    const length = Math.max(1, problem.pos[1] - problem.pos[0]);
    const whole = text.slice(line + 1).split(/\r?\n/, 1)[0] ?? '';
    mistakes.push({ ...said(problem, text.slice(from, from + length), whole), from, length });
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
  if (code === 'TAG_RESOLVE_FAILED')
    return {
      sentence: `${source} is a tag, and tags are not read here. Leave it out, or quote a text that begins with "!".`,
      hint: undefined,
    };
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
  return { sentence: `Not YAML: ${message.replace(/\s+/g, ' ').replace(/\.?$/, '.')}`, hint: braces ?? HINTS[code] };
}
