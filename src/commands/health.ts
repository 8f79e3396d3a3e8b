/** `rowpost health`: asks the server of this machine whether it lives; the image's health check, where there is no curl. */

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { get as getOverTls } from 'node:https';
import { environment, readServerSettings, type ServerFlags } from '../server-settings.ts';
import { EXIT, type ExitCode, print, readText } from './terminal.ts';

/** The certificate names another host than the loopback address, and only this machine is asked whether it lives. */
const ANY_NAME = { rejectUnauthorized: false };
/** Milliseconds. */
const PATIENCE = 2000;

export async function health(flags: ServerFlags): Promise<ExitCode> {
  const { host, port, tls } = readServerSettings(environment(), flags, readText);
  // An address that means every interface is reached over this machine's own.
  const own = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const url = `${tls === undefined ? 'http' : 'https'}://${own}:${port}/healthz`;
  try {
    const status = await statusOf(url);
    print(`HTTP ${status}`);
    return status === 200 ? EXIT.ok : EXIT.faults;
  } catch {
    print(`Nothing answers at ${url}.`);
    return EXIT.faults;
  }
}

async function statusOf(url: string): Promise<number | undefined> {
  const options = { signal: AbortSignal.timeout(PATIENCE) };
  const request = url.startsWith('https:') ? getOverTls(url, { ...options, ...ANY_NAME }) : get(url, options);
  const [response]: IncomingMessage[] = await once(request, 'response');
  response?.resume();
  return response?.statusCode;
}
