/** Writes requests and results into a file of cases, keeping its comments and its order. */

import { type Document, isMap, isSeq, Pair, parseDocument, type YAMLMap } from 'yaml';
import type { CasesFile } from './case.ts';
import { plain } from './check.ts';
import { contentOf } from './exchange.ts';
import type { Played } from './play.ts';

export interface Updated {
  /** The new text of the file; the same where nothing changed. */
  readonly text: string;
  /** What only the author can write: answers that are missing, or that no request asks for. */
  readonly wanted: readonly { readonly name: string; readonly sentence: string }[];
}

/** @param played what came of each case, in the order of the file */
export function updateCases({ text, spec }: CasesFile, played: readonly Played[]): Updated {
  const document = parseDocument(text, { version: '1.2', schema: 'core', intAsBigInt: true });
  const wanted: { name: string; sentence: string }[] = [];
  let changed = false;
  for (const [index, one] of spec.cases.entries()) {
    const { sent, answer } = played[index] ?? { sent: [], answer: {} };
    const exchanges = one.exchanges ?? [];
    for (const { request, exchange } of sent) {
      if (exchange === undefined) {
        wanted.push({
          name: one.name,
          sentence: `${request.method} ${request.url} has no answer. Add "- response: { status: … }" to its exchanges.`,
        });
      } else if (exchanges[exchange]?.request === undefined || contentOf(exchanges[exchange].request) !== contentOf(request)) {
        changed = setFirst(document, ['cases', index, 'exchanges', exchange], 'request', request) || changed;
      }
    }
    const answered = new Set(sent.map(({ exchange }) => exchange));
    const idle = exchanges.filter((_, place) => !answered.has(place)).length;
    if (idle > 0)
      wanted.push({
        name: one.name,
        sentence: `${idle === 1 ? 'one exchange was' : `${idle} exchanges were`} not needed. Remove what no request asks for.`,
      });
    changed = setAnswer(document, index, one, answer) || changed;
  }
  return { text: changed ? document.toString({ lineWidth: 0, flowCollectionPadding: true }) : text, wanted };
}

function setAnswer(
  document: Document,
  index: number,
  one: { result?: unknown; error?: unknown },
  answer: Played['answer'],
): boolean {
  const before = one.error === undefined ? { result: one.result } : { error: one.error };
  if (contentOf(before as never) === contentOf(answer as never)) return false;
  for (const word of ['result', 'error'] as const) {
    if (answer[word] === undefined) document.deleteIn(['cases', index, word]);
    else document.setIn(['cases', index, word], node(document, answer[word]));
  }
  return true;
}

/** Sets a key, in the first place where it is new: a request is read before its response. */
function setFirst(document: Document, path: readonly (string | number)[], key: string, value: unknown): boolean {
  const map = document.getIn(path);
  if (!isMap(map)) return false;
  const created = node(document, value);
  if (map.has(key)) map.set(key, created);
  else (map as YAMLMap).items.unshift(new Pair(document.createNode(key), created));
  // A map written in one line would put the whole request into that line.
  map.flow = false;
  return true;
}

function node(document: Document, value: unknown): unknown {
  const created = document.createNode(plain(value));
  compact(created);
  return created;
}

/** Rows and headers read best in one line each, as people write them. */
function compact(value: unknown): boolean {
  if (!isMap(value) && !isSeq(value)) return true;
  const items = isMap(value) ? value.items.map((pair) => pair.value) : value.items;
  const flat = items.map(compact).every((leaf) => leaf) && (items.length === 0 || (isMap(value) && String(value).length <= 100));
  value.flow = flat;
  return false;
}
