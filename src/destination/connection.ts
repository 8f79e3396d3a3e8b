/** Compiles `connection`: the base URL, authentication, and the words of time that requests share. */

import type { ConnectionSpec, RequestSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import { say } from '../manifest/say.ts';
import { OUTPUT, type TextTemplate } from '../template/template.ts';
import { parseDuration } from '../units.ts';
import type { Author } from './author.ts';
import { parseBase } from './base-url.ts';
import type { Auth, BaseUrl, Connection, RetryPolicy } from './destination.ts';
import { MAX_DURATION } from './duration.ts';
import { problemOfHeader } from './headers.ts';
import type { PlaceNames } from './names.ts';

const DEFAULT_CONCURRENCY = 10;

export function compileConnection(spec: ConnectionSpec, author: Author, names: PlaceNames): Connection {
  return {
    url: compileUrl(spec, author, names),
    auth: compileAuth(spec.auth, author, names),
    concurrency: spec.concurrency ?? DEFAULT_CONCURRENCY,
    transport: spec.transport ?? 'undici',
  };
}

/** The rendered URL is parsed and checked again when its settings are known: see bind.ts. */
function compileUrl({ url: source, allow: hosts }: ConnectionSpec, author: Author, names: PlaceNames): BaseUrl {
  const path: Path = ['connection', 'url'];
  const before = author.faults.length;
  const seen = hosts === undefined ? names.url('connection.url') : names.url('connection.url', 'config');
  const template = author.text(source, path, seen, 'url');
  const sentence = author.faults.length === before ? problemOfUrl(template.literal) : undefined;
  if (sentence !== undefined) author.fault('manifest.url', path, `connection.url ${sentence}`);
  const allow = hosts === undefined ? undefined : author.tree(hosts, ['connection', 'allow'], names.url('connection.allow'));
  return { template, allow: template.names.has('config') ? allow : undefined };
}

/** What is wrong with a base URL whatever its settings hold, as the rest of a sentence. */
function problemOfUrl(literal: string | undefined): string | undefined {
  if (literal === undefined) return 'holds no tags: its host must be plain to see. Choose with a setting instead.';
  if (literal.startsWith(OUTPUT)) return undefined;
  if (!/^https?:\/\//i.test(literal)) return 'must begin with https:// or http://, or with a setting that holds the whole URL.';
  if (/[?#]/.test(literal)) return 'holds no "?" and no "#". Parameters of every request stand in connection.query.';
  if (/^https?:\/\/[^/]*@/i.test(literal)) return 'holds no user or password. Use connection.auth with basic, from settings.';
  if (/^https?:\/\/(?:\/|$)/i.test(literal)) return 'names no host.';
  // A digit may stand for any output: in a host, in a port and in a path.
  return parseBase(literal.replaceAll(OUTPUT, '1')) === undefined
    ? 'is no URL; expected https:// with a host, perhaps a port and a path, without blanks, "." and "..".'
    : undefined;
}

function compileAuth(spec: ConnectionSpec['auth'], author: Author, names: PlaceNames): Auth | undefined {
  if (spec === undefined) return undefined;
  const path: Path = ['connection', 'auth'];
  const seen = names.auth('connection.auth');
  const text = (source: string, at: Path) => author.text(source, at, seen, 'text');
  if (spec.basic !== undefined) {
    const { username, password } = spec.basic;
    return {
      kind: 'basic',
      parts: new Map([
        ['username', text(username, [...path, 'basic', 'username'])],
        ['password', text(password, [...path, 'basic', 'password'])],
      ]),
    };
  }
  if (spec.bearer !== undefined) return { kind: 'bearer', parts: new Map([['token', text(spec.bearer, [...path, 'bearer'])]]) };
  const kind = spec.header === undefined ? 'query' : 'header';
  const parts = new Map<string, TextTemplate>();
  for (const [name, source] of Object.entries(spec[kind] ?? {})) {
    const problem = kind === 'header' ? problemOfHeader(name) : undefined;
    if (problem !== undefined) author.fault('manifest.header', [...path, kind, name], `${problem}.`, 'key');
    parts.set(name, text(source, [...path, kind, name]));
  }
  return { kind, parts };
}

export function compileRetry(spec: NonNullable<RequestSpec['retry']>, path: Path, author: Author): RetryPolicy {
  const waits = (spec.backoff ?? '500ms..30s').split('..').map((part) => parseDuration(part.trim()));
  const [base, cap] = waits;
  if (base === undefined || cap === undefined || waits.length > 2 || base > cap || cap > MAX_DURATION) {
    author.fault(
      'manifest.backoff',
      [...path, 'backoff'],
      `${say(spec.backoff)} is no backoff; expected the shortest and the longest wait, such as 500ms..30s.`,
    );
  }
  return { attempts: spec.attempts ?? 3, on: spec.on && new Set(spec.on), base: base ?? 500, cap: cap ?? 30_000 };
}
