/** Compiles tags: each does what LiquidJS's own does, but counts every node, every turn of a loop and all that is put out. */

import {
  AssignTag,
  BreakTag,
  CaptureTag,
  CaseTag,
  ContinueTag,
  EchoTag,
  ForTag,
  IfTag,
  type Liquid,
  LiquidTag,
  Output,
  RawTag,
  type Template,
  toValue,
  UnlessTag,
  type Value,
} from 'liquidjs';
import { charged } from './code.ts';
import { BoundedEmitter } from './emitter.ts';
import { Expressions } from './expression.ts';
import { Locals } from './locals.ts';
import { compileLoop } from './loop.ts';
import { equal, isTrue } from './operators.ts';
import { compileOutput, type PlaceOf } from './output.ts';
import type { Frame } from './scope.ts';

/** Steps of a block, each time that it is rendered: a turn of a loop, a branch. */
export const BLOCK = 3;
/** Steps of a node: a text, an output or a tag. */
export const NODE = 3;

export type Write = (frame: Frame, emitter: BoundedEmitter) => void;

/** The text of a part that is neither an output nor a tag; LiquidJS does not export its class. */
export function literalOf(template: Template): string | undefined {
  const { str } = template as unknown as { str?: unknown };
  return typeof str === 'string' ? str : undefined;
}

/** Compiles the blocks of one text. */
export class Blocks {
  readonly locals: Locals;
  readonly expressions: Expressions;
  readonly #placeOf: PlaceOf;

  constructor(templates: readonly Template[], engine: Liquid, placeOf: PlaceOf) {
    this.locals = new Locals(templates);
    this.expressions = new Expressions(engine, this.locals);
    this.#placeOf = placeOf;
  }

  /** One behind the other, until one of them leaves the block. */
  block(templates: readonly Template[]): Write {
    // A `when` that is hit behind a `break` renders its first node, even one that does nothing, and no more.
    const nodes = templates.flatMap((template, index) => this.#node(template) ?? (index === 0 ? nothing : []));
    const steps = BLOCK + templates.length * NODE;
    return (frame, emitter) => {
      frame.budget.steps(steps);
      for (const node of nodes) {
        node(frame, emitter);
        if (frame.leaving !== undefined) return;
      }
    };
  }

  /** Undefined for what neither puts out nor does anything, such as comments. */
  #node(template: Template): Write | undefined {
    const literal = literalOf(template);
    if (literal !== undefined) return (_, emitter) => emitter.write(literal);
    if (template instanceof Output || template instanceof EchoTag) return this.#output(template);
    if (template instanceof IfTag) return this.#choice(template.branches, template.elseTemplates);
    if (template instanceof UnlessTag) return this.#choice(template.branches, template.elseTemplates, false);
    if (template instanceof CaseTag) return this.#case(template);
    if (template instanceof ForTag) return compileLoop(template, this);
    if (template instanceof AssignTag) return this.#assign(template as unknown as { key: string; value: Value }); // private in the types only
    if (template instanceof CaptureTag) return this.#capture(template);
    if (template instanceof LiquidTag) return this.block(template.templates);
    if (template instanceof RawTag) return raw(template.render());
    if (template instanceof BreakTag) return leave('break');
    return template instanceof ContinueTag ? leave('continue') : undefined;
  }

  #output(output: Output | EchoTag): Write | undefined {
    const written = compileOutput(output, this.#placeOf(output), this.expressions);
    if (written === undefined) return undefined;
    const { steps, text } = written;
    return (frame, emitter) => {
      frame.budget.steps(steps);
      emitter.write(text(frame));
    };
  }

  /** `first`: what the first condition must answer; of `unless` the others are those of an `if`. */
  #choice(
    given: readonly { readonly value: Value; readonly templates: readonly Template[] }[],
    otherwise: readonly Template[] | undefined,
    first = true,
  ): Write {
    const branches = given.map(({ value, templates }, index) => {
      const condition = charged(this.expressions.value(value));
      const expected = index > 0 || first;
      return { holds: (frame: Frame) => isTrue(condition(frame)) === expected, block: this.block(templates) };
    });
    const last = this.block(otherwise ?? []);
    return (frame, emitter) => {
      const hit = branches.find(({ holds }) => holds(frame));
      (hit?.block ?? last)(frame, emitter);
    };
  }

  /** Every branch that is hit is rendered. */
  #case({ value, branches: given, elseTemplates }: CaseTag): Write {
    const target = charged(this.expressions.value(value));
    const branches = given.map(({ values, templates }) => ({
      values: values.map((token) => charged(this.expressions.token(token))),
      block: this.block(templates),
    }));
    const otherwise = this.block(elseTemplates);
    return (frame, emitter) => {
      const wanted: unknown = toValue(target(frame));
      let hit = false;
      for (const { values, block } of branches) {
        if (!values.some((one) => equal(wanted, one(frame), frame.budget))) continue;
        block(frame, emitter);
        hit = true;
      }
      if (!hit) otherwise(frame, emitter);
    };
  }

  #assign({ key, value }: { readonly key: string; readonly value: Value }): Write {
    const slot = this.locals.assigned(key);
    const run = charged(this.expressions.value(value));
    return (frame) => {
      frame.locals[slot] = run(frame);
    };
  }

  #capture({ variable, templates }: CaptureTag): Write {
    const slot = this.locals.assigned(variable);
    const block = this.block(templates);
    return (frame) => {
      const emitter = new BoundedEmitter(frame.budget);
      block(frame, emitter);
      frame.locals[slot] = emitter.buffer;
    };
  }
}

const nothing: Write = () => undefined;

function raw(text: string): Write {
  return (_, emitter) => emitter.write(text);
}

function leave(how: 'break' | 'continue'): Write {
  return (frame) => {
    frame.leaving = how;
  };
}
