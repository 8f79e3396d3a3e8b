/** Which headers a manifest may set, and which texts break one. */

import { beginning } from '../fault.ts';

/** What the client itself must set (RFC 9110 section 7.6.1): a request whose framing data could change is not ours to send. */
const REFUSED = new Set(
  'connection content-length expect host http2-settings keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);

/** RFC 9110 section 5.6.2: a token. */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** What is wrong with the name of a header, as the beginning of a sentence, or nothing. */
export function problemOfHeader(name: string): string | undefined {
  // Data may hold a name of any length.
  if (!NAME.test(name)) return `"${beginning(name, 60)}" is not the name of a header: letters, digits and hyphens make one`;
  // Objects of the HTTP client lose it on the way.
  if (name.toLowerCase() === '__proto__') return `"${name}" is a header that cannot be sent: leave it out`;
  return REFUSED.has(name.toLowerCase()) ? `"${name}" is set by the HTTP client itself: leave it out` : undefined;
}

/** RFC 9110 section 5.5: a value has no control characters but tab; a line break would begin another header. */
export function breaksHeader(value: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value);
}
