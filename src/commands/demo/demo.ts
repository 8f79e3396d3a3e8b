/** `rowpost demo`: a whole sync against a made-up CRM, shown as it happens; all of it on this machine. */

import { fileURLToPath } from 'node:url';
import colors from 'picocolors';
import { loadCatalogue } from '../../destination/catalogue.ts';
import { parseJson } from '../../json/parse.ts';
import { stringifyJson } from '../../numbers.ts';
import { createLog } from '../../observe/log.ts';
import { createRedactor } from '../../observe/redact.ts';
import type { Reply, Send } from '../../outbound/exchange.ts';
import { createApp } from '../../server/app.ts';
import { openGate } from '../../server/auth.ts';
import { type Listening, listen } from '../../server/listen.ts';
import { Host } from '../host.ts';
import { EXIT, type ExitCode, print, supply, table } from '../terminal.ts';
import { startCrm } from './crm.ts';

/** From `src/commands/demo` and from `dist/commands/demo` alike. */
const DESTINATIONS = fileURLToPath(new URL('../../../destinations', import.meta.url));

const CONFIGURATION = {
  object: 'contact',
  mode: 'upsert',
  identifierMapping: [{ from: 'user_email', to: 'email' }],
  mappings: [
    { from: 'user_fn', to: 'first_name' },
    { from: 'user_ln', to: 'last_name' },
    { from: 'plan', to: 'plan' },
    { from: 'seats', to: 'seats' },
  ],
  source: 'warehouse',
  default_plan: 'free',
};

const ROWS = [
  { user_id: 101, user_email: 'alice@example.com', user_fn: 'Alice', user_ln: 'Doe', plan: 'team', seats: 5 },
  { user_id: 102, user_email: 'bob@example.com', user_fn: 'Bob', user_ln: 'Doe' },
  { user_id: 103, user_email: 'carol(at)example.com', user_fn: 'Carol', user_ln: 'Lee', plan: 'free' },
  { user_id: 104, user_email: 'dave@example.com', user_fn: 'Dave "D"', user_ln: 'O\\Neil', plan: 'enterprise', seats: 250 },
  { user_id: 105, user_email: '', user_fn: 'Erin', user_ln: 'Roe', plan: 'free' },
  { user_id: 106, user_email: 'frank@example.com', user_fn: 'Frank', user_ln: 'Poe', plan: 'gold' },
  { user_id: 107, user_email: 'grace@example.com', user_fn: 'Grace', user_ln: 'Kim', plan: 'team', seats: 12 },
  { user_id: 108, user_email: 'unsubscribed@example.com', user_fn: 'Heidi', user_ln: 'Ray', plan: 'free' },
  { user_id: 109, user_email: 'ivan@example.com', user_fn: 'Ivan', user_ln: 'Fox', plan: 'team', seats: 1 },
];

export async function demo(): Promise<ExitCode> {
  const crm = await startCrm();
  const sent: string[] = [];
  const { host, server } = await startRowpost(crm.url, sent);
  const call = caller(`${server.url}/hightouch/demo`);
  try {
    title('A CRM and Rowpost, both on this machine');
    print(`\nThe CRM answers at ${colors.cyan(crm.url)}. It refuses some rows, limits its rate once and fails once.`);
    print(
      `Rowpost read ${colors.cyan('destinations/demo.yaml')} and serves it at ${colors.cyan(`${server.url}/hightouch/demo`)}.`,
    );

    title('What Hightouch asks while somebody fills in the form');
    await call('list_objects');
    await call('list_modes', { object: 'contact' });
    await call('list_fields', { object: 'contact', mode: 'upsert' });
    await call('list_options', { object: 'contact', mode: 'upsert' });
    print(colors.dim('\nA configuration that forgets the last name and the option "source":'));
    const { source: _, ...forgetful } = CONFIGURATION;
    await call('validate', { configuration: { ...forgetful, mappings: [{ from: 'user_fn', to: 'first_name' }] } });
    await call('validate', { configuration: CONFIGURATION });
    await call('behavior');

    title(`The sync: ${ROWS.length} rows in one call of add`);
    const { rejectedRows } = (await call('add', { idColumn: 'user_id', configuration: CONFIGURATION, rows: ROWS }, sent)) as {
      rejectedRows: { id: unknown; reason: string }[];
    }; // what `add` answers

    title('What came of it');
    print(
      `\n${colors.green(`${ROWS.length - rejectedRows.length} rows were accepted`)}; the CRM holds ${crm.contacts.size} contacts: ${[...crm.contacts.keys()].join(', ')}`,
    );
    print(
      `${colors.red(`${rejectedRows.length} rows were rejected`)}, each with its reason; Hightouch shows them and sends them again:`,
    );
    print(table(rejectedRows.map(({ id, reason }) => [`  ${String(id)}`, reason])));
    print(
      colors.dim('\nNext: put a YAML file of your own into destinations/, then npx rowpost check, npx rowpost test, npm start.'),
    );
    return EXIT.ok;
  } finally {
    await server.close(1000);
    host.close();
    crm.close();
  }
}

