/** What callers prove themselves with: tokens, and keys of signatures. Each is for all destinations, or for those it names. */

export interface Credential {
  /** A token as it is sent; of a key for signatures its bytes in base64. */
  readonly secret: string;
  /** Ids of the destinations that it is for; undefined where it is for all. */
  readonly destinations: ReadonlySet<string> | undefined;
}

export interface Credentials {
  readonly tokens: readonly Credential[];
  readonly signingKeys: readonly Credential[];
}

export const NO_CREDENTIALS: Credentials = { tokens: [], signingKeys: [] };

/** Characters: what is shorter can be guessed. */
export const SHORTEST_TOKEN = 8;
/** Bytes of a key, as https://www.standardwebhooks.com has them. */
const KEY_BYTES = { least: 24, most: 64 };

/** `crm=…` and `crm+slack=…` limit what follows. Base64 ends with `=` at most, so that a token of it is never taken for one. */
const LIMITED = /^([a-z0-9][a-z0-9_-]*(?:\+[a-z0-9][a-z0-9_-]*)*)=(.{8,})$/;

/** Tokens between commas, blanks and line ends; nothing where one cannot be used. */
export function parseTokens(text: string): Credential[] | undefined {
  return parse(text, (token) => (token.length >= SHORTEST_TOKEN && /^[\x21-\x7e]+$/.test(token) ? token : undefined));
}

/** Keys as `whsec_<base64>`, between commas, blanks and line ends; nothing where one cannot be used. */
export function parseSigningKeys(text: string): Credential[] | undefined {
  return parse(text, (key) => {
    const [, base64] = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/.exec(key) ?? [];
    const bytes = Buffer.from(base64 ?? '', 'base64');
    return bytes.length >= KEY_BYTES.least && bytes.length <= KEY_BYTES.most ? bytes.toString('base64') : undefined;
  });
}

function parse(text: string, read: (text: string) => string | undefined): Credential[] | undefined {
  const found = new Map<string, Credential>();
  for (const entry of text.split(/[\s,]+/)) {
    if (entry === '') continue;
    const [, ids, limited] = LIMITED.exec(entry) ?? [];
    const secret = read(limited ?? entry);
    if (secret === undefined) return undefined;
    const before = found.get(secret);
    found.set(secret, { secret, destinations: together(ids?.split('+'), before) });
  }
  return found.size === 0 ? undefined : [...found.values()];
}

/** One that stands there twice is for what either names. */
function together(ids: readonly string[] | undefined, before: Credential | undefined): ReadonlySet<string> | undefined {
  if (ids === undefined || (before !== undefined && before.destinations === undefined)) return undefined;
  return new Set([...(before?.destinations ?? []), ...ids]);
}
