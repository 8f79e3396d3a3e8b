/** What templates may do at most: the figures of both engines, in one place. */

/**
 * Limits of what templates do with one set of values: of a row, of a request or of an answer. All are counted and none is timed: a
 * busy machine must not reject an honest row. A time limit beside them would stop nothing more, since it too is only looked at between steps.
 */
export interface Limits {
  /** Whose templates these are, for sentences. */
  readonly whose: string;
  /** Steps of all these templates together. A step is 0.1 µs of work or less; `costs.ts` says what takes how many. */
  readonly steps: number;
  /** Characters that they put out, or capture on the way. */
  readonly output: number;
}

/** Manifests: their author is trusted, the values are not. Room for a text of 1000 rows of 20 columns with some filters. */
export const MANIFEST_LIMITS: Limits = {
  whose: 'the templates of a row or a request',
  steps: 2_000_000,
  output: 8 * 1024 * 1024,
};

/** Templates that people write into the form. */
export const CONFIGURATION_LIMITS: Limits = {
  whose: 'a template of the configuration',
  steps: 400_000,
  output: 64 * 1024,
};

/** Characters of a template that people write into the form. */
export const MAX_SOURCE = 4096;

/** Blocks, brackets and parentheses inside each other: what reads them calls itself for each. */
export const MAX_NESTING = 100;

/** Characters that a value written out may have: a list can hold the same part a million times. */
export const MAX_VALUE = 16 * 1024 * 1024;
