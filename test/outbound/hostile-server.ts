/** A process of its own that plays attacks: the one that the path of a request names. */

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ATTACKS, type Pace } from './attacks.ts';
import { http } from './raw-server.ts';

/** Asked for by the name of an attack, for which nobody else asks meanwhile. */
export interface Played {
  /** Connections on which it was played, and that are open still. */
  readonly open: number;
  /** Bytes that the system took from us. */
  readonly poured: number;
}

const pace: Pace = JSON.parse(process.env.PACE ?? '');
/** Sockets by the attack that was played on them, and what had been written to them before. */
const played = new Map<string, { socket: Socket; before: number }[]>();
let honest: Buffer = Buffer.alloc(0);

/** A list of rows, as an API would answer. */
function list(bytes: number): Buffer {
  const row = '{"id":1234567,"email":"someone@example.com","ok":true},';
  const rows = `[${row.repeat(Math.max(0, Math.floor(bytes / row.length) - 1))}{}]`;
  return Buffer.from(rows.padEnd(bytes));
}

function answer(socket: Socket, target: string): void {
  const name = decodeURIComponent(target.slice(1));
  const attack = ATTACKS.find((one) => one.name === name);
  if (attack === undefined) {
    const size = Number(name);
    if (size !== honest.length) honest = list(size);
    socket.write(http('200 OK', { 'content-type': 'application/json', 'content-length': size }));
    socket.write(honest);
    return;
  }
  played.set(name, [...(played.get(name) ?? []), { socket, before: socket.bytesWritten }]);
  attack.play(socket, pace);
}

const server = createServer((socket) => {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    text += data.toString('latin1');
    const [head, target] = /^POST (\S+) HTTP.*?\r\n\r\n\{\}/s.exec(text) ?? [];
    if (head === undefined || target === undefined) return;
    text = text.slice(head.length);
    answer(socket, target);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port); // a listening TCP server has an address of this kind
});
process.on('message', (name: string) => {
  const sockets = played.get(name) ?? [];
  const answer: Played = {
    open: sockets.filter(({ socket }) => !socket.destroyed).length,
    poured: sockets.reduce((sum, { socket, before }) => sum + socket.bytesWritten - before, 0),
  };
  process.send?.(answer);
});
process.on('disconnect', () => process.exit());
