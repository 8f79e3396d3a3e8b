/** Turns a regular expression of ECMA-262 (flag u) into RE2's language; what that lacks is refused, with what to write instead. */

/** What RE2 has no words for, since it needs going back. */
export class Untranslatable extends Error {
  readonly offset: number;
  readonly length: number;

  constructor(sentence: string, offset: number, length: number) {
    super(sentence);
    this.offset = offset;
    this.length = length;
  }
}

/** RE2's own bound: of a count, and of counts inside counts, multiplied. */
const MAX_COUNT = 1000;

/** What to do where a pattern counts too far. */
export const COUNT_ELSEWHERE = 'Bound the text with minLength and maxLength instead.';

const ANY = String.raw`\x{0}-\x{10ffff}`;
const DOT = String.raw`[^\x{a}\x{d}\x{2028}\x{2029}]`;
/** ECMA-262's white space and line ends, where RE2's `\s` is ASCII's; and what is left. */
const SPACE = String.raw`\x{9}-\x{d}\x{20}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const NOT_SPACE = String.raw`\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`;

const GROUP = /\((?:\?(?:[:=!]|<(?:[=!]|[^>]*>))?)?/y;
const QUANTIFIER = /(?:[*+?]|\{(?<least>\d+)(?<more>,(?<most>\d*))?\})\??/y;
const ESCAPE =
  /\\(?:p\{[^}]*\}|u\{[\da-f]+\}|ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|u[\da-f]{4}|x[\da-f]{2}|c[a-z]|k<[^>]*>|[1-9]\d*|.)/iy;
const CONTROLS: Readonly<Record<string, number>> = { 0: 0, t: 9, n: 10, v: 11, f: 12, r: 13 };

const LINEAR = 'Patterns run in linear time, whatever the text, and so';
const REFUSED: Readonly<Record<string, string>> = {
  '(?=': `looks ahead. ${LINEAR} do not look around: in a JSON Schema ask for several with allOf.`,
  '(?!': `looks ahead. ${LINEAR} do not look around: in a JSON Schema ask for the contrary with not.`,
  '(?<=': `looks behind. ${LINEAR} do not look around: match the text before it too.`,
  '(?<!': `looks behind. ${LINEAR} do not look around: in a JSON Schema ask for the contrary with not.`,
  '(?': `sets flags. Patterns have none but u: write [Aa] for either case.`,
};

/** What a piece needs: the instructions of the engine, about, and the counts inside it, multiplied. */
interface Cost {
  readonly steps: number;
  readonly count: number;
}

/**
 * @param source what `new RegExp(source, 'u')` takes
 * @throws {Untranslatable}
 */
export function translate(source: string): { text: string; steps: number } {
  const translator = new Translator(source);
  const { steps } = translator.alternatives();
  return { text: translator.text, steps: steps + 2 };
}

class Translator {
  readonly #source: string;
  #at = 0;
  text = '';

  constructor(source: string) {
    this.#source = source;
  }

  /** Up to the end of the group, or of the whole. */
  alternatives(): Cost {
    let steps = 0;
    let count = 1;
    for (let char = this.#char(); char !== '' && char !== ')'; char = this.#char()) {
      const cost = this.#quantified(this.#atom(char));
      steps += cost.steps;
      count = Math.max(count, cost.count);
    }
    return { steps, count };
  }

  /** The character at hand, or nothing at the end. */
  #char(): string {
    const code = this.#source.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  /** Reads what stands at hand, if it does. */
  #take(what: RegExp): RegExpExecArray | undefined {
    what.lastIndex = this.#at;
    const found = what.exec(this.#source) ?? undefined;
    this.#at += found?.[0].length ?? 0;
    return found;
  }

  #atom(char: string): Cost {
    if (char === '(') return this.#group();
    if (char === '[') this.text += this.#class();
    else if (char === '\\') this.text += this.#escape(false);
    else {
      this.#at += char.length;
      this.text += char === '.' ? DOT : '^$|'.includes(char) ? char : literal(char.codePointAt(0));
    }
    return { steps: 1, count: 1 };
  }

  /** No group is asked for afterwards: all lose their names and numbers. */
  #group(): Cost {
    const from = this.#at;
    const [open = ''] = this.#take(GROUP) ?? [];
    const refused = REFUSED[open];
    if (refused !== undefined) throw new Untranslatable(`"${open}" ${refused}`, from, open.length);
    this.text += '(?:';
    const { steps, count } = this.alternatives();
    this.#at++;
    this.text += ')';
    return { steps: steps + 1, count };
  }

  /** Lazy or greedy: whether there is a match is the same. */
  #quantified({ steps, count }: Cost): Cost {
    const from = this.#at;
    const { 0: written, groups } = this.#take(QUANTIFIER) ?? { 0: '' };
    if (groups?.least === undefined) {
      this.text += written.charAt(0);
      return { steps: written === '' ? steps : steps + 1, count };
    }
    const least = Number(groups.least);
    const most = groups.more === undefined ? least : groups.most === '' ? undefined : Number(groups.most);
    const times = Math.max(1, most ?? least);
    if (times * count > MAX_COUNT) {
      const what = count === 1 ? `counts to ${times}` : `repeats what is counted inside up to ${times * count} times`;
      const sentence = `"${written}" ${what}; a pattern counts to ${MAX_COUNT} at most. ${COUNT_ELSEWHERE}`;
      throw new Untranslatable(sentence, from, written.length);
    }
    this.text += most === least ? `{${least}}` : `{${least},${most ?? ''}}`;
    return { steps: steps * times + (most === undefined ? 1 : times - least), count: times * count };
  }

  #class(): string {
    this.#at++;
    const not = this.#take(/\^/y) !== undefined;
    let items = '';
    while (this.#char() !== ']') {
      items += this.#classItem();
      // With the flag u, a hyphen between two items is always that of a range.
      if (this.#take(/-(?!\])/y) !== undefined) items += `-${this.#classItem()}`;
    }
    this.#at++;
    if (items === '') return `[${not ? '' : '^'}${ANY}]`;
    return `[${not ? '^' : ''}${items}]`;
  }

  #classItem(): string {
    const char = this.#char();
    if (char === '\\') return this.#escape(true);
    this.#at += char.length;
    return literal(char.codePointAt(0));
  }

  #escape(inClass: boolean): string {
    const from = this.#at;
    const [written = ''] = this.#take(ESCAPE) ?? [];
    const letter = written.charAt(1);
    const rest = written.slice(2);
    if (/^(?:[1-9]|k<)/.test(written.slice(1))) {
      const sentence = `"${written}" refers back. ${LINEAR} remember nothing: write out what may stand there.`;
      throw new Untranslatable(sentence, from, written.length);
    }
    switch (letter) {
      case 's':
        return inClass ? SPACE : `[${SPACE}]`;
      case 'S':
        return inClass ? NOT_SPACE : `[${NOT_SPACE}]`;
      case 'b':
        return inClass ? literal(8) : written;
      case 'B':
      case 'd':
      case 'D':
      case 'w':
      case 'W':
        return written;
      case 'p':
      case 'P':
        return `\\${letter}{${rest.slice(1, -1).replace(/^.*=/, '')}}`;
      case 'u':
        // Two halves of one character are one.
        return literal(rest.includes('\\u') ? surrogates(rest) : Number.parseInt(rest.replace(/[{}]/g, ''), 16));
      case 'x':
        return literal(Number.parseInt(rest, 16));
      case 'c':
        return literal(rest.charCodeAt(0) % 32);
      default:
        return literal(CONTROLS[letter] ?? letter.charCodeAt(0));
    }
  }
}

function surrogates(written: string): number | undefined {
  const [high = '', low = ''] = written.split('\\u');
  return String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)).codePointAt(0);
}

function literal(code = 0): string {
  return `\\x{${code.toString(16)}}`;
}
