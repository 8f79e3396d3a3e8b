/** What an answer means for each row: a table for every sentence of the language's "Responses". */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer } from '../../src/outbound/exchange.ts';
import { call, destinationOf, json, people, type Row, text } from './calling.ts';

/** Expected of each row, in order: nothing where it is accepted, else its whole reason or what that must match. */
type Expected = readonly (string | RegExp | undefined)[];
type Line = readonly [name: string, response: string, answer: Answer, expected: Expected];

const THREE = people('A@x.io', 'b@x.io', 'c@x.io');
const ACCEPTED: Expected = [undefined, undefined, undefined];
const all = (reason: string | RegExp): Expected => [reason, reason, reason];

/** Three rows in one request, or one row in its own. */
async function judged(response: string, answer: Answer, rows: readonly Row[], batched: boolean): Promise<(string | undefined)[]> {
  const body = batched ? `batch: { size: 100000 }\njson: "{{ records }}"` : 'json: "{{ record }}"';
  const bound = destinationOf(`post: /rows\nretry: { attempts: 1 }\n${body}\nresponse: ${response}\n`);
  const { reasons, sent, bugs } = await call(bound, { rows, send: () => answer });
  assert.deepEqual(bugs, []);
  assert.equal(sent.length, 1);
  return rows.map(({ id }) => reasons[String(id)]);
}

function table(name: string, lines: readonly Line[], rows: readonly Row[] = THREE, batched = true): void {
  describe(name, () => {
    for (const [what, response, answer, expected] of lines) {
      it(what, async () => {
        const reasons = await judged(response, answer, rows, batched);
        for (const [index, reason] of reasons.entries()) {
          const wanted = expected[index];
          if (wanted instanceof RegExp) assert.match(reason ?? '(accepted)', wanted);
          else assert.equal(reason, wanted, `row ${index + 1}`);
        }
      });
    }
  });
}

table('a status', [
  ...[200, 201, 202, 204, 206, 207, 226, 299].map((status): Line => [`of ${status} accepts`, '{}', text(status, ''), ACCEPTED]),
  ...[301, 302, 303, 304, 307, 308].map(
    (status): Line => [
      `of ${status} rejects`,
      '{}',
      text(status, '', { location: 'https://api.test/v2' }),
      all(`HTTP ${status}: the API answers with a redirect, which is not followed`),
    ],
  ),
  ...[400, 401, 403, 404, 409, 410, 413, 422, 429, 501, 505, 599].map(
    (status): Line => [`of ${status} rejects`, '{}', text(status, ''), all(`HTTP ${status}`)],
  ),
  ...[500, 502, 503, 504].map(
    (status): Line => [
      `of ${status} rejects, and may have taken them`,
      '{}',
      text(status, ''),
      all(`outcome unknown: HTTP ${status}`),
    ],
  ),
]);

