/** Makes an engine of LiquidJS count what it renders: every node, every turn of a loop, every value, all that is put out. */

import {
  CaseTag,
  type Context,
  type Emitter,
  ForTag,
  type Liquid,
  type Template,
  type Token,
  TokenKind,
  toValue,
  toValueSync,
  Value,
} from 'liquidjs';
import type { RowContext } from './context.ts';
import { BoundedEmitter } from './emitter.ts';
import { evaluate, evaluateToken } from './evaluate.ts';
import { elementsOf, sizeOf } from './measure.ts';
import { equal } from './operators.ts';
import { renderFault } from './render-fault.ts';

/** Steps of a block, each time that it is rendered: a turn of a loop, a branch. */
const BLOCK = 3;
/** Steps of a node: a text, an output or a tag. */
const NODE = 3;
/** Elements that a loop copies in a step. */
const COPIED = 2;

export function guard(engine: Liquid): void {
  // LiquidJS's tags take what is made at once as well as a generator of it.
  engine.renderer.renderTemplates = render as unknown as typeof engine.renderer.renderTemplates;
  engine.registerTag('for', CountedFor);
  engine.registerTag('case', CountedCase);
}

/** Parses a template, every value of which is evaluated by `evaluate`. */
export function parseGuarded(engine: Liquid, source: string): Template[] {
  const templates = engine.parse(source);
  guardValues(templates);
  return templates;
}

function guardValues(templates: readonly Template[]): void {
  for (const template of templates) {
    for (const value of template.arguments?.() ?? []) {
      if (value instanceof Value) value.value = ((context: RowContext) => evaluate(value, context)) as unknown as Value['value']; // as in `guard`
    }
    const children = template.children?.(false, true);
    if (children !== undefined) guardValues(toValueSync(children) as Template[]); // sync: a list, not a promise
  }
}

/** Blocks put out into the emitter that they are given; what `capture` holds, and the whole, is answered. */
export function render(templates: readonly Template[], context: RowContext, given?: Emitter): string | undefined {
  const { budget } = context;
  const emitter = given ?? new BoundedEmitter(budget);
  budget.steps(BLOCK);
  for (const template of templates) {
    budget.steps(NODE);
    const text: unknown = toValueSync(template.render(context, emitter));
    if (text) emitter.write(text);
    if (context.breakCalled || context.continueCalled) break;
  }
  return given === undefined ? emitter.buffer : undefined;
}

/** LiquidJS would list the keys of any map, count any range, and write any list out as a number. */
class CountedFor extends ForTag {
  constructor(...parsed: ConstructorParameters<typeof ForTag>) {
    super(...parsed);
    this.collection = evaluated(this.collection, (value, { budget }) => {
      const elements = elementsOf(value, budget);
      budget.steps(elements.length / COPIED);
      return elements;
    });
    const { hash } = this.hash;
    for (const [name, token] of Object.entries(hash)) if (token !== undefined) hash[name] = evaluated(token, count);
  }
}

function count(value: unknown, { budget }: RowContext): unknown {
  if (Array.isArray(value)) throw renderFault('argument', 'limit or offset of a loop is a list; it must be a number');
  budget.steps(sizeOf(value, budget));
  return value;
}

/** A token that LiquidJS evaluates by asking us. */
function evaluated<T extends Token>(token: T, read: (value: unknown, context: RowContext) => unknown): T {
  const initial = { evaluate: (context: RowContext) => read(toValue(evaluateToken(token, context)), context) };
  return Object.assign(Object.create(token), { kind: TokenKind.FilteredValue, initial, filters: [] });
}

/** LiquidJS renders every branch that is hit. */
class CountedCase extends CaseTag {
  override *render(given: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const context = given as RowContext; // no other is made
    const target = toValue(evaluate(this.value, context));
    let hit = false;
    for (const { values, templates } of this.branches) {
      if (!values.some((value) => equal(target, evaluateToken(value, context), context.budget))) continue;
      yield render(templates, context, emitter);
      hit = true;
    }
    if (!hit) yield render(this.elseTemplates, context, emitter);
  }
}
