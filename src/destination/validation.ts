/** Validates a sync configuration: the automatic checks, then the manifest's own rules; all that is wrong is told. */

import { Fault } from '../fault.ts';
import { stringifyJson } from '../numbers.ts';
import type { Problem } from '../schema/problem.ts';
import { createValidator } from '../schema/validate.ts';
import { within } from '../schema/within.ts';
import { problemOfTemplate } from '../template/configuration-template.ts';
import { isMap, scalarText } from '../template/text.ts';
import type { BoundDestination } from './bind.ts';
import { type Choosing, type Chosen, choose, innermost, listFields, listModes, listObjects, listOptions } from './listing.ts';
import { allMappings, type Mapping, type Mappings, readConfiguration } from './mappings.ts';

/** Milliseconds for checking the options: a hundred times what a form needs, and no schema that an API made may take more. */
const LONGEST_CHECK = 500;

/** Sentences; more are not read. */
const MOST_ERRORS = 100;

/**
 * Sentences for the person at the form; none where the configuration is right.
 * @throws {Fault} where a lookup fails
 */
export async function validateConfiguration(
  bound: BoundDestination,
  configuration: unknown,
  choosing: Choosing,
): Promise<string[]> {
  const { config, mappings } = readConfiguration(configuration);
  const chosen = await chooseFor(bound, config, choosing);
  if (typeof chosen === 'string') return [chosen];
  const errors = [
    ...(await mappingErrors(chosen, mappings)),
    ...(await optionErrors(chosen, config)),
    ...(await ruleErrors(chosen, config, mappings)),
  ];
  return errors.length > MOST_ERRORS ? [...errors.slice(0, MOST_ERRORS), 'There is more to mend; mend this first.'] : errors;
}

/** What a configuration chose, or why it is no choice. @throws {Fault} where a lookup fails */
export async function chooseFor(
  bound: BoundDestination,
  config: Readonly<Record<string, unknown>>,
  choosing: Choosing,
): Promise<Chosen | string> {
  const object = chosenId(config.object);
  const mode = chosenId(config.mode);
  try {
    const top = await choose(bound, object, undefined, { ...choosing, config });
    const lists = (word: 'objects' | 'modes') => innermost(top.levels, word) !== undefined;
    if (object === undefined && lists('objects') && (await listObjects(top)).length > 0) return 'Choose an object.';
    if (mode === undefined && lists('modes') && (await listModes(top)).length > 0) return 'Choose a mode.';
    return mode === undefined ? top : await choose(bound, object, mode, { ...choosing, config });
  } catch (error) {
    if (error instanceof Fault && error.code !== 'lookup.failed') return error.message;
    throw error;
  }
}

/** What is no id is looked for as it is written, and not found: a list of one id is not that id. */
function chosenId(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : stringifyJson(value).slice(0, LONGEST_ID);
}

const LONGEST_ID = 100;

async function mappingErrors(chosen: Chosen, mappings: Mappings): Promise<string[]> {
  const errors: string[] = [];
  const mapped = new Set(allMappings(mappings).map(({ to }) => to));
  for (const entry of allMappings(mappings)) {
    if (entry.type === 'unknown')
      errors.push(`The mapping ${entry.json} has a form that Rowpost does not know; expected {"from": column, "to": field}.`);
  }
  if (innermost(chosen.levels, 'customFields') === false && mappings.custom.length > 0) {
    errors.push(
      `Fields of your own (${names(mappings.custom)}) are not taken here. Map them to fields of the list, or remove them.`,
    );
  }
  const fields = await listFields(chosen);
  if (fields === undefined) return errors;
  for (const field of fields) {
    if (field.required && !mapped.has(field.id)) errors.push(`The required field "${field.label}" is not mapped.`);
  }
  const identifiers = fields.filter((field) => field.identifier);
  if (identifiers.length > 0 && !identifiers.some(({ id }) => mapped.has(id))) {
    errors.push(`No identifier is mapped. Map ${identifiers.map(({ label }) => `"${label}"`).join(' or ')}.`);
  }
  const known = new Set(fields.map(({ id }) => id));
  for (const entry of [...mappings.identifier, ...mappings.fields]) {
    if (entry.type !== 'unknown' && !known.has(entry.to))
      errors.push(`There is no field "${entry.to}". Reload the fields, and map another.`);
  }
  return [...new Set(errors)];
}

