/** What a YAML tree is once its leaves are compiled: values and JSON text are both made of this. */

import type { Code } from './code.ts';

/** What is left out of maps beside missing values. */
export type Omit = 'nothing' | 'nulls' | 'empties';

export interface MapNode {
  readonly kind: 'map';
  readonly entries: readonly (readonly [key: string, child: Node])[];
  /** The map that is spread into this one. */
  readonly spread: Node | undefined;
  readonly omit: Omit;
}

export type Node =
  | MapNode
  | { readonly kind: 'leaf'; readonly code: Code }
  | { readonly kind: 'list'; readonly items: readonly Node[] };

/** Steps that are the same at every evaluation, of all leaves together. */
export function stepsOf(node: Node): number {
  if (node.kind === 'leaf') return node.code.steps;
  const children = node.kind === 'list' ? node.items : node.entries.map(([, child]) => child);
  const spread = node.kind === 'map' && node.spread !== undefined ? stepsOf(node.spread) : 0;
  return children.reduce((sum, child) => sum + stepsOf(child), spread);
}
