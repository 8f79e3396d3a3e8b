/** The results as a person reads them: in the terminal, and as RESULTS.md. */

import { readFileSync } from 'node:fs';
import { type Figure, GOALS, type GoalName, isMet, show, showGoal } from './goals.ts';
import type { Profile, Share } from './profile.ts';
import type { Outcome, Table } from './suites/suite.ts';

export interface Run {
  readonly date: string;
  readonly command: string;
  /** Machine and method, a sentence each. */
  readonly facts: readonly string[];
  readonly rounds: number;
  readonly outcomes: readonly Outcome[];
}

/** The goals' figures in the order of the goals. */
function figuresOf({ outcomes }: Run): Figure[] {
  const figures = outcomes.flatMap((outcome) => outcome.figures);
  const names = Object.keys(GOALS) as GoalName[]; // the keys of a literal
  return names.flatMap((name) => figures.filter(({ goal }) => goal === name));
}

function tableOfGoals(run: Run): Table {
  const lines = figuresOf(run).map((figure) => {
    const { spread, goal } = figure;
    const { unit, what } = GOALS[goal];
    const met = isMet(figure);
    const range = `${show(spread.least, unit)} – ${show(spread.most, unit)}`;
    return [what, showGoal(GOALS[goal]), show(spread.median, unit), range, met === undefined ? '' : met ? 'met' : 'missed'];
  });
  return { title: 'Goals', head: ['', 'goal', 'median', 'least – most', ''], lines };
}

/** Columns under each other. */
export function forTerminal(run: Run): string {
  const { head, lines } = tableOfGoals(run);
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => (line[column] ?? '').length)));
  const table = [head, ...lines].map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const profiles = profilesOf(run).flatMap(({ title, functions, parts }) => [
    '',
    `Where the time goes. ${title}`,
    `  ${parts.map(showShare).join(', ')}`,
    ...functions.map(({ where, share }) => `${percent(share).padStart(6)} %  ${where}`),
  ]);
  return [...run.facts, '', ...table, ...profiles].join('\n');
}

export function forReaders(run: Run): string {
  const missed = figuresOf(run).some((figure) => isMet(figure) === false);
  const tables = run.outcomes.flatMap((outcome) => outcome.tables ?? []);
  return [
    '# Results',
    `Measured on ${run.date} with \`${run.command}\`; [what is measured, and how to read it](README.md).`,
    [...run.facts.map((fact) => `- ${fact}`), `- Packages: ${versions()}.`].join('\n'),
    '![Rows and renders for a second of CPU](results.svg)',
    `Ratios are of CPU time a row, the other's to Rowpost's: above 1 Rowpost is the cheaper one. Each is the median of ${run.rounds} interleaved rounds, with the least and the most of them.`,
    markdown(tableOfGoals(run)),
    ...tables.map((table) => `## ${table.title}\n\n${markdown(table)}`),
    ...(missed
      ? [
          '## Where the time goes\n\nFor what missed its goal, the functions that took the most time themselves, of the time that Rowpost was busy.',
        ]
      : []),
    ...profilesOf(run).map(({ title, functions, parts }) => {
      const lines = functions.map(({ where, share }) => [`\`${where}\``, percent(share)]);
      return `### ${title}\n\n${parts.map(showShare).join(', ')}.\n\n${markdown({ title, head: ['function', '%'], lines })}`;
    }),
  ]
    .join('\n\n')
    .concat('\n');
}

function showShare({ where, share }: Share): string {
  return `${where} ${percent(share)} %`;
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}

function profilesOf({ outcomes }: Run): Profile[] {
  return outcomes.flatMap(({ profiles = [] }) => profiles);
}

function markdown({ head, lines }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const ruler = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head), line(ruler), ...lines.map(line)].join('\n');
}

/** Rowpost, and the packages of the peers. */
function versions(): string {
  const json = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  const { dependencies } = json('package.json') as { dependencies: Record<string, string> }; // exact versions
  return [`rowpost ${json('../package.json').version}`, ...Object.entries(dependencies).map((pair) => pair.join(' '))].join(', ');
}
