/** Times, always in UTC. A text that is no time rejects the row; "now" as text is refused, since rows could hold it. */

import type { Liquid } from 'liquidjs';
import { ExactNumber } from '../../numbers.ts';
import { renderFault } from '../render-fault.ts';
import { scalarText, shown } from '../text.ts';
import type { FilterFunction } from './registry.ts';

/** ISO 8601 with or without a time; without an offset it is UTC. A space for the T is what SQL prints. */
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/i;

const HTTP_DATE = /^[A-Za-z]{3}, \d{2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
/** The most that a date of ECMAScript holds, in milliseconds: the year 275760. */
const MAX_TIME = 8.64e15;

/** Milliseconds since 1970. Numbers below 10¹¹ are seconds, else milliseconds: so 1973 to 5138 is told apart either way. */
function toMilliseconds(value: unknown): number {
  if (typeof value === 'number' || value instanceof ExactNumber) {
    const number = Number(value);
    if (!(Math.abs(number) <= MAX_TIME)) noTime(value);
    return Math.abs(number) < 1e11 ? number * 1000 : number;
  }
  const text = typeof value === 'string' ? value.trim() : '';
  const ms = fromIso(text) ?? (HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN);
  return Number.isNaN(ms) ? noTime(value) : ms;
}

function noTime(value: unknown): never {
  const sentence = `${shown(value)} is not a time; expected ISO 8601, such as 2026-01-31T12:00:00Z, or seconds since 1970`;
  throw renderFault('convert', sentence);
}

/** As `toISOString` writes it, with or without the milliseconds. */
const USUAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z$/;

function fromIso(text: string): number | undefined {
  if (USUAL.test(text)) {
    const ms = Date.parse(text);
    // It carries days that a month does not have over into the next, and the hour 24 into the next day.
    if (new Date(ms).getUTCDate() === Number(text.slice(8, 10))) return ms;
  }
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const date = new Date(0);
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second), Number(fraction.padEnd(3, '0').slice(0, 3)));
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const inRange = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60 && Number(hours) < 24 && Number(minutes) < 60;
  // The 31st of February would be carried over into March.
  if (!inRange || date.getUTCMonth() + 1 !== Number(month) || date.getUTCDate() !== Number(day)) return Number.NaN;
  const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
  return date.getTime() - offset;
}

/** Characters of a format. It may be a value too. */
const MAX_FORMAT = 200;
/** A part that is widened to more than 999 characters. */
const WIDE = /%[-_0^#:]*\d{4}/;

function checkFormat(format: string): void {
  if (format.length > MAX_FORMAT) throw renderFault('argument', `date: the format has more than ${MAX_FORMAT} characters`);
  if (WIDE.test(format)) throw renderFault('argument', 'date: a part of the format is wider than 999 characters');
}

/** A part of a format as LiquidJS reads it; the letter of a name of a day or a month is caught. */
const PART = /%[-_0^#:]*\d*[EO]?(?:([aAbBh])|.)/g;
const MAX_WORDS = 1000;

type Write = (ms: number, format: string, self: unknown) => string;

/** LiquidJS asks for every name of a day or a month anew, which takes 40 µs and 25 KB outside the heap: here they are kept. */
function namesOnce(write: Write): Write {
  const words = new Map<string, string>();
  return (ms, format, self) => {
    const date = new Date(ms);
    const named = format.replace(PART, (part: string, name: string | undefined) => {
      if (name === undefined) return part;
      const key = `${part} ${date.getUTCDay()} ${date.getUTCMonth()}`;
      const known = words.get(key) ?? write(ms, part, self);
      if (words.size >= MAX_WORDS) words.clear();
      words.set(key, known);
      return known;
    });
    return write(ms, named, self);
  };
}

function ofTime(filter: (ms: number, args: unknown[], self: unknown) => unknown): FilterFunction {
  return function time(value, ...args) {
    return value === undefined || value === null || value === '' ? undefined : filter(toMilliseconds(value), args, this);
  };
}

export function timeFilters(builtin: Liquid['filters']): Readonly<Record<string, FilterFunction>> {
  const date = builtin.date;
  if (typeof date !== 'function') throw new Error('LiquidJS has no filter date');
  const write = namesOnce((ms, format, self) => date.call(self as ThisParameterType<typeof date>, new Date(ms), format)); // as in registry.ts
  return {
    /** LiquidJS's strftime over a time that was read strictly. */
    date: ofTime((ms, [given], self) => {
      const format = scalarText(given) || '%Y-%m-%dT%H:%M:%SZ';
      checkFormat(format);
      return write(ms, format, self);
    }),
    /** `2026-01-31T12:00:00.000Z`, or with 'date' `2026-01-31` */
    date_iso: ofTime((ms, [part]) => (part === 'date' ? new Date(ms).toISOString().slice(0, 10) : new Date(ms).toISOString())),
    /** Whole seconds since 1970. */
    epoch: ofTime((ms) => Math.floor(ms / 1000)),
    epoch_ms: ofTime((ms) => Math.floor(ms)),
  };
}
