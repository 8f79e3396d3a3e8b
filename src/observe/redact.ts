/** Takes secrets out of text, in whatever encoding they turn up. */

export interface Redactor {
  /** The text with `[secret]` in place of each secret. */
  redact(text: string): string;
  /** From now on this is a secret too, until what is returned is called. */
  add(secret: string): () => void;
}

const MARK = '[secret]';

/** Where a text was shortened; what stands before may be the beginning of a secret. */
const CUT = '…';

/** Shorter ones would black out half of every text, and keep no secret anyway. */
const SHORTEST = 4;

/** Part of an encoded secret inside something longer: below this many characters it would meet innocent text. */
const SHORTEST_PART = 8;

/** A secret with all that it may turn up as. Each has its own pattern: one for all would be made anew for every caller. */
interface Known {
  readonly forms: readonly string[];
  readonly pattern: RegExp;
  /** How often it was added. */
  count: number;
}

export function createRedactor(secrets: Iterable<string>): Redactor {
  const known = new Map<string, Known>();

  function add(secret: string): () => void {
    if (secret.length < SHORTEST) return () => undefined;
    const own = known.get(secret) ?? learn(secret);
    known.set(secret, own);
    own.count++;
    let released = false;
    return () => {
      if (!released && --own.count === 0) known.delete(secret);
      released = true;
    };
  }

  for (const secret of secrets) add(secret);
  return {
    add,
    redact(text) {
      const whole = withoutSecrets(text, known.values());
      return whole.includes(CUT) ? withoutBeginnings(whole, known.values()) : whole;
    },
  };
}

function learn(secret: string): Known {
  // A form that is short, or empty, would be found everywhere.
  const forms = [...new Set([secret, ...asUtf8(secret)].flatMap(formsOf))].filter((form) => form.length >= SHORTEST);
  return { forms, pattern: alternation(forms), count: 0 };
}

function withoutSecrets(text: string, known: Iterable<Known>): string {
  const found: { start: number; end: number }[] = [];
  for (const { pattern } of known) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text))
      found.push({ start: match.index, end: pattern.lastIndex });
  }
  if (found.length === 0) return text;
  found.sort((a, b) => a.start - b.start);
  let shown = '';
  let after = 0;
  for (const { start, end } of found) {
    // Secrets may overlap: what one mark hides is not shown by the next.
    if (start >= after) shown += text.slice(after, start) + MARK;
    after = Math.max(after, end);
  }
  return shown + text.slice(after);
}

function withoutBeginnings(text: string, known: Iterable<Known>): string {
  const forms = [...known].flatMap((one) => one.forms);
  const parts = text.split(CUT);
  return parts.map((part, index) => (index === parts.length - 1 ? part : withoutBeginning(part, forms))).join(CUT);
}

/** The text without the beginning of a secret that it ends with. */
function withoutBeginning(whole: string, forms: readonly string[]): string {
  // Half a surrogate pair at the cut has become U+FFFD.
  const text = whole.replace(/\ufffd$/, '');
  let start = text.length;
  for (const form of forms) {
    const head = form.slice(0, SHORTEST);
    const from = Math.max(0, text.length - form.length);
    for (let at = text.indexOf(head, from); at !== -1 && at < start; at = text.indexOf(head, at + 1))
      if (form.startsWith(text.slice(at))) start = at;
  }
  return start === text.length ? whole : text.slice(0, start) + MARK;
}

/** Longest first: an alternation takes the first that fits, and a secret may begin with another one. */
function alternation(forms: Iterable<string>): RegExp {
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'g');
}

/** What came by a header is Latin-1 to Node, and may have been UTF-8 to whoever wrote it. */
function asUtf8(secret: string): string[] {
  if (!/[\u0080-\u00ff]/.test(secret) || /[\u0100-\uffff]/.test(secret)) return [];
  const read = Buffer.from(secret, 'latin1').toString('utf8');
  return read.includes('\ufffd') || read.length < SHORTEST ? [] : [read];
}

function formsOf(secret: string): string[] {
  // Half a surrogate pair cannot be encoded; on its way out it becomes U+FFFD, so that is what is looked for.
  const text = secret.toWellFormed();
  const percent = [encodeURIComponent(text), new URLSearchParams([['', text]]).toString().slice(1)];
  const json = [escapeJson(text), escapeJson(text).replaceAll('/', '\\/'), asciiOnly(escapeJson(text))];
  return [
    secret,
    text,
    // As reasons print it: in one line.
    text.replace(/\p{Cc}+/gu, ' ').trim(),
    ...percent,
    ...percent.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    ...json,
    // JSON inside a string of JSON: a body that is quoted in a log line.
    ...json.map(escapeJson),
    ...base64Forms(Buffer.from(text, 'utf8')),
  ];
}

function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** As printers write JSON that keep to ASCII. */
function asciiOnly(text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Base64 of the secret alone, and what of it shows when it is encoded behind something else, as in `user:secret`. */
function base64Forms(bytes: Buffer): string[] {
  const whole = bytes.toString('base64');
  const parts = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Only the characters whose six bits all come from the secret are the same whatever stands around it.
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const all = [whole, whole.replace(/=+$/, ''), ...parts.filter((part) => part.length >= SHORTEST_PART)];
  return [...all, ...all.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}
