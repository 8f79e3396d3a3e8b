/** Hightouch's Embedded Destination: the nine methods, in its own words. */

import { type Call, type ReasonCode, rejected, type Verdict } from '../delivery/call.ts';
import type { Ask } from '../destination/ask.ts';
import { batchSize } from '../destination/batch-size.ts';
import type { BoundDestination } from '../destination/bind.ts';
import { type Flow, OPERATIONS, type Operation } from '../destination/destination.ts';
import {
  type Choosing,
  choose,
  flowFor,
  listFields,
  listModes,
  listObjects,
  listOptions,
  reachableSyncs,
} from '../destination/listing.ts';
import { type ReadConfiguration, readConfiguration } from '../destination/mappings.ts';
import { chooseFor, validateConfiguration } from '../destination/validation.ts';
import { Fault } from '../fault.ts';
import type { JsonRows } from '../json/rows.ts';
import { stringifyJson } from '../numbers.ts';
import type { Ending } from '../outbound/ending.ts';
import { type Method, type Methods, RPC_CODES, type RpcCode, RpcError } from '../rpc/method.ts';
import { SERVER_SETTINGS } from '../settings.ts';
import { isMap } from '../template/text.ts';
import { type OperationParams, optionalConfiguration, readChoice, readConfigurationParam, readOperation } from './params.ts';

/** What a method is given beside its params. */
export interface Caller {
  /** Aborted when the caller hangs up. */
  readonly signal: Ending;
}

/** A destination at work, for one call: its settings may come with the call. */
export interface Running {
  readonly bound: BoundDestination;
  /** Milliseconds that a call may take. */
  readonly deadline: number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only ever grow. */
  elapsed(): number;
  /**
   * @param maxAge milliseconds; an older answer is asked for anew
   * @param begun when the call began, by `elapsed`: its deadline counts from there
   */
  ask(maxAge: number, begun: number): Ask;
  /** One verdict for each row of the call, in its order. */
  deliver(call: Call, gone: Ending): Promise<readonly Verdict[]>;
  /** Told what came of a call. */
  settled(operation: Operation, verdicts: readonly Verdict[], begun: number): void;
  /** Takes secrets out of a reason. */
  redact(text: string): string;
}

/** What somebody at the form sees is not older, in milliseconds: the reload buttons are there for that. */
const FORM_AGE = 10_000;

export interface Limits {
  /** Rows of a call. */
  readonly maxRows?: number | undefined;
}

/** @param running the destination for a caller; it may throw what the caller should be told */
export function hightouchMethods<C extends Caller>(
  running: (caller: C) => Running,
  { maxRows = SERVER_SETTINGS.maxRows.fallback }: Limits = {},
): Methods<C> {
  const methods = new Map<string, Method<C>>();
  /** What is asked for the form; a lookup that fails is an answer of its own kind, not the caller's mistake. */
  const define = (
    name: string,
    answer: (running: Running, params: unknown, choosing: Choosing) => Promise<object>,
    maxAge = FORM_AGE,
  ) => {
    methods.set(name, async (params, caller) => {
      const own = running(caller);
      try {
        return withoutSecrets(await answer(own, params, { now: own.now(), ask: own.ask(maxAge, own.elapsed()) }), own.redact);
      } catch (error) {
        throw told(error, own);
      }
    });
  };
  const chosen = ({ bound }: Running, { object, mode }: ReturnType<typeof readChoice>, choosing: Choosing) =>
    choose(bound, object, mode, choosing);

  define('list_objects', async (own, _, choosing) => ({
    objects: await listObjects(await chosen(own, { object: undefined, mode: undefined }, choosing)),
  }));
  define('list_modes', async (own, params, choosing) => ({
    modes: await listModes(await chosen(own, { object: readChoice(params).object, mode: undefined }, choosing)),
  }));
  define('list_fields', async (own, params, choosing) => ({
    fields: (await listFields(await chosen(own, readChoice(params), choosing))) ?? [],
  }));
  define('list_options', async (own, params, choosing) => ({
    options: (await listOptions(await chosen(own, readChoice(params), choosing))) ?? null,
  }));
  define('validate', async (own, params, choosing) => ({
    errors: await validateConfiguration(own.bound, readConfigurationParam(params), choosing),
  }));
  define(
    'behavior',
    async (own, params, choosing) => behavior(own, optionalConfiguration(params), choosing, maxRows),
    Number.POSITIVE_INFINITY,
  );
  for (const operation of OPERATIONS)
    methods.set(operation, async (params, caller) => {
      const own = running(caller);
      try {
        return await operate(own, operation, readOperation(params, maxRows), caller.signal);
      } catch (error) {
        throw told(error, own);
      }
    });
  return methods;
}

