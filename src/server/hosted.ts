/** A destination as the server sees it: a name, a state and methods that callers may call. */

import type { Ending } from '../outbound/ending.ts';
import type { Methods } from '../rpc/method.ts';

/** What every method is given beside its params. */
export interface CallContext {
  /** Aborted when the caller hangs up before the answer was sent, and at no other time. */
  readonly signal: Ending;
  /** A header of the request, by its name in lower case; several of one name are joined with ", ". */
  header(name: string): string | undefined;
}

export interface Hosted {
  /** The last part of its URL. */
  readonly id: string;
  readonly name: string;
  readonly description?: string | undefined;
  /** A broken one has a URL too; its methods answer why. */
  readonly state: 'ready' | 'broken';
  /** What is wrong with it, one sentence each; for operators' eyes. */
  readonly problems: readonly string[];
  readonly methods: Methods<CallContext>;
}
