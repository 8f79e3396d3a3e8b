/** What each filter takes, in steps of about 0.1 µs, found before it runs: most can neither be stopped nor bounded from within. */

import { ExactNumber } from '../numbers.ts';
import type { Budget } from './budget.ts';
import { MAX_VALUE } from './limits.ts';
import { jsonSizeOf, keysOf, sizeOf } from './measure.ts';
import { renderFault } from './render-fault.ts';
import { isMap, scalarText, shown } from './text.ts';

/** Steps of a date, and of one character of its format. */
const DATE = 30;

/** Takes the steps of a filter before it runs. */
type Cost = (value: unknown, args: readonly unknown[], budget: Budget) => void;

/** Characters of a text that are handled in a step, where it is only copied: so 2,000,000 steps make 32 MB of texts at most. */
const CHARACTERS = 16;
/** Elements of a list that are copied in a step. */
const COPIED = 2;

/** Nothing but a look at the values, however large they are. */
const look: Cost = (_, __, budget) => budget.steps(1);

/** A walk along its arguments. */
const walking: Cost = (_, args, budget) => budget.steps(1 + sizesOf(args, budget) / CHARACTERS);

/** A text, or a list written as text, and so the arguments. `weight`: how much slower than copying, or longer its result. */
function text(weight: number): Cost {
  return (value, args, budget) => budget.steps(1 + ((sizeOf(value, budget) + sizesOf(args, budget)) * weight) / CHARACTERS);
}

/** A list, each element by itself. `weight`: steps of one. */
function each(weight: number): Cost {
  return (value, args, budget) => budget.steps(1 + lengthOf(value) * weight + sizesOf(args, budget) / CHARACTERS);
}

/** A list, of each element a property, which may be compared. `weight`: steps of an element. */
function reading(weight: number): Cost {
  return (value, [property, expected], budget) => {
    const each = weight + namesIn(property) + sizeOf(expected, budget) / CHARACTERS;
    // `empty` and `blank` look into what they are compared with.
    const within = typeof expected === 'object' && !(expected instanceof ExactNumber) ? sizeOf(value, budget) : 0;
    budget.steps(1 + lengthOf(value) * each + within / CHARACTERS);
  };
}

/** Characters of a property's name. */
const MAX_PROPERTY = 500;

