/** A chaos target in a process of its own, which tells what memory it holds. Run with --expose-gc. */

import { startChaos } from '../../src/commands/chaos/server.ts';

const chaos = await startChaos();
process.send?.({ port: chaos.port });
process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ held: heapUsed + external, rss });
});
process.on('disconnect', () => process.exit(0));
