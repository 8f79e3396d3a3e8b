/** Manifests and golden cases with mistakes of all kinds: each is read, or told in sentences at their places; whatever compiles also runs. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readCases } from '../../src/cases/case.ts';
import { playCase } from '../../src/cases/play.ts';
import { bindDestination, isFaults } from '../../src/destination/bind.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import type { Destination } from '../../src/destination/destination.ts';
import { Fault } from '../../src/fault.ts';
import { readManifest } from '../../src/manifest/read.ts';
import { isMap } from '../../src/template/text.ts';
import { seeded } from '../seeded.ts';
import { type Chance, pick } from '../server/chance.ts';
import { mutated, type Source, sourceOf } from './mutations.ts';
import { assertFault, assertSentence } from './telling.ts';

/** `MUTATED=50000 node test/run.js test/manifest/mutated.test.ts` is the long form; SEED repeats a run. */
const COUNT = Number(process.env.MUTATED ?? 300);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Milliseconds of the processor for one manifest, from its text to its last row: the true figure, and one for any machine. */
const SOON = COUNT > 1000 ? 1000 : 5000;

const folder = (path: string, ending: RegExp): string[] =>
  readdirSync(path)
    .filter((name) => ending.test(name))
    .map((name) => readFileSync(`${path}/${name}`, 'utf8'));

/** Between them they hold every word of the language. */
const whole = [...folder('destinations', /^[a-z]+\.yaml$/), ...folder('test/manifest/whole', /\.yaml$/)].map(sourceOf);
const broken = folder('test/manifest/faults', /\.yaml$/).map(sourceOf);
const cases = folder('destinations', /\.test\.yaml$/).map(sourceOf);

/** Some value of the declared type. */
function given({ settings }: Destination): Record<string, unknown> {
  const values = { text: 'us21', number: 1, boolean: true, json: { a: [1] } };
  return Object.fromEntries(settings.map(({ name, type, allowed }) => [name, allowed?.[0] ?? values[type]]));
}

const BODY = {
  id: 'x1',
  ok: true,
  error: 'no',
  errors: [{ index: 0, message: 'no' }],
  items: [{ id: 'a', name: 'A' }],
  next: null,
};
const EXCHANGES = [200, 200, 400, 500, 200].map((status) => ({ response: { status, json: BODY } }));
const ROWS = [
  { id: 1, email: 'a@example.com', name: 'A' },
  { id: 'b', email: null, name: ['x'], more: { a: 1 } },
];
const MAPPINGS = {
  identifierMapping: { from: 'email', to: 'email' },
  mappings: [
    { from: 'email', to: 'email' },
    { from: 'name', to: 'name' },
  ],
};

/** Every method is called once. @throws {Fault} where the settings do not fit */
async function played(destination: Destination): Promise<void> {
  const settings = given(destination);
  const call = async (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    const one = { name: method, call: { method, params }, exchanges: EXCHANGES };
    const { answer } = await playCase(destination, { cases: [], settings }, one as never); // the method is one of those that there are
    const { error, result } = answer as { error?: { message: string }; result?: Record<string, unknown> }; // our own dispatcher's
    if (error !== undefined) assertSentence(error.message);
    return result ?? {};
  };
  const firstId = (list: unknown): unknown => (Array.isArray(list) && isMap(list[0]) ? list[0].id : undefined);
  const object = firstId((await call('list_objects')).objects);
  const mode = firstId((await call('list_modes', { object })).modes);
  const configuration = { object, mode, ...MAPPINGS };
  await call('list_fields', { object, mode });
  await call('list_options', { object, mode });
  const { errors } = await call('validate', { configuration });
  for (const error of Array.isArray(errors) ? errors : []) assertSentence(String(error));
  await call('behavior', { configuration, operation: 'add' });
  for (const method of ['add', 'change', 'remove']) {
    const { rejectedRows } = await call(method, { idColumn: 'id', rows: ROWS, configuration, object, mode });
    for (const { reason } of Array.isArray(rejectedRows) ? rejectedRows : []) assertSentence(reason);
  }
}

