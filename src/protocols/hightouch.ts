/** Hightouch's Embedded Destination: the nine methods, in its own words. */

import type { Call, Verdict } from '../delivery/call.ts';
import type { BoundDestination } from '../destination/bind.ts';
import { OPERATIONS, type Operation, type Request } from '../destination/destination.ts';
import { choose, listFields, listModes, listObjects, listOptions, reachableSyncs, requestFor } from '../destination/listing.ts';
import { readConfiguration } from '../destination/mappings.ts';
import { chooseFor, validateConfiguration } from '../destination/validation.ts';
import { stringifyJson } from '../numbers.ts';
import { type Method, type Methods, RPC_CODES, RpcError } from '../rpc/method.ts';
import { optionalConfiguration, readChoice, readConfigurationParam, readOperation } from './params.ts';

/** What a method is given beside its params. */
export interface Caller {
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
}

/** What the methods of a destination need of the rest of the world. */
export interface HightouchDeps {
  /** Milliseconds since 1970. */
  now(): number;
  /** One verdict for each row of the call, in its order. */
  deliver(call: Call, gone: AbortSignal): Promise<readonly Verdict[]>;
  /** Takes secrets out of a reason. */
  redact(text: string): string;
}

/** Rows in a call where neither the manifest nor a batch says more. */
const DEFAULT_BATCH_SIZE = 100;

export function hightouchMethods(bound: BoundDestination, deps: HightouchDeps): Methods<Caller> {
  const chosen = (params: unknown) => {
    const { object, mode } = readChoice(params);
    return choose(bound, object, mode, deps.now());
  };
  const methods = new Map<string, Method<Caller>>([
    ['list_objects', async () => ({ objects: listObjects(choose(bound, undefined, undefined, deps.now())) })],
    ['list_modes', async (params) => ({ modes: listModes(chosen({ object: readChoice(params).object })) })],
    ['list_fields', async (params) => ({ fields: listFields(chosen(params)) ?? [] })],
    ['list_options', async (params) => ({ options: listOptions(chosen(params)) ?? null })],
    [
      'validate',
      async (params) => ({ errors: validateConfiguration(bound, readConfigurationParam(params), deps.now()).map(deps.redact) }),
    ],
    ['behavior', async (params) => behavior(bound, optionalConfiguration(params), deps.now())],
  ]);
  for (const operation of OPERATIONS)
    methods.set(operation, (params, { signal }) => operate(bound, deps, operation, params, signal));
  return methods;
}

/** Methods of a destination that is out of order: whatever is called, the answer says why. */
export function brokenMethods(why: string): Methods<Caller> {
  const method: Method<Caller> = async () => {
    throw new RpcError(RPC_CODES.destinationBroken, why);
  };
  return { get: () => method };
}

function behavior(bound: BoundDestination, configuration: Readonly<Record<string, unknown>> | undefined, now: number): object {
  const { destination } = bound;
  const chosen = configuration && chooseFor(bound, readConfiguration(configuration).config, now);
  const requests = (operation: Operation): Request[] =>
    (chosen === undefined || typeof chosen === 'string'
      ? reachableSyncs(destination.form).map((sync) => sync.get(operation))
      : [requestFor(chosen, operation)]
    ).filter((request) => request !== undefined);
  const sizes = OPERATIONS.flatMap(requests).map((request) => request.batch?.size ?? 0);
  return {
    batchSize: destination.batchSize ?? (Math.max(0, ...sizes) || DEFAULT_BATCH_SIZE),
    operations: Object.fromEntries(OPERATIONS.map((operation) => [operation, requests(operation).length > 0])),
    skipInitialRun: destination.skipInitialRun,
  };
}

async function operate(
  bound: BoundDestination,
  deps: HightouchDeps,
  operation: Operation,
  params: unknown,
  gone: AbortSignal,
): Promise<object> {
  const { idColumn, configuration: given, rows } = readOperation(params);
  const configuration = readConfiguration(given);
  const ids = rows.map((row) => row[idColumn]);
  const chosen = chooseFor(bound, configuration.config, deps.now());
  if (typeof chosen === 'string')
    return rejectedRows(
      ids,
      ids.map(() => chosen),
      deps,
    );
  const request = requestFor(chosen, operation);
  if (request === undefined) {
    const mode = chosen.mode === undefined ? 'This destination' : `The mode "${chosen.mode}"`;
    return rejectedRows(
      ids,
      ids.map(() => `${mode} does not ${operation} rows.`),
      deps,
    );
  }
  const { object, mode } = chosen;
  const verdicts = await deps.deliver({ bound, request, operation, idColumn, configuration, object, mode, rows }, gone);
  return rejectedRows(
    ids,
    ids.map((_, index) => reasonOf(verdicts[index])),
    deps,
  );
}

/** A row without a verdict would be taken for delivered: it is rejected, whatever went wrong. */
function reasonOf(verdict: Verdict | undefined): string | undefined {
  if (verdict === undefined) return 'outcome unknown: no verdict was reached';
  return verdict.accepted ? undefined : verdict.reason;
}

/** An id that stands twice is reported once, with the first reason. */
function rejectedRows(ids: readonly unknown[], reasons: readonly (string | undefined)[], { redact }: HightouchDeps): object {
  const rejected = new Map<string, { id: unknown; reason: string }>();
  for (const [index, id] of ids.entries()) {
    const reason = reasons[index];
    const key = stringifyJson(id);
    if (reason !== undefined && !rejected.has(key)) rejected.set(key, { id, reason: redact(reason) });
  }
  return { rejectedRows: [...rejected.values()] };
}
