#!/usr/bin/env node
// Starts Rowpost: from its source in a checkout, from the one built `dist` in the npm package and the image.
import { existsSync } from 'node:fs';

const source = new URL('../src/main.ts', import.meta.url);
if (!existsSync(source)) {
  await import('../dist/main.js');
} else {
  // Node 22.18 and later run TypeScript as it is; older ones need tsx, which a checkout has among its dev dependencies.
  if (!process.features.typescript) (await import('tsx/esm/api')).register();
  await import(source.href);
}
