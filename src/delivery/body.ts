/** The body of a request, written by the encoder of its kind. */

import type { Body, Request } from '../destination/destination.ts';
import { templatesOfBatch } from '../destination/lookups-read.ts';
import { parseJson, stringifyJson } from '../numbers.ts';
import { renderFault } from '../template/render-fault.ts';
import type { Scope } from '../template/scope.ts';
import { isMap } from '../template/text.ts';
import { formBody, pairsOf } from './parameters.ts';

/** Whether a template looks into the items of a batch: else they are only printed, in the body. */
export function looksIntoItems({ body, response }: Pick<Request, 'body' | 'response'>): boolean {
  const printed = (body.kind === 'json' || body.kind === 'ndjson') && body.tree.passesItems;
  return templatesOfBatch({ body: printed ? { kind: 'none' } : body, response }).some((template) => template?.names.has('items'));
}

/** @throws {Fault} */
export function renderBody(body: Body, scope: Scope): Buffer | undefined {
  const text = renderText(body, scope);
  return text === undefined ? undefined : Buffer.from(text);
}

function renderText(body: Body, scope: Scope): string | undefined {
  switch (body.kind) {
    case 'none':
      return undefined;
    case 'json': {
      const text = body.tree.json(scope);
      if (text === undefined) throw renderFault('body', 'the body is missing: its only value is');
      return text;
    }
    case 'json-text':
      return checkedJson(body.template.text(scope));
    case 'form': {
      const value = body.tree.value(scope);
      if (!isMap(value)) throw renderFault('body', 'a form must be a map of names and values');
      return formBody(pairsOf(value));
    }
    case 'ndjson': {
      const value = body.tree.jsonValue(scope);
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
