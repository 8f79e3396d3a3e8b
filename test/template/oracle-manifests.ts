/** Every template that the project itself writes: of its destinations, of the manifests in its docs, and of those that hold every word. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Liquid } from 'liquidjs';
import { parseAllDocuments } from 'yaml';
import type { Values } from '../../src/template/scope.ts';
import { isMap } from '../../src/template/text.ts';
import type { Kind, Template } from './oracle-pairs.ts';
import { type Chance, KEYS, type Type, valueOfType } from './oracle-values.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Words of the language that hold bare expressions. */
const EXPRESSIONS = new Set('if ok each list index key by until failed value accepted after required'.split(' '));

/** Files with the templates in them, each once. */
export function manifestTemplates(): ReadonlyMap<string, readonly Template[]> {
  const files = [...filesIn('destinations', '.yaml'), ...filesIn('test/manifest/whole', '.yaml'), ...filesIn('docs', '.md')];
  return new Map(files.map((file) => [file, templatesOf(file)]));
}

function filesIn(folder: string, end: string): string[] {
  const names = readdirSync(`${ROOT}${folder}`).filter((name) => name.endsWith(end) && !name.endsWith('.test.yaml'));
  return names.sort().map((name) => `${folder}/${name}`);
}

function templatesOf(file: string): Template[] {
  const text = readFileSync(`${ROOT}${file}`, 'utf8');
  const blocks = file.endsWith('.md') ? [...text.matchAll(/^ *```yaml\n(.*?)^ *```/gms)].map(([, block = '']) => block) : [text];
  const found = new Map<string, Template>();
  for (const document of blocks.flatMap((block) => parseAllDocuments(block))) {
    // An example in the docs may be cut short.
    for (const template of document.errors.length === 0 ? templatesIn(document.toJS()) : [])
      found.set(`${template.kind} ${template.source}`, template);
  }
  return [...found.values()];
}

function* templatesIn(node: unknown, key = ''): Generator<Template> {
  if (typeof node === 'string') {
    for (const kind of kindsOf(node, key)) yield { kind, source: node };
  } else if (Array.isArray(node)) {
    for (const part of node) yield* templatesIn(part, key);
  } else if (isMap(node)) {
    for (const [name, part] of Object.entries(node)) yield* templatesIn(part, name);
  }
}

function kindsOf(source: string, key: string): readonly Kind[] {
  if (EXPRESSIONS.has(key)) return ['expression', 'question'];
  if (!/\{\{|\{%/.test(source)) return [];
  if (source.startsWith('/')) return ['path', 'text'];
  return key === 'json' ? ['json-value', 'leaf'] : ['leaf', 'text'];
}

type Segments = readonly (string | number | Segments)[];

const reader = new Liquid({ groupedExpressions: true, strictFilters: false });

/** What a template reads, found by LiquidJS, for values that it may be given. */
export class Reads {
  readonly #paths: readonly Segments[];
  /** What stands behind a dot or in quotes: keys of the elements of lists, perhaps. */
  readonly #keys: readonly string[];

  constructor({ kind, source }: Template) {
    const isBare = (kind === 'expression' || kind === 'question') && !source.includes('{{');
    this.#paths = reader.globalVariableSegmentsSync(isBare ? `{{ ${source} }}` : source) as Segments[]; // its type is wider
    this.#keys = [
      ...KEYS,
      ...[...source.matchAll(/\.([A-Za-z_][\w-]*)|'(\w+)'|"(\w+)"/g)].map((found) => found[1] ?? found[2] ?? found[3] ?? ''),
    ];
  }

  values(by: Chance): Values {
    const values: Values = {};
    for (const path of this.#paths) this.#put(values, path, by);
    return values;
  }

  #put(values: Values, path: Segments, by: Chance): void {
    let at = values;
    for (const [depth, segment] of path.entries()) {
      const key = Array.isArray(segment) ? by.of(this.#keys) : String(segment);
      if (key === '__proto__' || by.happens(0.06)) return;
      const known = Object.hasOwn(at, key) ? at[key] : undefined;
      if (depth === path.length - 1) {
        if (!isMap(known)) at[key] = this.#value(by);
        return;
      }
      if (known !== undefined && !isMap(known)) return;
      const next: Values = known ?? {};
      at[key] = next;
      at = next;
    }
  }

  #value(by: Chance): unknown {
    if (by.happens(0.2)) return by.times(0, 3, () => this.#map(by));
    if (by.happens(0.1)) return this.#map(by);
    return valueOfType(by.of<Type>(['text', 'text', 'number', 'flag', 'any', 'any', 'map', 'list']), by);
  }

  #map(by: Chance): Values {
    return Object.fromEntries(by.times(0, 4, () => [by.of(this.#keys), valueOfType('any', by, 1)]));
  }
}
