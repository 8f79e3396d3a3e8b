/** What the sync form offers: objects, modes, fields, options, and the rules that validate a configuration. */

import Type from 'typebox';
import { Sync } from './flow.ts';
import { expression, flag, leaf, named, question, template, text, tree, words } from './vocabulary.ts';

const each = Type.Optional(
  expression({
    description:
      'Stands for one entry per element (`item`) of this list, or, of a map, per {key, value}; of two with one id the first wins.',
    examples: ['vars.countries'],
  }),
);
const only = Type.Optional(question({ description: 'The entry is there where this is true.' }));
const id = leaf({ description: 'The id by which configurations and rows name it.' });
const label = Type.Optional(leaf({ description: 'What a person reads. Default: the id.' }));
const description = Type.Optional(leaf({ description: 'A sentence of help.' }));

const yesNo = (what: string) =>
  Type.Optional(
    Type.Unsafe<boolean | string>({
      type: ['boolean', 'string'],
      description: what,
      'x-expected': 'true, false or a template that answers one',
    }),
  );

const Field = words(
  {
    each,
    if: only,
    id,
    label,
    description,
    type: Type.Optional(
      template({
        description:
          'STRING, ENUM, NUMBER, BOOLEAN, DATE, DATETIME, EMAIL, OBJECT, ARRAY, REFERENCE or UNKNOWN. Shown to people; values are neither cast nor checked. Default: STRING.',
        examples: ['EMAIL'],
      }),
    ),
    required: yesNo('Whether it must be mapped. Default: false.'),
    identifier: yesNo('Whether it may identify a record. Default: false.'),
  },
  {
    title: 'field',
    description: 'A field that columns can be mapped to, or with `each` one for every element of a list.',
    examples: [{ id: 'email', label: 'Email Address', type: 'EMAIL', identifier: true, required: true }],
    antiExamples: [{ value: { name: 'email' }, because: 'a field is named by its id' }],
  },
);

const Options = words(
  {
    schema: tree({
      description: 'A JSON Schema of an object: its properties become fields of the form and stand flat in the configuration.',
    }),
    uiSchema: Type.Optional(
      tree({ description: 'The uiSchema of react-jsonschema-form.', examples: [{ message: { 'ui:widget': 'textarea' } }] }),
    ),
  },
  {
    title: 'options',
    description: 'A JSON Schema and a uiSchema as react-jsonschema-form reads them; text leaves are templates.',
    examples: [{ schema: { type: 'object', properties: { channel: { type: 'string' } } } }],
  },
);

const Rule = words(
  {
    if: question({
      description: 'When the configuration is wrong.',
      examples: ["mapped contains 'first_name' and not mapped contains 'last_name'"],
    }),
    error: template({ description: 'What the person at the form reads.' }),
  },
  {
    title: 'validation rule',
    description: 'A rule of the manifest’s own, asked when the configuration is validated; all that apply are reported.',
    examples: [{ if: "not mapped contains 'email'", error: 'Map the email address.' }],
  },
);

/** What may stand at the top, in an object or in a mode; the innermost wins whole, but validation rules of all levels apply. */
export const formWords = {
  fields: Type.Optional(Type.Array(Field, { description: 'The fields that columns can be mapped to.' })),
  customFields: Type.Optional(flag({ description: 'Whether people may map fields of their own making. Default: true.' })),
  options: Type.Optional(Options),
  validate: Type.Optional(Type.Array(Rule, { description: 'Rules beside the automatic ones.' })),
  sync: Type.Optional(Sync),
};

const Mode = words(
  { each, if: only, id, label, description, ...formWords },
  {
    title: 'mode',
    description: 'A way to sync, such as upsert or insert.',
    examples: [{ id: 'upsert', label: 'Upsert', sync: { add: 'upsert' } }],
  },
);

export const modeWords = { modes: Type.Optional(Type.Array(Mode, { description: 'The ways to sync.' })) };

const ObjectEntry = words(
  { each, if: only, id, label, description, ...modeWords, ...formWords },
  { title: 'object', description: 'A kind of record in the destination.', examples: [{ id: 'contact', label: 'Contact' }] },
);

export const objectWords = {
  objects: Type.Optional(Type.Array(ObjectEntry, { description: 'The kinds of record that can be synced to.' })),
};

export const Vars = named<unknown>(tree({ description: 'Any constant.' }), {
  description: 'Constants: templates see vars.NAME. They hold no templates themselves.',
  examples: [{ types: { text: 'STRING', number: 'NUMBER' } }],
});

export const docs = text({ description: 'The page of the API’s documentation that this file follows.' });
