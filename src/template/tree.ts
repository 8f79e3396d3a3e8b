/** YAML trees whose text leaves are templates: compiled once, evaluated to plain values, or written as JSON text at once. */

import { fixed } from './code.ts';
import type { Names, TemplateProblem } from './names.ts';
import { asRenderFault } from './render-fault.ts';
import type { Scope } from './scope.ts';
import { type Compiled, compileLeaf } from './template.ts';
import { isMap } from './text.ts';
import { generateWriter } from './tree-generator.ts';
import { type MapNode, type Node, type Omit, stepsOf } from './tree-node.ts';
import { compileValue } from './tree-value.ts';
import { compileLines, isItems } from './tree-writer.ts';

export type { Omit };

/** Makes a value; undefined is a missing one. */
export interface Tree extends Compiled {
  /** @throws {Fault} */
  value(scope: Scope): unknown;

  /**
   * Exactly `stringifyJson(value(scope))`, but written at once; undefined where the value is missing.
   * @throws {Fault} as `value` does
   */
  json(scope: Scope): string | undefined;

  /**
   * Of the tree of an item: the lines that the item is in ndjson. A list is as many lines as it has elements, for actions
   * and their documents; anything else is one line, a missing value `null`.
   * @throws {Fault} as `value` does
   */
  lines(scope: Scope): readonly string[];

  /**
   * What of the tree may be made of the texts of its items, so that no item is held as a value:
   * - `whole`: the tree is `{{ items }}` and nothing else. Its JSON is `[` and the items' `json ?? 'null'` with commas between
   *   them and `]`; as ndjson it is the items' `lines`, each with a line feed behind it.
   * - `within`: it reads `items` only in leaves that are `{{ items }}` and nothing else, or not at all: see `jsonWith`.
   * - `no`: it reads `items` in another way, and needs their values.
   */
  readonly takesItems: 'whole' | 'within' | 'no';

  /**
   * `json`, with the texts of the items instead of their values: the scope needs no `items`.
   * @param items their `json ?? 'null'`, with commas between them
   * @throws {Fault} as `value` does; where `takesItems` is `no` what it gives is meaningless
   */
  jsonWith(scope: Scope, items: string): string | undefined;

  /** How many of its leaves are templates. */
  readonly templates: number;
}

export type Path = readonly (string | number)[];

/** Reports a problem of the leaf at a path inside the tree; the key itself where `key` is set. */
export type ReportAt = (path: Path, problem: TemplateProblem, key?: boolean) => void;

/** The key that spreads a map into the map around it. */
const SPREAD = '...';

export function compileTree(tree: unknown, names: Names, report: ReportAt, omit: Omit = 'nothing'): Tree {
  const to: Compiling = { names, report, omit, used: new Set(), templates: 0, items: { alone: 0, read: 0 } };
  const node = compileNode(tree, [], to);
  const steps = stepsOf(node);
  const value = compileValue(node);
  const write = generateWriter(node);
  const lines = compileLines(node);
  const whole = node.kind === 'leaf' && isItems(node.code.path);
  const within = to.items.alone === to.items.read;
  return {
    names: to.used,
    templates: to.templates,
    takesItems: whole ? 'whole' : within ? 'within' : 'no',
    value: (scope) => run(value, steps, scope, undefined),
    json: (scope) => run(write, steps, scope, undefined),
    jsonWith: (scope, items) => run(write, steps, scope, items),
    lines: (scope) => run(lines, steps, scope, undefined),
  };
}

function run<T>(body: (scope: Scope, items: string | undefined) => T, steps: number, scope: Scope, items: string | undefined): T {
  try {
    scope.budget.steps(steps);
    return body(scope, items);
  } catch (error) {
    throw asRenderFault(error);
  }
}

interface Compiling {
  readonly names: Names;
  readonly report: ReportAt;
  readonly omit: Omit;
  readonly used: Set<string>;
  templates: number;
  /** How many leaves read the items, and how many of them are made of nothing else and may be written from their texts. */
  readonly items: { alone: number; read: number };
}

/** @param asValue whether a map around it may be made as a value */
function compileNode(node: unknown, path: Path, to: Compiling, asValue = false): Node {
  if (typeof node === 'string') {
    const leaf = compileLeaf(node, to.names, (problem) => to.report(path, problem));
    const code = leaf?.code ?? fixed(undefined);
    if (leaf?.template === true) to.templates++;
    for (const name of leaf?.names ?? []) to.used.add(name);
    if (leaf?.names.has('items')) to.items.read++;
    if (!asValue && isItems(code.path)) to.items.alone++;
    return { kind: 'leaf', code };
  }
  if (Array.isArray(node))
    return { kind: 'list', items: node.map((item, index) => compileNode(item, [...path, index], to, asValue)) };
  return isMap(node) ? compileMap(node, path, to, asValue) : { kind: 'leaf', code: fixed(node) };
}

function compileMap(node: Record<string, unknown>, path: Path, to: Compiling, asValue: boolean): MapNode {
  const spreads = Object.hasOwn(node, SPREAD);
  const entries: [string, Node][] = [];
  let spread: Node | undefined;
  for (const [key, child] of Object.entries(node)) {
    const compiled = compileNode(child, [...path, key], to, asValue || spreads);
    if (key === SPREAD) {
      if (!isMap(child) && child !== null && !(typeof child === 'string' && child.startsWith('{{')))
        to.report([...path, key], NO_MAP);
      spread = compiled;
    } else {
      if (/\{\{|\{%/.test(key)) to.report([...path, key], keyProblem(key), true);
      entries.push([key, compiled]);
    }
  }
  return { kind: 'map', entries, spread, omit: to.omit };
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
