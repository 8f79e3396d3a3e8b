/** What a secret may turn up as: the encodings that cannot be read back out of a text, and the parts that tell as much as the whole. */

import { Decoded, fold, SEGMENT } from './decoded.ts';
import { type Form, PIECE, SHORTEST } from './pieces.ts';

/** Below this many characters a part of a secret would meet innocent text. */
const SHORTEST_PART = 8;

/** A segment of a path, or a value of a query, that is shorter may be a word of an API. */
const SHORTEST_SEGMENT = 16;

/** Characters of six bytes, encoded: no innocent text has them, so that a part of a secret is hidden which is shorter than one in plain text. */
const ENCODED = { hex: 12, base64: 8 };
/** But of documents and hosts: their words stand in others too, encoded or not. */
const DOCUMENT = /^\s*[[{"]|\n|^https?:/i;

/** Parts of one secret; callers choose what they send. */
const MOST_PARTS = 500;

/** A text that looks escaped itself is looked for with its escapes read, so many times: an encoded text shows them read. */
const READINGS = 2;

/** Folded, each once. Escapes (of URLs, JSON, HTML) are not among them: whoever searches reads them. */
export function formsOf(secret: string): Form[] {
  const forms = new Map<string, number>();
  // A file's last line end is no part of what is sent, and would take a blank with it.
  const { core, size } = closedPart(secret.replace(/^\p{Cc}+|\p{Cc}+$/gu, ''));
  const { hex, base64 } = DOCUMENT.test(core) ? { hex: PIECE, base64: PIECE } : ENCODED;
  for (const text of [core, ...latin1(core)]) {
    // Half a surrogate pair cannot be encoded; on its way out it becomes U+FFFD, so that is what is looked for.
    const whole = text.toWellFormed();
    // `ß` in capitals is two letters, and letters of two units have no case to whoever reads units. A reason is printed in one line.
    for (const one of [text, whole, whole.toUpperCase(), whole.toLowerCase(), whole.replace(/\p{Cc}+/gu, ' ')])
      for (const reading of readings(one)) forms.set(reading, size(PIECE));
    const bytes = Buffer.from(whole, 'utf8');
    forms.set(bytes.toString('hex'), size(hex));
    for (const form of base64Forms(bytes)) forms.set(fold(form), size(base64));
  }
  return [...forms].filter(([text]) => text.length >= SHORTEST && text.trim() !== '').map(([text, piece]) => ({ text, piece }));
}

/** Of a secret URL the scheme and host tell nothing by themselves, and stand in many other texts. Where there is little else, only the whole counts. */
function closedPart(secret: string): { core: string; size: (piece: number) => number } {
  const [, rest] = /^https?:\/\/[^/?#@\s]+([/?#].*)$/is.exec(secret) ?? [];
  if (rest === undefined || rest.length >= SHORTEST_PART) return { core: rest ?? secret, size: (piece) => piece };
  return { core: secret, size: () => Number.POSITIVE_INFINITY };
}

/** The lines of a key, the texts within a JSON document, and what stands in a URL for a password. */
export function partsOf(secret: string): string[] {
  const parts = new Set<string>();
  for (const text of [secret, ...textsIn(secret)]) {
    parts.add(text);
    // The first and last line of PEM are the same for all keys. A variable may hold `\n` for the end of a line.
    for (const line of text.split(/\r\n?|\n|\\n/)) if (!/^\s*-----/.test(line)) parts.add(line.trim());
    for (const part of partsOfUrl(text)) parts.add(part);
  }
  parts.delete(secret);
  return [...parts].filter((part) => part.length >= SHORTEST_PART).slice(0, MOST_PARTS);
}

function textsIn(secret: string): string[] {
  if (!/^\s*[[{"]/.test(secret)) return [];
  try {
    return leaves(JSON.parse(secret));
  } catch {
    return [];
  }
}

function leaves(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [];
}

/** As it is with the URLs of webhooks: whoever has the last segment has all. */
function partsOfUrl(secret: string): string[] {
  const [, password, rest] = /^\s*https?:\/\/(?:[^/?#@]*:([^/?#@]*)@)?[^/?#]*(.*)$/is.exec(secret) ?? [];
  const segments = (rest ?? '').split(/[/?#&=]/).filter((segment) => segment.length >= SHORTEST_SEGMENT);
  return [password ?? '', ...segments];
}

/** What came by a header is Latin-1 to Node, and may have been UTF-8 to whoever wrote it; and the other way round. */
function latin1(secret: string): string[] {
  if (!/[\u0080-\uffff]/.test(secret)) return [];
  const shown = Buffer.from(secret, 'utf8').toString('latin1');
  const read = /[\u0100-\uffff]/.test(secret) ? '\ufffd' : Buffer.from(secret, 'latin1').toString('utf8');
  return read.includes('\ufffd') ? [shown] : [shown, read];
}

function readings(text: string): string[] {
  const all = [fold(text)];
  if (text.length > SEGMENT || !/[%\\&]/.test(text)) return all;
  let [from, to] = [new Decoded(), new Decoded()];
  from.read(text, 0, text.length);
  for (let reading = 0; reading < READINGS && to.unescape(from); reading++) {
    all.push(Buffer.from(to.codes.buffer, 0, to.length * 2).toString('utf16le'));
    [from, to] = [to, from];
  }
  return all;
}

/** Base64 of the secret alone, and what of it shows when it is encoded behind something else, as in `user:secret`. */
function base64Forms(bytes: Buffer): string[] {
  const whole = bytes.toString('base64');
  const parts = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Only the characters whose six bits all come from the secret are the same whatever stands around it.
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [whole, whole.replace(/=+$/, ''), ...parts.filter((part) => part.length >= SHORTEST_PART)];
}
