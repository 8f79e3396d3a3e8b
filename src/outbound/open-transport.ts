/** Transports by their names, each loaded when something is first sent with it: a library that nobody needs takes no memory. */

import type { Transport, TransportOptions } from './transport.ts';

export type TransportName = 'undici' | 'got';

const LOAD: Readonly<Record<TransportName, () => Promise<(options: TransportOptions) => Transport>>> = {
  undici: async () => (await import('./undici-transport.ts')).createUndiciTransport,
  got: async () => (await import('./got-transport.ts')).createGotTransport,
};

export function openTransport(name: TransportName, options: TransportOptions): Transport {
  let opened: Transport | undefined;
  let opening: Promise<Transport> | undefined;
  const open = async () => {
    const create = await LOAD[name]();
    opened = create(options);
    return opened;
  };
  return {
    send(request, sending) {
      if (opened !== undefined) return opened.send(request, sending);
      opening ??= open();
      return opening.then((one) => one.send(request, sending));
    },
    close: () => opened?.close(),
  };
}
