/** YAML trees whose text leaves are templates: compiled once, evaluated to plain values or written as JSON. */

import type { JsonWriter } from '../json/writer.ts';
import { fixed, type Run } from './code.ts';
import type { Names, TemplateProblem } from './names.ts';
import { asRenderFault } from './render-fault.ts';
import type { Scope } from './scope.ts';
import { type Compiled, compileLeaf } from './template.ts';
import { isMap } from './text.ts';
import { type MapNode, type Node, type Omit, stepsOf } from './tree-node.ts';
import { compileValue } from './tree-value.ts';
import { LinesWriter, TreeWriter } from './tree-writer.ts';

export type { Omit };

/** Makes a value; undefined is a missing one. */
export interface Tree extends Compiled {
  /** @throws {Fault} */
  value(scope: Scope): unknown;

  /**
   * Writes exactly `stringifyJson(value(scope))`; nothing where the value is missing, of which it tells by false.
   * @throws {Fault} as `value` does; what was written until then stays
   */
  write(scope: Scope, out: JsonWriter): boolean;

  /**
   * Writes a list as the JSON of each of its elements behind the other, with a line feed behind each; anything else as one of them.
   * @throws {Fault} as `value` does
   */
  writeLines(scope: Scope, out: JsonWriter): void;

  /** Whether it reads `items` only in leaves that are `{{ items }}` and nothing else, or not at all: to `write` it, `WrittenJson` of them will do. */
  readonly passesItems: boolean;

  /** Whether it is such a leaf. */
  readonly isItems: boolean;

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
  return new CompiledTree(compileNode(tree, [], to), to);
}

class CompiledTree implements Tree {
  readonly names: ReadonlySet<string>;
  readonly templates: number;
  readonly passesItems: boolean;
  readonly isItems: boolean;
  readonly #steps: number;
  readonly #value: Run;
  readonly #writer: TreeWriter;
  readonly #lines: LinesWriter;

  constructor(node: Node, { used, templates, items }: Compiling) {
    this.names = used;
    this.templates = templates;
    this.passesItems = items.alone === items.read;
    this.isItems = node.kind === 'leaf' && isItems(node.code.path);
    this.#steps = stepsOf(node);
    this.#value = compileValue(node);
    this.#writer = new TreeWriter(node);
    this.#lines = new LinesWriter(node);
  }

  value(scope: Scope): unknown {
    try {
      scope.budget.steps(this.#steps);
      return this.#value(scope);
    } catch (error) {
      throw asRenderFault(error);
    }
  }

  write(scope: Scope, out: JsonWriter): boolean {
    try {
      scope.budget.steps(this.#steps);
      return this.#writer.write(scope, out);
    } catch (error) {
      throw asRenderFault(error);
    }
  }

  writeLines(scope: Scope, out: JsonWriter): void {
    try {
      scope.budget.steps(this.#steps);
      this.#lines.write(scope, out);
    } catch (error) {
      throw asRenderFault(error);
    }
  }
}

/** Whether a leaf is `{{ items }}`, and nothing else. */
function isItems(path: readonly string[] | undefined): boolean {
  return path?.length === 1 && path[0] === 'items';
}

interface Compiling {
  readonly names: Names;
  readonly report: ReportAt;
  readonly omit: Omit;
  readonly used: Set<string>;
  templates: number;
  /** How many leaves read the items, and how many of them are nothing else and may be given what is only to be printed. */
  readonly items: { alone: number; read: number };
}

/** @param asValue whether a template may look into the map around it */
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
  return isMap(node) ? compileMap(node, path, to, asValue) : { kind: 'leaf', code: fixed(inJson(node)) };
}

/** YAML has numbers that JSON has not. */
function inJson(scalar: unknown): unknown {
  return typeof scalar === 'number' && !Number.isFinite(scalar) ? null : scalar;
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
