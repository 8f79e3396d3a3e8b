/** What the operator has set, by flags, environment and files: the only reader of the environment. */

import { type Credentials, SHORTEST_TOKEN } from './credentials.ts';
import { Fault } from './fault.ts';
import { isLoopback } from './networks.ts';
import { SERVER_SETTINGS, type Setting, type SettingName } from './settings.ts';

/** Flags as they were typed, by the name of the setting (which is how commander spells them). */
export type ServerFlags = Readonly<Partial<Record<SettingName, string | undefined>>>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws where the file cannot be read */
export type ReadFile = (path: string) => string;

type Values = { readonly [Name in SettingName]: (typeof SERVER_SETTINGS)[Name]['fallback'] };

/** Sizes in bytes, times in milliseconds. */
export interface ServerSettings extends Omit<Values, 'host' | 'token' | 'signingKey' | 'tlsCert' | 'tlsKey'> {
  readonly host: string;
  /** None where anybody may call, which only a loopback host allows. */
  readonly credentials: Credentials;
  /** The files of the server's own certificate; undefined where it speaks http. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Files that hold secrets, and may change. */
  readonly secretFiles: readonly string[];
}

/** The environment of this process, for whoever looks a secret up by its name. */
export function environment(): Environment {
  return process.env;
}

/**
 * The settings of `serve`. A flag wins over its variable, a variable over its file; what is blank counts as not set.
 * @throws {Fault} that names every setting that is wrong; where there are several, its `cause` holds each
 */
export function readServerSettings(env: Environment, flags: ServerFlags, readFile: ReadFile): ServerSettings {
  const faults: Fault[] = [];
  const read = <Name extends SettingName>(name: Name): Values[Name] => {
    // The row and its value are of one type, which TypeScript does not follow through a name.
    const row = SERVER_SETTINGS[name] as Setting<Values[Name]>;
    const value = readSetting(name, row, { env, flags, readFile });
    if (!(value instanceof Fault)) return value;
    faults.push(value);
    return row.fallback;
  };
  const names = Object.keys(SERVER_SETTINGS) as SettingName[]; // the keys of a literal
  const { host, token, signingKey, tlsCert, tlsKey, ...values } = Object.fromEntries(
    names.map((name) => [name, read(name)]),
  ) as Values; // by their names
  const open = token.length + signingKey.length === 0;
  const chosen = host ?? (open ? '127.0.0.1' : '0.0.0.0');
  if (open && !isLoopback(chosen) && !faults.some(({ code }) => /^settings\.(?:token|signingKey|host)$/.test(code))) {
    faults.push(
      new Fault({
        code: 'settings.open',
        sentence: `Without a token, anybody who reaches ${chosen} could send rows through your destinations.`,
        hint: `Set ROWPOST_TOKEN (or --token) to a secret of at least ${SHORTEST_TOKEN} characters, or listen on 127.0.0.1.`,
      }),
    );
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [there, missing] = tlsCert === undefined ? (['tlsKey', 'tlsCert'] as const) : (['tlsCert', 'tlsKey'] as const);
    const sentence = `${SERVER_SETTINGS[there].env} is set and ${SERVER_SETTINGS[missing].env} is not. Set both for https, or neither.`;
    faults.push(new Fault({ code: `settings.${missing}`, sentence }));
  }
  throwAll(faults);
  const tls = tlsCert === undefined || tlsKey === undefined ? undefined : { cert: tlsCert, key: tlsKey };
  const secretFiles = names.flatMap((name) => fileOf(name, { env, flags }) ?? []);
  return { ...values, host: chosen, tls, credentials: { tokens: token, signingKeys: signingKey }, secretFiles };
}

interface Given {
  readonly env: Environment;
  readonly flags: ServerFlags;
}

function readSetting<T>(name: SettingName, row: Setting<T>, { env, flags, readFile }: Given & { readFile: ReadFile }): T | Fault {
  const wrong = (where: string, what: string) =>
    new Fault({ code: `settings.${name}`, sentence: `${where} ${what}. Expected ${row.expected}.` });
  const flag = flags[name]?.trim();
  if (flag === '') return wrong(row.flag, 'is empty');
  const file = fileOf(name, { env, flags });
  let text = flag ?? env[row.env]?.trim();
  let where = flag === undefined ? row.env : row.flag;
  if (file !== undefined) {
    where = `The file ${file} (${row.env}_FILE)`;
    try {
      text = readFile(file).trim();
    } catch {
      return wrong(where, 'cannot be read');
    }
    if (text === '') return wrong(where, 'is empty');
  }
  if (text === undefined || text === '') return row.fallback;
  return row.parse(text) ?? wrong(where, row.secret === true ? `holds a ${row.value} that cannot be used` : `is ${quote(text)}`);
}

/** The file that a secret is read from, where neither its flag nor its variable is set. */
function fileOf(name: SettingName, { env, flags }: Given): string | undefined {
  const row: Setting<unknown> = SERVER_SETTINGS[name];
  if (row.secret !== true || flags[name] !== undefined || env[row.env]?.trim()) return undefined;
  return env[`${row.env}_FILE`]?.trim() || undefined;
}

function throwAll(faults: readonly Fault[]): void {
  const [first, second] = faults;
  if (first === undefined) return;
  if (second === undefined) throw first;
  const sentence = faults.map((fault) => fault.message).join('\n');
  throw new Fault({ code: 'settings.several', sentence, cause: new AggregateError(faults) });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
