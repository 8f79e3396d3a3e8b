/** Requests as bytes: an API of bare sockets that takes them apart strictly, and what the client writes for one, written here. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { OutboundRequest } from '../../src/outbound/exchange.ts';
import type { Pairs } from './fate.ts';

/** A request as it came. */
export interface Arrived {
  readonly method: string;
  readonly target: string;
  /** Names in lower case, without what the client adds to every request. */
  readonly headers: Pairs;
  readonly body: string;
}

export interface Wire {
  readonly url: string;
  /** What came since it was last asked. */
  take(): Arrived[];
}

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';

export async function wire(): Promise<Wire> {
  const arrived: Arrived[] = [];
  const server = createServer((socket) => {
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let read = readRequest(rest); read !== undefined; read = readRequest(rest)) {
        arrived.push(read.arrived);
        rest = rest.subarray(read.length);
        socket.write(ANSWER);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a listening TCP server has an address of this kind
  return { url: `http://127.0.0.1:${port}/v1`, take: () => arrived.splice(0) };
}

/** What the client adds to every request, each once. */
const ADDED = ['host', 'connection', 'user-agent', 'accept', 'accept-encoding'];

/** Head in Latin-1 without any check, as a careless client would write it: U+010D becomes a line break. */
export function written({ method, url, headers, body: bytes = Buffer.alloc(0) }: OutboundRequest): Buffer {
  const { host, pathname, search, href } = new URL(url);
  // What a URL parser makes of it is the same, so there is no fragment, no user, no other host.
  assert.equal(href, url);
  assert.equal(`http://${host}${pathname}${search}`, url);
  const added: Pairs = ADDED.map((name) => [name, name === 'host' ? host : '*']);
  const lines = [...Object.entries(headers), ...added, ['content-length', String(bytes.length)]];
  const head = [`${method} ${pathname}${search} HTTP/1.1`, ...lines.map((line) => line.join(': '))];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes that are one request. */
export function readWhole(bytes: Buffer): Arrived {
  const read = readRequest(bytes);
  return read?.length === bytes.length ? read.arrived : assert.fail('half a request, or more than one');
}

/** The first request of the bytes, if it is there whole. */
function readRequest(bytes: Buffer): { arrived: Arrived; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const [, method = '', target = ''] = /^([A-Z]+) (\/[!-~]*) HTTP\/1\.1$/.exec(line) ?? assert.fail(`no request line: ${line}`);
  const headers = lines.map((one): [string, string] => {
    // RFC 9112 section 5.1: blanks around a value are no part of it.
    const [, name = '', value = ''] =
      /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(one) ?? assert.fail(`no header: ${JSON.stringify(one)}`);
    return [name.toLowerCase(), value];
  });
  const lengths = headers.filter(([name]) => name === 'content-length' || name === 'transfer-encoding');
  assert.ok(lengths.length <= 1 && lengths.every(([name, value]) => name === 'content-length' && /^\d+$/.test(value)));
  const length = end + 4 + Number(lengths[0]?.[1] ?? 0);
  if (bytes.length < length) return undefined;
  const added = headers.map(([name]) => name).filter((name) => ADDED.includes(name));
  assert.equal(added.sort().join(), [...ADDED].sort().join());
  const own = headers.filter(([name]) => name !== 'content-length' && !ADDED.includes(name));
  return { arrived: { method, target, headers: own, body: UTF8.decode(bytes.subarray(end + 4, length)) }, length };
}
