/** Compiles the reading of names: `record.address.city`, `list[0]`, `map[name].size`. */

import { Drop, type PropertyAccessToken, toValue } from 'liquidjs';
import { keySteps } from './budget.ts';
import type { Code, LocalNames, Run } from './code.ts';
import { readProperty } from './context.ts';
import { type Frame, type Scope, UNSET } from './scope.ts';

/** Steps of a name that is read. */
const READ = 1;

/** What every key in brackets becomes. */
export type CompileKey = (token: PropertyAccessToken['props'][number]) => Code;

export function compileProperty({ variable, props }: PropertyAccessToken, locals: LocalNames, compile: CompileKey): Code {
  const keys = props.map(compile);
  if (variable !== undefined) return behind(compile(variable), keys);
  const [first, ...rest] = keys;
  const name: unknown = first?.fixed?.value;
  // The check of expressions lets nothing else pass.
  if (typeof name !== 'string' && typeof name !== 'number') throw new Error('an expression begins with a name');
  return behind(compileName(String(name), locals), rest);
}

function behind(holder: Code, keys: readonly Code[]): Code {
  let code = holder;
  for (const key of keys) {
    // All keys are evaluated before anything is read by them.
    if (key.fixed === undefined) return worked(holder, keys);
    code = compileKey(code, toValue(key.fixed.value));
  }
  return code;
}

/** Keys of which one at least is only known when the template runs. */
function worked(holder: Code, keys: readonly Code[]): Code {
  const run: Run = (scope) => {
    const values: unknown[] = keys.map((key) => toValue(key.run(scope)));
    let at = holder.run(scope);
    for (const value of values) at = scope.filters.readProperty(at, value);
    return at;
  };
  return { run, steps: keys.reduce((sum, key) => sum + key.steps, holder.steps) };
}

function compileName(name: string, locals: LocalNames): Code {
  const steps = READ + keySteps(name.length);
  const local = locals.find(name);
  const path = [name];
  if (local === undefined) return { run: outer(name), steps, path };
  const { slot, always } = local;
  // Only texts have local names, and they run in frames.
  if (always) return { run: (scope) => (scope as Frame).locals[slot], steps };
  const otherwise = outer(name);
  const run: Run = (scope) => {
    const value = (scope as Frame).locals[slot]; // as above
    return value === UNSET ? otherwise(scope) : value;
  };
  return { run, steps };
}

function outer(name: string): Run {
  if (name === 'record') return (scope) => scope.record;
  if (name === 'row') return (scope) => scope.row;
  // As of any map that has no such key, LiquidJS counts the keys of the one that holds what nobody set: none.
  if (name === 'size') return (scope) => (scope.has(name) ? scope.get(name) : 0);
  return (scope) => scope.get(name);
}

function compileKey(holder: Code, key: unknown): Code {
  const steps = holder.steps + READ + (typeof key === 'string' ? keySteps(key.length) : 0);
  const { run } = holder;
  if (typeof key !== 'string' || !isPlain(key)) return { run: (scope) => readProperty(run(scope), key, scope), steps };
  const path = holder.path && [...holder.path, key];
  return { run: named(run, key, path), steps, ...(path && { path }) };
}

/** Whether nothing but an own property of that name could ever be found, or a method. */
function isPlain(key: string): boolean {
  return !(key in Object.prototype) && !['size', 'first', 'last'].includes(key);
}

/** The two that most leaves are get at once what they read. */
function named(run: Run, key: string, path: readonly string[] | undefined): Run {
  const [first, , third] = path ?? [];
  if (third === undefined && first === 'record')
    return (scope) => {
      if (scope.fields !== undefined) return scope.fields.field(key);
      const record = scope.plainRecord;
      return record === undefined ? readOwn(scope.record, key, scope) : record[key];
    };
  if (third === undefined && first === 'row')
    return (scope) => {
      if (scope.fields !== undefined) return scope.fields.column(key);
      const row = scope.plainRow;
      return row === undefined ? readOwn(scope.row, key, scope) : row[key];
    };
  return (scope) => readOwn(run(scope), key, scope);
}

function readOwn(holder: unknown, key: string, scope: Scope): unknown {
  if (holder === undefined || holder === null) return holder;
  if (Object.hasOwn(holder, key)) return (holder as Record<string, unknown>)[key]; // it has it
  return holder instanceof Drop ? readProperty(holder, key, scope) : undefined;
}
