/** How a destination asks its API: it gets the answers as an argument, and knows nothing of how they are fetched. */

/** What the templates of lookups see of the call. */
export interface Asked {
  readonly object: string | undefined;
  readonly mode: string | undefined;
  /** Where a configuration is there: for validation and rows. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The values of some lookups, by name; asks nothing for an empty set.
 * @throws {Fault} `lookup.failed`, with the reason, where one of them fails
 */
export type Ask = (names: ReadonlySet<string>, asked: Asked) => Promise<Readonly<Record<string, unknown>>>;
