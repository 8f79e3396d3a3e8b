/** Changes a manifest as people and machines do by mistake, and as somebody would who looks for a weak spot. */

import { parse, stringify } from 'yaml';
import { type Chance, pick, whole } from '../server/chance.ts';

/** Values of wrong types, odd numbers, nasty texts. */
// biome-ignore format: a list of words
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e21, '', ' ', 'a', '0', 'true', 'null', '~', [], {}, [[]], [null], { a: null }],
  ...['constructor', '__proto__', 'toString', 'then', 'length', '…', '😀', '\u202e', 'ſ', 'é', '\n', 'a\nb', '\t', '"', "'", '\\', '%00', '../..'],
  ...['x'.repeat(5000), '-'.repeat(300), '9'.repeat(400), 'https://', 'http://[', 'https://a b', 'file:///etc/passwd', '//host', '?', '#', ':0', '*', '&a'],
  ...['^(a+)+$', '(?=a)', '[', '(', '\\1', 'a{1001}', '\\p{L}{300}', '1s', '5m', '1e9h', '-1s', '0s', '2026-13-45', 'ok', 'next', 'retry', 'reject', 'row'],
];

// biome-ignore format: a list of words
const TEMPLATES: readonly string[] = [
  ...['{{ row.id }}', '{{ record.email }}', '{{ config.a.b[0] }}', '{{ settings.token }}', '{{ lookups.x }}', '{{ item.id }}', '{{ body.id }}', '{{ now }}'],
  ...['{{', '}}', '{{ }}', '{%', '{% %}', '{% if id %}', '{% endif %}', '{% for a in b %}{{ a }}{% endfor %}', '{% raw %}', '{{ a | b }}', '{{ id | json | json }}'],
  ...['{{ id | split: "," | first }}', '{{ "a', "{{ 'a }}", '{{ a..b }}', '{{ a[ }}', '{{ (1..9) }}', '{{ id | truncate: 5, }}', '{% assign a = 1 %}{{ a }}', '{{ id | raw }}'],
  ...['{{ row["__proto__"] }}', '{{ row.constructor.name }}', '{{ vars.a.size }}', '{{ id | default: nil }}', '{{ a == b == c }}', '{%- if a -%}b{%- else -%}c{%- endif -%}'],
  ...['{{ items | map: "id" }}', '{{ rows[0] }}', '{{ count }}', '{{ status }}', '{{ headers["x"] }}', '{{ id | plus: "x" }}', '{{ id | date: "%Y" }}', '{{ id | where: "a", 1 }}'],
];

// biome-ignore format: a list of words
const KEYS: readonly string[] = [
  ...['version', 'name', 'description', 'settings', 'connection', 'requests', 'vars', 'lookups', 'objects', 'modes', 'fields', 'options', 'sync', 'validate'],
  ...['behavior', 'response', 'rules', 'rows', 'errors', 'each', 'if', 'id', 'key', 'reason', 'ok', 'then', 'retry', 'after', 'batch', 'json', 'text', 'form'],
  ...['query', 'headers', 'auth', 'url', 'allow', 'get', 'post', 'put', 'patch', 'delete', 'list', 'next', 'pages', 'cache', 'schema', 'uiSchema', 'properties'],
  ...['pattern', 'patternProperties', 'enum', '$ref', '$async', 'type', 'items', 'anyOf', 'default', 'env', 'file', 'header', 'secret', 'customFields', '...'],
  ...['__proto__', 'constructor', 'toString', '<<', '', ' ', 'é', 'x'.repeat(200), '0', 'a.b', 'a/b', 'a~b', '{{ id }}', 'idempotency', 'by', 'deadline', 'concurrency'],
  ...['ensure', 'as', 'steps', 'request', 'value', 'job', 'until', 'failed', 'fetch', 'every', 'timeout', 'bisect', 'ndjson', 'bytes', 'index', 'unmatched', 'required'],
];

// biome-ignore format: a list of words
const PIECES: readonly string[] = [
  ...VALUES.filter((value) => typeof value === 'string'),
  ...TEMPLATES,
  ...KEYS,
  ...['- ', ': ', ':', '{ ', ' }', '[', ']', ', ', '|\n', '>-\n', '# ', '&a ', '*a', '!!str ', '---\n', '? ', '"', "'", '\n', '\n  ', '\r\n', '\t', '%', '@', '`', '\0', '\ufeff', '\ud800'],
];

