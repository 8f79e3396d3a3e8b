/** Reads the tags that bring in names of their own, each to its end. */

import type { Token, Tokenizer } from 'liquidjs';
import type { Checker } from './strict.ts';

/** `for item in list limit: 2`: the names seen inside. */
export function readFor(tag: Token, reader: Tokenizer, checker: Checker): string[] {
  const begin = reader.p;
  const variable = reader.readIdentifier().content;
  const word = reader.readIdentifier().content;
  const collection = variable !== '' && word === 'in' ? checker.attempt(reader, () => reader.readValue()) : undefined;
  if (collection === undefined) {
    checker.problem('template.syntax', 'A loop is written {% for item in list %}.', tag.begin, tag.end - tag.begin);
    return [variable];
  }
  checker.value(collection);
  for (const { name, value, begin: at, end } of checker.attempt(reader, () => reader.readHashes()) ?? []) {
    const word = name.content;
    if (!['limit', 'offset', 'reversed'].includes(word)) {
      checker.problem('template.leftover', `"${word}" is left over: a loop takes limit, offset and reversed.`, at, end - at);
    } else if (value?.getText() !== 'continue') checker.value(value);
  }
  checker.atEnd(reader, begin);
  return [variable, 'forloop'];
}

/** `when 1, 2 or 3` */
export function readWhen(reader: Tokenizer, checker: Checker): void {
  const begin = reader.p;
  while (!reader.end()) {
    const value = checker.attempt(reader, () => reader.readValueOrThrow());
    if (value === undefined) return;
    checker.value(value);
    reader.skipBlank();
    if (reader.peek() === ',') reader.advance();
    else if (/^or\b/.test(reader.remaining())) reader.advance(2);
    else {
      checker.atEnd(reader, begin);
      return;
    }
  }
}

/** `capture name`: the name. */
export function readCapture(tag: Token, reader: Tokenizer, checker: Checker): string {
  const begin = reader.p;
  const name = reader.readIdentifier().content || reader.readQuoted()?.content || '';
  if (name === '') checker.problem('template.syntax', 'A capture is written {% capture name %}.', tag.begin, tag.end - tag.begin);
  checker.atEnd(reader, begin);
  return name;
}

/** `assign name = value`: the name, which the value itself does not see. */
export function readAssign(reader: Tokenizer, checker: Checker): string {
  const begin = reader.p;
  const name = reader.readIdentifier().content;
  reader.skipBlank();
  if (name !== '' && reader.read() === '=') checker.wholeValue(reader);
  else {
    const length = Math.max(1, reader.N - begin);
    checker.problem('template.syntax', 'An assignment is written {% assign name = value %}.', begin, length);
  }
  return name;
}
