/** The end of `npm run build`: writes the validators of the published schemas out in the place of published.js, and clears what only this needs. */

import { rmSync, writeFileSync } from 'node:fs';
import { writeChecks } from '../schema/standalone.ts';
import { schemaFiles } from './words/files.ts';

const here = (path: string) => new URL(path, import.meta.url);
const schemas = Array.from(schemaFiles(), ([file, text]) => [file.replace('.schema.json', ''), JSON.parse(text)]);
writeFileSync(
  here('published.js'),
  `import { validatorOf } from '../schema/problem.js';
${writeChecks(Object.fromEntries(schemas))}
export const PUBLISHED = { manifest: validatorOf(manifest), cases: validatorOf(cases) };
`,
);
for (const path of ['words/', '../schema/standalone.js', 'precompile.js']) rmSync(here(path), { recursive: true });
