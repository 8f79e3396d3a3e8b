/** The rows that are sent, the call that they are sent in, and the contacts that must arrive. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Row = Readonly<Record<string, unknown>>;

/** Field of the API → column of the warehouse; the names of columns make rows of about 400 bytes. */
const COLUMNS: Readonly<Record<string, string>> = {
  external_id: 'id',
  email: 'email',
  first_name: 'first',
  last_name: 'last',
  phone: 'tel',
  company: 'company',
  job_title: 'title',
  plan: 'plan',
  seats: 'seats',
  lifetime_value: 'ltv',
  active: 'active',
  newsletter: 'news',
  score: 'score',
  referrer: 'ref',
  signed_up: 'created_at',
  last_seen: 'seen_at',
  trial_ends: 'trial_end',
  locale: 'locale',
  city: 'city',
  country: 'country',
  postcode: 'zip',
};

const FIRST = ['Ada', 'Grace', 'José', 'Zoë', 'Linus', 'Björn', 'Mei', 'Fatima'];
const LAST = ['Lovelace', 'Hopper', 'García', 'O’Neill', 'Müller', 'Nguyễn', 'Okafor'];
const COMPANIES = ['Acme "West" Ltd', 'Globex', 'Initech & Sons', 'Umbrella\\Corp', 'Stark'];
const PLANS = ['free', 'team', 'enterprise'];
const CITIES = ['Berlin', 'São Paulo', 'Kyōto', 'New York', 'Łódź', 'Lagos'];

function of<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T; // none of them is empty
}

function rowOf(index: number): Row {
  const day = String((index % 28) + 1).padStart(2, '0');
  return {
    id: 100_000 + index,
    email: `person.${index}@example.com`,
    first: of(FIRST, index),
    last: of(LAST, index),
    tel: `+49 30 ${1_000_000 + index}`,
    company: of(COMPANIES, index),
    title: 'Engineer',
    plan: of(PLANS, index),
    seats: index % 500,
    ltv: Math.round(index * 1234.5) / 100,
    active: index % 3 !== 0,
    news: index % 5 === 0,
    score: (index % 1000) / 1000,
    ref: index % 4 === 0 ? null : 'newsletter',
    created_at: `2024-03-${day}T08:15:30.000Z`,
    seen_at: `2025-07-${day}T21:45:00.000Z`,
    trial_end: `2024-04-${day}`,
    locale: 'en-GB',
    city: of(CITIES, index),
    country: 'DE',
    zip: String(10_000 + (index % 89_999)),
  };
}

export function recordOf(row: Row): Row {
  return Object.fromEntries(Object.entries(COLUMNS).map(([field, column]) => [field, row[column]]));
}

/** What the API must be sent for a row. */
function contactOf(row: Row): Row {
  const { first_name, last_name, city, country, postcode, ...rest } = recordOf(row);
  return { ...rest, name: `${first_name} ${last_name}`, address: { city, country, postcode } };
}

export function rows(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => rowOf(index));
}

export interface Call {
  readonly rows: number;
  /** Holds its text. */
  readonly file: string;
  readonly bytes: number;
  readonly contacts: readonly Row[];
}

const folder = mkdtempSync(join(tmpdir(), 'rowpost-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const made = new Map<number, Call>();

/** A call of so many rows, as Hightouch sends it. */
export function callOf(count: number): Call {
  const before = made.get(count);
  if (before !== undefined) return before;
  const all = rows(count);
  const [identifier, ...mappings] = Object.entries(COLUMNS).map(([to, from]) => ({ from, to }));
  const configuration = { identifierMapping: [identifier], mappings };
  const params = { idColumn: 'id', configuration, rows: all };
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'add', params });
  const file = join(folder, `${count}.json`);
  writeFileSync(file, text);
  const call = { rows: count, file, bytes: Buffer.byteLength(text), contacts: all.map(contactOf) };
  made.set(count, call);
  return call;
}

/** A folder of this run for files of its own; gone when it ends. */
export function scratch(): string {
  return mkdtempSync(join(folder, 'files-'));
}