table('rules', [
  ['accept where they hold', '{ rules: [{ if: status == 404, then: accept }] }', json(404, {}), ACCEPTED],
  [
    'see the operation',
    "{ rules: [{ if: status == 404 and operation == 'remove', then: accept }] }",
    json(404, {}),
    all(/^HTTP 404/),
  ],
  [
    'reject a 2xx with their reason',
    '{ rules: [{ if: body.error, then: reject, reason: "{{ body.why }}" }] }',
    json(200, { error: true, why: 'suspended' }),
    all('suspended'),
  ],
  [
    'reject with the reason of the response where they have none',
    '{ rules: [{ if: body.error, then: reject }], reason: "because {{ body.why }}" }',
    json(200, { error: true, why: 'suspended' }),
    all('because suspended'),
  ],
  [
    'go by the first that holds',
    '{ rules: [{ if: status == 500, then: accept }, { if: status == 404, then: reject, reason: first }, { if: status == 404, then: accept }] }',
    json(404, {}),
    all('first'),
  ],
  [
    'are asked before ok',
    '{ rules: [{ if: body.dup, then: accept }], ok: body.ok }',
    json(200, { dup: true, ok: false }),
    ACCEPTED,
  ],
  [
    'are asked before rows',
    '{ rules: [{ if: body.stop, then: reject, reason: no }], key: record.email, rows: { each: body.rows, key: result.email } }',
    json(200, { stop: true, rows: [{ email: 'A@x.io' }, { email: 'b@x.io' }, { email: 'c@x.io' }] }),
    all('no'),
  ],
  [
    'are asked before partial',
    '{ rules: [{ if: status == 400, then: reject, reason: no }], partial: [400], key: record.email, errors: { each: body.errors, key: error.email } }',
    json(400, { errors: [{ email: 'b@x.io' }] }),
    all('no'),
  ],
  [
    'see each row in their reason',
    '{ rules: [{ if: status == 400, then: reject, reason: "no {{ record.email }} at {{ position }}" }] }',
    json(400, {}),
    ['no A@x.io at 0', 'no b@x.io at 1', 'no c@x.io at 2'],
  ],
  [
    'say no to an answer that is no yes and no no',
    '{ rules: [{ if: body.done, then: accept }] }',
    json(200, { done: 'false' }),
    all(/^the answer \(HTTP 200\) could not be judged: "body\.done" must answer true or false; it gave "false"/),
  ],
  [
    'accept no body that does not parse where they read it',
    '{ rules: [{ if: not body.error, then: accept }] }',
    json(200, undefined),
    ACCEPTED,
  ],
  [
    'accept no body that is cut off where they read it',
    '{ rules: [{ if: not body.error, then: accept }] }',
    text(200, '{"error": tr', { 'content-type': 'application/json' }),
    all(/^HTTP 200, but the answer is not JSON/),
  ],
  [
    'may read a text as a whole',
    "{ rules: [{ if: status == 409 and body contains 'exists', then: accept }] }",
    text(409, 'it exists already', { 'content-type': 'text/plain' }),
    ACCEPTED,
  ],
  [
    'accept no page of a proxy where they read the body',
    '{ rules: [{ if: body.error == blank, then: accept }] }',
    text(502, '<html>', { 'content-type': 'text/html' }),
    all(/^outcome unknown: HTTP 502, but the answer is text\/html, not JSON/),
  ],
]);

table('ok', [
  ['that holds accepts', '{ ok: body.ok }', json(200, { ok: true }), ACCEPTED],
  [
    'that fails rejects, saying what the answer says',
    '{ ok: body.ok }',
    json(200, { ok: false, error: 'no_channel' }),
    all('HTTP 200: no_channel'),
  ],
  [
    'that fails rejects for its reason',
    '{ ok: body.ok, reason: "slack: {{ body.error }}" }',
    json(200, { ok: false, error: 'x' }),
    all('slack: x'),
  ],
  ['that is missing is no', '{ ok: body.ok }', json(200, {}), all('HTTP 200: {}')],
  ['that is null is no', '{ ok: body.ok }', json(200, { ok: null }), all(/^HTTP 200/)],
  ...['"true"', '"yes"', '"false"', '""', '0', '1', '[]', '[true]', '{}', '12345678901234567890'].map(
    (value): Line => [
      `that is ${value} is no`,
      '{ ok: body.ok }',
      text(200, `{"ok":${value}}`, { 'content-type': 'application/json' }),
      all(/could not be judged: "body\.ok" must answer true or false/),
    ],
  ),
  ['is not asked of a failing status', '{ ok: body.ok }', json(500, { ok: true }), all(/^outcome unknown: HTTP 500/)],
  ['that reads the status is asked of any', '{ ok: status == 200 or status == 409 }', json(409, {}), ACCEPTED],
  ['that reads the status may refuse a 2xx', '{ ok: status == 200 }', json(202, { message: 'queued' }), all('HTTP 202: queued')],
  ['and an empty body are no', '{ ok: not body.error }', text(200, ''), all(/^HTTP 200, but the answer is empty/)],
  ['and a blank body are no', '{ ok: not body.error }', text(200, ' \n'), all(/^HTTP 200, but the answer is empty/)],
  [
    'and half a body are no',
    '{ ok: not body.error }',
    text(200, '{"a":', { 'content-type': 'application/json' }),
    all(/ends too early/),
  ],
  [
    'and a page are no',
    '{ ok: not body.error }',
    text(200, '<html>', { 'content-type': 'text/html' }),
    all(/text\/html, not JSON/),
  ],
  ['and 204 hold where nothing is asked of the body', '{ ok: status == 204 }', text(204, ''), ACCEPTED],
  [
    'may read the headers of an unreadable answer',
    "{ ok: \"headers['x-ok'] == 'yes'\" }",
    text(200, '<', { 'x-ok': 'yes' }),
    ACCEPTED,
  ],
]);

