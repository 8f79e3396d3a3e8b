/**
 * Reads one expression to its end and checks what LiquidJS lets pass: leftovers, missing operands, unclosed
 * quotes and brackets, unknown filters and names, `and` mixed with `or`.
 */

import {
  type FilteredValueToken,
  type PropertyAccessToken,
  type Token,
  TokenizationError,
  type Tokenizer,
  TypeGuards,
} from 'liquidjs';
import { ExactNumber, exactNumber } from '../numbers.ts';
import { type FilterToken, problemsOfFilter } from './filter-problems.ts';
import { MAX_NESTING } from './limits.ts';
import { type Names, problemOfName, type Report } from './names.ts';
import { brokenOrder, comparesAnswer, tooDeepAt } from './order.ts';
import { brief, FILTER_IN_COMPARISON, operatorHint, reason } from './wording.ts';

/** Whether a local name (of assign, capture or for) is in sight. */
type IsLocal = (name: string) => boolean;

/** Checks expressions of one template. */
export class Checker {
  /** What the expressions read: first names, and `first.second` where the second is written out. */
  readonly reads = new Set<string>();
  readonly #names: Names;
  readonly #report: Report;
  readonly #isLocal: IsLocal;

  constructor(names: Names, report: Report, isLocal: IsLocal = () => false) {
    this.#names = names;
    this.#report = report;
    this.#isLocal = isLocal;
  }

  /** Reads and checks a value with its filters, up to the end of what the tokenizer may read. */
  wholeValue(tokenizer: Tokenizer): FilteredValueToken | undefined {
    const begin = tokenizer.p;
    const token = this.attempt(tokenizer, () => tokenizer.readFilteredValue());
    if (token === undefined) return undefined;
    // With something left over the expression is not understood: its names and filters say nothing yet.
    if (this.atEnd(tokenizer, begin)) this.#filteredValue(token);
    return token;
  }

  /** Checks a value without filters, as in `for x in VALUE` and `when VALUE`. */
  value(token: Token | undefined): void {
    if (token !== undefined) this.#operand(token);
  }

  /** Anything but blanks between where the tokenizer is and its end is left over, and reported. */
  atEnd(tokenizer: Tokenizer, begin: number): boolean {
    tokenizer.skipBlank();
    const read = tokenizer.input.slice(begin, tokenizer.N).trimEnd();
    if (!tokenizer.end()) {
      const rest = tokenizer.remaining().trim();
      this.problem(
        'template.leftover',
        `"${brief(rest)}" is left over: the expression before it is already whole.`,
        tokenizer.p,
        rest.length,
        operatorHint(rest),
      );
      return false;
    }
    if (!read.endsWith('|')) return true;
    this.problem('template.filter', 'A filter is expected behind "|".', begin + read.length - 1, 1);
    return false;
  }

