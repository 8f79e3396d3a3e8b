/** One pass over the tokens of a template: checks every tag and output, and learns what stands where. */

import { type Token, TokenizationError, Tokenizer, TokenKind, type TopLevelToken } from 'liquidjs';
import { didYouMean, oneOf } from '../fault.ts';
import { engine, TAGS_OFF } from './engine.ts';
import { type Branches, JsonQuotes } from './json-quotes.ts';
import { MAX_NESTING } from './limits.ts';
import type { Names, Report } from './names.ts';
import { Checker } from './strict.ts';
import { readAssign, readCapture, readFor, readWhen } from './tags.ts';
import { brief } from './wording.ts';

/** What a template holds. */
export interface Scan {
  /** First names, and `first.second` where written out. */
  readonly names: ReadonlySet<string>;
  readonly outputs: number;
  readonly tags: number;
  /** Offsets of outputs that stand between the quotes of a JSON text. */
  readonly quoted: ReadonlySet<number>;
  /** Offsets of outputs inside `capture`: they are escaped when they are put out. */
  readonly captured: ReadonlySet<number>;
  /** Offsets of outputs whose last filter is `raw`. */
  readonly raw: readonly number[];
}

interface Block {
  readonly name: string;
  readonly begin: number;
  readonly length: number;
  readonly locals: readonly string[];
  readonly branches: Branches;
}

/** LiquidJS exports no types for its tokens of outputs and of lines inside `{% liquid %}`: these are their shapes. */
interface RangeLike extends Token {
  readonly contentRange: [number, number];
}

interface TagLike extends RangeLike {
  readonly name: string;
  readonly tokenizer: Tokenizer;
}

/** The blocks that a branch may stand in. */
const BRANCHES: Readonly<Record<string, readonly string[]>> = {
  when: ['case'],
  elsif: ['if', 'unless'],
  else: ['if', 'unless', 'case', 'for'],
};

const BLOCKS = new Set(['if', 'unless', 'case', 'for', 'capture', 'comment', 'raw']);

/** @param json whether the template makes JSON text, so that quotes are followed */
export function scanTemplate(source: string, names: Names, report: Report, json: boolean): Scan | undefined {
  const scanner = new Scanner(source, names, report, json);
  if (!scanner.run()) return undefined;
  const { outputs, tags, quoted, captured, raw } = scanner;
  // Not the scanner itself: templates keep this, and it would keep all of the file.
  return { names: scanner.names, outputs, tags, quoted, captured, raw };
}

class Scanner {
  outputs = 0;
  tags = 0;
  readonly quoted = new Set<number>();
  readonly captured = new Set<number>();
  readonly raw: number[] = [];
  readonly #source: string;
  readonly #checker: Checker;
  readonly #json: boolean;
  readonly #locals = new Set<string>();
  readonly #blocks: Block[] = [];
  readonly #quotes: JsonQuotes;
  /** A tag that is not one may have been a misspelt block: then its end is no mistake of its own. */
  #unknownTags = 0;
  #failed = false;

  constructor(source: string, names: Names, report: Report, json: boolean) {
    this.#source = source;
    this.#json = json;
    const failing: Report = (problem) => {
      this.#failed = true;
      report(problem);
    };
    const isLocal = (name: string) => this.#locals.has(name) || this.#blocks.some((block) => block.locals.includes(name));
    this.#checker = new Checker(names, failing, isLocal);
    this.#quotes = new JsonQuotes(this.#checker);
  }

  get names(): ReadonlySet<string> {
    return this.#checker.reads;
  }

  run(): boolean {
    const tokenizer = new Tokenizer(this.#source, engine.options.operators, undefined, undefined, true);
    for (const token of this.#tokens(tokenizer)) {
      this.#token(token);
      if (this.#blocks.length > MAX_NESTING) return false;
    }
    for (const block of this.#blocks) {
      this.#checker.problem(
        'template.block',
        `{% ${block.name} %} is not closed: {% end${block.name} %} is missing.`,
        block.begin,
        block.length,
      );
    }
    if (!this.#failed) this.#quotes.end();
    return !this.#failed;
  }

  /** Of what LiquidJS cannot cut into text, outputs and tags, the first that has no end is told. */
  #tokens(tokenizer: Tokenizer): readonly TopLevelToken[] {
    try {
      return tokenizer.readTopLevelTokens(engine.options);
    } catch (error) {
      if (!(error instanceof TokenizationError)) throw error;
      const { begin } = error.token;
      const [open, close] = this.#source.startsWith('{{', begin) ? ['{{', '}}'] : ['{%', '%}'];
      const sentence = /^raw /.test(error.message)
        ? '{% raw %} is not closed: {% endraw %} is missing.'
        : `${open} is not closed: ${close} is missing, or a quote before it is not closed.`;
      this.#checker.problem('template.block', sentence, begin, 2);
      return [];
    }
  }

  #token(token: TopLevelToken): void {
    const ignored = this.#blocks.at(-1)?.name === 'comment';
    if (token.kind === TokenKind.HTML) {
      // Whitespace control may have moved where a text begins. The class is not exported; its kind says which it is.
      const { begin, trimLeft = 0 } = token as unknown as { begin: number; trimLeft?: number };
      const text = (token as unknown as { getContent(): string }).getContent();
      if (this.#json && !ignored && !this.#capturing()) this.#quotes.text(text, begin + trimLeft);
    } else if (token.kind === TokenKind.Output) {
      if (!ignored) this.#output(token, (token as Token as RangeLike).contentRange); // as above
    } else {
      this.#tag(token as Token as TagLike, ignored); // the three kinds of token at the top are text, output and tag
    }
  }

  #capturing(): boolean {
    return this.#blocks.some((block) => block.name === 'capture');
  }