table('parse', [
  [
    'auto reads JSON of any name',
    '{ ok: body.ok }',
    text(200, '{"ok":true}', { 'content-type': 'application/problem+json; charset=utf-8' }),
    ACCEPTED,
  ],
  ['auto reads JSON without a name', '{ ok: body.ok }', text(200, ' {"ok":true}'), ACCEPTED],
  [
    'auto reads JSON that calls itself plain text',
    '{ ok: body.ok }',
    text(200, '{"ok":true}', { 'content-type': 'text/plain' }),
    ACCEPTED,
  ],
  [
    'auto believes no HTML',
    '{ ok: body.ok }',
    text(200, '{"ok":true}', { 'content-type': 'text/html' }),
    all('HTTP 200, but the answer is text/html, not JSON, so it does not say which rows were taken'),
  ],
  [
    'json does not mind the name',
    '{ parse: json, ok: body.ok }',
    text(200, '{"ok":true}', { 'content-type': 'text/html' }),
    ACCEPTED,
  ],
  ['text reads text', "{ parse: text, ok: body contains 'OK' }", text(200, 'OK 3'), ACCEPTED],
  [
    'auto reads what is no JSON as text',
    "{ ok: body contains 'OK' }",
    text(200, 'OK 3', { 'content-type': 'text/plain' }),
    ACCEPTED,
  ],
  [
    'auto guesses no member of a text',
    '{ ok: not body.error }',
    text(200, 'OK 3', { 'content-type': 'text/plain' }),
    all(/not JSON/),
  ],
  [
    'auto guesses nothing of JSON that breaks off',
    "{ ok: not (body contains 'error') }",
    text(200, '{"a":', { 'content-type': 'application/json' }),
    all(/not JSON/),
  ],
  ['text reads JSON as text', '{ parse: text, ok: body.ok }', json(200, { ok: true }), all(/^HTTP 200/)],
  ['none reads nothing', '{ parse: none }', text(200, '{"a":', { 'content-type': 'application/json' }), ACCEPTED],
]);

const byKey =
  '{ key: record.email | downcase, rows: { each: body.rows, key: result.email | downcase, ok: result.ok, reason: "{{ result.why }}" } }';
