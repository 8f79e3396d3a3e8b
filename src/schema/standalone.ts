/** Writes validators out as code, so that the product need not load Ajv to make them. */

import standalone from 'ajv/dist/standalone/index.js';
import { patternOfSchema } from './pattern.ts';
import { newAjv, OF_VALUES } from './validate.ts';

/**
 * The text of a module for a folder beside this one, with a `Check` of each schema by its name.
 * @throws {Error} where a schema has words whose code needs more than stands here
 */
export function writeChecks(schemas: Readonly<Record<string, object>>): string {
  const foreign = /"(?:format|uniqueItems)":["t]/.exec(JSON.stringify(schemas));
  if (foreign !== null) throw new Error(`${foreign[0]}: such a check cannot be written out; do without it in the words`);
  const ajv = newAjv({ ...OF_VALUES, validateSchema: false, code: { regExp: patternOfSchema, source: true, esm: true } });
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name);
  const names = Object.keys(schemas).map((name) => [name, name]);
  return `import { createRequire } from 'node:module';
import { patternOfSchema } from '../schema/pattern.js';
const require = createRequire(import.meta.url);
${standalone.default(ajv, Object.fromEntries(names))}`;
}
