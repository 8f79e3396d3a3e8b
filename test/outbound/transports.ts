/** The transports: each must pass what is asked of one. */

import { createGotTransport, type Transport, type TransportOptions } from '../../src/outbound/got-transport.ts';

export const TRANSPORTS: ReadonlyMap<string, (options: TransportOptions) => Transport> = new Map([['got', createGotTransport]]);
