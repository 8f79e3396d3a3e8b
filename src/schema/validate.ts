/** The door to Ajv: compiles a JSON Schema into a function that lists every problem of a value. */

import { createRequire } from 'node:module';
import type { Ajv, Options } from 'ajv';
import { compilePattern, patternOfSchema } from './pattern.ts';
import { type Problem, told, type Validator, validatorOf } from './problem.ts';
import { uniqueItems } from './unique.ts';

/** Characters of the longest URL that is one: the pattern of ajv-formats is quadratic. */
const LONGEST_URL = 4096;

/** Of all schemas; the log would be Ajv's own. */
const OPTIONS = { allErrors: true, verbose: true, strict: false, logger: false } as const;
/** Of those that values are checked against. */
export const OF_VALUES = { ...OPTIONS, ownProperties: true, allowUnionTypes: true } as const;

/**
 * @param proven whether the schema is known to be one: the largest takes 30 ms to be looked at
 * @throws {Error} where the schema itself is not one; the message is Ajv's, or a whole sentence on a pattern
 */
export function createValidator(schema: object, proven = false): Validator {
  const { formats } = libraries();
  const ajv = newAjv({
    ...OF_VALUES,
    validateSchema: !proven,
    // Ajv's own pass over the code that it makes takes as long as making it, and saves 30 µs a manifest.
    code: { regExp: patternOfSchema, optimize: false },
  });
  formats(ajv);
  // A template of the person's own; checked where its language is known.
  ajv.addFormat('liquid', true);
  const url = ajv.formats.url;
  if (url instanceof RegExp) ajv.addFormat('url', (text: string) => text.length <= LONGEST_URL && url.test(text));
  const check = told(() => ajv.compile(schema));
  // It would answer with a promise, which nobody waits for.
  if ('$async' in check) throw new Error('"$async" is a word of Ajv alone');
  return validatorOf(check);
}

export function newAjv(options: Options): Ajv {
  const { ajv } = libraries();
  return new ajv.Ajv(options).removeKeyword('uniqueItems').addKeyword(uniqueItems(ajv));
}

let loaded: { readonly ajv: typeof import('ajv'); readonly formats: typeof import('ajv-formats').default } | undefined;

/** Loaded when a manifest has a schema of its own: 50 ms and some megabytes that servers of others never need. */
function libraries(): NonNullable<typeof loaded> {
  const require = createRequire(import.meta.url);
  loaded ??= { ajv: require('ajv'), formats: require('ajv-formats') };
  return loaded;
}

let metaSchema: Validator | undefined;

/** What is wrong with a JSON Schema (draft 07), as far as each keyword alone can tell. */
export function problemsOfSchema(schema: unknown): Problem[] {
  if (metaSchema === undefined) {
    const ajv = newAjv({ ...OPTIONS, validateSchema: false });
    ajv.addFormat('regex', (pattern: string) => !('sentence' in compilePattern(pattern)));
    const draft = ajv.getSchema('http://json-schema.org/draft-07/schema')?.schema as object; // part of Ajv
    metaSchema = validatorOf(ajv.compile({ ...draft, $id: 'schema' }));
  }
  return metaSchema(schema);
}
