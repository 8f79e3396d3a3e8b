/** What the operator sets, each by an environment variable or a flag: the only reader of the environment. */

import { BlockList, isIP } from 'node:net';
import { Fault, type FaultCode, oneOf } from './fault.ts';
import { KB, MB, parseDuration, parseSize } from './units.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One row of the table that `--help` and the documentation are made from. */
export interface Setting {
  readonly env: string;
  readonly flag: string;
  /** What stands for the value in `--help`. */
  readonly value: string;
  /** As a person reads it; empty where there is none. */
  readonly default: string;
  readonly description: string;
}

export const SERVER_SETTINGS = {
  port: {
    env: 'PORT',
    flag: '--port',
    value: 'number',
    default: '8080',
    description: 'The port to listen on; 0 takes any free one.',
  },
  host: {
    env: 'HOST',
    flag: '--host',
    value: 'address',
    default: '127.0.0.1 without a token, 0.0.0.0 with one',
    description: 'The address to listen on. Any but a loopback address needs a token.',
  },
  destinations: {
    env: 'ROWPOST_DESTINATIONS',
    flag: '--destinations',
    value: 'folder',
    default: 'destinations',
    description: 'The folder that holds the manifests.',
  },
  token: {
    env: 'ROWPOST_TOKEN',
    flag: '--token',
    value: 'token',
    default: '',
    description:
      'What callers send as "Authorization: Bearer …", at least 8 characters. Several, separated by commas or spaces, are all taken, so that one can be replaced. Prefer the variable: flags show in process lists.',
  },
  bodyLimit: {
    env: 'ROWPOST_BODY_LIMIT',
    flag: '--body-limit',
    value: 'size',
    default: '64MB',
    description: 'The largest request body, inflated, such as 64MB, 512kb or 1000000 (bytes); at most 256MB. A KB is 1024 bytes.',
  },
  deadline: {
    env: 'ROWPOST_DEADLINE',
    flag: '--deadline',
    value: 'duration',
    default: '',
    description: 'The longest a call may take, whatever a manifest says, such as 25s, 1500ms or 1m; from 1s to 10m.',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    flag: '--log-level',
    value: 'level',
    default: 'info',
    description: `How much is logged: ${oneOf(LOG_LEVELS)}.`,
  },
  allowPrivate: {
    env: 'ROWPOST_ALLOW_PRIVATE',
    flag: '--allow-private',
    value: 'networks',
    default: '',
    description:
      'Private networks that destinations may reach, as addresses or CIDRs separated by commas or spaces: 10.0.0.0/8,fd00::/8.',
  },
} as const satisfies Record<string, Setting>;

type SettingName = keyof typeof SERVER_SETTINGS;

/** Flags as they were typed, by the name of the setting (which is how commander spells them). */
export type ServerFlags = Readonly<Partial<Record<SettingName, string | undefined>>>;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ServerSettings {
  readonly port: number;
  readonly host: string;
  readonly destinations: string;
  /** Empty where anybody may call, which only a loopback host allows. */
  readonly tokens: readonly string[];
  /** Bytes, inflated. */
  readonly bodyLimit: number;
  /** Milliseconds. */
  readonly deadline: number | undefined;
  readonly logLevel: LogLevel;
  /** Addresses and CIDRs, checked for their syntax only. */
  readonly allowPrivate: readonly string[];
}

const BODY_CAP = 256 * MB;
const TOKEN_MINIMUM = 8;

/** The environment of this process, for whoever looks a secret up by its name. */
export function environment(): Environment {
  return process.env;
}

/**
 * The settings of `serve`. A flag wins over its variable; a variable that is blank counts as not set.
 * @throws {Fault} that names every setting that is wrong; where there are several, its `cause` holds each
 */
