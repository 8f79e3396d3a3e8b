/** `npm run bench`: measures, prints the goals with their figures, and writes RESULTS.md and results.svg. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, findCores, moveTo } from './machine.ts';
import { plot } from './plot.ts';
import type { Profile } from './profile.ts';
import type { Rules } from './race.ts';
import { forReaders, forTerminal, type Run } from './report.ts';
import { Stage } from './stage.ts';
import { flat } from './suites/flat.ts';
import { idle, memory } from './suites/memory.ts';
import { reload } from './suites/reload.ts';
import { render } from './suites/render.ts';
import { manyRows, oneRow, overGot } from './suites/rows.ts';
import type { Outcome, Suite } from './suites/suite.ts';

const SUITES: ReadonlyMap<string, Suite> = new Map(
  Object.entries({ one: oneRow, got: overGot, many: manyRows, render, flat, reload, idle, memory }),
);
/** Groups of them. */
const GROUPS: ReadonlyMap<string, readonly string[]> = new Map([['rows', ['one', 'got', 'many']]]);

const RULES: Rules = { rounds: 7, turn: 1500, warmUp: 10_000 };
const QUICK: Rules = { rounds: 3, turn: 500, warmUp: 1000 };

const HELP = `npm run bench -- [options]
  --only ${[...GROUPS.keys(), ...SUITES.keys()].join(',')}   measure these alone; RESULTS.md stays as it is
  --rounds N    rounds of each measurement; ${RULES.rounds} unless given
  --quick       a rough look: short turns, ${QUICK.rounds} rounds; RESULTS.md stays as it is
  --profile     write a CPU profile of Rowpost to bench/profiles for each measurement that has one, and print its top`;

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** What to measure, by name. @throws where there is no such thing */
function chosen(only: string | undefined): [string, Suite][] {
  if (only === undefined) return [...SUITES];
  return only.split(',').flatMap((name) =>
    (GROUPS.get(name) ?? [name]).map((one): [string, Suite] => {
      const suite = SUITES.get(one);
      if (suite === undefined) throw new Error(`There is nothing called "${one}" to measure.\n${HELP}`);
      return [one, suite];
    }),
  );
}

/** The peers are installed when they are missing; what is measured is what would be shipped. */
function prepare(): void {
  if (!existsSync(`${HERE}node_modules`))
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: HERE, stdio: 'inherit' });
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: `${HERE}..`, stdio: 'inherit' });
}

function keep({ title, raw }: Profile): void {
  mkdirSync(`${HERE}profiles`, { recursive: true });
  const name = title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  writeFileSync(`${HERE}profiles/${name}.cpuprofile`, JSON.stringify(raw));
}

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  console.log(HELP);
  process.exit();
}
const suites = chosen(flags.only);
const usual = flags.quick ? QUICK : RULES;
const rules = { ...usual, rounds: Number(flags.rounds ?? usual.rounds) };
if (!(rules.rounds >= 1)) throw new Error(`--rounds wants a number of at least 1.\n${HELP}`);

// The children end when this process does, and its files go.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

prepare();
const begun = performance.now();
const cores = findCores();
if (cores !== undefined) moveTo(cores.others);
const stage = await Stage.set(cores);
const outcomes: Outcome[] = [];
try {
  for (const [name, suite] of suites) {
    console.log(`\n${name}`);
    const say = (text: string) => console.log(`  ${text}`);
    const outcome = await suite({ stage, rules, quick: flags.quick, profile: flags.profile, say });
    if (flags.profile) for (const profile of outcome.profiles ?? []) keep(profile);
    outcomes.push(outcome);
  }
} finally {
  await stage.strike();
}

const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
const run: Run = {
  date: new Date().toISOString().slice(0, 10),
  command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  facts: [...describeMachine(cores), `The run took ${minutes} minutes.`],
  rounds: rules.rounds,
  outcomes,
};
console.log(`\n${forTerminal(run)}`);
if (flags.only === undefined && !flags.quick) {
  writeFileSync(`${HERE}RESULTS.md`, forReaders(run));
  const charts = outcomes.flatMap(({ chart }) => chart ?? []);
  writeFileSync(`${HERE}results.svg`, plot('What a second of CPU gets done', charts));
}
