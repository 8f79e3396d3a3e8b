/** The generated part of `docs/manifest.md`: every word of the language, from its schema. */

import { ManifestWords } from './manifest.ts';

/** The part of JSON Schema that the words are written in. */
interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly examples?: readonly unknown[];
  readonly 'x-expected'?: string;
  readonly 'x-not-yet'?: Readonly<Record<string, string>>;
  readonly 'x-anti-examples'?: readonly { readonly value: unknown; readonly because: string }[];
}

const BEGIN = '<!-- generated from the schema by `npm run schemas`: begin -->';
const END = '<!-- generated from the schema by `npm run schemas`: end -->';

/** The page with its generated part made anew. */
export function withReference(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/manifest.md lacks the lines ${BEGIN} and ${END}`);
  return `${before}${BEGIN}\n\n${reference()}\n${END}${after}`;
}

function reference(): string {
  const sections = new Map<string, Schema>();
  collect(ManifestWords as unknown as Schema, sections); // TypeBox's types know the words, not their annotations
  return [...sections.values()].map(section).join('\n');
}

/** Every map with words of its own, outermost first, each once. */
function collect(schema: Schema, sections: Map<string, Schema>): void {
  if (schema.title !== undefined && schema.properties !== undefined && !sections.has(schema.title))
    sections.set(schema.title, schema);
  for (const child of childrenOf(schema)) collect(child, sections);
}

function childrenOf({ properties, items, additionalProperties }: Schema): Schema[] {
  return [
    ...Object.values(properties ?? {}),
    ...(items ? [items] : []),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ];
}

function section(schema: Schema): string {
  const lines = [`### ${schema.title}`, '', schema.description ?? '', '', '| word | value | |', '| --- | --- | --- |'];
  for (const [word, child] of Object.entries(schema.properties ?? {})) {
    const needed = schema.required?.includes(word) ? ' **(needed)**' : '';
    lines.push(`| \`${word}\` | ${cell(valueWords(child))} | ${cell(child.description ?? '')}${needed} |`);
  }
  const later = Object.entries(schema['x-not-yet'] ?? {});
  if (later.length > 0) lines.push('', `Not yet built: ${later.map(([word, what]) => `\`${word}\` (${what})`).join(', ')}.`);
  for (const example of schema.examples ?? []) lines.push('', '```yaml', flow(example), '```');
  for (const { value, because } of schema['x-anti-examples'] ?? []) lines.push('', `Not \`${flow(value)}\`: ${because}.`);
  return `${lines.join('\n')}\n`;
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'map',
  array: 'list',
  string: 'text',
  integer: 'whole number',
  boolean: 'true or false',
  number: 'number',
};

function valueWords(schema: Schema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.items?.title !== undefined) return `list of [${schema.items.title}](#${anchor(schema.items.title)})`;
  if (schema.title !== undefined) return `[${schema.title}](#${anchor(schema.title)})`;
  const each = typeof schema.additionalProperties === 'object' ? schema.additionalProperties.title : undefined;
  if (each !== undefined) return `name → [${each}](#${anchor(each)})`;
  const types = [schema.type ?? []].flat();
  return schema['x-expected'] ?? (types.length === 0 ? 'anything' : types.map((type) => TYPES[type] ?? type).join(' or '));
}

function anchor(title: string): string {
  return title.replace(/ /g, '-');
}

function cell(text: string): string {
  return text.replace(/\|/g, '\\|');
}

/** One line of YAML: maps and lists in braces, texts quoted where they need it. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([key, one]) => `${/^[\w.-]+$/.test(key) ? key : JSON.stringify(key)}: ${flow(one)}`,
    );
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return typeof value === 'string' && !/^[A-Za-z/][\w ./@()'’;-]*$/.test(value) ? JSON.stringify(value) : String(value);
}
