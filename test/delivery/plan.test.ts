/** Which requests the rows of a call become, and in what order they leave. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../../src/cases/virtual-clock.ts';
import { parseJson } from '../../src/json/parse.ts';
import { stringifyJson } from '../../src/numbers.ts';
import { atWork, BEGIN, bodyOf, broken, type Calling, call, destinationOf, json, people, type Row } from './calling.ts';

const BATCH = 'post: /rows\nbatch: { size: 2 }\njson: "{{ records }}"\n';
const rows = (count: number): Row[] => Array.from({ length: count }, (_, index) => ({ id: index + 1 }));

/** Ids in the bodies of the requests, as they left. */
const sentIds = async (request: string, calling: Calling, connection = 'concurrency: 1') => {
  const called = await call(destinationOf(request, { connection }), calling);
  return called.sent.map((one) => (bodyOf(one) as Row[]).map(({ id }) => id)); // the bodies of these tests are lists of records
};

describe('rows in a batch', () => {
  const table: [size: number, count: number, sizes: number[]][] = [
    [2, 0, []],
    [2, 1, [1]],
    [2, 2, [2]],
    [2, 5, [2, 2, 1]],
    [1, 3, [1, 1, 1]],
    [500, 501, [500, 1]],
  ];
  for (const [size, count, sizes] of table) {
    it(`of ${size}: ${count} rows are ${sizes.length} requests, in order`, async () => {
      const ids = await sentIds(BATCH.replace('2', String(size)), { rows: rows(count) });
      assert.deepEqual(
        ids.map((each) => each.length),
        sizes,
      );
      assert.deepEqual(
        ids.flat(),
        rows(count).map(({ id }) => id),
      );
    });
  }

  it('share a request only where URL, query and headers come out equal', async () => {
    const envelopes = [
      'post: /rows/{{ record.a }}',
      'post: /rows\nquery: { a: "{{ record.a }}" }',
      'post: /rows\nheaders: { X-A: "{{ record.a }}" }',
    ];
    for (const envelope of envelopes) {
      const ids = await sentIds(`${envelope}\nbatch: { size: 3 }\njson: "{{ records }}"`, {
        rows: 'xyxyxxy'.split('').map((a, index) => ({ id: index + 1, a })),
      });
      assert.deepEqual(ids, [[1, 3, 5], [2, 4, 7], [6]], envelope);
    }
  });

  it('have in every call what its own time, configuration and mode make of URL and headers', async () => {
    const parts: [what: string, request: string, connection: string, first: string, second: string][] = [
      ['time', 'headers: { X-A: "{{ now }}" }', '', '2026-03-01T12:00:00.000Z', '2026-03-01T12:00:01.000Z'],
      ['time', '', 'auth: { header: { X-A: "{{ now }}" } }', '2026-03-01T12:00:00.000Z', '2026-03-01T12:00:01.000Z'],
      ['configuration', 'headers: { X-A: "{{ config.a }}" }', '', '0', '1'],
      ['configuration', 'query: { a: "{{ config.a }}" }', '', '?a=0', '?a=1'],
      ['operation', 'headers: { X-A: "{{ operation }}" }', '', 'add', 'change'],
      ['nothing', 'headers: { X-A: "{{ vars.a }}" }', '', 'same', 'same'],
    ];
    for (const [what, request, connection, first, second] of parts) {
      const bound = destinationOf(`post: /rows\n${request}\njson: "{{ record }}"`, { connection, top: 'vars: { a: same }' });
      const { ask, sent, clock } = atWork(bound);
      for (const [a, operation] of (['add', 'change'] as const).entries()) {
        const configuration = { mappings: [{ from: 'id', to: 'id' }], a };
        await ask(operation, { idColumn: 'id', configuration, rows: rows(1) });
        await clock.wait(1000, new AbortController().signal);
      }
      const shown = sent.map((one) => one.request.headers['x-a'] ?? new URL(one.request.url).search);
      assert.deepEqual(shown, [first, second], `${what}: ${request}${connection}`);
    }
  });

  it('see items, records, rows and their count', async () => {
    const bound = destinationOf(
      `post: /rows
batch: { size: 2 }
item: { at: "{{ position }}", mail: "{{ record.mail }}" }
json: { items: "{{ items }}", records: "{{ records }}", rows: "{{ rows }}", count: "{{ count }}", operation: "{{ operation }}" }`,
    );
    const { sent } = await call(bound, {
      rows: [{ id: 1, source: 'a' }, { id: 2, source: 'b' }, { id: 3 }],
      configuration: { mappings: [{ from: 'source', to: 'mail' }] },
      operation: 'change',
    });
    assert.deepEqual(sent.map(bodyOf), [
      {
        items: [
          { at: 0, mail: 'a' },
          { at: 1, mail: 'b' },
        ],
        records: [{ mail: 'a' }, { mail: 'b' }],
        rows: [
          { id: 1, source: 'a' },
          { id: 2, source: 'b' },
        ],
        count: 2,
        operation: 'change',
      },
      { items: [{ at: 2 }], records: [{}], rows: [{ id: 3 }], count: 1, operation: 'change' },
    ]);
  });
});

