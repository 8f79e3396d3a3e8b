/** XML as values: an element is its text, or a map of its attributes (`@name`), its elements, and its text (`#text`) where it has any. */

import { MAX_DEPTH } from '../json/limits.ts';
import { setOwn, UnreadableError, ValueCount } from './parsed.ts';

/** An element that is repeated becomes a list, which is one level more: the values are no deeper than those of JSON. */
const MOST_LEVELS = MAX_DEPTH / 2;

/** Different names: those of a schema are hundreds. Where data are names, every map is of its own kind, which takes long and much memory. */
const MOST_NAMES = 10_000;

/** An element whose end has not come yet. */
export interface Element {
  /** As it is written. */
  readonly name: string;
  text: string;
  /** Its attributes and elements, once there are any. */
  map: Record<string, unknown> | undefined;
}

/**
 * Of names prefixes are left out, and declarations of prefixes too; what has one name is a list.
 * @throws {UnreadableError} where there is too much
 */
export class XmlTree {
  readonly #count = new ValueCount('XML');
  readonly #names = new Set<string>();
  readonly #document: Element = { name: '', text: '', map: undefined };
  readonly #open: Element[] = [];

  /** The innermost element that is open. */
  get open(): Element | undefined {
    return this.#open.at(-1);
  }

  /** The root element as the one member of a map, once it has begun. */
  get document(): Readonly<Record<string, unknown>> | undefined {
    return this.#document.map;
  }

  /** What gives no value of its own counts too. */
  count(): void {
    this.#count.add(1);
  }

  /** One more, which is opened when its attributes are there. */
  element(name: string): Element {
    this.#count.add(1);
    return { name, text: '', map: undefined };
  }

  attribute(element: Element, name: string, value: string): void {
    if (name === 'xmlns' || name.startsWith('xmlns:')) return;
    this.#count.add(1);
    this.#add(element, `@${local(name)}`, value);
  }

  begin(element: Element): void {
    this.#open.push(element);
    if (this.#open.length > MOST_LEVELS) throw new UnreadableError(`XML nested deeper than ${MOST_LEVELS} levels`);
    this.#document.map ??= {};
  }

  /** The innermost element ends. */
  end(): void {
    const element = this.#open.pop();
    if (element === undefined) return;
    const text = trimmed(element.text);
    if (element.map !== undefined && text !== '') this.#add(element, '#text', text);
    this.#add(this.open ?? this.#document, local(element.name), element.map ?? text);
  }

  #add(to: Element, name: string, value: unknown): void {
    this.#names.add(name);
    if (this.#names.size > MOST_NAMES) throw new UnreadableError(`XML of more than ${MOST_NAMES} different names`);
    if (to.map === undefined) this.#count.add(1);
    to.map ??= {};
    const before = Object.hasOwn(to.map, name) ? to.map[name] : undefined;
    if (Array.isArray(before)) before.push(value);
    else setOwn(to.map, name, before === undefined ? value : [before, value]);
  }
}

/** A name without its prefix. */
function local(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1) || name;
}

/** Without white space of XML at its ends: what sets elements apart for the eye. */
export function trimmed(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
}
