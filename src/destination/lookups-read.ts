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
export function templatesOf({
  method,
  path,
  query,
  headers,
  body,
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
    body.kind === 'none' ? undefined : 'tree' in body ? body.tree : body.template,
    item,
    batch?.by,
    idempotency?.by,
    ...rateLimits.map(({ by }) => by),
    ...rules.flatMap((rule) => [rule.if, rule.reason]),
    ...templatesOfResponse(response),
  ];
}

/** Every template that reads an answer. */
export function templatesOfResponse(response: Response): (Named | undefined)[] {
  const { rows, errors, job } = response;
  return [
    ...(job === undefined
      ? []
      : [job.until, job.failed, ...templatesOf(job.request), ...(job.fetch === undefined ? [] : templatesOf(job.fetch))]),
    ...response.rules.flatMap((rule) => [rule.if, rule.reason, rule.after]),
    ...[response.ok, response.reason, response.accepted, response.key],
    ...rows.flatMap(({ each, key, index, ok, reason }) => [each, key, index, ok, reason]),
    ...errors.flatMap(({ each, key, index, reason, required }) => [each, key, index, reason, required]),
    ...[...rows, ...errors].flatMap((mapping) => mapping.rules.flatMap((rule) => [rule.if, rule.reason, rule.after])),
  ];
}
