/** The one error class: a mistake somebody can mend, said in a sentence with the place it stands at. */

/** Where in a file something is wrong. Lines and columns count from 1; `length` is how much of the line to underline. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The text of that line, so that it can be shown without reading the file again. */
  readonly text: string;
}

/** Stable, dot-separated names of what can be wrong: what tests and `--json` readers look at. */
export type FaultCode =
  `${'yaml' | 'manifest' | 'template' | 'settings' | 'cases' | 'usage' | 'request' | 'render' | 'lookup'}.${string}`;

export interface FaultInit {
  readonly code: FaultCode;
  /** What is wrong, what was expected and what to do, in one or two sentences. */
  readonly sentence: string;
  readonly place?: Place | undefined;
  /** One more thing to try, often "Did you mean …?". */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** A mistake of an author, an operator or a caller; never a bug of ours. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly sentence: string;
  readonly place: Place | undefined;
  readonly hint: string | undefined;

  constructor(init: FaultInit) {
    super(init.hint === undefined ? init.sentence : `${init.sentence} ${init.hint}`, { cause: init.cause });
    this.name = 'Fault';
    this.code = init.code;
    this.sentence = init.sentence;
    this.place = init.place;
    this.hint = init.hint;
  }

  /** `file:line:column`, or nothing where the fault has no place. */
  get where(): string {
    return this.place === undefined ? '' : `${this.place.file}:${this.place.line}:${this.place.column}`;
  }
}

/** The fault without secrets. They are taken out of the whole line: shown is perhaps a part of it, and so perhaps a part of one. */
export function withoutSecrets(fault: Fault, redact: (text: string) => string): Fault {
  const { code, sentence, hint, place, cause } = fault;
  return new Fault({
    code,
    sentence: redact(sentence),
    hint: hint && redact(hint),
    place: place && hidden(place, redact),
    cause,
  });
}

function hidden(place: Place, redact: (text: string) => string): Place {
  const text = redact(place.text);
  if (text === place.text) return place;
  // What stands before the fault has another length by now; where the fault begins within a secret, its mark is pointed at.
  const before = redact(place.text.slice(0, place.column - 1));
  let column = 0;
  while (column < before.length && text[column] === before[column]) column++;
  return { ...place, text, column: column + 1, length: Math.min(place.length, Math.max(1, text.length - column)) };
}

/** A text, or its beginning and "…", which tells the redactor that a secret may have been cut off there. */
export function beginning(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** Long lines are shown around the fault only; editors and terminals wrap beyond this. */
const SHOWN = 100;

/**
 * The fault as an author sees it: place and sentence, then the line with what is wrong underlined.
 * Control characters of the line are shown as spaces, so that a file cannot write to the terminal.
 */
export function showFault(fault: Fault): string {
  const { place } = fault;
  if (place === undefined) return fault.message;
  const clean = place.text.replace(/\p{Cc}/gu, ' ');
  const from = place.column - 1 > SHOWN - 20 ? place.column - 1 - 40 : 0;
  const shown = (from > 0 ? '…' : '') + clean.slice(from, from + SHOWN) + (clean.length > from + SHOWN ? '…' : '');
  const gutter = String(place.line).padStart(5);
  const indent = ' '.repeat(place.column - 1 - from + (from > 0 ? 1 : 0));
  const marks = '^'.repeat(Math.max(1, Math.min(place.length, shown.length - indent.length)));
  return `${fault.where}  ${fault.message}\n${gutter} | ${shown}\n${' '.repeat(5)}   ${indent}${marks}`;
}

/** A fault without a place is told behind those that have one. */
const LAST = Number.MAX_SAFE_INTEGER;

/** By line, then column: as a person reads the file. Of several with one code at one place the first is kept. */
export function inOrder(faults: readonly Fault[]): Fault[] {
  const first = new Map<unknown, Fault>();
  for (const fault of faults) {
    const key = fault.place === undefined ? fault : `${fault.where} ${fault.code}`;
    if (!first.has(key)) first.set(key, fault);
  }
  return [...first.values()].sort(
    (a, b) => (a.place?.line ?? LAST) - (b.place?.line ?? LAST) || (a.place?.column ?? 0) - (b.place?.column ?? 0),
  );
}

/** The nearest of `known` to what was written, or one that it begins, for "Did you mean …?"; nothing where none is near. */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  // One slip in a short word, one in three letters of a longer one.
  let bound = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const word of known) {
    const distance = editDistance(written.toLowerCase(), word.toLowerCase(), bound);
    if (distance < bound) {
      best = word;
      bound = distance;
    }
  }
  return best ?? (written.length < 3 ? undefined : [...known].find((word) => word.startsWith(written)));
}

/** "Did you mean …?", or nothing. */
export function didYouMean(written: string, known: Iterable<string>): string | undefined {
  const word = nearest(written, known);
  return word === undefined ? undefined : `Did you mean "${word}"?`;
}

/** So many words, and characters of each, are named in a sentence: a manifest may hold thousands. */
const NAMED = 25;
const LONGEST_NAMED = 60;

/** `a, b or c`, quoted where `quote` is given. */
export function oneOf(words: Iterable<string>, quote = ''): string {
  const all = [...words];
  const list = all.slice(0, NAMED).map((word) => quote + beginning(word, LONGEST_NAMED) + quote);
  if (all.length > NAMED) list.push(`${all.length - NAMED} more`);
  return list.length < 2 ? list.join('') : `${list.slice(0, -1).join(', ')} or ${list[list.length - 1]}`;
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours; `bound` or more is just `bound`. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) >= bound) return bound;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(change, at(row, j) + 1, at(next, j - 1) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(before, j - 2) + 1);
      next.push(best);
    }
    before = row;
    row = next;
  }
  return Math.min(bound, at(row, b.length));
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
