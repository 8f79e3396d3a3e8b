/** `rowpost chaos`: an API on this machine that misbehaves, for trying a manifest against; it tells what truly arrived. */

import { randomInt } from 'node:crypto';
import colors from 'picocolors';
import { Fault } from '../../fault.ts';
import { parseDuration } from '../../units.ts';
import { EXIT, type ExitCode, print, table } from '../terminal.ts';
import { LONGEST } from './exchange.ts';
import { FAULT_NAMES, isFaultName, KINDS } from './faults.ts';
import type { Arrival, Summary } from './ledger.ts';
import { readFaults } from './script.ts';
import { type Chaos, type ChaosOptions, startChaos } from './server.ts';

/** As they were typed. */
export interface ChaosFlags {
  readonly host: string;
  readonly port: string;
  readonly rate: string;
  readonly faults?: string;
  readonly seed?: string;
  readonly late: string;
  readonly drip: string;
  readonly rows?: string;
  readonly id?: string;
  readonly quiet?: boolean;
  readonly list?: boolean;
}

/** Characters of a path that are shown. */
const SHOWN = 80;

/** Runs until SIGINT or SIGTERM. @throws {Fault} where a flag is wrong or the port is taken */
export async function chaos(flags: ChaosFlags): Promise<ExitCode> {
  if (flags.list === true) {
    print(table([['FAULT', 'TAKES', 'SAYS', ''], ...FAULT_NAMES.map(describe)]));
    return EXIT.ok;
  }
  const options = readFlags(flags);
  const target = await startChaos({ ...options, ...(flags.quiet !== true && { seen }) });
  introduce(target, options.script);
  await stopSignal();
  await target.close();
  print(`\n${summaryText(target.ledger.summary())}`);
  return EXIT.ok;
}

function describe(name: (typeof FAULT_NAMES)[number]): string[] {
  const { takes, says, sentence } = KINDS[name];
  return [name, takes, says, sentence];
}

type Read = Omit<ChaosOptions, 'script'> & {
  readonly script: { readonly rate: number; readonly seed: number } & ChaosOptions['script'];
};

/** @throws {Fault} for the first that is wrong */
function readFlags({ host, port, rate, faults, seed, late, drip, rows, id }: ChaosFlags): Read {
  return {
    host,
    port: number('--port', port, /^\d{1,5}$/, 65_535, 'a whole number from 0 to 65535'),
    late: duration('--late', late),
    drip: duration('--drip', drip),
    rows,
    ...(id !== undefined && { id: readPaths(id) }),
    script: {
      rate: number('--rate', rate, /^\d*\.?\d+$/, 1, 'a number from 0 to 1, such as 0.3'),
      seed: seed === undefined ? randomInt(1_000_000) : number('--seed', seed, /^\d{1,15}$/, 1e15, 'a whole number'),
      ...(faults !== undefined && { faults: readFaults(words(faults)) }),
    },
  };
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function readPaths(text: string): string[] {
  const paths = words(text);
  if (paths.length > 0) return paths;
  throw wrong('--id', text, 'names between commas, such as id or attributes.sku');
}

function number(flag: string, text: string, form: RegExp, most: number, expected: string): number {
  if (form.test(text) && Number(text) <= most) return Number(text);
  throw wrong(flag, text, expected);
}

function duration(flag: string, text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds > LONGEST)
    throw wrong(flag, text, 'a duration of at most an hour, such as 3s or 500ms');
  return milliseconds;
}

function wrong(flag: string, text: string, expected: string): Fault {
  return new Fault({ code: 'usage.chaos', sentence: `${flag} is ${JSON.stringify(text)}. Expected ${expected}.` });
}

function introduce({ url }: Chaos, { rate, seed, faults = FAULT_NAMES }: Read['script']): void {
  const which = faults.length > 5 ? `one of ${faults.length} faults (rowpost chaos --list)` : faults.join(', ');
  print(`An API that misbehaves, on this machine: ${colors.cyan(url)}\n`);
  print(
    rate === 0
      ? 'It is honest until a script says otherwise: docs/chaos.md.'
      : `${Math.round(rate * 100)} % of the requests meet ${which}. ${colors.bold(`--seed ${seed}`)} repeats it.`,
  );
  print(`Send a destination to it:  ${colors.bold(`ROWPOST_URL_<DESTINATION>=${url} rowpost serve`)}`);
  print(`See what truly arrived:    ${colors.bold(`curl ${url}/chaos/ledger`)}`);
  print(`Ctrl-C ends it with a summary.\n`);
}

function seen({ number, method, path, met, rows, taken }: Arrival): void {
  const shown = path.replace(/\p{Cc}/gu, ' ').slice(0, SHOWN);
  print(`${colors.dim(`#${number}`)}  ${method} ${shown}  ${paint(met)}  ${colors.dim(`${taken} of ${rows} rows taken`)}`);
}

/** Green where all went well, yellow where a careful client can tell what became of the rows, red where it cannot. */
function paint(met: Arrival['met']): string {
  if (met === 'honest') return colors.green(met);
  return isFaultName(met) && KINDS[met].says === 'nothing' ? colors.red(met) : colors.yellow(met);
}

function summaryText({ requests, rows, distinct, duplicates, replayed, met }: Summary): string {
  const counts = Object.entries(met)
    .sort()
    .map(([name, count]) => [`  ${name}`, String(count)]);
  return [
    `${requests} requests; ${rows} rows taken, ${distinct} different and ${duplicates} again.`,
    ...(replayed > 0 ? [`${replayed} requests were answered again, by their idempotency key.`] : []),
    ...(counts.length > 0 ? [table(counts)] : []),
  ].join('\n');
}

/** The second one ends at once, as the system does by itself. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGTERM', stop).off('SIGINT', stop);
      resolve();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}
