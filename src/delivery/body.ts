/** The body of a request, written by the encoder of its kind. */

import type { Body, Request } from '../destination/destination.ts';
import { templatesOfBatch } from '../destination/lookups-read.ts';
import { parseJson } from '../json/parse.ts';
import { WrittenJson, withWriter } from '../json/writer.ts';
import { stringifyJson } from '../numbers.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope } from '../template/scope.ts';
import { isMap } from '../template/text.ts';
import { formBody, pairsOf } from './parameters.ts';

/** Whether a template looks into the items of a batch: else they are only printed, in the body. */
export function looksIntoItems({ body, response }: Pick<Request, 'body' | 'response'>): boolean {
  const printed = (body.kind === 'json' && body.tree.passesItems) || (body.kind === 'ndjson' && body.tree.isItems);
  return templatesOfBatch({ body: printed ? { kind: 'none' } : body, response }).some((template) => template?.names.has('items'));
}

/** @throws {Fault} */
export function renderBody(body: Body, scope: Scope): Buffer | undefined {
  switch (body.kind) {
    case 'none':
      return undefined;
    case 'json':
      return withWriter((out) => {
        if (!body.tree.write(scope, out)) throw renderFault('body', 'the body is missing: its only value is');
        return out.copied();
      });
    case 'json-text':
      return Buffer.from(checkedJson(body.template.text(scope)));
    case 'form': {
      const value = body.tree.value(scope);
      if (!isMap(value)) throw renderFault('body', 'a form must be a map of names and values');
      return Buffer.from(formBody(pairsOf(value)));
    }
    case 'ndjson':
      return linesOf(body.tree.value(scope));
    case 'text': {
      const text = body.template.text(scope);
      if (!text.isWellFormed())
        throw renderFault('surrogate', 'a text holds half a character (a lone surrogate), which cannot be sent');
      return Buffer.from(text);
    }
  }
}

/** Of a list; an element that is a list itself is several lines: an action and its document. */
function linesOf(value: unknown): Buffer {
  // They were written as lines.
  if (value instanceof WrittenJson) return Buffer.from(value.bytes);
  if (!Array.isArray(value)) throw renderFault('body', 'the lines of ndjson must be a list, such as {{ items }}');
  const lines = value.flatMap((item: unknown) => item).map((line: unknown) => stringifyJson(line ?? null));
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** A template can put its commas wrong for some rows: what does not parse is not sent. */
function checkedJson(text: string): string {
  try {
    parseJson(text);
    return text;
  } catch (cause) {
    throw renderFault('json', `the JSON text came out as ${cause instanceof Error ? cause.message : 'no JSON'}`, cause);
  }
}
