/** Values as YAML text: numbers with all their digits, rows and headers in one line each where they are short. */

import { Document, isMap, isSeq, type ScalarTag, stringify } from 'yaml';
import { ExactNumber } from '../numbers.ts';

/** The library knows doubles and bigints; these print as they were written. */
const EXACT: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  identify: (value) => value instanceof ExactNumber,
  resolve: (text) => text,
  stringify: ({ value }) => String(value),
};

const SCHEMA = { customTags: (tags: readonly unknown[]) => [EXACT, ...tags] as ScalarTag[] }; // the library's own tags, ours before them

/** Every key on a line of its own: what diffs are made of. */
export function printLines(value: unknown): string {
  return stringify(value, { ...SCHEMA, lineWidth: 0 });
}

/** As people write cases. */
export function printCompact(value: unknown): string {
  const document = new Document(value, SCHEMA);
  compact(document.contents);
  // What is given is a map, and stays one of several lines.
  if (isMap(document.contents)) document.contents.flow = false;
  return document.toString({ lineWidth: 0, flowCollectionPadding: true }).trimEnd();
}

/** Characters of a map that is read at a glance in one line. */
const LINE = 100;

function compact(value: unknown): boolean {
  if (!isMap(value) && !isSeq(value)) return true;
  const items = isMap(value) ? value.items.map((pair) => pair.value) : value.items;
  const flat = items.map(compact).every((leaf) => leaf) && (items.length === 0 || (isMap(value) && String(value).length <= LINE));
  value.flow = flat;
  return false;
}
