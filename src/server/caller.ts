/** Who a caller is on the network: the address that connects, or behind trusted proxies the one they name. */

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { networkTest } from '../networks.ts';

export interface Addresses {
  /** The caller's address; `unknown` where a trusted proxy names none. */
  of(request: IncomingMessage): string;
  /** Whether calls may come from there. */
  allows(address: string): boolean;
}

/**
 * @param allowed addresses and CIDRs that calls may come from; any where there are none
 * @param proxies addresses and CIDRs of those whose X-Forwarded-For is believed
 */
export function createAddresses(allowed: readonly string[], proxies: readonly string[]): Addresses {
  const isAllowed = networkTest(allowed);
  const isProxy = networkTest(proxies);
  return {
    of(request) {
      let address = request.socket.remoteAddress ?? 'unknown';
      if (isProxy(address)) {
        // Each proxy adds at the end who connected to it. What stands before the first one that is not ours is anybody's claim.
        const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
        while (isProxy(address)) {
          const before = forwarded.pop()?.trim() ?? '';
          if (before === '') break;
          address = addressOf(before);
        }
      }
      return address.replace(/^::ffff:(?=\d+\.)/i, '');
    },
    allows: (address) => allowed.length === 0 || isAllowed(address),
  };
}

/** `10.0.0.1`, `10.0.0.1:4711`, `[fd00::1]:4711`, `fd00::1`: as proxies write them. */
function addressOf(text: string): string {
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? 'unknown' : bare;
}
