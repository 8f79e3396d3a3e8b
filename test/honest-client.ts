/**
 * Calls a server as an honest client would, at a fixed gentle rate, and prints how long its calls took:
 * `node --import tsx test/honest-client.ts <url> <token> <seconds>`, for test/slow-clients.sh.
 */

import { Agent, request } from 'node:http';

const [url = '', token = '', seconds = ''] = process.argv.slice(2);

/** Milliseconds between calls, over a kept connection and over a new one in turn. */
const EVERY = 25;
/** Milliseconds after which a call counts as failed. */
const PATIENCE = 20_000;

const BODY = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'add',
  params: { idColumn: 'id', configuration: { mappings: [{ from: 'e', to: 'email' }] }, rows: [{ id: 1, e: 'a@example.com' }] },
});
const HEADERS = {
  authorization: `Bearer ${token}`,
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(BODY),
};

/** Rejects where the row was not delivered. */
function call(agent: Agent | false): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent, headers: HEADERS, timeout: PATIENCE }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      answer.once('end', () => {
        if (text.includes('"rejectedRows":[]')) resolve();
        else reject(new Error(`${answer.statusCode} ${text.slice(0, 200)}`));
      });
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer in ${PATIENCE} ms`)));
    outgoing.once('error', reject);
    outgoing.end(BODY);
  });
}

const failures: string[] = [];

async function timed(agent: Agent | false, times: number[]): Promise<void> {
  const start = performance.now();
  try {
    await call(agent);
  } catch (error) {
    failures.push(String(error));
  }
  times.push(performance.now() - start);
}

/** Calls that begin when it is their turn, however long those before them take. */
async function measure(rounds: number) {
  const agent = new Agent({ keepAlive: true });
  const [kept, fresh]: [number[], number[]] = [[], []];
  const start = performance.now();
  const calls: Promise<void>[] = [];
  for (let count = 0; count < rounds; count++) {
    const due = start + count * EVERY - performance.now();
    if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
    calls.push(count % 2 === 0 ? timed(agent, kept) : timed(false, fresh));
  }
  await Promise.all(calls);
  agent.destroy();
  return [kept, fresh].flatMap((times) => [percentile(times, 0.5), percentile(times, 0.99)]);
}

function percentile(times: readonly number[], part: number): string {
  const sorted = [...times].sort((a, b) => a - b);
  return (sorted[Math.floor(part * sorted.length)] ?? Number.NaN).toFixed(1);
}

await measure(3000 / EVERY); // to warm up

failures.length = 0;
const figures = await measure((Number(seconds) * 1000) / EVERY);
for (const failure of new Set(failures)) process.stderr.write(`${failure}\n`);
process.stdout.write(`${figures.join(' ')} ${failures.length}\n`);