export function readServerSettings(env: Environment, flags: ServerFlags = {}): ServerSettings {
  const { read, faults } = createReader(env, flags);
  const tokens = read(
    'token',
    [],
    parseTokens,
    `tokens of at least ${TOKEN_MINIMUM} printable ASCII characters, separated by commas or spaces`,
  );
  const host = read(
    'host',
    tokens.length > 0 ? '0.0.0.0' : '127.0.0.1',
    parseHost,
    'an address or a host name, without scheme and port',
  );
  const settings: ServerSettings = {
    port: read('port', 8080, parsePort, 'a whole number from 0 to 65535'),
    host,
    destinations: read('destinations', 'destinations', (text) => text, 'a folder'),
    tokens,
    bodyLimit: read('bodyLimit', 64 * MB, parseBodyLimit, 'a size from 1KB to 256MB, such as 64MB, 512kb or 1000000 (bytes)'),
    deadline: read('deadline', undefined, parseDeadline, 'a duration from 1s to 10m, such as 25s, 1500ms or 1m'),
    logLevel: read('logLevel', 'info', parseLogLevel, oneOf(LOG_LEVELS)),
    allowPrivate: read(
      'allowPrivate',
      [],
      parseNetworks,
      'addresses or CIDRs separated by commas or spaces, such as 10.0.0.0/8 or fd00::1',
    ),
  };
  if (
    tokens.length === 0 &&
    !isLoopback(host) &&
    !faults.some(({ code }) => code === 'settings.token' || code === 'settings.host')
  ) {
    faults.push(
      new Fault({
        code: 'settings.open',
        sentence: `Without a token, anybody who reaches ${host} could send rows through your destinations.`,
        hint: 'Set ROWPOST_TOKEN (or --token) to a secret of at least 8 characters, or listen on 127.0.0.1.',
      }),
    );
  }
  throwAll(faults);
  return settings;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host.toLowerCase() === 'localhost' : LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

function createReader(env: Environment, flags: ServerFlags) {
  const faults: Fault[] = [];
  const fault = (name: SettingName, sentence: string) => {
    const code: FaultCode = `settings.${name}`;
    faults.push(new Fault({ code, sentence }));
  };

  function read<T>(name: SettingName, fallback: T, parse: (text: string) => T | undefined, expected: string): T {
    const setting = SERVER_SETTINGS[name];
    const flag = flags[name]?.trim();
    if (flag === '') {
      fault(name, `${setting.flag} is empty. Expected ${expected}.`);
      return fallback;
    }
    const text = flag ?? env[setting.env]?.trim();
    if (text === undefined || text === '') return fallback;
    const value = parse(text);
    if (value !== undefined) return value;
    const shown = name === 'token' ? 'holds a token that cannot be used' : `is ${quote(text)}`;
    fault(name, `${flag === undefined ? setting.env : setting.flag} ${shown}. Expected ${expected}.`);
    return fallback;
  }

  return { read, faults };
}

function throwAll(faults: readonly Fault[]): void {
  const [first, second] = faults;
  if (first === undefined) return;
  if (second === undefined) throw first;
  const sentence = faults.map((fault) => fault.message).join('\n');
  throw new Fault({ code: 'settings.several', sentence, cause: new AggregateError(faults) });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function parseHost(text: string): string | undefined {
  const host = text.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) !== 0 || /^(?!-)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i.test(host) ? host : undefined;
}

function parseTokens(text: string): string[] | undefined {
  const tokens = new Set(words(text));
  const usable = [...tokens].every((token) => token.length >= TOKEN_MINIMUM && /^[\x21-\x7e]+$/.test(token));
  return tokens.size > 0 && usable ? [...tokens] : undefined;
}

function parseBodyLimit(text: string): number | undefined {
  const size = parseSize(text);
  return size !== undefined && size >= KB && size <= BODY_CAP ? size : undefined;
}

function parseDeadline(text: string): number | undefined {
  const duration = parseDuration(text);
  return duration !== undefined && duration >= 1000 && duration <= 600_000 ? duration : undefined;
}

function parseLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text.toLowerCase());
}

function parseNetworks(text: string): string[] | undefined {
  const networks = words(text);
  return networks.length > 0 && networks.every(isNetwork) ? networks : undefined;
}

function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (prefix === undefined || Number(prefix) <= (family === 4 ? 32 : 128));
}