const good = ['a@X.io', 'b@x.io', 'c@x.io'].map((email) => ({ email, ok: true }));
table('rows by key', [
  ['accept each that is well', byKey, json(200, { rows: good }), ACCEPTED],
  ['come in any order', byKey, json(200, { rows: good.toReversed() }), ACCEPTED],
  [
    'reject each that failed, for its reason',
    byKey,
    json(200, { rows: [good[0], { email: 'B@x.io', ok: false, why: 'bad' }, good[2]] }),
    [undefined, 'bad', undefined],
  ],
  [
    'reject those without a result',
    byKey,
    json(200, { rows: [good[1]] }),
    ['the answer has no result for this row', undefined, 'the answer has no result for this row'],
  ],
  ['reject all where there is no list', byKey, json(200, {}), all('HTTP 200, but the answer has no list of results')],
  ['reject all where the list is null', byKey, json(200, { rows: null }), all('HTTP 200, but the answer has no list of results')],
  [
    'reject all where the list is a text',
    byKey,
    json(200, { rows: 'ok' }),
    all('HTTP 200, but the answer has no list of results'),
  ],
  [
    'reject all where the body is empty',
    byKey,
    text(200, ''),
    all(/^HTTP 200, but the answer is empty, so it does not say which rows were taken/),
  ],
  ['reject all for 204, which has no list', byKey, text(204, ''), all('HTTP 204, but the answer has no list of results')],
  [
    'reject one that two results disagree on',
    byKey,
    json(200, { rows: [...good, { email: 'b@x.io', ok: false, why: 'late' }] }),
    [undefined, 'late', undefined],
  ],
  [
    'reject it also where the failure came first',
    byKey,
    json(200, { rows: [{ email: 'b@x.io', ok: false, why: 'early' }, ...good] }),
    [undefined, 'early', undefined],
  ],
  [
    'reject all for a failure of a row that was not sent',
    byKey,
    json(200, { rows: [...good, { email: 'z@x.io', ok: false, why: 'z' }] }),
    all(/^HTTP 200, but a failed result names no row of the request/),
  ],
  [
    'reject all for a failure without a key',
    byKey,
    json(200, { rows: [...good, { ok: false }] }),
    all(/names no row of the request/),
  ],
  [
    'are not hurt by a success of a row that was not sent',
    byKey,
    json(200, { rows: [...good, { email: 'z@x.io', ok: true }] }),
    ACCEPTED,
  ],
  [
    'reject a row whose ok is no yes and no no',
    byKey,
    json(200, { rows: [good[0], { email: 'b@x.io', ok: 'yes' }, good[2]] }),
    [undefined, /^the result for this row could not be judged: .* must answer true or false/, undefined],
  ],
  [
    'reject a row whose ok is missing',
    byKey,
    json(200, { rows: [good[0], { email: 'b@x.io', message: 'hm' }, good[2]] }),
    [undefined, 'hm', undefined],
  ],
  ['are not asked of a failing status', byKey, json(500, { rows: good }), all(/^outcome unknown: HTTP 500/)],
  [
    'take one result that names several rows',
    byKey,
    json(200, { rows: [{ email: 'a@x.io', ok: true }] }),
    [undefined, /no result/, /no result/],
  ],
  [
    'take a list of keys, and one equal value is enough',
    '{ key: record.email, rows: { each: body.rows, key: result.emails, ok: result.ok } }',
    json(200, {
      rows: [
        { emails: ['x', 'A@x.io', 'b@x.io'], ok: true },
        { emails: ['c@x.io'], ok: false, error: 'no' },
      ],
    }),
    [undefined, undefined, 'no'],
  ],
  [
    'take several keys on either side, and one equal value is enough',
    '{ key: [id, record.email], rows: { each: body.rows, key: [result.id, result.email], ok: result.ok } }',
    json(200, {
      rows: [
        { id: 1, ok: true },
        { email: 'b@x.io', ok: true },
        { id: null, email: 'c@x.io', ok: false, error: 'no' },
      ],
    }),
    [undefined, undefined, 'no'],
  ],
  [
    'take a map as its entries',
    '{ key: record.email, rows: { each: body.rows, key: result.key, ok: result.value.ok } }',
    json(200, { rows: { 'A@x.io': { ok: true }, 'b@x.io': { ok: false }, 'c@x.io': { ok: true } } }),
    [undefined, /value/, undefined],
  ],
  [
    'compare keys as text',
    '{ key: id, rows: { each: body.rows, key: result.id } }',
    json(200, { rows: [{ id: '1' }, { id: 2 }] }),
    [undefined, undefined, 'the answer has no result for this row'],
  ],
  [
    'reject all where a key is a map',
    '{ key: record.email, rows: { each: body.rows, key: result.email } }',
    json(200, { rows: [{ email: { a: 1 } }] }),
    all(/could not be judged: a map cannot stand inside a text/),
  ],
  [
    'without ok take every result for a yes',
    '{ key: record.email, rows: { each: body.rows, key: result } }',
    json(200, { rows: ['A@x.io', 'c@x.io'] }),
    [undefined, /no result/, undefined],
  ],
]);

table(
  'rows by key, compared exactly',
  [
    [
      'keep long numbers apart',
      '{ key: record.n, rows: { each: body.rows, key: result.n, ok: result.ok } }',
      text(200, '{"rows":[{"n":9007199254740993,"ok":true},{"n":"9007199254740992","ok":false}]}', {
        'content-type': 'application/json',
      }),
      [/9007199254740992/, undefined],
    ],
    [
      'name rows whose key is true or false',
      '{ key: record.flag, rows: { each: body.rows, key: result.flag, ok: result.ok } }',
      json(200, {
        rows: [
          { flag: true, ok: true },
          { flag: false, ok: false, error: 'no' },
        ],
      }),
      [undefined, 'no'],
    ],
  ],
  [
    { id: 1, n: 9007199254740992, flag: true },
    { id: 2, n: '9007199254740993', flag: 'false' },
  ],
);

