/** Puts values into the text of a YAML file, so that every other byte of it stays as its author wrote it. */

import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import type { Path } from '../manifest/places.ts';
import { printCompact } from './print-yaml.ts';

/** What stands between two offsets, and what shall. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export class YamlEditor {
  readonly #source: string;
  readonly #lines = new LineCounter();
  readonly #root: unknown;
  readonly #edits: Edit[] = [];

  constructor(source: string) {
    this.#source = source;
    this.#root = parseDocument(source, { version: '1.2', schema: 'core', lineCounter: this.#lines }).contents;
  }

  /**
   * Puts a member into the map at a path: in the place of those of the names given, else in its first or its last place.
   * @returns false where there is no such map, or where it is written in a way that takes no lines
   */
  put(path: Path, names: readonly string[], member: Readonly<Record<string, unknown>>, where: 'first' | 'last'): boolean {
    const map = this.#mapAt(path);
    const [first] = map?.items ?? [];
    if (map === undefined || first === undefined) return false;
    if (map.flow === true) return where === 'first' && this.#unfold(map, names, member);
    const own = map.items.filter((pair) => names.includes(nameOf(pair)));
    const [replaced] = own;
    const indent = ' '.repeat(this.#columnOf(first));
    if (replaced !== undefined) {
      if (own.length > 1) return false;
      this.#replace(startOf(replaced), this.#endOf(replaced), this.#print(member, indent));
    } else if (where === 'first') {
      this.#replace(startOf(first), startOf(first), this.#print(member, indent) + this.#newline + indent);
    } else {
      const end = this.#lineEnd(this.#endOf(map.items.at(-1)));
      this.#replace(end, end, this.#newline + indent + this.#print(member, indent));
    }
    return true;
  }

  text(): string {
    let text = this.#source;
    for (const { from, to, text: put } of this.#edits.toSorted((a, b) => b.from - a.from || b.to - a.to))
      text = text.slice(0, from) + put + text.slice(to);
    return text;
  }

  /** A map in one line becomes one of several, so that a long member does not go into that line. */
  #unfold(map: YAMLMap<unknown, unknown>, names: readonly string[], member: Readonly<Record<string, unknown>>): boolean {
    const [from, to] = map.range ?? [0, 0];
    if (this.#source.slice(from, to).includes('\n') || map.anchor !== undefined) return false;
    const indent = ' '.repeat(this.#lines.linePos(from).col - 1);
    const others = map.items.filter((pair) => !names.includes(nameOf(pair)));
    const kept = others.map((pair) => this.#source.slice(startOf(pair), this.#endOf(pair)));
    this.#replace(from, to, [this.#print(member, indent), ...kept].join(this.#newline + indent));
    return true;
  }

  #replace(from: number, to: number, text: string): void {
    this.#edits.push({ from, to, text });
  }

  get #newline(): string {
    return this.#source.includes('\r\n') ? '\r\n' : '\n';
  }

  #print(member: Readonly<Record<string, unknown>>, indent: string): string {
    return printCompact(member)
      .replace(/\n(?=.)/g, `\n${indent}`)
      .replaceAll('\n', this.#newline);
  }

  /** Aliases are not followed: what stands behind one stands elsewhere too. */
  #mapAt(path: Path): YAMLMap<unknown, unknown> | undefined {
    let node = this.#root;
    for (const step of path) {
      if (isMap(node)) node = node.items.find((pair) => nameOf(pair) === step)?.value;
      else if (isSeq(node) && typeof step === 'number') node = node.items[step];
      else return undefined;
    }
    return isMap(node) ? node : undefined;
  }

  #columnOf(pair: Pair<unknown, unknown>): number {
    return this.#lines.linePos(startOf(pair)).col - 1;
  }

  /** Where the last character of a node or pair ends: before its comment and before the end of its line. */
  #endOf(what: unknown): number {
    const pair = what as Pair<unknown, Node | null>; // what maps hold; nodes are told apart below
    if (isMap(what) || isSeq(what)) {
      const [, end = 0] = what.range ?? [];
      return what.flow === true ? end : this.#endOf(what.items.at(-1));
    }
    if ('key' in pair && !isScalar(what)) return this.#endOf(pair.value ?? pair.key);
    const [from = 0, end = 0] = (what as Node).range ?? []; // neither map, nor list, nor pair: a scalar or an alias
    return from + this.#source.slice(from, end).trimEnd().length;
  }

  #lineEnd(offset: number): number {
    const end = this.#source.indexOf('\n', offset);
    if (end < 0) return this.#source.length;
    return this.#source[end - 1] === '\r' ? end - 1 : end;
  }
}

function nameOf({ key }: Pair<unknown, unknown>): string {
  return isScalar(key) ? String(key.value) : '';
}

function startOf({ key }: Pair<unknown, unknown>): number {
  return (key as Node).range?.[0] ?? 0; // the keys of a file that was read before are scalars
}
