/** Golden cases: a call, the requests it must cause with the answers they get, and the result. */

import Type from 'typebox';
import { choice, integer, named, text, tree, words } from './vocabulary.ts';

const Exchange = words(
  {
    request: Type.Optional(
      words(
        {
          method: text({ description: 'GET, POST, PUT, PATCH or DELETE.' }),
          url: text({ description: 'The whole URL.' }),
          headers: Type.Optional(
            named<string>(text({ description: 'Its value; secrets are shown as [secret].' }), {
              description: 'Headers, names in lower case.',
            }),
          ),
          json: Type.Optional(tree({ description: 'The body, where it is JSON.' })),
          form: Type.Optional(text({ description: 'The body, where it is a form.' })),
          text: Type.Optional(text({ description: 'The body, else.' })),
        },
        { title: 'request', description: 'What must be sent; written by `rowpost test --update`.' },
      ),
    ),
    response: Type.Optional(
      words(
        {
          status: Type.Optional(integer({ description: 'Default: 200.', minimum: 200, maximum: 599 })),
          headers: Type.Optional(named<string>(text({ description: 'Its value.' }), { description: 'Headers.' })),
          json: Type.Optional(tree({ description: 'A JSON body.' })),
          text: Type.Optional(text({ description: 'Any other body.' })),
          fail: Type.Optional(
            choice(['refused', 'reset', 'timeout', 'garbled'], {
              description: 'No answer: refused (nothing was sent), reset, timeout or garbled (the outcome is unknown).',
            }),
          ),
        },
        {
          title: 'response',
          description: 'What the API answers.',
          examples: [{ status: 200, json: { ok: true } }, { fail: 'reset' }],
        },
      ),
    ),
  },
  { title: 'exchange', description: 'One request and its answer.' },
);

const Case = words(
  {
    name: text({ description: 'What the case shows, in a sentence.' }),
    settings: Type.Optional(
      named<unknown>(tree({ description: 'Its value.' }), { description: 'Settings that differ from those of the file.' }),
    ),
    now: Type.Optional(text({ description: 'The time at which the call begins. Default: 2026-01-01T00:00:00Z.' })),
    seed: Type.Optional(integer({ description: 'Seeds every random choice. Default: 1.' })),
    call: words(
      {
        method: choice(
          ['list_objects', 'list_modes', 'list_fields', 'list_options', 'validate', 'behavior', 'add', 'change', 'remove'],
          { description: 'The method that Hightouch calls.' },
        ),
        params: Type.Optional(tree({ description: 'Its params.' })),
      },
      { title: 'call', description: 'What Hightouch calls.' },
    ),
    exchanges: Type.Optional(
      Type.Array(Exchange, { description: 'The requests that must be sent, and their answers. Matched by content.' }),
    ),
    result: Type.Optional(tree({ description: 'What the call must answer; written by `rowpost test --update`.' })),
    error: Type.Optional(
      tree({ description: 'The JSON-RPC error that the call must answer; written by `rowpost test --update`.' }),
    ),
  },
  { title: 'case', description: 'One call from beginning to end.' },
);

export const CasesWords = words(
  {
    settings: Type.Optional(
      named<unknown>(tree({ description: 'Its value.' }), { description: 'Settings of every case: made up, never real ones.' }),
    ),
    cases: Type.Array(Case, { description: 'The cases.', minItems: 1 }),
  },
  { title: 'cases', description: 'Golden cases of the manifest beside this file.' },
);