const byIndex = '{ rows: { each: body.rows, index: result.i, ok: result.ok } }';
table('rows by index', [
  ['accept each that is well', byIndex, json(200, { rows: [2, 0, 1].map((i) => ({ i, ok: true })) }), ACCEPTED],
  [
    'take the index as text',
    byIndex,
    json(200, {
      rows: [
        { i: '0', ok: true },
        { i: '2', ok: false, error: 'no' },
      ],
    }),
    [undefined, /no result/, 'no'],
  ],
  [
    'take a list of places',
    byIndex,
    json(200, {
      rows: [
        { i: [0, 2], ok: true },
        { i: 1, ok: true },
      ],
    }),
    ACCEPTED,
  ],
  [
    'reject all for a failure beyond the request',
    byIndex,
    json(200, {
      rows: [
        { i: 0, ok: true },
        { i: 3, ok: false },
      ],
    }),
    all(/names no row/),
  ],
  ...['-1', '1.5', '"x"', 'null', 'true', '""', '1e400'].map(
    (i): Line => [
      `reject all for a failure at ${i}`,
      byIndex,
      text(200, `{"rows":[{"i":0,"ok":true},{"i":1,"ok":true},{"i":2,"ok":true},{"i":${i},"ok":false}]}`),
      all(/names no row/),
    ],
  ),
  [
    'count from one where the manifest says',
    '{ rows: { each: body.rows, index: "result.i | minus: 1", ok: result.ok } }',
    json(200, {
      rows: [
        { i: 1, ok: true },
        { i: 3, ok: true },
      ],
    }),
    [undefined, /no result/, undefined],
  ],
]);

const byOrder = '{ rows: { each: body.rows, ok: result.ok } }';
table('rows by order', [
  ['accept each that is well', byOrder, json(200, { rows: good }), ACCEPTED],
  [
    'reject each that failed',
    byOrder,
    json(200, { rows: [good[0], { ok: false, message: 'bad' }, good[2]] }),
    [undefined, 'bad', undefined],
  ],
  ['reject those left out', byOrder, json(200, { rows: [good[0]] }), [undefined, /no result/, /no result/]],
  [
    'reject all where there are too many',
    byOrder,
    json(200, { rows: [...good, good[0]] }),
    all('HTTP 200, but the answer has 4 results for 3 rows'),
  ],
  [
    'reject a row whose result is null',
    byOrder,
    json(200, { rows: [good[0], null, good[2]] }),
    [undefined, 'refused without a message', undefined],
  ],
  ['may be the whole body', '{ rows: { each: body, ok: result.ok } }', json(200, good), ACCEPTED],
  ['reject all where nothing came', '{ rows: { each: body, ok: result.ok } }', json(200, []), all(/no result/)],
]);

const errors =
  '{ key: record.email | downcase, errors: { each: body.errors, key: error.email | downcase, reason: "{{ error.why }}" } }';
