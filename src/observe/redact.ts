/** Takes secrets out of text, in whatever encoding they turn up. */

export interface Redactor {
  /** The text with `[secret]` in place of each secret. */
  redact(text: string): string;
  /** From now on this is a secret too. */
  add(secret: string): void;
}

const MARK = '[secret]';

/** Where a text was shortened; what stands before may be the beginning of a secret. */
const CUT = '…';

/** Shorter ones would black out half of every text, and keep no secret anyway. */
const SHORTEST = 4;

/** Part of an encoded secret inside something longer: below this many characters it would meet innocent text. */
const SHORTEST_PART = 8;

export function createRedactor(secrets: Iterable<string>): Redactor {
  const forms = new Set<string>();
  let pattern: RegExp | undefined;

  function add(secret: string): void {
    if (secret.length < SHORTEST) return;
    for (const form of formsOf(secret)) if (form.length >= SHORTEST) forms.add(form);
    pattern = undefined;
  }

  for (const secret of secrets) add(secret);
  return {
    add,
    redact(text) {
      if (forms.size === 0) return text;
      pattern ??= alternation(forms);
      const clean = text.replace(pattern, MARK);
      return clean.includes(CUT) ? withoutCut(clean, forms) : clean;
    },
  };
}

/** Longest first: an alternation takes the first that fits, and a secret may begin with another one. */
function alternation(forms: Iterable<string>): RegExp {
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'g');
}

/** Takes out the beginnings of secrets that stand before a cut: a text is often shortened before it comes here. */
function withoutCut(text: string, forms: ReadonlySet<string>): string {
  let out = '';
  let from = 0;
  for (let end = text.indexOf(CUT); end >= 0; end = text.indexOf(CUT, end + 1)) {
    // Half a surrogate pair at the cut has become U+FFFD.
    const before = text.slice(from, end).replace(/\ufffd$/, '');
    const start = beginningOf(before, forms);
    out += start === undefined ? text.slice(from, end) : before.slice(0, start) + MARK;
    from = end;
  }
  return out + text.slice(from);
}

/** Where the text ends with the beginning of one of the forms, the index of the longest; shorter ones than a secret may be are left. */
function beginningOf(text: string, forms: ReadonlySet<string>): number | undefined {
  let first: number | undefined;
  for (const form of forms) {
    const head = form.slice(0, SHORTEST);
    let at = text.indexOf(head, Math.max(0, text.length - form.length));
    while (at >= 0 && !form.startsWith(text.slice(at))) at = text.indexOf(head, at + 1);
    if (at >= 0) first = Math.min(at, first ?? at);
  }
  return first;
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
