/** The YAML parser, called so that no text makes it slow. */

import { Composer, type CST, type Document, Lexer, Parser, YAMLParseError } from 'yaml';

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  // The library's own check compares every key with every other; ours is a set.
  uniqueKeys: false,
  stringKeys: false,
} as const;

/** What the lexer cuts a text into: scalars, indicators, blanks. */
export function lex(text: string): readonly string[] {
  return [...new Lexer().lex(text)];
}

/** As the library's `parseDocument`, of pieces that were looked at before. Nothing where they are nested too deeply for it. */
export function parse(pieces: readonly string[], length: number): Document | undefined {
  // Each of a hundred thousand mistakes is an Error, and most of its time goes into a stack that nobody reads.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const [document, second] = new Composer(OPTIONS).compose(tokensOf(pieces), true, length);
    if (second !== undefined) {
      const [from, to] = second.range;
      document?.errors.push(new YAMLParseError([from, to], 'MULTIPLE_DOCS', 'There is more than one document'));
    }
    return document;
  } catch {
    return undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function* tokensOf(pieces: readonly string[]): Generator<CST.Token, void> {
  const parser = new Parser();
  for (const piece of pieces) yield* parser.next(piece);
  yield* parser.end();
}
