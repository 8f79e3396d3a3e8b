/** Calls that fail in every way, most of them quoting the secrets of the server that they are sent to. */

import type { OutgoingHttpHeaders } from 'node:http';
import type { Canary } from './canaries.ts';
import { DISGUISES, ESCAPES } from './encodings.ts';

export interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** A number from 0 to 1. */
export type Chance = () => number;

export function one<T>(list: readonly T[], chance: Chance): T {
  return list[Math.floor(chance() * list.length)] as T; // an index within the list
}

export const JSON_TYPE = { 'content-type': 'application/json' };

const METHODS = ['add', 'add', 'add', 'change', 'change', 'remove', 'list_fields', 'list_options', 'validate', 'behavior'];

/** Calls of one body. */
const MOST_CALLS = 40;
/** How many of them reach an API, and cost far more than the others. */
const TO_APIS = 0.2;

interface Targets {
  readonly ids: readonly string[];
  /** What callers of the destination `caller` send of themselves. */
  readonly callers: readonly string[];
}

/** One request after another. */
export function failingCalls(canaries: readonly Canary[], { ids, callers }: Targets, chance: Chance): () => Sent {
  const value = (name: string) => canaries.find((each) => each.name === name)?.value ?? '';
  const operators = canaries.filter(({ name }) => !/^(?:caller|fresh)/.test(name));

  /** A secret, or a part of it, in any encoding. */
  const quote = (): string => {
    const encodings = [...Object.values(DISGUISES), ...Object.values(ESCAPES)];
    const encode = chance() < 0.6 ? (text: string) => text : one(encodings, chance);
    const pad = chance() < 0.4 ? 'p'.repeat(Math.floor(chance() * 90)) : '';
    return `${pad}${encode(one(operators, chance).value.slice(0, 400))}`;
  };

  const paramsFor = (method: string): unknown => {
    const v = () => (chance() < 0.2 ? quote() : 'value');
    const configuration = {
      identifierMapping: [{ from: 'id', to: 'key' }],
      mappings: chance() < 0.2 ? [{ from: 'v', to: quote() }] : [],
      ...(chance() < 0.4 && { strict: true, thing: v() }),
      ...(chance() < 0.05 && { object: quote(), mode: quote() }),
    };
    if (method === 'validate') return { configuration };
    if (!/^(?:add|change|remove)$/.test(method)) return chance() < 0.1 ? { object: quote(), mode: quote() } : {};
    const rows = Array.from({ length: 1 + Math.floor(chance() * 2) }, (_, id) => ({ id, v: v() }));
    return { idColumn: 'id', configuration, rows };
  };

  /** What is wrong before any API is asked: most faults quote what was sent. */
  const refused = (): object => {
    const wrong = [
      () => ({ method: quote() }),
      () => ({ method: 'add', params: quote() }),
      () => ({ method: 'add', params: { idColumn: quote(), configuration: {}, rows: [{ id: 1 }] } }),
      () => ({ method: 'add', params: { idColumn: 'id', configuration: { object: quote() }, rows: quote() } }),
      () => ({ method: 'add', params: { idColumn: 'id', configuration: {}, rows: [{ [quote()]: quote() }] } }),
      () => ({ method: 'remove', params: { idColumn: 'id', configuration: {}, rows: [{ id: 1, v: quote() }] } }),
    ];
    return one(wrong, chance)();
  };

  let turn = 0;
  return () => {
    const id = one(ids, chance);
    const authorization = { authorization: `Bearer ${value('token')}` };
    const headers: OutgoingHttpHeaders = { ...JSON_TYPE, ...authorization };
    if (id === 'caller' && chance() < 0.95) headers['x-api-key'] = Buffer.from(one(callers, chance), 'utf8').toString('latin1');
    const calls = chance() < 0.4 ? 1 : 1 + Math.floor(chance() * MOST_CALLS);
    const batch = Array.from({ length: calls }, (_, at) => {
      const method = one(METHODS, chance);
      return { jsonrpc: '2.0', id: at, ...(chance() < TO_APIS ? { method, params: paramsFor(method) } : refused()) };
    });
    const usual: Sent = { path: `/hightouch/${id}`, headers, body: JSON.stringify(calls === 1 ? batch[0] : batch) };
    if (chance() < 0.75) return usual;
    const printable = () => quote().replace(/[^\x20-\x7e]/g, '');
    const bare: OutgoingHttpHeaders = JSON_TYPE;
    const misuses: (() => Sent)[] = [
      () => ({ ...usual, path: `/hightouch/${encodeURIComponent(quote())}` }),
      () => ({ ...usual, path: `/hightouch/${id}/${encodeURIComponent(value('otherToken'))}`, headers: bare }),
      () => ({ ...usual, path: `/hightouch/${id}/${encodeURIComponent(quote())}`, headers: bare }),
      () => ({ ...usual, headers: { ...JSON_TYPE, authorization: `Bearer ${value('limitedToken')}` } }),
      () => ({ ...usual, headers: { ...JSON_TYPE, authorization: `Bearer x${printable()}` } }),
      () => ({ ...usual, headers: { ...JSON_TYPE, authorization: `Basic ${Buffer.from(`u:${quote()}`).toString('base64')}` } }),
      () => ({
        ...usual,
        headers: { ...JSON_TYPE, 'webhook-id': printable(), 'webhook-timestamp': '1', 'webhook-signature': `v1,${printable()}` },
      }),
      () => ({ ...usual, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: quote() }) }),
      () => ({
        ...usual,
        body: JSON.stringify([{ jsonrpc: '2.0', id: 1, method: quote() }, { jsonrpc: '2.0', method: 'add' }, quote()]),
      }),
      () => ({ ...usual, body: `{"jsonrpc": ${quote()}` }),
      () => ({
        ...usual,
        body: `{"jsonrpc": "2.0", "id": 1, "method": "add", "params": "${printable().replace(/["\\]/g, '')}"}`,
      }),
      () => ({ ...usual, body: Buffer.from([0xff, 0xfe, ...Buffer.from(quote())]) }),
      () => ({ ...usual, headers: { ...headers, 'content-type': `application/${printable().replace(/[^a-z]/gi, '')}` } }),
      () => ({ ...usual, headers: { ...headers, 'content-encoding': printable().slice(0, 200) || 'x' } }),
      () => ({ ...usual, headers: { ...headers, 'content-encoding': 'gzip' }, body: quote() }),
      () => ({ path: `/${encodeURIComponent(quote())}`, method: 'GET', headers: authorization }),
      () => ({ path: `/hightouch/${id}`, method: 'GET', headers: authorization }),
      () => ({ path: '/readyz', method: 'GET', headers: chance() < 0.5 ? authorization : {} }),
      () => ({ path: '/', method: 'GET', headers: chance() < 0.5 ? authorization : {} }),
    ];
    // One after another: in a short run each is there.
    return misuses[turn++ % misuses.length]?.() ?? usual;
  };
}