/** `one` cut apart, changed and put together. */
function spliced<T>(parts: readonly T[], chance: Chance, made: () => T): T[] {
  const changed = [...parts];
  const from = whole(chance, parts.length);
  const count = chance() < 0.7 ? 1 : 1 + whole(chance, 9);
  switch (whole(chance, 5)) {
    case 0:
      changed.splice(from, count);
      break;
    case 1:
      changed.splice(from, 0, ...changed.slice(from, from + count));
      break;
    case 2:
      changed.splice(whole(chance, parts.length + 1), 0, ...changed.splice(from, count));
      break;
    case 3:
      changed.splice(from, 0, made());
      break;
    default:
      changed.splice(from, 1, made());
  }
  return changed;
}

const byBytes = (text: string, chance: Chance): string =>
  spliced([...text], chance, () =>
    chance() < 0.5 ? String.fromCharCode(Math.floor(chance() * 0x180)) : pick(chance, PIECES),
  ).join('');

const byTokens = (text: string, chance: Chance): string =>
  spliced(text.split(/(\s+|[:,[\]{}"'|.-])/), chance, () => pick(chance, PIECES)).join('');

function byLines(text: string, chance: Chance, other: string): string {
  const lines = text.split('\n');
  if (chance() < 0.3) {
    const index = whole(chance, lines.length);
    const line = lines[index] ?? '';
    lines[index] = chance() < 0.5 ? ` ${line}` : line.replace(/^ {1,2}/, '');
    return lines.join('\n');
  }
  return spliced(lines, chance, () => pick(chance, other.split('\n'))).join('\n');
}

/** A place of a tree where a value stands. */
interface Spot {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string | number;
  readonly value: unknown;
}

function spots(tree: unknown): Spot[] {
  if (tree === null || typeof tree !== 'object') return [];
  const holder = tree as Spot['holder']; // what the parser makes of YAML is JSON
  const keys = Array.isArray(holder) ? [...holder.keys()] : Object.keys(holder);
  return keys.flatMap((key) => {
    const value: unknown = Reflect.get(holder, key);
    return [{ holder, key, value }, ...spots(value)];
  });
}

function byTree(tree: unknown, text: string, chance: Chance, other: Source): string {
  const all = spots(tree);
  if (all.length === 0) return byTokens(text, chance);
  const { holder, key, value } = pick(chance, all);
  const foreign = (): unknown => (other.values.length === 0 ? null : pick(chance, other.values));
  const made = (): unknown =>
    pick(chance, [
      () => pick(chance, VALUES),
      () => pick(chance, TEMPLATES),
      foreign,
      () => ({ [pick(chance, KEYS)]: foreign() }),
      () => (typeof value === 'string' ? byTokens(value, chance) : [value]),
    ])();
  const put = (name: string | number, one: unknown): unknown =>
    Object.defineProperty(holder, name, { value: one, enumerable: true, configurable: true, writable: true }); // __proto__ too
  const texts = other.values.filter((one) => typeof one === 'string');
  // Often what may well be right: another text for a text.
  if (typeof value === 'string' && texts.length > 0 && chance() < 0.4) put(key, pick(chance, texts));
  else if (Array.isArray(holder)) holder.splice(0, holder.length, ...spliced(holder, chance, made));
  else {
    const how = chance();
    if (how < 0.4) delete holder[key];
    if (how < 0.2) put(pick(chance, KEYS), value);
    else if (how > 0.4) put(how < 0.6 ? pick(chance, KEYS) : key, made());
  }
  return chance() < 0.7 ? stringify(tree, { aliasDuplicateObjects: false }) : JSON.stringify(tree);
}

/** What the text holds, as JSON; nothing where it is no YAML, or where aliases lead in a circle. */
function read(text: string): unknown {
  try {
    return JSON.parse(JSON.stringify(parse(text, { logLevel: 'silent' })));
  } catch {
    return null;
  }
}

/** A text to change, and what it holds: read once for all its changes. */
export interface Source {
  readonly text: string;
  readonly tree: unknown;
  readonly values: readonly unknown[];
}

export function sourceOf(text: string): Source {
  const tree = read(text);
  return { text, tree, values: spots(tree).map(({ value }) => value) };
}

/** @param other pieces come from there */
export function mutated({ text, tree }: Source, other: Source, chance: Chance): string {
  let changed = text;
  for (let times = chance() < 0.7 ? 1 : 1 + whole(chance, 4); times > 0; times--) {
    const how = chance();
    if (how < 0.5) changed = byTree(changed === text ? structuredClone(tree) : read(changed), changed, chance, other);
    else if (how < 0.7) changed = byTokens(changed, chance);
    else if (how < 0.85) changed = byLines(changed, chance, other.text);
    else changed = byBytes(changed, chance);
  }
  return changed;
}
