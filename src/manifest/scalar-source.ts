/** Finds a piece of a scalar's text in the source of its file, where YAML has unfolded or unescaped it. */

import type { Scalar } from 'yaml';

const BLANK = /[ \t\r\n]/;

/**
 * `[from, to)` in the file of the characters `begin` to `end` of a scalar's text, without the blanks at their ends;
 * nothing where they are all blank.
 */
export function placeInSource(
  scalar: Scalar<string>,
  text: string,
  begin: number,
  end: number,
): readonly [number, number] | undefined {
  const before = solids(scalar.value, begin);
  const count = solids(scalar.value, end) - before;
  if (count <= 0) return undefined;
  const [first, last] = sourceOf(scalar, text, [before, before + count - 1]);
  return first === undefined || last === undefined ? undefined : [first[0], last[1]];
}

/** How many characters before `end` are not blank. */
function solids(text: string, end: number): number {
  let count = 0;
  for (let i = 0; i < end; i++) if (!BLANK.test(text[i] ?? '')) count++;
  return count;
}

/**
 * Where in the file some characters of a scalar stand: `[from, to)` for each of the `wanted`, which count the characters
 * that are not blank. Folding and indentation change blanks alone, so the others match the source one by one, escapes apart.
 */
function sourceOf(scalar: Scalar, text: string, wanted: readonly number[]): ([number, number] | undefined)[] {
  const [from, to] = scalar.range ?? [0, 0];
  const quote = scalar.type === 'QUOTE_DOUBLE' ? '"' : scalar.type === 'QUOTE_SINGLE' ? "'" : '';
  const block = scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED';
  const found: ([number, number] | undefined)[] = wanted.map(() => undefined);
  let count = 0;
  for (let i = block ? text.indexOf('\n', from) + 1 : from + quote.length; i < to - quote.length; ) {
    const [width, made] = unitAt(text, i, quote);
    for (let n = 0; n < made; n++, count++) {
      for (const [index, one] of wanted.entries()) if (one === count) found[index] = [i, i + width];
    }
    i += width;
  }
  return found;
}

/** The characters of the source at `i` that belong together, and how many characters that are not blank they make. */
function unitAt(text: string, i: number, quote: string): [width: number, made: number] {
  const char = text[i] ?? '';
  if (quote === "'" && char === quote) return [2, 1];
  if (quote !== '"' || char !== '\\') return [1, BLANK.test(char) ? 0 : 1];
  const letter = text[i + 1] ?? '';
  const digits = { x: 2, u: 4, U: 8 }[letter];
  if (digits === undefined) return [2, /[ \t\r\nnrt]/.test(letter) ? 0 : 1];
  const code = Number.parseInt(text.slice(i + 2, i + 2 + digits), 16);
  return [2 + digits, code > 0xffff ? 2 : [0x20, 0x09, 0x0a, 0x0d].includes(code) ? 0 : 1];
}
