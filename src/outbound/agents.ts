/** The connections of one destination: kept alive, bounded, and made through the guard's lookup. */

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIPv6, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AddressRefused, type Guard } from './guard.ts';
import { IDLE, NEXT_ADDRESS } from './transport.ts';

export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** Calls `then` once what is written to the socket can leave: at once for a connection in use before. */
  whenOpen(socket: Duplex, then: () => void): void;
  destroy(): void;
}

export function createAgents(connections: number, guard: Guard): Agents {
  const options = {
    keepAlive: true,
    maxSockets: connections,
    maxFreeSockets: connections,
    timeout: IDLE,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS,
  };
  const http = new HttpAgent(options);
  const https = new HttpsAgent(options);
  /** Sockets not yet open, and the event that opens them; for TLS nothing leaves before the certificate is checked. */
  const opening = new WeakMap<Duplex, 'connect' | 'secureConnect'>();

  const guarded = (agent: HttpAgent, scheme: string, event: 'connect' | 'secureConnect'): void => {
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (target, made) => {
      const host = target.host ?? '';
      const gate = guard.at(new URL(`${scheme}//${isIPv6(host) ? `[${host}]` : host}:${target.port ?? ''}`).origin);
      // Here, where it is what is connected to: whatever else read the URL before cannot have read another host.
      const refusal = gate.refuses(host);
      if (refusal !== undefined) {
        made?.(new AddressRefused(refusal), new Socket()); // its type asks for a socket; this one is never used
        return undefined;
      }
      const socket = connect({ ...target, lookup: gate.lookup });
      if (socket) {
        opening.set(socket, event);
        socket.once(event, () => opening.delete(socket));
      }
      return socket;
    };
  };
  guarded(http, 'http:', 'connect');
  guarded(https, 'https:', 'secureConnect');
  closeUnasked(http);
  closeUnasked(https);

  return {
    http,
    https,
    whenOpen(socket, then) {
      const event = opening.get(socket);
      if (event === undefined) then();
      else socket.once(event, then);
    },
    destroy() {
      http.destroy();
      https.destroy();
    },
  };
}

/** What comes over a connection that nobody uses would be read for ever, or taken for the answer to the next request. */
function closeUnasked(agent: HttpAgent): void {
  const keep = agent.keepSocketAlive.bind(agent);
  const reuse = agent.reuseSocket.bind(agent);
  function close(this: Duplex): void {
    this.destroy();
  }
  agent.keepSocketAlive = (socket) => {
    socket.on('data', close);
    // Its type does not say so, but whether it is kept is what it returns.
    return keep(socket);
  };
  agent.reuseSocket = (socket, request) => {
    socket.off('data', close);
    reuse(socket, request);
  };
}
