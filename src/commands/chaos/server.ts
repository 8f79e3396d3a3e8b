/** A chaos target: a real HTTP server on this machine that misbehaves as it is told, and keeps a ledger of what truly arrived. */

import { createServer, type IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { Fault } from '../../fault.ts';
import { isLoopback } from '../../networks.ts';
import { KB } from '../../units.ts';
import { Api, pathOf } from './api.ts';
import { type Controlled, control } from './control.ts';
import { ELSEWHERE } from './exchange.ts';
import type { Arrival, Bounds } from './ledger.ts';
import { openPort } from './port.ts';
import { IDS } from './rows.ts';
import type { ScriptPlan } from './script.ts';

export interface ChaosOptions {
  /** 127.0.0.1 unless given. */
  readonly host?: string;
  /** Any free one unless given. */
  readonly port?: number;
  /** Honest unless given. */
  readonly script?: ScriptPlan;
  /** Where the rows stand in a body, such as body.rows; found unless given. */
  readonly rows?: string | undefined;
  /** Where a row has its id; the first that it has. */
  readonly id?: readonly string[];
  /** Milliseconds until a late answer, and between two bytes of one that drips. */
  readonly late?: number;
  readonly drip?: number;
  /** How much the ledger keeps; beyond it rows are refused with 507. */
  readonly bounds?: Partial<Bounds>;
  /** Told of every request once it is known what it meets. */
  readonly seen?: (arrival: Arrival) => void;
}

export interface Chaos extends Controlled {
  readonly url: string;
  readonly port: number;
  /** Cuts off every connection. */
  close(): Promise<void>;
}

/** Milliseconds. */
const LATE = 3000;
const DRIP = 5;

/** @throws {Fault} where the address or the port cannot be had */
export async function startChaos(options: ChaosOptions = {}): Promise<Chaos> {
  const {
    host = '127.0.0.1',
    rows,
    id = IDS,
    late = LATE,
    drip = DRIP,
    bounds = {},
    script = {},
    seen = () => undefined,
  } = options;
  const api = new Api({ shape: { rows, id }, pace: { late, drip }, bounds, seen }, script);
  const server = createServer({ maxHeaderSize: 64 * KB }, (request, response) => {
    // Who hung up needs no answer.
    response.on('error', () => undefined);
    const path = pathOf(request);
    if (path === ELSEWHERE || !path.startsWith('/chaos/')) void api.handle(request, response);
    else if (mayControl(request, host)) void control(chaos, request, response);
    else response.writeHead(403).end();
  });
  const port = await openPort(server, host, options.port ?? 0).catch((error: unknown) => {
    throw listenFault(error, host, options.port ?? 0);
  });
  let timer: NodeJS.Timeout | undefined;

  const chaos: Chaos = {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${port.number}`,
    port: port.number,
    get ledger() {
      return api.ledger;
    },
    script: (plan) => api.script(plan),
    reset: () => api.reset(),
    async down(milliseconds) {
      clearTimeout(timer);
      timer = setTimeout(() => void port.open(), milliseconds);
      await port.close();
    },
    async close() {
      clearTimeout(timer);
      await port.close();
    },
  };
  return chaos;
}

/**
 * A page in a browser of this machine could send control here, or read the ledger under a name of its own that leads to
 * 127.0.0.1: it would come with an origin, or with that name.
 */
function mayControl({ headers }: IncomingMessage, host: string): boolean {
  if (headers.origin !== undefined) return false;
  const name = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return !isLoopback(host) || isLoopback(name);
}

function listenFault(error: unknown, host: string, port: number): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const sentence =
    code === 'EADDRINUSE'
      ? `Port ${port} of ${host} is in use already.`
      : `The chaos target cannot listen on ${host}, port ${port} (${code}).`;
  return new Fault({ code: 'usage.port', sentence, hint: 'Choose another with --port; 0 takes any free one.', cause: error });
}
