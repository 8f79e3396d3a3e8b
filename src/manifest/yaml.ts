/** Reads YAML into plain values, and remembers where each of them stands. */

import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type Scalar } from 'yaml';
import { Fault, type FaultCode, type Place } from '../fault.ts';
import { exactNumber } from '../numbers.ts';
import { placeInSource } from './scalar-source.ts';
import { syntaxMistakes } from './syntax.ts';

/** A manifest larger than this is not one. */
const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 50;
/** Values reached through aliases, all together: keeps a few anchors from becoming millions of values. */
const MAX_ALIASED = 2000;
const MAX_FAULTS = 50;

/** What YAML 1.2 calls not printable, and what decoders put in place of bytes that are no UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/;

/** Keys and indexes from the top of the file to a value. */
export type Path = readonly (string | number)[];

/** A YAML file that was read: maps have no prototype, numbers keep their digits. */
export interface YamlFile {
  readonly file: string;
  readonly value: unknown;
  readonly faults: readonly Fault[];
  /** Where the value at a path stands, or its key. A path that is not in the file gives its nearest ancestor. */
  place(path: Path, what?: 'key' | 'value'): Place;
  /** Where a piece of the text at a path stands: `length` characters from `offset` of the value, after YAML's own unescaping. */
  placeWithin(path: Path, offset: number, length: number): Place;
}

export function readYaml(file: string, text: string): YamlFile {
  return new Reader(file, text).read();
}

interface Spot {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

class Reader {
  readonly #file: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #spots = new Map<string, Spot>();
  readonly #faults: Fault[] = [];
  readonly #open = new Set<Node>();
  #aliased = 0;
  #document: ReturnType<typeof parseDocument> | undefined;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text.replace(/^\uFEFF/, ''); // a byte order mark is no column of the first line
  }

  read(): YamlFile {
    const value = this.#value();
    return {
      file: this.#file,
      value,
      faults: this.#faults,
      place: (path, what = 'value') => this.#placeOf(path, what),
      placeWithin: (path, offset, length) => this.#placeWithin(path, offset, length),
    };
  }

  #value(): unknown {
    if (Buffer.byteLength(this.#text) > MAX_BYTES) {
      this.#fault(
        'yaml.size',
        0,
        1,
        `This file is larger than ${MAX_BYTES / 1024} KiB. Split it, or move its data into the API.`,
      );
      return undefined;
    }
    const odd = NOT_TEXT.exec(this.#text);
    if (odd !== null) {
      this.#lines.addNewLine(0);
      for (const line of this.#text.slice(0, odd.index).matchAll(/\n/g)) this.#lines.addNewLine(line.index + 1);
      this.#fault('yaml.encoding', odd.index, 1, 'A control character or bytes that are no UTF-8. Save the file as UTF-8 text.');
      return undefined;
    }
    try {
      this.#document = parseDocument(this.#text, {
        version: '1.2',
        schema: 'core',
        merge: false,
        // The library's own check compares every key with every other; ours is a set.
        uniqueKeys: false,
        prettyErrors: false,
        stringKeys: false,
        lineCounter: this.#lines,
      });
    } catch {
      this.#fault('yaml.syntax', 0, 1, 'This file could not be read as YAML: it is nested too deeply.');
      return undefined;
    }
    const problems = [...this.#document.errors, ...this.#document.warnings];
    if (problems.length > 0) {
      for (const { sentence, from, length, hint } of syntaxMistakes(problems, this.#text))
        this.#fault('yaml.syntax', from, length, sentence, hint);
      return undefined;
    }
    this.#spots.set('', { key: undefined, value: this.#document.contents ?? undefined });
    return this.#convert(this.#document.contents, [], 0);
  }

  #convert(node: unknown, path: Path, depth: number): unknown {
    if (node === null || node === undefined) return null;
    const yaml = node as Node; // the library types contents as unknown; what it builds are nodes
    if (depth > MAX_DEPTH) {
      this.#faultAt(
        yaml,
        'yaml.depth',
        `Nested deeper than ${MAX_DEPTH} levels. A manifest needs far less; check the indentation.`,
      );
      return null;
    }
    if (isAlias(yaml)) return this.#alias(yaml, path, depth);
    if (isScalar(yaml)) return this.#scalar(yaml);
    this.#open.add(yaml);
    const value = isMap(yaml) ? this.#map(yaml.items, path, depth) : isSeq(yaml) ? this.#list(yaml.items, path, depth) : null;
    this.#open.delete(yaml);
    return value;
  }

