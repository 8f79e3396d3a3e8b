/** `connection`: the defaults of every request, and how requests prove who they are. */

import Type from 'typebox';
import { choice, duration, expression, integer, leaf, named, oneOrMany, template, text, tree, words } from './vocabulary.ts';

const leaves = (description: string) =>
  named<unknown>(tree({ description: 'A template; a list repeats the parameter, a map nests with brackets.' }), { description });

export const Headers = Type.Unsafe<string | Record<string, string | number | boolean>>({
  type: ['object', 'string'],
  additionalProperties: leaf({ description: 'The value of the header.' }),
  description: 'Header names and values, or one leaf that yields a map. Later ones win over those of the connection.',
  'x-expected': 'a map of header names and values, or one {{ … }} that yields a map',
  examples: [{ 'X-Api-Version': '2' }],
});

export const Query = leaves('Parameters behind the ?. A missing value leaves its parameter out.');

export const Retry = words(
  {
    attempts: Type.Optional(
      integer({
        description: 'How often a request is sent at most, the first time included. Default: 3.',
        minimum: 1,
        maximum: 10,
      }),
    ),
    on: Type.Optional(
      Type.Array(integer({ description: 'A status.', minimum: 400, maximum: 599 }), {
        description:
          'The statuses that are retried. Naming one does not make it safe: 500, 502 and 504 are retried only where the request is idempotent.',
      }),
    ),
    backoff: Type.Optional(
      text({
        description:
          'The shortest and the longest wait, as base..cap; each wait is drawn at random up to base·2ⁿ. Default: 500ms..30s.',
        examples: ['500ms..30s'],
      }),
    ),
  },
  {
    title: 'retry',
    description: 'How failures that may pass are tried again, within the deadline of the call.',
    examples: [{ attempts: 5, on: [429, 503] }],
  },
);

const Basic = words(
  { username: template({ description: 'The user.' }), password: template({ description: 'The password.' }) },
  { title: 'basic', description: 'HTTP Basic authentication (RFC 7617).' },
);

const Auth = words(
  {
    basic: Type.Optional(Basic),
    bearer: Type.Optional(
      template({ description: 'The token of an `Authorization: Bearer` header (RFC 6750).', examples: ['{{ settings.token }}'] }),
    ),
    header: Type.Optional(
      named<string>(template({ description: 'Its value.' }), { description: 'Headers that prove who we are.', minProperties: 1 }),
    ),
    query: Type.Optional(
      named<string>(template({ description: 'Its value.' }), {
        description: 'Query parameters that prove who we are.',
        minProperties: 1,
      }),
    ),
  },
  {
    title: 'auth',
    description: 'How requests prove who they are: exactly one of these.',
    minProperties: 1,
    maxProperties: 1,
    expected: 'exactly one of basic, bearer, header or query',
    notYet: {
      oauth2: 'fetches and renews OAuth 2.0 tokens',
      jwt: 'signs JSON Web Tokens',
      session: 'logs in and keeps the session',
      aws_sigv4: 'signs requests for AWS',
      hmac: 'signs requests with a shared secret',
    },
    examples: [{ bearer: '{{ settings.token }}' }, { header: { 'X-Api-Key': '{{ settings.key }}' } }],
    antiExamples: [{ value: { basic: { user: 'a', password: 'b' } }, because: 'the word is username' }],
  },
);

const RateLimit = words(
  {
    requests: integer({ description: 'How many requests may begin.', minimum: 1, maximum: 100_000 }),
    per: duration({ description: 'In any stretch of this length.' }),
    by: Type.Optional(
      expression({
        description: 'Each value of this has a rate of its own. On a connection it sees no row.',
        examples: ['config.channel'],
      }),
    ),
  },
  {
    title: 'rate limit',
    description: 'A rate that requests are kept within: of rows, of lookups, and of retries.',
    examples: [
      { requests: 100, per: '10s' },
      { requests: 1, per: '1s', by: 'config.channel' },
    ],
    antiExamples: [{ value: { limit: 100, window: '10s' }, because: 'the words are requests and per' }],
  },
);

export const RateLimits = oneOrMany(RateLimit, 'requests and per, or a list of such maps');

export const Connection = words(
  {
    url: template({
      description:
        'Where the API is: scheme, host, and perhaps a path that every request begins with. Scheme, host and port are literal or come from settings; row data never reaches them.',
      examples: ['https://{{ settings.server }}.api.mailchimp.com/3.0'],
      antiExamples: [{ value: 'https://{{ row.domain }}/hook', because: 'a row must not choose which server is called' }],
    }),
    allow: Type.Optional(
      Type.Unsafe<string | string[]>({
        type: ['array', 'string'],
        items: template({ description: 'A host.' }),
        description:
          'The hosts that connection.url may become where it reads the configuration: names with an optional port, *.example.com for all below one, http:// before those that may be called without encryption. A list, or a template of a setting that holds one.',
        'x-expected': 'a list of hosts, or a template of a setting that holds one',
        examples: [['hooks.example.com', '*.example.org'], '{{ settings.hosts }}'],
      }),
    ),
    headers: Type.Optional(Headers),
    query: Type.Optional(Query),
    auth: Type.Optional(Auth),
    timeout: Type.Optional(
      duration({ description: 'How long one attempt may take, from look-up to the last byte of the answer. Default: 30s.' }),
    ),
    retry: Type.Optional(Retry),
    concurrency: Type.Optional(
      Type.Unsafe<number | 'auto'>({
        type: ['integer', 'string'],
        minimum: 1,
        maximum: 1000,
        pattern: '^auto$',
        description:
          'How many requests may be in flight, or auto: it grows while the API answers as fast as usual, up to 100, and shrinks when the API refuses or slows down. Default: 10.',
        'x-expected': 'a whole number from 1 to 1000, or auto',
      }),
    ),
    rateLimit: Type.Optional(RateLimits),
    transport: Type.Optional(
      choice(['undici', 'got'], {
        description:
          'The HTTP client that sends the requests of rows: undici, which takes a fraction of the work for each, or got, which is built on the client of Node itself. Default: undici.',
      }),
    ),
  },
  {
    title: 'connection',
    description: 'Defaults for every request of the destination.',
    notYet: {
      tls: 'sets client certificates and trusted authorities',
      proxy: 'sends requests through a proxy',
      allowPrivate:
        'lists private addresses that a request may reach; until then the operator opens them with ROWPOST_ALLOW_PRIVATE',
      maxResponse: 'bounds the size of an answer, now 16 MiB',
    },
    examples: [{ url: 'https://api.example.com/v1', auth: { bearer: '{{ settings.token }}' } }],
  },
);
