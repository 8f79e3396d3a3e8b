/** The door to Ajv: compiles a JSON Schema into a function that lists every problem of a value. */

import { Ajv, type ErrorObject, type Options } from 'ajv';
import formats from 'ajv-formats';
import { compilePattern, type Pattern } from './pattern.ts';
import { UNIQUE_ITEMS } from './unique.ts';

/** One problem of a value: where it is and which keyword of the schema it breaks. */
export interface Problem {
  /** Keys and indexes from the top of the value. */
  readonly path: readonly (string | number)[];
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The schema that holds the keyword. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** The value at `path`. */
  readonly value: unknown;
  /** Ajv's own words, without a subject: "must be string". */
  readonly message: string;
}

/** @throws {Error} where the value cannot be judged: the message says why */
export type Validator = (value: unknown) => Problem[];

/** More are not told at once. */
const MAX_PROBLEMS = 100;

/** Characters of the longest URL that is one: the pattern of ajv-formats is quadratic. */
const LONGEST_URL = 4096;

/**
 * @param proven whether the schema is known to be one: the largest takes 30 ms to be looked at
 * @throws {Error} where the schema itself is not one; the message is Ajv's, or a whole sentence on a pattern
 */
export function createValidator(schema: object, proven = false): Validator {
  const ajv = newAjv({
    validateSchema: !proven,
    ownProperties: true,
    allowUnionTypes: true,
    // Ajv's own pass over the code that it makes takes as long as making it, and saves 30 µs a manifest.
    code: { regExp: Object.assign(patternOfSchema, { code: 'patternOfSchema' }), optimize: false },
  });
  // ajv-formats is CommonJS: under Node's ES module rules its function is the default export's own default.
  (formats.default ?? formats)(ajv);
  // A template of the person's own; checked where its language is known.
  ajv.addFormat('liquid', true);
  const url = ajv.formats.url;
  if (url instanceof RegExp) ajv.addFormat('url', (text: string) => text.length <= LONGEST_URL && url.test(text));
  const check = told(() => ajv.compile(schema));
  // It would answer with a promise, which nobody waits for.
  if ('$async' in check) throw new Error('"$async" is a word of Ajv alone');
  return (value) =>
    told(() => (check(value) ? [] : (check.errors ?? []).slice(0, MAX_PROBLEMS).map((error) => problem(error, value))));
}

function newAjv(options: Options): Ajv {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, logger: false, ...options });
  return ajv.removeKeyword('uniqueItems').addKeyword(UNIQUE_ITEMS);
}

/** What Ajv stumbles over, said as it says what it refuses. */
function told<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    // The stack is at its end where a schema refers to itself on the spot.
    if (cause instanceof RangeError) throw new Error('its $ref lead back to where they began', { cause });
    if (cause instanceof TypeError) throw new Error('it cannot be read', { cause });
    throw cause;
  }
}

/** For Ajv, which keeps patterns apart by `toString`. */
function patternOfSchema(source: string): Pattern {
  const pattern = compilePattern(source);
  if ('sentence' in pattern) throw new Error(pattern.sentence);
  return pattern;
}

let metaSchema: Validator | undefined;

/** What is wrong with a JSON Schema (draft 07), as far as each keyword alone can tell. */
export function problemsOfSchema(schema: unknown): Problem[] {
  if (metaSchema === undefined) {
    const ajv = newAjv({ validateSchema: false });
    ajv.addFormat('regex', (pattern: string) => !('sentence' in compilePattern(pattern)));
    const check = ajv.compile({ ...(ajv.getSchema('http://json-schema.org/draft-07/schema')?.schema as object), $id: 'schema' }); // part of Ajv
    metaSchema = (value) => (check(value) ? [] : (check.errors ?? []).map((error) => problem(error, value)));
  }
  return metaSchema(schema);
}

function problem(error: ErrorObject, root: unknown): Problem {
  return {
    path: pathOf(error.instancePath, root),
    keyword: error.keyword,
    params: error.params,
    schema: (error.parentSchema ?? {}) as Readonly<Record<string, unknown>>, // verbose: the schema object is always there
    value: error.data,
    message: error.message ?? 'is not valid',
  };
}

/** A JSON Pointer as keys and indexes: a step into a list is a number. */
function pathOf(pointer: string, root: unknown): (string | number)[] {
  let at: unknown = root;
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const key = step.replace(/~1/g, '/').replace(/~0/g, '~');
      const into = Array.isArray(at) ? Number(key) : key;
      at = at === null || typeof at !== 'object' ? undefined : (at as Record<string | number, unknown>)[into]; // read-only walk of a JSON value
      return into;
    });
}
