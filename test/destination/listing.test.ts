/** What the form is told: lists that come of data, of two with one id the first, and of two levels the innermost. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Choosing,
  type Chosen,
  choose,
  flowFor,
  listFields,
  listModes,
  listObjects,
  listOptions,
  reachableSyncs,
} from '../../src/destination/listing.ts';
import { Fault } from '../../src/fault.ts';
import { stringifyJson } from '../../src/numbers.ts';
import { bound, manifest, supply } from './making.ts';

const CHOOSING: Choosing = {
  now: Date.UTC(2026, 0, 31),
  ask: () => assert.fail('there are no lookups'),
};

/** What a listing gives as JSON, or the message of the fault that it throws. */
async function told(list: () => Promise<unknown>): Promise<string> {
  try {
    return stringifyJson(await list());
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`;
    throw error;
  }
}

async function form(
  words: string,
  object?: string,
  mode?: string,
): Promise<{ [K in 'objects' | 'modes' | 'fields' | 'options' | 'add']: string }> {
  const destination = bound(manifest(words), supply({ EXAMPLE_REGION: 'eu' }));
  const of = (list: (chosen: Chosen) => unknown) => told(async () => list(await choose(destination, object, mode, CHOOSING)));
  return {
    objects: await of(listObjects),
    modes: await of(listModes),
    fields: await of(async (chosen) => (await listFields(chosen)) ?? null),
    options: await of(async (chosen) => (await listOptions(chosen)) ?? null),
    add: await of((chosen) => flowFor(chosen, 'add')?.requests[0]?.name ?? null),
  };
}

describe('a manifest that declares nothing', () => {
  it('lists nothing', async () => {
    assert.deepEqual(await form(''), { objects: '[]', modes: '[]', fields: 'null', options: 'null', add: '"send"' });
  });
  it('takes any object and any mode', async () => {
    assert.equal((await form('', 'whatever', 'whatever')).add, '"send"');
  });
});

describe('fields', () => {
  const field = async (fields: string, words = '') => (await form(`${words}fields:\n${fields}`)).fields;
  const VARS =
    'settings: { region: {} }\nvars:\n  list: [{ id: a, name: A }, { id: b, name: B, hidden: true }]\n  map: { x: 1 }\n  text: word\n';
  const plain = (id: string, label = id) =>
    `{"id":"${id}","label":"${label}","type":"STRING","required":false,"identifier":false}`;
  const table: [name: string, fields: string, expected: string][] = [
    ['have defaults', '  - { id: email }', `[${plain('email')}]`],
    [
      'are told with all their words',
      '  - { id: email, label: Email, description: Where to write, type: EMAIL, required: true, identifier: true }',
      '[{"id":"email","label":"Email","description":"Where to write","type":"EMAIL","required":true,"identifier":true}]',
    ],
    [
      'come of a list',
      '  - { each: vars.list, id: "{{ item.id }}", label: "{{ item.name }}" }',
      `[${plain('a', 'A')},${plain('b', 'B')}]`,
    ],
    ['come of a list with a condition', '  - { each: vars.list, if: not item.hidden, id: "{{ item.id }}" }', `[${plain('a')}]`],
    [
      'come of a list with filters',
      '  - { each: "vars.list | where: \'hidden\', true", id: "{{ item.id }}" }',
      `[${plain('b')}]`,
    ],
    ['are there or not', '  - { id: a, if: false }\n  - { id: b, if: vars.text == "word" }', `[${plain('b')}]`],
    [
      'read settings, vars and the time',
      '  - { id: "{{ settings.region }}-{{ vars.text }}", label: "{{ now | date_iso: \'date\' }}" }',
      `[${plain('eu-word', '2026-01-31')}]`,
    ],
    [
      'with one id: the first wins',
      '  - { id: a, label: First }\n  - { each: vars.list, id: "{{ item.id }}", label: "{{ item.name }}" }',
      `[${plain('a', 'First')},${plain('b', 'B')}]`,
    ],
    ['with numbers as ids', '  - { id: 7, label: 8 }', `[${plain('7', '8')}]`],
    ['have their id for a label that is missing', '  - { id: a, label: "{{ vars.map.none }}" }', `[${plain('a')}]`],
    [
      'take their type from data',
      '  - { id: a, type: "{{ vars.map.none | default: \'NUMBER\' }}" }',
      '[{"id":"a","label":"a","type":"NUMBER","required":false,"identifier":false}]',
    ],
    [
      'take required from data',
      '  - { each: vars.list, id: "{{ item.id }}", required: "{{ item.hidden }}" }',
      '[{"id":"a","label":"a","type":"STRING","required":false,"identifier":false},{"id":"b","label":"b","type":"STRING","required":true,"identifier":false}]',
    ],
    [
      'of an unknown type',
      '  - { id: a, type: "{{ vars.text }}" }',
      'render.field: the type of field "a" is "word", which is none of STRING, ENUM, NUMBER, BOOLEAN, DATE, DATETIME, EMAIL, OBJECT, ARRAY, REFERENCE or UNKNOWN',
    ],
    [
      'whose required is no answer',
      '  - { id: a, required: "{{ vars.text }}" }',
      'render.field: the required of field "a" is neither true nor false',
    ],
    ['without an id', '  - { id: "{{ vars.map.none }}" }', 'render.id: fields[0] has an empty id'],
    ['come of a map', '  - { each: vars.map, id: "{{ item.key }}", label: "{{ item.value }}" }', `[${plain('x', '1')}]`],
    [
      'of a single value',
      '  - { id: a }\n  - { each: vars.text, id: x }',
      'render.each: fields[1].each must give a list or a map; it gave a single value',
    ],
    [
      'of nothing',
      '  - { each: vars.map.none, id: x }',
      'render.each: fields[0].each must give a list or a map; it gave nothing',
    ],
    [
      'of a condition that is no answer',
      '  - { id: a, if: vars.text }',
      'render.question: "vars.text" must answer true or false; it gave "word"',
    ],
    ['of an empty list', '  - { each: "vars.list | where: \'hidden\', 5", id: x }', '[]'],
  ];
  for (const [name, fields, expected] of table) it(name, async () => assert.equal(await field(fields, VARS), expected));
});

const LEVELS = `
vars: { kinds: [person, firm] }
fields: [{ id: top }]
options: { schema: { type: object, properties: { top: { type: string } } } }
objects:
  - each: vars.kinds
    id: "{{ item }}"
    label: "The {{ item }}"
  - id: deal
    fields: [{ id: "{{ object }}-field" }]
    sync: { add: drop }
    modes:
      - { id: plain }
      - id: special
        fields: [{ id: "{{ object }}-{{ mode }}-field" }]
        options: { schema: { type: object, properties: { inner: { type: string } } }, uiSchema: { inner: { "ui:widget": textarea } } }
        sync: { add: send, remove: drop }
  - { id: event, modes: [] }
modes: [{ id: upsert, sync: { add: send } }]
`;

describe('levels', () => {
  const ids = (json: string) => (JSON.parse(json) as { id: string }[]).map(({ id }) => id);
  it('objects are chosen first, and give the modes', async () => {
    assert.deepEqual(ids((await form(LEVELS)).objects), ['person', 'firm', 'deal', 'event']);
    assert.equal((await form(LEVELS)).objects.includes('"label":"The person"'), true);
    assert.deepEqual(ids((await form(LEVELS, 'person')).modes), ['upsert']);
    assert.deepEqual(ids((await form(LEVELS, 'deal')).modes), ['plain', 'special']);
    assert.deepEqual(ids((await form(LEVELS, 'event')).modes), []);
  });
  it('the innermost wins whole', async () => {
    assert.deepEqual(ids((await form(LEVELS, 'person', 'upsert')).fields), ['top']);
    assert.deepEqual(ids((await form(LEVELS, 'deal', 'plain')).fields), ['deal-field']);
    assert.deepEqual(ids((await form(LEVELS, 'deal', 'special')).fields), ['deal-special-field']);
    assert.match((await form(LEVELS, 'deal', 'plain')).options, /"top"/);
    assert.match((await form(LEVELS, 'deal', 'special')).options, /"inner".*"uiSchema":\{"inner":\{"ui:widget":"textarea"\}\}/);
    assert.doesNotMatch((await form(LEVELS, 'deal', 'special')).options, /"top"/);
  });
  it('the innermost sync answers, and what it does not name is not answered', async () => {
    assert.equal((await form(LEVELS, 'deal', 'plain')).add, '"drop"');
    assert.equal((await form(LEVELS, 'deal', 'special')).add, '"send"');
    assert.equal((await form(LEVELS, 'person', 'upsert')).add, '"send"');
    const chosen = await choose(bound(manifest(LEVELS)), 'person', 'upsert', CHOOSING);
    assert.equal(flowFor(chosen, 'remove'), undefined);
  });
  it('all sync maps are reachable before anything is chosen', async () => {
    assert.deepEqual(
      reachableSyncs(bound(manifest(LEVELS)).destination.form).map((sync) => [...sync.keys()]),
      [['add'], ['add', 'remove'], ['add']],
    );
  });
});

describe('a choice that there is not', () => {
  const table: [object: string | undefined, mode: string | undefined, expected: string][] = [
    [
      'peron',
      undefined,
      'request.choice: There is no object "peron". There is person, firm, deal or event. Did you mean "person"?',
    ],
    ['nothing like it', undefined, 'request.choice: There is no object "nothing like it". There is person, firm, deal or event.'],
    ['deal', 'specail', 'request.choice: There is no mode "specail". There is plain or special. Did you mean "special"?'],
    ['event', 'upsert', 'request.choice: There is no mode "upsert". There are no modes.'],
    ['__proto__', undefined, 'request.choice: There is no object "__proto__". There is person, firm, deal or event.'],
    ['', undefined, 'request.choice: There is no object "". There is person, firm, deal or event.'],
    [
      'x'.repeat(500),
      undefined,
      `request.choice: There is no object "${'x'.repeat(100)}…". There is person, firm, deal or event.`,
    ],
  ];
  for (const [object, mode, expected] of table) {
    it(`${String(object).slice(0, 20)}, ${mode}`, async () => assert.equal((await form(LEVELS, object, mode)).fields, expected));
  }
});

describe('options', () => {
  it('are a schema whose text leaves are templates', async () => {
    const words =
      'vars: { plans: [free, team] }\noptions:\n  schema:\n    type: object\n    properties:\n      plan: { type: string, title: "Plans at {{ now | epoch }}", enum: "{{ vars.plans }}", description: "{{ vars.none }}" }\n'.replace(
        '{{ vars.none }}',
        '{{ vars.plans[9] }}',
      );
    assert.equal(
      (await form(words)).options,
      '{"schema":{"type":"object","properties":{"plan":{"type":"string","title":"Plans at 1769817600","enum":["free","team"]}}},"uiSchema":{}}',
    );
  });
});
