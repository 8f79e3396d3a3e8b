/** The YAML parser, called so that no text makes it slow. */

import { type Document, parseDocument } from 'yaml';

/** Nothing where it is nested too deeply for the library. */
export function parse(text: string): Document | undefined {
  // Each of a hundred thousand mistakes is an Error, and most of its time goes into a stack that nobody reads.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      // The library's own check compares every key with every other; ours is a set.
      uniqueKeys: false,
      prettyErrors: false,
      stringKeys: false,
    });
  } catch {
    return undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
