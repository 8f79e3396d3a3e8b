/** Makes a difference small: the shortest template and the fewest values that still show it, found greedily. */

import type { Values } from '../../src/template/scope.ts';
import { pairOf, type Template, type Verdict } from './oracle-pairs.ts';

/** Tries of one shrinking. */
const TRIES = 4000;

export function shrunk(template: Template, values: Values): { template: Template; values: Values } {
  let left = TRIES;
  const differs = (tried: Template, given: Values): boolean => left-- > 0 && verdictOn(tried, given)?.is === 'different';
  let source = template.source;
  let given = values;
  for (let before = -1; before !== source.length && left > 0; ) {
    before = source.length;
    source = shorter(source, (tried) => differs({ ...template, source: tried }, given));
    given = simpler(given, (tried) => differs({ ...template, source }, tried as Values)) as Values; // a map stays one
  }
  return { template: { ...template, source }, values: given };
}

export function verdictOn(template: Template, values: Values): Verdict | undefined {
  const run = pairOf(template);
  return typeof run === 'function' ? run(values) : undefined;
}

/** Without the longest runs of tokens that are not needed. */
function shorter(source: string, keeps: (tried: string) => boolean): string {
  let tokens: string[] = source.match(/\{[{%]-?|-?[}%]\}|[\w.]+|\s+|"[^"]*"|'[^']*'|[^\s\w]/gs) ?? [];
  for (let size = tokens.length - 1; size >= 1; size = size > 12 ? Math.floor(size / 1.5) : size - 1) {
    for (let at = 0; at + size <= tokens.length; ) {
      const tried = tokens.toSpliced(at, size);
      if (keeps(tried.join(''))) tokens = tried;
      else at++;
    }
  }
  return tokens.join('');
}

/** Without what is not needed of it. */
export function simpler(value: unknown, keeps: (tried: unknown) => boolean): unknown {
  if (typeof value !== 'object' || value === null) {
    for (const small of [null, 1, 'a']) if (value !== small && keeps(small)) return small;
    return value;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype && !Array.isArray(value)) return value;
  let entries = Object.entries(value);
  const made = () => (Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries));
  for (let at = entries.length - 1; at >= 0; at--) {
    const [key, part] = entries[at] as [string, unknown]; // within the list
    const all = entries;
    entries = all.toSpliced(at, 1);
    if (keeps(made())) continue;
    entries = all;
    const small = simpler(part, (tried) => {
      entries = all.with(at, [key, tried]);
      return keeps(made());
    });
    entries = all.with(at, [key, small]);
  }
  return made();
}
