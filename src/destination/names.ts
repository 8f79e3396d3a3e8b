/** What the templates of each place see: the table of `docs/manifest.md`, as code. */

import type { Manifest } from '../manifest/manifest.ts';
import type { Names } from '../template/names.ts';

const ROW = ['row', 'record', 'id', 'identifier', 'position', 'operation', 'config', 'object', 'mode'];
const BATCH = ['items', 'records', 'rows', 'count', 'operation', 'config', 'object', 'mode'];
const ANSWER = ['status', 'headers', 'body'];

/** Every name of the language, for the sentence that one is not seen here. */
const ALL = new Set([
  ...ROW,
  ...BATCH,
  ...ANSWER,
  'settings',
  'vars',
  'now',
  'item',
  'mapped',
  'result',
  'error',
  'lookups',
  'steps',
  'auth',
  'request',
  'idempotency_key',
]);

type Where = (place: string) => Names;

export interface PlaceNames {
  readonly url: (place: string, ...more: string[]) => Names;
  /** Never a row. */
  readonly lookup: (place: string, ...more: string[]) => Names;
  readonly auth: Where;
  /** All of an unbatched request; of a batched one what is rendered for each row. */
  readonly row: Where;
  /** The body of a batched request. */
  readonly batch: Where;
  readonly form: (place: string, ...more: string[]) => Names;
  readonly validate: Where;
  /** The answer to a request as a whole, and one row's part of it. */
  readonly answer: (place: string, batched: boolean, ...more: string[]) => Names;
  readonly rowAnswer: (place: string, ...more: string[]) => Names;
}

export function placeNames(manifest: Manifest): PlaceNames {
  const settings = Object.entries(manifest.settings ?? {});
  const open = new Set(settings.filter(([, setting]) => setting.secret !== true).map(([name]) => name));
  const secrets = new Set(settings.filter(([, setting]) => setting.secret === true).map(([name]) => name));
  const every = new Set([...open, ...secrets]);
  const vars = new Set(Object.keys(manifest.vars ?? {}));
  const lookups = new Set(Object.keys(manifest.lookups ?? {}));

  /** `early`: before anything can be asked of the API. */
  const names = (where: string, seen: ReadonlySet<string>, more: readonly string[], early = false): Names => ({
    where,
    known: new Map<string, ReadonlySet<string> | null>([
      ['settings', seen],
      ['vars', vars],
      ...(early ? [] : [['lookups', lookups] as const]),
      ...more.map((name) => [name, null] as const),
    ]),
    ...(seen === open && { secrets }),
    elsewhere: ALL,
  });

  return {
    // The origin must be the same for the whole call, and the same the next time: no time, no data.
    url: (where, ...more) => names(where, every, more, true),
    auth: (where) => names(where, every, ['now'], true),
    lookup: (where, ...more) => names(where, every, ['now', 'config', 'object', 'mode', ...more]),
    row: (where) => names(where, every, ['now', ...ROW]),
    batch: (where) => names(where, every, ['now', ...BATCH]),
    form: (where, ...more) => names(where, open, ['now', ...more]),
    validate: (where) => names(where, open, ['now', 'config', 'object', 'mode', 'mapped']),
    answer: (where, batched, ...more) => names(where, every, ['now', ...(batched ? BATCH : ROW), ...ANSWER, ...more]),
    rowAnswer: (where, ...more) => names(where, every, ['now', ...ROW, ...ANSWER, ...more]),
  };
}

/** Names that differ from row to row: a template that reads none of them is rendered once for a call. */
export const ROW_NAMES: ReadonlySet<string> = new Set(['row', 'record', 'id', 'position']);