describe('a row whose template fails is rejected and the others are sent', () => {
  const nasty: Row[] = [
    { id: 1, v: 'a' },
    { id: 2, v: ['a'] },
    { id: 3, v: 'c' },
  ];
  const table: [where: string, request: string][] = [
    ['item', 'post: /r\nbatch: { size: 9 }\nitem: { v: "x{{ record.v }}" }\njson: "{{ items }}"'],
    ['path', 'post: /r/{{ record.v }}\njson: "{{ record }}"'],
    ['query', 'post: /r\nquery: { v: "x{{ record.v }}" }\njson: "{{ record }}"'],
    ['header', 'post: /r\nheaders: { X-V: "{{ record.v }}" }\njson: "{{ record }}"'],
    ['body', 'post: /r\njson: { v: "x{{ record.v }}" }'],
    [
      'key',
      'post: /r\nbatch: { size: 9 }\njson: "{{ records }}"\nresponse: { key: record.v | md5, rows: { each: body, key: result | md5 } }',
    ],
    ['rule', `post: /r\nrules: [{ if: record.v, then: reject }]\njson: "{{ record }}"`],
    ['the body of its batch', 'post: /r\nbatch: { size: 9 }\ntext: "{% for r in records %}{{ r.v }}{% endfor %}"'],
    ['the form of its batch', 'post: /r\nbatch: { size: 9 }\nform: { v: "{% for r in records %}{{ r.v }};{% endfor %}" }'],
  ];
  for (const [where, request] of table) {
    it(`in ${where}`, async () => {
      const given = where === 'rule' ? nasty.map((row) => ({ ...row, v: row.id === 2 ? 'yes' : false })) : nasty;
      const { reasons, sent } = await call(destinationOf(request), { rows: given, send: () => json(200, ['a', 'c']) });
      assert.deepEqual(Object.keys(reasons), ['2']);
      assert.match(reasons['2'] ?? '', /^not sent: .*(a list cannot stand inside a text|must answer true or false)/);
      assert.ok(sent.length >= 1);
      assert.ok(
        sent.some(({ request: { url, headers, body } }) => /a|false/.test(url.slice(19) + (headers['x-v'] ?? '') + (body ?? ''))),
      );
    });
  }

  it('and where every row fails nothing is sent', async () => {
    const { rejected, sent } = await call(destinationOf('post: /r/{{ record.v }}'), {
      rows: nasty.map(({ id }) => ({ id, v: '..' })),
    });
    assert.deepEqual([rejected.length, sent.length], [3, 0]);
  });
});

describe('rules of rows', () => {
  const request = `post: /r
rules:
  - { if: record.v == blank, then: reject, reason: "{{ id }} is empty" }
  - { if: record.v == 'done', then: accept }
  - { if: record.v == 'done' or record.v == 'no', then: reject }
json: "{{ record }}"`;

  it('reject, accept without a request, or let pass; the first that holds', async () => {
    const { reasons, sent } = await call(destinationOf(request), {
      rows: ['', null, 'done', 'no', 'x'].map((v, index) => ({ id: index + 1, v })),
    });
    assert.deepEqual(reasons, { 1: '1 is empty', 2: '2 is empty', 4: 'rejected by a rule of the manifest' });
    assert.deepEqual(sent.map(bodyOf), [{ id: 5, v: 'x' }]);
  });

  it('come before the templates of the request', async () => {
    const bound = destinationOf(`post: /r/{{ record.v }}\nrules: [{ if: record.v == '..', then: reject, reason: dots }]`);
    assert.deepEqual((await call(bound, { rows: [{ id: 1, v: '..' }] })).reasons, { 1: 'dots' });
  });
});

