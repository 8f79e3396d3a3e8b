/** Writes `schemas/manifest.schema.json` and `schemas/cases.schema.json` from the words; `npm run schemas`. */

import { writeFileSync } from 'node:fs';
import { schemaFiles } from './words/files.ts';

for (const [name, text] of schemaFiles()) {
  writeFileSync(new URL(`../../schemas/${name}`, import.meta.url), text);
  console.log(`schemas/${name}`);
}