/** LiquidJS reads a property as an expression, in which a range could stand that nothing bounds. */
function namesIn(property: unknown): number {
  if (Array.isArray(property) || isMap(property)) throw renderFault('argument', 'the name of a property must be a text');
  const name = scalarText(property);
  if (name.length > MAX_PROPERTY || /\[.*\(/s.test(name))
    throw renderFault('argument', `${shown(property)} is not the name of a property`);
  return name.split(/[.[]/).length;
}

const perElement = reading(20);

/** A list that holds its arguments afterwards: of all together only so much may ever be written out. */
const growing: Cost = (value, args, budget) => {
  if (sizeOf(value, budget) + sizesOf(args, budget) > MAX_VALUE) budget.tooLarge();
  budget.steps(1 + [value, ...args].reduce((steps: number, part) => steps + lengthOf(part) / COPIED, 0));
};

/** Of a map LiquidJS groups the entries. */
const grouping: Cost = (value, args, budget) => {
  growing(value, args, budget);
  const elements = isMap(value) ? keysOf(value, budget) : value;
  perElement(elements, args, budget);
};

/** Steps of an entry that is copied from map to map. */
const ENTRY = 10;

/** Maps are copied entry by entry; names may be arguments, alone or in lists. */
const entries: Cost = (value, args, budget) => {
  budget.steps(1 + sizesOf(args, budget) / CHARACTERS);
  for (const part of [value, ...args]) if (isMap(part)) budget.steps(ENTRY * keysOf(part, budget).length);
  for (const name of args.flat()) if (typeof name === 'string') budget.key(name.length);
};

const merging: Cost = (value, args, budget) => {
  growing(value, args, budget);
  entries(value, args, budget);
};

/** The keys of a map within a map are joined, so that together they may be far longer than the map. */
const flattening: Cost = (value, [separator], budget) => {
  const between = sizeOf(separator, budget);
  const walk = (map: Record<string, unknown>, before: number): void => {
    for (const key of keysOf(map, budget)) {
      const length = before + key.length;
      budget.key(length);
      budget.steps(ENTRY + length / CHARACTERS);
      const child = map[key];
      if (isMap(child)) walk(child, length + between);
    }
  };
  // No deeper than values may be.
  sizeOf(value, budget);
  if (isMap(value)) walk(value, 0);
};

/** A pattern of more than this many characters may be compared at every place of the text. */
const SHORT = 250;
/** Characters that are compared in a step. */
const COMPARED = 300;
/** Steps of a part into which a text is cut. */
const PART = 2;

/** Characters among which a text is looked for in a step. */
const SEARCHED = 8;

/** What it takes to find a text in another. */
export function searchSteps(size: number, length: number): number {
  return (size + length) / SEARCHED + (length > SHORT ? (size * length) / COMPARED : 0);
}

const searching: Cost = (value, [part, by], budget) => {
  const size = sizeOf(value, budget);
  budget.steps(1 + searchSteps(size, sizeOf(part, budget)) + (size + sizeOf(by, budget)) / CHARACTERS);
};

/** A text that is cut at each place where another is found, perhaps to put a third there. */
const cutting: Cost = (value, [part, by], budget) => {
  searching(value, [part, by], budget);
  const each = PART + sizeOf(by, budget) / CHARACTERS;
  if (typeof value !== 'string' || typeof part !== 'string' || part === '') {
    budget.steps((sizeOf(value, budget) + 1) * each);
    return;
  }
  for (let at = value.indexOf(part); at !== -1; at = value.indexOf(part, at + part.length)) budget.steps(each);
};

const joining: Cost = (value, [between], budget) =>
  budget.steps(1 + (sizeOf(value, budget) + lengthOf(value) * sizeOf(between, budget)) / CHARACTERS);

/** As JSON: also what rejects a value quotes it. */
const printing: Cost = (value, [indent], budget) => {
  const spaces = typeof indent === 'number' && indent > 0 ? Math.min(10, indent) : 0;
  budget.steps(1 + jsonSizeOf(value, budget, spaces) / CHARACTERS);
};

const dating: Cost = (value, args, budget) => {
  printing(value, [], budget);
  budget.steps(DATE + sizesOf(args, budget));
};

function sizesOf(values: readonly unknown[], budget: Budget): number {
  let size = 0;
  for (const value of values) size += sizeOf(value, budget);
  return size;
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 1;
}

/** By how they were measured on texts and lists made to be slow; what is not listed is taken to read all of its value once. */
const COSTS: ReadonlyMap<string, Cost> = new Map<string, Cost>(
  (
    [
      ['default first last omit raw size', look],
      ['dig', walking],
      ['escape:host escape:text escape:url', look],
      ['escape:path', text(9)],
      ['escape:json-string escape:json-value', printing],
      ['date_to_long_string date_to_rfc822 date_to_string', text(1000)],
      ['date', dating],
      ['base64 base64_decode base64_encode base64_url capitalize downcase truncate upcase url_decode', text(2)],
      ['hmac hmac_sha256 md5 sha1 sha256 sha512 uuid5', text(2)],
      ['date_to_xmlschema', text(16)],
      ['array_to_sentence_string join', joining],
      ['cgi_escape newline_to_br uri uri_escape url_encode', text(9)],
      ['escape escape_once inspect number_of_words slugify strip_html truncatewords xml_escape', text(20)],
      ['lstrip normalize_whitespace rstrip squish strip strip_newlines', text(8)],
      ['parse_json', text(32)],
      ['boolean date_iso epoch epoch_ms integer json jsonify number string', printing],
      ['remove replace split', cutting],
      ['remove_first remove_last replace_first replace_last', searching],
      ['compact pop reverse shift slice', each(1 / COPIED)],
      ['uniq', each(4)],
      ['concat push unshift', growing],
      ['find find_index has reject where', perElement],
      ['group_by', grouping],
      ['map sort sort_natural sum', reading(3)],
      ['compact_object except only rename', entries],
      ['merge', merging],
      ['flatten_keys', flattening],
    ] as const
  ).flatMap(([names, cost]) => names.split(' ').map((name) => [name, cost] as const)),
);

const REST = text(1);

export function costOf(filter: string): Cost {
  return COSTS.get(filter) ?? REST;
}

/** What a filter made is text or list anew. */
export function chargeMade(made: unknown, budget: Budget): void {
  if (typeof made === 'string') budget.steps(made.length / CHARACTERS);
  else if (Array.isArray(made)) budget.steps(made.length / COPIED);
}
