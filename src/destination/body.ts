/** Compiles the body of a request, and the batch whose rows it holds. */

import type { RequestSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import type { Names } from '../template/names.ts';
import { parseSize } from '../units.ts';
import type { Author } from './author.ts';
import type { Body, Request } from './destination.ts';

const BODIES = ['json', 'ndjson', 'form', 'text'] as const;

export function compileBody(spec: RequestSpec, path: Path, author: Author, names: Names, method: Request['method']): Body {
  const given = BODIES.filter((word) => spec[word] !== undefined);
  const [word] = given;
  if (given.length > 1)
    author.fault(
      'manifest.body',
      [...path, given[1] ?? ''],
      `A request has one body at most; this one has ${given.join(' and ')}.`,
      'key',
    );
  if (spec.omit !== undefined && word !== 'json' && word !== 'form' && word !== 'ndjson')
    author.fault('manifest.body', [...path, 'omit'], 'omit is for json, ndjson and form bodies.', 'key');
  if (word === undefined) return { kind: 'none' };
  const at = [...path, word];
  if (method === 'GET') author.fault('manifest.body', at, 'A GET request sends no body. Use query:, or post.', 'key');
  if (word === 'ndjson') return { kind: 'ndjson', tree: author.tree(spec.ndjson, at, names, spec.omit) };
  if (word === 'form') return { kind: 'form', tree: author.tree(spec.form, at, names, spec.omit) };
  if (word === 'text') return { kind: 'text', template: author.text(spec.text ?? '', at, names, 'text') };
  if (typeof spec.json !== 'string' || /^\s*\{\{(?:(?!\}\}).)*\}\}$/s.test(spec.json))
    return { kind: 'json', tree: author.tree(spec.json, at, names, spec.omit) };
  if (spec.omit !== undefined)
    author.fault(
      'manifest.body',
      [...path, 'omit'],
      'omit is for JSON written as a tree; leave the keys out of this text with {% if %}.',
      'key',
    );
  return { kind: 'json-text', template: author.text(spec.json, at, names, 'json-value') };
}

const HOLDS_ROWS = ['items', 'records', 'rows'];

export function namesOf(body: Body): ReadonlySet<string> {
  if (body.kind === 'none') return new Set();
  return 'tree' in body ? body.tree.names : body.template.names;
}

export function compileBatch(
  { batch: spec }: RequestSpec,
  path: Path,
  author: Author,
  names: Names,
  used: ReadonlySet<string>,
): Request['batch'] {
  if (spec === undefined) return undefined;
  const bytes = spec.bytes === undefined ? Number.POSITIVE_INFINITY : (parseSize(String(spec.bytes)) ?? 0);
  return {
    size: spec.size,
    bytes,
    by: author.maybeExpression(spec.by, [...path, 'batch', 'by'], names),
    holdsRows: HOLDS_ROWS.some((name) => used.has(name)),
  };
}

export function checkItem(spec: RequestSpec, path: Path, author: Author, used: ReadonlySet<string>): void {
  if (used.has('items') && spec.item === undefined) {
    author.fault(
      'manifest.item',
      [...path, BODIES.find((word) => spec[word] !== undefined) ?? 'batch'],
      'The body reads items, but there is no item. Add item:, one row’s part of the body, or use {{ records }}.',
      'key',
    );
  } else if (!used.has('items') && spec.item !== undefined && HOLDS_ROWS.some((name) => used.has(name))) {
    author.fault('manifest.item', [...path, 'item'], 'The body does not read items, so this item is never sent.', 'key');
  }
}
