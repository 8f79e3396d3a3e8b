/** What an answer tells of the API's own rate limit: how long to send nothing, where the limit is used up. */

type Headers = Readonly<Record<string, string>>;

/**
 * Milliseconds until more is allowed, where nothing more is allowed before; else undefined. Of several limits the longest wait counts.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ the field RateLimit, and the fields of earlier drafts
 * @param nowMs milliseconds since 1970
 */
export function limitPause(headers: Headers, nowMs: number): number | undefined {
  const waits = headers.ratelimit === undefined ? [] : structured(headers.ratelimit);
  for (const [remaining, reset] of SPELLINGS) {
    const left = headers[remaining];
    if (left !== undefined) waits.push(...counted(left, headers[reset], nowMs));
  }
  return waits.length === 0 ? undefined : Math.max(...waits);
}

const SPELLINGS = ['ratelimit', 'x-ratelimit', 'x-rate-limit'].map((name) => [`${name}-remaining`, `${name}-reset`] as const);

/** `"default";r=0;t=30, "day";r=10;t=3600` (RFC 9651: a list of items with parameters), or `limit=10, remaining=0, reset=30`. */
function structured(text: string): number[] {
  const early = /(?:^|,)\s*remaining=(\d{1,15})\b.*?[,;]\s*reset=(\d{1,15})\b/i.exec(text);
  if (early !== null) return early[1] === '0' ? [Number(early[2]) * 1000] : [];
  return text.split(',').flatMap((item) => {
    const remaining = /;\s*r=(\d{1,15})\s*(?:;|$)/.exec(item)?.[1];
    const seconds = /;\s*t=(\d{1,15})\s*(?:;|$)/.exec(item)?.[1];
    return remaining !== undefined && seconds !== undefined && Number(remaining) === 0 ? [Number(seconds) * 1000] : [];
  });
}

/** Above this a number of seconds is a time since 1970, and above a thousand times as much it counts milliseconds. */
const EPOCH = 1e9;

/** Two headers with a number each. Of several windows in one header (`0, 95`) the first that is used up counts. */
function counted(remaining: string, reset: string | undefined, nowMs: number): number[] {
  const left = numbers(remaining);
  const resets = numbers(reset);
  const at = left.indexOf(0);
  const time = resets.length === left.length ? resets[at] : resets[0];
  if (at < 0 || time === undefined) return [];
  const wait = time < EPOCH ? time * 1000 : (time < EPOCH * 1000 ? time * 1000 : time) - nowMs;
  return wait > 0 ? [Math.ceil(wait)] : [];
}

function numbers(text: string | undefined): number[] {
  const parts = (text ?? '').split(',').map((part) => part.trim());
  return parts.every((part) => /^\d{1,15}(?:\.\d{1,9})?$/.test(part)) ? parts.map(Number) : [];
}
