/** What the templates of each place see: the table of `docs/manifest.md`, as code. */

import type { Manifest } from '../manifest/manifest.ts';
import type { Names } from '../template/names.ts';
import type { Named } from './lookups-read.ts';

const ROW = ['row', 'record', 'id', 'identifier', 'position', 'idempotency_key', 'operation', 'config', 'object', 'mode'];
const BATCH = ['items', 'records', 'rows', 'count', 'identifier', 'operation', 'config', 'object', 'mode'];
const ANSWER = ['status', 'headers', 'body'];

/** Names that not every place sees, and where they are seen. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ...all(ROW, 'it belongs to one row or to its call, which only requests know'),
  ...all(BATCH, 'it belongs to a batched request, and only its body and response know it'),
  ...all(['operation', 'config'], 'it belongs to a call, which only requests know'),
  ...all(['object', 'mode'], 'it is not chosen yet'),
  ...all(ANSWER, 'it belongs to the answer, which only response reads'),
  now: 'what stands here must not change with time',
  item: 'it is the element of each, and there is no each here',
  mapped: 'only validate reads it',
  result: 'only response.rows reads it',
  error: 'only response.errors reads it',
  lookups: 'nothing is asked of the API before its address and credentials are known',
  steps: 'no step of a flow keeps its answer. Write as: in the step that it shall read',
  ...all(['auth', 'request'], 'it is not yet built in this version of Rowpost'),
};
/** What most places say. */
const USUAL = told({});
const OF_BATCH = 'it belongs to one row, and this is made once for all of a batch';
/** What the body of a batched request does not see. */
const IN_BATCH_BODY = told(all(ROW, `${OF_BATCH}. Put it into item, and {{ items }} here`));
const IN_BATCH_ANSWER = told(all(ROW, OF_BATCH));
/** What an unbatched request does not see. */
const IN_RATE = told(
  all(
    ROW.filter((name) => !['config', 'object', 'mode'].includes(name)),
    'it belongs to one row, and this rate is for all requests. Give the request a rateLimit of its own',
  ),
);
const IN_ROW = told(all(BATCH, 'there is no batch. Add batch: { size: … }, or use record'));
const IN_URL = told(all([...ROW, 'item', 'items'], 'no data may choose the host'));

function all(names: readonly string[], where: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, where]));
}

/** Made once for all manifests. @param own what a place says in its own words */
function told(own: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries({ ...ELSEWHERE, ...own }));
}

type Where = (place: string) => Names;

export interface PlaceNames {
  readonly url: (place: string, ...more: string[]) => Names;
  /** Never a row. */
  readonly lookup: (place: string, ...more: string[]) => Names;
  readonly auth: Where;
  /** What divides the rate of a connection, whose lookups fall under it too. */
  readonly rate: Where;
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
  const steps = stepNames(manifest);

  /** `early`: before anything can be asked of the API. */
  const names = (where: string, seen: ReadonlySet<string>, more: readonly string[], elsewhere = USUAL, early = false): Names => ({
    where,
    known: new Map<string, ReadonlySet<string> | null>([
      ['settings', seen],
      ['vars', vars],
      ...(early ? [] : [['lookups', lookups] as const]),
      ...more.map((name) => [name, name === 'steps' ? steps : null] as const),
    ]),
    ...(seen === open && { secrets }),
    elsewhere,
  });

  const flows = steps.size > 0 ? ['steps'] : [];
  return {
    // The origin must be the same for the whole call, and the same the next time: no time, no data.
    url: (where, ...more) => names(where, every, more, IN_URL, true),
    auth: (where) => names(where, every, ['now'], USUAL, true),
    lookup: (where, ...more) => names(where, every, ['now', 'config', 'object', 'mode', ...more], IN_LOOKUP),
    rate: (where) => names(where, every, ['config', 'object', 'mode'], IN_RATE, true),
    row: (where) => names(where, every, ['now', ...ROW, ...flows], IN_ROW),
    batch: (where) => names(where, every, ['now', ...BATCH, ...flows], IN_BATCH_BODY),
    form: (where, ...more) => names(where, open, ['now', ...more]),
    validate: (where) => names(where, open, ['now', 'config', 'object', 'mode', 'mapped']),
    answer: (where, batched, ...more) =>
      names(where, every, ['now', ...(batched ? BATCH : ROW), ...ANSWER, ...flows, ...more], batched ? IN_BATCH_ANSWER : IN_ROW),
    rowAnswer: (where, ...more) => names(where, every, ['now', ...ROW, ...ANSWER, ...flows, ...more]),
  };
}

/** What belongs to a bound destination, and is the same in all of its calls. */
export const OF_DESTINATION: ReadonlySet<string> = new Set(['settings', 'vars']);

/** Whether a template reads nothing but these and what is in them. */
export function readsOnly(template: Named | undefined, names: ReadonlySet<string>): boolean {
  return template === undefined || [...template.names].every((name) => names.has(name.split('.', 1)[0] ?? ''));
}

/** Names that differ from row to row: a template that reads none of them is rendered once for a call. */
export const ROW_NAMES: ReadonlySet<string> = new Set(['row', 'record', 'id', 'position', 'idempotency_key', 'steps']);
const IN_LOOKUP = told(all([...ROW_NAMES], 'a lookup asks once for all rows'));

/** Under which names the steps of all flows keep their answers. */
function stepNames(manifest: Manifest): ReadonlySet<string> {
  const names = new Set<string>();
  const level = ({ sync, objects, modes }: Pick<Manifest, 'sync' | 'objects' | 'modes'>): void => {
    for (const flow of Object.values(sync ?? {})) {
      if (typeof flow === 'string') continue;
      for (const { as, ensure } of flow)
        for (const name of [as, ...(ensure?.steps ?? []).map((step) => step.as)]) if (name !== undefined) names.add(name);
    }
    for (const inner of [...(objects ?? []), ...(modes ?? [])]) level(inner);
  };
  level(manifest);
  return names;
}
