/** The published schemas: fresh, described everywhere, and their own examples keep to them. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isFaults } from '../../src/destination/bind.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import { readManifest } from '../../src/manifest/read.ts';
import { schemaFiles } from '../../src/manifest/words/files.ts';
import { createValidator, problemsOfSchema } from '../../src/schema/validate.ts';

interface Schema {
  readonly [keyword: string]: unknown;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly propertyNames?: Schema;
  readonly examples?: readonly unknown[];
}

/** Every schema inside one, with where it stands. */
function* all(schema: Schema, at: string): Generator<[string, Schema]> {
  yield [at, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* all(property, `${at}.${name}`);
  if (typeof schema.additionalProperties === 'object') yield* all(schema.additionalProperties, `${at}.*`);
  if (schema.items !== undefined) yield* all(schema.items, `${at}[]`);
}

/** What is wrong with a template, no schema can tell. */
function refusesUrl(url: unknown): boolean {
  const connection = JSON.stringify({ url });
  const file = readManifest(
    'a',
    'a.yaml',
    `version: 1\nname: A\nconnection: ${connection}\nsync: { add: a }\nrequests: { a: { post: /a } }`,
  );
  return !isFaults(file) && isFaults(compileDestination(file));
}

for (const [name, text] of schemaFiles()) {
  const schema = JSON.parse(text) as Schema;
  const schemas = [...all(schema, name.replace('.schema.json', ''))];

  describe(name, () => {
    it('is what the words make: else run npm run schemas', () => {
      assert.equal(readFileSync(new URL(`../../schemas/${name}`, import.meta.url), 'utf8'), text);
    });

    it('is a JSON Schema', () => {
      assert.deepEqual(problemsOfSchema(schema), []);
    });

    it('describes every word in a sentence', () => {
      const bare = schemas.filter(([, { description }]) => !/^\S.*[.…]$/s.test(description ?? ''));
      assert.deepEqual(
        bare.map(([at, { description }]) => `${at}: ${description}`),
        [],
      );
    });

    it('gives every map of known words a title, and refuses others', () => {
      for (const [at, { properties, title, additionalProperties }] of schemas) {
        if (properties === undefined) continue;
        assert.equal(typeof title, 'string', at);
        assert.equal(additionalProperties, false, at);
      }
    });

    it('says what is expected where a type or a pattern alone would not', () => {
      for (const [at, one] of schemas) {
        const mixed = Array.isArray(one.type);
        if (mixed || one.pattern !== undefined) assert.equal(typeof one['x-expected'], 'string', at);
        if (one.propertyNames !== undefined) assert.equal(typeof one.propertyNames['x-expected'], 'string', at);
      }
    });

    it('keeps words that are not yet built apart from those that are', () => {
      for (const [at, { properties = {}, ...one }] of schemas) {
        for (const word of Object.keys((one['x-not-yet'] as object | undefined) ?? {}))
          assert.ok(!(word in properties), `${at}.${word}`);
        for (const word of Object.keys((one['x-not-yet-values'] as object | undefined) ?? {}))
          assert.ok(!(one.enum as unknown[] | undefined)?.includes(word), `${at}: ${word}`);
      }
    });
  });

  describe(`the examples of ${name}`, () => {
    for (const [at, one] of schemas) {
      for (const example of one.examples ?? []) {
        it(`${at}: ${JSON.stringify(example)}`, () =>
          assert.deepEqual(
            createValidator(one)(example).map(({ message }) => message),
            [],
          ));
      }
      for (const { value, because } of (one['x-anti-examples'] ?? []) as { value: unknown; because: string }[]) {
        it(`${at}: not ${JSON.stringify(value)}`, () => {
          assert.ok(because.length > 0);
          if (at.endsWith('connection.url')) assert.ok(refusesUrl(value));
          else assert.notDeepEqual(createValidator(one)(value), []);
        });
      }
    }
  });
}