async function startRowpost(crmUrl: string, sent: string[]): Promise<{ host: Host; server: Listening }> {
  const { env, readFile } = supply();
  const own = { env: { ...env, ROWPOST_URL_DEMO: crmUrl, DEMO_API_KEY: undefined }, readFile };
  const redactor = createRedactor([]);
  const log = createLog({ level: 'silent', redact: redactor.redact });
  const bug = (error: unknown): string => {
    throw error;
  };
  const host = new Host({
    supply: own,
    allowPrivate: [],
    deadline: undefined,
    redactor,
    answers: redactor,
    bug,
    watch: (send) => watched(send, sent),
  });
  host.swap(loadCatalogue(DESTINATIONS, own));
  const app = createApp({
    hosted: () => host.hosted,
    redact: redactor.redact,
    gate: openGate(),
    bodyLimit: 1_000_000,
    log,
    stopping: () => false,
  });
  return { host, server: await listen(app, { host: '127.0.0.1', port: 0, maxConnections: 1000 }) };
}

/** Writes down every request and its answer, in the order of the answers: two at a time are under way. */
function watched(send: Send, sent: string[]): Send {
  const numbers = new Map<string, number>();
  return async (request, options) => {
    const { method, url } = request;
    const body = String(request.body ?? '');
    const again = numbers.get(body);
    const number = again ?? numbers.size + 1;
    numbers.set(body, number);
    const reply = await send(request, options);
    const head = `${colors.bold(`Request ${number}: ${method} ${new URL(url).pathname}`)}`;
    const shown = again === undefined ? `\n${readable(parseJson(body), '')}` : `  ${colors.dim('again, the same bytes')}`;
    sent.push(`${head}${shown}\n${answerOf(reply)}`);
    return reply;
  };
}

function answerOf(reply: Reply): string {
  if (reply.kind === 'unreachable') return colors.yellow(`${reply.code}  ${reply.sentence}`);
  const { status, headers, body } = reply;
  const wait = headers['retry-after'] === undefined ? '' : `, Retry-After: ${headers['retry-after']}`;
  return `${(status < 300 ? colors.green : colors.yellow)(`HTTP ${status}${wait}`)}  ${readable(parseJson(body), '')}`;
}

/** Calls as Hightouch does, and shows what was asked, what left for it, and what was answered. */
function caller(url: string): (method: string, params?: object, sent?: readonly string[]) => Promise<unknown> {
  let id = 0;
  return async (method, params, sent) => {
    const body = stringifyJson({ jsonrpc: '2.0', id: String(++id), method, ...(params && { params }) });
    print(`\n${colors.cyan('→')} ${colors.bold(method)}${params === undefined ? '' : `  ${readable(params, '  ')}`}`);
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { result, error } = (await response.json()) as { result?: unknown; error?: unknown }; // a JSON-RPC answer
    if (sent !== undefined) {
      print(colors.dim('\n  The HTTP requests that left for it, each with its answer, two at a time as the manifest says:'));
      for (const exchange of sent) print(`\n${exchange.replace(/^/gm, '  ')}`);
      print('');
    }
    print(`${colors.cyan('←')} ${readable(error ?? result, '  ')}`);
    if (error !== undefined) throw new Error(`the demo's own call failed: ${stringifyJson(error)}`);
    return result;
  };
}

/** Characters of JSON that are read at a glance in one line. */
const LINE = 130;

/** JSON with short values in one line and long ones broken up. */
function readable(value: unknown, indent: string): string {
  const line = stringifyJson(value);
  if (line.length <= LINE || typeof value !== 'object' || value === null) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((one) => readable(one, inner))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${readable(one, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}

let chapter = 0;

function title(text: string): void {
  print(`\n${colors.bold(colors.underline(`${++chapter}. ${text}`))}`);
}
