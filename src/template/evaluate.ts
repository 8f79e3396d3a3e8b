/**
 * Evaluates what LiquidJS parsed, as LiquidJS does, but in plain functions that count what they do. LiquidJS's own are
 * generators, several for each value: they take longer, and nothing bounds a range, a comparison or a filter within.
 */

import {
  type Expression,
  type Filter,
  type FilteredValueToken,
  type PropertyAccessToken,
  type RangeToken,
  type Token,
  TypeGuards,
  toValue,
  toValueSync,
  Value,
} from 'liquidjs';
import type { RowContext } from './context.ts';
import { chargeMade, costOf } from './costs.ts';
import { renderFault } from './render-fault.ts';

export function evaluate(value: Value, context: RowContext): unknown {
  let result = evaluateExpression(value.initial, context);
  for (const filter of value.filters) result = applyFilter(filter, result, context);
  return result;
}

/** What a token stands for. LiquidJS's `empty`, `blank` and `nil` stay the objects that they are. */
export function evaluateToken(token: Token, context: RowContext): unknown {
  if ('content' in token) return token.content;
  if (TypeGuards.isPropertyAccessToken(token)) return evaluateProperty(token, context);
  if (TypeGuards.isRangeToken(token)) return evaluateRange(token, context);
  return TypeGuards.isFilteredValueToken(token) ? evaluate(grouped(token, context), context) : undefined;
}

function evaluateExpression({ postfix }: Expression, context: RowContext): unknown {
  const [only] = postfix;
  if (postfix.length === 1 && only !== undefined) return evaluateToken(only, context);
  const operands: unknown[] = [];
  for (const token of postfix) {
    if (TypeGuards.isOperatorToken(token)) {
      context.budget.steps(1);
      const right = operands.pop();
      const operator = context.opts.operators[token.operator] as (...operands: unknown[]) => unknown; // of one value or two
      operands.push(token.operator === 'not' ? operator(right, context) : operator(operands.pop(), right, context));
    } else operands.push(evaluateToken(token, context));
  }
  return operands[0];
}

function evaluateProperty({ variable, props }: PropertyAccessToken, context: RowContext): unknown {
  const keys = props.map((prop) => toValue(evaluateToken(prop, context)));
  let at: unknown = variable === undefined ? context.holderOf(keys[0]) : evaluateToken(variable, context);
  for (const key of keys) at = context.readProperty(at as object, key);
  return at;
}

/** The largest whole number behind which there is another: beyond it counting would never end. */
const LAST = Number.MAX_SAFE_INTEGER;
/** Numbers that are written into a list in one step. */
const COUNTED = 2;

function evaluateRange(range: RangeToken, context: RowContext): number[] {
  const [low, high] = [range.lhs, range.rhs].map((end) => {
    const value = toValue(evaluateToken(end, context));
    if (Array.isArray(value)) throw renderFault('argument', 'an end of a range is a list; it must be a number');
    context.budget.steps(typeof value === 'string' ? value.length : 1);
    return Number(value);
  }) as [number, number]; // one for each end
  if (Math.abs(low) > LAST || Math.abs(high) > LAST)
    throw renderFault('argument', `a range goes from ${low} to ${high}; it cannot count further than ${LAST}`);
  if (!(high >= low)) return [];
  const length = Math.ceil(high + 1 - low);
  context.budget.steps(length / COUNTED);
  const numbers = new Array<number>(length); // made at its full length: one that grows is copied on the way
  for (let index = 0; index < length; index++) numbers[index] = low + index;
  return numbers;
}

/** LiquidJS makes a parenthesised value anew each time; its token stays the same. */
const made = new WeakMap<FilteredValueToken, Value>();

function grouped(token: FilteredValueToken, { liquid }: RowContext): Value {
  let value = made.get(token);
  if (value === undefined) {
    value = new Value(token, liquid);
    made.set(token, value);
  }
  return value;
}

/** What is private in the types of LiquidJS's filters only. */
interface Applied {
  readonly handler: (this: unknown, value: unknown, ...args: unknown[]) => unknown;
  readonly token: unknown;
  readonly liquid: unknown;
}

function applyFilter(filter: Filter, value: unknown, context: RowContext): unknown {
  const args = filter.args.map((arg) =>
    // A pair is a named argument.
    Array.isArray(arg) ? [arg[0], arg[1] && evaluateToken(arg[1], context)] : evaluateToken(arg, context),
  );
  costOf(filter.name)(value, args, context.budget);
  const { handler, token, liquid } = filter as unknown as Applied; // as its interface says
  const result = toValueSync(handler.call({ context, token, liquid }, value, ...args));
  chargeMade(result, context.budget);
  return result;
}
