/** How texts are encoded on their way: each by the platform's own means or by hand, and none by the product's code. */

export type Encoding = (text: string) => string;

const bytes = (text: string) => Buffer.from(text, 'utf8');
const json: Encoding = (text) => JSON.stringify(text).slice(1, -1);
const unicode = (text: string, upper: boolean) =>
  Array.from({ length: text.length }, (_, at) => {
    const digits = text.charCodeAt(at).toString(16).padStart(4, '0');
    return `\\u${upper ? digits.toUpperCase() : digits}`;
  }).join('');
const eachByte = (text: string, shown: (byte: number) => string) => [...bytes(text)].map(shown).join('');
const hex = (byte: number) => byte.toString(16).padStart(2, '0');

/** Escapes: what holds one of them is still text, and may be escaped again. */
export const ESCAPES: Readonly<Record<string, Encoding>> = {
  percent: encodeURIComponent,
  'percent in lower case': (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  'percent in mixed case': (text) =>
    encodeURIComponent(text).replace(/%(.)(.)/g, (_, a: string, b: string) => `%${a}${b.toLowerCase()}`),
  'percent of every byte': (text) => eachByte(text, (byte) => `%${hex(byte).toUpperCase()}`),
  form: (text) => new URLSearchParams({ a: text }).toString().slice(2),
  JSON: json,
  'JSON with \\/': (text) => json(text).replaceAll('/', '\\/'),
  'JSON in ASCII': (text) => json(text).replace(/[^ -~]/g, (character) => unicode(character, false)),
  'JSON in capitals': (text) => json(text).replace(/[^a-zA-Z0-9 \\"]/g, (character) => unicode(character, true)),
  '\\u of every character': (text) => unicode(text, false),
  '\\x of every byte': (text) => eachByte(text, (byte) => `\\x${hex(byte)}`),
  HTML: (text) =>
    text.replace(/[&<>"']/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? '&#39;'),
  'HTML by number': (text) => [...text].map((sign) => `&#${sign.codePointAt(0)};`).join(''),
  'HTML by number, in sixteens': (text) =>
    [...text].map((sign) => `&#x${sign.codePointAt(0)?.toString(16).toUpperCase()};`).join(''),
};

/** Those that leave nothing to see of the text. */
export const DISGUISES: Readonly<Record<string, Encoding>> = {
  raw: (text) => text,
  base64: (text) => bytes(text).toString('base64'),
  'base64 without padding': (text) => bytes(text).toString('base64').replace(/=+$/, ''),
  base64url: (text) => bytes(text).toString('base64url'),
  hex: (text) => bytes(text).toString('hex'),
  'UTF-8 read as Latin-1': (text) => bytes(text).toString('latin1'),
  'in capitals': (text) => text.toUpperCase(),
  'in small letters': (text) => text.toLowerCase(),
  'in one line': (text) => text.replace(/\p{Cc}+/gu, ' '),
};
