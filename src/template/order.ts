/** Whether values and operators stand in an order that means something. */

import { type Token, TypeGuards } from 'liquidjs';

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
