/** `response`: how an answer is read, and which rows it accepts and rejects. */

import Type from 'typebox';
import { Headers, Query } from './connection.ts';
import { choice, duration, expression, expressions, flag, integer, oneOrMany, question, template, words } from './vocabulary.ts';

const reason = (of: string) =>
  Type.Optional(
    template({
      description: `Why ${of} was rejected. Default: the status and the message found in the usual places of the body.`,
      examples: ['{{ body.detail }}'],
    }),
  );

const after = (description: string, example: string) =>
  Type.Optional(
    Type.Unsafe<string | number>({
      type: ['string', 'number'],
      description,
      'x-expected': `a number of seconds, or a value without braces, such as: ${example}`,
      examples: [example, 10],
    }),
  );

const AnswerRule = words(
  {
    if: question({
      description: 'Asked of the answer, before anything else.',
      examples: ["status == 404 and operation == 'remove'"],
    }),
    then: choice(['accept', 'reject', 'retry', 'reauth', 'stop'], {
      description:
        "accept or reject every row of the request; retry it, the author's word that nothing was taken; reauth, with a secret that was renewed since, once; or stop: reject them, and send nothing more for a minute, or as long as after says.",
    }),
    reason: reason('the row'),
    after: after('With retry and stop: seconds to wait, or an HTTP date.', "headers['x-wait']"),
  },
  {
    title: 'answer rule',
    description: 'The first that holds settles every row of the request.',
    examples: [{ if: "status == 404 and operation == 'remove'", then: 'accept' }],
  },
);

const each = expression({
  description: 'The list in the answer; of a map, its entries as {key, value}.',
  examples: ['body.errors'],
});
const index = Type.Optional(
  expression({
    description: 'The place in the request, from 0, of the row that the element speaks of.',
    examples: ['error.index'],
  }),
);

const ElementRule = words(
  {
    if: question({ description: 'Asked of one element of the answer and its row.', examples: ['result.status == 429'] }),
    then: choice(['accept', 'reject', 'retry'], {
      description: 'accept or reject the row, or send it again, without the others: the author’s word that it was not taken.',
    }),
    reason: reason('the row'),
    after: after('With retry: seconds to wait, or an HTTP date.', 'result.retry_after'),
  },
  {
    title: 'row rule',
    description: 'The first that holds settles the row that the element speaks of.',
    examples: [{ if: 'result.status == 429', then: 'retry', after: 'result.retry_after' }],
  },
);
const rules = Type.Optional(Type.Array(ElementRule, { description: 'Asked before ok; the first that holds decides.' }));

const RowResults = words(
  {
    each,
    rules,
    key: Type.Optional(
      expressions({ description: "The answer's side of the join with response.key.", examples: ['result.email'] }),
    ),
    index,
    ok: Type.Optional(
      question({ description: 'Whether the row was taken. Without it every result is a yes.', examples: ['result.success'] }),
    ),
    reason: reason('a row'),
  },
  {
    title: 'rows',
    description: 'A result for every row, joined by key, by index, or else by order. A row without a result is rejected.',
    notYet: { required: 'is for errors' },
    examples: [{ each: 'body.results', key: 'result.email', ok: 'result.success' }],
  },
);

const RowErrors = words(
  {
    each,
    rules,
    key: Type.Optional(
      expressions({
        description: "The answer's side of the join with response.key; may be a list; compared as text.",
        examples: ['error.email_address | downcase'],
      }),
    ),
    index,
    reason: reason('a row'),
    unmatched: Type.Optional(
      choice(['reject', 'ignore'], {
        description: 'What an error that names no sent row does: reject the whole request (default), or nothing.',
      }),
    ),
    required: Type.Optional(
      question({ description: 'Where true, an answer without this list rejects every row.', examples: ['status == 207'] }),
    ),
  },
  {
    title: 'errors',
    description: 'Only the rows that failed. A missing or null list means no errors, unless required.',
    examples: [{ each: 'body.errors', key: 'error.email_address | downcase', reason: '{{ error.error }}' }],
  },
);

const list = 'each, or a list of such maps';

const path = (what: string) =>
  template({
    description: `${what} Sees the answer that named the job; may begin with a URL of it.`,
    examples: ['/jobs/{{ body.id }}', '{{ headers.location }}'],
  });

const Job = words(
  {
    get: path('Where the job is asked for.'),
    query: Type.Optional(Query),
    headers: Type.Optional(Headers),
    until: question({ description: 'Asked of each answer: whether the job is done.', examples: ["body.state == 'done'"] }),
    failed: Type.Optional(
      question({ description: 'Asked before until: whether the job failed as a whole.', examples: ["body.state == 'failed'"] }),
    ),
    fetch: Type.Optional(path('Where the results of a job are that is done; unless given they are in its last answer.')),
    every: Type.Optional(duration({ description: 'How long to wait between two looks. Default: 2s.' })),
    timeout: Type.Optional(duration({ description: 'How long a job may take, within the time of the call. Default: 20s.' })),
  },
  {
    title: 'job',
    description:
      'The answer names a job: it is asked for until it is done, and then that answer is judged. One that still runs when time is over is joined when the same rows come again.',
    examples: [{ get: '/jobs/{{ body.id }}', until: "body.state == 'done'", failed: "body.state == 'failed'", every: '2s' }],
  },
);

export const Response = words(
  {
    parse: Type.Optional(
      choice(['auto', 'json', 'xml', 'csv', 'text', 'none'], {
        description:
          'How the body is read. auto: as the content type says (JSON, XML or CSV); JSON where none is given and it looks like it; else text.',
      }),
    ),
    rules: Type.Optional(Type.Array(AnswerRule, { description: 'First match wins, asked before anything else.' })),
    ok: Type.Optional(
      question({
        description: 'Whether the request was taken: asked of a 2xx answer; of any answer where it reads status. Default: 2xx.',
        examples: ['body.ok'],
      }),
    ),
    reason: reason('a row'),
    partial: Type.Optional(
      Type.Array(integer({ description: 'A status.', minimum: 400, maximum: 599 }), {
        description: 'Failing statuses under which rows or errors are still believed.',
        examples: [[400]],
      }),
    ),
    accepted: Type.Optional(
      expression({
        description: 'How many rows the answer says it took: must equal those about to be accepted, else all are rejected.',
        examples: ['body.imported'],
      }),
    ),
    key: Type.Optional(
      expressions({
        description: "The row's side of a join, unique in a request; may be a list, of which any names the row.",
        examples: ['record.email | downcase', ['record.email | downcase', 'record.user_id']],
      }),
    ),
    rows: Type.Optional(oneOrMany(RowResults, list, 1)),
    errors: Type.Optional(oneOrMany(RowErrors, list, 1)),
    job: Type.Optional(Job),
    bisect: Type.Optional(
      flag({
        description:
          'Rejected whole, by ok or by 400, 409, 413 or 422: split in two and sent again, down to the bad row. Default: false.',
      }),
    ),
  },
  {
    title: 'response',
    description: 'How the answer is judged. When in doubt, rows are rejected.',
    examples: [{ ok: 'body.ok', reason: '{{ body.error }}' }],
  },
);
