/** The whole manifest, version 1. */

import Type from 'typebox';
import { Connection } from './connection.ts';
import { docs, formWords, modeWords, objectWords, Vars } from './form.ts';
import { Lookups } from './lookup.ts';
import { Requests } from './request.ts';
import { Settings } from './settings.ts';
import { duration, flag, integer, text, words } from './vocabulary.ts';

const Behavior = words(
  {
    batchSize: Type.Optional(
      integer({
        description: 'Rows that the caller should send in one call. Default: the largest batch.size, else 100.',
        minimum: 1,
        maximum: 100_000,
      }),
    ),
    skipInitialRun: Type.Optional(
      flag({ description: 'Whether the first run only remembers the rows and sends nothing. Default: false.' }),
    ),
    deadline: Type.Optional(
      duration({ description: 'How long one call may take; rows not sent by then are rejected as not attempted. Default: 25s.' }),
    ),
  },
  { title: 'behavior', description: 'How the caller should call.', examples: [{ batchSize: 500 }] },
);

export const ManifestWords = words(
  {
    version: Type.Unsafe<1>({ const: 1, description: 'The version of the language: 1.' }),
    name: text({ description: 'What people call the destination.', minLength: 1 }),
    description: Type.Optional(text({ description: 'One sentence on what it does.' })),
    docs: Type.Optional(docs),
    icon: Type.Optional(text({ description: 'A URL of a picture.' })),
    settings: Type.Optional(Settings),
    vars: Type.Optional(Vars),
    connection: Connection,
    lookups: Type.Optional(Lookups),
    ...objectWords,
    ...modeWords,
    ...formWords,
    behavior: Type.Optional(Behavior),
    requests: Requests,
  },
  {
    title: 'manifest',
    description: 'One YAML file that describes one Hightouch destination.',
    notYet: { ping: 'proves the credentials' },
  },
);
