/** Servers under load, for proofs of what delivery promises: destinations that send batches to an API on this machine. */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Env, folder, later, type Serving, serve } from '../commands/running.ts';

const PROBE = fileURLToPath(new URL('probe.mjs', import.meta.url));

/** A destination whose rows go in batches; the API answers 200. */
const BATCHES = `version: 1
name: Batches
connection: { url: https://api.example.com, concurrency: 5 }
sync: { add: send }
requests:
  send:
    put: /rows
    batch: { size: 100 }
    json: { rows: "{{ records }}" }
`;

export interface Figures {
  /** Milliseconds for which the event loop was held up. */
  readonly p99: number;
  readonly max: number;
  /** Bytes. */
  readonly peak: number;
  readonly rss: number;
}

export interface Probed extends Serving {
  /** What the server's process came to since it was asked last. */
  figures(): Promise<Figures>;
}

/** @param urls where the API of each destination is */
export async function probed(urls: Readonly<Record<string, string>>, env: Env = {}, manifest = BATCHES): Promise<Probed> {
  const ids = Object.keys(urls);
  const file = join(folder({}), 'figures.json');
  const served = await serve({
    ROWPOST_DESTINATIONS: folder(Object.fromEntries(ids.map((id) => [`${id}.yaml`, manifest]))),
    ...Object.fromEntries(ids.map((id) => [`ROWPOST_URL_${id.toUpperCase()}`, urls[id] ?? ''])),
    NODE_OPTIONS: `--import=${PROBE}`,
    PROBE: file,
    ...env,
  });
  return {
    ...served,
    async figures() {
      rmSync(file, { force: true });
      served.child.kill('SIGUSR2');
      while (!existsSync(file)) await later(5);
      return JSON.parse(readFileSync(file, 'utf8')) as Figures; // as the probe writes it
    },
  };
}

/** The params of a call that brings so many rows. */
export function rowsOf(count: number, width = 20): object {
  const rows = Array.from({ length: count }, (_, id) => ({ id, value: 'v'.repeat(width) }));
  return { idColumn: 'id', configuration: { mappings: ['id', 'value'].map((name) => ({ from: name, to: name })) }, rows };
}

export interface Came {
  readonly status: number;
  readonly ms: number;
  readonly rejected: number;
  readonly reasons: readonly string[];
}

/** One call, timed. */
export async function timed(served: Serving, id: string, body: string): Promise<Came> {
  const from = performance.now();
  const { status, text } = await served.post(id, body);
  const ms = performance.now() - from;
  const said = JSON.parse(text) as { result?: { rejectedRows: { reason: string }[] } }; // the protocol's own answer
  const reasons = said.result?.rejectedRows.map(({ reason }) => reason) ?? [];
  return { status, ms, rejected: reasons.length, reasons };
}

export function adding(params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'add', params });
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** `RELIABILITY=1` for the long forms, whose figures are the promised ones; the short ones allow for a busy machine. */
export const LONG = process.env.RELIABILITY === '1';