  #output(token: Token, range: [number, number]): void {
    this.outputs++;
    if (this.#quotes.inside) this.quoted.add(token.begin);
    if (this.#capturing()) this.captured.add(token.begin);
    const value = this.#checker.wholeValue(this.#reader(range));
    if (value === undefined) return;
    for (const [index, filter] of value.filters.entries()) {
      if (filter.name !== 'raw') continue;
      if (index === value.filters.length - 1) this.raw.push(token.begin);
      else this.#checker.problem('template.raw', '"raw" must be the last filter.', filter.begin, 3);
    }
  }

  #reader(range: readonly [number, number]): Tokenizer {
    return new Tokenizer(this.#source, engine.options.operators, undefined, [range[0], range[1]], true);
  }

  #tag(tag: TagLike, ignored: boolean): void {
    const { name } = tag;
    if (ignored && name !== 'endcomment') return;
    this.tags++;
    const reader = this.#reader([tag.tokenizer.p, tag.contentRange[1]]);
    if (name.startsWith('end') && BLOCKS.has(name.slice(3))) return this.#end(tag, name.slice(3), reader);
    switch (name) {
      case 'if':
      case 'unless':
      case 'case':
        this.#checker.wholeValue(reader);
        return this.#open(tag);
      case 'elsif':
      case 'when':
      case 'else':
        return this.#branch(tag, reader);
      case 'for':
        return this.#open(tag, readFor(tag, reader, this.#checker));
      case 'capture':
        this.#locals.add(readCapture(tag, reader, this.#checker));
        return this.#open(tag);
      case 'assign':
        this.#locals.add(readAssign(reader, this.#checker));
        return;
      case 'echo':
        return this.#output(tag, [reader.p, reader.N]);
      case 'comment':
      case 'raw':
        return this.#open(tag);
      case 'liquid':
        return this.#lines(tag);
      case 'break':
      case 'continue':
        this.#checker.atEnd(reader, reader.p);
        return this.#quotes.leave(this.#blocks.findLast((block) => block.name === 'for')?.branches, tag, name);
      case '#':
        return;
      default:
        this.#unknown(tag);
    }
  }

  #unknown(tag: TagLike): void {
    if (tag.name.startsWith('end') && TAGS_OFF.has(tag.name.slice(3))) return;
    this.#unknownTags++;
    const off = TAGS_OFF.get(tag.name);
    const known = Object.keys(engine.tags);
    const sentence =
      off === undefined ? `"${brief(tag.name)}" is not a tag. Use ${oneOf(known)}.` : `The tag "${tag.name}" is off: ${off}.`;
    this.#checker.problem('template.tag', sentence, tag.begin, tag.end - tag.begin, didYouMean(tag.name, known));
  }

  #open(tag: TagLike, locals: readonly string[] = []): void {
    const length = tag.end - tag.begin;
    this.#blocks.push({ name: tag.name, begin: tag.begin, length, locals, branches: this.#quotes.open() });
    if (this.#blocks.length !== MAX_NESTING + 1) return;
    const sentence = `Blocks are nested deeper than ${MAX_NESTING} levels. Use elsif or case, or assign what was found and go on outside.`;
    this.#checker.problem('template.depth', sentence, tag.begin, length);
  }

  #branch(tag: TagLike, reader: Tokenizer): void {
    const block = this.#blocks.at(-1);
    const blocks = BRANCHES[tag.name] ?? [];
    if (block === undefined || !blocks.includes(block.name)) {
      const sentence = `{% ${tag.name} %} stands outside of its block: it belongs into ${oneOf(blocks)}.`;
      this.#checker.problem('template.block', sentence, tag.begin, tag.end - tag.begin);
      return;
    }
    const { branches } = block;
    // What stands between `case` and its first `when` is never put out.
    this.#quotes.branch(branches, tag, block.name === 'case' && branches.atEnd === undefined && tag.name === 'when');
    if (tag.name === 'else') branches.hasElse = block.name !== 'for';
    if (tag.name === 'elsif') this.#checker.wholeValue(reader);
    else if (tag.name === 'when') readWhen(reader, this.#checker);
    else this.#checker.atEnd(reader, reader.p);
  }

  #end(tag: TagLike, name: string, reader: Tokenizer): void {
    const block = this.#blocks.at(-1);
    if (block === undefined || block.name !== name) {
      const open = block === undefined ? 'no block is open' : `{% ${block.name} %} is open`;
      const outer = this.#blocks.findLastIndex((one) => one.name === name);
      if (outer >= 0) this.#blocks.splice(outer, 1);
      else if (this.#unknownTags > 0) return;
      this.#checker.problem('template.block', `{% end${name} %} closes nothing here: ${open}.`, tag.begin, tag.end - tag.begin);
      return;
    }
    this.#blocks.pop();
    this.#checker.atEnd(reader, reader.p);
    if (name !== 'capture' && name !== 'comment' && name !== 'raw') this.#quotes.close(block.branches, tag, name);
  }

  #lines(tag: TagLike): void {
    const reader = this.#reader([tag.tokenizer.p, tag.contentRange[1]]);
    for (const line of this.#checker.attempt(reader, () => reader.readLiquidTagTokens(engine.options)) ?? [])
      this.#tag(line, this.#blocks.at(-1)?.name === 'comment');
  }
}