async function readWhole(text: string): Promise<boolean> {
  const file = readManifest('a', 'a.yaml', text);
  const compiled = isFaults(file) ? file : compileDestination(file);
  if (isFaults(compiled)) {
    assert.notEqual(compiled.length, 0);
    for (const fault of compiled) {
      // It has no place: there is more than is told.
      if (fault.code !== 'manifest.more') assertFault(fault, text);
      // That is what the library's own failures are taken for.
      assert.doesNotMatch(fault.message, /^Nested too deeply/);
    }
    return false;
  }
  const { destination } = compiled;
  const bound = bindDestination(destination, { env: {}, readFile: () => 'read' });
  for (const fault of isFaults(bound) ? bound : []) assertSentence(fault.message);
  try {
    await played(destination);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    assertSentence(error.message);
  }
  return true;
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

/** The names of the words in a schema, each with where it stands. */
function wordsOf({ properties = {}, additionalProperties, items }: Schema, at: string): string[] {
  const inner = typeof additionalProperties === 'object' ? additionalProperties : items;
  const own = Object.entries(properties).flatMap(([name, schema]) => [`${at}.${name}`, ...wordsOf(schema, `${at}.${name}`)]);
  return inner === undefined ? own : [...own, ...wordsOf(inner, `${at}.*`)];
}

/** Those of them that a manifest uses. */
function wordsUsed({ properties = {}, additionalProperties, items }: Schema, tree: unknown, at: string): string[] {
  if (!isMap(tree) && !Array.isArray(tree)) return [];
  const inner = typeof additionalProperties === 'object' ? additionalProperties : items;
  return Object.entries(tree).flatMap(([name, value]) => {
    const word = properties[name];
    if (word !== undefined) return [`${at}.${name}`, ...wordsUsed(word, value, `${at}.${name}`)];
    return inner === undefined ? [] : wordsUsed(inner, value, `${at}.*`);
  });
}

interface Tally {
  refused: number;
  taken: number;
  slowest: readonly [ms: number, seed: number];
}

/** @param read whether the text was taken */
async function all(
  count: number,
  sources: (chance: Chance) => readonly Source[],
  read: (text: string) => Promise<boolean> | boolean,
): Promise<Tally> {
  const tally: Tally = { refused: 0, taken: 0, slowest: [0, 0] };
  for (let seed = SEED; seed < SEED + count; seed++) {
    const chance = seeded(seed);
    const source = (): Source => pick(chance, sources(chance));
    const text = mutated(source(), source(), chance);
    const begin = process.cpuUsage();
    try {
      if (await read(text)) tally.taken++;
      else tally.refused++;
    } catch (error) {
      assert.fail(`SEED=${seed} ${error instanceof Error ? error.stack : String(error)}\n${text.slice(0, 6000)}`);
    }
    const ms = process.cpuUsage(begin).user / 1000;
    if (ms > tally.slowest[0]) tally.slowest = [ms, seed];
    assert.equal(ms < SOON, true, `SEED=${seed} took ${ms.toFixed(0)} ms:\n${text.slice(0, 6000)}`);
  }
  return tally;
}

const told = ({ refused, taken, slowest: [ms, seed] }: Tally): string =>
  `SEED=${SEED}: ${taken} taken, ${refused} refused; slowest ${ms.toFixed(0)} ms of the processor (SEED=${seed})`;

describe('manifests', () => {
  it('hold every word of the language before they are mutated, and are taken', async () => {
    const schema: Schema = JSON.parse(readFileSync('schemas/manifest.schema.json', 'utf8'));
    const used = new Set(whole.flatMap(({ tree }) => wordsUsed(schema, tree, '')));
    assert.deepEqual(
      wordsOf(schema, '').filter((word) => !used.has(word)),
      [],
    );
    for (const { text } of whole) assert.equal(await readWhole(text), true, text);
  });

  it(`are taken or refused: ${COUNT} that are mutated`, async (t) => {
    const tally = await all(COUNT, (chance) => (chance() < 0.8 ? whole : broken), readWhole);
    t.diagnostic(told(tally));
    assert.equal(tally.taken > COUNT / 20 && tally.refused > COUNT / 5, true, 'they are all alike');
  });
});

describe('golden cases', () => {
  const count = Math.ceil(COUNT / 20);
  it(`are taken or refused: ${count} that are mutated`, async (t) => {
    const read = (text: string): boolean => {
      const file = readCases('a.test.yaml', text);
      for (const fault of isFaults(file) ? file : []) assertFault(fault, text);
      return !isFaults(file);
    };
    t.diagnostic(told(await all(count, () => cases, read)));
  });
});
