/** Reads YAML into plain values, and remembers where each of them stands. */

import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, visit } from 'yaml';
import { beginning, Fault, type FaultCode, inOrder, type Place } from '../fault.ts';
import { exactNumber } from '../numbers.ts';
import { offsetOfTooDeep } from './depth.ts';
import { lex, parse } from './parse.ts';
import { type Path, Places } from './places.ts';
import { LONGEST_NAME } from './say.ts';
import { syntaxMistakes, tagSentence } from './syntax.ts';

/** A manifest larger than this is not one. */
const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 50;
/** Values reached through aliases, all together: keeps a few anchors from becoming millions of values. */
const MAX_ALIASED = 2000;
const MAX_FAULTS = 50;

/** What YAML 1.2 calls not printable, and what decoders put in place of bytes that are no UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]|\r(?!\n)/;

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

class Reader {
  readonly #file: string;
  readonly #text: string;
  readonly #places: Places;
  readonly #faults: Fault[] = [];
  readonly #open = new Set<Node>();
  readonly #targets = new Map<Alias, Node>();
  /** The alias that the values at hand are reached through: of aliases inside aliases the outermost. */
  #through: Alias | undefined;
  #aliased = 0;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text.replace(/^\uFEFF/, ''); // a byte order mark is no column of the first line
    // Of a file that is too large the beginning is enough.
    this.#places = new Places(file, this.#text.slice(0, MAX_BYTES + 1));
  }

  read(): YamlFile {
    const value = this.#value();
    return {
      file: this.#file,
      value,
      faults: inOrder(this.#faults),
      place: (path, what = 'value') => this.#places.of(path, what),
      placeWithin: (path, offset, length) => this.#places.within(path, offset, length),
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
      this.#fault(
        'yaml.encoding',
        odd.index,
        1,
        'A control character, or bytes that are no UTF-8. Save the file as UTF-8 text with line ends LF or CRLF.',
      );
      return undefined;
    }
    const pieces = lex(this.#text);
    const deep = offsetOfTooDeep(pieces);
    const document = deep === undefined ? parse(pieces, this.#text.length) : undefined;
    if (document === undefined) {
      this.#fault('yaml.syntax', deep ?? 0, 1, 'Nested too deeply. A manifest needs far less; check brackets and indentation.');
      return undefined;
    }
    const problems = [...document.errors, ...document.warnings];
    if (problems.length > 0) {
      for (const { sentence, from, length, hint } of syntaxMistakes(problems, this.#text, MAX_FAULTS))
        this.#fault('yaml.syntax', from, length, sentence, hint);
      return undefined;
    }
    this.#resolveAliases(document);
    this.#places.set([], undefined, document.contents ?? undefined);
    return this.#convert(document.contents, [], 0);
  }

  /** In one walk: the library's own way searches the document anew for every alias. */
  #resolveAliases(document: Document): void {
    if (!this.#text.includes('*')) return;
    const anchors = new Map<string, Node>();
    visit(document, {
      Node: (_, node) => {
        const { anchor } = node as { anchor?: string }; // aliases have none
        if (anchor !== undefined) anchors.set(anchor, node);
        const target = isAlias(node) ? anchors.get(node.source) : undefined;
        if (isAlias(node) && target !== undefined) this.#targets.set(node, target);
      },
    });
  }

  #convert(node: unknown, path: Path, depth: number): unknown {
    if (node === null || node === undefined) return null;
    const yaml = node as Node; // the library types contents as unknown; what it builds are nodes
    if (depth > MAX_DEPTH) {
      this.#faultAt(
        yaml,
        'yaml.depth',
        `Nested deeper than ${MAX_DEPTH} levels. A manifest needs far less; check brackets and indentation.`,
      );
      return null;
    }
    if (isAlias(yaml)) return this.#alias(yaml, path, depth);
    if (this.#through !== undefined && this.#aliased++ >= MAX_ALIASED) {
      if (this.#aliased === MAX_ALIASED + 1)
        this.#faultAt(this.#through, 'yaml.alias', `Aliases stand for more than ${MAX_ALIASED} values. Use fewer of them.`);
      return null;
    }
    if (yaml.tag !== undefined) this.#tag(yaml);
    if (isScalar(yaml)) return this.#scalar(yaml);
    this.#open.add(yaml);
    const value = isMap(yaml) ? this.#map(yaml.items, path, depth) : isSeq(yaml) ? this.#list(yaml.items, path, depth) : null;
    this.#open.delete(yaml);
    return value;
  }

  /** The parser knows some tags (a set, a date, bytes), which are no data of JSON. */
  #tag(node: Node): void {
    const [to] = node.range ?? [0];
    const tag = /!\S*\s+(?:&\S+\s+)?$/.exec(this.#text.slice(Math.max(0, to - 300), to))?.[0] ?? '';
    const written = /^\S*/.exec(tag)?.[0] ?? '';
    this.#fault('yaml.tag', to - tag.length, Math.max(1, written.length), tagSentence(written));
  }

  #list(items: readonly unknown[], path: Path, depth: number): unknown[] {
    return items.map((item, index) => {
      const place = [...path, index];
      this.#places.set(place, undefined, item as Node); // as in #convert
      return this.#convert(item, place, depth + 1);
    });
  }

  #alias(alias: Alias, path: Path, depth: number): unknown {
    const target = this.#targets.get(alias);
    const name = beginning(alias.source, LONGEST_NAME);
    if (target === undefined) {
      this.#faultAt(alias, 'yaml.alias', `*${name} is not defined above. Name an anchor with &${name} first, or quote the text.`);
      return null;
    }
    if (this.#open.has(target)) {
      this.#faultAt(alias, 'yaml.alias', `*${name} stands inside &${name}: that would never end.`);
      return null;
    }
    const through = this.#through;
    this.#through ??= alias;
    const value = this.#convert(target, path, depth + 1);
    this.#through = through;
    return value;
  }

  #map(items: readonly Pair[], path: Path, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = Object.create(null);
    for (const pair of items) {
      const key = pair.key as Node; // as above
      if (!isScalar(key)) {
        this.#braces(key);
        continue;
      }
      const name = String(key.value);
      const place = [...path, name];
      if (Object.hasOwn(map, name)) {
        if (this.#faults.length < MAX_FAULTS) {
          const { line } = this.#places.of(place, 'key');
          this.#faultAt(
            key,
            'yaml.twice',
            `"${beginning(name, LONGEST_NAME)}" stands twice in this map, first in line ${line}. Keep one of them.`,
          );
        }
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
      this.#places.set(place, key, (pair.value ?? undefined) as Node | undefined);
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
      this.#faults.push(new Fault({ code, sentence, hint, place: this.#places.at(from, length) }));
  }
}
