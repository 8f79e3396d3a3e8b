/** Which lookups templates read: they are asked before the templates run, and no others. */

import type { Request, Response } from './destination.ts';

/** Anything compiled knows the names that it reads. */
export interface Named {
  readonly names: ReadonlySet<string>;
}

/** The lookups that templates read. */
export function lookupsRead(templates: Iterable<Named | undefined>): ReadonlySet<string> {
  const read = new Set<string>();
  for (const template of templates) {
    for (const name of template?.names ?? []) if (name.startsWith('lookups.')) read.add(name.slice('lookups.'.length));
  }
  return read;
}

/** Every template of a request, its answer's too. */
export function templatesOf(request: Omit<Request, 'lookups' | 'readsKey' | 'readsSteps'>): (Named | undefined)[] {
  return [...templatesBeforeBody(request), templateOf(request.body), ...templatesOfResponse(request.response)];
}

/** Every template that is read before it is known which rows share a request. */
export function templatesBeforeBody({
  method,
  path,
  query,
  headers,
  batch,
  item,
  idempotency,
  rateLimits,
  rules,
  response,
}: Omit<Request, 'lookups' | 'readsKey' | 'readsSteps'>): (Named | undefined)[] {
  return [
    typeof method === 'string' ? undefined : method,
    path.leading,
    path.template,
    ...query,
    ...headers,
    item,
    batch?.by,
    idempotency?.by,
    ...rateLimits.map(({ by }) => by),
    ...rules.flatMap((rule) => [rule.if, rule.reason]),
    response.key,
  ];
}

/** Every template of a batched request that is read once for all of its rows, beside what tells which rows may share it. */
export function templatesOfBatch({ body, response }: Pick<Request, 'body' | 'response'>): (Named | undefined)[] {
  return [templateOf(body), ...templatesOfWhole(response)];
}

/** Every template that reads an answer. */
export function templatesOfResponse(response: Response): (Named | undefined)[] {
  const { rows, errors } = response;
  return [
    ...templatesOfWhole(response),
    ...[response.reason, response.key],
    ...response.rules.map(({ reason }) => reason),
    ...[...rows, ...errors].flatMap(({ rules, reason }) => [
      reason,
      ...rules.flatMap((rule) => [rule.if, rule.reason, rule.after]),
    ]),
    ...rows.map(({ ok }) => ok),
  ];
}

/** Those of them that read it for all rows together. */
function templatesOfWhole({ rules, ok, accepted, rows, errors, job }: Response): (Named | undefined)[] {
  return [
    ...(job === undefined
      ? []
      : [job.until, job.failed, ...templatesOf(job.request), ...(job.fetch === undefined ? [] : templatesOf(job.fetch))]),
    ...rules.flatMap((rule) => [rule.if, rule.after]),
    ...[ok, accepted],
    ...[...rows, ...errors].flatMap(({ each, key, index }) => [each, key, index]),
    ...errors.map(({ required }) => required),
  ];
}

function templateOf(body: Request['body']): Named | undefined {
  return body.kind === 'none' ? undefined : 'tree' in body ? body.tree : body.template;
}
