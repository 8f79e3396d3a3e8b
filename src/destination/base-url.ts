/** The URL that every request begins with. */

/** Nothing that a URL parser would drop, move or read otherwise: a base is only what it seems to be. */
export function parseBase(text: string): { origin: string; path: string } | undefined {
  const url = URL.canParse(text) && !/[\s\\]/.test(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  if (url.username !== '' || url.password !== '' || /[?#]/.test(text) || /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(text))
    return undefined;
  return { origin: url.origin, path: url.pathname.replace(/\/$/, '') };
}
