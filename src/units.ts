/** Lengths of time and sizes, as people write them in settings and manifests. */

export const KB = 1024;
export const MB = 1024 * KB;

/** Milliseconds of `25s`, `1500ms`, `1.5m`, `2h`; a bare number counts seconds. Nothing where the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(\d{1,15}(?:\.\d{1,9})?) ?(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  return digits === undefined ? undefined : Math.round(Number(digits) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1));
}

/** Bytes of `64MB`, `512kb`, `1GiB`; a bare number counts bytes, a KB has 1024. Nothing where the text is no size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,15}(?:\.\d{1,9})?) ?(?:([kmg])i?)?b?$/i.exec(text.trim()) ?? [];
  return digits === undefined
    ? undefined
    : Math.round(Number(digits) * ({ k: KB, m: MB, g: 1024 * MB }[unit.toLowerCase()] ?? 1));
}
