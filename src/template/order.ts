/** Whether what an expression is made of stands in an order that means something, and not too deep inside itself. */

import { type Token, TypeGuards } from 'liquidjs';
import { MAX_NESTING } from './limits.ts';

/** What is wrong with the order of values and operators as they were written. */
export function brokenOrder(postfix: readonly Token[]): string | undefined {
  let expected = true;
  for (const token of [...postfix].sort((a, b) => a.begin - b.begin)) {
    const isOperator = TypeGuards.isOperatorToken(token);
    if (!isOperator && !expected) return 'two values stand side by side without an operator';
    const isNot = isOperator && token.operator === 'not';
    if (isNot ? !expected : isOperator && expected) return 'an operator lacks a value';
    if (!isNot) expected = isOperator;
  }
  return expected ? 'an operator lacks a value' : undefined;
}

/** Whether one comparison is the side of another, as in `1 < a < 3`. */
export function comparesAnswer(postfix: readonly Token[]): boolean {
  const answers: boolean[] = [];
  for (const token of postfix) {
    if (!TypeGuards.isOperatorToken(token)) answers.push(false);
    else if (token.operator === 'and' || token.operator === 'or') answers.splice(-2, 2, false);
    else if (token.operator !== 'not') {
      if (answers.splice(-2, 2).includes(true)) return true;
      answers.push(true);
    }
  }
  return false;
}

/** Where parentheses and brackets, outside of quotes, are nested too deep to be read; nothing where they are not. */
export function tooDeepAt(text: string, begin: number, end: number): number | undefined {
  let depth = 0;
  let quote = '';
  for (let at = begin; at < end; at++) {
    const character = text.charAt(at);
    if (quote !== '') {
      if (character === '\\') at++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '(' || character === '[') {
      if (++depth > MAX_NESTING) return at;
    } else if (character === ')' || character === ']') depth--;
  }
  return undefined;
}
