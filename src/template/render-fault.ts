/** What goes wrong while a template runs: it rejects the row (or fails the call) and names the reason. */

import { beginning, Fault } from '../fault.ts';

/** @param word the last part of the fault's code */
export function renderFault(word: string, sentence: string, cause?: unknown): Fault {
  return new Fault({ code: `render.${word}`, sentence, cause });
}

/** The fault behind an error that LiquidJS threw; a filter that choked on its input becomes one too. */
export function asRenderFault(error: unknown): Fault {
  let cause: unknown = error;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth++) {
    if (cause instanceof Fault) return cause;
    const original = (cause as { originalError?: unknown }).originalError; // LiquidJS's wrapper keeps the cause there
    if (original === undefined) break;
    cause = original;
  }
  const message = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  return renderFault('failed', `a template failed: ${beginning(message, 200)}`, error);
}
