/** Times, always in UTC. A text that is no time rejects the row; "now" as text is refused, since rows could hold it. */

import type { Liquid } from 'liquidjs';
import { ExactNumber } from '../../numbers.ts';
import { renderFault } from '../render-fault.ts';
import { scalarText } from '../text.ts';
import type { FilterFunction } from './registry.ts';

/** ISO 8601 with or without a time; without an offset it is UTC. A space for the T is what SQL prints. */
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/** Milliseconds since 1970. Numbers below 10¹¹ are seconds, else milliseconds: so 1973 to 5138 is told apart either way. */
function toMilliseconds(value: unknown): number {
  if (typeof value === 'number' || value instanceof ExactNumber) {
    const number = Number(value);
    if (Number.isFinite(number)) return Math.abs(number) < 1e11 ? number * 1000 : number;
  }
  const text = typeof value === 'string' ? value.trim() : '';
  const ms =
    fromIso(text) ?? (/^[A-Za-z]{3}, \d{2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? Date.parse(text) : Number.NaN);
  if (Number.isNaN(ms)) {
    throw renderFault(
      'convert',
      `${JSON.stringify(text.slice(0, 40))} is not a time; expected ISO 8601, such as 2026-01-31T12:00:00Z, or seconds since 1970`,
    );
  }
  return ms;
}

function fromIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(ms);
  // Date.UTC carries the 31st of February over into March.
  if (
    date.getUTCMonth() + 1 !== Number(month) ||
    date.getUTCDate() !== Number(day) ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 59
  ) {
    return Number.NaN;
  }
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
  return ms - offset + Math.trunc(Number(`0.${fraction || '0'}`) * 1000);
}

function ofTime(filter: (ms: number, args: unknown[], self: unknown) => unknown): FilterFunction {
  return function time(value, ...args) {
    return value === undefined || value === null || value === '' ? undefined : filter(toMilliseconds(value), args, this);
  };
}

export function timeFilters(builtin: Liquid['filters']): Readonly<Record<string, FilterFunction>> {
  const date = builtin.date;
  if (typeof date !== 'function') throw new Error('LiquidJS has no filter date');
  return {
    /** LiquidJS's strftime over a time that was read strictly. */
    date: ofTime((ms, [format], self) =>
      date.call(self as ThisParameterType<typeof date>, new Date(ms), scalarText(format) || '%Y-%m-%dT%H:%M:%SZ'),
    ), // as in registry.ts
    /** `2026-01-31T12:00:00.000Z`, or with 'date' `2026-01-31` */
    date_iso: ofTime((ms, [part]) => (part === 'date' ? new Date(ms).toISOString().slice(0, 10) : new Date(ms).toISOString())),
    /** Whole seconds since 1970. */
    epoch: ofTime((ms) => Math.floor(ms / 1000)),
    epoch_ms: ofTime((ms) => Math.floor(ms)),
  };
}
