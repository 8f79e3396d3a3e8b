/** The address guard: connections go to public addresses, and to those the operator opened. */

import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type Address, addressClass, onlyThis, parseAddress, parseNetwork, within } from './address.ts';

/** What stands between a host name and a connection. */
export interface Gate {
  /** The connection's own lookup, so that no second lookup can answer differently. */
  readonly lookup: LookupFunction;
  /** Why a literal address is refused; nothing for allowed ones and for names. Node asks no lookup for literals. */
  refuses(hostname: string): string | undefined;
}

export interface Guard extends Gate {
  allows(address: string): boolean;
  /** The gate for one origin (`https://host:port`): open where the operator named that very origin. */
  at(origin: string): Gate;
}

export interface GuardOptions {
  /** The operator's own URL, from ROWPOST_URL_<ID>: its host may be private, at its scheme and port only. */
  readonly exemptOrigin?: string | undefined;
  /** Finds all addresses of a name; the system's resolver unless given. */
  readonly resolve?: Resolve | undefined;
}

export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The guard said no. Its message is ours and may be shown. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
}

/** `allow` holds CIDRs and addresses that may be called although they are not public. */
export function createGuard(allow: readonly string[], { exemptOrigin, resolve = systemLookup }: GuardOptions = {}): Guard {
  const networks = allow.map(parseNetwork);
  const exempt = exemptOrigin === undefined ? undefined : new URL(exemptOrigin).origin;

  /** The address where it may not be called, and what kind it is. */
  const refused = (text: string): { address: Address; kind: string } | undefined => {
    const address = parseAddress(text);
    if (address === undefined || networks.some((network) => within(address, network))) return undefined;
    const kind = addressClass(address);
    return kind === undefined ? undefined : { address, kind };
  };
  const remedy = (address: Address): string =>
    networks.length === 0
      ? `If it is yours, start with ROWPOST_ALLOW_PRIVATE=${onlyThis(address)}.`
      : `If it is yours, add ${onlyThis(address)} to ROWPOST_ALLOW_PRIVATE.`;

  const guarded: Gate = {
    lookup: lookupWith(resolve, (hostname, addresses) => {
      // One refused answer refuses the name: a mixture of public and private ones is how rebinding looks.
      for (const { address: text } of addresses) {
        const found = refused(text);
        if (found === undefined) continue;
        const what = `the ${found.kind} address ${found.address.toString()}`;
        return `${hostname} resolves to ${what}, which Rowpost does not call. ${remedy(found.address)}`;
      }
      return undefined;
    }),
    refuses(hostname) {
      const found = refused(hostname.replace(/^\[(.*)\]$/, '$1'));
      if (found === undefined) return undefined;
      return `Rowpost does not call the ${found.kind} address ${found.address.toString()}. ${remedy(found.address)}`;
    },
  };
  const open: Gate = { lookup: lookupWith(resolve, () => undefined), refuses: () => undefined };

  return {
    ...guarded,
    allows: (address) => isIP(address) !== 0 && refused(address) === undefined,
    at: (origin) => (origin === exempt ? open : guarded),
  };
}

function lookupWith(
  resolve: Resolve,
  refusal: (hostname: string, addresses: LookupAddress[]) => string | undefined,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = error === null ? addresses : [];
      if (first === undefined) {
        callback(error ?? Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
        return;
      }
      const sentence = refusal(hostname, addresses);
      if (sentence !== undefined) callback(new AddressRefused(sentence), '');
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
