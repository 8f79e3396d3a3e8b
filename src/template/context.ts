/** What LiquidJS's filters and ours see of where they run, as far as they look: a LiquidJS context would take longer to make than a row to render. */

import { Context } from 'liquidjs';
import type { Budget } from './budget.ts';
import { engine } from './engine.ts';
import { keysOf, sizeOf } from './measure.ts';
import type { Scope } from './scope.ts';
import { isMap } from './text.ts';

type Key = Parameters<Context['readProperty']>[1];
type Holder = Parameters<Context['readProperty']>[0];

/** Reads properties as LiquidJS does, own ones only; it holds nothing. */
const plain = new Context({}, engine.options, { sync: true }, { liquid: engine });

/** LiquidJS's own count of memory: ours is taken before a filter runs. */
const UNLIMITED = { use: () => undefined, check: () => undefined };

/** In a filter, `this`, and the context in it. */
export class FilterContext {
  readonly context: this = this;
  readonly liquid = engine;
  readonly opts = engine.options;
  readonly memoryLimit = UNLIMITED;
  readonly ownPropertyOnly = true;
  readonly scope: Scope;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  get budget(): Budget {
    return this.scope.budget;
  }

  readProperty(object: unknown, key: unknown): unknown {
    this.budget.steps(1);
    if (typeof key !== 'number') this.budget.key(sizeOf(key, this.budget));
    return readProperty(object, key, this.scope);
  }

  /** LiquidJS's filters of lists read a property by its path. */
  _getFromScope(holder: unknown, path: string | readonly unknown[]): unknown {
    let at = holder;
    for (const key of typeof path === 'string' ? path.split('.') : path) at = this.readProperty(at, key);
    return at;
  }

  /** LiquidJS's filters that compare a property see the element alone. */
  spawn(element: object): Context {
    return plain.spawn(element);
  }
}

/** What is behind a dot or within brackets. `size` of a row or a record is a column, never Liquid's count of keys. */
export function readProperty(object: unknown, key: unknown, scope: Scope): unknown {
  if (key === 'size' && isMap(object) && !Object.hasOwn(object, key)) {
    return isColumns(object, scope) ? undefined : keysOf(object, scope.budget).length;
  }
  return plain.readProperty(object as Holder, key as Key); // it takes any values
}

function isColumns(object: object, scope: Scope): boolean {
  return object === scope.row || object === scope.record || ['rows', 'records'].some((name) => holds(scope, name, object));
}

function holds(scope: Scope, name: string, object: object): boolean {
  const list = scope.get(name);
  if (!Array.isArray(list)) return false;
  scope.budget.steps(list.length / 32);
  return list.includes(object);
}
