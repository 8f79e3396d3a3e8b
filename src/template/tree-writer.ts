/** The JSON text of a tree, written at once: what surrounds its leaves is constant, and nothing is joined twice. */

import { stringifyJson } from '../numbers.ts';
import type { Run } from './code.ts';
import { isEmpty } from './filters/maps.ts';
import { checked, isClean, jsonOf } from './json-value.ts';
import type { Scope } from './scope.ts';
import type { MapNode, Node, Omit } from './tree-node.ts';
import { compileMerge, compileSpread, compileValue, KEEPERS } from './tree-value.ts';

/** The texts of the items, where they are made already. */
type Items = string | undefined;

/** The JSON of the whole; undefined where it is missing. */
export type Write = (scope: Scope, items: Items) => string | undefined;

/** Appends to a text. */
type Append = (scope: Scope, text: string, items: Items) => string;

/** Appends a key and its value to the text of a map that begins at `start`, or nothing. */
type AppendEntry = (scope: Scope, text: string, start: number, items: Items) => string;

export function compileWriter(node: Node): Write {
  if (node.kind === 'leaf') return compileLeaf(node.code, 'nothing');
  const append = node.kind === 'map' ? compileMap(node) : compileList(node.items);
  return (scope, items) => append(scope, '', items);
}

/** Whether a leaf is `{{ items }}`, and nothing else. */
export function isItems(path: readonly string[] | undefined): boolean {
  return path?.length === 1 && path[0] === 'items';
}

type Leaf = Extract<Node, { kind: 'leaf' }>['code'];

/** Undefined is also what is left out of the map around it. */
export function compileLeaf({ run, fixed, path }: Leaf, omit: Omit): Write {
  if (fixed !== undefined) {
    const text = isKept(fixed.value, omit) ? stringifyJson(fixed.value) : undefined;
    return () => text;
  }
  const write = (scope: Scope) => {
    const value = omit === 'nothing' ? run(scope) : checked(run(scope));
    return isKept(value, omit) ? jsonOf(value) : undefined;
  };
  if (!isItems(path)) return write;
  const whole = (items: string) => (items === '' && omit === 'empties' ? undefined : `[${items}]`);
  return (scope, items) => (items === undefined ? write(scope) : whole(items));
}

export function isKept(value: unknown, omit: Omit): boolean {
  return omit === 'empties' ? !isEmpty(value) : value !== undefined && (value !== null || omit === 'nothing');
}

/** The JSON of an entry of a map; undefined also where the map leaves it out. */
export function compileDropping(node: Node, omit: Omit): Write {
  if (node.kind === 'leaf') return compileLeaf(node.code, omit);
  const append = compileElement(node);
  if (omit !== 'empties') return (scope, items) => append(scope, '', items);
  return (scope, items) => {
    const text = append(scope, '', items);
    return text.length === '{}'.length ? undefined : text;
  };
}

/** Positions hold: a missing element is null. */
function compileElement(node: Node): Append {
  if (node.kind === 'map') return compileMap(node);
  if (node.kind === 'list') return compileList(node.items);
  const write = compileLeaf(node.code, 'nothing');
  return (scope, text, items) => text + (write(scope, items) ?? 'null');
}

function compileList(nodes: readonly Node[]): Append {
  const [first, ...rest] = nodes.map(compileElement);
  if (first === undefined) return (_, text) => `${text}[]`;
  return (scope, before, items) => {
    let text = first(scope, `${before}[`, items);
    for (const append of rest) text = append(scope, `${text},`, items);
    return `${text}]`;
  };
}

function compileMap(node: MapNode): Append {
  const entries = node.entries.map(([key, child]) => compileEntry(key, child, node.omit));
  const begin = node.spread === undefined ? undefined : compileBeginning(node, node.spread);
  return (scope, before, items) => {
    let text = before;
    if (begin !== undefined) {
      const begun = begin(scope);
      if (begun.whole) return before + begun.text;
      text += begun.text;
    }
    for (const append of entries) text = append(scope, text, before.length, items);
    return text.length === before.length ? `${text}{}` : `${text}}`;
  };
}

/** A key that stands before all others in a map of JavaScript's. */
const INDEX = /^\d+$/;

/** What a spread map is in the text of the map around it: its beginning; or, where their keys are not one behind the other, the whole. */
function compileBeginning(node: MapNode, spread: Node): (scope: Scope) => { readonly text: string; readonly whole: boolean } {
  const map = compileSpread(spread);
  const merge = compileMerge(node);
  const keep = KEEPERS[node.omit];
  const keys = node.entries.map(([key]) => key);
  const first = keys.some((key) => INDEX.test(key));
  return (scope) => {
    const given = map(scope);
    const apart = !first && !keys.some((key) => Object.hasOwn(given, key));
    if (!apart || (node.omit !== 'nothing' && !Object.values(given).every(keep)))
      return { text: stringifyJson(merge(given, scope)), whole: true };
    // What is missing is in no JSON.
    const text = stringifyJson(given);
    return { text: text === '{}' ? '' : text.slice(0, -1), whole: false };
  };
}

function compileEntry(key: string, node: Node, omit: Omit): AppendEntry {
  const name = `${JSON.stringify(key)}:`;
  const [first, next] = [`{${name}`, `,${name}`];
  if (node.kind !== 'leaf') {
    const append = compileElement(node);
    const least = omit === 'empties' ? '{}'.length : 0;
    return (scope, text, start, items) => {
      const before = text + (text.length === start ? first : next);
      const whole = append(scope, before, items);
      return whole.length === before.length + least ? text : whole;
    };
  }
  const { fixed, path, run } = node.code;
  if (omit === 'nothing' && fixed === undefined && !isItems(path)) return compileLeafEntry(first, next, run);
  const write = compileLeaf(node.code, omit);
  return (scope, text, start, items) => {
    const own = write(scope, items);
    return own === undefined ? text : text + (text.length === start ? first : next) + own;
  };
}

/** What most entries are: a text in which nothing is escaped is quoted by what stands around it. */
function compileLeafEntry(first: string, next: string, run: Run): AppendEntry {
  const [firstQuoted, nextQuoted] = [`${first}"`, `${next}"`];
  return (scope, text, start) => {
    const value = run(scope);
    if (typeof value === 'string' && isClean(value))
      return `${text + (text.length === start ? firstQuoted : nextQuoted) + value}"`;
    const own = jsonOf(value);
    return own === undefined ? text : text + (text.length === start ? first : next) + own;
  };
}

/** The lines of ndjson that an item is. */
export function compileLines(node: Node): (scope: Scope) => readonly string[] {
  if (node.kind === 'list') {
    const elements = node.items.map(compileElement);
    return (scope) => elements.map((append) => append(scope, '', undefined));
  }
  if (node.kind === 'leaf') {
    const value = compileValue(node);
    return (scope) => {
      const own = value(scope);
      return (Array.isArray(own) ? own : [own]).map((line: unknown) => stringifyJson(line ?? null));
    };
  }
  const append = compileMap(node);
  return (scope) => [append(scope, '', undefined)];
}
