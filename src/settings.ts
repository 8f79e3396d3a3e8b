/** What the operator may set, each by an environment variable or a flag. */

import { isIP } from 'node:net';
import { type Credentials, parseSigningKeys, parseTokens, SHORTEST_TOKEN } from './credentials.ts';
import { oneOf } from './fault.ts';
import { parseNetworks } from './networks.ts';
import { KB, MB, parseDuration, parseSize } from './units.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One row of the table that `--help` and the documentation are made from, and that values are read by. */
export interface Setting<T> {
  readonly env: string;
  readonly flag: string;
  /** What stands for the value in `--help`. */
  readonly value: string;
  /** As a person reads it; empty where there is none. */
  readonly default: string;
  readonly description: string;
  /** What holds where nothing is set. */
  readonly fallback: T;
  /** Nothing where the text is not what `expected` says. */
  parse(text: string): T | undefined;
  readonly expected: string;
  /** Its value is never shown, and may stand in the file that `<env>_FILE` names. */
  readonly secret?: boolean;
}

function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}

const NETWORKS_EXPECTED = 'addresses or CIDRs separated by commas or spaces, such as 10.0.0.0/8 or fd00::1';
const SIZE_EXPECTED = 'a size from 1KB to 256MB, such as 64MB, 512kb or 1000000 (bytes)';

