/** `settings`: what the operator supplies. */

import Type from 'typebox';
import { choice, flag, NAME, named, text, tree, words } from './vocabulary.ts';

export const Setting = words(
  {
    env: Type.Optional(
      text({
        description:
          "The environment variable that holds it. Default: the file's name and the setting's in upper snake case (mailchimp.yaml, api_key → MAILCHIMP_API_KEY). The variable with _FILE behind its name may name a file instead.",
        examples: ['MAILCHIMP_API_KEY'],
        pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
        expected: 'the name of an environment variable: letters, digits and _',
      }),
    ),
    file: Type.Optional(
      text({ description: 'A file that holds it, read where the variable is not set. A line break at its end is dropped.' }),
    ),
    header: Type.Optional(
      text({
        description:
          "A header of the caller's request that holds it, for each call: so one server serves many Hightouch destinations, whose credentials Hightouch keeps. A secret one comes by no other way; others fall back to the variable, the file and the default.",
        examples: ['X-Api-Key'],
      }),
    ),
    secret: Type.Optional(
      flag({
        description:
          'Never shown in a log, a reason, an error or a golden file. Seen in connection and requests only. Default: false.',
      }),
    ),
    type: Type.Optional(
      choice(['text', 'number', 'boolean', 'json'], { description: 'How the text of the variable is read. Default: text.' }),
    ),
    default: Type.Optional(tree({ description: 'Used where neither the variable nor the file is there.' })),
    pattern: Type.Optional(
      text({
        description:
          'A regular expression (ECMA-262) that the whole value must match. It runs in linear time, so lookaround, references back and counts over 1000 are refused.',
        examples: ['^[a-z]+[0-9]+$'],
      }),
    ),
    enum: Type.Optional(
      Type.Array(tree({ description: 'A value that is allowed.' }), { description: 'The only values allowed.', minItems: 1 }),
    ),
    description: Type.Optional(
      text({ description: 'What it is and where to find it: shown to the operator when it is missing.' }),
    ),
  },
  {
    title: 'setting',
    description: 'One value that the operator supplies. A missing one stops this destination alone, naming the variable.',
    examples: [{ secret: true, env: 'MAILCHIMP_API_KEY', description: 'Marketing API key' }, {}],
    antiExamples: [{ value: 'MAILCHIMP_API_KEY', because: 'a setting is a map: { env: MAILCHIMP_API_KEY }' }],
  },
);

export const Settings = named<Type.Static<typeof Setting>>(Setting, {
  description: 'Name → how the operator supplies it. Templates see settings.NAME.',
  pattern: NAME,
});
