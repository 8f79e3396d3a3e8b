/** Which texts a header can carry. */

import { breaksHeader } from '../destination/headers.ts';
import { beginning } from '../fault.ts';
import { renderFault } from '../template/render-fault.ts';

/**
 * RFC 9110 section 5.5: no control characters but tab; what is beyond U+00FF has no byte, and blanks at the ends are lost on the way.
 * @throws {Fault}
 */
export function headerValue(name: string, value: string): string {
  const where = `the header ${beginning(name, 60)} would`;
  if (breaksHeader(value)) throw renderFault('header', `${where} hold a control character or a line break`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all that a byte of Latin-1 can be
  if (!/^[\u0000-\u00ff]*$/.test(value))
    throw renderFault('header', `${where} hold a character that headers cannot carry; encode it, for example with base64 or uri`);
  if (value !== value.trim()) throw renderFault('header', `${where} begin or end with a blank, which is lost on the way`);
  return value;
}
