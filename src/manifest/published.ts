/** The validators of the published schemas, made when they are first needed. Of the built product they are written out instead: see precompile.ts. */

import { readFileSync } from 'node:fs';
import type { Validator } from '../schema/problem.ts';
import { createValidator } from '../schema/validate.ts';

export const PUBLISHED = { manifest: published('manifest'), cases: published('cases') };

function published(name: string): Validator {
  let validator: Validator | undefined;
  return (value) => {
    validator ??= createValidator(schemaOf(name), true);
    return validator(value);
  };
}

function schemaOf(name: string): object {
  return JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'));
}
