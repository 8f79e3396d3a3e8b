/** Finds a piece of a scalar's text in the source of its file, where YAML has unfolded or unescaped it. */

import type { Scalar } from 'yaml';

const BLANK = /[ \t\r\n]/;

/** Where each character that is not blank stands, in the text of a scalar and in the source. */
interface Characters {
  /** For each character of the text, blank or not: how many that are not blank stand before it. */
  readonly before: readonly number[];
  /** `[from, to)` in the file of each character that is not blank. */
  readonly places: readonly (readonly [number, number])[];
}

const known = new WeakMap<Scalar, Characters>();

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
  const { before, places } = known.get(scalar) ?? charactersOf(scalar, text);
  const count = before.length - 1;
  const first = before[Math.min(begin, count)] ?? 0;
  const last = (before[Math.min(end, count)] ?? 0) - 1;
  const [from, to] = [places[first], places[last]];
  return last < first || from === undefined || to === undefined ? undefined : [from[0], to[1]];
}

/**
 * Folding and indentation change blanks alone, so the other characters of the text match those of the source one by one,
 * escapes apart.
 */
function charactersOf(scalar: Scalar<string>, text: string): Characters {
  const before = [0];
  for (let i = 0; i < scalar.value.length; i++) before.push((before[i] ?? 0) + (BLANK.test(scalar.value.charAt(i)) ? 0 : 1));
  const places: [number, number][] = [];
  const [from, to] = scalar.range ?? [0, 0];
  const quote = scalar.type === 'QUOTE_DOUBLE' ? '"' : scalar.type === 'QUOTE_SINGLE' ? "'" : '';
  const block = scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED';
  for (let i = block ? text.indexOf('\n', from) + 1 : from + quote.length; i < to - quote.length; ) {
    const [width, made] = unitAt(text, i, quote);
    for (let n = 0; n < made; n++) places.push([i, i + width]);
    i += width;
  }
  known.set(scalar, { before, places });
  return { before, places };
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
