/** The body of a request, written by the encoder of its kind. */

import type { Body, Request } from '../destination/destination.ts';
import { templatesOfBatch } from '../destination/lookups-read.ts';
import { parseJson, stringifyJson } from '../numbers.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope } from '../template/scope.ts';
import { isMap } from '../template/text.ts';
import type { Tree } from '../template/tree.ts';
import { formBody, pairsOf } from './parameters.ts';

/**
 * What the items of a batch are until its body is written: values, or, where no template needs those, texts that are only
 * put together then: JSON, or the lines of ndjson.
 */
export type ItemForm = 'values' | 'json' | 'lines';

export function formOfItems({ body, item, response }: Pick<Request, 'body' | 'item' | 'response'>): ItemForm {
  const others = templatesOfBatch({ body: { kind: 'none' }, response });
  if (item === undefined || others.some((template) => template?.names.has('items'))) return 'values';
  if (body.kind === 'json' && body.tree.takesItems !== 'no') return 'json';
  return body.kind === 'ndjson' && body.tree.takesItems === 'whole' ? 'lines' : 'values';
}

/**
 * The text in one piece. V8 keeps a text that was appended to as a tree of its parts, each an object, until somebody reads
 * it: held for a batch or a call, they are most of what the garbage collector has to move.
 */
function whole(text: string): string {
  return text.charCodeAt(0) >= 0 ? text : '';
}

/** @throws {Fault} */
export function renderItem(item: Tree, form: ItemForm, scope: Scope): unknown {
  if (form === 'json') return whole(item.json(scope) ?? 'null');
  return form === 'lines'
    ? item
        .lines(scope)
        .map((line) => `${line}\n`)
        .join('')
    : (item.value(scope) ?? null);
}

/**
 * @param items the texts of the items, where they are texts
 * @throws {Fault}
 */
export function renderBody(body: Body, scope: Scope, items?: readonly string[]): string | undefined {
  switch (body.kind) {
    case 'none':
      return undefined;
    case 'json': {
      const text = items === undefined ? body.tree.json(scope) : body.tree.jsonWith(scope, items.join(','));
      if (text === undefined) throw renderFault('body', 'the body is missing: its only value is');
      return whole(text);
    }
    case 'json-text':
      return checkedJson(body.template.text(scope));
    case 'form': {
      const value = body.tree.value(scope);
      if (!isMap(value)) throw renderFault('body', 'a form must be a map of names and values');
      return formBody(pairsOf(value));
    }
    case 'ndjson': {
      if (items !== undefined) return items.join('') || '\n';
      const value = body.tree.value(scope);
      if (!Array.isArray(value)) throw renderFault('body', 'the lines of ndjson must be a list, such as {{ items }}');
      // An item that is a list is several lines: an action and its document.
      const lines = value.flatMap((item: unknown) => item).map((line: unknown) => stringifyJson(line ?? null));
      return `${lines.join('\n')}\n`;
    }
    case 'text': {
      const text = body.template.text(scope);
      if (!text.isWellFormed())
        throw renderFault('surrogate', 'a text holds half a character (a lone surrogate), which cannot be sent');
      return text;
    }
  }
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
