/** A destination with its settings: ready to be called. */

import { Fault } from '../fault.ts';
import { scopeOf } from '../template/scope.ts';
import { parseBase } from './base-url.ts';
import type { Destination } from './destination.ts';
import { type BoundSettings, bindSettings, type Supply } from './settings.ts';

/** Where the API is. */
export interface Base {
  /** Scheme, host and port, as the URL standard prints them. */
  readonly origin: string;
  /** Without a slash at its end; empty where there is none. */
  readonly path: string;
  /** Whether the operator gave this URL in place of the manifest's; then it may be private. */
  readonly operators: boolean;
}

export interface BoundDestination {
  readonly destination: Destination;
  readonly settings: BoundSettings;
  readonly base: Base;
}

/** The variable by which an operator points a destination at a sandbox or a local fake. */
function urlVariable(id: string): string {
  return `ROWPOST_URL_${id.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

export function bindDestination(destination: Destination, supply: Supply): BoundDestination | readonly Fault[] {
  const settings = bindSettings(destination, supply);
  return isFaults(settings) ? settings : withSettings(destination, settings, supply.env[urlVariable(destination.id)]);
}

/** @param override a URL in place of `connection.url` */
export function withSettings(
  destination: Destination,
  settings: BoundSettings,
  override?: string,
): BoundDestination | readonly Fault[] {
  const base = override ? operatorsBase(destination, override) : manifestsBase(destination, settings);
  return base instanceof Fault ? [base] : { destination, settings, base };
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
