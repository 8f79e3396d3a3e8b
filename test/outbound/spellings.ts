/** The ways to write an address that must not be called, as the URL standard, old C libraries and translators read them. */

import { BlockList, isIP, isIPv6 } from 'node:net';

/** From nothing to nothing else: the value that is drawn is what the caller's chance says. */
export type Chance = () => number;

/** Addresses of this machine on which tests listen, first; then what else is not public, and what stands in the cloud. */
export const LISTENING = ['127.0.0.1', '127.0.0.2', '127.8.9.10'] as const;
const ELSEWHERE = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200', // Alibaba's metadata
  '127.255.255.254',
  '168.63.129.16', // Azure's wire server
  '169.254.169.254',
  '169.254.170.2', // Amazon's credentials of a container
  '172.16.0.1',
  '172.31.255.254',
  '192.0.0.192', // Oracle's metadata
  '192.0.2.1',
  '192.168.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
] as const;
const ELSEWHERE_V6 = [
  '::',
  '100::1',
  '2001:db8::1',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254', // Amazon's metadata
  'fd20:ce::254', // Google's metadata
  'fe80::1',
  'fec0::1',
  'ff02::1',
] as const;
/** Networks whose addresses hold an IPv4 address in their last 32 bits. */
const BEFORE_V4 = [
  ['0', '0', '0', '0', '0', 'ffff'], // mapped, RFC 4291
  ['0', '0', '0', '0', '0', '0'], // compatible, RFC 4291
  ['0', '0', '0', '0', 'ffff', '0'], // translated, RFC 2765
  ['64', 'ff9b', '0', '0', '0', '0'], // NAT64, RFC 6052
  ['64', 'ff9b', '1', '0', '0', '0'], // NAT64, RFC 8215
  ['fe80', '0', '0', '0', '0', '5efe'], // ISATAP, RFC 5214
  ['2a01', '4f8', '1', '2', '0', '5efe'],
  ['2a01', '4f8', '1', '2', '200', '5efe'],
] as const;

