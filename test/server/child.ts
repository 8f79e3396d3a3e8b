/** A process that serves the demo's destination as `rowpost serve` does, and tells its parent how it fares. */

import { Host } from '../../src/commands/host.ts';
import { loadCatalogue } from '../../src/destination/catalogue.ts';
import { showFault } from '../../src/fault.ts';
import type { Fields, Log } from '../../src/observe/log.ts';
import { createRedactor } from '../../src/observe/redact.ts';
import { createApp } from '../../src/server/app.ts';
import { createGate } from '../../src/server/auth.ts';
import { createAddresses } from '../../src/server/caller.ts';
import { listen } from '../../src/server/listen.ts';

/** What a test hands over in `CHILD`, as JSON. */
export interface ChildOptions {
  readonly crm: string;
  readonly token: string;
  readonly bodyLimit: number;
  /** Stands in the child's environment, where no answer may find it. */
  readonly canary: string;
}

/** How the process fares; counts since it began, and memory after everything that can be collected was. */
export interface Figures {
  /** Unhandled rejections, uncaught exceptions, warnings, and bugs that were logged, each as its stack. */
  readonly faults: readonly string[];
  readonly accepted: number;
  readonly rejected: number;
  /** Bytes. */
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
  /** What keeps the process alive, by kind: sockets, timers, streams of compression. */
  readonly resources: Readonly<Record<string, number>>;
  /** The longest turn of the event loop since it was last asked, in milliseconds of the clock. */
  readonly delay: number;
  /** The most that a turn took of the processor since it was last asked, in milliseconds: the same on a machine that others use. */
  readonly busy: number;
  /** The longest that a call took since it was last asked, in milliseconds, from its head to its answer. */
  readonly slowest: number;
  /** Own names of the objects that all others inherit from: none may come to them. */
  readonly inherited: string;
}

const faults: string[] = [];
const note = (kind: string) => (error: unknown) => {
  faults.push(`${kind}: ${error instanceof Error ? error.stack : String(error)}`);
};
process.on('unhandledRejection', note('unhandled rejection'));
process.on('uncaughtException', note('uncaught exception'));

const options: ChildOptions = JSON.parse(process.env.CHILD ?? '');
const counts = { accepted: 0, rejected: 0 };
let slowest = 0;
const write = (level: string) => (message: string, fields?: Fields) => {
  if (level === 'error') note(message)(fields?.error);
  if (message === 'call') slowest = Math.max(slowest, Number(fields?.ms));
};
const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
const supply = {
  env: { ROWPOST_URL_DEMO: options.crm, SECRET_OF_THE_OPERATOR: options.canary },
  readFile: () => {
    throw new Error(options.canary);
  },
};
const redactor = createRedactor([options.token]);
const host = new Host({
  supply,
  allowPrivate: [],
  deadline: 10_000,
  redactor,
  answers: createRedactor([options.token]),
  bug: (error) => {
    note('bug')(error);
    return 'reference';
  },
  delivered({ rows, rejected }) {
    counts.accepted += rows - rejected;
    counts.rejected += rejected;
  },
});
const catalogue = loadCatalogue('destinations', supply);
for (const fault of catalogue.get('demo')?.faults ?? []) note('fault')(showFault(fault));
host.swap(catalogue);
const app = createApp({
  hosted: () => host.hosted,
  gate: createGate({
    credentials: () => ({ tokens: [{ secret: options.token, destinations: undefined }], signingKeys: [] }),
    addresses: createAddresses([], []),
    now: Date.now,
  }),
  redact: (text) => text,
  bodyLimit: options.bodyLimit,
  log,
  stopping: () => false,
});
const server = await listen(app, { host: '127.0.0.1', port: 0, maxConnections: 1000 });
/** Milliseconds between two looks at the event loop. */
const LOOK = 5;
let [delay, busy] = [0, 0];
let [lookedAt, used] = [performance.now(), process.cpuUsage()];
setInterval(() => {
  const [now, { user, system }] = [performance.now(), process.cpuUsage(used)];
  const late = now - lookedAt - LOOK;
  delay = Math.max(delay, late);
  // What was used while it waited was no turn's.
  busy = Math.max(busy, Math.min(late, (user + system) / 1000));
  [lookedAt, used] = [now, process.cpuUsage()];
}, LOOK).unref();
process.on('warning', (warning) => {
  // Koa's parser lets Node try a target such as http://a:b/, and the server is ready for what it throws one day.
  if (!('code' in warning && warning.code === 'DEP0170')) note('warning')(warning);
});

function figures(): Figures {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const most = { delay, busy, slowest };
  [delay, busy, slowest] = [0, 0, 0];
  const inherited = [Object, Array, Function, String, Map, Promise]
    .flatMap((one) => Object.getOwnPropertyNames(one.prototype))
    .join();
  return { faults, ...counts, heap: heapUsed, external, rss, resources, ...most, inherited };
}

process.on('message', () => process.send?.(figures()));
process.on('disconnect', () => process.exit());
process.send?.({ port: server.port });
