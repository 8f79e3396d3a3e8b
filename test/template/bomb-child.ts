/** Sets off the bombs that it is told to, one by one, and writes what each took: run by `bombs.test.ts`, on Linux. */

import { readFileSync, writeFileSync } from 'node:fs';
import { scopeOf } from '../../src/template/scope.ts';
import { compileExpression, compileLeaf, compileText } from '../../src/template/template.ts';
import { BOMBS, type Bomb, type Kind } from './bombs.ts';

const NAMES = { where: 'this test', known: new Map(['row', 'record', 'config', 'id', 'operation'].map((name) => [name, null])) };

/** What a bomb did. */
export interface Outcome {
  readonly bomb: number;
  readonly kind: Kind;
  /** Of the processor, on the thread that renders: so long is the event loop held up. */
  readonly milliseconds: number;
  /** Resident memory at its highest, over what was resident before. */
  readonly megabytes: number;
  /** The code and the sentence it was refused with, or what it made. */
  readonly end: string;
}

type Run = () => unknown;

function prepared({ source, row }: Bomb, kind: Kind, size: number): Run {
  const fail = ({ sentence }: { sentence: string }) => {
    throw new Error(`it is no template: ${sentence}`);
  };
  const columns = row(size);
  const values = { row: columns, record: columns, config: { message: source }, id: 1, operation: 'add' };
  if (kind === 'leaf' || kind === 'expression') {
    const template = (kind === 'leaf' ? compileLeaf : compileExpression)(source, NAMES, fail);
    return () => template?.value(scopeOf(values));
  }
  const place = kind === 'json' ? 'json-value' : kind === 'path' ? 'path' : 'text';
  const template = compileText(kind === 'form' ? '{{ config.message | liquid }}' : source, place, NAMES, fail);
  return () => template?.text(scopeOf(values));
}

function attempt(run: Run): string {
  try {
    const made = run();
    return `made ${typeof made === 'string' ? `${made.length} characters` : Array.isArray(made) ? `${made.length} elements` : String(made)}`;
  } catch (error) {
    if (!(error instanceof Error)) return `threw ${String(error)}`;
    return `${(error as { code?: string }).code ?? error.name}: ${error.message}`; // Node's and ours have a code
  }
}

/** In megabytes. Linux keeps the highest figure, and forgets it when told to. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

/** Milliseconds that this thread has run. */
function processorTime(): number {
  return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
}

/** What else the machine does slows some runs down: one that took longer than this is run again, and the fastest counts. */
const AGAIN = 100;
const RUNS = 4;

function setOff(index: number, kind: Kind, size: number): Outcome {
  const bomb = BOMBS[index];
  if (bomb === undefined) throw new Error(`there is no bomb ${index}`);
  const run = prepared(bomb, kind, size);
  globalThis.gc?.();
  writeFileSync('/proc/self/clear_refs', '5');
  const before = peak();
  let milliseconds = Number.POSITIVE_INFINITY;
  let megabytes = 0;
  let end = '';
  for (let round = 0; round < RUNS && milliseconds > AGAIN; round++) {
    const begin = processorTime();
    end = attempt(run);
    milliseconds = Math.min(milliseconds, processorTime() - begin);
    if (round === 0) megabytes = peak() - before;
  }
  return { bomb: index, kind, milliseconds, megabytes, end };
}

const [size = '', ...bombs] = process.argv.slice(2);
for (const one of bombs) {
  const [index = '', kind = ''] = one.split(':');
  process.stdout.write(`${one}\n`);
  process.stdout.write(`${JSON.stringify(setOff(Number(index), kind as Kind, Number(size)))}\n`); // the parent writes kinds
}
