/** Files of the folder change while calls go on: what is served follows within a second, and nobody's call fails of it. */

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { seeded } from '../seeded.ts';
import { broken, EditedFolder, FAULT_AT, IDS, KINDS, type Kind, MOUNTED, manifest, STEADY, STEADY_VERSION } from './editing.ts';
import { type Api, type ApiRequest, api, type Env, folder, later, type Serving, serve, until } from './running.ts';

/** Repeats a run: `SEED=… node test/run.js test/commands/watch.test.ts`. */
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const EDITS = 100;
/** Milliseconds from an edit until it is served. */
const BOUND = 1000;
/** Milliseconds by which this machine is behind with everything: what it owes is not counted. */
function lateness(t: TestContext): () => number {
  const every = 20;
  let late = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late += Math.max(0, now - last - every);
    last = now;
  }, every);
  t.after(() => clearInterval(timer));
  return () => late;
}

/** How many call at once. */
const CALLERS = 6;

interface Ready {
  readonly destinations: readonly { readonly id: string; readonly state: string; readonly problems?: readonly string[] }[];
}

async function readyz({ url }: Serving): Promise<Ready['destinations']> {
  const response = await fetch(`${url}/readyz`);
  const { destinations } = (await response.json()) as Ready; // the form of /readyz
  return destinations;
}

/** The version that answers, or the code of the error. */
async function versionOf({ call }: Serving, id: string): Promise<number> {
  const { text } = await call(id, 'list_fields');
  const { result, error } = JSON.parse(text);
  return error === undefined ? Number(result.fields[1].label) : error.code;
}

const UNKNOWN = -32001;

function add(serving: Serving, id: string, call: string, count = 3) {
  const rows = Array.from({ length: count }, (_, index) => ({ id: index, email: `r${index}@example.com`, call }));
  return serving.call(id, 'add', { idColumn: 'id', configuration: { mappings: [{ from: 'email', to: 'email' }] }, rows });
}

function backend(answer: (request: ApiRequest) => Promise<void>): Promise<Api> {
  return api(async (request) => {
    await answer(request);
    return { status: 200, body: '{"kept":"so"}' };
  });
}

function urls({ url }: Api): Env {
  return Object.fromEntries([...IDS, ...MOUNTED, STEADY].map((id) => [`ROWPOST_URL_${id.toUpperCase()}`, url]));
}

async function started(files: Env, answer: (request: ApiRequest) => Promise<void> = async () => undefined) {
  const fake = await backend(answer);
  const root = folder(Object.fromEntries(Object.entries(files).map(([name, text]) => [`destinations/${name}`, text])));
  const path = join(root, 'destinations');
  return { serving: await serve({ ROWPOST_DESTINATIONS: path, ...urls(fake) }), path, requests: fake.requests };
}

/** Whether all is served as it should be. */
async function shows(serving: Serving, edited: EditedFolder): Promise<boolean> {
  const list = await readyz(serving);
  const ids = [...edited.expected.keys(), ...[...edited.doubled].map((id) => `${id} (${id}.yml)`)];
  if (
    list
      .map(({ id }) => id)
      .sort()
      .join() !== ids.sort().join()
  )
    return false;
  for (const { id, state, problems = [] } of list) {
    const expected = edited.expected.get(id);
    if (expected === undefined) continue;
    const { faulty } = expected;
    const told = problems.join('\n');
    const right =
      faulty === undefined ? told === '' : told.includes(`${edited.file(id)}:${FAULT_AT} `) && told.includes(`pst${faulty}`);
    if (!right || state !== 'ready') return false;
  }
  const versions = await Promise.all([...edited.expected.keys()].map((id) => versionOf(serving, id)));
  return [...edited.expected.values()].every(({ version }, index) => version === versions[index]);
}

/** Calls one destination after another, and gathers what went wrong of it. */
class Callers {
  readonly failures: string[] = [];
  calls = 0;
  readonly #serving: Serving;
  readonly #edited: EditedFolder;
  readonly #running: Promise<void>[];
  #stopping = false;

