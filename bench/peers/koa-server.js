/** The server around the hand-written connectors: Koa, its body parser, and JSON-RPC as far as a connector needs it. */

import Koa from 'koa';
import bodyParser from 'koa-bodyparser';

/** @param {(params: never) => Promise<object>} deliver */
export function serve(deliver) {
  const methods = { add: deliver, change: deliver, remove: deliver };
  const app = new Koa();
  app.use(bodyParser({ enableTypes: ['json'], jsonLimit: '64mb' }));
  app.use(async (context) => {
    const { id, method, params } = context.request.body;
    if (!Object.hasOwn(methods, method)) {
      context.body = { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } };
      return;
    }
    context.body = { jsonrpc: '2.0', id, result: await methods[method](params) };
  });
  listening(app.listen(0, '127.0.0.1'));
}

/** Tells the benchmark where to call. @param {import('node:http').Server} server */
export function listening(server) {
  server.once('listening', () => process.send({ url: `http://127.0.0.1:${server.address().port}/` }));
}

export const SINK = `${process.env.BENCH_URL}/contacts`;
export const AUTHORIZATION = `Bearer ${process.env.BENCH_TOKEN}`;
/** Rows in a request; one where none is set. */
export const BATCH = Number(process.env.BENCH_BATCH ?? '1');
/** Requests in flight. */
export const IN_FLIGHT = 50;
