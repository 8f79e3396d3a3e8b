/** The URL that every request begins with. */

/** Where an API is, as a URL says it. */
export interface ParsedBase {
  /** Scheme, host and port, as the URL standard prints them. */
  readonly origin: string;
  /** As the URL standard prints it: at least a slash. */
  readonly path: string;
  /** Its parameters without the "?"; empty where there are none. */
  readonly query: string;
}

/**
 * Nothing that a URL parser would drop, move or read otherwise: a base is only what it seems to be.
 * @param withQuery whether it may have parameters
 */
export function parseBase(text: string, withQuery = false): ParsedBase | undefined {
  const url = URL.canParse(text) && !/[\s\\]/.test(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  if (url.username !== '' || url.password !== '' || text.includes('#') || (text.includes('?') && !withQuery)) return undefined;
  if (/\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(text)) return undefined;
  return { origin: url.origin, path: url.pathname, query: url.search.slice(1) };
}
