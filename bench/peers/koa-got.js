/** Koa and got by hand: connections are kept, and got does nothing beyond the request. */

import { Agent } from 'node:http';
import got from 'got';
import { deliverWith } from './deliver.js';
import { AUTHORIZATION, IN_FLIGHT, SINK, serve } from './koa-server.js';

const client = got.extend({
  agent: { http: new Agent({ keepAlive: true, maxSockets: IN_FLIGHT }) },
  headers: { 'content-type': 'application/json', authorization: AUTHORIZATION },
  throwHttpErrors: false,
  followRedirect: false,
  decompress: false,
  retry: { limit: 0 },
});

serve(deliverWith(async (body) => (await client.post(SINK, { body })).statusCode));
