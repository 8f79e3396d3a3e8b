/** Compiles what LiquidJS parsed of a text, tags too, into one function that means what LiquidJS means and counts what it does. */

import { type Liquid, Output, type Template } from 'liquidjs';
import { BLOCK, Blocks, literalOf, NODE } from './blocks.ts';
import { NO_LOCALS } from './code.ts';
import { BoundedEmitter } from './emitter.ts';
import { Expressions } from './expression.ts';
import { compileOutput, type PlaceOf, type Written } from './output.ts';
import type { Scope } from './scope.ts';

/** @returns what renders the text */
export function compileTemplates(templates: readonly Template[], engine: Liquid, placeOf: PlaceOf): (scope: Scope) => string {
  const flat = templates.every((template) => template instanceof Output || literalOf(template) !== undefined);
  return flat ? compileFlat(templates, engine, placeOf) : compileBlocks(templates, engine, placeOf);
}

/** Texts and outputs, one behind the other. */
function compileFlat(templates: readonly Template[], engine: Liquid, placeOf: PlaceOf): (scope: Scope) => string {
  const expressions = new Expressions(engine, NO_LOCALS);
  const parts: { readonly before: string; readonly output: Written }[] = [];
  let steps = BLOCK + templates.length * NODE;
  let literal = 0;
  let before = '';
  for (const template of templates) {
    const output = template instanceof Output ? compileOutput(template, placeOf(template), expressions) : undefined;
    if (output === undefined) {
      const text = literalOf(template) ?? '';
      literal += text.length;
      before += text;
    } else {
      steps += output.steps;
      parts.push({ before, output });
      before = '';
    }
  }
  return (scope) => {
    const { budget } = scope;
    budget.steps(steps);
    budget.output(literal);
    let text = '';
    for (const part of parts) {
      const own = part.output.text(scope);
      budget.output(own.length);
      text = text === '' && part.before === '' ? own : text + part.before + own;
    }
    return before === '' ? text : text + before;
  };
}

function compileBlocks(templates: readonly Template[], engine: Liquid, placeOf: PlaceOf): (scope: Scope) => string {
  const blocks = new Blocks(templates, engine, placeOf);
  const write = blocks.block(templates);
  return (scope) => {
    const frame = scope.frame(blocks.locals.count);
    const emitter = new BoundedEmitter(frame.budget);
    write(frame, emitter);
    return emitter.buffer;
  };
}
