/** YAML trees whose text leaves are templates: compiled once, evaluated to plain values. */

import { isEmpty } from './filters/maps.ts';
import type { Names, TemplateProblem } from './names.ts';
import { renderFault } from './render-fault.ts';
import type { Scope } from './scope.ts';
import { type Compiled, compileLeaf } from './template.ts';
import { isMap } from './text.ts';

/** What is left out of maps beside missing values. */
export type Omit = 'nothing' | 'nulls' | 'empties';

/** Makes a value; undefined is a missing one. */
export interface Tree extends Compiled {
  /** @throws {Fault} */
  value(scope: Scope): unknown;
}

/** Reports a problem of the leaf at a path inside the tree; the key itself where `key` is set. */
export type ReportAt = (path: readonly (string | number)[], problem: TemplateProblem, key?: boolean) => void;

type Build = (scope: Scope) => unknown;

/** The key that spreads a map into the map around it. */
const SPREAD = '...';

export function compileTree(tree: unknown, names: Names, report: ReportAt, omit: Omit = 'nothing'): Tree {
  const used = new Set<string>();
  const build = compileNode(tree, [], { names, report, omit, used });
  return { names: used, value: build };
}

interface Compiling {
  readonly names: Names;
  readonly report: ReportAt;
  readonly omit: Omit;
  readonly used: Set<string>;
}

function compileNode(node: unknown, path: readonly (string | number)[], to: Compiling): Build {
  if (typeof node === 'string') {
    const leaf = compileLeaf(node, to.names, (problem) => to.report(path, problem));
    for (const name of leaf?.names ?? []) to.used.add(name);
    return leaf === undefined ? () => undefined : leaf.value;
  }
  if (Array.isArray(node)) {
    const items = node.map((item, index) => compileNode(item, [...path, index], to));
    // Positions hold: a missing element is null.
    return (scope) => items.map((item) => item(scope) ?? null);
  }
  return isMap(node) ? compileMap(node, path, to) : () => node;
}

function compileMap(node: Record<string, unknown>, path: readonly (string | number)[], to: Compiling): Build {
  const entries: [string, Build][] = [];
  let spread: Build | undefined;
  for (const [key, child] of Object.entries(node)) {
    const build = compileNode(child, [...path, key], to);
    if (key === SPREAD) {
      if (!isMap(child) && child !== null && !(typeof child === 'string' && child.startsWith('{{')))
        to.report([...path, key], NO_MAP);
      spread = build;
    } else {
      if (/\{\{|\{%/.test(key)) to.report([...path, key], keyProblem(key), true);
      entries.push([key, build]);
    }
  }
  const keep = KEEPERS[to.omit];
  return (scope) => {
    const map: Record<string, unknown> = Object.create(null);
    if (spread !== undefined) {
      for (const [key, value] of Object.entries(spreadable(spread(scope)))) if (keep(value)) map[key] = value;
    }
    for (const [key, build] of entries) {
      const value = build(scope);
      if (keep(value)) map[key] = value;
      // Keys written here win, also where what they hold is left out.
      else if (spread !== undefined) delete map[key];
    }
    return map;
  };
}

const KEEPERS: Readonly<Record<Omit, (value: unknown) => boolean>> = {
  nothing: (value) => value !== undefined,
  nulls: (value) => value !== undefined && value !== null,
  empties: (value) => !isEmpty(value),
};

function spreadable(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (isMap(value)) return value;
  throw renderFault('spread', `"..." was given ${Array.isArray(value) ? 'a list' : 'a value'} that is no map`);
}

const NO_MAP: TemplateProblem = {
  code: 'template.spread',
  sentence: '"..." spreads a map into the map around it; expected a map, or one {{ … }} that yields a map.',
  offset: 0,
  length: 1,
};

function keyProblem(key: string): TemplateProblem {
  const sentence = 'Keys are literal. To make keys from data, spread a map: "...": "{{ record | only: \'a\' }}".';
  return { code: 'template.key', sentence, offset: 0, length: key.length };
}
