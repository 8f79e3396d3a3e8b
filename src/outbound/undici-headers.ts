/** Headers as undici takes and gives them: lists of names and values in turn. */

import { util } from 'undici';
import { addHeader } from './answer.ts';
import type { Answer, OutboundRequest } from './exchange.ts';
import { HEADERS } from './transport.ts';

const DEFAULTS = Object.entries(HEADERS);

/** With what a request carries by default. The requests of a call mostly have the very same. */
export function headerList(headers: OutboundRequest['headers']): string[] {
  if (latest.headers === headers) return latest.list;
  const list: string[] = [];
  for (const [name, value] of DEFAULTS) list.push(name, headers[name] ?? value);
  for (const name of Object.keys(headers)) if (!Object.hasOwn(HEADERS, name)) list.push(name, headers[name] ?? '');
  latest = { headers, list };
  return list;
}

let latest: { readonly headers: OutboundRequest['headers']; readonly list: string[] } = { headers: {}, list: DEFAULTS.flat() };

/** As Node's own client has them: names in lower case, values without the blanks around them, repeated ones joined. */
export function joined(raw: readonly Buffer[]): Answer['headers'] {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = util.headerNameToString(raw[at] ?? '');
    const text = raw[at + 1]?.toString('latin1') ?? '';
    const value = text.endsWith(' ') || text.endsWith('\t') ? text.replace(/[ \t]+$/, '') : text;
    addHeader(headers, name, value);
  }
  return headers;
}
