/** The log: JSON lines on standard output, each without secrets. The one door to pino. */

import { pino } from 'pino';
import type { LogLevel } from '../settings.ts';
import { Outlet } from './outlet.ts';

/** More about an event. The three names that each line has of itself are taken. */
export type Fields = Readonly<Record<string, unknown>> & {
  readonly level?: never;
  readonly time?: never;
  readonly message?: never;
};

export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

/** The one log of a process. Warnings and errors are written at once; what waits, before them. */
export interface ProcessLog extends Log {
  /** To be called where the process may end from now on: nothing waits any more. */
  end(): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Takes the secrets out of a whole line. */
  readonly redact: (text: string) => string;
  /** Where lines go; standard output unless set. */
  readonly destination?: { write(lines: string): unknown } | undefined;
}

export function createLog({ level, redact, destination }: LogOptions): ProcessLog {
  // Written synchronously: a line about a crash must be out before the process is.
  const out = destination ?? pino.destination({ dest: 1, sync: true });
  const outlet = new Outlet((lines) => out.write(lines));
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => outlet.add(clean(line, redact)) },
  );
  return {
    debug: (message, fields) => logger.debug(readable(fields), message),
    info: (message, fields) => logger.info(readable(fields), message),
    warn(message, fields) {
      logger.warn(readable(fields), message);
      outlet.flush();
    },
    error(message, fields) {
      logger.error(readable(fields), message);
      outlet.flush();
    },
    end: () => outlet.end(),
  };
}

/** The whole line passes the redactor, so that no field can get around it; what comes out is still a line of JSON. */
function clean(line: string, redact: (text: string) => string): string {
  const text = redact(line);
  if (text === line || isJson(text)) return text;
  // A secret such as `1234` or `info` was found in a number or a name, and the line fell apart.
  return `${JSON.stringify({ level: 'warn', message: text.trim() })}\n`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Fields with errors as values that JSON can show; `JSON.stringify` makes `{}` of an error. */
function readable(fields: Fields = {}): Fields {
  for (const name in fields) if (fields[name] instanceof Error) return withoutErrors(fields);
  return fields;
}

function withoutErrors(fields: Fields): Record<string, unknown> {
  const entries = Object.entries(fields);
  return Object.fromEntries(entries.map(([name, value]) => [name, value instanceof Error ? readableError(value) : value]));
}

/** How many causes are followed: a chain may close on itself. */
const CAUSES = 5;

function readableError(error: Error, depth = 0): Record<string, unknown> {
  const { cause } = error;
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(cause instanceof Error && depth < CAUSES ? { cause: readableError(cause, depth + 1) } : {}),
    ...(error instanceof AggregateError ? { errors: error.errors.slice(0, CAUSES).map(String) } : {}),
  };
}
