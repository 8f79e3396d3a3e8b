/** Koa and undici by hand: one pool for all calls, and answers read to their end. */

import { Pool } from 'undici';
import { deliverWith } from './deliver.js';
import { AUTHORIZATION, IN_FLIGHT, SINK, serve } from './koa-server.js';

const { origin, pathname } = new URL(SINK);
const pool = new Pool(origin, { connections: IN_FLIGHT });
const headers = { 'content-type': 'application/json', authorization: AUTHORIZATION };

serve(
  deliverWith(async (body) => {
    const response = await pool.request({ method: 'POST', path: pathname, headers, body });
    await response.body.dump();
    return response.statusCode;
  }),
);