export const SERVER_SETTINGS = {
  port: setting<number>({
    env: 'PORT',
    flag: '--port',
    value: 'number',
    default: '8080',
    description: 'The port to listen on; 0 takes any free one.',
    fallback: 8080,
    parse: within(wholeNumber, 0, 65_535),
    expected: 'a whole number from 0 to 65535',
  }),
  host: setting<string | undefined>({
    env: 'HOST',
    flag: '--host',
    value: 'address',
    default: '127.0.0.1 without a token, 0.0.0.0 with one',
    description: 'The address to listen on. Any but a loopback address needs a token or a signing key.',
    fallback: undefined,
    parse: parseHost,
    expected: 'an address or a host name, without scheme and port',
  }),
  destinations: setting<string>({
    env: 'ROWPOST_DESTINATIONS',
    flag: '--destinations',
    value: 'folder',
    default: 'destinations',
    description: 'The folder that holds the manifests.',
    fallback: 'destinations',
    parse: (text) => text,
    expected: 'a folder',
  }),
  token: setting<Credentials['tokens']>({
    env: 'ROWPOST_TOKEN',
    flag: '--token',
    value: 'token',
    default: '',
    description:
      'What callers send as "Authorization: Bearer …", as password, or as the last part of the path; at least 8 characters. Several, separated by commas or spaces, are all taken, so that one can be replaced; crm+slack=… is for these two destinations only. Prefer the variable, or the file that ROWPOST_TOKEN_FILE names: flags show in process lists.',
    fallback: [],
    parse: parseTokens,
    expected: `tokens of at least ${SHORTEST_TOKEN} printable ASCII characters, separated by commas or spaces`,
    secret: true,
  }),
  signingKey: setting<Credentials['signingKeys']>({
    env: 'ROWPOST_SIGNING_KEY',
    flag: '--signing-key',
    value: 'key',
    default: '',
    description:
      'The key with which callers sign their calls, as Standard Webhooks has it: whsec_ and the base64 of 24 to 64 bytes. Several, limits to destinations and a file (ROWPOST_SIGNING_KEY_FILE) as with tokens.',
    fallback: [],
    parse: parseSigningKeys,
    expected: 'keys such as whsec_… with the base64 of 24 to 64 bytes, separated by commas or spaces',
    secret: true,
  }),
  allowFrom: setting<readonly string[]>({
    env: 'ROWPOST_ALLOW_FROM',
    flag: '--allow-from',
    value: 'networks',
    default: '',
    description:
      'The addresses that calls may come from, as addresses or CIDRs separated by commas or spaces; any unless set. A token is wanted nevertheless.',
    fallback: [],
    parse: parseNetworks,
    expected: NETWORKS_EXPECTED,
  }),
  trustedProxies: setting<readonly string[]>({
    env: 'ROWPOST_TRUSTED_PROXIES',
    flag: '--trusted-proxies',
    value: 'networks',
    default: '',
    description: 'The proxies in front of Rowpost, whose X-Forwarded-For is believed. Without them the caller is who connects.',
    fallback: [],
    parse: parseNetworks,
    expected: NETWORKS_EXPECTED,
  }),
  tlsCert: setting<string | undefined>({
    env: 'ROWPOST_TLS_CERT',
    flag: '--tls-cert',
    value: 'file',
    default: '',
    description:
      'The PEM file of the server’s certificate with its chain: with it and the key Rowpost speaks https. Read again when it is renewed.',
    fallback: undefined,
    parse: (text) => text,
    expected: 'a file',
  }),
  tlsKey: setting<string | undefined>({
    env: 'ROWPOST_TLS_KEY',
    flag: '--tls-key',
    value: 'file',
    default: '',
    description: 'The PEM file of the certificate’s private key.',
    fallback: undefined,
    parse: (text) => text,
    expected: 'a file',
  }),
  maxConnections: setting<number>({
    env: 'ROWPOST_MAX_CONNECTIONS',
    flag: '--max-connections',
    value: 'number',
    default: '1000',
    description:
      'The most connections at once; fewer where the process may not open as many files (ulimit -n). A new one takes the place of one that is not being served.',
    fallback: 1000,
    parse: within(wholeNumber, 10, 100_000),
    expected: 'a whole number from 10 to 100000',
  }),
  bodyLimit: setting<number>({
    env: 'ROWPOST_BODY_LIMIT',
    flag: '--body-limit',
    value: 'size',
    default: '64MB',
    description: 'The largest request body, inflated, such as 64MB, 512kb or 1000000 (bytes); at most 256MB. A KB is 1024 bytes.',
    fallback: 64 * MB,
    parse: within(parseSize, KB, 256 * MB),
    expected: SIZE_EXPECTED,
  }),
  maxPending: setting<number>({
    env: 'ROWPOST_MAX_PENDING',
    flag: '--max-pending',
    value: 'size',
    default: '128MB',
    description:
      'The bodies of all calls under way together, inflated. More calls are answered 503, to be sent again; a single one may be larger. Work on a body takes about ten times its size.',
    fallback: 128 * MB,
    parse: within(parseSize, MB, 16 * 1024 * MB),
    expected: 'a size from 1MB to 16GB',
  }),
  maxRows: setting<number>({
    env: 'ROWPOST_MAX_ROWS',
    flag: '--max-rows',
    value: 'number',
    default: '250000',
    description: 'The most rows that one call may bring.',
    fallback: 250_000,
    parse: within(wholeNumber, 1, 10_000_000),
    expected: 'a whole number from 1 to 10000000',
  }),
  maxResponse: setting<number>({
    env: 'ROWPOST_MAX_RESPONSE',
    flag: '--max-response',
    value: 'size',
    default: '16MB',
    description: 'How much of an answer of an API is read, inflated; a larger one counts as failed. At most 256MB.',
    fallback: 16 * MB,
    parse: within(parseSize, KB, 256 * MB),
    expected: SIZE_EXPECTED,
  }),
  maxLookup: setting<number>({
    env: 'ROWPOST_MAX_LOOKUP',
    flag: '--max-lookup',
    value: 'size',
    default: '64MB',
    description: 'The same for each answer to a lookup, which may be a long list.',
    fallback: 64 * MB,
    parse: within(parseSize, KB, 256 * MB),
    expected: SIZE_EXPECTED,
  }),
  deadline: setting<number | undefined>({
    env: 'ROWPOST_DEADLINE',
    flag: '--deadline',
    value: 'duration',
    default: '',
    description: 'The longest a call may take, whatever a manifest says, such as 25s, 1500ms or 1m; from 1s to 10m.',
    fallback: undefined,
    parse: within(parseDuration, 1000, 600_000),
    expected: 'a duration from 1s to 10m, such as 25s, 1500ms or 1m',
  }),
  logLevel: setting<LogLevel>({
    env: 'LOG_LEVEL',
    flag: '--log-level',
    value: 'level',
    default: 'info',
    description: `How much is logged: ${oneOf(LOG_LEVELS)}.`,
    fallback: 'info',
    parse: (text) => LOG_LEVELS.find((level) => level === text.toLowerCase()),
    expected: oneOf(LOG_LEVELS),
  }),
  allowPrivate: setting<readonly string[]>({
    env: 'ROWPOST_ALLOW_PRIVATE',
    flag: '--allow-private',
    value: 'networks',
    default: '',
    description:
      'Private networks that destinations may reach, as addresses or CIDRs separated by commas or spaces: 10.0.0.0/8,fd00::/8.',
    fallback: [],
    parse: parseNetworks,
    expected: NETWORKS_EXPECTED,
  }),
};

export type SettingName = keyof typeof SERVER_SETTINGS;

function parseHost(text: string): string | undefined {
  const host = text.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) !== 0 || /^(?!-)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i.test(host) ? host : undefined;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function within(parse: (text: string) => number | undefined, least: number, most: number): (text: string) => number | undefined {
  return (text) => {
    const value = parse(text);
    return value !== undefined && value >= least && value <= most ? value : undefined;
  };
}
