/** Requests as a case writes them down, and the replies that it answers them with. */

import { parseJson } from '../json/parse.ts';
import { stringifyJson } from '../numbers.ts';
import type { OutboundRequest, Reply, Unreachable } from '../outbound/exchange.ts';
import { isMap } from '../template/text.ts';
import type { CaseSpec, RequestCase, ResponseCase } from './case.ts';

/** What a call was answered: `result` or `error`. */
export interface CallAnswer {
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A request as a case shows it, without secrets. */
export function showRequest(request: OutboundRequest, redact: (text: string) => string): RequestCase {
  const { method, url, headers, body } = request;
  const shown = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, showHeader(name, redact(value))]));
  return {
    method,
    url: redact(url),
    ...(Object.keys(shown).length > 0 && { headers: shown }),
    ...(body !== undefined && showBody(redact(body.toString()), headers['content-type'] ?? '')),
  };
}

/** Of credentials that hold a secret nothing but their scheme is kept: what surrounds the secret in Basic is encoded with it. */
function showHeader(name: string, value: string): string {
  return name === 'authorization' && value.includes('[secret]') ? value.replace(/^(\S+) .*$/s, '$1 [secret]') : value;
}

function showBody(body: string, type: string): Pick<RequestCase, 'json' | 'form' | 'text'> {
  if (type.startsWith('application/x-www-form-urlencoded')) return { form: body };
  if (!/[/+]json\b/.test(type)) return { text: body };
  try {
    return { json: parseJson(body) };
  } catch {
    return { text: body };
  }
}

/** Equal for requests, and for answers, of equal content: the order of keys does not matter. */
export function contentOf(content: RequestCase | CaseSpec | CallAnswer): string {
  return stringifyJson(sorted('method' in content ? { ...content, headers: content.headers ?? {} } : content));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

const FAILURES: Readonly<Record<NonNullable<ResponseCase['fail']>, Unreachable>> = {
  refused: {
    kind: 'unreachable',
    phase: 'before',
    mayHaveArrived: false,
    code: 'ECONNREFUSED',
    sentence: 'The API refused the connection.',
  },
  reset: {
    kind: 'unreachable',
    phase: 'after',
    mayHaveArrived: true,
    code: 'ECONNRESET',
    sentence: 'The connection broke before an answer came.',
  },
  timeout: {
    kind: 'unreachable',
    phase: 'after',
    mayHaveArrived: true,
    code: 'TIMEOUT',
    sentence: 'The API did not answer in time.',
  },
  garbled: {
    kind: 'unreachable',
    phase: 'after',
    mayHaveArrived: true,
    code: 'GARBLED',
    sentence: "The API's answer is damaged.",
  },
};

export function replyOf(response: ResponseCase): Reply {
  if (response.fail !== undefined) return FAILURES[response.fail];
  const given = Object.fromEntries(Object.entries(response.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const json = response.json === undefined ? undefined : stringifyJson(response.json);
  return {
    kind: 'answer',
    status: response.status ?? 200,
    headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...given },
    body: json ?? response.text ?? '',
  };
}
