/** Turns what a schema finds wrong into sentences at lines: for manifests and for files of cases. */

import { beginning, didYouMean, Fault, inOrder, nearest, oneOf } from '../fault.ts';
import type { Problem } from '../schema/problem.ts';
import { allowedValues, LONGEST_NAME, say, sayExpected } from './say.ts';
import type { YamlFile } from './yaml.ts';

/** One fault for each mistake, by line; of several problems at one place the first tells most. */
export function explainProblems(problems: readonly Problem[], yaml: YamlFile): Fault[] {
  const seen = new Set<string>();
  const faults: Fault[] = [];
  for (const problem of withoutEchoes(problems)) {
    const place = placeOf(problem, String(problem.params.additionalProperty ?? problem.params.missingProperty ?? ''));
    if (seen.has(place)) continue;
    seen.add(place);
    faults.push(explain(problem, yaml));
  }
  return inOrder(faults);
}

/** A problem, and a word that is missing in the same map: the one was written for the other. */
interface Told extends Problem {
  readonly missing?: string;
}

/** A word that is missing, where an unknown one was written for it, is told with that one. */
function withoutEchoes(problems: readonly Problem[]): Told[] {
  const missing = new Map<string, Set<string>>();
  for (const problem of problems) {
    if (problem.keyword !== 'required') continue;
    const map = placeOf(problem, '');
    missing.set(map, (missing.get(map) ?? new Set()).add(String(problem.params.missingProperty)));
  }
  const told: Told[] = [];
  for (const problem of problems) {
    // A propertyNames problem comes with the pattern's own, which says it better.
    if (problem.keyword === 'required' || problem.keyword === 'propertyNames') continue;
    const lacking = missing.get(placeOf(problem, ''));
    const word = problem.params.additionalProperty;
    if (typeof word !== 'string' || lacking === undefined || later(problem, word) !== undefined) {
      told.push(problem);
      continue;
    }
    const near = nearest(word, knownWords(problem));
    const lacks = near === undefined ? [...lacking][0] : lacking.has(near) ? near : undefined;
    if (lacks !== undefined) lacking.delete(lacks);
    told.push(lacks === undefined ? problem : { ...problem, missing: lacks });
  }
  const left = problems.filter(
    (problem) =>
      problem.keyword === 'required' && missing.get(placeOf(problem, ''))?.has(String(problem.params.missingProperty)) === true,
  );
  return [...left, ...told];
}

function placeOf({ path }: Problem, word: string): string {
  return [...path, '', word].join('\u0000');
}

function explain(problem: Told, yaml: YamlFile): Fault {
  const { keyword, params, path, schema, value } = problem;
  switch (keyword) {
    case 'additionalProperties':
      return unknownWord(problem, String(params.additionalProperty), yaml);
    case 'required': {
      const missing = String(params.missingProperty);
      const meaning = described(schema, missing);
      return new Fault({
        code: 'manifest.missing',
        sentence: `${capital(titled(schema, path))} needs "${missing}"${meaning === '' ? '.' : `: ${meaning}`}`,
        place: yaml.place(path, 'key'),
      });
    }
    case 'pattern':
      // A propertyNames problem: Ajv puts the name into `propertyName` of the error and the map into the path.
      if (typeof value === 'string' && !endsIn(path, yaml, value)) {
        return new Fault({
          code: 'manifest.name',
          sentence: `${say(value)} is not ${String(schema['x-expected'] ?? 'a valid name')}.`,
          place: yaml.place([...path, value], 'key'),
        });
      }
      return wrongValue(problem, yaml);
    case 'maxProperties': {
      const keys = Object.keys(value as object); // only a map can have too many keys
      const some = [...keys.slice(0, 3).map((key) => beginning(key, LONGEST_NAME)), ...(keys.length > 3 ? ['more'] : [])];
      return new Fault({
        code: 'manifest.value',
        sentence: `${subject(path)} has ${some.join(' and ')}; expected ${sayExpected(problem)}.`,
        place: yaml.place([...path, keys[Number(schema.maxProperties)] ?? ''], 'key'),
      });
    }
    case 'enum':
    case 'const':
    case 'type':
      return notYet(problem, yaml) ?? wrongValue(problem, yaml);
    default:
      return wrongValue(problem, yaml);
  }
}

/** Whether the value at the path is this text: else the text is a key of the map at the path. */
function endsIn(path: readonly (string | number)[], yaml: YamlFile, value: string): boolean {
  let at: unknown = yaml.value;
  for (const step of path) at = (at as Record<string | number, unknown>)[step]; // the path comes from walking this very value
  return at === value;
}

