/** Compiles `lookups`: requests without rows, whose answers templates see as `lookups.NAME`. */

import type { LookupSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import { isMap } from '../template/text.ts';
import type { Author } from './author.ts';
import type { Change, Lookup, NextPage, Request } from './destination.ts';
import { milliseconds } from './duration.ts';
import { lookupsRead, type Named, templatesOf, templatesOfResponse } from './lookups-read.ts';
import type { PlaceNames } from './names.ts';
import type { Defaults } from './rate-limit.ts';
import { compileRequest } from './request.ts';

const DEFAULT_CACHE = '1m';
const DEFAULT_PAGES = 100;

/** What a lookup sees of the call that reads it. */
const OF_CALL = ['object', 'mode', 'config', 'lookups'] as const;

export function compileLookups(
  specs: Readonly<Record<string, LookupSpec>>,
  connection: Defaults,
  author: Author,
  names: PlaceNames,
): ReadonlyMap<string, Lookup> {
  const lookups = new Map(
    Object.entries(specs).map(([name, spec]) => [name, compileLookup(name, spec, connection, author, names)]),
  );
  for (const [name, lookup] of lookups) {
    if (readsItself(name, lookup, lookups))
      author.fault('manifest.lookup', ['lookups', name], `The lookup "${name}" reads itself, directly or through others.`, 'key');
  }
  return lookups;
}

function compileLookup(name: string, spec: LookupSpec, connection: Defaults, author: Author, names: PlaceNames): Lookup {
  const path: Path = ['lookups', name];
  const where = `lookups.${name}`;
  const { list, next, pages, cache, ...request } = spec;
  // A lookup is a request that sees no row.
  const seen: PlaceNames = {
    ...names,
    row: names.lookup,
    answer: (place, _, ...more) => names.lookup(place, 'status', 'headers', 'body', ...more),
    rowAnswer: (place, ...more) => names.lookup(place, 'status', 'headers', 'body', ...more),
  };
  const compiled = compileRequest(name, { ...request, idempotent: true }, connection, author, seen, path);
  if (next !== undefined && list === undefined)
    author.fault(
      'manifest.lookup',
      [...path, 'next'],
      'Pages are parts of a list. Add list:, where the list stands in each answer.',
      'key',
    );
  const lookup = {
    name,
    request: compiled,
    list: author.maybeExpression(list, [...path, 'list'], names.lookup(`${where}.list`, 'status', 'headers', 'body')),
    next: next === undefined ? undefined : compileNext(next, [...path, 'next'], author, names, compiled),
    pages: pages ?? DEFAULT_PAGES,
    cache: milliseconds(cache ?? DEFAULT_CACHE, [...path, 'cache'], author),
  };
  const ofAnswer = [...templatesOfResponse(compiled.response), lookup.list, ...nextTemplates(lookup.next)];
  const readsAnswerBy = OF_CALL.filter((one) => ofAnswer.some((template) => template?.names.has(one)));
  const counts =
    lookup.next?.kind !== 'link' &&
    !nextTemplates(lookup.next).some((template) => template?.names.has('body') || template?.names.has('headers'));
  return { ...lookup, counts, reads: lookupsRead([...templatesOf(compiled), ...ofAnswer]), readsAnswerBy };
}

function compileNext(
  spec: NonNullable<LookupSpec['next']>,
  path: Path,
  author: Author,
  names: PlaceNames,
  request: Request,
): NextPage {
  const seen = names.lookup('next', 'status', 'headers', 'body', 'page', 'count');
  if (spec === 'link') return { kind: 'link' };
  if (typeof spec === 'string') return { kind: 'url', url: author.leaf(spec, path, seen) };
  const { json, ...query } = spec;
  if (json !== undefined && !isMap(json))
    author.fault('manifest.lookup', [...path, 'json'], 'json: holds the keys of the body that change, as a map.');
  if (json !== undefined && request.body.kind !== 'json')
    author.fault('manifest.lookup', [...path, 'json'], 'This lookup has no JSON body whose keys could change.', 'key');
  const change = (tree: Record<string, unknown>, at: Path): Change => ({
    names: Object.keys(tree),
    values: author.tree(tree, at, seen),
    made: author.tree(madeIn(tree) ?? {}, at, seen),
  });
  const changes = {
    kind: 'change',
    query: change(query, path),
    json: isMap(json) ? change(json, [...path, 'json']) : undefined,
  } as const;
  if (madeIn(spec) === undefined)
    author.fault(
      'manifest.lookup',
      path,
      'Nothing here changes from page to page: a template of the answer, of page or of count is missing.',
      'key',
    );
  return changes;
}

/** A tree without what is constant in its maps; undefined where all of it is. */
function madeIn(tree: unknown): unknown {
  if (isMap(tree)) {
    const made = Object.entries(tree).flatMap(([key, value]) =>
      madeIn(value) === undefined ? [] : [[key, madeIn(value)] as const],
    );
    return made.length === 0 ? undefined : Object.fromEntries(made);
  }
  if (Array.isArray(tree)) return tree.some((value) => madeIn(value) !== undefined) ? tree : undefined;
  return typeof tree === 'string' && /\{\{|\{%/.test(tree) ? tree : undefined;
}

function nextTemplates(next: NextPage | undefined): (Named | undefined)[] {
  if (next === undefined || next.kind === 'link') return [];
  return next.kind === 'url' ? [next.url] : [next.query.values, next.json?.values];
}

function readsItself(
  name: string,
  lookup: Lookup,
  all: ReadonlyMap<string, Lookup>,
  seen: ReadonlySet<string> = new Set(),
): boolean {
  for (const read of lookup.reads) {
    if (read === name) return true;
    const next = all.get(read);
    if (next !== undefined && !seen.has(read) && readsItself(name, next, all, new Set([...seen, read]))) return true;
  }
  return false;
}
