/** A process that sends calls of hostile rows through every place, in memory and over connections. */

import assert from 'node:assert/strict';
import { realClock } from '../../src/commands/real-world.ts';
import type { Clock } from '../../src/delivery/call.ts';
import { parseJson } from '../../src/json/parse.ts';
import type { OutboundRequest } from '../../src/outbound/exchange.ts';
import { createGuard } from '../../src/outbound/guard.ts';
import { type Create, TRANSPORTS } from '../outbound/transports.ts';
import { seeded } from '../seeded.ts';
import { type Answering, atWork, destinationOf, json } from './calling.ts';
import type { Cause } from './fate.ts';
import { Dict, hostileMap, hostileName, hostileValue, jsonOf, Numeral, printable } from './hostile.ts';
import { assertRight, type Outcome } from './right-request.ts';
import { type HostileRow, PLACES, type PlaceName, SHAPES, type Shape } from './shapes.ts';
import { type Arrived, readWhole, wire, written } from './wire.ts';

/** Rows of one call. */
const CALL = 100;

/** What a process has to do: every `step`-th of the calls that have `count` rows; one in `wired` goes over connections, too. */
export interface Share {
  readonly seed: number;
  readonly count: number;
  readonly from: number;
  readonly step: number;
  readonly wired: number;
}

export interface Tally {
  /** By place, and by the cause of the rejection, or `sent`. */
  readonly rows: { [outcome in `${PlaceName}: ${Cause | 'sent'}`]?: number };
  /** Requests that arrived in memory, and over connections. */
  memory: number;
  wired: number;
}

/** Half of what stands beside a value or a name is harmless, so that it is the value that decides. */
function rowOf(seed: number): HostileRow {
  const chance = seeded(seed);
  const v = hostileValue(chance, 3);
  const [ofW, ofM, missing] = [chance(), chance(), chance()];
  const w = ofW < 0.3 ? 'w' : ofW < 0.6 ? printable(chance) : hostileValue(chance, 2);
  // Among what is written beside the map, too.
  const name = ['k', 'a', 'v', 'z'][Math.floor(chance() * 4)] ?? '';
  const entry = ofM < 0.5 ? ([hostileName(chance), 'x'] as const) : ([name, v] as const);
  const m = ofM < 0.05 ? hostileValue(chance, 1) : new Dict([entry, ...(ofM < 0.7 ? [] : hostileMap(chance, 2).entries)]);
  return {
    v: missing < 0.04 ? undefined : v,
    w: missing > 0.98 ? undefined : w,
    m: missing > 0.5 && missing < 0.52 ? undefined : m,
  };
}

/** As a caller sends them: JSON, read by the product. */
function callOf(rows: readonly HostileRow[]): unknown {
  const each = rows.map((row, id) => jsonOf(new Dict(Object.entries({ id: new Numeral(String(id), String(id)), ...row }))));
  const mappings = ['v', 'w', 'm'].map((name) => `{"from":"${name}","to":"${name}"}`);
  return parseJson(`{"idColumn":"id","configuration":{"mappings":[${mappings.join()}]},"rows":[${each.join()}]}`);
}

/** A way for requests to leave, and what arrived by it. */
interface Way {
  readonly url: string;
  readonly send: NonNullable<Answering['send']>;
  readonly clock?: Clock;
  take(): Arrived[];
}

function inMemory(): Way {
  const sent: OutboundRequest[] = [];
  const send = (request: OutboundRequest) => {
    sent.push(request);
    return json(200, {});
  };
  return { url: 'http://api.test/v1', send, take: () => sent.splice(0).map((request) => readWhole(written(request))) };
}

async function overConnections(create: Create): Promise<Way> {
  const { url, take } = await wire();
  const transport = create({ connections: 1, guard: createGuard(['127.0.0.0/8']), maxResponse: 1000 });
  return { url, clock: realClock, send: (request, _, options) => transport.send(request, options), take };
}

/** A shape's destination; one request after the other, so that they arrive in the order of their rows. */
function bind({ request, connection = '' }: Shape, { url, take, ...answering }: Way) {
  const bound = destinationOf(request, { connection: `concurrency: 1\n${connection}`, url });
  return async (params: unknown): Promise<Outcome> => {
    const result = await atWork(bound, answering).ask('add', params);
    const { rejectedRows } = result as { rejectedRows: { id: number; reason: string }[] }; // the protocol's own answer
    return { arrived: take(), reasons: new Map(rejectedRows.map(({ id, reason }) => [id, reason])) };
  };
}

async function prove({ seed, count, from, step, wired }: Share): Promise<Tally> {
  const memory = inMemory();
  const connections = await Promise.all(Array.from(TRANSPORTS.values(), overConnections));
  const bound = PLACES.map((place) => ({
    place,
    own: SHAPES[place].map((shape) => ({
      shape,
      inMemory: bind(shape, memory),
      wired: connections.map((way) => bind(shape, way)),
    })),
  }));
  const tally: Tally = { rows: {}, memory: 0, wired: 0 };
  for (let call = from; call * CALL < count; call += step) {
    const rows = Array.from({ length: CALL }, (_, position) => rowOf(seed + call * CALL + position));
    const params = callOf(rows);
    for (const { place, own } of bound) {
      const { shape, ...send } = own[call % own.length] ?? assert.fail(place);
      try {
        const outcome = await send.inMemory(params);
        for (const cause of assertRight(shape, rows, outcome)) {
          const key = `${place}: ${cause ?? 'sent'}` as const;
          tally.rows[key] = (tally.rows[key] ?? 0) + 1;
        }
        tally.memory += outcome.arrived.length;
        if (call % wired !== 0) continue;
        for (const wired of send.wired) {
          const again = await wired(params);
          assertRight(shape, rows, again);
          tally.wired += again.arrived.length;
        }
      } catch (error) {
        throw new Error(`SEED=${seed}, call ${call}: ${shape.request}\n${String(error)}`, { cause: error });
      }
    }
  }
  return tally;
}

process.once('disconnect', () => process.exit());
// The stacks of rejected rows, which nobody reads, are a tenth of the time.
Error.stackTraceLimit = 0;
process.send?.(await prove(JSON.parse(process.argv[2] ?? '') as Share).catch(String)); // what the test hands over
