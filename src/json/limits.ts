/** How much JSON is read: so deep, and of so many values. */

/** Nested deeper than this, a text is refused: `JSON.stringify` and walks over the value would overflow the stack. */
export const MAX_DEPTH = 64;

/**
 * A text of more values than this is refused: what is small as text may be large in memory (`{},` takes 64 bytes), and
 * while it is parsed nothing else runs. Rows have sixteen bytes to a value and more, so 64 MB of them are within it.
 */
export const MAX_VALUES = 4_000_000;
/** As many values count what costs more than others: a list or a map, and a number that a double cannot hold. */
export const WEIGHT = { container: 2, longNumber: 4 };
