/** The rows of a call, sent with a connector's own way to POST: one request a row, or so many rows a request. */

import { columnsOf, contactOf } from './contact.js';
import { BATCH, IN_FLIGHT } from './koa-server.js';

/**
 * @param {(body: string) => Promise<number>} post gives the status; throws where there is no answer
 * @returns what the method of a JSON-RPC server does
 */
export function deliverWith(post) {
  return async ({ idColumn, configuration, rows }) => {
    const from = columnsOf(configuration);
    const rejectedRows = [];
    const textOf = (some) =>
      JSON.stringify(BATCH === 1 ? contactOf(some[0], from) : { contacts: some.map((row) => contactOf(row, from)) });
    const deliver = async (some) => {
      let reason;
      try {
        const status = await post(textOf(some));
        if (status >= 200 && status <= 299) return;
        reason = `HTTP ${status}`;
      } catch (error) {
        reason = String(error);
      }
      for (const row of some) rejectedRows.push({ id: row[idColumn], reason });
    };
    let next = 0;
    const worker = async () => {
      while (next < rows.length) {
        const begin = next;
        next += BATCH;
        await deliver(rows.slice(begin, next));
      }
    };
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, rows.length) }, worker));
    return { rejectedRows };
  };
}
