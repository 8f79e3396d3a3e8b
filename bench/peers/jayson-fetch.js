/** jayson and Node's own fetch. */

import { serve } from './jayson-server.js';
import { AUTHORIZATION, SINK } from './koa-server.js';

const headers = { 'content-type': 'application/json', authorization: AUTHORIZATION };

serve(async (contact) => {
  const response = await fetch(SINK, { method: 'POST', headers, body: JSON.stringify(contact) });
  await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
});
