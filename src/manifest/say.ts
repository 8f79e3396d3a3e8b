/** Values and what was expected of them, in a few words for a sentence. */

import { beginning, oneOf } from '../fault.ts';
import { ExactNumber } from '../numbers.ts';
import type { Problem } from '../schema/problem.ts';

/** Longer examples would hide the sentence. */
const EXAMPLE = 90;

const TYPES: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list, each entry behind a dash',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'nothing',
};

/** Characters of what was written that a sentence shows. */
export const LONGEST_NAME = 60;

/** What was written. */
export function say(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && !(value instanceof ExactNumber))
    return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  const text = String(value);
  const short = beginning(text, LONGEST_NAME);
  return typeof value === 'string' ? `"${short.replace(/\s+/g, ' ')}"` : short;
}

/** What should have been written: the schema's own words where it has some. */
export function sayExpected(problem: Problem): string {
  const { params, schema } = problem;
  if (schema['x-expected'] !== undefined) return String(schema['x-expected']);
  const allowed = allowedValues(problem);
  if (allowed !== undefined) return oneOf(allowed.map(say));
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  const [example] = Array.isArray(schema.examples) ? (schema.examples as unknown[]) : [];
  switch (problem.keyword) {
    case 'type':
      return (
        oneOf([params.type].flat().map((type) => TYPES[String(type)] ?? String(type))) + range(minimum, maximum) + such(example)
      );
    case 'minimum':
    case 'maximum':
      return `a whole number${range(minimum, maximum)}`;
    case 'minItems':
    case 'minProperties':
      return 'at least one entry';
    case 'minLength':
      return 'some text';
    default:
      return `a value that ${problem.keyword} ${JSON.stringify(params)} allows`;
  }
}

/** The values of an enum or a constant. */
export function allowedValues({ keyword, params }: Problem): readonly unknown[] | undefined {
  if (keyword === 'const') return [params.allowedValue];
  return Array.isArray(params.allowedValues) ? params.allowedValues : undefined; // Ajv's params of enum
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`;
}

/** An example of a map or a list, as YAML. */
function such(example: unknown): string {
  if (typeof example !== 'object') return '';
  const flow = inFlow(example);
  return flow.length > EXAMPLE ? '' : `, such as ${flow}`;
}

function inFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inFlow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, inner]) => `${key}: ${inFlow(inner)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  return typeof value === 'string' && /^[A-Za-z](?:[\w./-]|:\S)*$/.test(value) ? value : JSON.stringify(value);
}
