/** The three forms of an HTTP date (RFC 9110 section 5.6.7). */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';

const FORMS: readonly RegExp[] = [
  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^[a-z]{3}, (?<day>\\d{1,2}) (?<month>[a-z]{3}) (?<year>\\d{4}) ${TIME} (?:GMT|UTC)$`, 'i'),
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^[a-z]{6,9}, (?<day>\\d{2})-(?<month>[a-z]{3})-(?<year>\\d{2}) ${TIME} (?:GMT|UTC)$`, 'i'),
  // asctime: Sun Nov  6 08:49:37 1994
  new RegExp(`^[a-z]{3} (?<month>[a-z]{3}) {1,2}(?<day>\\d{1,2}) ${TIME} (?<year>\\d{4})$`, 'i'),
];

/** Milliseconds since 1970, or nothing where the text is no HTTP date. The day's name is not compared. */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of FORMS) {
    const found = form.exec(text)?.groups;
    if (found !== undefined) return instant(found, nowMs);
  }
  return undefined;
}

function instant(parts: Readonly<Record<string, string | undefined>>, nowMs: number): number | undefined {
  const month = MONTHS.indexOf((parts.month ?? '').toLowerCase());
  const [year, day, hour, minute, second] = [parts.year, parts.day, parts.hour, parts.minute, parts.second].map(Number);
  if (year === undefined || day === undefined || hour === undefined || minute === undefined || second === undefined)
    return undefined;
  // Second 60 is a leap second.
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  const at = (anyYear: number): number =>
    new Date(0).setUTCFullYear(anyYear, month, day) + ((hour * 60 + minute) * 60 + second) * 1000;
  const full = parts.year?.length === 2 ? fullYear(year, at, nowMs) : year;
  // 31 February would run on into March.
  const runsOn = new Date(new Date(0).setUTCFullYear(full, month, day)).getUTCMonth() !== month;
  return runsOn || day === 0 ? undefined : at(full);
}

/** The latest year with these last two digits that is not more than 50 years ahead. */
function fullYear(twoDigits: number, at: (fullYear: number) => number, nowMs: number): number {
  const now = new Date(nowMs);
  const latest = new Date(nowMs).setUTCFullYear(now.getUTCFullYear() + 50);
  let year = now.getUTCFullYear() - (now.getUTCFullYear() % 100) + 100 + twoDigits;
  while (at(year) > latest) year -= 100;
  return year;
}
