/** The value of a tree. */

import { checked } from './checked.ts';
import type { Run } from './code.ts';
import { isEmpty } from './filters/maps.ts';
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
const KEEPERS: Readonly<Record<Omit, (value: unknown) => boolean>> = {
  nothing: (value) => value !== undefined,
  nulls: (value) => value !== undefined && value !== null,
  empties: (value) => !isEmpty(value),
};

type DataMap = Record<string, unknown>;

function compileMap({ entries: given, omit, spread }: MapNode): Run {
  const keep = KEEPERS[omit];
  const entries = given.map(([key, child]) => [key, compileValue(child)] as const);
  const begin = spread === undefined ? emptyMap : compileSpread(spread, keep);
  return (scope) => {
    const map = begin(scope);
    for (const [key, build] of entries) {
      const value = build(scope);
      if (keep(value)) map[key] = value;
      // Keys that are written win over those that are spread, also where what they hold is left out.
      else if (spread !== undefined) delete map[key];
    }
    return map;
  };
}

function emptyMap(): DataMap {
  return Object.create(null);
}

/** The map that is spread into another; of a missing one there are no keys. */
function compileSpread(node: Node, keep: (value: unknown) => boolean): (scope: Scope) => DataMap {
  const value = compileValue(node);
  return (scope) => {
    const map = emptyMap();
    for (const [key, own] of Object.entries(spreadable(value(scope)))) if (keep(own)) map[key] = own;
    return map;
  };
}

function spreadable(value: unknown): DataMap {
  if (value === undefined || value === null) return {};
  if (isMap(value)) return value;
  throw renderFault('spread', `"..." was given ${Array.isArray(value) ? 'a list' : 'a value'} that is no map`);
}
