// Loaded into a server by NODE_OPTIONS=--import: tells how long its event loop was held up and how much memory it took.
// SIGUSR2 writes the figures to the file PROBE names, and begins anew. CLOCK names a file with milliseconds by which the clock is off.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const { PROBE, CLOCK } = process.env;
if (PROBE !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  setInterval(look, 20).unref();
  process.on('SIGUSR2', () => {
    look();
    const ms = (nanoseconds) => nanoseconds / 1e6;
    const figures = { p99: ms(delays.percentile(99)), max: ms(delays.max), peak, rss: process.memoryUsage.rss() };
    writeFileSync(`${PROBE}.new`, JSON.stringify(figures));
    renameSync(`${PROBE}.new`, PROBE);
    delays.reset();
    peak = 0;
  });
}
if (CLOCK !== undefined) {
  const real = Date.now.bind(Date);
  const off = () => {
    try {
      return Number(readFileSync(CLOCK, 'utf8')) || 0;
    } catch {
      return 0;
    }
  };
  const now = () => real() + off();
  globalThis.Date = class extends Date {
    constructor(...given) {
      super(...(given.length === 0 ? [now()] : given));
    }
    static now = now;
  };
}
