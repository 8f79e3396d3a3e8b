/** The command line as it is used: what is printed where, and the exit code. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { VERSION } from '../../src/version.ts';
import { BROKEN, CASES, CRM, UPDATED } from './manifests.ts';
import { DESTINATIONS, type Ended, type Files, folder, ROWPOST, rowpost } from './running.ts';

const ESCAPE = String.fromCharCode(27);
/** Processes at once: starting one takes longer than what it does. */
const SIDE_BY_SIDE = { concurrency: 4 };

const good = { 'destinations/crm.yaml': CRM };
const broken = { 'destinations/crm.yaml': BROKEN };

/** Runs in a folder of its own. */
function within(files: Files, ...args: string[]): Promise<Ended> {
  return rowpost(args, { cwd: folder(files) });
}

function assertMisuse({ code, stdout, stderr }: Ended, sentence: RegExp): void {
  assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
  assert.match(stderr, sentence);
  assert.doesNotMatch(stderr, /^\s+at /m, 'a stack');
}

describe('rowpost', SIDE_BY_SIDE, () => {
  it('--help lists the commands', async () => {
    const { code, stdout, stderr } = await rowpost(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const command of ['serve', 'check', 'test', 'list', 'health', 'demo'])
      assert.match(stdout, new RegExp(`^  ${command}`, 'm'));
  });

  it('serve --help says every setting with its variable and its default', async () => {
    const { code, stdout } = await rowpost(['serve', '--help']);
    assert.equal(code, 0);
    for (const word of ['--port', 'PORT', '8080', 'ROWPOST_TOKEN', 'ROWPOST_DEADLINE', 'ROWPOST_ALLOW_PRIVATE', 'LOG_LEVEL'])
      assert.ok(stdout.includes(word), word);
  });

  it('--version says which', async () => {
    assert.deepEqual(await rowpost(['--version']), { code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  for (const [args, sentence] of [
    [[], /^Usage: rowpost/],
    [['sevre'], /unknown command 'sevre'.*\n.*rowpost --help/s],
    [['check', '--bogus'], /unknown option '--bogus'/],
    [['list', 'crm'], /too many arguments/],
    [['serve', '--port', '99999', '--deadline', 'soon'], /^--port is .*\n--deadline is .*25s/m],
  ] as const) {
    it(`${args.join(' ') || 'alone'} is misuse`, async () => {
      assertMisuse(await rowpost([...args]), sentence);
    });
  }

  for (const args of [['check'], ['list'], ['serve'], ['test', 'crm', '--json']]) {
    it(`${args.join(' ')} without the folder says which setting names it`, async () => {
      assertMisuse(
        await within({}, ...args),
        /^The folder destinations cannot be read\. .*--destinations or ROWPOST_DESTINATIONS/,
      );
    });
  }

  it('takes the folder from the environment and from the flag', async () => {
    const cwd = folder({ 'here/crm.yaml': CRM, 'there/cdp.yaml': CRM });
    const env = { ROWPOST_DESTINATIONS: 'here' };
    assert.match((await rowpost(['list'], { cwd, env })).stdout, /^crm /m);
    assert.match((await rowpost(['list', '--destinations', 'there'], { cwd, env })).stdout, /^cdp /m);
  });

  it('writes no colours but to terminals', async () => {
    const cwd = folder({ ...broken, 'destinations/crm.test.yaml': CASES, 'destinations/cdp.yaml': CRM });
    for (const command of ['check', 'test'])
      assert.ok(!(await rowpost([command], { cwd, env: { NO_COLOR: '' } })).stdout.includes(ESCAPE), command);
    assert.ok((await rowpost(['check'], { cwd, env: { NO_COLOR: '', FORCE_COLOR: '1' } })).stdout.includes(ESCAPE));
  });

  it('ends in silence where its reader stops reading', async () => {
    const child = spawn(process.execPath, [ROWPOST, 'list', '--json', '--destinations', DESTINATIONS], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += String(data);
    });
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('rowpost check', SIDE_BY_SIDE, () => {
  it('is silent about what is right, and needs no settings', async () => {
    const { code, stdout, stderr } = await within(good, 'check');
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(
      stdout,
      `ok  destinations/crm.yaml
    to serve it: settings.token is missing (API token). Set the environment variable CRM_TOKEN, or CRM_TOKEN_FILE to the path of a file that holds it.
No faults in 1 manifest.
`,
    );
  });

  it('shows every fault at its line, and goes on to the other files', async () => {
    const { code, stdout, stderr } = await within({ ...broken, 'destinations/cdp.yaml': CRM }, 'check');
    assert.deepEqual([code, stderr], [1, '']);
    assert.match(stdout, /^ok {2}destinations\/cdp\.yaml$/m);
    assert.match(stdout, /^destinations\/crm\.yaml:11:1 {2}"sink".*\n {3}11 \| sink: \{ add: save, change: save \}\n {8}\^{4}$/m);
    assert.match(stdout, /^destinations\/crm\.yaml:14:5 {2}"pst".*Did you mean "post"\?\n/m);
    assert.match(stdout, /\n2 faults in 2 manifests\n$/);
  });

  it('takes ids, paths, and the cases that a shell names beside them', async () => {
    const cwd = folder({ ...good, 'destinations/crm.test.yaml': CASES, 'destinations/cdp.yaml': BROKEN });
    const one = await rowpost(['check', 'crm', 'crm.yaml', 'destinations/crm.yaml', 'destinations/crm.test.yaml'], { cwd });
    assert.deepEqual([one.code, one.stdout.split('\n').at(-2)], [0, 'No faults in 1 manifest.']);
    const cdp = await rowpost(['check', join(cwd, 'destinations/cdp.yaml')], { cwd });
    assert.deepEqual([cdp.code, cdp.stdout.split('\n').at(-2)], [1, '2 faults in 1 manifest']);
  });

  it('says what there is instead of an id that is not', async () => {
    assertMisuse(
      await within(good, 'check', 'crn'),
      /^There is no destination "crn" in destinations.* Name an id \(crm\).*Did you mean "crm"\?$/m,
    );
    assertMisuse(await within(good, 'check', 'nowhere/crm.yaml'), /no manifest of that path/);
  });

  it('explains how the templates were compiled, where it is asked to', async () => {
    const { code, stdout } = await within(good, 'check', '--explain');
    assert.equal(code, 0);
    assert.match(stdout, /^ {4}all [1-9]\d* templates are compiled$/m);
    const json = await within(good, 'check', '--explain', '--json');
    const [crm] = JSON.parse(json.stdout).destinations;
    assert.ok(crm.templates > 0);
  });

  it('prints JSON', async () => {
    const right = await within(good, 'check', '--json');
    const { ok, destinations } = JSON.parse(right.stdout);
    assert.deepEqual([right.code, ok, destinations[0].id, destinations[0].faults], [0, true, 'crm', []]);
    assert.equal(destinations[0].settings[0].code, 'settings.missing');

    const wrong = await within(broken, 'check', '--json');
    const [{ faults, file }] = JSON.parse(wrong.stdout).destinations;
    assert.deepEqual([wrong.code, JSON.parse(wrong.stdout).ok, file], [1, false, 'destinations/crm.yaml']);
    assert.deepEqual(
      faults.map((fault: Record<string, unknown>) => [fault.file, fault.line, fault.column, fault.hint]),
      [
        ['destinations/crm.yaml', 11, 1, undefined],
        ['destinations/crm.yaml', 14, 5, 'Did you mean "post"?'],
      ],
    );
    assert.deepEqual(JSON.parse((await within({ 'destinations/notes.txt': '' }, 'check', '--json')).stdout), {
      ok: true,
      destinations: [],
    });
  });

  it('says that a folder is empty', async () => {
    const { code, stdout } = await within({ 'destinations/notes.txt': '' }, 'check');
    assert.deepEqual([code, stdout.split('. ')[0]], [0, 'There are no manifests in destinations']);
  });

  it('lists what a reviewer should look at', async () => {
    const { stdout } = await within(
      {
        'destinations/crm.yaml': CRM.replace('{{ record.email }}', '{{ record.email | raw }}').replace(
          'response:',
          'response:\n      rules: [{ if: status == 409, then: accept }]',
        ),
      },
      'check',
    );
    assert.match(stdout, /requests\.save\.put switches escaping off with raw/);
    assert.match(stdout, /requests\.save\.response\.rules\[0\] accepts rows by a rule/);
  });

  it('says what the words on answers leave to ask', async () => {
    const manifest = (sync: string, request: string) =>
      `version: 1\nname: A\nconnection: { url: https://api.example.com }\nsync: { add: ${sync} }\nrequests:\n  send:\n    ${request}\n`;
    const { stdout } = await within(
      {
        'destinations/a.yaml': manifest('[{ request: send, as: sent }]', 'post: /a\n    json: {}'),
        'destinations/b.yaml': manifest(
          'send',
          'post: /a\n    json: {}\n    response: { errors: { each: body.errors, index: error.at } }',
        ),
        'destinations/d.yaml': manifest(
          'send',
          'post: /a\n    batch: { size: 5 }\n    json: "{{ records }}"\n    response: { key: record.email, errors: [{ each: body, key: error.email | downcase }] }',
        ),
        'destinations/e.yaml': manifest(
          'send',
          'post: /a\n    batch: { size: 5 }\n    json: "{{ records }}"\n    response: { key: [id | downcase, record.email | downcase], errors: [{ each: body, key: error.emails | downcase | split: " " }] }',
        ),
        'destinations/c.yaml': manifest(
          'send',
          'post: /a\n    batch: { size: 5 }\n    json: "{{ records }}"\n    response: { bisect: true, key: config.a, rows: { each: body, key: result.id, rules: [{ if: result.old, then: accept }] } }',
        ),
      },
      'check',
    );
    for (const note of [
      /sync\.add has no end/,
      /requests\.send\.response joins by index, and each request holds one row/,
      /requests\.send is split where it is refused, and not said to be idempotent/,
      /a rule of requests\.send\.response \(0\) accepts single rows/,
      /requests\.send\.response\.key reads nothing of the row/,
      /requests\.send\.response\.errors\.0\.key and response\.key are joined as text, and only one of the two/,
    ])
      assert.match(stdout, note);
    assert.equal(stdout.split('made lower or upper case').length, 2, stdout);
  });

  it('says what a declared rate does to the batch size, and what a stable key of a batch is', async () => {
    const { stdout } = await within(
      {
        'destinations/crm.yaml': CRM.replace(
          'connection:',
          'behavior: { batchSize: 500 }\nconnection:\n  rateLimit: { requests: 2, per: 1s }',
        ),
        'destinations/events.yaml': CRM.replace(
          'put: "/contacts/{{ record.email }}"',
          'post: /events\n    batch: { size: 10 }\n    idempotency: { header: Idempotency-Key, by: record.email }',
        ).replace('full_name: "{{ record.name }}"', 'all: "{{ records }}"'),
      },
      'check',
    );
    assert.match(
      stdout,
      /behavior\.batchSize would be 500; at the declared rate 46 rows can be sent within the deadline of 25 s, so 46 is answered/,
    );
    assert.match(stdout, /requests\.save\.idempotency\.by makes one key of all rows of a request/);
  });

  it('says that a file cannot be read', async () => {
    const { code, stdout } = await within({ 'destinations/crm.yaml/x': '' }, 'check');
    assert.equal(code, 1);
    assert.match(stdout, /^destinations\/crm\.yaml cannot be read\./);
  });
});

describe('rowpost list', SIDE_BY_SIDE, () => {
  const files = { 'destinations/cdp.yaml': CRM, 'destinations/crm.yaml': BROKEN, 'destinations/open.yaml': CRM };

  it('shows the state of each, and why', async () => {
    const { code, stdout, stderr } = await rowpost(['list'], { cwd: folder(files), env: { OPEN_TOKEN: 'canary-token' } });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^ID +NAME +STATE +OPERATIONS +PATH$/m);
    assert.match(stdout, /^cdp +My CRM +settings missing +add change +\/hightouch\/cdp$/m);
    assert.match(stdout, /^crm +crm +broken +- +\/hightouch\/crm$/m);
    assert.match(stdout, /^open +My CRM +ready +add change +\/hightouch\/open$/m);
    assert.match(stdout, /^cdp: settings\.token is missing .*CDP_TOKEN/m);
    assert.match(stdout, /^crm: destinations\/crm\.yaml:11:1 {2}"sink"/m);
    assert.doesNotMatch(stdout, /canary/);
  });

  it('prints JSON', async () => {
    const { code, stdout } = await rowpost(['list', '--json'], { cwd: folder(files), env: { OPEN_TOKEN: 'canary-token' } });
    assert.equal(code, 0);
    assert.deepEqual(
      JSON.parse(stdout).destinations.map((one: { id: string; state: string; problems: unknown[] }) => [
        one.id,
        one.state,
        one.problems.length,
      ]),
      [
        ['cdp', 'settings missing', 1],
        ['crm', 'broken', 2],
        ['open', 'ready', 0],
      ],
    );
    assert.doesNotMatch(stdout, /canary/);
  });

  it('says that a folder is empty', async () => {
    const { code, stdout } = await within({ 'destinations/notes.txt': '' }, 'list');
    assert.deepEqual([code, stdout.split('. ')[0]], [0, 'There are no manifests in destinations']);
  });
});

describe('rowpost test', SIDE_BY_SIDE, () => {
  const proved = { ...good, 'destinations/crm.test.yaml': UPDATED };

  it('plays the cases', async () => {
    assert.deepEqual(await within(proved, 'test'), { code: 0, stdout: 'ok  crm: 2 cases\n2 passed, 0 failed\n', stderr: '' });
    const named = await within({ ...proved, 'destinations/cdp.yaml': BROKEN }, 'test', 'crm', 'destinations/crm.test.yaml');
    assert.deepEqual([named.code, named.stdout], [0, 'ok  crm: 2 cases\n2 passed, 0 failed\n']);
  });

  it('shows a changed request as one difference, line by line, with the place of its case', async () => {
    const changed = { ...proved, 'destinations/crm.yaml': CRM.replace('full_name:', 'fullName:') };
    const { code, stdout, stderr } = await within(changed, 'test');
    assert.deepEqual([code, stderr], [1, '']);
    assert.equal(
      stdout,
      `failed  crm: 2 cases

  one is saved, one is refused, one cannot be sent  destinations/crm.test.yaml:5:5
  the request of exchange 1 of 2 is another one than the case shows:
    --- the case
    +++ what came
    @@ -4,4 +4,4 @@
       content-type: application/json
       authorization: Bearer [secret]
     json:
    -  full_name: Alice Doe
    +  fullName: Alice Doe

  the request of exchange 2 of 2 is another one than the case shows:
    --- the case
    +++ what came
    @@ -4,4 +4,4 @@
       content-type: application/json
       authorization: Bearer [secret]
     json:
    -  full_name: ""
    +  fullName: ""

1 passed, 1 failed
`,
    );
  });

  it('shows another answer', async () => {
    const { code, stdout } = await within({ ...proved, 'destinations/crm.yaml': CRM.replace('body.error', 'body.code') }, 'test');
    assert.equal(code, 1);
    assert.match(stdout, /the answer is another one than the case shows:\n.*^ {4}- {6}reason: the name is empty$\n^ {4}\+ /ms);
    assert.match(stdout, /id: 12345678901234567890\n/);
  });

  it('shows a request that is not sent, and one that is not foreseen', async () => {
    const request = UPDATED.slice(UPDATED.indexOf('      - request:'), UPDATED.indexOf('      # refused'));
    const unsent = await within({ ...proved, 'destinations/crm.test.yaml': UPDATED.replace(request, request + request) }, 'test');
    assert.equal(unsent.code, 1);
    assert.match(unsent.stdout, /the request of exchange 2 of 3 was not sent:\n {4}method: PUT\n/);

    const unforeseen = await within({ ...proved, 'destinations/crm.test.yaml': UPDATED.replace(request, '') }, 'test');
    assert.equal(unforeseen.code, 1);
    assert.match(unforeseen.stdout, /a request was sent that the case does not foresee\..*:\n {4}method: PUT\n {4}url: .*alice/);
    assert.equal(unforeseen.stdout.split('does not foresee').length, 2, 'told once, not for every retry');
  });

  it('prints JSON', async () => {
    const right = await within(proved, 'test', '--json');
    assert.equal(right.code, 0);
    const { ok, passed, failed } = JSON.parse(right.stdout);
    assert.deepEqual([ok, passed, failed], [true, 2, 0]);

    const wrong = await within({ ...proved, 'destinations/crm.yaml': CRM.replace('full_name:', 'fullName:') }, 'test', '--json');
    assert.equal(wrong.code, 1);
    const told = JSON.parse(wrong.stdout);
    assert.deepEqual([told.ok, told.passed, told.failed], [false, 1, 1]);
    assert.equal(told.destinations[0].cases[0].where, 'destinations/crm.test.yaml:5:5');
    assert.match(told.destinations[0].cases[0].differences[0], /-\s+full_name/);
  });

  it('finds nothing to play a failure', async () => {
    const { code, stdout } = await within(good, 'test');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^- +crm has no golden cases\nNo case was played\. Golden cases lie beside their manifest, in <name>\.test\.yaml\.\n$/,
    );
    assert.equal((await within({ ...proved, 'destinations/cdp.yaml': CRM }, 'test')).code, 0);
    assert.equal((await within({ ...proved, 'destinations/cdp.yaml': CRM }, 'test', 'cdp')).code, 1);
  });

  it('tells of cases without a manifest', async () => {
    const { code, stdout } = await within({ ...proved, 'destinations/gone.test.yaml': UPDATED }, 'test');
    assert.equal(code, 1);
    assert.match(stdout, /gone\.test\.yaml holds golden cases, but the manifest destinations\/gone\.yaml is not there\./);
    assert.match(stdout, /\n2 passed, 0 failed, 1 fault\n$/);
  });

  it('shows the faults of a manifest, and of the cases, at their lines', async () => {
    const manifest = await within({ ...proved, 'destinations/crm.yaml': BROKEN }, 'test');
    assert.equal(manifest.code, 1);
    assert.match(manifest.stdout, /^destinations\/crm\.yaml:11:1 {2}/m);
    assert.match(manifest.stdout, /\nNo case was played\. 2 faults\.\n$/);

    const cases = await within({ ...good, 'destinations/crm.test.yaml': CASES.replace('cases:', 'casses:') }, 'test');
    assert.equal(cases.code, 1);
    assert.match(cases.stdout, /^destinations\/crm\.test\.yaml:3:1 {2}"casses"/m);
  });

  for (const [what, from, to, sentence] of [
    [
      'a setting is missing, and one unknown',
      "token: 'made-up-token'",
      'tokn: x',
      /the manifest has no setting "tokn"; the setting "token" has no value; write a made-up one/,
    ],
    [
      'an exchange has no response',
      '- response: { status: 200, json: { id: c_1 } }',
      '- request: { method: GET, url: x }',
      /:17:\d+ {2}This exchange has no response\. Add what the API answers, such as "response: \{/,
    ],
  ] as const) {
    it(`says that ${what}`, async () => {
      const { code, stdout } = await within({ ...good, 'destinations/crm.test.yaml': CASES.replace(from, to) }, 'test');
      assert.equal(code, 1);
      assert.match(stdout, sentence);
    });
  }

  it('reaches nothing outside, whatever the environment says', async () => {
    const { code } = await rowpost(['test'], {
      cwd: folder(proved),
      env: { ROWPOST_URL_CRM: 'http://127.0.0.1:9', CRM_TOKEN: 'real' },
    });
    assert.equal(code, 0);
  });
});

describe('rowpost test --update', SIDE_BY_SIDE, () => {
  it('writes requests and results, keeps every other byte, and has nothing to do the second time', async () => {
    const cwd = folder({ ...good, 'destinations/crm.test.yaml': CASES });
    const file = join(cwd, 'destinations/crm.test.yaml');
    const first = await rowpost(['test', '--update'], { cwd });
    assert.deepEqual(first, {
      code: 0,
      stdout:
        'ok  crm: 2 cases, written to destinations/crm.test.yaml; read the difference before you keep it\n2 passed, 0 failed\n',
      stderr: '',
    });
    assert.equal(readFileSync(file, 'utf8'), UPDATED);

    const second = await rowpost(['test', '--update'], { cwd });
    assert.deepEqual(second, { code: 0, stdout: 'ok  crm: 2 cases\n2 passed, 0 failed\n', stderr: '' });
    assert.equal(readFileSync(file, 'utf8'), UPDATED);
    assert.equal((await rowpost(['test'], { cwd })).code, 0);
  });

  it('keeps the line ends of a file', async () => {
    const cwd = folder({ ...good, 'destinations/crm.test.yaml': CASES.replaceAll('\n', '\r\n') });
    assert.equal((await rowpost(['test', '--update'], { cwd })).code, 0);
    assert.equal(readFileSync(join(cwd, 'destinations/crm.test.yaml'), 'utf8'), UPDATED.replaceAll('\n', '\r\n'));
  });

  it('writes what changed in its old place', async () => {
    const changed = CRM.replace('full_name:', 'fullName:').replace('body.error', 'body.error | upcase');
    const cwd = folder({ 'destinations/crm.yaml': changed, 'destinations/crm.test.yaml': UPDATED });
    assert.equal((await rowpost(['test', '--update'], { cwd })).code, 0);
    assert.equal(
      readFileSync(join(cwd, 'destinations/crm.test.yaml'), 'utf8'),
      UPDATED.replaceAll('full_name:', 'fullName:').replace('reason: the name is empty', 'reason: THE NAME IS EMPTY'),
    );
  });

  it('writes an error in the place of a result', async () => {
    const call = 'call: { method: add, params: { idColumn: id } }\n    result: { rejectedRows: [] } # none\n';
    const text = `settings: { token: made-up }\ncases:\n  - name: no rows\n    ${call}`;
    const cwd = folder({ ...good, 'destinations/crm.test.yaml': text });
    assert.equal((await rowpost(['test', '--update'], { cwd })).code, 0);
    const written = readFileSync(join(cwd, 'destinations/crm.test.yaml'), 'utf8');
    assert.match(written, /\n {4}error: \{ code: -32602, message: .* \} # none\n$/);
    assert.doesNotMatch(written, /result/);
    assert.equal((await rowpost(['test'], { cwd })).code, 0);
  });

  it('says which answer is missing, and writes no result that rests on it', async () => {
    const text = CASES.replace(/ {6}# refused\n.*\n/, '');
    const cwd = folder({ ...good, 'destinations/crm.test.yaml': text });
    const { code, stdout } = await rowpost(['test', '--update'], { cwd });
    assert.equal(code, 1);
    assert.match(
      stdout,
      /PUT https:\/\/api\.crm\.example\/v1\/contacts\/bob%40example\.com has no answer\. Add to the exchanges .*\n {4}- response: \{ status: 200, /,
    );
    const written = readFileSync(join(cwd, 'destinations/crm.test.yaml'), 'utf8');
    assert.match(written, /alice%40example/);
    assert.doesNotMatch(written, /rejectedRows/);
  });

  it('says which exchange is not needed, and leaves it', async () => {
    const text = UPDATED.replace('      # refused\n', '      - response: { status: 503 }\n      # refused\n');
    const cwd = folder({ ...good, 'destinations/crm.test.yaml': text });
    const { code, stdout } = await rowpost(['test', '--update'], { cwd });
    assert.equal(code, 1);
    assert.match(stdout, /Exchange 2 was not needed\. Remove what no request asks for\./);
    assert.equal(readFileSync(join(cwd, 'destinations/crm.test.yaml'), 'utf8'), text);
    assert.match(
      (await rowpost(['test'], { cwd })).stdout,
      /exchange 2 of 3 was not needed: no request asked for its response\./,
    );
  });

  for (const [what, text] of [
    [
      'an alias',
      `settings: { token: made-up }\ncases:\n  - name: one\n    call: &call { method: behavior }\n    result: &result { batchSize: 1 }\n  - name: two\n    call: *call\n    exchanges: [ { response: { json: *result } } ]\n`,
    ],
    ['one line', 'settings: { token: made-up }\ncases: [ { name: one, call: { method: behavior } } ]\n'],
  ] as const) {
    it(`leaves alone what is written with ${what}, and says so`, async () => {
      const cwd = folder({ ...good, 'destinations/crm.test.yaml': text });
      const { code, stdout } = await rowpost(['test', '--update'], { cwd });
      assert.equal(code, 1);
      assert.match(stdout, /cannot be written here\. Write the case over several lines, without anchors and aliases/);
      assert.equal(readFileSync(join(cwd, 'destinations/crm.test.yaml'), 'utf8'), text);
    });
  }

  it('changes nothing in the golden cases that come with it', async () => {
    const texts = ['demo', 'mailchimp'].map((id) => [
      [`destinations/${id}.yaml`, readFileSync(join(DESTINATIONS, `${id}.yaml`), 'utf8')],
      [`destinations/${id}.test.yaml`, readFileSync(join(DESTINATIONS, `${id}.test.yaml`), 'utf8')],
    ]);
    const { code, stdout } = await within(Object.fromEntries(texts.flat()), 'test', '--update');
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /written/);
  });
});