/** When each request left and was answered, on the virtual clock: `+` and `-` with the ids in it. */
async function traced(request: string, given: readonly Row[], concurrency = 5, milliseconds = 100) {
  const clock = new VirtualClock(BEGIN);
  const trace: string[] = [];
  const called = await call(destinationOf(request, { connection: `concurrency: ${concurrency}` }), {
    rows: given,
    clock,
    send: async ({ body, url }, n) => {
      const ids = (parseJson(String(body)) as Row[]).map(({ n: own }) => own).join(); // the bodies of these tests are lists of records
      trace.push(`+${ids}`);
      // Unequal times, so that what merely happens to come first does not pass.
      await clock.wait(milliseconds * (1 + ((n * 7 + url.length) % 3)), new AbortController().signal);
      trace.push(`-${ids}`);
      return json(200, {});
    },
  });
  return { ...called, trace };
}

describe('rows of one id', () => {
  it('are sent one after the other, in order', async () => {
    const given = ['a', 'b', 'a', 'a', 'b'].map((id, n) => ({ id, n }));
    const { trace } = await traced('post: /r\nbatch: { size: 9 }\njson: "{{ records }}"', given);
    inTurn(given, trace, ({ id }) => [id]);
  });

  it('wait for each other across envelopes, also where the later joins a request that was begun before', async () => {
    const given = [
      { n: 0, id: 'y', to: 'A' },
      { n: 1, id: 'x', to: 'B' },
      { n: 2, id: 'x', to: 'A' },
    ];
    for (const concurrency of [1, 5]) {
      const { trace } = await traced('post: /{{ record.to }}\nbatch: { size: 9 }\njson: "{{ records }}"', given, concurrency);
      inTurn(given, trace, ({ id }) => [id]);
    }
  });

  it('are told apart as JSON: 1 and "1" are two', async () => {
    const { trace } = await traced('post: /r\nbatch: { size: 9 }\njson: "{{ records }}"', [
      { n: 0, id: 1 },
      { n: 1, id: '1' },
      { n: 2, id: 9007199254740993n.toString() },
      { n: 3, id: parseJson('9007199254740993') },
      { n: 4, id: parseJson('9007199254740992') },
    ]);
    assert.deepEqual(trace, ['+0,1,2,3,4', '-0,1,2,3,4']);
  });

  it('are reported once, with the first reason, where one of them failed', async () => {
    const bound = destinationOf('post: /r\njson: "{{ record }}"');
    const given = ['a', 'b', 'a', 'a'].map((id, n) => ({ id, n }));
    for (const [failing, reasons] of [
      [[0], { '"a"': 'HTTP 422: r0' }],
      [[2], { '"a"': 'HTTP 422: r2' }],
      [[2, 3], { '"a"': 'HTTP 422: r2' }],
      [[], {}],
    ] as const) {
      const called = await call(bound, {
        rows: given,
        send: ({ body }) => {
          const { n } = parseJson(String(body)) as { n: number }; // this test's own record
          return (failing as readonly number[]).includes(n) ? json(422, { message: `r${n}` }) : json(200, {}); // a literal of numbers
        },
      });
      assert.deepEqual(called.reasons, reasons);
    }
  });

  it('still wait where the former was tried again', async () => {
    const clock = new VirtualClock(BEGIN);
    const { sent, reasons } = await call(destinationOf('put: /r\njson: "{{ record }}"'), {
      rows: [
        { id: 1, n: 0 },
        { id: 1, n: 1 },
      ],
      clock,
      send: (_, n) => (n < 2 ? broken('ECONNRESET') : json(200, {})),
    });
    assert.deepEqual(reasons, {});
    assert.deepEqual(
      sent.map((one) => (bodyOf(one) as { n: number }).n), // this test's own records
      [0, 0, 0, 1],
    );
  });
});

