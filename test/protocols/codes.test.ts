/** The code of an error says whose mistake it is: the API's, the manifest's, or the caller's. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RPC_CODES, RpcError } from '../../src/rpc/method.ts';
import { atWork, boundOf, json } from '../delivery/calling.ts';

const bound = boundOf(`version: 1
name: Codes
connection: { url: https://api.test }
lookups: { answer: { get: /answer } }
modes: [{ each: lookups.answer.modes, id: "{{ item.id }}" }, { id: fixed }]
fields: [{ each: lookups.answer.fields, id: "{{ item.key }}", required: "{{ item.value }}" }]
sync: { add: send }
requests: { send: { post: / } }
`);
const MODES = [{ id: 'one' }];

describe('errors of the form', () => {
  const table = [
    ['the API refuses', 'list_modes', {}, json(403, { message: 'no' }), RPC_CODES.upstream, /HTTP 403: no$/],
    [
      'what is to be a list is none',
      'list_modes',
      {},
      json(200, { modes: 5 }),
      RPC_CODES.destinationBroken,
      /^modes\[0\]\.each must give a list or a map; it gave a single value$/,
    ],
    [
      'an element has no id',
      'list_modes',
      {},
      json(200, { modes: [{}] }),
      RPC_CODES.destinationBroken,
      /^modes\[0\] has an empty id$/,
    ],
    [
      'a value fits no word',
      'list_fields',
      { mode: 'one' },
      json(200, { modes: MODES, fields: { a: 'perhaps' } }),
      RPC_CODES.destinationBroken,
      /^the required of field "a" is neither true nor false$/,
    ],
    [
      'a mode is chosen that there is not',
      'list_fields',
      { mode: 'two' },
      json(200, { modes: MODES, fields: {} }),
      RPC_CODES.invalidParams,
      /^There is no mode "two"/,
    ],
  ] as const;
  for (const [what, method, params, answer, code, message] of table)
    it(`where ${what}: ${code}`, () =>
      assert.rejects(
        atWork(bound, { send: () => answer }).ask(method, params),
        (error) => error instanceof RpcError && error.code === code && message.test(error.message),
      ));

  it('a map of the API is its entries', async () => {
    const { ask } = atWork(bound, { send: () => json(200, { modes: MODES, fields: { a: true, b: false } }) });
    assert.deepEqual(await ask('list_fields', { mode: 'one' }), {
      fields: [
        { id: 'a', label: 'a', type: 'STRING', required: true, identifier: false },
        { id: 'b', label: 'b', type: 'STRING', required: false, identifier: false },
      ],
    });
  });
});
