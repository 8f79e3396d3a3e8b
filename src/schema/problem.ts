/** What a schema finds wrong with a value, as a list of problems. */

import type { ErrorObject } from 'ajv';

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

/** What Ajv makes of a schema, with `verbose`. */
export interface Check {
  (value: unknown): unknown;
  errors?: readonly ErrorObject[] | null;
}

/** More are not told at once. */
const MAX_PROBLEMS = 100;

export function validatorOf(check: Check): Validator {
  return (value) =>
    told(() => (check(value) ? [] : (check.errors ?? []).slice(0, MAX_PROBLEMS).map((error) => problem(error, value))));
}

/** What Ajv stumbles over, said as it says what it refuses. */
export function told<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    // The stack is at its end where a schema refers to itself on the spot.
    if (cause instanceof RangeError) throw new Error('its $ref lead back to where they began', { cause });
    if (cause instanceof TypeError) throw new Error('it cannot be read', { cause });
    throw cause;
  }
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