describe('rows of one key', () => {
  const keyed =
    'batch: { size: 9 }\njson: "{{ records }}"\nresponse: { key: record.k | downcase, errors: { each: body.errors, key: error } }';

  it('never share a request, and the later waits', async () => {
    const given = ['A', 'b', 'a', 'B', 'c'].map((k, n) => ({ id: n, n, k }));
    const { trace } = await traced(`post: /r\n${keyed}`, given);
    inTurn(given, trace, ({ k }) => [k.toLowerCase()]);
    assert.deepEqual(trace.slice(0, 2), ['+0,1', '-0,1']);
  });

  it('are none where there is no key', async () => {
    const given = ['', null, undefined, ''].map((k, n) => ({ id: n, n, ...(k !== undefined && { k }) }));
    assert.deepEqual((await traced(`post: /r\n${keyed}`, given)).trace, ['+0,1,2,3', '-0,1,2,3']);
  });
});

interface Numbered {
  readonly n: number;
}

/** Of two rows that share a name the later left only after the former was answered. */
function inTurn<R extends Numbered>(given: readonly R[], trace: readonly string[], names: (row: R) => readonly unknown[]): void {
  const at = (sign: string, n: number) =>
    trace.findIndex((line) => line.startsWith(sign) && line.slice(1).split(',').includes(String(n)));
  for (const { n } of given) assert.ok(at('+', n) >= 0 && at('-', n) > at('+', n), `row ${n} was sent`);
  for (const later of given) {
    for (const former of given) {
      if (former.n >= later.n || !names(former).some((name) => names(later).includes(name))) continue;
      assert.ok(
        at('-', former.n) < at('+', later.n),
        `row ${later.n} left before row ${former.n} was answered: ${trace.join(' ')}`,
      );
    }
  }
}

describe('whatever the order of ids, keys and envelopes', () => {
  const row = fc.record({ id: fc.nat(4), k: fc.nat(4), to: fc.constantFrom('A', 'B', 'C') });

  it('equal ids and equal keys go in turn, and every row is sent once', async () => {
    const property = fc.asyncProperty(
      fc.array(row, { maxLength: 14 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 4 }),
      async (all, size, concurrency) => {
        const given = all.map((one, n) => ({ ...one, n }));
        const request = `post: /{{ record.to }}\nbatch: { size: ${size} }\njson: "{{ records }}"
response: { key: record.k, errors: { each: body.errors, key: error } }`;
        const { trace, rejected } = await traced(request, given, concurrency);
        inTurn(given, trace, ({ id, k }) => [`id ${id}`, `key ${k}`]);
        assert.equal(trace.filter((line) => line.startsWith('+')).flatMap((line) => line.split(',')).length, given.length);
        assert.deepEqual(rejected, []);
      },
    );
    await fc.assert(property, { numRuns: 500 });
  });
});

