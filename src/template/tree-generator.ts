/**
 * Writes the function that makes the value of a tree, to be printed as JSON, as JavaScript: an object literal, which V8 makes in one piece.
 * No text of a template or of a manifest is ever code: texts get into it as literals that `JSON.stringify` makes, everything else as an
 * element of a list that is handed to it. Where the process may not make code from texts, closures make the same value.
 */

import { checked } from './checked.ts';
import type { Code, Run } from './code.ts';
import type { Columns, Scope, Values } from './scope.ts';
import type { MapNode, Node } from './tree-node.ts';
import { compileValue } from './tree-value.ts';

/** V8 leaves functions that are too long unoptimized. */
const MAX_LEAVES = 300;

/** Such as `--disallow-code-generation-from-strings` says. */
const allowed = mayGenerate();

function mayGenerate(): boolean {
  try {
    return make('return true')() === true;
  } catch {
    return false;
  }
}

function make(body: string, ...names: string[]): (...values: unknown[]) => unknown {
  return new Function(...names, body) as (...values: unknown[]) => unknown; // whatever it is called with
}

/** A value whose JSON is that of the tree: what is missing may stand in its maps as undefined, which JSON leaves out. */
export function generateJsonValue(node: Node): Run {
  if (!allowed || node.kind === 'leaf' || leavesOf(node) > MAX_LEAVES) return compileValue(node);
  return new Generator().function(node);
}

function leavesOf(node: Node): number {
  if (node.kind === 'leaf') return 1;
  const children = node.kind === 'list' ? node.items : node.entries.map(([, child]) => child);
  return children.reduce((sum, child) => sum + leavesOf(child), 1);
}

/* In the code `from` is what fields are read from, `keys` the key there of each of them; `v` a value and `k` a key. */
class Generator {
  readonly #used: unknown[] = [];
  readonly #fields: string[] = [];
  #readsRow = false;

  function(node: Node): Run {
    const made = this.#node(node);
    const code = `return function (scope) {
      ${this.#readsRow ? 'const row = rowOf(scope);' : ''}
      ${this.#fields.length > 0 ? 'const from = sourceOf(scope), keys = columnsOf(scope, fields);' : ''}
      let v, k;
      return ${made};
    };`;
    const names = ['use', 'fields', 'checked', 'rowOf', 'sourceOf', 'columnsOf'];
    return make(code, ...names)(this.#used, this.#fields, checked, rowOf, sourceOf, columnsOf) as Run; // the function that is returned there
  }

  #node(node: Node): string {
    if (node.kind === 'leaf') return this.#leaf(node.code);
    if (node.kind === 'list') return `[${node.items.map((item) => this.#node(item)).join()}]`;
    // What is left out of these depends on what is in them, or their keys do.
    if (node.spread !== undefined || node.omit === 'empties') return this.#called(compileValue(node));
    return this.#map(node);
  }

  #map({ entries, omit }: MapNode): string {
    const made = entries.map(([key, child]) => {
      const value = this.#node(child);
      // In brackets it takes longer, but without them it sets what the map derives from.
      return `${key === '__proto__' ? '["__proto__"]' : quote(key)}: ${omit === 'nulls' && child.kind === 'leaf' ? `(${value}) ?? undefined` : value}`;
    });
    return `{${made.join()}}`;
  }

  #leaf(code: Code): string {
    const { fixed } = code;
    if (typeof fixed?.value === 'string') return quote(fixed.value);
    if (fixed !== undefined) return `use[${this.#used.push(fixed.value) - 1}]`;
    return `typeof (v = ${this.#read(code)}) === 'string' ? v : checked(v)`;
  }

  /** Most leaves read a column of the row, by a name that nothing but a column can have. */
  #read({ run, path }: Code): string {
    const called = this.#called(run);
    const [first, key, third] = path ?? [];
    if (key === undefined || third !== undefined) return called;
    if (first === 'row') {
      this.#readsRow = true;
      return `row === undefined ? ${called} : row[${quote(key)}]`;
    }
    if (first !== 'record') return called;
    return `(k = keys[${this.#fields.push(key) - 1}]) === undefined ? ${called} : from[k]`;
  }

  #called(run: Run): string {
    return `use[${this.#used.push(run) - 1}](scope)`;
  }
}

/** A text as a literal of JavaScript, which JSON's texts are. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function rowOf(scope: Scope): Values | undefined {
  return scope.plainRow;
}

function sourceOf(scope: Scope): Readonly<Values> | undefined {
  return scope.fields === undefined ? scope.plainRecord : scope.fields.row;
}

const NO_COLUMNS: Columns = [];

function columnsOf(scope: Scope, fields: readonly string[]): Columns {
  if (scope.fields !== undefined) return scope.fields.columns(fields);
  return scope.plainRecord === undefined ? NO_COLUMNS : fields;
}
