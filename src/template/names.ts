/** Which names a template may use, and what is said of one that it may not. */

import { didYouMean, type FaultCode, oneOf } from '../fault.ts';
import { brief } from './wording.ts';

/** One thing wrong with a template, by its place in the template's own text. */
export interface TemplateProblem {
  readonly code: FaultCode;
  readonly sentence: string;
  readonly offset: number;
  readonly length: number;
  readonly hint?: string | undefined;
}

export type Report = (problem: TemplateProblem) => void;

/** The names of one place in a manifest. */
export interface Names {
  /** The place, for sentences: "connection.url". */
  readonly where: string;
  /** First name → the names behind its dot, or null where any may follow. */
  readonly known: ReadonlyMap<string, ReadonlySet<string> | null>;
  /** Any other name is one too: columns of a row, which nobody knows beforehand. */
  readonly open?: boolean;
  /** Secret settings that exist and are not seen here. */
  readonly secrets?: ReadonlySet<string>;
  /** Names of the language that this place does not see, and where they are seen. */
  readonly elsewhere?: ReadonlyMap<string, string>;
}

/** What is wrong with the name `first` (and `second`, where it is written out), or nothing. */
export function problemOfName(
  names: Names,
  first: string,
  second: string | undefined,
  dynamic: boolean,
): { sentence: string; hint?: string | undefined } | undefined {
  const members = names.known.get(first);
  if (names.open === true) return undefined;
  if (members === undefined) {
    const list = `Templates of ${names.where} see ${allOf(names.known.keys())}.`;
    const elsewhere = names.elsewhere?.get(first);
    return elsewhere === undefined
      ? { sentence: `There is no name "${brief(first)}". ${list}`, hint: didYouMean(first, names.known.keys()) }
      : { sentence: `"${brief(first)}" is not seen here: ${elsewhere}. ${list}` };
  }
  if (members === null) return undefined;
  if (dynamic)
    return {
      sentence: `Write the name behind "${first}." out: one that is worked out while the template runs could name anything.`,
    };
  // All settings at once would hold the secrets too.
  if (second === undefined && first === 'settings') return { sentence: 'Write out which setting is meant: settings.NAME.' };
  if (second === undefined || members.has(second)) return undefined;
  if (first === 'settings' && names.secrets?.has(second)) {
    return { sentence: `settings.${brief(second)} is a secret: only connection and requests see it, not ${names.where}.` };
  }
  const all = members.size === 0 ? `There are no ${first}.` : `There is ${allOf([...members].slice(0, 12))}.`;
  return { sentence: `${first}.${brief(second)} is not declared. ${all}`, hint: didYouMean(second, members) };
}

function allOf(words: Iterable<string>): string {
  return oneOf(words).replace(/ or (?=[^ ]*$)/, ' and ');
}
