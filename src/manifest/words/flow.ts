/** `sync`: which request answers each operation, or the flow of steps that rows go through. */

import Type from 'typebox';
import { choice, duration, expression, NAME, question, template, text, words } from './vocabulary.ts';

const as = Type.Optional(
  text({
    description:
      'Keeps the answer: later steps see it as steps.NAME.status, .headers, .body, and .result, the row’s own element.',
    pattern: NAME,
    expected: 'a name of letters, digits and _ that begins with a letter',
    examples: ['found'],
  }),
);
const only = Type.Optional(
  question({
    description: 'Asked of each row: whether the step is for it. Default: yes.',
    examples: ['steps.found.body.total == 0'],
  }),
);
const then = Type.Optional(
  choice(['accept', 'reject'], { description: 'Settles the rows for which `if` holds; they leave the flow.' }),
);
const reason = Type.Optional(template({ description: 'Why, for rows that are rejected.' }));
const request = Type.Optional(text({ description: 'The request that is sent, by its name under requests.' }));

const InnerStep = words(
  { request, as, if: only, then, reason },
  { title: 'inner step', description: 'A request or a rule.', examples: [{ request: 'create' }] },
);

const Ensure = words(
  {
    key: expression({ description: 'What is ensured once for each of its values.', examples: ['record.company'] }),
    request: Type.Optional(text({ description: 'The request that makes or finds it.' })),
    steps: Type.Optional(
      Type.Array(InnerStep, { description: 'Several steps that make or find it: find, then create.', minItems: 1 }),
    ),
    value: expression({
      description: 'What is kept, seen as steps.NAME.value. It reads the last answer, and those that the steps keep.',
      examples: ['body.id'],
    }),
    cache: Type.Optional(duration({ description: 'How long it is kept. Default: 10m.' })),
  },
  {
    title: 'ensure',
    description:
      'Something that rows need to be there: made or found once for each key, one at a time, kept, and forgotten when a request that used it is answered 404 or 410.',
    examples: [{ key: 'record.company', request: 'company', value: 'body.id' }],
  },
);

const Step = words(
  { request, as, if: only, then, reason, ensure: Type.Optional(Ensure) },
  {
    title: 'step',
    description:
      'Sends a request (request, perhaps as and if), settles rows (if, then, perhaps reason), or ensures something (as, ensure). A step without as whose method is not GET is an end: a row is accepted when every step that ran accepted it and it reached one.',
    examples: [
      { request: 'find', as: 'found' },
      { if: 'steps.found.body.total > 1', then: 'reject', reason: 'several contacts match' },
      { request: 'update', if: 'steps.found.body.total == 1' },
    ],
    antiExamples: [{ value: { call: 'find' }, because: 'a step names its request' }],
  },
);

const operation = (rows: string) =>
  Type.Optional(
    Type.Unsafe<string | Type.Static<typeof Step>[]>({
      type: ['string', 'array'],
      items: Step,
      minItems: 1,
      description: `What answers ${rows}: a request, by its name under requests, or a flow, a list of steps that the rows go through together.`,
      'x-expected': 'the name of a request, or a list of steps',
      examples: [
        'upsert',
        [
          { request: 'find', as: 'found' },
          { request: 'create', if: 'steps.found.body.total == 0' },
        ],
      ],
    }),
  );

export const Sync = words(
  { add: operation('new rows'), change: operation('changed rows'), remove: operation('removed rows') },
  {
    title: 'sync',
    description: 'What answers each operation; what is not named is not offered.',
    examples: [{ add: 'upsert', change: 'upsert' }],
    antiExamples: [{ value: { update: 'upsert' }, because: 'Hightouch’s operations are add, change and remove' }],
  },
);
