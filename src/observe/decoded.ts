/** Text as it is searched for secrets: without case, and, one level after another, with what its escapes stand for. */

/** Characters that are searched at once: it bounds the memory, whatever the length of the text. */
export const SEGMENT = 65_536;

/** Where a text was shortened; what stands before may be the beginning of a secret. */
export const CUT = 0x2026;

const [PERCENT, BACKSLASH, AMPERSAND, HASH, SEMICOLON, BLANK] = [0x25, 0x5c, 0x26, 0x23, 0x3b, 0x20];

/**
 * What a character is searched as. Case does not count. Neither does what encodings put for one another: base64url's
 * "-" and "_" for "+" and "/", a form's "+" and a reason's blank for blanks and control characters.
 */
const FOLDED = foldedCodes();

function foldedCodes(): Uint16Array {
  const table = new Uint16Array(0x10000);
  const block = 256;
  for (let from = 0; from < table.length; from += block) {
    const codes = Array.from({ length: block }, (_, index) => from + index);
    const text = String.fromCharCode(...codes);
    // Most scripts have no case: making a text of each of their characters would be megabytes of garbage at every start.
    table.set(text.toLowerCase() === text ? codes : codes.map(folded), from);
  }
  return table;
}

function folded(code: number): number {
  const character = String.fromCharCode(code);
  if (/[-+\p{Cc}]/u.test(character)) return BLANK;
  if (character === '_') return 0x2f;
  const lower = character.toLowerCase();
  return lower.length === 1 ? lower.charCodeAt(0) : code;
}

/** An escape that was read: how long it is, and what it stands for. One number of both, since there may be millions: the size in the bits above. */
const SIZE = 21;
const POINT = (1 << SIZE) - 1;
const NONE = -1;
/** Stands for nothing: the rest of an escape that a cut went through. */
const DROPPED = POINT;

/** Control characters that have a letter in JSON and its like; to us they are all blanks. */
const LETTERED = new Set([...'bfnrtv'].map((letter) => letter.charCodeAt(0)));
const ENTITIES: Readonly<Record<string, number>> = { amp: 0x26, lt: 0x3c, gt: 0x3e, quot: 0x22, apos: 0x27, nbsp: 0x20 };
/** Characters of the longest escape, `&#x10ffff;`. */
const LONGEST_ESCAPE = 10;

/** A segment of a text. Made once and filled again and again: its size is what the largest needs. */
export class Decoded {
  /** Characters as they are searched. */
  readonly codes = new Uint16Array(SEGMENT);
  /** Where in the text each begins; behind the last one, where the segment ends. */
  readonly starts = new Int32Array(SEGMENT + 1);
  length = 0;
  /** Whether there may be escapes to read. */
  escaped = false;

  /** Takes the text as it stands. */
  read(text: string, from: number, to: number): void {
    const { codes, starts } = this;
    let escaped = false;
    for (let at = from; at < to; at++) {
      const code = FOLDED[text.charCodeAt(at)] ?? 0;
      if (code === PERCENT || code === BACKSLASH || code === AMPERSAND) escaped = true;
      codes[at - from] = code;
      starts[at - from] = at;
    }
    starts[to - from] = to;
    this.length = to - from;
    this.escaped = escaped;
  }

  /** Takes what the escapes of another stand for. @returns whether it has any */
  unescape({ codes, starts, length }: Decoded): boolean {
    const { codes: read, starts: begins } = this;
    let count = 0;
    let escaped = false;
    for (let at = 0; at < length; ) {
      const code = codes[at] ?? 0;
      begins[count] = starts[at] ?? 0;
      const sign = code === PERCENT || code === BACKSLASH || code === AMPERSAND ? readEscape(codes, at, length) : NONE;
      if (sign === NONE) {
        read[count++] = code;
        at++;
        continue;
      }
      at += sign >> SIZE;
      const point = sign & POINT;
      if (point === DROPPED) continue;
      if (point === PERCENT || point === BACKSLASH || point === AMPERSAND) escaped = true;
      read[count++] = FOLDED[point > 0xffff ? 0xd800 + ((point - 0x10000) >> 10) : point] ?? 0;
      if (point <= 0xffff) continue;
      begins[count] = begins[count - 1] ?? 0;
      read[count++] = 0xdc00 + ((point - 0x10000) & 0x3ff);
    }
    begins[count] = starts[length] ?? 0;
    this.length = count;
    this.escaped = escaped;
    return count < length;
  }
}