const bad = (email: unknown, why = 'bad') => ({ email, why });
table('errors', [
  ['that are none accept', errors, json(200, { errors: [] }), ACCEPTED],
  ['that are missing accept', errors, json(200, {}), ACCEPTED],
  ['that are null accept', errors, json(200, { errors: null }), ACCEPTED],
  ['reject the rows that they name', errors, json(200, { errors: [bad('B@X.io')] }), [undefined, 'bad', undefined]],
  [
    'that name one row twice reject it once',
    errors,
    json(200, { errors: [bad('b@x.io', 'one'), bad('b@x.io', 'two')] }),
    [undefined, /one|two/, undefined],
  ],
  [
    'that name several rows reject all of them',
    errors.replace('error.email | downcase', 'error.emails'),
    json(200, { errors: [{ emails: ['a@x.io', 'c@x.io'], why: 'bad' }] }),
    ['bad', undefined, 'bad'],
  ],
  [
    'that name no sent row reject all',
    errors,
    json(200, { errors: [bad('z@x.io')] }),
    all(/^HTTP 200, but an error names no row of the request/),
  ],
  [
    'that name nobody reject all',
    errors,
    json(200, { errors: ['overloaded'] }),
    all('HTTP 200, but an error names no row of the request: overloaded'),
  ],
  ...[null, '', undefined].map(
    (email): Line => [
      `whose key is ${String(email) || 'empty'} reject all`,
      errors,
      json(200, { errors: [bad(email)] }),
      all(/names no row/),
    ],
  ),
  [
    'that are no list reject all',
    errors,
    json(200, { errors: 'boom' }),
    all(/what stands for the list of errors in the answer is no list/),
  ],
  ['that are false reject all', errors, json(200, { errors: false }), all(/is no list/)],
  [
    'that are a map are its entries',
    '{ key: record.email, errors: { each: body.errors, key: error.key, reason: "{{ error.value }}" } }',
    json(200, { errors: { 'b@x.io': 'bad' } }),
    [undefined, 'bad', undefined],
  ],
  ['that are one map of another shape reject all', errors, json(200, { errors: { code: 5, why: 'x' } }), all(/names no row/)],
  ['that cannot be read reject all', errors, text(200, '<html>', { 'content-type': 'text/html' }), all(/text\/html, not JSON/)],
  ['that do not come with an empty answer reject all', errors, text(200, ''), all(/the answer is empty/)],
  ['do not come with 204', errors, text(204, ''), ACCEPTED],
  [
    'by index',
    '{ errors: { each: body.errors, index: error.index, reason: "{{ error.why }}" } }',
    json(200, { errors: [{ index: 1, why: 'bad' }] }),
    [undefined, 'bad', undefined],
  ],
  [
    'whose reason is missing tell what is in the usual places',
    errors,
    json(200, { errors: [{ email: 'b@x.io', message: 'm' }] }),
    [undefined, 'm', undefined],
  ],
  ['are not asked of a failing status', errors, json(500, { errors: [bad('b@x.io')] }), all(/^outcome unknown: HTTP 500/)],
  [
    'and ok: ok comes first',
    errors.replace('{ key', '{ ok: body.ok, key'),
    json(200, { ok: false, errors: [], message: 'm' }),
    all('HTTP 200: m'),
  ],
]);

const ignoring = '{ key: record.email, errors: { each: body.errors, key: error.email, unmatched: ignore } }';
table('unmatched: ignore', [
  ['lets an error pass that names no row', ignoring, json(200, { errors: [bad('z@x.io')] }), ACCEPTED],
  [
    'still rejects the rows that are named',
    ignoring,
    json(200, { errors: [bad('z@x.io'), { email: 'b@x.io', message: 'm' }] }),
    [undefined, 'm', undefined],
  ],
]);

const required = '{ key: record.email, errors: { each: body.errors, key: error.email, required: status == 207 } }';
table('required', [
  ['rejects all where the list is missing', required, json(207, {}), all('HTTP 207, but the answer lacks its list of errors')],
  ['rejects all where the list is null', required, json(207, { errors: null }), all(/lacks its list of errors/)],
  ['is content with an empty list', required, json(207, { errors: [] }), ACCEPTED],
  ['is asked of each answer', required, json(200, {}), ACCEPTED],
  [
    'rejects all where it is no yes and no no',
    required.replace('status == 207', 'body.partial'),
    json(200, { partial: 1 }),
    all(/must answer true or false/),
  ],
]);

