/** The published schema files, as text: what editors read and the loader checks against. */

import { CasesWords } from './cases.ts';
import { ManifestWords } from './manifest.ts';

/** File name → content, ready to write. */
export function schemaFiles(): Map<string, string> {
  const file = (schema: object) =>
    `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema }, null, 2)}\n`;
  return new Map([
    ['manifest.schema.json', file(ManifestWords)],
    ['cases.schema.json', file(CasesWords)],
  ]);
}