/** Written apart from what is tested, from IANA's registries of special-purpose addresses. */
const FORBIDDEN = new BlockList();
for (const network of [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '168.63.129.16/32', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3'],
]) {
  const [head = '', bits] = network.split('/');
  FORBIDDEN.addSubnet(head, Number(bits), 'ipv4');
}
for (const network of [
  ...['::/16', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/32', '2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16'],
  ...['fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8', '2a01:4f8:1:2:0:5efe::/96', '2a01:4f8:1:2:200:5efe::/96'],
]) {
  const [head = '', bits] = network.split('/');
  FORBIDDEN.addSubnet(head, Number(bits), 'ipv6');
}

/** Whether a literal address is one that these tests may name: nothing that is asked here may be somebody's. */
export function isForbidden(address: string): boolean {
  return FORBIDDEN.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

const pick = <T>(chance: Chance, from: readonly T[]): T => {
  const one = from[Math.floor(chance() * from.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
};

/** One way to write an IPv4 address as a host. */
export function spelledV4(address: string, chance: Chance): string {
  const octets = address.split('.').map(Number);
  // The last part stands for all octets that are not written.
  const parts = Math.floor(chance() * 4) + 1;
  const numbers = [...octets.slice(0, parts - 1), octets.slice(parts - 1).reduce((sum, octet) => sum * 256 + octet, 0)];
  const host = numbers.map((number) => spelledNumber(number, chance)).join('.') + (chance() < 0.1 ? '.' : '');
  return chance() < 0.5 ? host : disguised(host, chance);
}

function spelledNumber(number: number, chance: Chance): string {
  const zeros = '0'.repeat(chance() < 0.3 ? Math.floor(chance() * 6) : 0);
  const hexadecimal = number.toString(16);
  return pick(chance, [
    String(number),
    `0${zeros}${number.toString(8)}`,
    `0x${zeros}${hexadecimal}`,
    `0X${zeros}${hexadecimal.toUpperCase()}`,
  ]);
}

const CIRCLED = '⓪①②③④⑤⑥⑦⑧⑨';
const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const DOTS = ['.', '。', '．', '｡', '%2E', '%2e'];
const IGNORED = ['\u00ad', '\u200b', '\u2060', '\ufe0f', '\t', '\n', '\r'];

/** Characters in place of ASCII's that IDNA maps back to them, and some that parsers drop. */
function disguised(host: string, chance: Chance): string {
  const disguise = (character: string): string => {
    if (chance() < 0.05) return character + pick(chance, IGNORED);
    if (character === '.') return pick(chance, DOTS);
    if (chance() < 0.5) return character;
    const code = character.charCodeAt(0);
    const ways = [`%${code.toString(16)}`, String.fromCharCode(code + 0xfee0)];
    if (/\d/.test(character)) {
      const digit = Number(character);
      ways.push(
        CIRCLED.charAt(digit),
        SUPERSCRIPT.charAt(digit),
        String.fromCodePoint(0x1d7ce + digit),
        String.fromCodePoint(0x1d7f6 + digit),
      );
    }
    return pick(chance, ways);
  };
  return [...host].map(disguise).join('');
}

/** One IPv6 address, without brackets, that leads to an IPv4 address. */
export function overV6(address: string, chance: Chance): string {
  const octets = address.split('.').map(Number);
  const hex = octets.map((octet) => octet.toString(16).padStart(2, '0')).join('');
  const [high, low] = [hex.slice(0, 4), hex.slice(4)];
  const groups = pick(chance, [
    ...BEFORE_V4.map((network) => [...network, high, low]),
    ['2002', high, low, '0', '0', '0', '0', '1'], // 6to4, RFC 3056
    // Teredo, RFC 4380: the client's address with its bits turned over.
    ['2001', '0', 'cb00', '7101', '0', 'ffff', ...[high, low].map((group) => (Number.parseInt(group, 16) ^ 0xffff).toString(16))],
  ]);
  return spelledV6(groups, chance, chance() < 0.3 && groups[0] !== '2002' && groups[0] !== '2001' ? address : undefined);
}

/** @param tail an IPv4 address in place of the last two groups */
function spelledV6(groups: readonly string[], chance: Chance, tail?: string): string {
  const written = groups
    .slice(0, tail === undefined ? 8 : 6)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .map((group) => (chance() < 0.2 ? group.padStart(4, '0') : group))
    .map((group) => (chance() < 0.2 ? group.toUpperCase() : group));
  const text = [...written, ...(tail === undefined ? [] : [tail])].join(':');
  if (chance() < 0.3) return text;
  // The standard has the longest run of zeros left out; parsers take any.
  const runs = [...text.matchAll(/(?:^|:)(?:0+(?::|$)){2,}/g)];
  if (runs.length === 0) return text;
  const run = pick(chance, runs);
  return `${text.slice(0, run.index)}::${text.slice(run.index + run[0].length)}`;
}

/** One IPv6 address, written in one way. */
function spelledOwnV6(address: string, chance: Chance): string {
  const [left = '', right] = address.split('::');
  const [before, after] = [left, right ?? ''].map((side) => (side === '' ? [] : side.split(':')));
  const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const zeros = right === undefined ? [] : Array.from({ length: missing }, () => '0');
  return spelledV6([...(before ?? []), ...zeros, ...(after ?? [])], chance);
}

/** A whole URL around a host; `allowed` is a name that may be called. */
export function spelledUrl(host: string, port: number, chance: Chance, allowed = 'hooks.example.com'): string {
  const scheme = chance() < 0.6 ? 'http://' : pick(chance, SCHEMES);
  const user =
    chance() < 0.8
      ? ''
      : pick(chance, [
          `${allowed}@`,
          `${allowed}:80@`,
          `${allowed}%2F@`,
          'a:b@',
          ':@',
          '@',
          `${allowed}\\@`,
          `${allowed}#@`,
          `${allowed}?@`,
        ]);
  const where = chance() < 0.8 ? `:${port}` : pick(chance, [`:0${port}`, `:\t${port}`, `:${port}\n`, `:000${port}`]);
  const rest =
    chance() < 0.5
      ? '/'
      : pick(chance, ['', '/x', '?x', '#x', '\\x', `/@${allowed}/`, `/..//${allowed}`, `#@${allowed}`, `\\@${allowed}/`]);
  const text = `${scheme}${user}${host}${where}${rest}`;
  return chance() < 0.9
    ? text
    : pick(chance, [` ${text}`, `${text} `, `\u0000${text}`, `\n${text}`, text.replace('://', ':\n//')]);
}

const SCHEMES = [
  'HTTP://',
  'hTtP://',
  'https://',
  'HTTPS://',
  'http:',
  'http:/',
  'http:///',
  'http:////',
  'http:\\\\',
  'http:/\\',
  '//',
  '\\\\',
  '/\\',
  'ht\ttp://',
  'ws://',
  'ftp://',
];

/** One URL of an address that must not be called; `own` is the chance that it is one of this machine's. */
export function forbiddenUrl(port: number, chance: Chance, own = 0.7): string {
  const v4 = chance() < own ? pick(chance, LISTENING) : pick(chance, ELSEWHERE);
  const way = chance();
  if (way < 0.55) return spelledUrl(spelledV4(v4, chance), port, chance);
  if (way < 0.85) return spelledUrl(`[${overV6(v4, chance)}]`, port, chance);
  return spelledUrl(`[${spelledOwnV6(chance() < own ? '::1' : pick(chance, ELSEWHERE_V6), chance)}]`, port, chance);
}

/** What a URL comes to where its host is an address; nothing where it is a name, or no URL. */
export function literalOf(text: string, base?: string): string | undefined {
  if (!URL.canParse(text, base)) return undefined;
  const host = new URL(text, base).hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? undefined : host;
}
