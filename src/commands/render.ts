/** `rowpost render`: the exact requests that rows would cause, as HTTP and as curl, without sending any. */

import { randomUUID } from 'node:crypto';
import colors from 'picocolors';
import { showRequest } from '../cases/exchange.ts';
import { authSecrets } from '../delivery/auth.ts';
import type { PlannedRequest } from '../delivery/call.ts';
import { planRequests } from '../delivery/plan.ts';
import { readCallRows } from '../delivery/rows.ts';
import type { Written } from '../delivery/writer.ts';
import { bindDestination, isFaults } from '../destination/bind.ts';
import { type Destination, OPERATIONS, type Operation, type SettingDeclaration } from '../destination/destination.ts';
import { flowFor } from '../destination/listing.ts';
import { readConfiguration } from '../destination/mappings.ts';
import { chooseFor } from '../destination/validation.ts';
import { didYouMean, Fault, oneOf } from '../fault.ts';
import { JsonRows } from '../json/rows.ts';
import { stringifyJson } from '../numbers.ts';
import { createRedactor } from '../observe/redact.ts';
import { select } from './check.ts';
import { breathe } from './real-world.ts';
import { type Row, readJsonFile, readRows } from './rows-file.ts';
import { EXIT, type ExitCode, print, printJson, supply } from './terminal.ts';

export interface RenderOptions {
  readonly destinations: string;
  readonly rows: string;
  readonly config?: string;
  readonly lookups?: string;
  readonly operation: string;
  readonly idColumn?: string;
  readonly json?: boolean;
}

export async function render(name: string, options: RenderOptions): Promise<ExitCode> {
  const operation = OPERATIONS.find((one) => one === options.operation);
  if (operation === undefined)
    throw misuse(
      `"${options.operation}" is not an operation; use ${oneOf(OPERATIONS)}.`,
      didYouMean(options.operation, OPERATIONS),
    );
  const [loaded] = select([name], options.destinations);
  if (loaded?.destination === undefined) throw loaded?.faults[0] ?? misuse(`There is no destination "${name}".`);
  const { requests, settled, ids, redact, steps } = await plan(loaded.destination, operation, options);
  const rejected = [...settled].flatMap(([position, verdict]) =>
    verdict.accepted ? [] : [{ id: ids[position], reason: redact(verdict.reason) }],
  );
  if (options.json === true) {
    printJson({
      requests: requests.map((one) => ({
        rows: one.rows.map(({ id }) => id),
        ...showRequest(one.outbound, redact),
        curl: curlOf(one, redact),
      })),
      rejectedRows: rejected,
    });
  } else {
    for (const [index, one] of requests.entries()) {
      print(
        colors.bold(
          `# ${index + 1} of ${requests.length}: ${one.rows.length === 1 ? 'row' : 'rows'} ${one.rows.map(({ id }) => shown(id)).join(', ')}`,
        ),
      );
      print(`${httpOf(one, redact)}\n`);
      print(`${curlOf(one, redact)}\n`);
    }
    if (steps > 1)
      print(
        colors.dim(
          `This is the first of ${steps} steps; what the others send depends on its answers. "rowpost test" plays them.`,
        ),
      );
    for (const { id, reason } of rejected) print(`${colors.red('rejected')}  ${shown(id)}: ${reason}`);
    print(
      colors.dim(
        `${requests.length} ${requests.length === 1 ? 'request' : 'requests'} for ${ids.length} ${ids.length === 1 ? 'row' : 'rows'}; nothing was sent.`,
      ),
    );
  }
  return rejected.length > 0 ? EXIT.faults : EXIT.ok;
}

