/** The names that a text gives values to: those of `assign` and `capture` hold everywhere in it, those of a loop within the loop. */

import { AssignTag, CaptureTag, type Template, toValueSync } from 'liquidjs';
import type { LocalNames } from './code.ts';

export class Locals implements LocalNames {
  /** How many there are room for in a frame. */
  count = 0;
  readonly #assigned = new Map<string, number>();
  readonly #reached = new Map<string, number>();
  readonly #loops: Map<string, number>[] = [];

  constructor(templates: readonly Template[]) {
    this.#gather(templates);
  }

  find(name: string): { slot: number; always: boolean } | undefined {
    const inner = this.#loops.findLast((names) => names.has(name))?.get(name);
    if (inner !== undefined) return { slot: inner, always: true };
    const slot = this.#assigned.get(name);
    return slot === undefined ? undefined : { slot, always: false };
  }

  /** Where `assign` and `capture` put it, whatever loop they stand in. */
  assigned(name: string): number {
    const slot = this.#assigned.get(name) ?? this.slot();
    this.#assigned.set(name, slot);
    return slot;
  }

  /** Where loops of one name over the same text keep how far they came, for `offset: continue`. */
  reached(loop: string): number {
    const slot = this.#reached.get(loop) ?? this.slot();
    this.#reached.set(loop, slot);
    return slot;
  }

  slot(): number {
    return this.count++;
  }

  /** Compiles with names that are seen there alone. */
  within<T>(names: readonly (readonly [string, number])[], compile: () => T): T {
    this.#loops.push(new Map(names));
    try {
      return compile();
    } finally {
      this.#loops.pop();
    }
  }

  /** In the second turn of a loop its beginning sees what its end assigned. */
  #gather(templates: readonly Template[]): void {
    for (const template of templates) {
      // Private in the types only.
      if (template instanceof AssignTag) this.assigned((template as unknown as { key: string }).key);
      if (template instanceof CaptureTag) this.assigned((template as unknown as { variable: string }).variable);
      const children = (template as Template).children?.(false, true); // the classes lack the optional member of their own interface
      if (children !== undefined) this.#gather(toValueSync(children) as Template[]); // sync: a list, not a promise
    }
  }
}
