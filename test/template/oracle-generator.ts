/** Templates by a grammar of Liquid: every tag, operator and filter that is on, nested, with plausible arguments and others. */

import { engine } from '../../src/template/engine.ts';
import type { Template } from './oracle-pairs.ts';
import { type Chance, KEYS, NAMES, type Type } from './oracle-values.ts';

/** A filter: what it is given, what it makes, its arguments. */
const FILTERS: readonly (readonly [names: string, given: Type, made: Type, args: readonly string[]])[] = [
  ['append prepend remove remove_first remove_last', 'text', 'text', ['text']],
  ['replace replace_first replace_last', 'text', 'text', ['text', 'text']],
  ['downcase upcase capitalize strip_html strip_newlines squish newline_to_br normalize_whitespace', 'text', 'text', []],
  ['escape escape_once xml_escape url_encode url_decode cgi_escape uri_escape base64_encode base64_decode', 'text', 'text', []],
  ['strip lstrip rstrip', 'text', 'text', ['?text']],
  ['truncate truncatewords', 'text', 'text', ['?count', '?text']],
  ['slugify', 'text', 'text', ['?mode', '?flag']],
  ['number_of_words', 'text', 'number', ['?mode']],
  ['split', 'text', 'list', ['text']],
  ['slice', 'text', 'text', ['count', '?count']],
  ['slice', 'list', 'list', ['count', '?count']],
  ['plus minus times divided_by modulo at_least at_most', 'number', 'number', ['number']],
  ['abs ceil floor to_integer', 'number', 'number', []],
  ['round', 'number', 'number', ['?count']],
  ['join array_to_sentence_string', 'list', 'text', ['?text']],
  ['reverse compact uniq pop shift', 'list', 'list', []],
  ['first last', 'list', 'any', []],
  ['size', 'list', 'number', []],
  ['sort sort_natural', 'list', 'list', []],
  ['sort sort_natural', 'maps', 'maps', ['property']],
  ['concat', 'list', 'list', ['list']],
  ['push unshift', 'list', 'list', ['value']],
  ['map', 'maps', 'list', ['property']],
  ['sum', 'maps', 'number', ['property']],
  ['sum', 'list', 'number', []],
  ['where reject', 'maps', 'maps', ['property', '?value']],
  ['find', 'maps', 'map', ['property', '?value']],
  ['find_index', 'maps', 'number', ['property', '?value']],
  ['has', 'maps', 'flag', ['property', '?value']],
  ['group_by', 'maps', 'maps', ['property']],
  ['default', 'any', 'any', ['value', '?allow']],
  ['inspect json jsonify', 'any', 'text', ['?count']],
  ['raw omit', 'any', 'any', []],
  ['date', 'text', 'text', ['format']],
  ['date_to_xmlschema date_to_rfc822 date_to_string date_to_long_string', 'text', 'text', ['?mode']],
  ['date_iso epoch epoch_ms', 'text', 'any', []],
  ['md5 sha1 sha256 sha512', 'text', 'text', ['?encoding']],
  ['hmac', 'text', 'text', ['text', '?algorithm']],
  ['hmac_sha256 uuid5', 'text', 'text', ['text']],
  ['base64 base64_url uri string parse_json', 'text', 'any', []],
  ['number integer boolean', 'number or text', 'number', []],
  ['except only', 'map', 'map', ['property']],
  ['merge', 'map', 'map', ['map']],
  ['rename', 'map', 'map', ['property', 'property']],
  ['dig', 'map', 'any', ['property', '?property']],
  ['compact_object', 'map', 'map', []],
  ['flatten_keys', 'map', 'map', ['?text']],
  ['liquid', 'text', 'text', ['?purpose']],
];

interface Choice {
  readonly name: string;
  readonly made: Type;
  readonly args: readonly string[];
}

