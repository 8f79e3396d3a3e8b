/** Compiles filters: what one takes is counted before it runs, and what it made when it has. */

import { type Filter, type Token, toValueSync } from 'liquidjs';
import { type Code, fixed, type Run } from './code.ts';
import type { FilterContext } from './context.ts';
import { chargeMade, costOf } from './costs.ts';
import type { Scope } from './scope.ts';

type Handler = (this: FilterContext, value: unknown, ...args: unknown[]) => unknown;

export function compileFilter(filter: Filter, value: Code, compile: (token: Token) => Code): Code {
  const { handler } = filter as unknown as { handler: Handler }; // private in the types only
  const args = filter.args.map((arg) => (Array.isArray(arg) ? named(arg, compile) : compile(arg)));
  const steps = args.reduce((sum, arg) => sum + arg.steps, value.steps);
  return { run: call(handler, value.run, args, costOf(filter.name)), steps };
}

type KeyValuePair = Extract<Filter['args'][number], readonly unknown[]>;

/** A named argument is a pair. */
function named([name, token]: KeyValuePair, compile: (token: Token) => Code): Code {
  const code = token === undefined ? fixed(token) : compile(token);
  return { run: (scope) => [name, code.run(scope)], steps: code.steps };
}

function call(handler: Handler, value: Run, args: readonly Code[], cost: ReturnType<typeof costOf>): Run {
  if (args.every((arg) => arg.fixed !== undefined)) {
    const values = args.map((arg) => arg.fixed?.value);
    return (scope) => applied(handler, value(scope), values, cost, scope);
  }
  return (scope) => {
    const given = value(scope);
    return applied(
      handler,
      given,
      args.map((arg) => arg.run(scope)),
      cost,
      scope,
    );
  };
}

function applied(
  handler: Handler,
  value: unknown,
  args: readonly unknown[],
  cost: ReturnType<typeof costOf>,
  { budget, filters }: Scope,
): unknown {
  cost(value, args, budget);
  const answer = args.length === 0 ? handler.call(filters, value) : handler.call(filters, value, ...args);
  // Some of LiquidJS's are generators of one value.
  const made: unknown = typeof answer === 'object' && answer !== null ? toValueSync(answer) : answer;
  chargeMade(made, budget);
  return made;
}
