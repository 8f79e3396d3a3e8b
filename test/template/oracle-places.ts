/** Texts as LiquidJS makes them, when it is the judge: every output is known as one until it stands in its place. */

import { type Emitter, toValue } from 'liquidjs';
import { stringifyJson } from '../../src/numbers.ts';
import { isMap } from '../../src/template/text.ts';
import { Refused } from './oracle-differences.ts';

/** Where a text stands. */
export type TextPlace = 'text' | 'path' | 'json-value';

/** The value of an output before it is text: so the place knows it from text that was written. */
class Put {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  /** What `capture` makes of it. */
  toString(): string {
    return plain(this.value);
  }
}

export function put(value: unknown): Put {
  return new Put(value);
}

/** As LiquidJS writes a value, where the design lets it be written. */
export function plain(given: unknown): string {
  const value: unknown = toValue(given);
  if (Array.isArray(value) || isMap(value)) throw new Refused('a list or a map is no text');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Refused('NaN and infinities are no numbers');
  return value === undefined || value === null ? '' : String(value);
}

/** Gathers a text and escapes each output for the place in which it stands. */
export class PlaceEmitter implements Emitter {
  buffer = '';
  readonly #place: TextPlace;

  constructor(place: TextPlace) {
    this.#place = place;
  }

  write(part: unknown): void {
    this.buffer += part instanceof Put ? this.#escaped(toValue(part.value)) : plain(part);
  }

  #escaped(value: unknown): string {
    if (this.#place === 'text') return plain(value);
    if (this.#place === 'path') return encoded(plain(value));
    if (this.#inQuotes()) return JSON.stringify(plain(value)).slice(1, -1);
    return typeof value === 'number' ? plain(value) : stringifyJson(value ?? null);
  }

  /** By all that was made so far, values too: they must not have broken out. */
  #inQuotes(): boolean {
    return this.buffer.replace(/\\./gs, '').split('"').length % 2 === 0;
  }
}

function encoded(text: string): string {
  if (!text.isWellFormed()) throw new Refused('half a character cannot be sent');
  return encodeURIComponent(text);
}
