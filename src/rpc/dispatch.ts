/** JSON-RPC 2.0: a body in, the text of an answer out, or nothing where nothing is to be answered. */

import { beginning, Fault } from '../fault.ts';
import { JsonError } from '../json/parse.ts';
import { ExactNumber, stringifyJson } from '../numbers.ts';
import { parseBytes } from './bytes.ts';
import { type Method, type Methods, RPC_CODES, RpcError } from './method.ts';
import { type Call, InvalidRequest, MAX_BATCH, readCall } from './request.ts';

export interface DispatchHooks {
  /** Takes out of an error's message what the caller must not see: it may quote what was sent. */
  redact(text: string): string;
  /** A call without an `id` came. It was not carried out: nobody would hear of the outcome. */
  notification(name: string): void;
  /** A method threw what it should not; gives the reference under which it can be found in the log. */
  bug(error: unknown, method: string): string;
}

/**
 * Answers every call of the body; the calls of a batch run side by side.
 * @param body UTF-8
 * @returns the text of the answer, or undefined where all were notifications
 */
export function dispatch<Context>(
  body: Buffer,
  methods: Methods<Context>,
  context: Context,
  hooks: DispatchHooks,
): Promise<string | undefined> {
  // Not async itself: it would hold the body, of megabytes, for as long as the call takes.
  const parsed = parseBody(body);
  return Array.isArray(parsed) ? answerAll(parsed, methods, context, hooks) : answer(parsed, methods, context, hooks);
}

async function answerAll<Context>(
  calls: readonly unknown[],
  methods: Methods<Context>,
  context: Context,
  hooks: DispatchHooks,
): Promise<string | undefined> {
  if (calls.length === 0) return refusal('The batch is empty. Send at least one call.');
  if (calls.length > MAX_BATCH) return refusal(`The batch has ${calls.length} calls. At most ${MAX_BATCH} are taken at once.`);
  const answers = await Promise.all(calls.map((entry) => answer(entry, methods, context, hooks)));
  const said = answers.filter((text) => text !== undefined);
  return said.length === 0 ? undefined : `[${said.join(',')}]`;
}

/** The text of an error answer; `id` is null where no call could be told. */
export function rpcErrorText(id: Call['id'] | null, error: RpcError): string {
  const { code, message, data } = error;
  return `{"jsonrpc":"2.0","id":${stringifyJson(id ?? null)},"error":${stringifyJson({ code, message, data })}}`;
}

function errorText(id: Call['id'] | null, { code, message, data }: RpcError, { redact }: DispatchHooks): string {
  return rpcErrorText(id, new RpcError(code, redact(message), data));
}

/** Too deep a nesting is a parse error like any other: the text is given up before its `id` is known. */
function parseBody(body: Buffer): unknown {
  try {
    return parseBytes(body);
  } catch (error) {
    if (error instanceof JsonError) return new RpcError(RPC_CODES.parse, `Parse error: ${error.message}`);
    throw error;
  }
}

function refusal(message: string): string {
  return rpcErrorText(null, new RpcError(RPC_CODES.invalidRequest, message));
}

async function answer<Context>(
  entry: unknown,
  methods: Methods<Context>,
  context: Context,
  hooks: DispatchHooks,
): Promise<string | undefined> {
  if (entry instanceof RpcError) return errorText(null, entry, hooks);
  const call = readCall(entry);
  if (call instanceof InvalidRequest) return errorText(call.id, call, hooks);
  if (call.id === undefined) {
    hooks.notification(call.method);
    return undefined;
  }
  try {
    const method = methods.get(call.method);
    const result = await run(method, call, context);
    return `{"jsonrpc":"2.0","id":${stringifyJson(call.id)},"result":${stringifyJson(result)}}`;
  } catch (error) {
    return failureText(call, error, hooks);
  }
}

function run<Context>(method: Method<Context> | undefined, call: Call, context: Context): Promise<unknown> {
  if (method === undefined) {
    throw new RpcError(RPC_CODES.methodNotFound, `Method not found: ${stringifyJson(beginning(call.method, 60))}`);
  }
  const { params } = call;
  if (params !== undefined && (typeof params !== 'object' || params === null || params instanceof ExactNumber)) {
    throw new RpcError(RPC_CODES.invalidParams, `"params" must be an object or an array, not ${nameOf(params)}.`);
  }
  return method(params, context);
}

function failureText(call: Call, error: unknown, hooks: DispatchHooks): string {
  if (error instanceof Fault) return errorText(call.id, new RpcError(RPC_CODES.invalidParams, error.message), hooks);
  if (error instanceof RpcError) {
    try {
      return errorText(call.id, error, hooks);
    } catch (unprintable) {
      return failureText(call, unprintable, hooks);
    }
  }
  const reference = hooks.bug(error, call.method);
  return rpcErrorText(call.id, new RpcError(RPC_CODES.internal, `Internal error (reference ${reference})`));
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  return value instanceof ExactNumber ? 'a number' : `a ${typeof value}`;
}
