/** Run by the transports' tests with NODE_EXTRA_CA_CERTS: sends with the transport named first to each URL named, in order, and prints the replies. */

import { createGuard } from '../../src/outbound/guard.ts';
import { TRANSPORTS } from './transports.ts';

// Every name is this machine, so that a certificate can be for another one.
const guard = createGuard(['127.0.0.0/8'], { resolve: (_, __, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) });
const [name = '', ...urls] = process.argv.slice(2);
const transport = TRANSPORTS.get(name)?.({ connections: 1, guard, maxResponse: 1000 });
for (const url of urls) {
  console.log(
    JSON.stringify(await transport?.send({ method: 'POST', url, headers: {}, body: Buffer.from('x') }, { timeout: 5000 })),
  );
}
transport?.close();
