/** Loaded into every process under test (`--import`): tells what the process took, and profiles it. Measures nothing by itself. */

import { Session } from 'node:inspector/promises';
import { answer, endWithParent } from './channel.js';

/** Microseconds between two samples of a profile. */
const INTERVAL = 500;

/** @type {Session | undefined} */
let session;

async function profile() {
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
  await session.post('Profiler.start');
}

// A start is over before anybody could ask.
if (process.env.BENCH_PROFILE !== undefined) await profile();

answer({
  /** CPU of all threads in microseconds, and memory in bytes: now, and at its highest. */
  usage() {
    const { user, system } = process.cpuUsage();
    return { cpu: user + system, rss: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 };
  },
  profile,
  async profiled() {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return profile;
  },
});
endWithParent();
// The channel keeps nothing alive that would end by itself.
process.channel.unref();
