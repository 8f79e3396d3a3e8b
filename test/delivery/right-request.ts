/** Takes the requests of a call apart, by nothing that made them, and compares each with what its rows must have become. */

import assert from 'node:assert/strict';
import { CAUSES, type Cause, canonical, Fate, type Pairs } from './fate.ts';
import type { HostileRow, Shape, Wanted } from './shapes.ts';
import type { Arrived } from './wire.ts';

/** What became of the rows of a call. */
export interface Outcome {
  readonly arrived: readonly Arrived[];
  /** By the position of the row. */
  readonly reasons: ReadonlyMap<number, string>;
}

/** Rows of one request, where they share it. */
const MOST = 50;

/**
 * Rows are rejected for a cause that they have, or stand in the requests in their order.
 * @returns each row's cause, or nothing where it arrived
 */
export function assertRight(shape: Shape, rows: readonly HostileRow[], { arrived, reasons }: Outcome): (Cause | undefined)[] {
  const left: Wanted[] = [];
  const causes = rows.map((row, position) => {
    const fate = new Fate();
    const wanted = shape.wanted(row, fate);
    const reason = reasons.get(position);
    if (reason !== undefined) return causeOf(reason, fate);
    assert.deepEqual([...fate.causes], [], `row ${position} was sent`);
    left.push(wanted);
    return undefined;
  });
  const batched = shape.request.includes('batch:');
  for (const one of arrived) {
    const own = left.splice(0, batched ? rowsOf(one) : 1);
    assert.ok(own.length > 0 && own.length <= MOST);
    assertRequest(one, batched ? shared(own) : (own[0] ?? {}));
  }
  assert.equal(left.length, 0, 'rows that did not arrive');
  return causes;
}

function causeOf(reason: string, fate: Fate): Cause {
  const cause = [...fate.causes].find((one) => CAUSES[one].test(reason));
  return cause ?? assert.fail(`the row is rejected: ${reason}; expected ${[...fate.causes].join() || 'no rejection'}`);
}

/** How many rows share a request: a body that they cannot share is split. */
function rowsOf({ body }: Arrived): number {
  if (body.startsWith('a=')) return body.split('rows%5B%5D%5Bp%5D=').length - 1;
  return (JSON.parse(body) as { rows: unknown[] }).rows.length; // compared with what it must be right after
}

/** Items in a list between a 1 and a 2. */
function shared(items: readonly Wanted[]): Wanted {
  const form = items.flatMap((one) => one.form ?? []);
  if (form.length > 0) return { form: [['a', '1'], ...form, ['z', '2']] };
  const each = items.flatMap((one) => one.json ?? []);
  return {
    json: {
      text: `{"a":1,"rows":[${each.map((one) => one.text).join()}],"z":2}`,
      keys: each.reduce((sum, one) => sum + one.keys, 3),
      digits: each.flatMap((one) => one.digits).sort(),
    },
  };
}

const PATH = /^(?:[\w.~!'()*/-]|%[0-9A-F]{2})*$/;
const QUERY = /^(?:[\w.~=&-]|%[0-9A-F]{2})*$/;
const FORM = /^(?:[\w.*+=&-]|%[0-9A-F]{2})*$/;

/** All of a request, against all that it must be. */
function assertRequest({ method, target, headers, body }: Arrived, wanted: Wanted): void {
  assert.equal(method, wanted.method ?? 'POST');
  const [path = '', query = '', ...more] = target.split('?');
  assert.deepEqual(more, []);
  assert.match(path, PATH);
  assert.deepEqual(path.split('/').map(decodeURIComponent), wanted.path ?? ['', 'v1', 'r']);
  assert.equal(sorted(parametersOf(query, QUERY)), sorted(wanted.query ?? []));
  const type = wanted.json ? 'application/json' : wanted.form && 'application/x-www-form-urlencoded';
  assert.equal(sorted(headers), sorted([...(type ? [['content-type', type] as const] : []), ...(wanted.headers ?? [])]));
  if (wanted.json !== undefined) assertJson(body, wanted.json);
  else assert.equal(sorted(parametersOf(body, FORM)), sorted(wanted.form ?? []));
}

/** Parameters as the URL standard and as a strict reader take them apart: both must agree. */
function parametersOf(text: string, allowed: RegExp): Pairs {
  assert.match(text, allowed);
  if (text === '') return [];
  const pairs = text.split('&').map((pair): [string, string] => {
    const [name = '', value = '', ...more] = pair.split('=').map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
    assert.ok(pair.includes('=') && more.length === 0, pair);
    return [name, value];
  });
  assert.deepEqual([...new URLSearchParams(text)], pairs);
  return pairs;
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[-\d][\d.eE+-]*|:/g;

/** JSON as `JSON.parse` has it, with every key that was written and every digit. */
function assertJson(text: string, wanted: NonNullable<Wanted['json']>): void {
  assert.equal(canonical(JSON.parse(text)), wanted.text);
  let keys = 0;
  const digits: string[] = [];
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ':') keys++;
    else if (!token.startsWith('"') && token !== String(Number(token))) digits.push(token);
  }
  assert.equal(keys, wanted.keys, 'a key was written twice');
  assert.equal(digits.sort().join(), wanted.digits.join());
}

/** By name, names in order: of one name the order counts, of several it does not. */
function sorted(pairs: Pairs): string {
  return JSON.stringify([...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
