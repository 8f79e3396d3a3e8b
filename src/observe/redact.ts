/** Takes secrets out of text, in whatever encoding they turn up. */

import { Decoded, SEGMENT } from './decoded.ts';
import { formsOf, partsOf } from './forms.ts';
import { Pieces, SHORTEST } from './pieces.ts';

export interface Redactor {
  /** The text with `[secret]` in place of each secret. */
  redact(text: string): string;
  /** From now on this is a secret too, until what is returned is called. */
  add(secret: string): () => void;
  /** A redactor that knows these beside whatever this one knows at the time. */
  with(secrets: Iterable<string>): Redactor;
}

const MARK = '[secret]';

/** How often escapes are read: a log line quotes an answer that quotes a URL, and each escapes what it holds. */
const LEVELS = 5;

/** Characters that segments of a long text share: no piece of a secret is longer, were each character escaped five times. */
const OVERLAP = 4096;

/** Filled anew for each search, which nothing interrupts. */
const SCRATCH = { text: new Decoded(), other: new Decoded() };

/**
 * A secret of less than four characters is not looked for: it would black out half of every text, which then shows by
 * what is missing what the secret is; and whoever wants it has guessed it by then.
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  return create(secrets, []);
}

function create(secrets: Iterable<string>, shared: readonly Pieces[]): Redactor {
  const known = new Map<string, { count: number; readonly releases: readonly (() => void)[] }>();
  const own = new Pieces();
  const all = [own, ...shared];

  function add(secret: string): () => void {
    if (secret.length < SHORTEST) return () => undefined;
    const one = known.get(secret) ?? { count: 0, releases: learn(secret, own) };
    known.set(secret, one);
    one.count++;
    let released = false;
    return () => {
      if (!released && --one.count === 0) {
        known.delete(secret);
        for (const release of one.releases) release();
      }
      released = true;
    };
  }

  for (const secret of secrets) add(secret);
  return { add, redact: (text) => withoutSecrets(text, all), with: (more) => createLater(() => create(more, all)) };
}

/** Most destinations never say anything in which a secret could stand: what finds one, some 20 KB, is made when they do. */
function createLater(make: () => Redactor): Redactor {
  let made: Redactor | undefined;
  const redactor = () => {
    made ??= make();
    return made;
  };
  return {
    add: (secret) => redactor().add(secret),
    redact: (text) => redactor().redact(text),
    with: (more) => redactor().with(more),
  };
}

function learn(secret: string, pieces: Pieces): (() => void)[] {
  const forms = new Map([secret, ...partsOf(secret)].flatMap(formsOf).map((form) => [form.text, form]));
  return [...forms.values()].map((form) => pieces.add(form));
}

/** A part of a text that is not shown. */
interface Range {
  from: number;
  to: number;
}

function withoutSecrets(text: string, known: readonly Pieces[]): string {
  const found: Range[] = [];
  for (let from = 0; from < text.length; from += SEGMENT - OVERLAP) {
    const to = Math.min(text.length, from + SEGMENT);
    search(text, from, to, known, found);
    if (to === text.length) break;
  }
  if (found.length === 0) return text;
  found.sort((a, b) => a.from - b.from);
  let shown = '';
  let after = 0;
  for (const range of found) {
    const { from, to } = trimmed(text, range);
    // Secrets may overlap: what one mark hides is not shown by the next.
    if (from >= after) shown += text.slice(after, from) + MARK;
    after = Math.max(after, to);
  }
  return shown + text.slice(after);
}

/** A secret's line is found with the ends of the lines around it; they are not hidden, so that the words beside it stay apart. */
function trimmed(text: string, { from, to }: Range): Range {
  let [begin, end] = [from, to];
  while (begin < end && /\s/.test(text.charAt(begin))) begin++;
  while (end > begin && /\s/.test(text.charAt(end - 1))) end--;
  return { from: begin, to: end };
}

function search(text: string, begin: number, end: number, known: readonly Pieces[], found: Range[]): void {
  let { text: read, other } = SCRATCH;
  read.read(text, begin, end);
  let last: Range | undefined;
  const told = (from: number, to: number) => {
    // Pieces of one secret overlap: there may be as many as there are characters.
    if (last !== undefined && from < last.to && to > last.from) {
      last.from = Math.min(last.from, from);
      last.to = Math.max(last.to, to);
    } else {
      last = { from, to };
      found.push(last);
    }
  };
  for (let level = 0; level <= LEVELS; level++) {
    for (const pieces of known) pieces.find(read, told);
    if (!read.escaped || !other.unescape(read)) return;
    [read, other] = [other, read];
  }
}
