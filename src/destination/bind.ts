/** A destination with its settings: ready to be called. */

import { Fault } from '../fault.ts';
import { renderFault } from '../template/render-fault.ts';
import { scopeOf } from '../template/scope.ts';
import { type ParsedBase, parseBase } from './base-url.ts';
import type { Destination } from './destination.ts';
import { type BoundSettings, bindSettings, type Supply } from './settings.ts';

/** Where the API is. */
export interface Base extends ParsedBase {
  /** Whether the operator gave this URL in place of the manifest's; then it may be private. */
  readonly operators: boolean;
}

export interface BoundDestination {
  readonly destination: Destination;
  readonly settings: BoundSettings;
  /** Undefined where each configuration has its own: see `baseFor`. */
  readonly base: Base | undefined;
}

/** The variable by which an operator points a destination at a sandbox or a local fake. */
function urlVariable(id: string): string {
  return `ROWPOST_URL_${id.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

/** @param known the settings that the operator supplies, bound before: then only the headers of a call are read */
export function bindDestination(
  destination: Destination,
  supply: Supply,
  known?: BoundSettings,
): BoundDestination | readonly Fault[] {
  const settings = bindSettings(destination, supply, known);
  return isFaults(settings) ? settings : withSettings(destination, settings, supply.env[urlVariable(destination.id)]);
}

/** @param override a URL in place of `connection.url` */
export function withSettings(
  destination: Destination,
  settings: BoundSettings,
  override?: string,
): BoundDestination | readonly Fault[] {
  const base = override
    ? operatorsBase(destination, override)
    : isOpen(destination, settings)
      ? undefined
      : manifestsBase(destination, settings);
  return base instanceof Fault ? [base] : { destination, settings, base };
}

/** Whether the base is not known yet: it reads the configuration, or a setting that comes with the call. */
function isOpen({ connection, settings }: Destination, { values }: BoundSettings): boolean {
  const { template, allow } = connection.url;
  return (
    allow !== undefined ||
    settings.some(
      ({ name, header }) => header !== undefined && values[name] === undefined && template.names.has(`settings.${name}`),
    )
  );
}

/**
 * Where the API of a configuration is.
 * @throws {Fault} where the configuration's URL is none, or its host is not among those that `allow` lists
 */
export function baseFor({ destination, settings, base }: BoundDestination, config: Readonly<Record<string, unknown>>): Base {
  if (base !== undefined) return base;
  const { template, allow } = destination.connection.url;
  const scope = scopeOf({ settings: settings.values, vars: destination.vars, config });
  const parsed = parseBase(template.text(scope), true);
  if (parsed === undefined)
    throw renderFault(
      'url',
      'the URL of the configuration is none that can be called; expected https:// with a host, without user and password',
    );
  const hosts = hostsOf(allow?.value(scope));
  if (hosts.some((host) => matches(host, parsed.origin))) return { ...parsed, operators: false };
  const host = new URL(parsed.origin).host;
  const why =
    parsed.origin.startsWith('http:') && hosts.some((one) => matches(one, `https://${host}`))
      ? 'is allowed with https:// only'
      : 'is not among the hosts that the operator allows';
  throw renderFault('origin', `the host ${host} of the configuration's URL ${why}`);
}

/** A list, or a text of hosts between commas and blanks. */
function hostsOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[\s,]+/) : [];
  return list.filter((host) => typeof host === 'string' && host !== '');
}

/** `hooks.example.com`, `hooks.example.com:8443`, `*.example.com`, each with https unless it begins with `http://`. */
function matches(allowed: string, origin: string): boolean {
  const [, scheme = 'https://', wildcard = '', host = ''] = /^(https?:\/\/)?(\*\.)?([^/*]+)\/?$/i.exec(allowed) ?? [];
  if (host === '' || !URL.canParse(`${scheme}${host}`)) return false;
  const meant = new URL(`${scheme}${host}`);
  const actual = new URL(origin);
  if (meant.protocol !== actual.protocol || meant.port !== actual.port) return false;
  if (wildcard === '') return meant.hostname === actual.hostname;
  const below = actual.hostname.endsWith(`.${meant.hostname}`);
  return below && actual.hostname.split('.').every((label) => label !== '');
}

function operatorsBase(destination: Destination, url: string): Base | Fault {
  const base = parseBase(url);
  if (base !== undefined) return { ...base, operators: true };
  const sentence = `${urlVariable(destination.id)} is no URL that can stand for connection.url; expected http:// or https:// with a host and perhaps a path.`;
  return new Fault({ code: 'settings.url', sentence });
}

function manifestsBase(destination: Destination, settings: BoundSettings): Base | Fault {
  const sentence =
    'connection.url does not become a URL with these settings; expected http:// or https:// with a host and perhaps a path. Check the settings that it reads.';
  try {
    const base = parseBase(
      destination.connection.url.template.text(scopeOf({ settings: settings.values, vars: destination.vars })),
    );
    return base === undefined ? new Fault({ code: 'settings.url', sentence }) : { ...base, operators: false };
  } catch (cause) {
    return new Fault({
      code: 'settings.url',
      sentence: `${sentence} (${cause instanceof Fault ? cause.message : 'the template failed'})`,
      cause,
    });
  }
}

/** Lists of faults and results share a return type throughout: this tells them apart. */
export function isFaults(value: unknown): value is readonly Fault[] {
  return Array.isArray(value);
}
