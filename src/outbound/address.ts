/** Internet addresses: which are public, what the others are called, and the CIDRs an operator opens. */

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Fault } from '../fault.ts';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type Network = readonly [Address, number];

/** What a row's reason calls each range of ipaddr.js. */
const CLASSES: Readonly<Record<string, string>> = {
  private: 'private',
  uniqueLocal: 'private',
  loopback: 'loopback',
  linkLocal: 'link-local',
  unspecified: 'unspecified',
  carrierGradeNat: 'carrier-grade NAT',
  multicast: 'multicast',
  broadcast: 'broadcast',
  benchmarking: 'benchmarking',
  rfc6052: 'NAT64',
  rfc6145: 'translated',
  '6to4': '6to4',
  teredo: 'Teredo',
};

/** Azure's wire server gives a machine its secrets, and stands in public address space. */
const AZURE = ipaddr.IPv4.parse('168.63.129.16');
/** All that IANA has given out for public unicast; ipaddr.js calls the rest of IPv6 unicast too. */
const GLOBAL_V6: Network = [ipaddr.IPv6.parse('2000::'), 3];

/** Reads an address as a connection takes it; an IPv4 address written as ::ffff:a.b.c.d is that IPv4 address. */
export function parseAddress(text: string): Address | undefined {
  const version = isIP(text);
  if (version === 0) return undefined;
  if (version === 4) return ipaddr.IPv4.parse(text);
  // A zone (%eth0) only names an interface. ipaddr.js takes ::a.b.c.d for ::ffff:a.b.c.d; the URL parser writes both in hexadecimal.
  const address = ipaddr.IPv6.parse(new URL(`http://[${text.replace(/%.*/, '')}]`).hostname.slice(1, -1));
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** What kind of address it is where it is not public; nothing where it is. */
export function addressClass(address: Address): string | undefined {
  const range = address.range();
  if (range !== 'unicast') return CLASSES[range] ?? 'reserved';
  if (address.kind() === 'ipv4') return within(address, [AZURE, 32]) ? 'cloud platform' : undefined;
  if (!within(address, GLOBAL_V6)) return 'reserved';
  return isTunnel(address) ? 'ISATAP' : undefined;
}

/** RFC 5214 section 6.1: such an address ends in an IPv4 address of the site behind it, whatever network it begins with. */
function isTunnel(address: Address): boolean {
  const [, , , , first = 0, second] = address instanceof ipaddr.IPv6 ? address.parts : [];
  return (first & ~0x0200) === 0 && second === 0x5efe;
}

export function within(address: Address, [network, bits]: Network): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

/** The network of one address alone, as an operator would list it. */
export function onlyThis(address: Address): string {
  return `${address.toString()}/${address.kind() === 'ipv4' ? 32 : 128}`;
}

/** Reads `10.0.0.0/8` or `10.1.2.3`; IPv4 networks match IPv4 addresses however they are written. */
export function parseNetwork(text: string): Network {
  const [head = '', bits, rest] = text.trim().split('/');
  const address = parseAddress(head);
  // A mapped network counts its bits from the IPv6 side: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const mapped = address?.kind() === 'ipv4' && isIP(head) === 6 ? 96 : 0;
  const most = address?.kind() === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) - mapped : -1;
  if (address === undefined || rest !== undefined || length < 0 || length > most) {
    throw new Fault({
      code: 'settings.allow-private',
      sentence: `ROWPOST_ALLOW_PRIVATE: "${text}" is neither an address nor a network. Use forms such as 10.0.0.0/8, 10.1.2.3 or fd00::/8.`,
    });
  }
  return [address, length];
}
