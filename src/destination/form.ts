/** Compiles what the sync form offers: objects, modes, fields, options, validation rules, and the sync map. */

import { beginning, didYouMean, oneOf } from '../fault.ts';
import type { FieldSpec, FormSpec, Manifest, ModeSpec, ObjectSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import { say } from '../manifest/say.ts';
import { stringifyJson } from '../numbers.ts';
import { compilePattern } from '../schema/pattern.ts';
import type { Problem } from '../schema/problem.ts';
import { createValidator, problemsOfSchema } from '../schema/validate.ts';
import { isMap } from '../template/text.ts';
import type { Author } from './author.ts';
import {
  type Entry,
  type Flow,
  type FormLevel,
  OPERATIONS,
  type Operation,
  type Options,
  type Request,
  type ValidationRule,
} from './destination.ts';
import { FlowCompiler } from './flow.ts';
import type { PlaceNames } from './names.ts';

/** Hightouch's field types. */
export const FIELD_TYPES = [
  'STRING',
  'ENUM',
  'NUMBER',
  'BOOLEAN',
  'DATE',
  'DATETIME',
  'EMAIL',
  'OBJECT',
  'ARRAY',
  'REFERENCE',
  'UNKNOWN',
] as const;

/** Members of a configuration that Hightouch itself sets: an option of that name would be overwritten. */
const CONFIGURATION = new Set(['object', 'mode', 'mappings', 'identifierMapping', 'customMappings']);

type LevelSpec = FormSpec & Pick<Manifest, 'objects' | 'modes'>;

export class FormCompiler {
  readonly #author: Author;
  readonly #names: PlaceNames;
  readonly #flows: FlowCompiler;
  #syncs = 0;

  constructor(author: Author, names: PlaceNames, requests: ReadonlyMap<string, Request>) {
    this.#author = author;
    this.#names = names;
    this.#flows = new FlowCompiler(author, names, requests);
  }

  compile(manifest: Manifest): FormLevel {
    const form = this.#level(manifest, []);
    if (this.#syncs === 0) {
      this.#author.fault(
        'manifest.sync',
        manifest.sync === undefined ? [] : ['sync'],
        'Nothing says which request answers add, change or remove. Add sync: { add: …, change: … } at the top, in an object or in a mode.',
        'key',
      );
    }
    return form;
  }

  #level(spec: LevelSpec, path: Path): FormLevel {
    return {
      objects: spec.objects?.map((entry, index) => this.#entry(entry, [...path, 'objects', index], [])),
      modes: spec.modes?.map((entry, index) => this.#entry(entry, [...path, 'modes', index], ['object'])),
      fields: spec.fields?.map((entry, index) => this.#field(entry, [...path, 'fields', index])),
      customFields: spec.customFields,
      options: spec.options && this.#options(spec.options, [...path, 'options']),
      rules: (spec.validate ?? []).map((rule, index) => this.#rule(rule, [...path, 'validate', index])),
      sync: spec.sync && this.#sync(spec.sync, [...path, 'sync']),
    };
  }

  #entry(spec: ObjectSpec | ModeSpec, path: Path, seen: readonly string[]): Entry {
    return {
      ...this.#common(spec, path, seen),
      type: undefined,
      required: undefined,
      identifier: undefined,
      level: this.#level(spec, path),
    };
  }

  #field(spec: FieldSpec, path: Path): Entry {
    const names = this.#names.form('fields', 'object', 'mode', ...(spec.each === undefined ? [] : ['item']));
    if (spec.type !== undefined && !spec.type.includes('{') && !(FIELD_TYPES as readonly string[]).includes(spec.type)) {
      const hint = didYouMean(spec.type, FIELD_TYPES);
      this.#author.fault(
        'manifest.value',
        [...path, 'type'],
        `${say(spec.type)} is not a field type; expected ${oneOf(FIELD_TYPES)}.`,
        'value',
        hint,
      );
    }
    for (const word of ['required', 'identifier'] as const) {
      const value = spec[word];
      if (typeof value !== 'string' || value.includes('{') || value === 'true' || value === 'false') continue;
      this.#author.fault(
        'manifest.value',
        [...path, word],
        `"${word}" is ${say(value)}; expected true, false or a template that answers one.`,
      );
    }
    return {
      ...this.#common(spec, path, ['object', 'mode']),
      type: this.#author.maybeLeaf(spec.type, [...path, 'type'], names),
      required: this.#author.maybeLeaf(spec.required, [...path, 'required'], names),
      identifier: this.#author.maybeLeaf(spec.identifier, [...path, 'identifier'], names),
      level: undefined,
    };
  }

  #common(
    spec: FieldSpec | ModeSpec | ObjectSpec,
    path: Path,
    seen: readonly string[],
  ): Pick<Entry, 'at' | 'each' | 'only' | 'id' | 'label' | 'description'> {
    const where = String(path.at(-2) ?? '');
    const outer = this.#names.form(where, ...seen);
    const inner = this.#names.form(where, ...seen, ...(spec.each === undefined ? [] : ['item']));
    return {
      at: path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
        .join('')
        .slice(1),
      each: this.#author.maybeExpression(spec.each, [...path, 'each'], outer),
      only: this.#author.maybeQuestion(spec.if, [...path, 'if'], inner),
      id: this.#author.leaf(spec.id, [...path, 'id'], inner),
      label: this.#author.maybeLeaf(spec.label, [...path, 'label'], inner),
      description: this.#author.maybeLeaf(spec.description, [...path, 'description'], inner),
    };
  }

  #options(spec: NonNullable<FormSpec['options']>, path: Path): Options {
    const names = this.#names.form('options', 'object', 'mode');
    this.#checkSchema(spec.schema, [...path, 'schema']);
    return {
      schema: this.#author.tree(spec.schema, [...path, 'schema'], names),
      uiSchema: spec.uiSchema === undefined ? undefined : this.#author.tree(spec.uiSchema, [...path, 'uiSchema'], names),
    };
  }

  #checkSchema(schema: unknown, path: Path): void {
    const properties = isMap(schema) ? schema.properties : undefined;
    if (!isMap(schema) || schema.type !== 'object') {
      this.#author.fault(
        'manifest.options',
        path,
        'The schema of options must be a JSON Schema with type: object, whose properties are the options.',
      );
      return;
    }
    for (const name of Object.keys(isMap(properties) ? properties : {})) {
      const at = [...path, 'properties', name];
      if (CONFIGURATION.has(name)) {
        this.#author.fault(
          'manifest.options',
          at,
          `An option cannot be named "${name}": Hightouch sets that part of the configuration itself.`,
          'key',
        );
      }
    }
    this.#checkMetaSchema(schema, path);
  }

  /** What templates make of a schema is known only when they run: what they stand in is not checked. */
  #checkMetaSchema(schema: Record<string, unknown>, path: Path): void {
    const dynamic = (value: unknown) => /\{\{|\{%/.test(stringifyJson(value));
    const problems = problemsOfSchema(schema).filter(({ value }) => !dynamic(value));
    const patterns = problems.filter(({ keyword }) => keyword === 'format');
    for (const { value, path: inner } of patterns) this.#checkPattern(String(value), [...path, ...inner]);
    if (patterns.length > 0) return;
    // Of the problems of one place the first says most; what surrounds it is wrong for the same reason.
    const [problem] = problems.sort((a, b) => b.path.length - a.path.length);
    if (problem !== undefined) {
      const sentence = `This is no JSON Schema: ${say(problem.path.at(-1))} ${problem.message}${allowedOf(problem)}.`;
      this.#author.fault('manifest.options', [...path, ...problem.path], sentence);
    } else if (!dynamic(schema)) {
      try {
        createValidator(schema);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#author.fault('manifest.options', path, `This is no JSON Schema: ${beginning(why, 200)}.`);
      }
    }
  }

  /** @param path of the pattern, or of the map that has it for a key */
  #checkPattern(source: string, path: Path): void {
    const pattern = compilePattern(source);
    if (!('sentence' in pattern)) return;
    const { sentence, offset, length } = pattern;
    if (path.at(-1) === 'patternProperties') this.#author.fault('manifest.pattern', [...path, source], sentence, 'key');
    else this.#author.faultWithin('manifest.pattern', path, sentence, offset, length);
  }

  #rule(spec: NonNullable<FormSpec['validate']>[number], path: Path): ValidationRule {
    const names = this.#names.validate('validate');
    return {
      if: this.#author.question(spec.if, [...path, 'if'], names),
      error: this.#author.leaf(spec.error, [...path, 'error'], names),
    };
  }

  #sync(spec: NonNullable<FormSpec['sync']>, path: Path): ReadonlyMap<Operation, Flow> {
    const sync = new Map<Operation, Flow>();
    for (const operation of OPERATIONS) {
      const one = spec[operation];
      if (one === undefined) continue;
      this.#syncs++;
      const flow = this.#flows.compile(one, [...path, operation]);
      if (flow !== undefined) sync.set(operation, flow);
    }
    return sync;
  }
}

function allowedOf({ params }: Problem): string {
  return Array.isArray(params.allowedValues) ? ` (${oneOf(params.allowedValues.map(String))})` : ''; // Ajv's params of enum
}
