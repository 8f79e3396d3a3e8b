/** How a value is escaped for the place it stands in, so that it can never break what surrounds it. */

import { stringifyJson } from '../numbers.ts';
import { renderFault } from './render-fault.ts';
import { scalarText } from './text.ts';

/**
 * - `text`: plain text; encoders of what surrounds it come later (parameters, headers, JSON leaves).
 * - `path`: one segment's text, percent-encoded.
 * - `host`: part of a host name, from an operator's setting.
 * - `url`: a base URL, whose outputs stand in the host, in the path, or are the URL itself.
 * - `json-string`, `json-value`: inside and outside the quotes of a JSON text.
 */
export type Place = 'text' | 'path' | 'host' | 'url' | 'json-string' | 'json-value';

const ESCAPES: Readonly<Record<Place, (value: unknown) => string>> = {
  text: scalarText,
  path: (value) => encodeSegment(scalarText(value)),
  host: (value) => hostText(scalarText(value)),
  url: (value) => hostText(scalarText(value)),
  'json-string': (value) => JSON.stringify(scalarText(value)).slice(1, -1),
  'json-value': (value) => (typeof value === 'number' ? scalarText(value) : stringifyJson(value ?? null)),
};

export function escapeFor(place: Place): (value: unknown) => string {
  return ESCAPES[place];
}

/** RFC 3986 section 2.1; slashes too. @throws {Fault} for a lone surrogate, which UTF-8 cannot carry */
export function encodeSegment(text: string): string {
  if (!text.isWellFormed())
    throw renderFault('surrogate', 'a text holds half a character (a lone surrogate), which cannot be sent');
  return encodeURIComponent(text);
}

/** Letters, digits, dots and hyphens, perhaps a port: nothing that could end the host name. */
function hostText(text: string): string {
  if (/^[A-Za-z0-9.-]+(?::\d{1,5})?$/.test(text)) return text;
  throw renderFault(
    'host',
    'a setting that stands in the host name holds other characters than letters, digits, dots and hyphens',
  );
}

/**
 * Checks one rendered segment of a path, in which a value stands.
 * `..` decoded, or hidden behind slashes, would climb out of the path: the row is rejected.
 * @throws {Fault}
 */
export function checkSegment(segment: string): void {
  if (segment === '') throw renderFault('segment', 'a part of the path is empty');
  const text = decodeURIComponent(segment);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) throw renderFault('segment', 'a part of the path holds a control character');
  if (text.split(/[/\\]/).some((part) => part === '.' || part === '..')) {
    throw renderFault('segment', 'a part of the path is "." or "..", which would lead elsewhere');
  }
}
