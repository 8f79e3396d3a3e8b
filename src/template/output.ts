/** Compiles outputs: a value, escaped for the place that it stands in. */

import { type EchoTag, type Output, toValue, type Value } from 'liquidjs';
import { chargeMade, costOf } from './costs.ts';
import type { Expressions } from './expression.ts';
import { escapeFor, type Place } from './places.ts';
import type { Scope } from './scope.ts';

/** The place of an output, or of an echo. */
export type PlaceOf = (output: { readonly token: { readonly begin: number } }) => Place;

/** A part of a text, and the steps that it takes every time. */
export interface Written {
  readonly steps: number;
  readonly text: (scope: Scope) => string;
}

/** Undefined for an `echo` of nothing. */
export function compileOutput(output: Output | EchoTag, place: Place, expressions: Expressions): Written | undefined {
  const { value } = output as unknown as { value?: Value }; // an echo's is private in the types only
  if (value === undefined) return undefined;
  const { run, steps } = expressions.value(value);
  const rule = ruleOf(value, place);
  const escaped = escapeFor(rule);
  const cost = costOf(`escape:${rule}`);
  const text = (scope: Scope): string => {
    const given = run(scope);
    const plain: unknown = typeof given === 'object' ? toValue(given) : given;
    const { budget } = scope;
    cost(plain, NO_ARGUMENTS, budget);
    const made = escaped(plain);
    chargeMade(made, budget);
    return made;
  };
  return { steps, text };
}

const NO_ARGUMENTS: readonly never[] = [];

/** Raw text is text still: a list or a map has none. `uri` is the path's own escape; elsewhere its text is escaped like any other. */
function ruleOf({ filters }: Value, place: Place): Place {
  const last = filters.at(-1);
  return last?.raw === true && (last.name === 'raw' || place === 'path') ? 'text' : place;
}