describe('mappings', () => {
  const bound = destinationOf(
    'post: /r\njson: { record: "{{ record }}", config: "{{ config }}", identifier: "{{ identifier }}" }',
  );
  const sentWith = async (configuration: Row, row: Row = { id: 7, a: 'x', b: 2 }) => call(bound, { rows: [row], configuration });
  const seen = async (configuration: Row) => {
    const { sent, reasons } = await sentWith(configuration);
    assert.deepEqual(reasons, {});
    return bodyOf(sent[0] ?? assert.fail('nothing was sent')) as { record: Row; config: Row; identifier: unknown }; // this test's own body
  };

  it('make the record, as lists or single objects, the identifier in one list or in both', async () => {
    const id = { from: 'id', to: 'ID' };
    const configurations: Row[] = [
      { identifierMapping: id, mappings: { from: 'a', to: 'A' } },
      { identifierMapping: [id], mappings: [{ type: 'standard', from: 'a', to: 'A' }] },
      { identifierMapping: [id], mappings: [id, { from: 'a', to: 'A' }] },
      { identifierMapping: [id], mappings: [], customMappings: { from: 'a', to: 'A' } },
    ];
    for (const configuration of configurations) {
      const { record, identifier } = await seen(configuration);
      assert.deepEqual([record, identifier], [{ ID: 7, A: 'x' }, 'ID']);
    }
  });

  it('may be none', async () => {
    const { record, config, identifier } = await seen({ mappings: null });
    assert.deepEqual(record, {});
    assert.equal(identifier, undefined);
    assert.deepEqual(config, { mappings: [], identifierMapping: [], customMappings: [] });
  });

  it('may hold static values of any type', async () => {
    const values = ['x', 0, false, null, [1], { a: 1 }];
    const { record } = await seen({ mappings: values.map((value, index) => ({ type: 'static', value, to: `s${index}` })) });
    assert.deepEqual(Object.values(record), values);
  });

  it('are seen as lists of typed entries beside whatever else the configuration holds', async () => {
    const { config } = await seen({ mappings: { from: 'a', to: 'A' }, channel: 'c', unknown: { deep: [1] } });
    assert.deepEqual(config, {
      mappings: [{ type: 'standard', from: 'a', to: 'A' }],
      identifierMapping: [],
      customMappings: [],
      channel: 'c',
      unknown: { deep: [1] },
    });
  });

  it('from a column that the row lacks leave the field missing; null is sent', async () => {
    const mappings = ['a', 'none', 'n'].map((from) => ({ from, to: from }));
    const { sent } = await sentWith({ mappings }, { id: 1, a: 1, n: null });
    assert.deepEqual((bodyOf(sent[0] ?? assert.fail('nothing was sent')) as { record: Row }).record, { a: 1, n: null }); // this test's own body
  });

  it('name data that is called like a part of an object', async () => {
    const mappings = ['__proto__', 'constructor', 'size', 'first'].map((from) => ({ from, to: from }));
    const row = parseJson('{"id":1,"__proto__":{"x":1},"constructor":"c","size":"s","first":"f"}') as Row; // an object of JSON
    const { sent } = await sentWith({ mappings }, row);
    assert.match(String(sent[0]?.request.body), /"record":\{"__proto__":\{"x":1\},"constructor":"c","size":"s","first":"f"\}/);
  });

  it('of an unknown form reject every row rather than drop a value', async () => {
    const unknown = [
      { to: 'x', type: 'variable', variable: 'sync-id' },
      { to: 'x', type: 'template', template: '{{ a }}' },
      { from: 'a' },
      { from: 'a', to: '' },
      { from: 1, to: 'x' },
      { from: 'a', to: 'x', type: 'new' },
      { type: 'static', to: 'x' },
      'a',
      7,
      null,
    ];
    for (const entry of unknown) {
      for (const list of ['mappings', 'identifierMapping', 'customMappings']) {
        const { reasons, sent } = await sentWith({ [list]: [entry] });
        assert.equal(sent.length, 0);
        assert.match(reasons['7'] ?? '', /^not sent: the mapping .* has a form that Rowpost does not know/);
      }
    }
  });
});

describe('templates of a row', () => {
  it('see now, position, id, operation, object and mode', async () => {
    const bound = destinationOf(
      'post: /r\njson: { now: "{{ now }}", at: "{{ position }}", id: "{{ id }}", op: "{{ operation }}", object: "{{ object }}", mode: "{{ mode }}" }',
      { top: 'objects: [{ id: o, label: O, modes: [{ id: m, label: M }] }]' },
    );
    const { sent } = await call(bound, {
      rows: people('a', 'b'),
      operation: 'remove',
      configuration: { object: 'o', mode: 'm' },
    });
    assert.deepEqual(
      sent.map(bodyOf),
      [0, 1].map((at) => ({ now: '2026-03-01T12:00:00.000Z', at, id: at + 1, op: 'remove', object: 'o', mode: 'm' })),
    );
  });

  it('see one time in the whole call, also when it is tried again', async () => {
    const bound = destinationOf('put: /r\njson: { now: "{{ now }}" }', { connection: 'concurrency: 1' });
    const { sent, took } = await call(bound, {
      rows: people('a', 'b'),
      send: (_, n) => (n === 0 ? json(503, {}, { 'retry-after': '5' }) : json(200, {})),
    });
    assert.ok(took >= 5000);
    assert.equal(new Set(sent.map(({ request }) => String(request.body))).size, 1);
  });
});

