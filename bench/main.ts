/** `npm run bench`: measures, prints the table of goals, and writes RESULTS.md and results.svg. */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GOALS, isMet, show, showGoal } from './goals.ts';
import { describeMachine, findCores } from './machine.ts';
import { Stage } from './stage.ts';
import { render } from './suites/render.ts';
import { manyRows, oneRow, overGot } from './suites/rows.ts';
import type { Bench, Outcome, Suite } from './suites/suite.ts';

const SUITES: Readonly<Record<string, Suite>> = {
  one: oneRow,
  got: overGot,
  many: manyRows,
  render,
};

const RULES = { rounds: 7, turn: 1500, warmUp: 3000 };
const QUICK = { rounds: 3, turn: 500, warmUp: 1000 };

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const quick = flags.quick;
const names = flags.only?.split(',') ?? Object.keys(SUITES);
const unknown = names.find((name) => !Object.hasOwn(SUITES, name));
if (unknown !== undefined)
  throw new Error(`There is nothing called "${unknown}" to measure. There is ${Object.keys(SUITES).join(', ')}.`);
const rules = { ...(quick ? QUICK : RULES), ...(flags.rounds !== undefined && { rounds: Number(flags.rounds) }) };

const root = fileURLToPath(new URL('..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
if (!existsSync(`${here}node_modules`))
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });

const cores = findCores();
if (cores !== undefined) spawnSync(...pinnedSelf(cores.others));
const stage = await Stage.set(cores);
const outcomes: Outcome[] = [];
try {
  for (const name of names) {
    console.log(`\n${name}`);
    const suite = SUITES[name];
    if (suite === undefined) continue;
    const bench: Bench = { stage, rules, quick, profile: flags.profile, say: (text) => console.log(`  ${text}`) };
    outcomes.push(await suite(bench));
  }
} finally {
  await stage.strike();
}
console.log('');
for (const line of describeMachine(cores)) console.log(line);
for (const figure of outcomes.flatMap(({ figures }) => figures)) {
  const { what, unit } = GOALS[figure.goal];
  const { median, least, most } = figure.spread;
  const met = { true: 'met', false: 'MISSED', undefined: '' }[String(isMet(figure))];
  console.log(
    `${what.padEnd(75)} ${showGoal(GOALS[figure.goal]).padEnd(24)} ${show(median, unit)} (${show(least, unit)}–${show(most, unit)}) ${met}`,
  );
}
for (const { title, hot, raw } of outcomes.flatMap(({ profiles = [] }) => profiles)) {
  console.log(`\n${title}`);
  for (const { where, share } of hot) console.log(`${(share * 100).toFixed(1).padStart(6)} %  ${where}`);
  if (flags.profile) {
    mkdirSync(`${here}profiles`, { recursive: true });
    writeFileSync(`${here}profiles/${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.cpuprofile`, JSON.stringify(raw));
  }
}

/** The benchmark itself goes where sink and driver are. */
function pinnedSelf(core: number): [string, string[]] {
  return ['taskset', ['--cpu-list', '--pid', String(core), String(process.pid)]];
}
