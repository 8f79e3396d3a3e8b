/** Compiles `lookups`: requests without rows, whose answers templates see as `lookups.NAME`. */

import type { ConnectionSpec, LookupSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/yaml.ts';
import { isMap } from '../template/text.ts';
import type { Author } from './author.ts';
import { milliseconds } from './connection.ts';
import type { Lookup, NextPage, Request } from './destination.ts';
import { lookupsRead, type Named, templatesOf } from './lookups-read.ts';
import type { PlaceNames } from './names.ts';
import { compileRequest } from './request.ts';

const DEFAULT_CACHE = '1m';
const DEFAULT_PAGES = 100;

export function compileLookups(
  specs: Readonly<Record<string, LookupSpec>>,
  connection: ConnectionSpec,
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

function compileLookup(name: string, spec: LookupSpec, connection: ConnectionSpec, author: Author, names: PlaceNames): Lookup {
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
  return { ...lookup, reads: lookupsRead([...templatesOf(compiled), lookup.list, ...nextTemplates(lookup.next)]) };
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
  return {
    kind: 'change',
    query: author.tree(query, path, seen),
    json: json === undefined ? undefined : author.tree(json, [...path, 'json'], seen),
  };
}

function nextTemplates(next: NextPage | undefined): (Named | undefined)[] {
  if (next === undefined || next.kind === 'link') return [];
  return next.kind === 'url' ? [next.url] : [next.query, next.json];
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
