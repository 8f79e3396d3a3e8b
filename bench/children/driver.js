/** Sends JSON-RPC calls as Hightouch does: POST, one call a request, over kept connections. */

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { answer, endWithParent } from './channel.js';

/** Calls by file: their texts are made once, so that making them takes nothing from those under test. @type {Map<string, Buffer>} */
const calls = new Map();

/** Counts all calls, so that URLs have their turn from one drive to the next. */
let next = 0;

/**
 * @param {Agent} agent @param {string} url @param {Buffer} body
 * @returns nothing, or what was wrong with the answer
 */
function call(agent, url, body) {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const done = response.statusCode === 200 && text.includes('"rejectedRows":[]');
        resolve(done ? undefined : `${response.statusCode} ${text.slice(0, 300)}`);
      });
    });
    outgoing.once('error', (error) => resolve(String(error)));
    outgoing.end(body);
  });
}

/** New ones each time: one that was idle for seconds may be closed by the server just when it is used again. */
function connections() {
  return new Agent({ keepAlive: true });
}

function read(file) {
  const body = calls.get(file) ?? readFileSync(file);
  calls.set(file, body);
  return body;
}

answer({
  /** Calls as fast as they are answered, so many at once, for so long or so often; those under way at the end are waited for. */
  async drive({ urls, file, atOnce, ms = Number.POSITIVE_INFINITY, most = Number.POSITIVE_INFINITY }) {
    const body = read(file);
    const agent = connections();
    const begun = performance.now();
    const failures = [];
    let count = 0;
    const worker = async () => {
      while (count < most && performance.now() - begun < ms) {
        count++;
        const failure = await call(agent, urls[next++ % urls.length], body);
        if (failure !== undefined) failures.push(failure);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    agent.destroy();
    return { calls: count, ms: performance.now() - begun, failures };
  },
  /** Calls that begin when it is their turn, however long those before them take: so a pause is seen by all that it holds up. */
  async pace({ urls, file, every, ms }) {
    const body = read(file);
    const agent = connections();
    const begun = performance.now();
    const failures = [];
    const times = [];
    const under = [];
    for (let count = 0; count * every < ms; count++) {
      const due = begun + count * every;
      const early = due - performance.now();
      if (early > 0) await wait(early);
      under.push(
        call(agent, urls[next++ % urls.length], body).then((failure) => {
          times.push(performance.now() - due);
          if (failure !== undefined) failures.push(failure);
        }),
      );
    }
    await Promise.all(under);
    agent.destroy();
    return { calls: under.length, ms: performance.now() - begun, failures, times };
  },
});
endWithParent();
