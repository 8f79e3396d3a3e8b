/**
 * Writes the function that makes the JSON of a tree as JavaScript: one function, where closures are two calls a leaf, takes a third less.
 * No text of a template or of a manifest is ever code: texts get into it as literals that `JSON.stringify` makes, everything else as an
 * element of a list that is handed to it. Where the process may not make code from texts, closures do the same.
 */

import { stringifyJson } from '../numbers.ts';
import type { Code } from './code.ts';
import { isClean, jsonOf } from './json-value.ts';
import type { Scope } from './scope.ts';
import type { MapNode, Node, Omit } from './tree-node.ts';
import { compileDropping, compileLeaf, compileWriter, isItems, isKept, type Write } from './tree-writer.ts';

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

export function generateWriter(node: Node): Write {
  if (!allowed || node.kind === 'leaf' || leavesOf(node) > MAX_LEAVES) return compileWriter(node);
  const generator = new Generator();
  generator.node(node);
  return generator.end();
}

function leavesOf(node: Node): number {
  if (node.kind === 'leaf') return 1;
  const children = node.kind === 'list' ? node.items : node.entries.map(([, child]) => child);
  return children.reduce((sum, child) => sum + leavesOf(child), 1);
}

/** Whether a comma is due in a map: `maybe` where it depends on values whether anything stands in it. */
type Filled = 'no' | 'maybe' | 'yes';

type Prefix = (quote: string) => string;

/*
 * In the code `t` is the text so far; `q` whether the quote behind it is still to be written, which is done together with what
 * follows; `s0`, `s1` … how long the text is where a map begins; `v` and `o` a value and its JSON.
 */
class Generator {
  readonly #lines: string[] = [];
  readonly #used: unknown[] = [];
  /** Constant text that comes next, and is not in the code yet. */
  #pending = '';
  #starts = 0;

  node(node: Node): void {
    if (node.kind === 'leaf') this.#element(node.code);
    else if (node.kind === 'list') this.#list(node.items);
    else if (node.spread === undefined) this.#map(node);
    else this.#append(this.#called(compileWriter(node)));
  }

  end(): Write {
    const [all, quoted] = [quote(this.#pending), quote(`"${this.#pending}`)];
    const code = `return function (scope, items) {
      const record = recordOf(scope), row = rowOf(scope);
      let t = '', q = false, v, o;
      ${this.#lines.join('\n')}
      return t + (q ? ${quoted} : ${all});
    };`;
    const made = make(code, 'use', 'clean', 'json', 'recordOf', 'rowOf');
    return made(this.#used, isClean, jsonOf, plainRecord, plainRow) as Write; // the function that is returned there
  }

  #list(items: readonly Node[]): void {
    this.#pending += '[';
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#pending += ',';
      this.node(item);
    }
    this.#pending += ']';
  }

  /** Positions hold: a missing element is null. */
  #element(code: Code): void {
    const { fixed, path } = code;
    if (fixed !== undefined) this.#pending += stringifyJson(fixed.value ?? null);
    else if (isItems(path)) this.#append(`${this.#called(compileLeaf(code, 'nothing'))} ?? 'null'`);
    else {
      const prefix = this.#take();
      this.#lines.push(`${this.#quick(code, prefix)} { t = t + ${prefix('')} + (json(v) ?? 'null'); q = false; }`);
    }
  }

  #append(value: string): void {
    this.#lines.push(`t = t + ${this.#take()('')} + (${value}); q = false;`);
  }

  #map({ entries, omit }: MapNode): void {
    this.#pending += '{';
    let filled: Filled = 'no';
    const start = `s${this.#starts++}`;
    for (const [key, child] of entries) {
      const name = `${JSON.stringify(key)}:`;
      if (isSure(child, omit)) {
        if (filled === 'maybe') this.#lines.push(`t += ${this.#due(start, name)('')}; q = false;`);
        else this.#pending += filled === 'yes' ? `,${name}` : name;
        this.node(child);
        filled = 'yes';
        continue;
      }
      if (filled === 'no') {
        this.#lines.push(`const ${start} = t.length + (q ? ${this.#pending.length + 1} : ${this.#pending.length});`);
        filled = 'maybe';
        this.#entry(child, omit, this.#pending, this.#before(this.#pending + name));
      } else
        this.#entry(
          child,
          omit,
          this.#pending,
          filled === 'maybe' ? this.#due(start, name) : this.#before(`${this.#pending},${name}`),
        );
      this.#pending = '';
    }
    this.#pending += '}';
  }

  /** @param before what is written where the entry is missing */
  #entry(child: Node, omit: Omit, before: string, prefix: Prefix): void {
    const missing = before === '' ? '' : `else { t += ${this.#before(before)('')}; q = false; }`;
    if (child.kind === 'leaf' && omit === 'nothing' && !isItems(child.code.path))
      this.#lines.push(
        `${this.#quick(child.code, prefix)} if ((o = json(v)) !== undefined) { t = t + ${prefix('')} + o; q = false; } ${missing}`,
      );
    else
      this.#lines.push(
        `if ((o = ${this.#called(compileDropping(child, omit))}) !== undefined) { t = t + ${prefix('')} + o; q = false; } ${missing}`,
      );
  }

  /** The code for a text that needs no escapes, up to what follows `else`. */
  #quick(code: Code, prefix: Prefix): string {
    return `v = ${this.#read(code)}; if (typeof v === 'string' && clean(v)) { t = t + ${prefix('"')} + v; q = true; } else`;
  }

  /** Most leaves read a column of the row, by a name that nothing but a column can have. */
  #read({ run, path }: Code): string {
    const called = `use[${this.#used.push(run) - 1}](scope)`;
    const [first, key, third] = path ?? [];
    if ((first !== 'record' && first !== 'row') || key === undefined || third !== undefined) return called;
    return `${first} === undefined ? ${called} : ${first}[${quote(key)}]`;
  }

  #called(write: Write): string {
    return `use[${this.#used.push(write) - 1}](scope, items)`;
  }

  #take(): Prefix {
    const pending = this.#pending;
    this.#pending = '';
    return this.#before(pending);
  }

  #before(text: string): Prefix {
    return (more) => `(q ? ${quote(`"${text}${more}`)} : ${quote(text + more)})`;
  }

  /** A key before which a comma is due, or not. */
  #due(start: string, name: string): Prefix {
    return (more) =>
      `(t.length === ${start} ? ${quote(name + more)} : q ? ${quote(`",${name}${more}`)} : ${quote(`,${name}${more}`)})`;
  }
}

/** A text as a literal of JavaScript, which JSON's texts are. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function plainRecord(scope: Scope): unknown {
  return scope.plainRecord;
}

function plainRow(scope: Scope): unknown {
  return scope.plainRow;
}

/** Whether an entry is there, whatever the values are. */
function isSure(node: Node, omit: Omit): boolean {
  return node.kind === 'leaf' ? node.code.fixed !== undefined && isKept(node.code.fixed.value, omit) : omit !== 'empties';
}
