/** What commands share of the terminal: texts in colour where it is one, exit codes, and the flags of `serve`. */

import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import colors from 'picocolors';
import type { Supply } from '../destination/settings.ts';
import { type Fault, showFault, withoutSecrets } from '../fault.ts';
import { stringifyJson } from '../numbers.ts';
import { createRedactor } from '../observe/redact.ts';
import { environment } from '../server-settings.ts';
import { SERVER_SETTINGS } from '../settings.ts';

/** 0: all is well. 1: faults were found. 2: the command was misused. */
export const EXIT = { ok: 0, faults: 1, misuse: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What no command prints: one terminal, one set of secrets, which grows as they become known. */
const terminal = createRedactor([]);

/** From now on nothing that is printed shows these. */
export function hide(secrets: Iterable<string>): void {
  for (const secret of secrets) terminal.add(secret);
}

/** Hides what callers prove themselves with, wherever it is given, and also where it cannot be used. */
export function hideCredentials(): void {
  const env = environment();
  for (const { flag, env: name, parse } of [SERVER_SETTINGS.token, SERVER_SETTINGS.signingKey]) {
    for (const text of [...typed(flag), env[name] ?? '', textOf(env[`${name}_FILE`])]) {
      const words = text.split(/[\s,]+/);
      // Behind the destinations that it is for, as in `crm=…`.
      const limited = words.map((word) => word.slice(word.indexOf('=') + 1));
      hide([...words, ...limited, ...(parse(text) ?? []).map(({ secret }) => secret)]);
    }
  }
}

/** Read here, since the command line may be one that cannot be understood. */
function typed(flag: string): string[] {
  return process.argv.flatMap((word, at, words) => {
    if (word.startsWith(`${flag}=`)) return [word.slice(flag.length + 1)];
    return word === flag ? words.slice(at + 1, at + 2) : [];
  });
}

function textOf(path: string | undefined): string {
  try {
    return path ? readText(path) : '';
  } catch {
    return '';
  }
}

export function print(text: string): void {
  process.stdout.write(`${terminal.redact(text)}\n`);
}

export function printJson(value: unknown): void {
  print(stringifyJson(value, 2));
}

export function complain(text: string): void {
  process.stderr.write(terminal.redact(text));
}

/** What Node would print by itself, but without all that is attached to the error. */
export function printBug(error: unknown): void {
  complain(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

/** A fault for people's eyes: the place in bold, the marks in red. */
export function paintFault(fault: Fault): string {
  const [head = '', ...rest] = showFault(withoutSecrets(fault, terminal.redact)).split('\n');
  const shown = fault.where === '' ? head : colors.bold(fault.where) + head.slice(fault.where.length);
  return [shown, ...rest.map((line) => (/^\s*\^+$/.test(line) ? colors.red(line) : colors.dim(line)))].join('\n');
}

/** A fault for programs. */
export function faultJson(fault: Fault): object {
  const { code, sentence, hint, place } = fault;
  return { code, message: sentence, hint, file: place?.file, line: place?.line, column: place?.column };
}

/** Columns of equal width, two blanks apart; the last may be long. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Settings come from the environment and from files that it names. */
export function supply(): Supply {
  return { env: environment(), readFile: readText };
}

/** @throws where the file cannot be read */
export function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/** A setting of the server as a flag; its variable is read elsewhere, so that one place decides between the two. */
export function settingOption(name: keyof typeof SERVER_SETTINGS): Option {
  const { flag, value, description, env, default: fallback } = SERVER_SETTINGS[name];
  return new Option(`${flag} <${value}>`, `${description} [${env}${fallback === '' ? '' : `, default ${fallback}`}]`);
}
