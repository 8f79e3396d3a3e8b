/** In what our templates differ from LiquidJS's on purpose, each with its reason; whatever else differs is a fault of ours. */

/** What the design refuses although LiquidJS goes on: there we must fail, with this code. */
const REFUSALS = {
  /** LiquidJS writes `[object Object]`, and joins lists. */
  'a list or a map is no text': 'render.list',
  'a text filter takes no map': 'render.list',
  /** JSON has neither. */
  'NaN and infinities are no numbers': 'render.number',
  /** JavaScript compares what it makes of them as text. */
  'lists and maps are in no order': 'render.order',
  /** JavaScript takes `[2]` for 2. */
  'limit and offset are no lists': 'render.argument',
  /** LiquidJS reads the name as an expression, in which a range could stand that nothing bounds. */
  'the name of a property is a text': 'render.argument',
  /** `"false"` and 0 are true to LiquidJS: never a yes by accident. */
  'a question is answered by true or false': 'render.question',
  /** Nothing of a list or a text could be a key. */
  'what is spread is a map': 'render.spread',
  /** Told before a row is seen: LiquidJS would make the text that it is. */
  'a person’s JSON is JSON': 'render.liquid',
  /** UTF-8 would carry another text. */
  'half a character cannot be sent': 'render.surrogate',
} as const;

/** Where the oracle answers as the design says, not as LiquidJS does; and where ours may fail, with this code. */
export const ALLOWED = {
  /** A row may have a column of that name in another call; a count in its place would be somebody's data. */
  'size of a row is a column': 'as the design',
  /** In JavaScript null is less than 1. */
  'missing and null are in no order': 'as the design',
  /** JavaScript looks for what it makes of them as text. */
  'a text contains no list and no map': 'as the design',
  /** Raw or not, an output makes text; LiquidJS joins a list that `capture` holds. */
  'a captured list is no text': 'render.list',
} as const;

/** What bounds our templates only: LiquidJS has no limit of its own, or would never end. */
const BOUNDS: readonly [name: string, code: string, sentence: RegExp, reads: string][] = [
  ['an end of a range is no list', 'render.argument', /^an end of a range is a list/, '..'],
  ['a range ends within whole numbers', 'render.argument', /^a range goes from \S+ to \S+; it cannot count further/, '..'],
  [
    'a person’s template has fewer tags',
    'render.liquid',
    /^a template of the configuration cannot be read: the tag "\w+" cannot be used here/,
    'liquid',
  ],
];

export type Refusal = keyof typeof REFUSALS;
export type Allowed = keyof typeof ALLOWED;

/** Thrown by the oracle where the design refuses what LiquidJS would do. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

export function codeOf(refusal: Refusal): string {
  return REFUSALS[refusal];
}

/** The bound by which ours alone failed. */
export function boundBehind(code: string, sentence: string, source: string): string | undefined {
  return BOUNDS.find(([, bound, text, reads]) => bound === code && text.test(sentence) && source.includes(reads))?.[0];
}

/** Their names: each must be met, or it excuses nothing. */
export const EXPLAINED: readonly string[] = [...Object.keys(REFUSALS), ...Object.keys(ALLOWED), ...BOUNDS.map(([name]) => name)];
