/** Remembers where the keys and values of a YAML file stand. */

import { isScalar, type Node, type Scalar } from 'yaml';
import type { Place } from '../fault.ts';
import { placeInSource } from './scalar-source.ts';

/** Keys and indexes from the top of the file to a value. */
export type Path = readonly (string | number)[];

interface Spot {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

export class Places {
  readonly #file: string;
  readonly #text: string;
  /** The offset at which each line begins; known once somebody asks for a place. */
  #lines: readonly number[] | undefined;
  readonly #spots = new Map<string, Spot>();

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  set(path: Path, key: Node | undefined, value: Node | undefined): void {
    this.#spots.set(keyOf(path), { key, value });
  }

  /** Of a path that is not there, its nearest ancestor's. */
  of(path: Path, what: 'key' | 'value'): Place {
    for (let length = path.length; length >= 0; length--) {
      const spot = this.#spots.get(keyOf(path.slice(0, length)));
      const value = isEmpty(spot?.value) ? undefined : spot?.value;
      const node = what === 'key' || length < path.length ? (spot?.key ?? value) : (value ?? spot?.key);
      if (node?.range) return this.at(node.range[0], node.range[1] - node.range[0]);
    }
    return this.at(0, 1);
  }

  /** `length` characters from `offset` of the text at a path, as they stand in the file. */
  within(path: Path, offset: number, length: number): Place {
    const node = this.#spots.get(keyOf(path))?.value;
    if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return this.of(path, 'value');
    const found = placeInSource(node as Scalar<string>, this.#text, offset, offset + length); // its value is text, checked just now
    return found === undefined ? this.of(path, 'value') : this.at(found[0], found[1] - found[0]);
  }

  /** As far as the piece goes in its first line. */
  at(from: number, length: number): Place {
    this.#lines ??= [0, ...[...this.#text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    const lines = this.#lines;
    const index = lineOf(from, lines);
    const start = lines[index] ?? 0;
    const text = this.#text.slice(start, lines[index + 1]).replace(/\r?\n$/, '');
    const column = Math.min(from - start, text.length) + 1;
    return { file: this.#file, line: index + 1, column, length: Math.max(1, Math.min(length, text.length - column + 1)), text };
  }
}

/** The last of the lines that begins there or before. */
function lineOf(offset: number, lines: readonly number[]): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A value that is not written at all: there is nothing to underline. */
function isEmpty(node: Node | undefined): boolean {
  return isScalar(node) && node.range?.[0] === node.range?.[1];
}

/** A JSON Pointer. */
function keyOf(path: Path): string {
  return path
    .map((step) => `/${typeof step === 'string' ? step.replace(/[~/]/g, (c) => (c === '~' ? '~0' : '~1')) : step}`)
    .join('');
}
