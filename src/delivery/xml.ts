/** XML read strictly, and without a DTD; `XmlTree` makes values of it. */

import { UnreadableError } from './parsed.ts';
import { type Element, trimmed, XmlTree } from './xml-tree.ts';

/** Characters that are read in one go: a few milliseconds of the worst. */
const PIECE = 65_536;

/** Characters of a tag with its attributes, which is read in one go. */
const LONGEST_TAG = 262_144;

// https://www.w3.org/TR/xml/#charsets and #NT-Name, of the fifth edition.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that XML forbids.
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const FIRST =
  ':A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff' +
  '\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}';
const NAME = `[${FIRST}][${FIRST}\\-.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040]*`;
const SPACE = '[ \\t\\n]';
const OPENING = new RegExp(`<(${NAME})`, 'uy');
const ATTRIBUTE = new RegExp(`${SPACE}+(${NAME})${SPACE}*=${SPACE}*(?:"([^<"]*)"|'([^<']*)')`, 'uy');
const END_OF_TAG = new RegExp(`${SPACE}*(/?)>`, 'y');
const INSTRUCTION = new RegExp(`<\\?(?!xml[ \\t\\n?])(?:${NAME})(?=[ \\t\\n]|\\?>)`, 'iuy');
const DECLARATION =
  /<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"1\.\d+"|'1\.\d+')(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\n]*\?>/y;
/** A reference, or the beginning of what is none. */
const REFERENCE = /&(?:#x([\da-fA-F]{1,10})|#(\d{1,10})|(amp|lt|gt|quot|apos));|&/g;
const LONGEST_REFERENCE = 14;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * The root element as the one member of a map. There is no DTD, and so no entity but the five of XML itself.
 * @param breathe awaited after every piece of work
 * @throws {UnreadableError}
 */
export async function parseXml(text: string, breathe: () => Promise<void> | undefined): Promise<unknown> {
  const reading = new Reading(await withLineFeeds(text, breathe));
  while (reading.piece()) await breathe();
  return reading.end();
}

/** With line feeds for all ends of lines, as XML wants it. */
async function withLineFeeds(text: string, breathe: () => Promise<void> | undefined): Promise<string> {
  let made = '';
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; ) {
    let end = at + PIECE;
    if (text.charAt(end - 1) === '\r') end++;
    const piece = text.slice(at, end);
    if (FORBIDDEN.test(piece)) throw new UnreadableError('not XML: it holds control characters');
    made += piece.includes('\r') ? piece.split('\r\n').join('\n').split('\r').join('\n') : piece;
    at = end;
    await breathe();
  }
  return made;
}

class Reading {
  readonly #text: string;
  #at = 0;
  /** Where the text ends that is being read. */
  #markup = 0;
  /** Where the next `]]>` is: it may not stand in a text. */
  #bracket = -1;
  readonly #tree = new XmlTree();

  constructor(text: string) {
    this.#text = text;
    if (/^<\?xml[ \t\n?]/.test(text)) this.#match(DECLARATION);
  }

