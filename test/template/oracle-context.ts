/** What LiquidJS evaluates in, when it is the judge: its own context and operators, which tell where the design says otherwise. */

import { Context, Drop, defaultOperators, type Liquid, type Operators, toValue } from 'liquidjs';
import type { Values } from '../../src/template/scope.ts';
import { isMap } from '../../src/template/text.ts';
import { type Allowed, Refused } from './oracle-differences.ts';

/** Elements of a range: one of many more would never end. */
const MAX_RANGE = 1_000_000;

/** LiquidJS tells it how long a range gets to be; filters tell other things, which bound nothing. */
class RangeLimit {
  readonly allowed = new Set<Allowed>();
  #inFilter = false;

  filter<T>(run: () => T): T {
    this.#inFilter = true;
    try {
      return run();
    } finally {
      this.#inFilter = false;
    }
  }

  use(count: number): void {
    if (this.#inFilter) return;
    if (count > MAX_RANGE) throw new Error('a range that would not end');
  }
}

/** What a template sees; tells of what LiquidJS does otherwise than we do. */
export class Judged extends Context {
  readonly limit: RangeLimit;
  readonly #columns: ReadonlySet<unknown>;

  constructor(values: Values, liquid: Liquid) {
    const limit = new RangeLimit();
    const limits = { memoryLimit: limit } as unknown as ConstructorParameters<typeof Context>[3]; // its own class is not exported
    super(Object.assign(Object.create(null), values), liquid.options, { sync: true }, { liquid, ...limits });
    this.limit = limit;
    const { row, record, rows, records } = values;
    this.#columns = new Set([row, record, ...(Array.isArray(rows) ? rows : []), ...(Array.isArray(records) ? records : [])]);
  }

  get allowed(): Set<Allowed> {
    return this.limit.allowed;
  }

  override readProperty(...[object, key]: Parameters<Context['readProperty']>): unknown {
    if (key !== 'size' || !isMap(object) || object instanceof Drop || Object.hasOwn(object, key) || !this.#columns.has(object))
      return super.readProperty(object, key);
    this.allowed.add('size of a row is a column');
    return undefined;
  }
}

/** A generator, as LiquidJS's own operators are. */
type Operator = (left: unknown, right: unknown, context: Judged) => Iterator<unknown, boolean>;

/** LiquidJS's own, but for what the design settles otherwise: then they say so. */
export const JUDGING: Operators = {
  ...defaultOperators,
  ...Object.fromEntries(['<', '<=', '>', '>='].map((name) => [name, ordering(name)])),
  contains: asOperator(function* contains(left, right, context) {
    const part: unknown = toValue(right);
    if (typeof toValue(left) !== 'string' || !(Array.isArray(part) || isMap(part)))
      return (yield own('contains', left, right, context)) as boolean; // an operator's answer
    context.allowed.add('a text contains no list and no map');
    return false;
  }),
};

function ordering(name: string): Operators[string] {
  return asOperator(function* ordered(left, right, context) {
    const sides: unknown[] = [toValue(left), toValue(right)];
    const isGrouped = sides.some((side) => Array.isArray(side) || isMap(side));
    if (sides.some((side) => side === null || side === undefined)) {
      // JavaScript may fail to make text of a map.
      if (isGrouped || (yield own(name, left, right, context))) context.allowed.add('missing and null are in no order');
      return false;
    }
    if (isGrouped) throw new Refused('lists and maps are in no order');
    return (yield own(name, left, right, context)) as boolean; // an operator's answer
  });
}

function own(name: string, ...operands: [unknown, unknown, Judged]): unknown {
  return (defaultOperators[name] as (...given: unknown[]) => unknown)(...operands); // its type leaves the context out
}

function asOperator(operator: Operator): Operators[string] {
  return operator as unknown as Operators[string]; // the library types what its own return as booleans
}