const BY_TYPE = new Map<Type, Choice[]>();
for (const [names, given, made, args] of FILTERS) {
  for (const name of names.split(' ')) BY_TYPE.set(given, [...(BY_TYPE.get(given) ?? []), { name, made, args }]);
}
const EVERY = [...BY_TYPE.values()].flat();

/** Filters of the engine that none of the above is; a new one must be added. */
export function notGenerated(): string[] {
  return Object.keys(engine.filters).filter((name) => !EVERY.some((one) => one.name === name));
}

const LITERALS: Readonly<Record<string, readonly string[]>> = {
  text: ["'a'", "'b'", "','", "''", "' '", "'abc'", '"x\\ty"', "'%'", "'1'", "'$&'"],
  number: ['0', '1', '2', '3', '-1', '2.5', '10', '-0', '0.1'],
  count: ['0', '1', '2', '3', '-1', '-2', '5', '30', "'2'", '1.5'],
  flag: ['true', 'false'],
  property: [
    "'k'",
    "'n'",
    "'k'",
    "'n'",
    "'id'",
    "'name'",
    "'k.n'",
    "'size'",
    "'first'",
    "'last'",
    "'length'",
    "'constructor'",
    "'0'",
    "'a-b'",
    "'__proto__'",
    '\'["k"]\'',
    "''",
  ],
  mode: ["'raw'", "'pretty'", "'ascii'", "'latin'", "'none'", "'cjk'", "'auto'", "'ordinal'", "'default'"],
  format: ["'%Y-%m-%d'", "'%s'", "'%A %-d %B'", "'%H:%M:%S.%L %z'", "'%j %U %q'", "''", "'%3N|%10Y|%^a'"],
  encoding: ["'hex'", "'base64'", "'base64url'", "'x'"],
  algorithm: ["'sha1'", "'sha256'", "'md5'", "'x'"],
  purpose: ["'text'", "'json'"],
  allow: ['allow_false: true', 'allow_false: false'],
};
const WORDS = ['true', 'false', 'nil', 'null', 'empty', 'blank'];
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>=', 'contains', '==', 'contains'];
const FORLOOP = [
  'index',
  'index0',
  'rindex',
  'rindex0',
  'first',
  'last',
  'length',
  'name',
  'parentloop',
  'parentloop.index',
  'nothing',
];
const ODD_NAMES = ['nothing', '["t"]', 'constructor', '__proto__', 'size', 'first', 'last', 'forloop', 'continue', 'length'];
const CHARACTERS = ['x', ' ', '\n', '  \n ', ', ', '"', '<', '{', 'é', '-', '%', ': '];

/** Blocks inside each other. */
const DEPTH = 4;

export class Generator {
  readonly #by: Chance;
  /** What assign, capture and loops brought in: the names of one template. */
  #locals: string[] = [];
  #depth = 0;

  constructor(by: Chance) {
    this.#by = by;
  }

