/** How much one call may hold: told before its destination is asked for anything. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hightouchMethods, type Limits, type Running } from '../../src/protocols/hightouch.ts';
import { readOperation } from '../../src/protocols/params.ts';
import { parseBytes } from '../../src/rpc/bytes.ts';
import { RpcError } from '../../src/rpc/method.ts';

/** What the caller is told, with a destination that must not be asked. */
async function refusal(method: string, params: unknown, limits?: Limits): Promise<string> {
  const asked = () => assert.fail('the destination was asked');
  const running = { now: asked, elapsed: asked, ask: asked, deliver: asked, redact: (text: string) => text };
  const methods = hightouchMethods(() => running as unknown as Running, limits); // all that these calls may come to
  const error: unknown = await Promise.resolve(methods.get(method)?.(params, { signal: new AbortController().signal })).catch(
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RpcError, String(error));
  assert.equal(error.code, -32602);
  return error.message;
}

const rowsOf = (count: number) => ({ idColumn: 'id', configuration: {}, rows: Array(count).fill({ id: 1 }) });

describe('a call', () => {
  it('has at most as many rows as the operator allows', async () => {
    for (const method of ['add', 'change', 'remove']) {
      assert.equal(
        await refusal(method, rowsOf(4), { maxRows: 3 }),
        'params.rows has 4 rows; at most 3 are taken in one call (ROWPOST_MAX_ROWS). Nothing was sent: send fewer rows at once.',
      );
      assert.match(await refusal(method, rowsOf(250_001)), /^params\.rows has 250001 rows; at most 250000 /);
    }
    await assert.rejects(refusal('add', rowsOf(3), { maxRows: 3 }), /the destination was asked/);
  });

  it('is taken as deep, and as full of values, as its body may be', () => {
    const lists = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    for (const value of [lists(60), `[${'[],'.repeat(700_000)}1]`]) {
      const body = `{"params":{"idColumn":"id","configuration":{},"rows":[{"id":1,"value":${value}}]}}`;
      const { params } = parseBytes(Buffer.from(body)) as { params: unknown }; // as it is written above
      const { rows } = readOperation(params, 1);
      assert.equal(JSON.stringify(rows.value(0, 'value')), value);
    }
  });

  it('has ids that are text or numbers', async () => {
    for (const [id, kind] of [
      [{ a: 1 }, 'an object'],
      [[1], 'a list'],
    ] as const) {
      assert.equal(
        await refusal('add', { idColumn: 'id', configuration: {}, rows: [{ id: 1 }, { id }] }),
        `params.rows[1] has ${kind} in the column "id" that idColumn names; an id is text or a number. Nothing was sent.`,
      );
    }
  });
});

describe('a configuration', () => {
  const wide = Array(10_001).fill({ from: 'a', to: 'b' });
  for (const [name, configuration] of [
    ['configuration', Object.fromEntries(wide.map((_, index) => [`option${index}`, 1]))],
    ['configuration.identifierMapping', { identifierMapping: wide }],
    ['configuration.mappings', { mappings: wide }],
    ['configuration.customMappings', { customMappings: wide }],
  ] as const) {
    it(`has at most 10000 entries in its ${name}`, async () => {
      const told = `params.${name} has 10001 entries; at most 10000 are taken.`;
      assert.equal(await refusal('add', { ...rowsOf(1), configuration }), told);
    });
  }
});
