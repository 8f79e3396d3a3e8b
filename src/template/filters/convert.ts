/** Converters: each answers missing for missing and null, and rejects the row for a value that it cannot read. None guesses. */

import { createHash } from 'node:crypto';
import { parseJson } from '../../json/parse.ts';
import { ExactNumber, exactNumber, stringifyJson } from '../../numbers.ts';
import { checkSegment, encodeSegment } from '../places.ts';
import { renderFault } from '../render-fault.ts';
import { scalarText, shown, utf8Text } from '../text.ts';
import type { FilterFunction, FilterImplementation } from './registry.ts';

/** A filter of present values only. */
function present(filter: FilterFunction): FilterFunction {
  return function onlyPresent(value, ...args) {
    return value === undefined || value === null ? undefined : filter.call(this, value, ...args);
  };
}

function unreadable(what: string, value: unknown): never {
  throw renderFault('convert', `${shown(value)} is not ${what}`);
}

function toNumber(value: unknown): number | ExactNumber {
  if (typeof value === 'number' || value instanceof ExactNumber) return value;
  const text = typeof value === 'string' ? value.trim() : '';
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
    ? exactNumber(text.replace(/^\+/, '').replace(/^(-?)\./, '$10.'))
    : unreadable('a number', value);
}

function toInteger(value: unknown): number | ExactNumber {
  const number = toNumber(value);
  if (number instanceof ExactNumber ? /^[+-]?\d+$/.test(number.toString()) : Number.isInteger(number)) return number;
  return unreadable('a whole number', value);
}

const YES = new Set(['true', 'yes', 'y', 't', '1', 'on']);
const NO = new Set(['false', 'no', 'n', 'f', '0', 'off']);

function toBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : '';
  if (YES.has(word)) return true;
  return NO.has(word) ? false : unreadable('a yes or no', value);
}

/** RFC 9562 section 5.5: the same namespace and text always give the same UUID. */
function uuid5(value: unknown, namespace: unknown): string | undefined {
  const text = utf8Text(value);
  if (text === '') return undefined;
  const hex = String(namespace ?? '').replace(/-/g, '');
  if (!/^[0-9a-fA-F]{32}$/.test(hex)) throw renderFault('argument', 'uuid5 needs a namespace that is a UUID: uuid5: "…"');
  const bytes = createHash('sha1').update(Buffer.from(hex, 'hex')).update(text, 'utf8').digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const json = present((value, indent) => stringifyJson(value, typeof indent === 'number' ? indent : undefined));

export const convertFilters: Readonly<Record<string, FilterImplementation>> = {
  json,
  jsonify: json,
  parse_json: present((value) => {
    try {
      return parseJson(scalarText(value));
    } catch {
      return unreadable('JSON', value);
    }
  }),
  number: present(toNumber),
  integer: present(toInteger),
  string: present((value) =>
    typeof value === 'object' && !(value instanceof ExactNumber) ? stringifyJson(value) : scalarText(value),
  ),
  boolean: present(toBoolean),
  base64: present((value) => Buffer.from(utf8Text(value), 'utf8').toString('base64')),
  base64_url: present((value) => Buffer.from(utf8Text(value), 'utf8').toString('base64url')),
  url_decode: (value) => {
    const text = scalarText(value);
    try {
      return decodeURIComponent(text).replaceAll('+', ' ');
    } catch {
      return unreadable('percent-encoded text', text);
    }
  },
  /** The path's rule, anywhere; in a path it is not encoded twice. */
  uri: {
    raw: true,
    handler: present((value) => {
      const segment = encodeSegment(value);
      checkSegment(segment);
      return segment;
    }),
  },
  uuid5: present(uuid5),
  /** A sole output that is missing drops its key: so do null and "" with this filter. */
  omit: (value) => (value === null || value === '' ? undefined : value),
};