async function plan(destination: Destination, operation: Operation, options: RenderOptions) {
  const rows = readRows(options.rows);
  const idColumn = options.idColumn ?? Object.keys(rows[0] ?? {})[0] ?? 'id';
  const nameless = rows.findIndex((row) => !Object.hasOwn(row, idColumn) || row[idColumn] === null);
  if (nameless >= 0)
    throw misuse(
      `Row ${nameless + 1} has no value in the column "${idColumn}", the primary key. Name the key's column: --id-column NAME.`,
    );
  const configuration = readConfiguration(options.config === undefined ? {} : readJsonFile(options.config, 'the configuration'));
  const lookups = options.lookups === undefined ? {} : readJsonFile(options.lookups, 'the lookups');
  const bound = bindStoodIn(destination);
  if (isFaults(bound)) throw bound[0] ?? misuse('A setting is missing.');
  const ask = async (names: ReadonlySet<string>): Promise<Row> => {
    const missing = [...names].filter((one) => !Object.hasOwn(lookups, one));
    if (missing.length === 0) return lookups;
    const sentence = `The templates read ${missing.map((one) => `lookups.${one}`).join(', ')}, and render asks the API nothing. Give them in a JSON file: --lookups FILE with {"${missing[0]}": [ … ]}.`;
    throw new Fault({ code: 'lookup.failed', sentence });
  };
  const chosen = await chooseFor(bound, configuration.config, { now: Date.now(), ask });
  if (typeof chosen === 'string') throw misuse(`${chosen} The configuration (--config) says which.`);
  const flow = flowFor(chosen, operation);
  if (flow === undefined)
    throw misuse(`Nothing answers ${operation}${chosen.mode === undefined ? '' : ` in the mode "${chosen.mode}"`}.`);
  const { object, mode } = chosen;
  const read = await ask(flow.lookups);
  const call = {
    bound,
    begun: 0,
    flow,
    operation,
    idColumn,
    configuration,
    object,
    mode,
    rows: JsonRows.of(rows),
    lookups: read,
  };
  const never = new AbortController().signal;
  const now = new Date().toISOString();
  const given = await readCallRows(call, now, randomUUID, breathe, never);
  const [request] = flow.requests;
  if (request === undefined) throw misuse('This flow sends no request.');
  const planned = await planRequests(call, request, given, now, randomUUID, breathe, never);
  const written: Written[] = [];
  for (const group of planned.groups) written.push(await planned.write(group, async () => true));
  return {
    requests: written.flatMap(({ requests }) => requests),
    settled: new Map([...given.settled, ...planned.settled, ...written.flatMap(({ settled }) => [...settled])]),
    steps: flow.steps.length,
    ids: rows.map((row) => row[idColumn]),
    redact: createRedactor([...bound.settings.secrets, ...authSecrets(bound)]).redact,
  };
}

/** Secrets are hidden in what is shown, so those that are missing may be anything. */
function bindStoodIn(destination: Destination): ReturnType<typeof bindDestination> {
  const { env, readFile } = supply();
  const missing = ({ secret, header, env: name, file }: SettingDeclaration) =>
    secret && (header !== undefined || (!env[name] && !env[`${name}_FILE`] && file === undefined));
  const made: Record<string, string> = {};
  const settings = destination.settings.map((setting): SettingDeclaration => {
    if (!missing(setting)) return setting;
    made[setting.env] = `secret-${setting.name}`;
    return { ...setting, type: 'text', header: undefined, pattern: undefined, allowed: undefined };
  });
  return bindDestination({ ...destination, settings }, { env: { ...env, ...made }, readFile, header: () => undefined });
}

function httpOf({ outbound }: PlannedRequest, redact: (text: string) => string): string {
  const { method, url, headers = {} } = showRequest(outbound, redact);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [
    `${method} ${url} HTTP/1.1`,
    ...lines,
    ...(outbound.body === undefined ? [] : ['', redact(outbound.body.toString())]),
  ].join('\n');
}

function curlOf({ outbound }: PlannedRequest, redact: (text: string) => string): string {
  const { method, url, headers = {} } = showRequest(outbound, redact);
  // A header without a value is written so; with a colon curl would leave it out.
  const parts = Object.entries(headers).map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`);
  // Brackets and braces of a URL would be ranges and sets to curl.
  if (/[[\]{}]/.test(url)) parts.unshift('--globoff');
  if (outbound.body !== undefined) parts.push(`--data-raw ${quoted(redact(outbound.body.toString()))}`);
  return [`curl -X ${method} ${quoted(url)}`, ...parts].join(' \\\n  ');
}

function shown(id: unknown): string {
  return typeof id === 'string' ? id : stringifyJson(id);
}

/** A word for a POSIX shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

function misuse(sentence: string, hint?: string): Fault {
  return new Fault({ code: 'usage.render', sentence, hint });
}
