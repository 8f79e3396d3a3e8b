/** `requests`: what is sent for a row or a batch of rows. */

import Type from 'typebox';
import { Headers, Query, RateLimits, Retry } from './connection.ts';
import { Response } from './response.ts';
import { choice, duration, expression, flag, integer, NAME, named, question, template, text, tree, words } from './vocabulary.ts';

export const path = (method: string) =>
  Type.Optional(
    template({
      description: `Sends ${method} to this path, joined to connection.url. Each {{ … }} is one segment's text, percent-encoded.`,
      examples: ['/lists/{{ settings.audience }}'],
    }),
  );

const Batch = words(
  {
    size: integer({ description: 'Rows in one request at most.', minimum: 1, maximum: 100_000 }),
    bytes: Type.Optional(
      Type.Unsafe<string | number>({
        type: ['string', 'integer'],
        minimum: 1,
        pattern: '^[0-9]{1,9}(\\.[0-9]{1,9})? ?(?:[kKmMgG][iI]?)?[bB]?$',
        description: 'The size of a body at most, before compression. A row whose item alone is larger is rejected.',
        'x-expected': 'a size, such as 5MB, 512KB or 1000000 (bytes; a KB is 1024 bytes)',
        examples: ['5MB'],
      }),
    ),
    by: Type.Optional(
      expression({ description: 'Rows for which this differs never share a request.', examples: ['record.country'] }),
    ),
  },
  {
    title: 'batch',
    description: 'Rows whose method, URL, query, headers and `by` come out equal share requests, in order.',
    examples: [{ size: 500 }, { size: 500, bytes: '5MB', by: 'record.country' }],
  },
);

const Idempotency = words(
  {
    header: text({ description: 'The header that carries the key.', examples: ['Idempotency-Key'] }),
    by: Type.Optional(
      expression({
        description:
          'Makes the key the same in every call for the same value: for what happens once (an event, a charge), never for a state that may come back. Default: a new key for each request of each call, the same in its retries.',
        examples: ['record.event_id'],
      }),
    ),
  },
  {
    title: 'idempotency',
    description: 'A key by which the API tells a request that it has seen; with it the request may be sent again.',
    examples: [{ header: 'Idempotency-Key' }, { header: 'Idempotency-Key', by: 'record.event_id' }],
  },
);

const RowRule = words(
  {
    if: question({ description: 'Asked of each row before it is sent.', examples: ['record.email == blank'] }),
    then: choice(['accept', 'reject'], { description: 'accept: the row is done without a request. reject: it is refused.' }),
    reason: Type.Optional(template({ description: 'Why, for a row that is rejected.' })),
  },
  {
    title: 'rule',
    description: 'Asked of each row before it is sent; the first that holds decides.',
    examples: [{ if: 'record.email == blank', then: 'reject', reason: 'email is empty' }],
    antiExamples: [{ value: { if: 'record.email == blank', then: 'skip' }, because: 'every row is accepted or rejected' }],
  },
);

export const Request = words(
  {
    get: path('GET'),
    post: path('POST'),
    put: path('PUT'),
    patch: path('PATCH'),
    delete: path('DELETE'),
    method: Type.Optional(
      template({
        description: 'The long form, with path: GET, POST, PUT, PATCH or DELETE, or a template of one.',
        examples: ['POST', '{{ config.method }}'],
      }),
    ),
    path: Type.Optional(template({ description: 'The long form’s path, with method.' })),
    query: Type.Optional(Query),
    headers: Type.Optional(Headers),
    ndjson: Type.Optional(
      tree({
        description: 'A list, sent as one JSON value a line; an element that is a list is several lines.',
        examples: ['{{ items }}'],
      }),
    ),
    json: Type.Optional(
      tree({
        description:
          'A JSON body: a YAML tree whose text leaves are templates, or one text that is a template of JSON. A leaf that is exactly one {{ … }} keeps its type.',
        examples: [{ email: '{{ record.email }}' }],
      }),
    ),
    form: Type.Optional(
      named<unknown>(tree({ description: 'A template; a list repeats the parameter, a map nests with brackets.' }), {
        description: 'An application/x-www-form-urlencoded body.',
      }),
    ),
    text: Type.Optional(template({ description: 'A plain text body; what it needs to be escaped for, its filters must do.' })),
    omit: Type.Optional(
      choice(['nothing', 'nulls', 'empties'], {
        description:
          'What is left out of the body beside missing values: nulls; or nulls, "", [] and {} (empties). Default: nothing.',
      }),
    ),
    batch: Type.Optional(Batch),
    item: Type.Optional(
      tree({ description: "One row's part of a batched body, rendered once for each row. The body sees them as items." }),
    ),
    idempotent: Type.Optional(
      flag({
        description:
          'Whether it may be repeated after an unknown outcome. Default: true for GET, PUT and DELETE, false for POST and PATCH.',
      }),
    ),
    idempotency: Type.Optional(Idempotency),
    rateLimit: Type.Optional(RateLimits),
    rules: Type.Optional(
      Type.Array(RowRule, { description: 'Asked of each row before it is sent; the first that holds decides.' }),
    ),
    timeout: Type.Optional(duration({ description: 'How long one attempt may take. Default: that of the connection.' })),
    retry: Type.Optional(Retry),
    response: Type.Optional(Response),
  },
  {
    title: 'request',
    description: 'One HTTP request: a method with its path, at most one body, and how its answer is read.',
    notYet: {
      multipart: 'sends a multipart/form-data body',
      csv: 'sends a CSV body',
      xml: 'sends an XML body',
      gzip: 'compresses the body',
    },
    examples: [{ post: '/contacts', json: { email: '{{ record.email }}' } }],
    antiExamples: [{ value: { pst: '/contacts' }, because: 'methods are get, post, put, patch and delete' }],
  },
);

export const Requests = named<Type.Static<typeof Request>>(Request, {
  description: 'Name → a request.',
  pattern: NAME,
  minProperties: 1,
  maxProperties: 1000,
  expected: 'a map of requests by their names, 1000 at most',
});
