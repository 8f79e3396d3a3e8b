/** `rowpost demo`: what a newcomer sees first. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { rowpost } from './running.ts';

it('is what npm run demo starts', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.equal(scripts.demo, 'node bin/rowpost.js demo');
});

it('ends by itself, and shows calls, requests, answers and rejected rows', async () => {
  // From another folder, with settings that are none of its business.
  const env = { DEMO_API_KEY: 'canary-key', ROWPOST_URL_DEMO: 'http://127.0.0.1:1', ROWPOST_DESTINATIONS: '/nowhere', PORT: 'x' };
  const { code, stdout, stderr } = await rowpost(['demo'], { env });
  assert.deepEqual([code, stderr], [0, '']);
  assert.doesNotMatch(stdout, /canary/);
  assert.doesNotMatch(stdout, / $/m, 'blanks at the end of a line');

  for (const method of ['list_objects', 'list_modes', 'list_fields', 'list_options', 'validate', 'behavior', 'add'])
    assert.match(stdout, new RegExp(`^→ ${method}\\b`, 'm'));
  assert.match(stdout, /^← \{"errors":\["The option \\"source\\" is missing\.","If the first name is mapped, /m);
  assert.match(stdout, /^← \{"errors":\[\]\}$/m);

  // Nine rows less the one that a rule rejects, four to a request; the CRM limits its rate once and fails once.
  assert.equal(stdout.match(/^ {2}Request [12]: POST \/v1\/contacts\/batch$/gm)?.length, 2);
  assert.equal(stdout.match(/^ {2}Request [12]: POST \/v1\/contacts\/batch {2}again, the same bytes$/gm)?.length, 2);
  assert.match(stdout, /^ {2}HTTP 429, Retry-After: 1 {2}\{"error":"too many requests"\}$/m);
  assert.match(stdout, /^ {2}HTTP 502 {2}/m);
  assert.equal(stdout.match(/^ {2}HTTP 200 {2}/gm)?.length, 2);

  assert.match(stdout, /^ {6}\{"id":105,"reason":"email is empty"\}/m);
  assert.match(stdout, /^5 rows were accepted; the CRM holds 5 contacts: /m);
  assert.match(stdout, /^4 rows were rejected, each with its reason/m);
  for (const row of ['103  this is no email address', '105  email is empty', '106  "gold" is not a plan', '108  this contact'])
    assert.ok(stdout.includes(`\n  ${row}`), row);
});
