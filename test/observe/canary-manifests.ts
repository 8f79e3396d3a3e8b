/** Manifests whose settings hold canaries in every role, and manifests with faults beside them. */

import type { Env, Files } from '../commands/running.ts';
import type { Canary } from './canaries.ts';

export interface Nest {
  readonly files: Files;
  readonly env: Env;
  /** Destinations that are ready. */
  readonly ids: readonly string[];
  /** Headers that callers of `caller` send, one of them at a time. */
  readonly callers: readonly string[];
}

interface Egg {
  readonly settings: string;
  readonly connection: string;
  readonly reason?: string;
  /** What stands in a body, beside the row. */
  readonly more?: string;
  readonly path?: string;
  readonly query?: string;
  readonly lookupQuery?: string;
  readonly description?: string;
}

/** What a manifest makes of an answer for a reason; the last is none: then the usual places are looked at. */
const REASONS = [
  '{{ body.message }}{{ body.detail }}',
  '{{ body.message | upcase }}',
  '{{ body | json }}',
  "{{ headers['x-echo'] | default: body.message }}",
  '{{ body.message | base64 }} {{ body.message | uri }}',
  '{{ headers | json }} {{ body }}',
  undefined,
];

function manifest(name: string, egg: Egg): string {
  const reason = egg.reason === undefined ? '' : `\n      reason: ${JSON.stringify(egg.reason)}`;
  return `version: 1
name: ${name}
description: ${JSON.stringify(egg.description ?? 'Sends what it is told.')}
settings:
${egg.settings.replace(/^/gm, '  ')}
connection:
${egg.connection.replace(/^/gm, '  ')}
  timeout: 250ms
  concurrency: 20
  retry: { attempts: 2, backoff: 1ms..2ms }
lookups:
  things:
    get: /things
    query: { limit: 5${egg.lookupQuery ?? ''} }
    list: body.things
    cache: 1ms
fields:
  - { id: key, label: Key, identifier: true }
  - { each: lookups.things, id: "{{ item.id }}", label: "{{ item.label }}" }
options:
  schema: { type: object, properties: { thing: { type: string, title: Thing, enum: "{{ lookups.things | map: 'label' }}" } } }
validate:
  - { if: config.strict == true, error: "Choose among {{ lookups.things | map: 'id' | join: ', ' }}." }
sync: { add: save, change: batch, remove: fail }
requests:
  save:
    post: "/save/{{ id }}${egg.path ?? ''}"
    query: { v: "{{ row.v }}"${egg.query ?? ''} }
    json: { v: "{{ row.v }}"${egg.more ?? ''} }
    response:
      ok: body.ok${reason}
  batch:
    post: /batch
    batch: { size: 3 }
    item: { v: "{{ row.v }}"${egg.more ?? ''} }
    json: { items: "{{ items }}", first: "{{ lookups.things | map: 'id' | first }}" }
    response:
      ok: body.ok
      rows: { each: body.results, ok: result.ok, reason: "{{ result.error }}" }
  fail:
    delete: "/things/{{ id }}"
    headers: { X-Number: "{{ settings.key | append: row.v | number }}" }
`;
}

