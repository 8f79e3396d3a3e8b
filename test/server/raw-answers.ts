/** Reads HTTP answers as bytes, strictly: what follows one is another, or nothing. */

import assert from 'node:assert/strict';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** The last chunk, and nothing behind it. */
const EMPTY = '0\r\n\r\n';

/**
 * @param head whether the answers have no bodies, whatever their lengths say
 * @param broken whether the last one may be cut off
 */
export function readAnswers(bytes: Buffer, { head = false, broken = false } = {}): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end < 0 && broken) break;
    assert.ok(end >= 0, `what is no HTTP: ${bytes.toString('latin1', at, at + 80)}`);
    const [line = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    const [, code] = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/.exec(line) ?? assert.fail(`no status line: ${line}`);
    const headers = new Map<string, string>();
    for (const one of lines) {
      const [, name = '', value = ''] = /^([\w-]+): ([\x20-\x7e]*)$/.exec(one) ?? assert.fail(`no header: ${one}`);
      assert.ok(!headers.has(name.toLowerCase()), `${name} twice`);
      headers.set(name.toLowerCase(), value);
    }
    const from = end + 4;
    // Node's own refusals have an empty body in chunks; ours say how long theirs are.
    const chunked = headers.get('transfer-encoding') === 'chunked';
    const length = head ? 0 : chunked ? EMPTY.length : Number(headers.get('content-length') ?? 0);
    if (broken && from + length > bytes.length) break;
    assert.ok(from + length <= bytes.length, 'a body that is shorter than it says');
    const body = bytes.toString('utf8', from, from + length);
    assert.ok(!chunked || body === EMPTY, 'a body in chunks');
    answers.push({ status: Number(code), headers, body: chunked ? '' : body });
    at = from + length;
  }
  return answers;
}
