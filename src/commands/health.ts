/** `rowpost health`: asks the server of this machine whether it lives; the image's health check, where there is no curl. */

import { environment, readServerSettings, type ServerFlags } from '../settings.ts';
import { EXIT, type ExitCode, print, readText } from './terminal.ts';

/** Milliseconds. */
const PATIENCE = 2000;

export async function health(flags: ServerFlags): Promise<ExitCode> {
  const { host, port } = readServerSettings(environment(), flags, readText);
  // An address that means every interface is reached over this machine's own.
  const own = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  try {
    const { status } = await fetch(`http://${own}:${port}/healthz`, { signal: AbortSignal.timeout(PATIENCE) });
    print(`HTTP ${status}`);
    return status === 200 ? EXIT.ok : EXIT.faults;
  } catch {
    print(`Nothing answers at http://${own}:${port}/healthz.`);
    return EXIT.faults;
  }
}