export function nest(canaries: readonly Canary[], port: number, closed: number): Nest {
  const value = (name: string) => canaries.find((one) => one.name === name)?.value ?? '';
  const url = `http://127.0.0.1:${port}/v1`;
  const key = 'key: { secret: true }';
  const at = (auth: string, base = url) => `url: "${base}"\n${auth}`;
  const bearer = 'auth: { bearer: "{{ settings.key }}" }';
  const files: Record<string, string> = {};
  const env: Record<string, string> = {};
  const ids: string[] = [];
  const add = (id: string, egg: Egg, own: Readonly<Record<string, string>>) => {
    const reason = REASONS[ids.length % REASONS.length];
    files[`${id}.yaml`] = manifest(id, { ...egg, ...(reason !== undefined && { reason }) });
    for (const [name, held] of Object.entries(own)) env[`${id}_${name}`.toUpperCase()] = held;
    ids.push(id);
  };

  for (const name of ['bearer', 'short', 'twelve', 'uuid', 'hex', 'jwt', 'long', 'blanks', 'lookupBearer', 'number'])
    add(name.toLowerCase(), { settings: key, connection: at(bearer) }, { key: value(name) });
  add(
    'basic',
    {
      settings: `${key}\nuser: { secret: true }`,
      connection: at('auth: { basic: { username: "{{ settings.user }}", password: "{{ settings.key }}" } }'),
    },
    { key: value('basicPassword'), user: value('basicUser') },
  );
  add(
    'headers',
    {
      settings: `${key}\nmade: { secret: true }\nplain: { secret: true }`,
      connection: at(
        'auth: { header: { X-Key: "{{ settings.key }}", X-Made: "{{ settings.made | base64 }}", X-Sum: "{{ settings.made | sha256 }}" } }\nheaders: { X-Plain: "v {{ settings.plain }}" }',
      ),
    },
    { key: value('header'), made: value('headerMade'), plain: value('headerPlain') },
  );
  add(
    'query',
    {
      settings: `${key}\nplain: { secret: true }\nof_lookup: { secret: true }\nof_request: { secret: true }`,
      connection: at('auth: { query: { key: "{{ settings.key }}" } }\nquery: { plain: "{{ settings.plain }}" }'),
      query: ', own: "{{ settings.of_request }}"',
      lookupQuery: ', own: "{{ settings.of_lookup }}"',
    },
    { key: value('query'), plain: value('queryPlain'), of_lookup: value('lookupQuery'), of_request: value('params') },
  );
  add('host', { settings: key, connection: at('', 'https://{{ settings.key }}.rowpost.invalid') }, { key: value('host') });
  add('hook', { settings: key, connection: at('', '{{ settings.key }}') }, { key: `http://127.0.0.1:${port}${value('hook')}` });
  add(
    'path',
    {
      settings: `${key}\nin_path: { secret: true }`,
      connection: at(''),
      path: '/x{{ settings.in_path | base64_url }}',
      more: ', k: "{{ settings.in_path }}"',
    },
    { key: value('path'), in_path: value('path') },
  );
  add(
    'body',
    { settings: key, connection: at(''), more: ', deep: { key: "{{ settings.key }}", text: "a {{ settings.key }} b" }' },
    { key: value('bodyJson') },
  );
  add('form', { settings: key, connection: at('') }, { key: value('bodyForm') });
  files['form.yaml'] = (files['form.yaml'] ?? '').replace(
    'json: { v: "{{ row.v }}" }',
    'form: { v: "{{ row.v }}", key: "{{ settings.key }}" }',
  );
  add('text', { settings: key, connection: at('') }, { key: value('bodyText') });
  files['text.yaml'] = (files['text.yaml'] ?? '').replace('json: { v: "{{ row.v }}" }', 'text: "{{ row.v }} {{ settings.key }}"');
  add(
    'account',
    {
      settings:
        'key: { secret: true }\naccount: { secret: true, type: json }\nmap: { secret: true, type: json }\nnumber: { secret: true, type: number }',
      connection: at('auth: { bearer: "{{ settings.account.client_secret }}" }'),
      more: ', account: "{{ settings.account }}", line: "{{ settings.account.private_key }}", map: "{{ settings.map }}", n: "{{ settings.number }}", pem: "{{ settings.key }}"',
    },
    { key_FILE: 'PEM', account_FILE: 'ROBOT', map: value('map'), number: value('number') },
  );
  add('textfile', { settings: key, connection: at(bearer) }, { key_FILE: 'TEXT' });
  add('tls', { settings: key, connection: at(bearer, `https://127.0.0.1:${port}`) }, { key: value('tls') });
  add('refused', { settings: key, connection: at(bearer, `http://127.0.0.1:${closed}`) }, { key: value('refused') });
  add('guarded', { settings: key, connection: at(bearer, 'http://169.254.169.254') }, { key: value('guarded') });
  add(
    'described',
    { settings: key, connection: at(bearer), description: `It uses ${value('described')} for all.` },
    { key: value('described') },
  );
  add('literal', { settings: key, connection: at(bearer) }, { key: value('literal') });
  add('caller', { settings: 'key: { secret: true, header: X-Api-Key }', connection: at(bearer) }, {});

  // Not ready: settings that cannot be used, and manifests with faults, on a line that holds a secret, or beside one.
  const broken = (id: string, setting: string, own: Readonly<Record<string, string>>) => {
    add(id, { settings: setting, connection: at(bearer) }, own);
    ids.pop();
  };
  broken('badpattern', 'key: { secret: true, pattern: "^[0-9]{3}$" }', { key: value('badPattern') });
  broken('badenum', 'key: { secret: true, enum: [one, two] }', { key: value('badEnum') });
  broken('badjson', 'key: { secret: true, type: json }', { key: value('badJson') });
  broken('missing', `${key}\nother: {}`, { key: value('besideMissing') });
  broken('nofile', key, { key_FILE: '/nowhere/at/all' });
  const literal = value('literal');
  const right = manifest('right', { settings: 'key: { secret: true }', connection: at(bearer) });
  files['fault-word.yaml'] = right.replace('name: right', `nane: "${literal}"`);
  files['fault-far.yaml'] = right.replace(
    'fields:',
    `fields:\n  - { id: a, label: "${'l'.repeat(60)}", description: "a ${literal} b", tpye: TEXT }`,
  );
  files['fault-template.yaml'] = right.replace('/batch', `/{{ row.id | append: '${literal}' | nofilter }}`);
  files['fault-yaml.yaml'] = right.replace('name: right', `name: "${literal}`);
  files['fault-value.yaml'] = right.replace('timeout: 250ms', `timeout: ${literal}`);
  files['fault-bearer.yaml'] = right.replace('{{ settings.key }}', `${literal}{{ settings.kay }}`);
  const callers = canaries.filter(({ name }) => name.startsWith('caller')).map((one) => one.value);
  return { files, env, ids, callers };
}
