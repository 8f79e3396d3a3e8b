/** Values of every kind that a call can hold, by seeded chance: plausible ones mostly, and those that break what is careless. */

import { ExactNumber } from '../../src/numbers.ts';
import type { Values } from '../../src/template/scope.ts';
import { seeded } from '../seeded.ts';

/** Seeded chance. */
export class Chance {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seeded(seed);
  }

  /** Whether it happens, of so many times out of one. */
  happens(share: number): boolean {
    return this.#next() < share;
  }

  /** A whole number below the end. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T; // no list of choices is empty
  }

  times<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }
}

/** Empty, of all scripts, what looks like something else, what breaks quotes. */
const TEXTS = [
  ...`¦ ¦abc¦ABC¦a b c¦Zürich¦é😀¦漢字 kana¦it’s¦it's¦"q"¦back\\slash¦\n¦a\r\nb\tc¦\u00a0x\u00a0¦ padded ¦a,b,c¦,a,,b,¦x`.split(
    '¦',
  ),
  ...'0 1 -3 2.5 1e3 007 12345678901234567890 true false null nil undefined NaN Infinity 0x10 now today 1700000000'.split(' '),
  ...'2024-02-29 2024-02-29T12:30:00Z 2023-02-29 & &amp;< <b>x</b> %41%20 % a=b&c=d aGk= {"k":1} [1,2] { $& $\' ../..'.split(' '),
  ...[
    '__proto__',
    'constructor',
    'size',
    'first',
    'k',
    'n',
    'k.n',
    'o[0]',
    '{{ k }}',
    'Hi {{ row.k | upcase }}!',
    '\ud800',
    'a\udc00b',
  ],
  ...['Thu, 29 Feb 2024 12:30:00 GMT', 'x'.repeat(300)],
];
const NUMBERS = [
  0,
  1,
  2,
  3,
  4,
  5,
  -1,
  -2,
  0.1,
  1.5,
  -2.5,
  10,
  100,
  -0,
  1e21,
  1e-7,
  1_700_000_000,
  1.7e12,
  2 ** 31,
  2 ** 53,
  1e308,
];
const EXACT = ['12345678901234567890', '0.1234567890123456789', '-98765432109876543210.5', '1e400', '-1e400', '1e-400'];

/** Keys of maps, as templates write them too. */
export const KEYS = [
  ...['k', 'n', 'k', 'n', 'id', 'name', 'a-b', 'x y', '0', '1', '', 'Ü'],
  ...'size first last length __proto__ constructor toString hasOwnProperty valueOf then toLiquid equals'.split(' '),
];

export type Type = 'text' | 'number' | 'flag' | 'list' | 'maps' | 'map' | 'any' | 'number or text';

export function valueOfType(type: Type, by: Chance, depth = 0): unknown {
  switch (type) {
    case 'text':
      return by.of(TEXTS);
    case 'number':
      return by.of(NUMBERS);
    case 'number or text':
      return by.happens(0.5) ? by.of(NUMBERS) : by.of(TEXTS);
    case 'flag':
      return by.happens(0.5);
    case 'list': {
      const element = by.of<Type>(['text', 'number', 'number', 'any', 'any', 'list']);
      return by.times(0, 4, () => valueOfType(depth > 2 ? 'number' : element, by, depth + 1));
    }
    case 'maps':
      return by.times(0, 4, () => valueOfType(by.happens(0.95) ? 'map' : 'any', by, depth + 1));
    case 'map':
      // As a parsed body is: every key is its own, `__proto__` too.
      return Object.fromEntries(
        by.times(0, 4, () => [by.of(KEYS), valueOfType(depth > 2 || by.happens(0.5) ? 'number or text' : 'any', by, depth + 1)]),
      );
    case 'any':
      return anything(by, depth);
  }
}

function anything(by: Chance, depth: number): unknown {
  const chosen = by.below(depth > 2 ? 6 : 9);
  if (chosen < 2) return by.of(TEXTS);
  if (chosen < 4) return by.of(NUMBERS);
  if (chosen === 4) return by.of([true, false, null]);
  if (chosen === 5) return new ExactNumber(by.of(EXACT));
  return valueOfType(by.of<Type>(['list', 'map', 'maps']), by, depth + 1);
}

/** The names that generated templates read, and what they mostly hold. */
export const NAMES: Readonly<Record<string, Type>> = {
  ...{
    t: 'text',
    u: 'text',
    n: 'number',
    m: 'number',
    f: 'flag',
    l: 'list',
    ll: 'list',
    items: 'maps',
    o: 'map',
    any: 'any',
    'a-b': 'any',
  },
  ...{ row: 'map', record: 'map', rows: 'maps', records: 'maps', config: 'map' },
};

export function valuesOf(by: Chance): Values {
  const values: Values = {};
  for (const [name, type] of Object.entries(NAMES)) {
    if (by.happens(0.94)) values[name] = valueOfType(by.happens(0.88) ? type : 'any', by);
  }
  // Rows are found again by what they are, not by what they hold.
  if (by.happens(0.3) && Array.isArray(values.rows)) values.row = values.rows[0];
  if (by.happens(0.3) && Array.isArray(values.records)) values.record = values.records.at(-1);
  return values;
}
