/** Binds the settings of a destination to what the operator supplies. */

import { beginning, Fault } from '../fault.ts';
import { parseJson } from '../json/parse.ts';
import { ExactNumber, exactNumber, stringifyJson } from '../numbers.ts';
import type { Destination, SettingDeclaration } from './destination.ts';

/** Where values come from: the environment, and the reading of files that it or the manifest names. */
export interface Supply {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @throws where the file cannot be read */
  readFile(path: string): string;
  /** A header of the caller's request, by its name in lower case; undefined where there is no call yet. */
  header?(name: string): string | undefined;
}

export interface BoundSettings {
  /** What templates see as `settings`; without a prototype. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The same without secrets: what templates of the form see. */
  readonly open: Readonly<Record<string, unknown>>;
  /** The texts that must never be shown. */
  readonly secrets: readonly string[];
}

/** The environment variable of a setting that names none: `mailchimp`, `api_key` → `MAILCHIMP_API_KEY`. */
export function variableOf(id: string, name: string): string {
  return `${id}_${name}`.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

/**
 * @param known what the operator supplies, bound before: then only headers are read, so that a caller hears of nothing else
 */
export function bindSettings(destination: Destination, supply: Supply, known?: BoundSettings): BoundSettings | readonly Fault[] {
  const values: Record<string, unknown> = Object.create(null);
  const open: Record<string, unknown> = Object.create(null);
  const secrets: string[] = [];
  const faults: Fault[] = [];
  for (const declaration of destination.settings) {
    const bound = known === undefined ? bind(declaration, supply) : bindKnown(declaration, supply, known);
    // What comes with a call is not there before one.
    const early = declaration.header !== undefined && supply.header === undefined;
    if (bound instanceof Fault) {
      if (!early || bound.code !== 'settings.missing') faults.push(bound);
      continue;
    }
    values[declaration.name] = bound;
    if (!declaration.secret) open[declaration.name] = bound;
    else if (typeof bound !== 'boolean') secrets.push(textOfValue(bound));
  }
  if (faults.length > 0) return faults;
  const read = known === undefined ? destination.settings : destination.settings.filter(({ header }) => header !== undefined);
  return { values, open, secrets: [...new Set([...secrets, ...givenSecrets(read, supply)])] };
}

/** Secrets as they were given, whether or not they can be used: JSON may be written in more than one way. */
export function givenSecrets(settings: readonly SettingDeclaration[], supply: Supply): string[] {
  return settings.flatMap((declaration) => {
    const { header, secret, type } = declaration;
    if (!secret || type === 'boolean') return [];
    const text = header === undefined ? textOf(declaration, supply) : supply.header?.(header);
    return typeof text === 'string' ? [text] : [];
  });
}

/** Values given directly, as golden cases do; checked as if the operator had supplied them. */
export function bindGiven(destination: Destination, given: Readonly<Record<string, unknown>>): BoundSettings | readonly Fault[] {
  const env: Record<string, string> = {};
  for (const { name, env: variable } of destination.settings) {
    const value = given[name];
    if (value !== undefined) env[variable] = typeof value === 'string' ? value : stringifyJson(value);
  }
  const readFile = () => {
    throw new Error('no files are read here');
  };
  return bindSettings(
    { ...destination, settings: destination.settings.map((setting) => ({ ...setting, file: undefined, header: undefined })) },
    { env, readFile },
  );
}

/** The header of the call, where it has one, else what was bound before. */
function bindKnown(declaration: SettingDeclaration, supply: Supply, { values }: BoundSettings): unknown {
  const { name, header } = declaration;
  const sent = header !== undefined && supply.header?.(header);
  const value = values[name];
  return sent || value === undefined ? bind(declaration, { ...supply, env: {} }) : value;
}

function bind(declaration: SettingDeclaration, supply: Supply): unknown {
  const { name, env, fallback, description, secret, header } = declaration;
  const sent = header === undefined ? undefined : supply.header?.(header);
  const text = sent || (header !== undefined && secret ? undefined : textOf(declaration, supply));
  if (text instanceof Fault) return text;
  if (text === undefined) {
    if (fallback !== undefined) return fallback;
    const what = description === undefined ? '' : ` (${description})`;
    if (header !== undefined) {
      const sentence = `settings.${name} is missing${what}: it comes with each call, in the request header ${header}. Add that header where the destination is set up in Hightouch.`;
      return new Fault({ code: 'settings.missing', sentence });
    }
    return new Fault({
      code: 'settings.missing',
      sentence: `settings.${name} is missing${what}. Set the environment variable ${env}, or ${env}_FILE to the path of a file that holds it.`,
    });
  }
  const value = readAs(declaration.type, text);
  const wrong = value === undefined ? `is not ${TYPE_WORDS[declaration.type]}` : checkValue(declaration, value);
  if (wrong === undefined) return value;
  const shown = secret ? 'its value' : JSON.stringify(beginning(text, 60));
  return new Fault({
    code: 'settings.value',
    sentence: `settings.${name} (${sent === undefined ? env : `header ${header}`}): ${shown} ${wrong}.`,
  });
}

/** The file that `<env>_FILE` or the manifest names, where there is no variable; an empty one counts as not set. */
function fileOf({ env, file }: SettingDeclaration, supply: Supply): string | undefined {
  return supply.env[env] ? undefined : (supply.env[`${env}_FILE`] ?? file) || undefined;
}

/** The files that settings are read from. */
export function settingFilesOf({ settings }: Destination, supply: Supply): string[] {
  return settings.flatMap((declaration) => fileOf(declaration, supply) ?? []);
}

/** The variable, else the file. */
function textOf(declaration: SettingDeclaration, supply: Supply): string | undefined | Fault {
  const { name, env } = declaration;
  const path = fileOf(declaration, supply);
  if (path === undefined) return supply.env[env] || undefined;
  try {
    const text = supply.readFile(path).replace(/\r?\n$/, '');
    return text === '' ? new Fault({ code: 'settings.file', sentence: `settings.${name}: the file ${path} is empty.` }) : text;
  } catch (cause) {
    return new Fault({
      code: 'settings.file',
      sentence: `settings.${name}: the file ${path} cannot be read. Check that it exists and that Rowpost may read it.`,
      cause,
    });
  }
}

const TYPE_WORDS = { text: 'text', number: 'a number', boolean: 'true or false', json: 'JSON' } as const;

function readAs(type: SettingDeclaration['type'], text: string): unknown {
  switch (type) {
    case 'text':
      return text;
    case 'number':
      return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text.trim()) ? exactNumber(text.trim()) : undefined;
    case 'boolean':
      return { true: true, false: false }[text.trim().toLowerCase()];
    case 'json':
      try {
        return parseJson(text);
      } catch {
        return undefined;
      }
  }
}

/** What is wrong with a value, as the rest of a sentence; nothing where it is as declared. */
export function checkValue({ type, pattern, allowed, secret }: SettingDeclaration, value: unknown): string | undefined {
  const typed =
    type === 'json' ||
    (type === 'number'
      ? typeof value === 'number' || value instanceof ExactNumber
      : typeof value === (type === 'text' ? 'string' : type));
  if (!typed) return `is not ${TYPE_WORDS[type]}`;
  if (pattern !== undefined) {
    const text = textOfValue(value);
    if (text.length > pattern.longest) return `is longer than ${pattern.longest} characters, which ${pattern} is not tried on`;
    if (!pattern.test(text)) return `does not match ${pattern}`;
  }
  if (allowed !== undefined && !allowed.some((one) => stringifyJson(one) === stringifyJson(value))) {
    return secret ? 'is none of its enum' : `is not one of ${beginning(allowed.map(textOfValue).join(', '), 200)}`;
  }
  return undefined;
}

/** As it was given: JSON may hold a member `toString`, which must not be called. */
function textOfValue(value: unknown): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}