  #list(items: readonly unknown[], path: Path, depth: number): unknown[] {
    return items.map((item, index) => {
      const place = [...path, index];
      this.#spots.set(keyOf(place), { key: undefined, value: item as Node }); // as in #convert
      return this.#convert(item, place, depth + 1);
    });
  }

  #alias(alias: Alias, path: Path, depth: number): unknown {
    const target = this.#document === undefined ? undefined : alias.resolve(this.#document);
    if (target === undefined) {
      this.#faultAt(
        alias,
        'yaml.alias',
        `*${alias.source} is not defined above. Name an anchor with &${alias.source} first, or quote the text.`,
      );
      return null;
    }
    if (this.#open.has(target)) {
      this.#faultAt(alias, 'yaml.alias', `*${alias.source} stands inside &${alias.source}: that would never end.`);
      return null;
    }
    if (this.#aliased++ > MAX_ALIASED) {
      if (this.#aliased === MAX_ALIASED + 2)
        this.#faultAt(alias, 'yaml.alias', `Aliases stand for more than ${MAX_ALIASED} values. Use fewer of them.`);
      return null;
    }
    return this.#convert(target, path, depth + 1);
  }

  #map(items: readonly Pair[], path: Path, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = Object.create(null);
    for (const pair of items) {
      const key = pair.key as Node; // as above
      if (this.#aliased > 0) this.#aliased++;
      if (!isScalar(key)) {
        this.#braces(key);
        continue;
      }
      const name = String(key.value);
      const place = [...path, name];
      if (Object.hasOwn(map, name)) {
        const { line } = this.#placeOf(place, 'key');
        this.#faultAt(key, 'yaml.twice', `"${name}" stands twice in this map, first in line ${line}. Keep one of them.`);
        continue;
      }
      if (name === '<<' && key.type === 'PLAIN') {
        this.#faultAt(
          key,
          'yaml.merge',
          'Merge keys (<<) are no part of YAML 1.2 and are not read. In a body spread a map with "...", elsewhere write the words out.',
        );
        continue;
      }
      this.#spots.set(keyOf(place), { key, value: (pair.value ?? undefined) as Node | undefined });
      map[name] = this.#convert(pair.value, place, depth + 1);
    }
    return map;
  }

  /** `{{ x }}` without quotes is, to YAML, a map whose key is a map. */
  #braces(key: Node): void {
    const sentence = isMap(key)
      ? 'A template needs quotes here: to YAML, bare braces are a map. Write "{{ … }}".'
      : 'A key must be plain text.';
    this.#faultAt(key, isMap(key) ? 'yaml.braces' : 'yaml.key', sentence);
  }

  #scalar(scalar: Scalar): unknown {
    const { value, source = '' } = scalar;
    if (typeof value !== 'number') return value;
    if (!Number.isFinite(value) && !/\d/.test(source)) {
      this.#faultAt(scalar, 'yaml.number', `${source} is no number that JSON can hold. Quote it if it is text.`);
      return null;
    }
    return /^0[xo]/.test(source)
      ? value
      : exactNumber(
          source
            .replace(/^\+/, '')
            .replace(/^(-?)\./, '$10.')
            .replace(/\.$/, ''),
        );
  }

  #faultAt(node: Node, code: FaultCode, sentence: string): void {
    const [from, to] = node.range ?? [0, 0];
    this.#fault(code, from, to - from, sentence);
  }

  #fault(code: FaultCode, from: number, length: number, sentence: string, hint?: string): void {
    if (this.#faults.length < MAX_FAULTS)
      this.#faults.push(new Fault({ code, sentence, hint, place: this.#placeAt(from, length) }));
  }

  #placeOf(path: Path, what: 'key' | 'value'): Place {
    for (let length = path.length; length >= 0; length--) {
      const spot = this.#spots.get(keyOf(path.slice(0, length)));
      const value = isEmpty(spot?.value) ? undefined : spot?.value;
      const node = what === 'key' || length < path.length ? (spot?.key ?? value) : (value ?? spot?.key);
      if (node?.range) return this.#placeAt(node.range[0], node.range[1] - node.range[0]);
    }
    return this.#placeAt(0, 1);
  }

  #placeWithin(path: Path, offset: number, length: number): Place {
    const node = this.#spots.get(keyOf(path))?.value;
    if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return this.#placeOf(path, 'value');
    const found = placeInSource(node as Scalar<string>, this.#text, offset, offset + length); // its value is text, checked just now
    return found === undefined ? this.#placeOf(path, 'value') : this.#placeAt(found[0], found[1] - found[0]);
  }

  #placeAt(from: number, length: number): Place {
    const { line, col } = this.#lines.linePos(Math.min(from, this.#text.length));
    const start = this.#lines.lineStarts[line - 1] ?? 0;
    const text = this.#text.slice(start, start + 2000).split(/\r?\n/, 1)[0] ?? '';
    return {
      file: this.#file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      length: Math.max(1, Math.min(length, text.length - col + 1)),
      text,
    };
  }
}

/** A value that is not written at all: there is nothing to underline. */
function isEmpty(node: Node | undefined): boolean {
  return isScalar(node) && node.range?.[0] === node.range?.[1];
}

function keyOf(path: Path): string {
  return path.length === 0
    ? ''
    : path
        .map((step) => `/${typeof step === 'string' ? step.replace(/[~/]/g, (c) => (c === '~' ? '~0' : '~1')) : step}`)
        .join('');
}
