/** Turns what a schema finds wrong into sentences at lines: for manifests and for files of cases. */

import { didYouMean, Fault, oneOf } from '../fault.ts';
import type { Problem } from '../schema/validate.ts';
import type { YamlFile } from './yaml.ts';

/** One fault for each problem; of several at one place the first tells most. */
export function explainProblems(problems: readonly Problem[], yaml: YamlFile): Fault[] {
  const seen = new Set<string>();
  const faults: Fault[] = [];
  for (const problem of problems) {
    const { keyword, params, path } = problem;
    // A propertyNames problem comes with the pattern's own, which says it better.
    if (keyword === 'propertyNames') continue;
    const place = `${path.join('\u0000')}\u0000${String(params.additionalProperty ?? params.missingProperty ?? '')}`;
    if (seen.has(place)) continue;
    seen.add(place);
    faults.push(explain(problem, yaml));
  }
  return faults;
}

function explain(problem: Problem, yaml: YamlFile): Fault {
  const { keyword, params, path, schema, value } = problem;
  const subject = path.length === 0 ? 'The file' : `"${path[path.length - 1]}"`;
  switch (keyword) {
    case 'additionalProperties':
      return unknownWord(problem, String(params.additionalProperty), yaml);
    case 'required': {
      const missing = String(params.missingProperty);
      const meaning = described(schema, missing);
      return new Fault({
        code: 'manifest.missing',
        sentence: `${titled(schema, path)} needs "${missing}"${meaning === '' ? '.' : `: ${meaning}`}`,
        place: yaml.place(path, 'key'),
      });
    }
    case 'pattern':
      // A propertyNames problem: Ajv puts the name into `propertyName` of the error and the map into the path.
      if (typeof value === 'string' && !endsIn(path, yaml, value)) {
        return new Fault({
          code: 'manifest.name',
          sentence: `"${value}" is not ${String(schema['x-expected'] ?? 'a valid name')}.`,
          place: yaml.place([...path, value], 'key'),
        });
      }
      return wrongValue(problem, subject, yaml);
    case 'enum':
    case 'const':
    case 'type':
      return notYet(problem, yaml) ?? wrongValue(problem, subject, yaml);
    default:
      return wrongValue(problem, subject, yaml);
  }
}

/** Whether the value at the path is this text: else the text is a key of the map at the path. */
function endsIn(path: readonly (string | number)[], yaml: YamlFile, value: string): boolean {
  let at: unknown = yaml.value;
  for (const step of path) at = (at as Record<string | number, unknown>)[step]; // the path comes from walking this very value
  return at === value;
}

function unknownWord(problem: Problem, word: string, yaml: YamlFile): Fault {
  const { path, schema } = problem;
  const place = yaml.place([...path, word], 'key');
  const later = (schema['x-not-yet'] as Record<string, string> | undefined)?.[word]; // our own annotation, written by words/vocabulary.ts
  if (later !== undefined) {
    return new Fault({
      code: 'manifest.not-yet',
      sentence: `"${word}" is not yet built in this version of Rowpost: it ${later}.`,
      place,
    });
  }
  const known = Object.keys((schema.properties as object | undefined) ?? {});
  return new Fault({
    code: 'manifest.unknown',
    sentence: `"${word}" is not a word of ${article(titleOf(schema, path))}. ${known.length > 12 ? 'See docs/manifest.md for its words.' : `Use ${oneOf(known)}.`}`,
    place,
    hint: didYouMean(word, known),
  });
}

/** A value or a type that the design has and this version has not. */
function notYet({ path, schema, value }: Problem, yaml: YamlFile): Fault | undefined {
  const values = schema['x-not-yet-values'] as Record<string, string> | undefined; // as above
  const types = schema['x-not-yet-types'] as Record<string, string> | undefined;
  const what = typeof value === 'string' ? values?.[value] : types?.[typeOf(value)];
  if (what === undefined) return undefined;
  const said = typeof value === 'string' ? `"${value}" (${what})` : what.charAt(0).toUpperCase() + what.slice(1);
  return new Fault({
    code: 'manifest.not-yet',
    sentence: `${said} is not yet built in this version of Rowpost.`,
    place: yaml.place(path),
  });
}

function wrongValue(problem: Problem, subject: string, yaml: YamlFile): Fault {
  const { keyword, params, path, schema, value } = problem;
  const written = show(value);
  const allowed = (params.allowedValues ?? (keyword === 'const' ? [params.allowedValue] : undefined)) as unknown[] | undefined; // Ajv's enum and const params
  const expected =
    schema['x-expected'] !== undefined
      ? String(schema['x-expected'])
      : allowed !== undefined
        ? oneOf(allowed.map((word) => show(word)))
        : expectation(problem);
  const hint = allowed !== undefined && typeof value === 'string' ? didYouMean(value, allowed.map(String)) : undefined;
  return new Fault({
    code: 'manifest.value',
    sentence: `${subject} is ${written}; expected ${expected}.`,
    place: yaml.place(path),
    hint,
  });
}

function expectation({ keyword, params, schema }: Problem): string {
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  switch (keyword) {
    case 'type':
      return oneOf([params.type].flat().map((type) => TYPES[String(type)] ?? String(type))) + range(minimum, maximum);
    case 'minimum':
    case 'maximum':
      return `a whole number${range(minimum, maximum)}`;
    case 'minItems':
      return 'at least one entry';
    case 'minProperties':
      return 'at least one entry';
    default:
      return `a value that ${String(keyword)} ${JSON.stringify(params)} allows`;
  }
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`;
}

const TYPES: Record<string, string> = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'nothing',
};

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}

/** The value in a few words, for a sentence. */
function show(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = String(value);
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return typeof value === 'string' ? `"${short.replace(/\s+/g, ' ')}"` : short;
}

function titleOf(schema: Readonly<Record<string, unknown>>, path: readonly (string | number)[]): string {
  return String(schema.title ?? path[path.length - 1] ?? 'manifest');
}

function titled(schema: Readonly<Record<string, unknown>>, path: readonly (string | number)[]): string {
  const title = article(titleOf(schema, path));
  return title.charAt(0).toUpperCase() + title.slice(1);
}

const UNCOUNTED = new Set(['settings', 'sync', 'behavior', 'auth', 'basic', 'retry', 'options', 'rows', 'errors', 'cases']);

function article(title: string): string {
  if (UNCOUNTED.has(title)) return title;
  return `${/^[aeiou]/.test(title) ? 'an' : 'a'} ${title}`;
}

function described(schema: Readonly<Record<string, unknown>>, word: string): string {
  const properties = schema.properties as Record<string, { description?: string }> | undefined; // a JSON Schema's own shape
  const text = properties?.[word]?.description ?? '';
  return text === '' ? '' : text.charAt(0).toLowerCase() + text.slice(1);
}
