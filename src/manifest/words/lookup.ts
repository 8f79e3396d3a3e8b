/** `lookups`: data asked of the API, for the form and for rows. */

import Type from 'typebox';
import { Headers, Query, Retry } from './connection.ts';
import { path } from './request.ts';
import { Response } from './response.ts';
import { duration, expression, integer, NAME, named, template, tree, words } from './vocabulary.ts';

const { parse, rules, ok, reason } = Response.properties;

const Next = Type.Unsafe<string | Record<string, unknown>>({
  type: ['object', 'string'],
  additionalProperties: tree({ description: 'A template.' }),
  description:
    'What the request of the next page changes: query parameters ({ cursor: "{{ body.next }}" }), { json: … } keys of the body, a URL, or the word link (rel=next of the Link header, RFC 8288). Pages are fetched until its values are missing, empty or repeat; where it only counts (page, count), until a page has no elements. Its templates see the answer, page (from 1) and count (elements so far).',
  'x-expected': 'link, a template of a URL, or a map of what changes',
  examples: [{ cursor: '{{ body.next }}' }, { page: '{{ page | plus: 1 }}' }, { offset: '{{ count }}' }, 'link'],
});

export const Lookup = words(
  {
    get: path('GET'),
    post: path('POST'),
    query: Type.Optional(Query),
    headers: Type.Optional(Headers),
    json: Type.Optional(tree({ description: 'A JSON body, as in a request.' })),
    form: Type.Optional(named<unknown>(tree({ description: 'A template.' }), { description: 'A form body, as in a request.' })),
    text: Type.Optional(template({ description: 'A text body, as in a request.' })),
    list: Type.Optional(
      expression({
        description:
          'Where the list stands in the answer; of a map, its entries as {key, value}. Without it the lookup is the whole body.',
        examples: ['body.merge_fields'],
      }),
    ),
    next: Type.Optional(Next),
    pages: Type.Optional(
      integer({
        description: 'More pages than this are an error, never a shorter list. Default: 100.',
        minimum: 1,
        maximum: 1000,
      }),
    ),
    cache: Type.Optional(
      duration({
        description: 'How long an answer serves rows and validation; the form never sees one older than 10 s. Default: 1m.',
        examples: ['5m'],
      }),
    ),
    timeout: Type.Optional(duration({ description: 'How long one attempt may take. Default: that of the connection.' })),
    retry: Type.Optional(Retry),
    response: Type.Optional(
      words(
        { parse, rules, ok, reason },
        { title: 'lookup response', description: 'How the answer is judged; as in a request.' },
      ),
    ),
  },
  {
    title: 'lookup',
    description: 'A request that fetches a list (or, without list, its whole body), only where a template reads it.',
    examples: [
      { get: '/lists/{{ settings.audience }}/merge-fields', query: { count: 500 }, list: 'body.merge_fields', cache: '5m' },
    ],
    antiExamples: [{ value: { get: '/fields', batch: { size: 5 } }, because: 'a lookup asks once, and has no rows' }],
  },
);

export const Lookups = named<Type.Static<typeof Lookup>>(Lookup, {
  description: 'Name → a lookup. Templates see lookups.NAME.',
  pattern: NAME,
});
