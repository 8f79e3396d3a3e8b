/**
 * Compiles what LiquidJS parsed of an expression into functions that mean what LiquidJS means, and count what they do. LiquidJS's
 * own are generators, several for each value: they take longer, and nothing bounds a range, a comparison or a filter within.
 */

import { type Expression, type Liquid, type RangeToken, type Token, TypeGuards, toValue, Value } from 'liquidjs';
import { type Code, fixed, type LocalNames, type Run } from './code.ts';
import { compileFilter } from './filter.ts';
import { OPERATORS } from './operators.ts';
import { compileProperty } from './property.ts';
import { renderFault } from './render-fault.ts';
import type { Scope } from './scope.ts';

/** Compiles the expressions of one template. `engine`: whose filters it may use. */
export class Expressions {
  readonly #engine: Liquid;
  readonly #locals: LocalNames;

  constructor(engine: Liquid, locals: LocalNames) {
    this.#engine = engine;
    this.#locals = locals;
  }

  value({ initial, filters }: Value): Code {
    let code = this.#expression(initial);
    for (const filter of filters) code = compileFilter(filter, code, (token) => this.token(token));
    return code;
  }

  /** LiquidJS's `empty`, `blank` and `nil` stay the objects that they are. */
  token(token: Token): Code {
    if ('content' in token) return fixed(token.content);
    if (TypeGuards.isPropertyAccessToken(token)) return compileProperty(token, this.#locals, (key) => this.token(key));
    if (TypeGuards.isRangeToken(token)) return this.#range(token);
    return TypeGuards.isFilteredValueToken(token) ? this.value(new Value(token, this.#engine)) : fixed(undefined);
  }

  #expression({ postfix }: Expression): Code {
    const operands: Code[] = [];
    for (const token of postfix) {
      if (!TypeGuards.isOperatorToken(token)) operands.push(this.token(token));
      else if (token.operator === 'not') operands.push(compileNot(operands.pop() ?? fixed(undefined)));
      else {
        const [left = fixed(undefined), right = fixed(undefined)] = operands.splice(-2, 2);
        operands.push(compileOperator(token.operator, left, right));
      }
    }
    return operands[0] ?? fixed(undefined);
  }

  #range({ lhs, rhs }: RangeToken): Code {
    const [low, high] = [this.token(lhs), this.token(rhs)];
    const run: Run = (scope) => rangeOf(endOf(low.run(scope), scope), endOf(high.run(scope), scope), scope);
    return { run, steps: low.steps + high.steps };
  }
}

function compileNot({ run, steps }: Code): Code {
  const { not } = OPERATORS;
  return { run: (scope) => not(run(scope)), steps: steps + 1 };
}

/** Both sides are always evaluated, those of `and` and `or` too, as LiquidJS does. */
function compileOperator(word: string, left: Code, right: Code): Code {
  const operator = OPERATORS[word as keyof typeof OPERATORS]; // LiquidJS reads no other operators than these
  const [one, other] = [left.run, right.run];
  return { run: (scope) => operator(one(scope), other(scope), scope.budget), steps: left.steps + right.steps + 1 };
}

/** The largest whole number behind which there is another: beyond it counting would never end. */
const LAST = Number.MAX_SAFE_INTEGER;
/** Numbers that are written into a list in one step. */
const COUNTED = 2;

function endOf(given: unknown, { budget }: Scope): number {
  const value: unknown = toValue(given);
  if (Array.isArray(value)) throw renderFault('argument', 'an end of a range is a list; it must be a number');
  budget.steps(typeof value === 'string' ? value.length : 1);
  return Number(value);
}

function rangeOf(low: number, high: number, { budget }: Scope): number[] {
  if (Math.abs(low) > LAST || Math.abs(high) > LAST)
    throw renderFault('argument', `a range goes from ${low} to ${high}; it cannot count further than ${LAST}`);
  const stop = high + 1;
  if (!(stop > low)) return [];
  const length = Math.ceil(stop - low);
  budget.steps(length / COUNTED);
  const numbers = new Array<number>(length); // made at its full length: one that grows is copied on the way
  let count = 0;
  // Fractions carry their errors along.
  for (let number = low; number < stop; number++) numbers[count++] = number;
  numbers.length = count;
  return numbers;
}