function unknownWord(problem: Told, word: string, yaml: YamlFile): Fault {
  const { path, schema, missing } = problem;
  const place = yaml.place([...path, word], 'key');
  const does = later(problem, word);
  if (does !== undefined) {
    return new Fault({
      code: 'manifest.not-yet',
      sentence: `"${word}" is not yet built in this version of Rowpost: it ${does}. Leave it out for now.`,
      place,
    });
  }
  const known = knownWords(problem);
  const needs = missing === undefined ? undefined : `${capital(titled(schema, path))} needs "${missing}".`;
  return new Fault({
    code: 'manifest.unknown',
    sentence: `${say(word)} is not a word of ${titled(schema, path)}. ${known.length > 12 ? 'See docs/manifest.md for its words.' : `Use ${oneOf(known)}.`}`,
    place,
    hint: didYouMean(word, known) ?? needs,
  });
}

function knownWords({ schema }: Problem): string[] {
  return Object.keys((schema.properties as object | undefined) ?? {}); // a JSON Schema's own shape
}

/** What a word of the design will do that this version has not; our own annotation, written by words/vocabulary.ts. */
function later({ schema }: Problem, word: string): string | undefined {
  const words = schema['x-not-yet'] as Record<string, string> | undefined;
  return words !== undefined && Object.hasOwn(words, word) ? words[word] : undefined;
}

/** A value or a type that the design has and this version has not. */
function notYet(problem: Problem, yaml: YamlFile): Fault | undefined {
  const { path, schema, value } = problem;
  const values = Object.entries((schema['x-not-yet-values'] ?? {}) as Record<string, string>); // as in `later`
  const types = Object.entries((schema['x-not-yet-types'] ?? {}) as Record<string, string>);
  const [list, word] = typeof value === 'string' ? [values, value] : [types, Array.isArray(value) ? 'array' : typeof value];
  const what = list.find(([known]) => known === word)?.[1];
  if (what === undefined) return undefined;
  const said = typeof value === 'string' ? `"${value}" (${what})` : capital(what);
  return new Fault({
    code: 'manifest.not-yet',
    sentence: `${said} is not yet built in this version of Rowpost; expected ${sayExpected(problem)}.`,
    place: yaml.place(path),
  });
}

function wrongValue(problem: Problem, yaml: YamlFile): Fault {
  const { path, value } = problem;
  return new Fault({
    code: 'manifest.value',
    sentence: `${subject(path)} is ${say(value)}; expected ${sayExpected(problem)}.`,
    place: yaml.place(path),
    hint: quoting(problem) ?? meant(problem),
  });
}

/** A text where a number was expected, or the other way round, is often a matter of quotes. */
function quoting({ keyword, params, schema, value }: Problem): string | undefined {
  const types = [params.type].flat();
  if (keyword === 'type' && types.includes('string')) {
    const anyText = schema.pattern === undefined && String(schema['x-expected'] ?? 'text').startsWith('text');
    return anyText && (typeof value === 'number' || typeof value === 'boolean') ? `Quote it: "${value}".` : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const unquoted =
    keyword === 'type'
      ? ((types.includes('integer') || types.includes('number')) && /^-?\d+(\.\d+)?$/.test(value)) ||
        (types.includes('boolean') && /^(true|false)$/.test(value))
      : keyword === 'const' && String(params.allowedValue) === value;
  return unquoted ? `Write it without quotes: ${value}.` : undefined;
}

function meant(problem: Problem): string | undefined {
  const allowed = allowedValues(problem);
  return allowed === undefined || typeof problem.value !== 'string' ? undefined : didYouMean(problem.value, allowed.map(String));
}

/** What is wrong, by its key; of an entry of a list, by the list's. */
function subject(path: readonly (string | number)[]): string {
  const key = path.findLast((step) => typeof step === 'string');
  if (key === undefined) return 'The file';
  return typeof path.at(-1) === 'number' ? `An entry of "${key}"` : `"${key}"`;
}

const UNCOUNTED = new Set(['settings', 'sync', 'behavior', 'auth', 'basic', 'retry', 'options', 'rows', 'errors', 'cases']);

function titled(schema: Readonly<Record<string, unknown>>, path: readonly (string | number)[]): string {
  const title = String(schema.title ?? path.at(-1) ?? 'manifest');
  if (UNCOUNTED.has(title)) return `"${title}"`;
  return `${/^[aeiou]/.test(title) ? 'an' : 'a'} ${title}`;
}

function described(schema: Readonly<Record<string, unknown>>, word: string): string {
  const properties = schema.properties as Record<string, { description?: string }> | undefined; // a JSON Schema's own shape
  const text = properties?.[word]?.description ?? '';
  return text === '' ? '' : text.charAt(0).toLowerCase() + text.slice(1);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