  /** Reads on; whether there is more. */
  piece(): boolean {
    const pause = this.#at + PIECE;
    while (this.#at < pause && this.#at < this.#text.length) this.#token();
    return this.#at < this.#text.length;
  }

  end(): unknown {
    const { open, document } = this.#tree;
    if (open !== undefined || document === undefined) throw this.#broken(this.#text.length);
    return document;
  }

  #token(): void {
    const text = this.#text;
    const at = this.#at;
    if (text.charAt(at) !== '<') this.#characters();
    else if (text.startsWith('</', at)) this.#close();
    else if (text.startsWith('<!--', at)) {
      const end = this.#past('--', at + 4);
      if (text.charAt(end) !== '>') throw this.#broken(end);
      this.#tree.count();
      this.#at = end + 1;
    } else if (text.startsWith('<![CDATA[', at)) {
      const { open } = this.#tree;
      if (open === undefined) throw this.#broken(at);
      this.#at = this.#past(']]>', at + 9);
      this.#tree.count();
      open.text += text.slice(at + 9, this.#at - 3);
    } else if (text.startsWith('<?', at)) {
      this.#match(INSTRUCTION);
      this.#tree.count();
      this.#at = this.#past('?>', this.#at);
    } else if (text.startsWith('<!DOCTYPE', at)) throw new UnreadableError('XML with a DOCTYPE, which is not read');
    else this.#element();
  }

  /** Text up to the next tag, or a piece of it. */
  #characters(): void {
    const at = this.#at;
    const { open } = this.#tree;
    if (this.#markup <= at) {
      this.#markup = this.#next('<', at);
      // Looked for once, not in every text: that would be the whole rest each time.
      if (this.#bracket < at) this.#bracket = this.#next(']]>', at);
      if (this.#bracket < this.#markup) throw this.#broken(this.#bracket);
    }
    let end = Math.min(this.#markup, at + PIECE);
    if (end < this.#markup) {
      // A reference is not cut in two.
      const reference = this.#text.slice(end - LONGEST_REFERENCE, end).lastIndexOf('&');
      if (reference > 0) end += reference - LONGEST_REFERENCE;
    }
    this.#at = end;
    const raw = this.#text.slice(at, end);
    if (open === undefined) {
      if (trimmed(raw) !== '') throw this.#broken(at);
    } else if (open.text !== '' || trimmed(raw) !== '') {
      if (open.text !== '') this.#tree.count();
      open.text += this.#decoded(raw);
    }
  }

  #element(): void {
    const begin = this.#at;
    const { open, document } = this.#tree;
    // There is one root.
    if (open === undefined && document !== undefined) throw this.#broken(begin);
    const [, name = ''] = this.#match(OPENING);
    const element = this.#tree.element(name);
    if (this.#text.charAt(this.#at) !== '>') this.#attributes(element);
    const [, slash] = this.#match(END_OF_TAG);
    if (this.#at - begin > LONGEST_TAG) throw new UnreadableError(`XML with a tag of more than ${LONGEST_TAG} characters`);
    this.#tree.begin(element);
    if (slash === '/') this.#tree.end();
  }

  #attributes(element: Element): void {
    const begin = this.#at;
    const seen = new Set<string>();
    for (;;) {
      ATTRIBUTE.lastIndex = this.#at;
      const [whole, name, quoted, single] = ATTRIBUTE.exec(this.#text) ?? [];
      if (whole === undefined || name === undefined) return;
      this.#at += whole.length;
      if (this.#at - begin > LONGEST_TAG) throw new UnreadableError(`XML with a tag of more than ${LONGEST_TAG} characters`);
      if (seen.has(name)) throw this.#broken(begin);
      seen.add(name);
      const value = this.#decoded((quoted ?? single ?? '').replace(/[\t\n]/g, ' '));
      this.#tree.attribute(element, name, value);
    }
  }

  #close(): void {
    const { name } = this.#tree.open ?? {};
    if (name === undefined || !this.#text.startsWith(name, this.#at + 2)) throw this.#broken(this.#at);
    this.#at += 2 + name.length;
    const [, slash] = this.#match(END_OF_TAG);
    if (slash === '/') throw this.#broken(this.#at - 1);
    this.#tree.end();
  }

  /** With what its references stand for. */
  #decoded(raw: string): string {
    if (!raw.includes('&')) return raw;
    return raw.replace(REFERENCE, (_, hex?: string, decimal?: string, entity?: string) => {
      if (entity !== undefined) return ENTITIES[entity] ?? '';
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      // Half a character is none, nor is what stands for no reference at all.
      const character = code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff) ? String.fromCodePoint(code) : '\0';
      if (FORBIDDEN.test(character)) throw this.#broken(this.#at);
      return character;
    });
  }

  #next(what: string, from: number): number {
    const at = this.#text.indexOf(what, from);
    return at === -1 ? this.#text.length : at;
  }

  /** Where what ends so has ended. */
  #past(end: string, from: number): number {
    const at = this.#next(end, from);
    if (at === this.#text.length) throw this.#broken(at);
    return at + end.length;
  }

  /** What stands here, which is passed over. */
  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw this.#broken(this.#at);
    this.#at += match[0].length;
    return match;
  }

  #broken(at: number): UnreadableError {
    return new UnreadableError(at < this.#text.length ? `not XML (at character ${at + 1})` : 'not XML (it ends too early)');
  }
}
