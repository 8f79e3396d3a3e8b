/** Validating a configuration: each automatic check, the options' own schema, the manifest's rules, and all that is wrong at once. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { chooseFor, validateConfiguration } from '../../src/destination/validation.ts';
import { parseJson } from '../../src/json/parse.ts';
import { bound, manifest } from './making.ts';

const CHOOSING = { now: Date.UTC(2026, 0, 31), ask: () => assert.fail('there are no lookups') };
const check = (words: string, configuration: string) =>
  validateConfiguration(bound(manifest(words)), parseJson(configuration), CHOOSING);

type Row = readonly [name: string, configuration: string, errors: readonly string[]];
function table(words: string, rows: readonly Row[]): void {
  for (const [name, configuration, errors] of rows)
    it(name, async () => assert.deepEqual(await check(words, configuration), errors));
}

describe('nothing declared', () => {
  table('', [
    ['anything is right', '{"mappings":[{"from":"a","to":"b"}],"x":1}', []],
    ['no configuration is right', 'null', []],
    ['even a list', '[]', []],
  ]);
});

describe('objects and modes', () => {
  table('objects: [{ id: contact, modes: [{ id: upsert, sync: { add: send } }] }, { id: event, sync: { add: send } }]', [
    ['no object', '{}', ['Choose an object.']],
    ['an empty object', '{"object":""}', ['Choose an object.']],
    [
      'an object that there is not',
      '{"object":"contacts"}',
      ['There is no object "contacts". There is contact or event. Did you mean "contact"?'],
    ],
    ['an object that is no text', '{"object":["contact"]}', ['There is no object "["contact"]". There is contact or event.']],
    ['no mode', '{"object":"contact"}', ['Choose a mode.']],
    ['null for a mode', '{"object":"contact","mode":null}', ['Choose a mode.']],
    [
      'a mode that there is not',
      '{"object":"contact","mode":"insert"}',
      ['There is no mode "insert". There is upsert. Did you mean "upsert"?'],
    ],
    ['an object without modes', '{"object":"event"}', []],
    ['right', '{"object":"contact","mode":"upsert"}', []],
  ]);
});

describe('mappings', () => {
  const FIELDS =
    'fields:\n  - { id: email, label: Email, identifier: true, required: true }\n  - { id: ext, label: External ID, identifier: true }\n  - { id: name, label: Name, required: true }\n  - { id: note }\n';
  const KEY = '"identifierMapping":{"from":"mail","to":"email"}';
  const right = `${KEY},"mappings":[{"from":"n","to":"name"}]`;
  table(FIELDS, [
    ['right', `{${right}}`, []],
    ['the identifier in both lists', `{${KEY},"mappings":[{"from":"mail","to":"email"},{"from":"n","to":"name"}]}`, []],
    ['the identifier among the mappings alone', '{"mappings":[{"from":"mail","to":"email"},{"from":"n","to":"name"}]}', []],
    ['a static value', `{${KEY},"mappings":[{"type":"static","value":"x","to":"name"}]}`, []],
    [
      'nothing mapped',
      '{}',
      [
        'The required field "Email" is not mapped.',
        'The required field "Name" is not mapped.',
        'No identifier is mapped. Map "Email" or "External ID".',
      ],
    ],
    ['a required field', `{${KEY}}`, ['The required field "Name" is not mapped.']],
    [
      'an unknown field',
      `{${right},"customMappings":[]}`.replace('"name"}]', '"name"},{"from":"x","to":"nmae"}]'),
      ['There is no field "nmae". Reload the fields, and map another.'],
    ],
    [
      'an unknown identifier',
      '{"identifierMapping":{"from":"a","to":"gone"},"mappings":[{"from":"mail","to":"email"},{"from":"n","to":"name"}]}',
      ['There is no field "gone". Reload the fields, and map another.'],
    ],
    [
      'one unknown field twice',
      `{${KEY},"mappings":[{"from":"n","to":"name"},{"from":"x","to":"y"},{"from":"z","to":"y"}]}`,
      ['There is no field "y". Reload the fields, and map another.'],
    ],
    ['fields of one’s own', `{${right},"customMappings":[{"from":"x","to":"anything"}]}`, []],
    [
      'an unknown form',
      `{${KEY},"mappings":[{"from":"n","to":"name"},{"type":"template","to":"note"}]}`,
      [
        'The mapping {"type":"template","to":"note"} has a form that Rowpost does not know; expected {"from": column, "to": field}.',
      ],
    ],
  ]);
  describe('customFields: false', () => {
    table(`${FIELDS}customFields: false\n`, [
      [
        'fields of one’s own',
        `{${right},"customMappings":[{"from":"x","to":"anything"},{"from":"y","to":"more"}]}`,
        ['Fields of your own ("anything", "more") are not taken here. Map them to fields of the list, or remove them.'],
      ],
      ['none', `{${right},"customMappings":[]}`, []],
    ]);
  });
  describe('fields without identifiers', () => {
    table('fields: [{ id: a }]', [['need none', '{}', []]]);
  });
});

describe('options', () => {
  const OPTIONS = `
vars: { plans: [free, team] }
options:
  schema:
    type: object
    required: [source]
    properties:
      source: { type: string, title: Source, minLength: 2, pattern: "^[a-z]+$" }
      plan: { type: string, enum: "{{ vars.plans }}" }
      limit: { type: integer, minimum: 1, maximum: 10 }
      notify: { type: boolean, title: Notify }
      mail: { type: string, format: email, title: Mail }
      tags: { type: array, items: { type: string } }
`;
  table(OPTIONS, [
    ['right', '{"source":"web","plan":"team","limit":5,"notify":true,"mail":"a@b.c","tags":["x"]}', []],
    ['only what is needed', '{"source":"web"}', []],
    [
      'Hightouch’s own members are no options',
      '{"source":"web","object":"x","mode":"y","mappings":[],"anything":{"else":1}}',
      [],
    ],
    ['missing', '{}', ['The option "source" is missing.']],
    ['of a wrong type', '{"source":"web","notify":"yes"}', ['The option "Notify" must be boolean.']],
    [
      'too short, and of a wrong pattern',
      '{"source":"W"}',
      ['The option "Source" must NOT have fewer than 2 characters.', 'The option "Source" must match pattern "^[a-z]+$".'],
    ],
    ['not of a list that comes of data', '{"source":"web","plan":"gold"}', ['The option "plan" must be one of free, team.']],
    ['too large', '{"source":"web","limit":11}', ['The option "limit" must be <= 10.']],
    ['of a format', '{"source":"web","mail":"nobody"}', ['The option "Mail" must match format "email".']],
    ['deep inside', '{"source":"web","tags":["x",1]}', ['The option "tags.1" must be string.']],
    [
      'several',
      '{"limit":0,"notify":1}',
      ['The option "source" is missing.', 'The option "limit" must be >= 1.', 'The option "Notify" must be boolean.'],
    ],
    ['null', '{"source":null}', ['The option "Source" must be string.']],
  ]);
});

describe('options whose schema comes out wrong', () => {
  table('vars: { plans: free }\noptions: { schema: { type: object, properties: { plan: { enum: "{{ vars.plans }}" } } } }\n', [
    [
      'are told',
      '{"plan":"free"}',
      [
        'The options of this destination are no JSON Schema: schema is invalid: data/properties/plan/enum must be array. Its manifest must be mended.',
      ],
    ],
  ]);
});

describe('rules', () => {
  const RULES = `
settings: { region: { default: eu } }
fields: [{ id: first }, { id: last }]
validate:
  - { if: mapped contains 'first' and not mapped contains 'last', error: Map the last name too. }
  - { if: config.region != blank and config.region != settings.region, error: "Not {{ config.region }} but {{ settings.region }}." }
  - { if: config.broken, error: never }
modes:
  - id: strict
    sync: { add: send }
    validate: [{ if: mapped.size == 0, error: "Map something for {{ mode }}." }]
  - { id: lax, sync: { add: send } }
`;
  table(RULES, [
    ['none applies', '{"mode":"lax"}', []],
    ['one of the top', '{"mode":"lax","mappings":{"from":"a","to":"first"}}', ['Map the last name too.']],
    ['one of the mode', '{"mode":"strict"}', ['Map something for strict.']],
    ['rules of all levels', '{"mode":"strict","region":"us"}', ['Not us but eu.', 'Map something for strict.']],
    [
      'all that is wrong',
      '{"mode":"lax","region":"us","mappings":[{"from":"a","to":"first"},{"from":"b","to":"nope"}]}',
      ['There is no field "nope". Reload the fields, and map another.', 'Map the last name too.', 'Not us but eu.'],
    ],
    [
      'a rule that fails',
      '{"mode":"lax","broken":"maybe"}',
      ['A rule of the manifest failed: "config.broken" must answer true or false; it gave "maybe".'],
    ],
    [
      'a template in a configuration is data',
      '{"mode":"lax","region":"{{ settings.region }}"}',
      ['Not {{ settings.region }} but eu.'],
    ],
  ]);
});

describe('any configuration', () => {
  const words =
    'objects: [{ id: a, modes: [{ id: m, sync: { add: send } }] }]\nfields: [{ id: f, required: true }]\noptions: { schema: { type: object, properties: { o: { type: string } } } }\nvalidate: [{ if: config.o == "x", error: no }]\n';
  const destination = bound(manifest(words));
  it('is judged in sentences, never with an exception', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.record({
          object: fc.constantFrom('a', 'b', 1, null, {}),
          mode: fc.constantFrom('m', '', [], true),
          mappings: fc.jsonValue(),
          o: fc.jsonValue(),
        }),
        async (any, near) => {
          for (const configuration of [any, near]) {
            for (const error of await validateConfiguration(destination, configuration, CHOOSING))
              assert.match(error, /^[A-Z].*[.?]$|^no$/s);
          }
        },
      ),
    );
  });
  it('gives a choice or why it is none', async () => {
    assert.equal(await chooseFor(destination, {}, CHOOSING), 'Choose an object.');
    assert.equal(typeof (await chooseFor(destination, { object: 'a', mode: 'm' }, CHOOSING)), 'object');
  });
});
