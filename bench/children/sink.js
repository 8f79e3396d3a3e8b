/**
 * Stands in for the API that rows are sent to: answers 200 at once, counts what truly arrived, and looks into a sample of the bodies.
 * The counts are its own, so nothing that a server under test says of itself is believed.
 */

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { answer, endWithParent } from './channel.js';

/** Stands once in each row, and nowhere else. */
const MARKER = Buffer.from('"external_id":');
/** Of the requests that are measured one in so many is looked into, after the measurement. */
const SAMPLE = 251;
const MOST_SAMPLES = 64;
/** Longer than the pauses between two turns of one server: nobody pays for connections anew. */
const KEPT = 120_000;

const ANSWER = JSON.stringify({ ok: true });
const ANSWER_HEADERS = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(ANSWER) };

let counts = { requests: 0, rows: 0, refused: 0 };
/** @type {Buffer[]} */
let bodies = [];
/** Whether every body is kept: for the check before a measurement. */
let all = true;
/** Digests of the rows that may come. */
let known = new Set();
let authorization = '';

const server = createServer({ keepAliveTimeout: KEPT }, (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const { method, url, headers } = request;
    const right =
      method === 'POST' &&
      url === '/v1/contacts' &&
      headers.authorization === authorization &&
      String(headers['content-type']).startsWith('application/json');
    counts.requests++;
    counts.rows += rowsIn(body);
    if (!right) counts.refused++;
    if (all || (counts.requests % SAMPLE === 0 && bodies.length < MOST_SAMPLES)) bodies.push(body);
    response.writeHead(right ? 200 : 400, ANSWER_HEADERS);
    response.end(ANSWER);
  });
});

/** @param {Buffer} body */
function rowsIn(body) {
  let rows = 0;
  for (let at = body.indexOf(MARKER); at !== -1; at = body.indexOf(MARKER, at + MARKER.length)) rows++;
  return rows;
}

/** @param {Buffer} body @returns digests of its rows, each the same for any order of keys */
function digests(body) {
  const value = JSON.parse(body.toString('utf8'));
  return (Array.isArray(value.contacts) ? value.contacts : [value]).map(digest);
}

function digest(row) {
  return createHash('sha256')
    .update(JSON.stringify(sorted(row)))
    .digest('base64');
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

answer({
  /** Begins to listen on a free port. */
  listen(token) {
    authorization = `Bearer ${token}`;
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(server.address().port));
    });
  },
  /** The rows that may come from now on. */
  expect(rows) {
    known = new Set(rows.map(digest));
  },
  /** Begins to count anew. @param whole whether every row must come, and come once */
  begin(whole) {
    counts = { requests: 0, rows: 0, refused: 0 };
    bodies = [];
    all = whole;
  },
  /** What arrived, and how many of the rows that were looked into were not the ones expected. */
  arrived() {
    const seen = bodies.flatMap(digests);
    const strangers = seen.filter((one) => !known.has(one)).length;
    const missing = all ? known.size - new Set(seen).size : 0;
    return { ...counts, looked: seen.length, strangers, missing };
  },
});
endWithParent();
