/** The transports: each must pass what is asked of one. */

import { createGotTransport } from '../../src/outbound/got-transport.ts';
import type { Transport, TransportOptions } from '../../src/outbound/transport.ts';
import { createUndiciTransport } from '../../src/outbound/undici-transport.ts';

export type Create = (options: TransportOptions) => Transport;

export const TRANSPORTS: ReadonlyMap<string, Create> = new Map([
  ['undici', createUndiciTransport],
  ['got', createGotTransport],
]);
