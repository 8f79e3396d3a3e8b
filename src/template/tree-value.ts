/** The value of a tree. */

import type { Run } from './code.ts';
import { isEmpty } from './filters/maps.ts';
import { checked } from './json-value.ts';
import { renderFault } from './render-fault.ts';
import type { Scope } from './scope.ts';
import { isMap } from './text.ts';
import type { MapNode, Node, Omit } from './tree-node.ts';

export function compileValue(node: Node): Run {
  if (node.kind === 'map') return compileMap(node);
  if (node.kind === 'list') {
    const items = node.items.map(compileValue);
    // Positions hold: a missing element is null.
    return (scope) => items.map((item) => item(scope) ?? null);
  }
  const { run, fixed } = node.code;
  return fixed === undefined ? (scope) => checked(run(scope)) : () => fixed.value;
}

/** Which values stay. */
export const KEEPERS: Readonly<Record<Omit, (value: unknown) => boolean>> = {
  nothing: (value) => value !== undefined,
  nulls: (value) => value !== undefined && value !== null,
  empties: (value) => !isEmpty(value),
};

function compileMap(node: MapNode): Run {
  const { spread } = node;
  const fill = compileEntries(node);
  if (spread === undefined) return (scope) => fill(Object.create(null), scope);
  const merge = compileMerge(node);
  const map = compileSpread(spread);
  return (scope) => merge(map(scope), scope);
}

type DataMap = Record<string, unknown>;

/** The map that is spread into another; of a missing one there are no keys. */
export function compileSpread(node: Node): (scope: Scope) => DataMap {
  const value = compileValue(node);
  return (scope) => spreadable(value(scope));
}

/** A map that is spread, and the keys that are written beside it: these win, also where what they hold is left out. */
export function compileMerge(node: MapNode): (spread: DataMap, scope: Scope) => DataMap {
  const fill = compileEntries(node);
  const keep = KEEPERS[node.omit];
  return (spread, scope) => {
    const map: DataMap = Object.create(null);
    for (const [key, value] of Object.entries(spread)) if (keep(value)) map[key] = value;
    return fill(map, scope);
  };
}

function compileEntries({ entries: given, omit, spread }: MapNode): (map: DataMap, scope: Scope) => DataMap {
  const entries = given.map(([key, child]) => [key, compileValue(child)] as const);
  const keep = KEEPERS[omit];
  return (map, scope) => {
    for (const [key, build] of entries) {
      const value = build(scope);
      if (keep(value)) map[key] = value;
      else if (spread !== undefined) delete map[key];
    }
    return map;
  };
}

function spreadable(value: unknown): DataMap {
  if (value === undefined || value === null) return {};
  if (isMap(value)) return value;
  throw renderFault('spread', `"..." was given ${Array.isArray(value) ? 'a list' : 'a value'} that is no map`);
}
