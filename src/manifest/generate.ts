/** Writes what is generated from the words: `schemas/*.json` and the reference in `docs/manifest.md`; `npm run schemas`. */

import { readFileSync, writeFileSync } from 'node:fs';
import { schemaFiles } from './words/files.ts';
import { withReference } from './words/reference.ts';

const root = new URL('../../', import.meta.url);
for (const [name, text] of schemaFiles()) write(`schemas/${name}`, text);
write('docs/manifest.md', withReference(readFileSync(new URL('docs/manifest.md', root), 'utf8')));

function write(path: string, text: string): void {
  writeFileSync(new URL(path, root), text);
  console.log(path);
}
