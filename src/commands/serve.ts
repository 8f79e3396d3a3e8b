/** `rowpost serve`: the server, from its settings to its graceful end. */

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Earlier, type Loaded, loadCatalogue, loadInPieces } from '../destination/catalogue.ts';
import type { Supply } from '../destination/settings.ts';
import { Fault, showFault, withoutSecrets } from '../fault.ts';
import { createLog, type Log } from '../observe/log.ts';
import { createRedactor, type Redactor } from '../observe/redact.ts';
import { createApp } from '../server/app.ts';
import { createGate } from '../server/auth.ts';
import { createAddresses } from '../server/caller.ts';
import { readCertificate } from '../server/certificate.ts';
import { listen } from '../server/listen.ts';
import { environment, readServerSettings, type ServerFlags } from '../server-settings.ts';
import { hide, kept, warnOfExpiry, watchCertificate, watchCredentials } from './credentials.ts';
import { Host } from './host.ts';
import { breathe } from './real-world.ts';
import { EXIT, type ExitCode, readText, supply } from './terminal.ts';
import { isAbsence, isShortage, type Watch, watchFiles, yamlFiles } from './watch.ts';

/** Beyond the longest deadline, milliseconds for answers on their way. */
const GRACE = 1000;
/** Milliseconds that calls have to themselves between two pieces of a reload, so that none waits for both. */
const PAUSE = 4;
/** Milliseconds until a reload of many files hurries: then calls have as much of the time as they ask for, and no more. */
const UNHURRIED = 100;
/** Milliseconds that pieces of a reload in a hurry may hold up calls together. */
const RELOAD_TURN = 1;

/** Serves until SIGTERM or SIGINT. @throws {Fault} where a setting is wrong or the port is taken */
export async function serve(flags: ServerFlags): Promise<ExitCode> {
  const readSettings = () => readServerSettings(environment(), flags, readText);
  const settings = readSettings();
  const redactor = createRedactor([]);
  const answers = createRedactor([]);
  hide(settings.credentials, [redactor, answers]);
  const { redact } = redactor;
  const log = createLog({ level: settings.logLevel, redact });
  process.once('exit', log.end);
  // What Node prints of an error by itself holds all that is attached to it, such as a request with its headers.
  process.on('uncaughtException', (error: unknown) => {
    log.error('crashed', { error });
    process.exit(EXIT.faults);
  });
  const bug = (error: unknown) => {
    const reference = randomBytes(5).toString('hex');
    log.error('internal error', { reference, error });
    return reference;
  };
  const own = supply();
  const host = new Host({
    supply: own,
    allowPrivate: settings.allowPrivate,
    maxRows: settings.maxRows,
    maxResponse: settings.maxResponse,
    maxLookup: settings.maxLookup,
    deadline: settings.deadline,
    redactor,
    answers,
    bug,
    delivered: (line) => log.info('delivered', { ...line }),
  });
  let catalogue: ReadonlyMap<string, Loaded> = new Map();
  let secretFiles: readonly string[] = [];
  const take = (fresh: typeof catalogue) => {
    catalogue = fresh;
    secretFiles = Array.from(fresh.values(), ({ settingFiles }) => settingFiles).flat();
    host.swap(fresh);
  };
  const reload = kept(log, 'destinations kept as they were', async (files) => {
    const before = catalogue;
    const fresh = await reloaded(settings.destinations, own, { catalogue: before, changed: files });
    take(fresh);
    const changed = [...fresh.values()].filter((loaded) => before.get(loaded.id) !== loaded);
    const removed = [...before.keys()].filter((id) => !fresh.has(id));
    logProblems(log, changed, redact);
    if (changed.length + removed.length > 0) log.info('destinations reloaded', { changed: changed.map(({ id }) => id), removed });
    return ![...fresh.values()].some(({ faults, missing }) => [...faults, ...missing].some(({ cause }) => isShortage(cause)));
  });
  const files = async () => [...(await yamlFiles(settings.destinations)), ...secretFiles];
  const watches: Watch[] = [await watchFiles(files, reload, bug)];

  let { credentials } = settings;
  const replace = (fresh: typeof credentials) => {
    hide(fresh, [redactor, answers]);
    credentials = fresh;
  };
  watches.push(await watchCredentials(settings, readSettings, replace, { log, bug }));
  take(loadCatalogue(settings.destinations, own));
  logProblems(log, catalogue.values(), redact);

  let stopping = false;
  const app = createApp({
    hosted: () => host.hosted,
    gate: createGate({
      credentials: () => credentials,
      addresses: createAddresses(settings.allowFrom, settings.trustedProxies),
      now: Date.now,
    }),
    bodyLimit: settings.bodyLimit,
    maxPending: settings.maxPending,
    redact: answers.redact,
    log,
    stopping: () => stopping,
  });
  const { host: address, port, tls, maxConnections } = settings;
  const certificate = tls && readCertificate(tls);
  const server = await listen(app, { host: address, port, certificate, maxConnections, log });
  if (certificate !== undefined) warnOfExpiry(certificate, log);
  if (tls !== undefined) watches.push(await watchCertificate(tls, server.renew, { log, bug }));
  const states = [...host.hosted.values()];
  log.info('listening', {
    url: server.url,
    ready: states.filter((one) => one.state === 'ready').map((one) => one.id),
    broken: states.filter((one) => one.state === 'broken').map((one) => one.id),
    ...(credentials.tokens.length + credentials.signingKeys.length === 0 && {
      note: 'no token is set, so only this machine may call; set ROWPOST_TOKEN to be called from elsewhere',
    }),
  });

  const signal = await stopSignal();
  stopping = true;
  for (const watch of watches) watch.close();
  // A second signal ends the process without another word.
  log.end();
  log.info('stopping', { signal, note: 'calls under way are finished, new ones refused; a second signal ends at once' });
  const finished = await server.close(host.longestDeadline + GRACE);
  host.close();
  log.info('stopped', { finished });
  return finished ? EXIT.ok : EXIT.faults;
}

/**
 * Lets calls through after each piece. A folder that is gone holds nothing; it may be on its way back.
 * @throws {Fault} where nothing is known of what it holds
 */
async function reloaded(folder: string, own: Supply, earlier: Earlier): Promise<ReadonlyMap<string, Loaded>> {
  const hurried = performance.now() + UNHURRIED;
  const pieces = loadInPieces(folder, own, earlier);
  try {
    for (;;) {
      await (performance.now() < hurried ? wait(PAUSE) : breathe(RELOAD_TURN));
      const piece = pieces.next();
      if (piece.done) return piece.value;
    }
  } catch (error) {
    if (error instanceof Fault && isAbsence(error.cause)) return new Map();
    throw error;
  }
}

function logProblems(log: Log, loaded: Iterable<Loaded>, redact: Redactor['redact']): void {
  for (const { id, faults, missing } of loaded) {
    for (const fault of faults)
      log.error('manifest refused', { destination: id, fault: showFault(withoutSecrets(fault, redact)) });
    for (const fault of missing) log.warn('settings missing', { destination: id, fault: fault.message });
  }
}

/** The first signal asks for an end; the next one ends at once, as the system does by itself. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    const stop = (signal: string) => {
      process.off('SIGTERM', stop).off('SIGINT', stop);
      resolve(signal);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}
