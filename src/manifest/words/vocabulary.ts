/** The few shapes that the words of the language are made of, and the keywords that carry their explanations. */

import Type, { type Static, type TObject, type TProperties, type TUnsafe } from 'typebox';

/** Something an author might write and must not, with the reason that the reference shows beside it. */
export interface AntiExample {
  readonly value: unknown;
  readonly because: string;
}

export interface Wording {
  readonly title?: string;
  readonly description: string;
  readonly examples?: readonly unknown[];
  readonly antiExamples?: readonly AntiExample[];
  /** Words of the design that this version refuses: word → what it will do. */
  readonly notYet?: Readonly<Record<string, string>>;
  /** Completes "expected …" in a fault. */
  readonly expected?: string;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly minLength?: number;
  readonly pattern?: string;
}

/** The wording as JSON Schema annotations; keywords of our own begin with `x-`. */
function annotations(wording: Wording): Record<string, unknown> {
  const { notYet, antiExamples, expected, ...standard } = wording;
  return {
    ...standard,
    ...(notYet && { 'x-not-yet': notYet }),
    ...(antiExamples && { 'x-anti-examples': antiExamples }),
    ...(expected && { 'x-expected': expected }),
  };
}

/** A map whose keys are all known. */
export function words<P extends TProperties>(properties: P, wording: Wording): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...annotations(wording) });
}

/** A map from names that the author chooses. */
export function named<T>(each: object, wording: Wording): TUnsafe<Record<string, T>> {
  const { pattern, ...rest } = wording;
  return Type.Unsafe<Record<string, T>>({
    type: 'object',
    additionalProperties: each,
    ...(pattern && { propertyNames: { pattern, 'x-expected': 'a name of letters, digits and _ that begins with a letter' } }),
    ...annotations(rest),
  });
}

export function text(wording: Wording): TUnsafe<string> {
  return Type.Unsafe<string>({ type: 'string', ...annotations(wording) });
}

/** A Liquid template that makes text. */
export function template(wording: Wording): TUnsafe<string> {
  return text({ expected: 'text, which may hold {{ … }}', ...wording });
}

/** A template, or a plain number, true or false that stands for itself. */
export function leaf(wording: Wording): TUnsafe<string | number | boolean> {
  return Type.Unsafe<string | number | boolean>({
    type: ['string', 'number', 'boolean'],
    'x-expected': 'text, which may hold {{ … }}, a number, true or false',
    ...annotations(wording),
  });
}

/** A bare Liquid value or comparison, answered true or false. */
export function question(wording: Wording): TUnsafe<string | boolean> {
  return Type.Unsafe<string | boolean>({
    type: ['string', 'boolean'],
    'x-expected': "a question without braces, such as: status == 200 and body.state == 'done'",
    ...annotations(wording),
  });
}

/** A bare Liquid value with filters. */
export function expression(wording: Wording): TUnsafe<string> {
  return text({ expected: 'a value without braces, such as: record.email | downcase', ...wording });
}

/** One bare Liquid value, or a list of them. */
export function expressions(wording: Wording): TUnsafe<string | string[]> {
  return Type.Unsafe<string | string[]>({
    type: ['string', 'array'],
    items: { type: 'string', description: 'One of the values.' },
    minItems: 1,
    'x-expected': 'a value without braces, such as: record.email | downcase, or a list of such values',
    ...annotations(wording),
  });
}

/** Any YAML tree whose text leaves are templates. */
export function tree(wording: Wording): TUnsafe<unknown> {
  return Type.Unsafe<unknown>(annotations(wording));
}

export function choice<const T extends string>(values: readonly T[], wording: Wording): TUnsafe<T> {
  return Type.Unsafe<T>({ enum: values, ...annotations(wording) });
}

export function integer(wording: Wording & { minimum?: number; maximum?: number }): TUnsafe<number> {
  return Type.Unsafe<number>({ type: 'integer', ...annotations(wording) });
}

export function flag(wording: Wording): TUnsafe<boolean> {
  return Type.Unsafe<boolean>({ type: 'boolean', 'x-expected': 'true or false', ...annotations(wording) });
}

/** A length of time: `30s`, `500ms`, `2m`. */
export function duration(wording: Wording): TUnsafe<string> {
  return Type.Unsafe<string>({
    type: 'string',
    pattern: '^[0-9]{1,9}(\\.[0-9]{1,9})?(ms|s|m|h)$',
    'x-expected': 'a length of time with its unit, such as 500ms, 30s or 5m',
    ...annotations(wording),
  });
}

/** One or several. A union would give a fault for each of its branches; these keywords look at maps or at lists only. */
export function oneOrMany<S extends TObject>(one: S, expected: string, minItems = 0): TUnsafe<Static<S> | Static<S>[]> {
  return Type.Unsafe<Static<S> | Static<S>[]>({
    ...one,
    type: ['object', 'array'],
    items: one,
    minItems,
    'x-expected': expected,
  });
}

export const NAME = '^[A-Za-z][A-Za-z0-9_]*$';
