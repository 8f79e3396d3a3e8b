/**
 * The child's side of the questions that the benchmark asks of its processes. Whatever runs in a process of its own is plain
 * JavaScript: nothing but Node runs there, no loader.
 */

/** @param {Record<string, (argument: never) => unknown>} handlers by the name of the question; names of others are left to them */
export function answer(handlers) {
  const reply = async ({ id, name, argument }) => {
    const handler = handlers[name];
    if (handler === undefined) return;
    try {
      process.send({ id, value: await handler(argument) });
    } catch (error) {
      process.send({ id, error: String(error?.stack ?? error) });
    }
  };
  process.on('message', (message) => void reply(message));
}

/** Ends with the benchmark, however that ended. */
export function endWithParent() {
  process.on('disconnect', () => process.exit());
}
