/** Compiles `for`, as LiquidJS's own does it, down to what becomes of an offset that is no number. */

import { Drop, type ForTag, type Token, toValue } from 'liquidjs';
import type { Blocks, Write } from './blocks.ts';
import { charged } from './code.ts';
import { elementsOf, sizeOf } from './measure.ts';
import { renderFault } from './render-fault.ts';
import { type Frame, UNSET } from './scope.ts';

/** Elements that a loop copies in a step. */
const COPIED = 2;

/** What `forloop` is in a loop: its methods are read as properties. */
class Forloop extends Drop {
  i = 0;
  readonly length: number;
  readonly name: string;

  constructor(length: number, name: string) {
    super();
    this.length = length;
    this.name = name;
  }

  next(): void {
    this.i++;
  }

  index0(): number {
    return this.i;
  }

  index(): number {
    return this.i + 1;
  }

  first(): boolean {
    return this.i === 0;
  }

  last(): boolean {
    return this.i === this.length - 1;
  }

  rindex(): number {
    return this.length - this.i;
  }

  rindex0(): number {
    return this.length - this.i - 1;
  }

  override valueOf(): string {
    return JSON.stringify(this);
  }
}

type Bound = (frame: Frame) => unknown;

export function compileLoop(tag: ForTag, blocks: Blocks): Write {
  const { locals, expressions } = blocks;
  const { variable, templates, elseTemplates, collection } = tag;
  const text = collection.getText();
  const list = charged(expressions.token(collection));
  const reached = locals.reached(`${variable}-${text}`);
  const go = locals.slot();
  const bounds = locals.within([['continue', go]], () => boundsOf(tag.hash.hash, (token) => charged(expressions.token(token))));
  const loop = locals.slot();
  // A loop over what it calls forloop has nothing else of that name.
  const item = variable === 'forloop' ? loop : locals.slot();
  const body = locals.within(
    [
      ['forloop', loop],
      [variable, item],
    ],
    () => blocks.block(templates),
  );
  const otherwise = blocks.block(elseTemplates);
  return (frame, emitter) => {
    const { budget } = frame;
    const elements = elementsOf(toValue(list(frame)), budget);
    budget.steps(elements.length / COPIED);
    if (elements.length === 0) return otherwise(frame, emitter);
    // Of a loop that was not there yet LiquidJS keeps an empty map, which as an offset is none.
    const before = frame.locals[reached];
    frame.locals[go] = before === UNSET || !before ? {} : before;
    const { offset, limit, reversed } = bounds;
    const from = offset?.(frame);
    const most = limit?.(frame);
    const turned = reversed?.(frame) !== undefined;
    const some = cut(elements, from, most, turned);
    // As JavaScript adds them: an offset that is a text is kept as one.
    frame.locals[reached] = ((from || 0) as number) + some.length;
    frame.locals[loop] = new Forloop(some.length, `${variable}-${text}`);
    for (const element of some) {
      frame.locals[item] = element;
      frame.leaving = undefined;
      body(frame, emitter);
      if ((frame.leaving as Frame['leaving']) === 'break') break; // the body sets it
      (frame.locals[loop] as Forloop).next(); // or what a loop over `forloop` put there, which fails as it does in LiquidJS
    }
    frame.leaving = undefined;
  };
}

/** LiquidJS takes a word without a value for true. */
function boundsOf(
  hash: Readonly<Record<string, Token | undefined>>,
  compile: (token: Token) => Bound,
): Readonly<Record<string, Bound>> {
  const bounds: Record<string, Bound> = Object.create(null);
  for (const [name, token] of Object.entries(hash)) {
    const run = token === undefined ? () => true : compile(token);
    bounds[name] = (frame) => counted(toValue(run(frame)), frame);
  }
  return bounds;
}

function counted(value: unknown, { budget }: Frame): unknown {
  if (Array.isArray(value)) throw renderFault('argument', 'limit or offset of a loop is a list; it must be a number');
  budget.steps(sizeOf(value, budget));
  return value;
}

/** In this order whatever they stand in. What is no number `slice` takes for what JavaScript makes of it. */
function cut(elements: readonly unknown[], from: unknown, most: unknown, turned: boolean): readonly unknown[] {
  let some = elements;
  if (from !== undefined) some = some.slice(from as number);
  if (most !== undefined) some = some.slice(0, most as number);
  return turned ? [...some].reverse() : some;
}
