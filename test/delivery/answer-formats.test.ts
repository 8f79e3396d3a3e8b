/** Answers that are XML or CSV: judged as JSON is, and where in doubt the rows are rejected. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { atWork, boundOf, call, destinationOf, json, people, text } from './calling.ts';

const BATCH = 'post: /rows\nbatch: { size: 10 }\njson: "{{ records }}"\n';
const xml = (body: string, status = 200, type = 'application/xml; charset=utf-8') => text(status, body, { 'content-type': type });
const csv = (body: string, status = 200) => text(status, body, { 'content-type': 'text/csv' });
const NO_SAYING = 'so it does not say which rows were taken';

describe('an answer of XML', () => {
  const results = destinationOf(
    `${BATCH}response: { key: record.email, rows: { each: body.answer.result, key: "result['@for']", ok: result.ok == 'true', reason: "{{ result.why }}" } }`,
  );
  const errors = destinationOf(
    `${BATCH}response: { ok: body.answer.state == 'done', key: record.email, errors: { each: body.answer.errors.error, key: error.email, reason: "{{ error['#text'] }}" } }`,
  );
  const BAD = '<result for="b"><ok>false</ok><why>no &quot;b&quot;</why></result>';

  it('has a result for every row', async () => {
    const { reasons } = await call(results, {
      rows: people('a', 'b'),
      send: () => xml(`<answer><result for="a"><ok>true</ok></result>${BAD}</answer>`),
    });
    assert.deepEqual(reasons, { 2: 'no "b"' });
  });

  it('has one result, which is a list of one', async () => {
    assert.deepEqual((await call(results, { rows: people('b'), send: () => xml(`<answer>${BAD}</answer>`) })).reasons, {
      1: 'no "b"',
    });
  });

  it('has one error or several, of text and of elements', async () => {
    const error = (email: string) => `<error>bad<email>${email}</email></error>`;
    for (const [all, rejected] of [
      [[], {}],
      [['b'], { 2: 'bad' }],
      [['b', 'c'], { 2: 'bad', 3: 'bad' }],
    ] as const) {
      const body = `<answer><state>done</state><errors>${all.map(error).join('')}</errors></answer>`;
      assert.deepEqual((await call(errors, { rows: people('a', 'b', 'c'), send: () => xml(body) })).reasons, rejected);
    }
  });

  it('has a list of one text too', async () => {
    const bound = destinationOf(
      'post: /rows\njson: {}\nresponse: { errors: { each: body.errors.error, reason: "{{ error }}" } }',
    );
    assert.deepEqual((await call(bound, { rows: people('a'), send: () => xml('<errors><error>bad</error></errors>') })).reasons, {
      1: 'bad',
    });
  });

  it('is counted', async () => {
    const bound = destinationOf(`${BATCH}response: { accepted: body.done.count }`);
    assert.deepEqual(
      (await call(bound, { rows: people('a', 'b'), send: () => xml('<done><count>2</count></done>') })).reasons,
      {},
    );
    assert.match(
      (await call(bound, { rows: people('a', 'b'), send: () => xml('<done><count>1</count></done>') })).reasons['1'] ?? '',
      /that it took 1 of 2 rows/,
    );
  });

  it('is text in every value, so that a question has to compare', async () => {
    const bound = destinationOf(`${BATCH}response: { ok: body.answer.ok }`);
    const { reasons } = await call(bound, { rows: people('a'), send: () => xml('<answer><ok>true</ok></answer>') });
    assert.match(reasons['1'] ?? '', /could not be judged/);
  });

  it('of SOAP says why it failed, and so does one of a single error', async () => {
    const fault =
      '<s:Envelope xmlns:s="u"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>no session</faultstring></s:Fault></s:Body></s:Envelope>';
    for (const [body, reason] of [
      [fault, 'HTTP 500: no session'],
      ['<Error><Code>NoSuchBucket</Code><Message>there is none</Message></Error>', 'HTTP 500: there is none'],
    ] as const)
      assert.deepEqual((await call(results, { rows: people('a'), send: () => xml(body, 500, 'text/xml') })).reasons, {
        1: `outcome unknown: ${reason}`,
      });
  });

  it('that cannot be read rejects all', async () => {
    for (const [body, why] of [
      [`<answer><result for="a"><ok>true</ok></result>`, 'not XML (it ends too early)'],
      [
        '<!DOCTYPE answer [<!ENTITY t "true">]><answer><result for="a"><ok>&t;</ok></result></answer>',
        'XML with a DOCTYPE, which is not read',
      ],
      ['', 'empty'],
    ] as const) {
      const { sent, reasons } = await call(results, { rows: people('a', 'b'), send: () => xml(body) });
      assert.equal(sent.length, 1);
      const reason = `HTTP 200, but the answer is ${why}, ${NO_SAYING}`;
      assert.deepEqual(reasons, { 1: reason, 2: reason });
    }
  });

  it('without a result, or with one for a stranger, rejects', async () => {
    const { reasons } = await call(results, { rows: people('a'), send: () => xml('<answer/>') });
    assert.match(reasons['1'] ?? '', /the answer has no list of results/);
    const stranger = await call(results, { rows: people('a'), send: () => xml(`<answer>${BAD}</answer>`) });
    assert.match(stranger.reasons['1'] ?? '', /a failed result names no row of the request/);
  });

  it('is XML where the manifest says so, whatever its type says; a page for people is text', async () => {
    const body = '<answer><result for="a"><ok>true</ok></result></answer>';
    const said = destinationOf(
      `${BATCH}response: { parse: xml, key: record.email, rows: { each: body.answer.result, key: "result['@for']", ok: result.ok == 'true' } }`,
    );
    assert.deepEqual((await call(said, { rows: people('a'), send: () => text(200, body) })).reasons, {});
    assert.deepEqual(
      (await call(results, { rows: people('a'), send: () => xml(body, 200, 'application/vnd.x+xml') })).reasons,
      {},
    );
    for (const type of ['application/xhtml+xml', 'text/html', 'text/plain'])
      assert.match(
        (await call(results, { rows: people('a'), send: () => xml(body, 200, type) })).reasons['1'] ?? '',
        /, not JSON, so/,
      );
    assert.match(
      (await call(said, { rows: people('a'), send: () => json(200, { answer: {} }) })).reasons['1'] ?? '',
      /^HTTP 200, but the answer is not XML/,
    );
  });

  it('of JSON is what it was: a map is its entries', async () => {
    const bound = destinationOf(
      `${BATCH}response: { key: record.email, rows: { each: body, key: result.key, ok: result.value.ok } }`,
    );
    assert.deepEqual(
      (await call(bound, { rows: people('a', 'b'), send: () => json(200, { a: { ok: true }, b: { ok: true } }) })).reasons,
      {},
    );
  });
});

describe('an answer of CSV', () => {
  const results = destinationOf(
    `${BATCH}response: { key: record.email, rows: { each: body, key: result.email, ok: result.ok == 'true', reason: "{{ result.why }}" } }`,
  );

  it('has a line for every row', async () => {
    const { reasons } = await call(results, {
      rows: people('a', 'b'),
      send: () => csv('email,ok,why\r\nb,false,"no, ""b"""\r\na,true,\r\n'),
    });
    assert.deepEqual(reasons, { 2: 'no, "b"' });
  });

  it('that cannot be read, or leaves rows out, rejects', async () => {
    for (const [body, why] of [
      ['email,ok\na,true\nb', 'not CSV: row 2 has 1 values, the header 2'],
      ['email,ok\na,"true\nb,true\n', 'not CSV (after row 0)'],
    ] as const) {
      const reason = `HTTP 200, but the answer is ${why}, ${NO_SAYING}`;
      assert.deepEqual((await call(results, { rows: people('a', 'b'), send: () => csv(body) })).reasons, {
        1: reason,
        2: reason,
      });
    }
    assert.deepEqual((await call(results, { rows: people('a', 'b'), send: () => csv('email,ok\na,true\n') })).reasons, {
      2: 'the answer has no result for this row',
    });
  });

  it('is CSV where the manifest says so', async () => {
    const bound = destinationOf(`${BATCH}response: { parse: csv, errors: { each: body, index: error.line } }`);
    const { reasons } = await call(bound, { rows: people('a', 'b'), send: () => text(200, 'line,message\n1,bad\n') });
    assert.deepEqual(reasons, { 2: 'bad' });
  });
});

describe('what asks in XML and CSV', () => {
  it('is a job too, whose results may be another format', async () => {
    const bound = destinationOf(
      `${BATCH}response:
  key: record.email
  job: { get: "/jobs/{{ body.job.id }}", until: body.job.state == 'done', failed: body.job.state == 'failed', fetch: "/jobs/{{ body.job.id }}/results", every: 1s }
  rows: { each: body, key: result.email, ok: result.ok == '1' }
`,
    );
    const { sent, reasons } = await call(bound, {
      rows: people('a', 'b'),
      send: ({ url }, n) =>
        url.endsWith('/results')
          ? csv('email,ok\na,1\nb,1\n')
          : xml(`<job><id>7</id><state>${n < 2 ? 'on' : 'done'}</state></job>`),
    });
    assert.deepEqual([sent.length, reasons], [4, {}]);
  });

  it('is a step of a flow', async () => {
    const bound = boundOf(`version: 1
name: Flow
connection: { url: https://api.test }
sync: { add: [{ request: find, as: found }, { request: save, if: "steps.found.body.contact['@id'] != nil" }] }
requests:
  find: { get: /find }
  save: { put: "/contacts/{{ steps.found.body.contact['@id'] }}", json: {} }
`);
    const { sent, reasons } = await call(bound, { rows: people('a'), send: () => xml('<contact id="7"/>') });
    assert.deepEqual([sent.at(-1)?.request.url, reasons], ['https://api.test/contacts/7', {}]);
  });

  const form = (lookup: string) =>
    boundOf(`version: 1
name: Form
connection: { url: https://api.test }
lookups: { lists: { get: /lists, ${lookup} } }
vars: { none: [] }
modes: [{ each: lookups.lists, id: "{{ item['@id'] | default: item.id }}", label: "{{ item.name }}" }]
sync: { add: send }
requests: { send: { post: / } }
`);

  it('is a lookup, of one element or several', async () => {
    const list = (n: number) => `<list id="${n}"><name>list ${n}</name></list>`;
    for (const count of [1, 2]) {
      const all = Array.from({ length: count }, (_, n) => n);
      const work = atWork(form('list: body.lists.list'), { send: () => xml(`<lists>${all.map(list).join('')}</lists>`) });
      assert.deepEqual(await work.ask('list_modes'), { modes: all.map((n) => ({ id: String(n), label: `list ${n}` })) });
    }
  });

  it('is a lookup of no element only where the manifest has a list for that', async () => {
    const send = () => xml('<lists/>');
    await assert.rejects(
      atWork(form('list: body.lists.list'), { send }).ask('list_modes'),
      /there is no list where the manifest says/,
    );
    const work = atWork(form('list: "body.lists.list | default: vars.none"'), { send });
    assert.deepEqual(await work.ask('list_modes'), { modes: [] });
  });

  it('is a lookup of CSV; a damaged one is an error', async () => {
    const bound = form('list: body');
    assert.deepEqual(await atWork(bound, { send: () => csv('id,name\n1,One\n') }).ask('list_modes'), {
      modes: [{ id: '1', label: 'One' }],
    });
    await assert.rejects(
      atWork(bound, { send: () => csv('id,name\n1\n') }).ask('list_modes'),
      /The API could not be asked for lists: HTTP 200, but the answer is not CSV: row 1 has 1 values, the header 2/,
    );
  });
});