  constructor(serving: Serving, edited: EditedFolder) {
    this.#serving = serving;
    this.#edited = edited;
    this.#running = Array.from({ length: CALLERS }, (_, number) => this.#run(number));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  async #run(number: number): Promise<void> {
    while (!this.#stopping && this.failures.length === 0) {
      const ids = number === 0 ? [STEADY] : [...this.#edited.expected.keys()];
      await this.#call(ids[this.calls++ % ids.length] ?? STEADY, number % 3 > 0);
      await later(2);
    }
  }

  async #call(id: string, rows: boolean): Promise<void> {
    const { moves, settled } = this.#edited;
    const before = moves.get(id);
    const was = settled.has(id);
    const { status, text } = rows
      ? await add(this.#serving, id, `call-${this.calls}`)
      : await this.#serving.call(id, 'list_fields');
    if (status === 200 && /"result":\{"(?:rejectedRows":\[\]|fields":\[)/.test(text)) return;
    const stayed = was && before === moves.get(id);
    if (stayed || status !== 404) this.failures.push(`${id}: ${status} ${text}`);
  }
}

/** One to three edits at once. */
async function burst(edited: EditedFolder, chance: () => number): Promise<Kind[]> {
  const kinds: Kind[] = [];
  const count = 1 + Math.floor(chance() * 3);
  while (kinds.length < count && kinds.at(-1) !== 'beside') {
    const kind = KINDS[Math.floor(chance() * KINDS.length)] ?? 'good';
    kinds.push(kind);
    await edited.edit(kind);
  }
  return kinds;
}

/** No call was delivered by two versions. */
function assertWhole(requests: readonly ApiRequest[]): void {
  const versions = new Map<unknown, unknown>();
  for (const { body, method } of requests) {
    if (method !== 'PUT') continue;
    const row = JSON.parse(body);
    assert.equal(row.version, versions.get(row.call) ?? row.version, row.call);
    versions.set(row.call, row.version);
  }
}

/** What was asked for one version: its lookup once, over one connection, and its rows over connections of their own. */
function assertKept(requests: readonly ApiRequest[], version: number, concurrency: number): void {
  const own = requests.filter(({ headers }) => headers['x-version'] === String(version));
  assert.ok(own.length > 1);
  assert.equal(own.filter(({ path }) => path === '/kept').length, 1, 'its kept answer was lost');
  assert.ok(new Set(own.map(({ connection }) => connection)).size <= concurrency + 1, 'its connections were lost');
}

describe('the folder of the destinations', () => {
  it(`is served as it is within a second of each of ${EDITS} edits, under load`, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const [chance, wait] = [seeded(SEED), seeded(SEED + 1)];
    const fake = await backend(() => later(wait() * 30));
    const edited = new EditedFolder(folder({}), chance);
    const serving = await serve({ ROWPOST_DESTINATIONS: edited.path, ...urls(fake) });
    assert.ok(await shows(serving, edited));
    edited.settle();
    const callers = new Callers(serving, edited);
    const late = lateness(t);
    const times: { ms: number; kinds: string }[] = [];
    const refusals = () =>
      serving.lines().flatMap(({ message, fault }) => (message === 'manifest refused' ? [String(fault)] : []));

    for (let edits = 0; edits < EDITS; ) {
      const before = refusals().length;
      const early = late();
      const kinds = await burst(edited, chance);
      // A half that lay there for long is taken for the whole; the next look mends it.
      const prompt = late() - early < 50;
      edits += kinds.length;
      const start = performance.now();
      const owed = late();
      while (!(await shows(serving, edited))) {
        assert.deepEqual(callers.failures, []);
        assert.ok(
          performance.now() - start < BOUND + late() - owed,
          `edit ${edits}: ${kinds.join()} was not served within ${BOUND} ms`,
        );
        await later(10);
      }
      times.push({ ms: Math.round(performance.now() - start), kinds: kinds.join() });
      edited.settle();
      const refused = refusals().slice(before);
      for (const [id, { faulty }] of edited.expected) {
        const told = refusals().filter(
          (fault) => fault.includes(`${edited.file(id)}:${FAULT_AT} `) && fault.includes(`pst${faulty}`),
        );
        assert.equal(told.length, faulty === undefined ? 0 : 1, 'a fault is logged once');
      }
      if (prompt && !kinds.includes('beside') && !kinds.includes('broken'))
        assert.deepEqual(refused, [], `${kinds.join()} was read while it was written`);
      edited.undouble();
    }

    await callers.stop();
    assert.deepEqual(callers.failures, []);
    const [worst] = times.sort((a, b) => b.ms - a.ms);
    t.diagnostic(`${callers.calls} calls; from an edit to being served at most ${worst?.ms} ms (${worst?.kinds})`);
    assertWhole(fake.requests);
    assertKept(fake.requests, STEADY_VERSION, 2);
    assert.deepEqual(
      serving.lines().filter(({ message }) => message === 'internal error'),
      [],
    );
    assert.equal(serving.out.stderr, '');
    serving.child.kill('SIGTERM');
    assert.equal(await serving.ended, 0);
  });

  it('lets a destination be as it was where another changes: its kept answers and its connections', async () => {
    const { serving, path, requests } = await started({ 'steady.yaml': manifest(1), 'a.yaml': manifest(2) });
    for (let version = 3; version < 7; version++) {
      for (const id of [STEADY, 'a']) assert.match((await add(serving, id, 'c', 1)).text, /"rejectedRows":\[\]/);
      writeFileSync(join(path, 'a.yaml'), version === 5 ? broken(version) : manifest(version));
      writeFileSync(join(path, 'b.yaml'), manifest(version));
      const reloads = () => serving.lines().filter(({ message }) => message === 'destinations reloaded').length;
      const before = reloads();
      await until(() => reloads() > before);
    }
    assertKept(requests, 1, 1);
    assert.deepEqual(
      requests.flatMap(({ path: asked, headers }) =>
        asked === '/kept' && headers['x-version'] !== '1' ? [headers['x-version']] : [],
      ),
      ['2', '3', '4'],
      'each version that ran asked once: the broken one never ran',
    );
  });

  for (const [what, edit] of [
    ['changed', (path: string) => writeFileSync(join(path, 'a.yaml'), manifest(2))],
    ['removed', (path: string) => rmSync(join(path, 'a.yaml'))],
    ['removed with its folder', (path: string) => rmSync(path, { recursive: true })],
  ] as const) {
    it(`answers calls under way by the old version where the file is ${what}`, async () => {
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const { serving, path, requests } = await started({ 'a.yaml': manifest(1) }, ({ method }) =>
        method === 'PUT' ? held : Promise.resolve(),
      );
      const call = add(serving, 'a', 'held', 5);
      await until(() => requests.some(({ method }) => method === 'PUT'));
      edit(path);
      const next = what === 'changed' ? 2 : UNKNOWN;
      while ((await versionOf(serving, 'a')) !== next) await later(10);
      await later(700);
      release();
      assert.match((await call).text, /"result":\{"rejectedRows":\[\]\}/);
      const rows = requests.filter(({ method }) => method === 'PUT').map(({ body }) => JSON.parse(body).version);
      assert.deepEqual(rows, [1, 1, 1, 1, 1]);
    });
  }

  it('may be gone, and come back', async () => {
    const { serving, path } = await started({ 'a.yaml': manifest(1) });
    rmSync(path, { recursive: true });
    while ((await versionOf(serving, 'a')) !== UNKNOWN) await later(10);
    assert.deepEqual(await readyz(serving), []);
    mkdirSync(path);
    writeFileSync(join(path, 'a.yaml'), manifest(2));
    while ((await versionOf(serving, 'a')) !== 2) await later(10);
  });

  it('is watched from its first reading on', async () => {
    const { serving, path } = await started({ 'a.yaml': manifest(1) });
    // No look was taken yet: the server just began to listen.
    writeFileSync(join(path, 'a.yaml'), manifest(2));
    while ((await versionOf(serving, 'a')) !== 2) await later(10);
  });

  it('is served although one of its files changes all the time', async (t) => {
    const late = lateness(t);
    const { serving, path } = await started({ 'a.yaml': manifest(1), 'b.yaml': manifest(1) });
    let version = 1;
    const restless = setInterval(() => writeFileSync(join(path, 'b.yaml'), manifest(++version)), 100);
    try {
      writeFileSync(join(path, 'a.yaml'), manifest(2));
      const start = performance.now();
      while ((await versionOf(serving, 'a')) !== 2) await later(10);
      assert.ok(performance.now() - start < BOUND + late());
    } finally {
      clearInterval(restless);
    }
    while ((await versionOf(serving, 'b')) !== version) await later(10);
  });

  it('may hold a link that leads nowhere, an unreadable file and a folder of that name; each is told, none harms', async () => {
    const { serving, path } = await started({ 'a.yaml': manifest(1) });
    symlinkSync('nowhere.yaml', join(path, 'b.yaml'));
    mkdirSync(join(path, 'c.yaml'));
    writeFileSync(join(path, 'd.yaml'), Buffer.from([0xff, 0xfe, 0]));
    const states = async () => (await readyz(serving)).map(({ id, state }) => `${id} ${state}`);
    while ((await states()).length < 4) await later(10);
    assert.deepEqual(await states(), ['a ready', 'b broken', 'c broken', 'd broken']);
    writeFileSync(join(path, 'nowhere.yaml'), '');
    while (!(await readyz(serving)).some(({ id, problems }) => id === 'b' && !problems?.join().includes('cannot be read')))
      await later(10);
    writeFileSync(join(path, 'nowhere.yaml'), manifest(5));
    while ((await versionOf(serving, 'b')) !== 5) await later(10);
    assert.equal(await versionOf(serving, 'a'), 1);
  });
});