describe('numbers keep their digits', () => {
  const numbers = ['9007199254740993', '-12345678901234567890', '1e400', '0.1234567890123456789'];
  for (const number of numbers) {
    it(`${number} from the row to the body, and back in the id`, async () => {
      const row = parseJson(`{"id":${number},"v":{"deep":[${number}]}}`) as Row; // an object of JSON
      const bound = destinationOf(
        'post: /r/{{ id }}\nquery: { q: "{{ record.id }}" }\nheaders: { X-V: "{{ id }}" }\njson: "{{ record }}"',
      );
      const { sent, rejected } = await call(bound, { rows: [row], send: () => json(422, {}) });
      const { url, headers, body } = sent[0]?.request ?? assert.fail('nothing was sent');
      assert.equal(String(body), `{"id":${number},"v":{"deep":[${number}]}}`);
      assert.equal(url, `https://api.test/v1/r/${number}?q=${number}`);
      assert.equal(headers['x-v'], number);
      assert.equal(stringifyJson(rejected[0]?.id), number);
    });
  }

  it('from the answer to a reason, and in a join', async () => {
    const bound = destinationOf(
      'post: /r\nbatch: { size: 2 }\njson: "{{ records }}"\nresponse: { key: id, errors: { each: body.errors, key: error.id, reason: "n {{ error.n }}" } }',
    );
    const given = parseJson('[{"id":9007199254740992},{"id":9007199254740993}]') as Row[]; // objects of JSON
    const { reasons } = await call(bound, {
      rows: given,
      send: () => ({ ...json(200, {}), body: '{"errors":[{"id":9007199254740993,"n":0.1234567890123456789}]}' }),
    });
    assert.deepEqual(reasons, { '9007199254740993': 'n 0.1234567890123456789' });
  });
});

describe('planning', () => {
  it('lets other work run while it reads rows and while it writes bodies', async () => {
    for (const request of ['post: /r\njson: "{{ record }}"', 'post: /r\nbatch: { size: 10 }\njson: "{{ records }}"']) {
      let breaths = 0;
      await call(destinationOf(request), {
        rows: rows(1000),
        breathe: async () => {
          breaths++;
        },
      });
      assert.ok(breaths >= 19, `${breaths} breaths`);
    }
  });

  it('that takes longer than the call has sends nothing, and says so', async () => {
    const clock = new VirtualClock(BEGIN);
    const { reasons, sent, took } = await call(destinationOf('post: /r\njson: "{{ record }}"'), {
      rows: rows(3000),
      clock,
      deadline: 5000,
      breathe: () => clock.wait(400, new AbortController().signal),
    });
    assert.equal(sent.length, 0);
    assert.deepEqual(new Set(Object.values(reasons)), new Set(['not attempted: the deadline of the call had come']));
    assert.equal(Object.keys(reasons).length, 3000);
    assert.ok(took < 5000, `${took} ms`);
  });

  it('that fails for a bug answers an error, since nothing was sent', async () => {
    const breathe = () => Promise.reject(new Error('bug'));
    await assert.rejects(call(destinationOf('post: /r\njson: "{{ record }}"'), { rows: rows(300), breathe }), /bug/);
  });
});

describe('a batch that must be split', () => {
  const broken =
    'post: /rows\nbatch: { size: 64 }\njson: |\n  [{% for r in records %}{{ r.a }}{% if r.b %} {{ r.b }}{% endif %}{% unless forloop.last %},{% endunless %}{% endfor %}]';
  const all = Array.from({ length: 64 }, (_, index) => ({ id: index + 1, a: index, ...(index % 8 === 0 && { b: 1 }) }));

  it('gives way between its parts, and ends with the call', async () => {
    const breathsFor = async (given: typeof all, rejected: number) => {
      let breaths = 0;
      const { reasons } = await call(destinationOf(broken), { rows: given, breathe: async () => void breaths++ });
      assert.equal(Object.keys(reasons).length, rejected);
      return breaths;
    };
    const unsplit = await breathsFor(
      all.map(({ id, a }) => ({ id, a })),
      0,
    );
    const split = await breathsFor(all, 8);
    assert.ok(split > unsplit + 2 * 8, `${split} breaths, ${unsplit} for a batch that is not split`);
    const gone = new AbortController();
    let left = unsplit + 20;
    const breathe = async () => {
      if (--left === 0) gone.abort();
    };
    const { reasons, sent } = await call(destinationOf(broken), { rows: all, gone: gone.signal, breathe });
    assert.equal(sent.length, 0);
    assert.ok(Object.values(reasons).includes('not attempted: the caller hung up'));
    assert.equal(Object.keys(reasons).length, 64);
  });
});
