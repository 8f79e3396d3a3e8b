/** Addresses and CIDRs that the operator lists, and whether an address is among them. */

import { BlockList, isIP } from 'node:net';

/** Addresses and CIDRs between commas and blanks, checked for their syntax; nothing where one is neither. */
export function parseNetworks(text: string): string[] | undefined {
  const networks = text.split(/[\s,]+/).filter((word) => word !== '');
  return networks.length > 0 && networks.every((network) => partsOf(network) !== undefined) ? networks : undefined;
}

/** Whether an address is in one of the networks. IPv4 in the form of IPv6 (::ffff:10.0.0.1) is that IPv4 address. */
export function networkTest(networks: readonly string[]): (address: string) => boolean {
  // Asked for each call, and by most servers for nothing.
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks) {
    const { address, family, bits } = partsOf(network) ?? fail(network);
    list.addSubnet(address, bits, family);
  }
  return (text) => {
    const address = withoutZone(text);
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
}

const isLoopbackAddress = networkTest(['127.0.0.0/8', '::1']);

/** Whether only this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  return isIP(host) === 0 ? host.toLowerCase() === 'localhost' : isLoopbackAddress(host);
}

/** A link-local address may come with the interface it is on: fe80::1%eth0. */
function withoutZone(address: string): string {
  return address.replace(/%.*$/, '');
}

function partsOf(network: string): { address: string; family: 'ipv4' | 'ipv6'; bits: number } | undefined {
  const [, text = '', prefix] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
  const version = isIP(text);
  if (version === 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = prefix === undefined ? most : Number(prefix);
  if (bits > most) return undefined;
  // Node's list compares IPv4 addresses with IPv4 networks only: a mapped network counts its bits from the IPv6 side.
  const mapped = version === 6 ? mappedIpv4(text) : undefined;
  if (mapped !== undefined) return bits < 96 ? undefined : { address: mapped, family: 'ipv4', bits: bits - 96 };
  return { address: text, family: version === 4 ? 'ipv4' : 'ipv6', bits };
}

/** The IPv4 address in ::ffff:a.b.c.d, however it is written. */
function mappedIpv4(address: string): string | undefined {
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(new URL(`http://[${address}]`).hostname) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return [high, low].flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]).join('.');
}

function fail(network: string): never {
  throw new RangeError(`${network} is neither an address nor a CIDR`);
}
