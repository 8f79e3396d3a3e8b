/** Makes an answer of what was received: headers joined, body inflated under the cap, and decoded. */

import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import type { Answer } from './exchange.ts';

/** What `accept-encoding` offers: the codings this file inflates, on every supported Node. */
export const CODINGS = 'gzip, deflate, br';

/** Codings that were not offered and cannot be read. Other words (`utf-8`, `none`) stand on plain bodies by mistake. */
const UNREADABLE = new Set(['zstd', 'compress', 'x-compress', 'dcb', 'dcz']);
/** Codings one on another: two are seen (a server and a proxy), more are an attack. */
const MOST_CODINGS = 2;

type Inflate = (body: Buffer, options: { maxOutputLength: number; chunkSize: number }) => Promise<Buffer>;

const INFLATE: ReadonlyMap<string, Inflate> = new Map<string, Inflate>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['br', promisify(brotliDecompress)],
  ['deflate', (body, options) => (isZlib(body) ? promisify(inflate)(body, options) : promisify(inflateRaw)(body, options))],
]);

/** What came over the wire. */
export interface Received {
  readonly status: number;
  readonly headers: NodeJS.Dict<string[]>;
  readonly body: Buffer;
}

/** The answer, or why it cannot be had. */
export async function readAnswer(
  { status, headers, body }: Received,
  maxResponse: number,
): Promise<Answer | 'TOO_LARGE' | 'GARBLED'> {
  const joined = Object.fromEntries(Object.entries(headers).map(([name, values = []]) => [name, values.join(', ')]));
  const codings = (joined['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  if (codings.length > MOST_CODINGS || codings.some((coding) => UNREADABLE.has(coding))) return 'GARBLED';
  let plain = body;
  try {
    for (const coding of codings.reverse()) {
      const expand = INFLATE.get(coding);
      if (expand === undefined || plain.length === 0) continue;
      plain = await expand(plain, { maxOutputLength: maxResponse, chunkSize: 65_536 });
    }
  } catch (error) {
    return error instanceof RangeError ? 'TOO_LARGE' : 'GARBLED';
  }
  return { kind: 'answer', status, headers: joined, body: decode(plain, joined['content-type'] ?? '') };
}

/** `deflate` means zlib's format (RFC 9110 section 8.4.1.2), yet some servers send it bare; the first two bytes tell. */
function isZlib(body: Buffer): boolean {
  return body.length >= 2 && (body.readUInt8(0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

function decode(body: Buffer, contentType: string): string {
  const label = /;\s*charset\s*=\s*"?([^\s";,]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  // UTF-8 is what is nearly always meant by a label that no standard knows.
  let decoder = new TextDecoder();
  try {
    decoder = new TextDecoder(label);
  } catch {
    // Not known: stays UTF-8.
  }
  return decoder.decode(body);
}