function names(mappings: readonly Mapping[]): string {
  return mappings.map(({ to }) => `"${to}"`).join(', ');
}

/** Options stand flat beside Hightouch's own members: only those that the schema declares are checked. */
async function optionErrors(chosen: Chosen, config: Readonly<Record<string, unknown>>): Promise<string[]> {
  const schema = (await listOptions(chosen))?.schema;
  if (!isMap(schema)) return [];
  const properties = isMap(schema.properties) ? schema.properties : {};
  const options: Record<string, unknown> = {};
  for (const name of Object.keys(properties)) if (config[name] !== undefined) options[name] = config[name];
  const impossible = Object.entries(properties).flatMap(([name, property]) =>
    isMap(property) && Array.isArray(property.enum) && property.enum.length === 0
      ? [`There is nothing to choose from for the option "${titleOf(property, name)}" yet.`]
      : [],
  );
  const wrong = within(LONGEST_CHECK, () => [...schemaErrors(schema, options), ...templateErrors(schema, options)]);
  return [...impossible, ...(wrong ?? [`The options take longer than ${LONGEST_CHECK} ms to check. Choose or write less.`])];
}

function schemaErrors(schema: Record<string, unknown>, options: Readonly<Record<string, unknown>>): string[] {
  let validate: ReturnType<typeof createValidator>;
  try {
    validate = createValidator(choosable(schema));
  } catch (error) {
    return [`The options of this destination are no JSON Schema: ${why(error)} Its manifest must be mended.`];
  }
  try {
    return validate(options).map(optionError);
  } catch (error) {
    return [`The options cannot be checked: ${why(error)}`];
  }
}

function why(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.?$/, '.');
}

/** The API may know nothing to choose, or one thing twice; JSON Schema wants at least one, and each once. */
function choosable(schema: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    if (key === 'enum' && Array.isArray(value)) return value.length === 0 ? [] : [[key, unique(value)]];
    return [[key, isMap(value) ? choosable(value) : value]];
  });
  return Object.fromEntries(entries);
}

function unique(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map((value) => [stringifyJson(value), value])).values()];
}

/** Options that hold a template of the person's own must be one, inside objects and lists too. */
function templateErrors(schema: Readonly<Record<string, unknown>>, value: unknown, name = ''): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isMap(items) ? value.flatMap((item, index) => templateErrors(items, item, `${name}.${index}`)) : [];
  }
  if (isMap(value)) {
    const properties = isMap(schema.properties) ? schema.properties : {};
    return Object.entries(properties).flatMap(([key, inner]) =>
      isMap(inner) && Object.hasOwn(value, key) ? templateErrors(inner, value[key], name === '' ? key : `${name}.${key}`) : [],
    );
  }
  if (schema.format !== 'liquid' || typeof value !== 'string') return [];
  const problem = problemOfTemplate(value, schema.contentMediaType === 'application/json' ? 'json' : 'text');
  return problem === undefined ? [] : [`The option "${titleOf(schema, name)}" is no template: ${problem}`];
}

function titleOf(schema: Readonly<Record<string, unknown>>, name: string): string {
  return typeof schema.title === 'string' ? schema.title : name;
}

function optionError({ path, keyword, params, message, schema }: Problem): string {
  const title = titleOf(schema, path.join('.'));
  if (keyword === 'required') return `The option "${String(params.missingProperty)}" is missing.`;
  if (keyword === 'enum')
    return `The option "${title}" must be one of ${(params.allowedValues as unknown[]).map((value) => scalarText(value)).join(', ')}.`; // Ajv's own params of enum
  return `The option "${title}" ${message}.`;
}

async function ruleErrors(chosen: Chosen, config: Readonly<Record<string, unknown>>, mappings: Mappings): Promise<string[]> {
  const rules = chosen.levels.flatMap((level) => level.rules);
  const scope = (await chosen.with(rules.flatMap((rule) => [rule.if, rule.error]))).with({
    config,
    mapped: allMappings(mappings).map(({ to }) => to),
  });
  const errors: string[] = [];
  for (const rule of rules) {
    try {
      if (rule.if.ask(scope)) errors.push(scalarText(rule.error.value(scope)));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      errors.push(`A rule of the manifest failed: ${error.message}.`);
    }
  }
  return errors;
}
