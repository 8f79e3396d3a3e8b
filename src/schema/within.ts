/** Ends work that hostile data makes endless: V8 itself stops it, so the work needs to know nothing of it. */

import { createContext, Script } from 'node:vm';

const context = createContext({ work: undefined });
const script = new Script('work()');

/**
 * What `work` gives, or nothing where that takes longer: it is then broken off between two of its steps, so it must not
 * write to what outlives it.
 */
export function within<T>(milliseconds: number, work: () => T): T | undefined {
  context.work = work;
  try {
    return script.runInContext(context, { timeout: milliseconds });
  } catch (error) {
    // The context's own Error, which is none of ours.
    if (Object(error).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  } finally {
    context.work = undefined;
  }
}