export function fold(text: string): string {
  const codes = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at++) codes[at] = FOLDED[text.charCodeAt(at)] ?? 0;
  return Buffer.from(codes.buffer).toString('utf16le');
}

function readEscape(codes: Uint16Array, at: number, length: number): number {
  const code = codes[at];
  const sign =
    code === PERCENT ? utf8(codes, at, length, 3) : code === BACKSLASH ? backslash(codes, at, length) : entity(codes, at);
  const end = sign === NONE ? at + 1 : at + (sign >> SIZE);
  if (sign !== NONE && (sign & POINT) !== DROPPED && end <= length) return sign;
  const cut = cutBehind(codes, end, length);
  return cut < 0 ? NONE : packed(cut - at, DROPPED);
}

/** `%c3%bc` and `\xc3\xbc`: UTF-8; a byte that is none is a character of Latin-1. @param size characters of each byte */
function utf8(codes: Uint16Array, at: number, length: number, size: 3 | 4): number {
  const first = hex(codes, at + size - 2, 2);
  if (first < 0) return NONE;
  const more = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  let point = more === 0 ? first : first & (0x3f >> more);
  for (let next = at + size; next <= at + size * more; next += size) {
    const alike = codes[next] === codes[at] && (size === 3 || codes[next + 1] === codes[at + 1]);
    const byte = alike ? hex(codes, next + size - 2, 2) : -1;
    // No UTF-8, or cut off between its bytes.
    if (byte >> 6 !== 2)
      return byte < 0 && cutBehind(codes, next, length) >= 0 ? packed(next - at, DROPPED) : packed(size, first);
    point = (point << 6) | (byte & 0x3f);
  }
  return packed(size * (more + 1), Math.min(point, 0x10ffff));
}

/** As in JSON, JavaScript and their like: `\u00fc`, `\xfc`, `\n`, `\"`. */
function backslash(codes: Uint16Array, at: number, length: number): number {
  const code = codes[at + 1] ?? 0;
  if (code === 0x75) return packed(6, hex(codes, at + 2, 4));
  if (code === 0x78) return utf8(codes, at, length, 4);
  if (LETTERED.has(code)) return packed(2, BLANK);
  const letterOrMore = (code > 0x2f && code < 0x3a) || (code > 0x60 && code < 0x7b) || code > 0x7e;
  return letterOrMore ? NONE : packed(2, code);
}

/** As in HTML and XML: `&quot;`, `&#39;`, `&#x27;`. */
function entity(codes: Uint16Array, at: number): number {
  const end = codes.subarray(at, at + LONGEST_ESCAPE).indexOf(SEMICOLON);
  if (end < 0) return NONE;
  const name = String.fromCharCode(...codes.subarray(at + 1, at + end));
  if (codes[at + 1] !== HASH) return packed(end + 1, ENTITIES[name] ?? -1);
  const [, sixteen, ten] = /^#(?:x([\da-f]+)|(\d+))$/.exec(name) ?? [];
  const point = sixteen === undefined ? Number(ten ?? -1) : Number.parseInt(sixteen, 16);
  return packed(end + 1, point > 0x10ffff ? -1 : point);
}

/** @param point negative where nothing was read */
function packed(size: number, point: number): number {
  return point < 0 ? NONE : (size << SIZE) | point;
}

/** So many hexadecimal digits as a number; negative where they are none. */
function hex(codes: Uint16Array, at: number, digits: number): number {
  let value = 0;
  for (let index = at; index < at + digits; index++) {
    const code = codes[index] ?? 0;
    const digit = code > 0x2f && code < 0x3a ? code - 0x30 : code > 0x60 && code < 0x67 ? code - 0x57 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Where the text was cut off, if that was within an escape: behind nothing but what escapes are made of. Else negative. */
function cutBehind(codes: Uint16Array, from: number, length: number): number {
  for (let at = from; at < Math.min(length, from + LONGEST_ESCAPE); at++) {
    const code = codes[at] ?? 0;
    if (code === CUT) return at;
    const part =
      code === PERCENT || code === BACKSLASH || code === HASH || (code > 0x2f && code < 0x3a) || (code > 0x60 && code < 0x7b);
    if (!part) return -1;
  }
  return -1;
}
