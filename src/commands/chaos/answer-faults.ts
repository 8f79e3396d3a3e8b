/** Faults of whole answers: statuses, what stands in the body, and when to come back. */

import { stringifyJson } from '../../numbers.ts';
import { ELSEWHERE, type FaultKind, type Headers, send, sendJson } from './exchange.ts';

/** Seconds that `Retry-After` asks for: short enough for a retry within a call. */
const COME_BACK = 1;

function status(code: number, sentence: string, headers: () => Headers = () => ({})) {
  return {
    sentence: `answers ${code}${sentence}; takes nothing`,
    takes: 'none',
    says: 'no',
    play: (exchange) => sendJson(exchange, code, { ok: false, error: `chaos says ${code}` }, headers()),
  } as const satisfies FaultKind;
}

/** The rows went through, and the answer says that they failed. */
function taken(code: number) {
  const { play } = status(code, '');
  return { sentence: `takes the rows, and answers ${code} nevertheless`, takes: 'all', says: 'no', play } as const;
}

const seconds = () => ({ 'retry-after': String(COME_BACK) });
/** Dates have whole seconds: a second more, or it could be past at once. */
const date = () => ({ 'retry-after': new Date(Date.now() + (COME_BACK + 1) * 1000).toUTCString() });
const unreadable = () => ({ 'retry-after': 'soon, perhaps' });
const location = () => ({ location: ELSEWHERE });

export const ANSWER_FAULTS = {
  'error-inside': {
    sentence: 'answers 200 with an error inside the JSON, for every row; takes nothing',
    takes: 'none',
    says: 'no',
    play: (exchange) => sendJson(exchange, 200, exchange.answer),
  },
  'broken-json': {
    sentence: 'takes the rows, and answers 200 with JSON that breaks off',
    takes: 'all',
    says: 'nothing',
    play: (exchange) => send(exchange, 200, stringifyJson(exchange.answer).slice(0, -2)),
  },
  empty: {
    sentence: 'takes the rows, and answers 200 with an empty body',
    takes: 'all',
    says: 'nothing',
    play: (exchange) => send(exchange, 200, ''),
  },
  partial: {
    sentence: 'takes every second row, refuses the others, and says so for each',
    takes: 'half',
    says: 'each',
    play: (exchange) => sendJson(exchange, 200, exchange.answer),
  },
  'missing-results': {
    sentence: 'takes the rows, and leaves the last one out of the answer',
    takes: 'all',
    says: 'each',
    play: (exchange) => sendJson(exchange, 200, { ok: true, results: exchange.answer.results.slice(0, -1) }),
  },
  'shuffled-results': {
    sentence: 'takes the rows, and answers with their results in another order',
    takes: 'all',
    says: 'each',
    play: (exchange) => sendJson(exchange, 200, { ok: true, results: exchange.answer.results.toReversed() }),
  },
  'http-429': status(429, ''),
  'http-429-seconds': status(429, ' with Retry-After in seconds', seconds),
  'http-429-date': status(429, ' with Retry-After as a date', date),
  'http-429-garbage': status(429, ' with a Retry-After that cannot be read', unreadable),
  'http-503': status(503, ''),
  'http-503-seconds': status(503, ' with Retry-After in seconds', seconds),
  'http-503-date': status(503, ' with Retry-After as a date', date),
  'http-503-garbage': status(503, ' with a Retry-After that cannot be read', unreadable),
  'http-500': status(500, ''),
  'http-500-taken': taken(500),
  'http-502': status(502, ''),
  'http-502-taken': taken(502),
  'http-504': status(504, ''),
  'http-504-taken': taken(504),
  'http-401': status(401, ''),
  'http-408': status(408, ''),
  'http-409': status(409, ''),
  'http-425': status(425, ''),
  'http-301': status(301, ', which leads elsewhere', location),
  'http-307': status(307, ', which leads elsewhere and asks for the same body', location),
  'http-308': status(308, ', which leads elsewhere and asks for the same body', location),
} as const satisfies Record<string, FaultKind>;