  /** Runs a reader of LiquidJS and reports what it throws. */
  attempt<T>(tokenizer: Tokenizer, read: () => T): T | undefined {
    const begin = tokenizer.p;
    const deep = tooDeepAt(tokenizer.input, begin, tokenizer.N);
    if (deep !== undefined) {
      const sentence = `Parentheses and brackets are nested deeper than ${MAX_NESTING} levels. Assign a part to a name of its own.`;
      this.problem('template.depth', sentence, deep, 1);
      return undefined;
    }
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // Of a character that is no "|" LiquidJS tells when it has already read it.
      const read = error.message.startsWith('expected "|"') ? 1 : 0;
      const thrown = error instanceof TokenizationError ? error.token.begin - read : begin;
      const at = thrown + (/^\s*/.exec(tokenizer.input.slice(thrown, tokenizer.N))?.[0].length ?? 0);
      const text = tokenizer.input.slice(begin, tokenizer.N).trim();
      const sentence =
        text === '' ? 'A value is expected here.' : `"${brief(text)}" is not an expression: ${reason(text, error)}.`;
      this.problem('template.syntax', sentence, Math.min(at, Math.max(begin, tokenizer.N - 1)), 1, operatorHint(text));
      return undefined;
    }
  }

  problem(code: `template.${string}`, sentence: string, offset: number, length: number, hint?: string | undefined): void {
    this.#report({ code, sentence, offset, length, hint });
  }

  #filteredValue(token: FilteredValueToken): void {
    this.#expression(token.initial.postfix, token);
    const [first] = token.filters;
    if (first !== undefined && token.initial.postfix.some((part) => TypeGuards.isOperatorToken(part))) {
      this.problem(
        'template.precedence',
        `The filter "${brief(first.name)}" would be given the answer, true or false, of the whole comparison.`,
        first.begin,
        first.name.length,
        FILTER_IN_COMPARISON,
      );
      return;
    }
    for (const filter of token.filters) this.#filter(filter);
  }

  #expression(postfix: readonly Token[], whole: Token): void {
    const text = whole.input.slice(whole.begin, whole.end).trim();
    const operators = postfix.filter((token) => TypeGuards.isOperatorToken(token)).map((token) => token.getText());
    const why = brokenOrder(postfix) ?? (comparesAnswer(postfix) ? 'the answer of a comparison is compared again' : undefined);
    if (why !== undefined) {
      const sentence = `"${brief(text)}" is no whole expression: ${why}.`;
      this.problem('template.operands', sentence, whole.begin, text.length, operatorHint(text));
      return;
    }
    for (const token of postfix) if (!TypeGuards.isOperatorToken(token)) this.#operand(token);
    if (operators.includes('and') && operators.includes('or')) {
      this.problem(
        'template.precedence',
        '"and" and "or" together need parentheses: Liquid reads them from right to left.',
        whole.begin,
        text.length,
        'Write (a and b) or c.',
      );
    }
  }

  #operand(token: Token): void {
    if (TypeGuards.isQuotedToken(token)) return this.#quoted(token);
    if (TypeGuards.isNumberToken(token)) {
      if (exactNumber(token.getText()) instanceof ExactNumber) {
        this.problem(
          'template.number',
          `${token.getText()} has more digits than a calculation can hold. Quote it.`,
          token.begin,
          token.end - token.begin,
        );
      }
      return;
    }
    if (TypeGuards.isRangeToken(token)) {
      this.#operand(token.lhs);
      this.#operand(token.rhs);
      return;
    }
    if (TypeGuards.isFilteredValueToken(token)) return this.#filteredValue(token);
    if (TypeGuards.isPropertyAccessToken(token)) this.#property(token);
  }

  #quoted(token: Token): void {
    const text = token.getText();
    const closed = text.length > 1 && text.at(-1) === text[0] && (/\\*$/.exec(text.slice(0, -1))?.[0].length ?? 0) % 2 === 0;
    if (!closed) this.problem('template.quote', `The quote ${text[0] ?? ''} is not closed.`, token.begin, 1);
  }

  #property(token: PropertyAccessToken): void {
    const text = token.getText();
    if (text.startsWith('.')) return this.problem('template.syntax', 'A name is expected before the dot.', token.begin, 1);
    if (text.endsWith('.')) {
      this.problem('template.syntax', `A name is expected behind the dot of "${brief(text)}".`, token.end - 1, 1);
      return;
    }
    if (token.variable !== undefined) this.#operand(token.variable);
    for (const prop of token.props) {
      if (TypeGuards.isWordToken(prop)) {
        if (prop.content === '') this.problem('template.syntax', 'A name is expected between the brackets.', prop.begin, 1);
        continue;
      }
      this.#operand(prop);
      if (!this.#closes(prop)) return;
    }
    if (token.variable === undefined) this.#name(token);
  }

  /** LiquidJS skips whatever stands between a bracket's value and its end. */
  #closes(prop: Token): boolean {
    if (/^\s*\]/.test(prop.input.slice(prop.end))) return true;
    this.problem('template.syntax', '"]" is expected behind this.', prop.begin, prop.end - prop.begin);
    return false;
  }

  #name(token: PropertyAccessToken): void {
    const [root, next] = token.props;
    const first = root === undefined ? undefined : literal(root);
    if (first === undefined || root === undefined) {
      this.problem(
        'template.name',
        'An expression begins with a name, a text or a number.',
        token.begin,
        token.end - token.begin,
      );
      return;
    }
    if (this.#isLocal(first)) return;
    const second = next === undefined ? undefined : literal(next);
    this.reads.add(first);
    if (second !== undefined) this.reads.add(`${first}.${second}`);
    const wrong = problemOfName(this.#names, first, second, next !== undefined && second === undefined);
    if (wrong !== undefined) this.problem('template.name', wrong.sentence, token.begin, token.end - token.begin, wrong.hint);
  }

  /** A person's template is rendered with the columns of a row, so it differs from row to row. */
  #readsRow(filter: FilterToken): void {
    this.reads.add('row');
    if (!this.#names.known.has('row')) {
      this.problem(
        'template.filter',
        `"liquid" renders with the columns of a row, and ${this.#names.where} sees none.`,
        filter.begin,
        filter.name.length,
      );
    }
  }

  #filter(filter: FilterToken): void {
    if (filter.name === 'liquid') this.#readsRow(filter);
    for (const problem of problemsOfFilter(filter)) this.#report(problem);
    for (const arg of filter.args) {
      const value = Array.isArray(arg) ? arg[1] : arg;
      if (value !== undefined) this.#operand(value as Token); // the library types arguments as tokens or pairs with one
    }
  }
}

/** A name, a quoted text or a number between brackets; nothing for what is worked out. */
function literal(token: Token): string | undefined {
  if (TypeGuards.isWordToken(token) || TypeGuards.isQuotedToken(token)) return token.content;
  return TypeGuards.isNumberToken(token) ? String(token.content) : undefined;
}