const partial = errors.replace('{ key', '{ partial: [400, 422], key');
table('partial', [
  ['believes the errors of its statuses', partial, json(400, { errors: [bad('b@x.io')] }), [undefined, 'bad', undefined]],
  ['rejects all where they name no sent row', partial, json(400, { errors: [bad('z@x.io')], message: 'm' }), all('HTTP 400: m')],
  [
    'rejects all where one of them names no sent row',
    partial,
    json(400, { errors: [bad('b@x.io'), bad('z@x.io')] }),
    all(/^HTTP 400, but an error names no row/),
  ],
  ['rejects all where there are none', partial, json(400, { errors: [], message: 'm' }), all('HTTP 400: m')],
  ['rejects all where the list is missing', partial, json(400, { message: 'm' }), all('HTTP 400: m')],
  ['rejects all of another status', partial, json(409, { errors: [bad('b@x.io')] }), all(/^HTTP 409/)],
  ['rejects all where the answer cannot be read', partial, text(400, 'no'), all('HTTP 400: no')],
  [
    'believes rows',
    byKey.replace('{ key', '{ partial: [400], key'),
    json(400, { rows: [good[0], { email: 'b@x.io', ok: false, why: 'bad' }] }),
    [undefined, 'bad', /no result/],
  ],
  [
    'believes rows by order',
    byOrder.replace('{ rows', '{ partial: [400], rows'),
    json(400, { rows: [{ ok: true }, { ok: false, error: 'e' }] }),
    [undefined, 'e', /no result/],
  ],
  [
    'believes no empty rows',
    byOrder.replace('{ rows', '{ partial: [400], rows'),
    json(400, { rows: [], message: 'm' }),
    all('HTTP 400: m'),
  ],
]);

const counted = errors.replace('{ key', '{ accepted: body.imported, key');
table('accepted', [
  ['agrees', counted, json(200, { imported: 2, errors: [bad('b@x.io')] }), [undefined, 'bad', undefined]],
  ['agrees as text', counted, json(200, { imported: ' 3 ' }), ACCEPTED],
  [
    'disagrees: which rows are missing nobody can tell',
    counted,
    json(200, { imported: 2 }),
    all('the answer says that it took 2 of 3 rows, so which were taken is not known'),
  ],
  [
    'disagrees, and errors keep their reason',
    counted,
    json(200, { imported: 1, errors: [bad('b@x.io')] }),
    [/that it took 1 of 2 rows/, 'bad', /that it took 1 of 2 rows/],
  ],
  ['says more than was sent', counted, json(200, { imported: 4 }), all(/that it took 4 of 3/)],
  ...['null', '"many"', 'true', '[3]', '{}', '"3.0"', '-3', '12345678901234567890'].map(
    (value): Line => [`says ${value}`, counted, text(200, `{"imported":${value}}`), all(/the answer says .* of 3 rows/)],
  ),
  ['is missing', counted, json(200, {}), all(/not how many it took/)],
  ['may stand alone', '{ accepted: body.imported }', json(200, { imported: 3 }), ACCEPTED],
  [
    'is asked under partial too',
    partial.replace('{ partial', '{ accepted: body.imported, partial'),
    json(400, { imported: 1, errors: [bad('b@x.io')] }),
    [/took 1 of 2/, 'bad', /took 1 of 2/],
  ],
]);