/** What the caller is told of a mistake, without secrets; what is none is a bug, whose error goes to the log as it is. */
function told(error: unknown, { redact }: Pick<Running, 'redact'>): unknown {
  if (error instanceof RpcError) return new RpcError(error.code, redact(error.message), error.data);
  if (!(error instanceof Fault)) return error;
  return new RpcError(codeOf(error), redact(error.message));
}

/** Whose mistake it is: the API's, the manifest's (whose templates do not fit what they are given), or else the caller's. */
function codeOf({ code }: Fault): RpcCode {
  if (code === 'lookup.failed') return RPC_CODES.upstream;
  return code.startsWith('render.') ? RPC_CODES.destinationBroken : RPC_CODES.invalidParams;
}

/** Methods of a destination that is out of order: whatever is called, the answer says why. */
export function brokenMethods(why: string): Methods<Caller> {
  const method: Method<Caller> = async () => {
    throw new RpcError(RPC_CODES.destinationBroken, why);
  };
  return { get: () => method };
}

async function behavior(
  { bound, deadline }: Running,
  configuration: Readonly<Record<string, unknown>> | undefined,
  choosing: Choosing,
  maxRows: number,
): Promise<object> {
  const { destination } = bound;
  const chosen = configuration && (await chooseFor(bound, readConfiguration(configuration).config, choosing));
  const flows = (operation: Operation): Flow[] =>
    (chosen === undefined || typeof chosen === 'string'
      ? reachableSyncs(destination.form).map((sync) => sync.get(operation))
      : [flowFor(chosen, operation)]
    ).filter((flow) => flow !== undefined);
  return {
    batchSize: Math.min(maxRows, batchSize(destination, OPERATIONS.flatMap(flows), deadline).size),
    operations: Object.fromEntries(OPERATIONS.map((operation) => [operation, flows(operation).length > 0])),
    skipInitialRun: destination.skipInitialRun,
  };
}

async function operate(
  own: Running,
  operation: Operation,
  { idColumn, configuration: given, rows }: OperationParams,
  gone: Ending,
): Promise<object> {
  const begun = own.elapsed();
  const verdicts = await settle(own, operation, idColumn, rows, readConfiguration(given), begun, gone);
  own.settled(operation, verdicts, begun);
  return rejectedRows(rows, idColumn, verdicts, own);
}

/** One verdict for each row. */
async function settle(
  own: Running,
  operation: Operation,
  idColumn: string,
  rows: OperationParams['rows'],
  configuration: ReadConfiguration,
  begun: number,
  gone: Ending,
): Promise<readonly Verdict[]> {
  const all = (code: ReasonCode, reason: string) => Array.from({ length: rows.length }, () => rejected(code, reason));
  try {
    const ask = own.ask(Number.POSITIVE_INFINITY, begun);
    const chosen = await chooseFor(own.bound, configuration.config, { now: own.now(), ask });
    if (typeof chosen === 'string') return all('configuration', chosen);
    const flow = flowFor(chosen, operation);
    const { object, mode } = chosen;
    if (flow === undefined)
      return all(
        'configuration',
        `${mode === undefined ? 'This destination' : `The mode "${mode}"`} does not ${operation} rows.`,
      );
    const lookups =
      flow.lookups.size === 0 ? NO_LOOKUPS : await ask(flow.lookups, { object, mode, config: configuration.config });
    const { bound } = own;
    return await own.deliver({ bound, begun, flow, operation, idColumn, configuration, object, mode, lookups, rows }, gone);
  } catch (error) {
    // Nothing was sent yet: a lookup failed, so what the rows need is not known.
    if (error instanceof Fault) return all('lookup', `not attempted: ${error.message}`);
    throw error;
  }
}

const NO_LOOKUPS: Readonly<Record<string, unknown>> = Object.freeze({});

/** What an API answers for the form may hold what it was sent. Plain data only. */
function withoutSecrets<T>(value: T, redact: (text: string) => string): T;
function withoutSecrets(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((one) => withoutSecrets(one, redact));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [redact(name), withoutSecrets(one, redact)]));
}

/** An id that stands twice is reported once, with the first reason. */
function rejectedRows(
  rows: JsonRows,
  idColumn: string,
  verdicts: readonly (Verdict | undefined)[],
  { redact }: Pick<Running, 'redact'>,
): object {
  const out = new Map<string, { id: unknown; reason: string }>();
  // One reason is often that of all rows.
  const shown = new Map<string, string>();
  for (let index = 0; index < rows.length; index++) {
    // A row without a verdict would be taken for delivered: it is rejected, whatever went wrong.
    const verdict = verdicts[index] ?? rejected('outcome-unknown', 'outcome unknown: no verdict was reached');
    if (verdict.accepted) continue;
    const id = rows.value(index, idColumn);
    const key = stringifyJson(id);
    if (out.has(key)) continue;
    const clean = shown.get(verdict.reason) ?? redact(verdict.reason);
    shown.set(verdict.reason, clean);
    out.set(key, { id, reason: clean });
  }
  return { rejectedRows: [...out.values()] };
}
