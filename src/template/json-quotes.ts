/** Follows the quotes of a JSON text through the blocks of its template: whichever way is taken, they must be left alike. */

import type { Token } from 'liquidjs';
import type { Checker } from './strict.ts';

const DANGLING = 'A backslash of the JSON stands right before a template, whose first character it would escape.';

/** What is known of a block. */
export interface Branches {
  /** Whether the text was inside quotes where the block, and so each branch, began. */
  readonly atStart: boolean;
  /** How the branches that ended so far left it. */
  atEnd?: boolean;
  /** Whether one of them is sure to be taken. */
  hasElse?: boolean;
}

export class JsonQuotes {
  readonly #checker: Checker;
  #inside = false;
  /** Where the last quote was opened. */
  #opened = 0;

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  get inside(): boolean {
    return this.#inside;
  }

  text(text: string, begin: number): void {
    for (let i = 0; i < text.length; i++) {
      if (text[i] === '\\' && this.#inside) {
        if (i === text.length - 1) this.#checker.problem('template.quotes', DANGLING, begin + i, 1);
        i++;
      } else if (text[i] === '"') {
        this.#inside = !this.#inside;
        if (this.#inside) this.#opened = begin + i;
      }
    }
  }

  open(): Branches {
    return { atStart: this.#inside };
  }

  /** The next branch begins. @param silent whether nothing of the one before it is put out */
  branch(branches: Branches, tag: Token, silent: boolean): void {
    if (silent) branches.atEnd = branches.atStart;
    else this.#endBranch(branches, tag);
    this.#inside = branches.atStart;
  }

  /** The block ends. */
  close(branches: Branches, tag: Token, name: string): void {
    this.#endBranch(branches, tag);
    // A loop may run no times, and an if or case may take no branch: then nothing was put out.
    if (this.#inside === branches.atStart || branches.hasElse === true) return;
    this.#problem(`This ${name} may leave a quote of the JSON open or not.`, tag);
    this.#inside = branches.atStart;
  }

  /** What leaves a loop leaves its text where it is: the quotes must be as they are without the loop. */
  leave(loop: Branches | undefined, tag: Token, name: string): void {
    if (this.#inside !== (loop?.atStart ?? false)) this.#problem(`This ${name} leaves a quote of the JSON open.`, tag);
  }

  /** The text ends. */
  end(): void {
    if (this.#inside)
      this.#checker.problem('template.quotes', 'A quote of the JSON is not closed: " is missing.', this.#opened, 1);
  }

  #endBranch(branches: Branches, tag: Token): void {
    if (branches.atEnd !== undefined && branches.atEnd !== this.#inside)
      this.#problem('One branch leaves a quote of the JSON open and another does not.', tag);
    branches.atEnd = this.#inside;
  }

  #problem(sentence: string, tag: Token): void {
    this.#checker.problem('template.quotes', sentence, tag.begin, tag.end - tag.begin);
  }
}
