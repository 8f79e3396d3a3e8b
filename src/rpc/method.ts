/** What a JSON-RPC method is to the dispatcher, and the error it may throw. Knows neither HTTP nor Hightouch. */

/** A method gets `params` as they came (any JSON value, or undefined where the member is absent). */
export type Method<Context> = (params: unknown, context: Context) => Promise<unknown>;

/** The methods a caller may name. A `Map` is one; a destination that is out of order answers any name with an error. */
export interface Methods<Context> {
  get(name: string): Method<Context> | undefined;
}

/** Codes of the specification (-32700 … -32603) and ours (-32000 … -32099). */
export const RPC_CODES = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  overloaded: -32000,
  unknownDestination: -32001,
  destinationBroken: -32002,
  unauthorized: -32003,
  /** The destination's API could not be asked for what the answer needs. */
  upstream: -32004,
} as const;

export type RpcCode = (typeof RPC_CODES)[keyof typeof RPC_CODES];

/** An error that the caller is told. Its message and data must be fit for the caller's eyes. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: RpcCode;
  readonly data: unknown;

  constructor(code: RpcCode, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
