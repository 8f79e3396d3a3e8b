/** A jayson server with the methods of a Hightouch embedded destination that take rows, as Hightouch's samples are written. */

import jayson from 'jayson/promise/index.js';
import { columnsOf, contactOf } from './contact.js';
import { IN_FLIGHT, listening } from './koa-server.js';

/**
 * The samples send one row after the other; here fifty are under way, which is what their author would change first.
 * @param {(contact: object) => Promise<unknown>} post throws where the API refuses
 */
export function serve(post) {
  const upsert = async ({ idColumn, configuration, rows }) => {
    const from = columnsOf(configuration);
    const rejectedRows = [];
    const queue = rows.values();
    const worker = async () => {
      for (const row of queue) {
        try {
          await post(contactOf(row, from));
        } catch (error) {
          rejectedRows.push({ id: row[idColumn], reason: String(error) });
        }
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    return { rejectedRows };
  };
  listening(new jayson.Server({ add: upsert, change: upsert, remove: upsert }).http().listen(0, '127.0.0.1'));
}