const long = 'x'.repeat(600);
table('a reason', [
  ...(
    [
      [{ message: 'm' }, 'm'],
      [{ error: 'e' }, 'e'],
      [{ error: { message: 'em' } }, 'em'],
      [{ errors: [{ message: 'e0' }, { message: 'e1' }] }, 'e0'],
      [{ errors: ['first', 'second'] }, 'first'],
      [{ detail: 'd', title: 't' }, 'd'],
      [{ title: 't' }, 't'],
      [{ error: true, message: '', title: 't' }, 't'],
      [[{ message: 'in a list' }], 'in a list'],
      ['a text', 'a text'],
      [{ code: 42 }, '42'],
      [{ what: 'is this' }, '{"what":"is this"}'],
      [{ error: { error: { error: { message: 'too deep' } } } }, '{"error":{"error":{"error":{"message":"too deep"}}}}'],
    ] as const
  ).map(
    ([body, message]): Line => [
      `found in ${JSON.stringify(body).slice(0, 60)}`,
      '{}',
      json(422, body),
      all(`HTTP 422: ${message}`),
    ],
  ),
  [
    'is the beginning of a text',
    '{}',
    text(422, `no: ${long}`, { 'content-type': 'text/plain' }),
    all(`HTTP 422: no: ${'x'.repeat(195)}…`),
  ],
  ['is the beginning of a body without one', '{}', json(422, { what: long }), all(`HTTP 422: {"what":"${'x'.repeat(190)}…`)],
  ['is the status where there is nothing', '{}', json(422, null), all('HTTP 422')],
  [
    'holds no control characters',
    '{}',
    json(422, { message: 'a\u0000b\r\nc\u001b[31md\u0085e' }),
    all('HTTP 422: a b c [31md e'),
  ],
  ['of the manifest holds none either', '{ reason: "{{ body.why }}" }', json(422, { why: 'a\tb\u009bc' }), all('a b c')],
  [
    'of the manifest is cut to 500 characters',
    '{ reason: "{{ body.why }}" }',
    json(422, { why: long }),
    all(`${'x'.repeat(499)}…`),
  ],
  [
    'is never cut within a character',
    '{ reason: "{{ body.why }}" }',
    json(422, { why: `${'x'.repeat(498)}🙂🙂` }),
    all(`${'x'.repeat(498)}\uFFFD…`),
  ],
  ['of the manifest that is empty gives way', '{ reason: "{{ body.why }}" }', json(422, { message: 'm' }), all('HTTP 422: m')],
  [
    'of the manifest that fails gives way',
    '{ reason: "{{ body.why }} " }',
    json(422, { why: [1], message: 'm' }),
    all('HTTP 422: m'),
  ],
  ['of the manifest may be a value', '{ reason: "{{ body.why }}" }', json(422, { why: [1, { a: 2 }] }), all('[1,{"a":2}]')],
  [
    'is cut also where a question quotes the answer',
    '{ ok: body.ok }',
    json(200, { ok: `${long}\u009b` }),
    all(/^(?!.*\p{Cc}).{400,500}$/u),
  ],
  ['is cut also where an error names no row', errors, json(200, { errors: [long] }), all(/^.{100,500}$/)],
]);

const alone = (lines: readonly Line[]) => table('a row that is alone', lines, people('a@x.io'), false);
alone([
  ['is accepted', '{}', json(200, {}), [undefined]],
  [
    'is rejected by any error without key or index',
    '{ errors: { each: body.errors, reason: "{{ error.why }}" } }',
    json(200, { errors: [{ why: 'bad' }] }),
    ['bad'],
  ],
  ['is accepted without errors', '{ errors: { each: body.errors } }', json(200, { errors: [] }), [undefined]],
  ['is rejected where errors are no list', '{ errors: { each: body.errors } }', json(200, { errors: 'boom' }), [/is no list/]],
  ['sees its record in ok', '{ ok: body.email == record.email }', json(200, { email: 'a@x.io' }), [undefined]],
  ['sees its record in ok, and the other', '{ ok: body.email == record.email }', json(200, { email: 'b@x.io' }), [/^HTTP 200/]],
  ['has its result by order', '{ rows: { each: body.rows, ok: result.ok } }', json(200, { rows: [{ ok: true }] }), [undefined]],
  [
    'is rejected where two results came for it',
    '{ rows: { each: body.rows, ok: result.ok } }',
    json(200, { rows: [{ ok: true }, { ok: true }] }),
    [/2 results for 1 rows/],
  ],
]);

describe('a large answer', () => {
  it('without a message is quoted once, not once for each row', async () => {
    const rows = Array.from({ length: 2000 }, (_, id) => ({ id }));
    const body = { data: Array.from({ length: 30_000 }, (_, index) => ({ index, text: 'x'.repeat(20) })) };
    const begin = performance.now();
    const reasons = await judged('{}', json(400, body), rows, true);
    assert.ok(performance.now() - begin < 5000);
    assert.ok(reasons.every((reason) => reason?.startsWith('HTTP 400: {"data":[{"index":0')));
  });

  it('with a result for each of many rows is joined in one pass', async () => {
    const rows = Array.from({ length: 20_000 }, (_, id) => ({ id }));
    const begin = performance.now();
    const reasons = await judged(
      '{ key: id, rows: { each: body, key: result } }',
      json(
        200,
        rows.map(({ id }) => id),
      ),
      rows,
      true,
    );
    assert.ok(performance.now() - begin < 10_000);
    assert.ok(reasons.every((reason) => reason === undefined));
  });
});