  template(): Template {
    this.#locals = [];
    const chosen = this.#by.below(20);
    if (chosen < 9) return { kind: 'text', source: this.#block(0) };
    if (chosen < 11) return { kind: 'leaf', source: this.leaf() };
    if (chosen < 15) return { kind: 'expression', source: this.#value() };
    if (chosen < 17) return { kind: 'question', source: this.#by.happens(0.9) ? this.#question() : this.#value() };
    if (chosen < 18) return { kind: 'path', source: `/x/${this.#block(2)}` };
    return { kind: 'json-value', source: this.#json(0) };
  }

  /** Of a tree: mostly a sole output. */
  leaf(): string {
    return this.#by.happens(0.8) ? this.#output() : this.#block(2);
  }

  #block(depth: number): string {
    return this.#by.times(1, depth === 0 ? 4 : 3, () => this.#node(depth)).join('');
  }

  #node(depth: number): string {
    const chosen = this.#by.below(depth >= DEPTH ? 9 : 16);
    if (chosen < 3) return this.#by.times(1, 3, () => this.#by.of(CHARACTERS)).join('');
    if (chosen < 6) return this.#output();
    if (chosen < 7) return this.#assign();
    if (chosen < 9) return this.#small();
    if (chosen < 11) return this.#if(depth);
    if (chosen < 14) return this.#for(depth);
    if (chosen < 15) return this.#case(depth);
    return this.#rare(depth);
  }

  #small(): string {
    const chosen = this.#by.below(8);
    if (chosen < 2) return this.#tag(`echo ${this.#value()}`);
    if (chosen < 3) return this.#tag('# a remark');
    if (chosen < 4) return `${this.#tag('comment')} {{ x }} {% if %} ${this.#tag('endcomment')}`;
    if (chosen < 5) return `${this.#tag('raw')} {{ x }} {% if %} ${this.#tag('endraw')}`;
    if (chosen < 6) return this.#lines();
    // Outside of a loop they end the template.
    const leaves = this.#locals.includes('forloop') || this.#by.happens(0.05);
    return leaves ? this.#tag(this.#by.of(['break', 'continue'])) : this.#output();
  }

  #lines(): string {
    const value = this.#value();
    const body = this.#by.of([
      `echo ${value}`,
      `assign v = ${value}\n  echo v`,
      `if ${this.#question()}\n echo ${value}\n else\n echo 'no'\n endif`,
      `for i in ${this.#operand()}\n echo i.k\n echo forloop.index\n endfor`,
      `# a remark\n\n echo ${value}`,
    ]);
    this.#locals.push('v');
    return this.#tag(`liquid\n ${body}\n`);
  }

  #rare(depth: number): string {
    if (this.#by.happens(0.5)) {
      const name = this.#by.of(['c', 'v', 't']);
      const made = `${this.#tag(`capture ${this.#by.happens(0.9) ? name : `'${name}'`}`)}${this.#block(depth + 1)}${this.#tag('endcapture')}`;
      this.#locals.push(name);
      return `${made}{{ ${name} }}`;
    }
    const otherwise = this.#by.happens(0.4) ? `${this.#tag('else')}${this.#block(depth + 1)}` : '';
    const elsif = this.#by.happens(0.3) ? `${this.#tag(`elsif ${this.#question()}`)}${this.#block(depth + 1)}` : '';
    return `${this.#tag(`unless ${this.#question()}`)}${this.#block(depth + 1)}${elsif}${otherwise}${this.#tag('endunless')}`;
  }

  #assign(): string {
    const name = this.#by.of(['v', 'w', 't', 'n', 'l', 'row', 'i', 'forloop', 'a-b']);
    const tag = this.#tag(`assign ${name} = ${this.#by.happens(0.8) ? this.#value() : this.#question()}`);
    this.#locals.push(name);
    return tag;
  }

  #if(depth: number): string {
    const asked = () => (this.#by.happens(0.85) ? this.#question() : this.#value());
    const elsif = this.#by.times(0, 1, () => `${this.#tag(`elsif ${asked()}`)}${this.#block(depth + 1)}`).join('');
    const otherwise = this.#by.happens(0.6) ? `${this.#tag('else')}${this.#block(depth + 1)}` : '';
    return `${this.#tag(`if ${asked()}`)}${this.#block(depth + 1)}${elsif}${otherwise}${this.#tag('endif')}`;
  }

  #case(depth: number): string {
    const when = () => this.#by.times(1, 3, () => this.#operand()).join(this.#by.of([', ', ' or ', ',']));
    const branches = this.#by.times(1, 3, () => `${this.#tag(`when ${when()}`)}${this.#block(depth + 1)}`).join('');
    const otherwise = this.#by.happens(0.6) ? `${this.#tag('else')}${this.#block(depth + 1)}` : '';
    const target = this.#by.happens(0.8) ? this.#operand() : this.#value();
    return `${this.#tag(`case ${target}`)}${this.#by.of(['', '', ' \n', 'x'])}${branches}${otherwise}${this.#tag('endcase')}`;
  }

  #for(depth: number): string {
    const before = this.#locals.length;
    const name = this.#by.of(['i', 'j', 'item', 'n', 'row']);
    const collection = this.#by.happens(0.85)
      ? this.#path(this.#by.of(['l', 'll', 'items', 'o', 'rows', 'records', 'any']))
      : this.#operand();
    const modifiers: string[] = [];
    if (this.#by.happens(0.25)) modifiers.push(`limit: ${this.#argument('count')}`);
    if (this.#by.happens(0.25)) modifiers.push(`offset: ${this.#by.happens(0.3) ? 'continue' : this.#argument('count')}`);
    if (this.#by.happens(0.2)) modifiers.push(this.#by.happens(0.9) ? 'reversed' : `reversed: ${this.#operand()}`);
    if (this.#by.happens(0.3)) modifiers.reverse();
    this.#locals.push(name, 'forloop');
    const body = this.#block(depth + 1) + (this.#by.happens(0.2) ? this.#leave() : '');
    this.#locals.length = before;
    const otherwise = this.#by.happens(0.25) ? `${this.#tag('else')}${this.#block(depth + 1)}` : '';
    return `${this.#tag(`for ${name} in ${collection} ${modifiers.join(' ')}`)}${body}${otherwise}${this.#tag('endfor')}`;
  }

  #leave(): string {
    return `${this.#tag(`if ${this.#question()}`)}${this.#tag(this.#by.of(['break', 'continue']))}${this.#tag('endif')}{{ forloop.index }}`;
  }

  #json(depth: number): string {
    const chosen = this.#by.below(depth > 2 ? 3 : 8);
    if (chosen < 2) return this.#output();
    if (chosen < 3) return `"a${this.#output()}\\n"`;
    if (chosen < 5) return `{${this.#by.times(1, 3, () => `"k${this.#output()}": ${this.#json(depth + 1)}`).join(', ')}}`;
    if (chosen < 6) return `[${this.#by.times(1, 3, () => this.#json(depth + 1)).join(', ')}]`;
    if (chosen < 7) return `{% if ${this.#question()} %}${this.#json(depth + 1)}{% else %}null{% endif %}`;
    const loop = `{% for i in ${this.#path('l')} %}{{ i }}{% unless forloop.last %}, {% endunless %}{% endfor %}`;
    return `${this.#assign()}[${loop}]`;
  }

  #tag(content: string): string {
    return `{%${this.#dash()} ${content} ${this.#dash()}%}`;
  }

  #output(): string {
    return `{{${this.#dash()} ${this.#value()} ${this.#dash()}}}`;
  }

  #dash(): string {
    return this.#by.happens(0.07) ? '-' : '';
  }

  /** A value with filters, each mostly given what the one before makes. */
  #value(): string {
    const root = this.#by.of(Object.keys(NAMES));
    let type: Type = NAMES[root] ?? 'any';
    let text = this.#path(root);
    if (text !== root || this.#by.happens(0.15)) type = 'any';
    if (this.#by.happens(0.2)) text = this.#operand();
    for (const choice of this.#by.times(0, 3, () => this.#by)) {
      const fitting = choice.happens(type === 'any' ? 0.35 : 0.88) ? BY_TYPE.get(type) : undefined;
      const { name, made, args } = choice.of(fitting ?? EVERY);
      // Behind raw there is no other filter.
      if (name === 'raw' && choice.happens(0.8)) continue;
      text += ` | ${name}${this.#arguments(args)}`;
      type = made;
      if (name === 'raw') break;
    }
    return text;
  }

  #arguments(args: readonly string[]): string {
    const given = args
      .filter((arg) => !arg.startsWith('?') || this.#by.happens(0.45))
      .map((arg) => this.#argument(arg.replace('?', '')));
    if (this.#by.happens(0.02)) given.push(this.#operand());
    if (this.#by.happens(0.01)) given.push(`more: ${this.#operand()}`);
    return given.length === 0 ? '' : `: ${given.join(', ')}`;
  }

  #argument(type: string): string {
    if (this.#by.happens(0.08)) return this.#operand();
    const literals = LITERALS[type];
    if (literals !== undefined && (type === 'allow' || this.#by.happens(0.75))) return this.#by.of(literals);
    const names = Object.keys(NAMES).filter((name) => NAMES[name] === type);
    return names.length > 0 ? this.#path(this.#by.of(names)) : this.#operand();
  }

  #question(depth = 0): string {
    const chosen = this.#by.below(depth > 1 ? 6 : 10);
    if (chosen < 1) return this.#operand();
    if (chosen < 6) return `${this.#operand()} ${this.#by.of(COMPARISONS)} ${this.#operand()}`;
    if (chosen < 7) return `not ${this.#by.happens(0.5) ? `(${this.#question(depth + 1)})` : this.#comparison()}`;
    const operator = this.#by.of([' and ', ' or ']);
    const side = () => {
      const grouped = this.#by.happens(0.4);
      return grouped ? `(${this.#question(depth + 1)})` : `${this.#by.happens(0.2) ? 'not ' : ''}${this.#comparison()}`;
    };
    return this.#by.times(2, 3, side).join(operator);
  }

  #comparison(): string {
    return `${this.#operand()} ${this.#by.of(COMPARISONS)} ${this.#operand()}`;
  }

  /** One value without filters of its own. */
  #operand(): string {
    const chosen = this.#by.below(40);
    if (chosen < 22 || this.#depth > 3) return this.#path(this.#name());
    if (chosen < 26) return this.#by.of(LITERALS.number as readonly string[]); // written above
    if (chosen < 31) return this.#by.of(LITERALS.text as readonly string[]); // as above
    if (chosen < 34) return this.#by.of(WORDS);
    if (chosen < 36) return this.#range();
    if (chosen < 37) return `"${this.#by.of(['k', 'n', 'x'])}"`;
    this.#depth++;
    const text = `(${this.#by.happens(0.6) ? this.#value() : this.#question(2)})${this.#by.of(['', '', '.size', '.first', '[0]'])}`;
    this.#depth--;
    return text;
  }

  /** Of unknown numbers one end at most: LiquidJS counts forever between two that are large. */
  #range(): string {
    const end = () =>
      this.#by.of(['0', '1', '3', '-2', "'2'", '2.5', '0.1', 'nothing', 'true', "'x'", "''", '("abc" | size)', 'nil', 'empty']);
    const wide = this.#by.happens(0.2) ? this.#by.of(['n', 'm', 'any', 't', 'l']) : end();
    return this.#by.happens(0.5) ? `(${wide}..${end()})` : `(${end()}..${wide})`;
  }

  #name(): string {
    if (this.#locals.length > 0 && this.#by.happens(0.35)) {
      const local = this.#by.of(this.#locals);
      return local === 'forloop' && this.#by.happens(0.9) ? `forloop.${this.#by.of(FORLOOP)}` : local;
    }
    return this.#by.happens(0.97) ? this.#by.of(Object.keys(NAMES)) : this.#by.of(ODD_NAMES);
  }

  #path(root: string): string {
    let path = root;
    for (const by of this.#by.happens(0.55) ? [] : this.#by.times(1, 2, () => this.#by)) {
      const chosen = by.below(10);
      const key = by.of(KEYS);
      if (chosen < 6) path += /^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `["${key}"]`;
      else if (chosen < 7) path += `[${by.of(['0', '1', '-1', '-2', '9', '1.5', "'0'"])}]`;
      else if (chosen < 8) path += `["${key}"]`;
      else if (chosen < 9) path += `[${by.of(Object.keys(NAMES))}]`;
      else path += by.of(['.first', '.last', '.size', '[o.k]', '[nothing]', '[l[0]]', '[nil]', '[empty]', '[true]']);
    }
    return path;
  }
}
