/** `uniqueItems` in one pass: Ajv's own compares each entry with each other, and a list of choices has thousands. */

import type { CodeKeywordDefinition } from 'ajv';
import { ExactNumber, stringifyJson } from '../numbers.ts';

export function uniqueItems({ _, str }: Pick<typeof import('ajv'), '_' | 'str'>): CodeKeywordDefinition {
  return {
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: {
      message: ({ params: { one, other } }) => str`must NOT have duplicate items (items ## ${one} and ${other} are identical)`,
      params: ({ params: { one, other } }) => _`{ i: ${other}, j: ${one} }`,
    },
    code(keyword) {
      const { gen, data, schema } = keyword;
      if (schema === false) return;
      const twins = gen.const('twins', _`${gen.scopeValue('func', { ref: twinsOf })}(${data})`);
      keyword.setParams({ one: gen.const('one', _`${twins}?.[0]`), other: gen.const('other', _`${twins}?.[1]`) });
      keyword.fail(_`${twins} !== undefined`);
    },
  };
}

/** Where the first two entries that are the same stand. */
function twinsOf(list: readonly unknown[]): readonly [number, number] | undefined {
  const seen = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const key = stringifyJson(sorted(item));
    const before = seen.get(key);
    if (before !== undefined) return [before, index];
    seen.set(key, index);
  }
  return undefined;
}

/** With the members of maps in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object' || value instanceof ExactNumber) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, inner]) => [name, sorted(inner)]));
}
