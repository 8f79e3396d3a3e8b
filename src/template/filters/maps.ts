/** Filters of maps. Each answers missing for missing and null, and rejects the row for what is no map. Keys are own keys only. */

import { renderFault } from '../render-fault.ts';
import { isMap, scalarText } from '../text.ts';
import type { FilterFunction } from './registry.ts';

type DataMap = Record<string, unknown>;

function ofMap(name: string, filter: (map: DataMap, args: unknown[]) => unknown): FilterFunction {
  return (value, ...args) => {
    if (value === undefined || value === null) return undefined;
    if (!isMap(value))
      throw renderFault('convert', `${name} was given ${Array.isArray(value) ? 'a list' : 'a value'} that is no map`);
    return filter(value, args);
  };
}

/** Names as arguments, each a text or a list of texts. */
function namesOf(args: readonly unknown[]): Set<string> {
  return new Set(args.flat().map(scalarText));
}

function build(entries: Iterable<readonly [string, unknown]>): DataMap {
  const map: DataMap = Object.create(null);
  for (const [key, value] of entries) map[key] = value;
  return map;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0)
  );
}

function* flatten(map: DataMap, separator: string, prefix: string): Generator<[string, unknown]> {
  for (const [key, value] of Object.entries(map)) {
    if (isMap(value) && Object.keys(value).length > 0) yield* flatten(value, separator, `${prefix}${key}${separator}`);
    else yield [prefix + key, value];
  }
}

export const mapFilters: Readonly<Record<string, FilterFunction>> = {
  /** `{{ record | except: 'id', 'email' }}` */
  except: ofMap('except', (map, args) => {
    const names = namesOf(args);
    return build(Object.entries(map).filter(([key]) => !names.has(key)));
  }),
  only: ofMap('only', (map, args) => {
    const names = namesOf(args);
    return build(Object.entries(map).filter(([key]) => names.has(key)));
  }),
  /** The other map's keys win. */
  merge: ofMap('merge', (map, [other]) => {
    if (other !== undefined && other !== null && !isMap(other)) throw renderFault('argument', 'merge needs a map to merge with');
    return build([...Object.entries(map), ...Object.entries(other ?? {})]);
  }),
  /** `{{ record | rename: 'fn', 'first_name', 'ln', 'last_name' }}` */
  rename: ofMap('rename', (map, args) => {
    if (args.length === 0 || args.length % 2 === 1)
      throw renderFault('argument', "rename needs pairs of names: rename: 'old', 'new'");
    const names = new Map(
      Array.from({ length: args.length / 2 }, (_, i) => [scalarText(args[2 * i]), scalarText(args[2 * i + 1])]),
    );
    return build(Object.entries(map).map(([key, value]) => [names.get(key) ?? key, value]));
  }),
  /** `{{ body | dig: 'data', 0, 'id' }}`: a step that is not there gives missing. */
  dig: (value, ...steps) => {
    let at: unknown = value ?? undefined;
    for (const step of steps.flat()) {
      if (typeof at !== 'object' || at === null) return undefined;
      const key = scalarText(step);
      at = Object.hasOwn(at, key) ? (at as DataMap)[key] : undefined; // an own key of an object, checked just now
    }
    return at;
  },
  compact_object: ofMap('compact_object', (map) => build(Object.entries(map).filter(([, value]) => !isEmpty(value)))),
  /** `{ a: { b: 1 } }` → `{ "a.b": 1 }`; lists stay as they are. */
  flatten_keys: ofMap('flatten_keys', (map, [separator]) =>
    build(flatten(map, separator === undefined ? '.' : scalarText(separator), '')),
  ),
};

export { isEmpty };
