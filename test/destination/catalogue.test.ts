/** A folder of manifests: a broken one stops no other, and nothing else in the folder is taken for one. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { idOf, type Loaded, load, loadCatalogue, loadInPieces, manifestFiles } from '../../src/destination/catalogue.ts';
import type { Supply } from '../../src/destination/settings.ts';
import { Fault } from '../../src/fault.ts';
import { manifest, messages, supply } from './making.ts';

const root = mkdtempSync(join(tmpdir(), 'catalogue-'));
after(() => rmSync(root, { recursive: true }));

let folders = 0;
function folder(files: Record<string, string>): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

function state({ destination, bound, faults, missing }: Loaded): string {
  if (faults.length > 0) return `broken: ${messages(faults).join(' | ')}`;
  return bound !== undefined ? 'ready' : destination !== undefined ? `unbound: ${messages(missing).join(' | ')}` : 'nothing';
}

const states = (path: string, env: Record<string, string> = {}) =>
  Object.fromEntries([...loadCatalogue(path, supply(env))].map(([id, loaded]) => [id, state(loaded)]));

describe('a catalogue', () => {
  it('holds good files beside broken ones and ones whose settings are missing', () => {
    const path = folder({
      'good.yaml': manifest(''),
      'also-good.yml': manifest('settings: { key: {} }'),
      'broken.yaml': manifest('modez: []'),
      'not-yaml.yaml': 'a: b: c',
      'empty.yaml': '',
      'unset.yaml': manifest('settings: { key: {} }'),
    });
    const found = states(path, { ALSO_GOOD_KEY: 'x' });
    assert.equal(found.good, 'ready');
    assert.equal(found['also-good'], 'ready');
    assert.match(found.broken ?? '', /^broken: manifest\.unknown: "modez"/);
    assert.match(found['not-yaml'] ?? '', /^broken: yaml\.syntax/);
    assert.match(found.empty ?? '', /^broken: manifest\.empty/);
    assert.match(found.unset ?? '', /^unbound: settings\.missing: .*UNSET_KEY/);
    assert.equal(Object.keys(found).length, 6);
  });

  it('is in the order of names', () => {
    assert.deepEqual(Object.keys(states(folder({ 'b.yaml': '', 'a.yaml': '', 'c.yml': '' }))), ['a', 'b', 'c']);
  });

  it('passes over golden cases, hidden files and what is not YAML', () => {
    const path = folder({
      'a.yaml': '',
      'a.test.yaml': '',
      'a.test.yml': '',
      '.hidden.yaml': '',
      '.yaml': '',
      'a.json': '',
      'README.md': '',
      'a.yaml~': '',
    });
    assert.deepEqual(Object.keys(states(path)), ['a']);
  });

  it('refuses the second of two files whose settings would share variables', () => {
    const found = states(folder({ 'a-b.yaml': manifest(''), 'a_b.yaml': manifest(''), 'c.yaml': manifest('') }));
    assert.equal(found['a-b'], 'ready');
    assert.match(
      found.a_b ?? '',
      /^broken: manifest\.clash: .*a-b\.yaml has the same name for the environment \(A_B_…\)\. Rename one/,
    );
    assert.equal(found.c, 'ready');
  });

  it('refuses the second of two files of one id, and keeps the first', () => {
    const path = folder({ 'a.yaml': manifest(''), 'a.yml': manifest('') });
    const found = states(path);
    assert.equal(found.a, 'ready');
    assert.equal(Object.keys(found).length, 2);
    assert.match(Object.values(found)[1] ?? '', /^broken: manifest\.clash/);
  });

  it('refuses a file whose name can be no id', () => {
    for (const name of [
      'Capitals.yaml',
      'with space.yaml',
      'dot.ted.yaml',
      '-dash.yaml',
      'ü.yaml',
      'a%2fb.yaml',
      '__proto__.yaml',
      'constructor_.yaml',
    ]) {
      assert.match(Object.values(states(folder({ [name]: manifest('') })))[0] ?? '', /^broken: manifest\.id/, name);
    }
    assert.deepEqual(states(folder({ 'constructor.yaml': manifest('') })), { constructor: 'ready' });
  });

  it('says that a file cannot be read', () => {
    const path = folder({});
    mkdirSync(join(path, 'folder.yaml'));
    assert.match(states(path).folder ?? '', /^broken: manifest\.file: .*folder\.yaml cannot be read/);
    assert.match(state(load('none', join(path, 'none.yaml'), supply())), /^broken: manifest\.file/);
  });

  it('throws a fault where there is no folder', () => {
    const missing = join(root, 'nowhere');
    for (const call of [() => loadCatalogue(missing, supply()), () => manifestFiles(missing)]) {
      assert.throws(call, (error) => error instanceof Fault && error.code === 'usage.folder' && error.message.includes(missing));
    }
  });

  it('names where outputs opt out of escaping', () => {
    const text = manifest('').replace('post: /contacts', 'post: "/contacts/{{ id | raw }}"');
    const path = folder({ 'a.yaml': text });
    assert.deepEqual(loadCatalogue(path, supply()).get('a')?.raws, [['requests', 'send', 'post']]);
  });
});

/** All pieces, and what happens between two of them. */
function inPieces<T>(pieces: Generator<void, T, void>, between: () => void = () => undefined): { value: T } {
  for (;;) {
    const piece = pieces.next();
    if (piece.done) return piece;
    between();
  }
}

describe('a catalogue that is loaded again', () => {
  const SECRET = 'settings: { key: { secret: true } }';

  /** What became of each: whether it is what it was before, or how it is now. */
  function again(path: string, from: Supply, before: ReadonlyMap<string, Loaded>, changed: readonly string[]) {
    const files = changed.map((name) => (name.startsWith('/') ? name : join(path, name)));
    const { value: all } = inPieces(loadInPieces(path, from, { catalogue: before, changed: new Set(files) }));
    return Object.fromEntries(
      Array.from(all.values(), (loaded) => [loaded.id, loaded === before.get(loaded.id) ? 'same' : state(loaded)]),
    );
  }

  it('reads what changed, what is new, and nothing else', () => {
    const path = folder({ 'a.yaml': manifest(''), 'b.yaml': manifest(''), 'c.yaml': manifest(''), 'gone.yaml': manifest('') });
    const before = loadCatalogue(path, supply());
    for (const id of ['a', 'b', 'new']) writeFileSync(join(path, `${id}.yaml`), manifest('modez: []'));
    rmSync(join(path, 'gone.yaml'));
    const found = again(path, supply(), before, ['b.yaml', 'c.yaml']);
    assert.match(found.b ?? '', /^broken/);
    assert.match(found.new ?? '', /^broken/);
    assert.deepEqual({ ...found, b: '', new: '' }, { a: 'same', b: '', c: 'same', new: '' });
  });

  it('binds again whose files of settings changed', () => {
    const path = folder({ 'a.yaml': manifest(SECRET), 'b.yaml': manifest(SECRET) });
    const env = { A_KEY_FILE: '/secrets/a', B_KEY_FILE: '/secrets/b' };
    const before = loadCatalogue(path, supply(env, { '/secrets/a': 'one', '/secrets/b': 'one' }));
    const fresh = supply(env, { '/secrets/a': 'two', '/secrets/b': 'two' });
    assert.deepEqual(again(path, fresh, before, []), { a: 'same', b: 'same' });
    assert.deepEqual(again(path, fresh, before, ['/secrets/b']), { a: 'same', b: 'ready' });
  });

  it('tries again what had problems', () => {
    const path = folder({ 'broken.yaml': manifest('modez: []'), 'unset.yaml': manifest(SECRET), 'still.yaml': manifest(SECRET) });
    const before = loadCatalogue(path, supply());
    writeFileSync(join(path, 'broken.yaml'), manifest(''));
    const found = again(path, supply({ UNSET_KEY: 'x' }), before, []);
    assert.deepEqual(found, { broken: 'ready', still: 'same', unset: 'ready' });
  });

  it('comes one after another: a later file is read when it is its turn', () => {
    const path = folder({ 'a.yaml': manifest(''), 'b.yaml': manifest('') });
    const all = loadInPieces(path, supply());
    let piece = 0;
    const { value } = inPieces(all, () => {
      if (++piece === 2) for (const id of ['a', 'b']) writeFileSync(join(path, `${id}.yaml`), 'a: b: c');
    });
    assert.match(Array.from(value.values(), state).join(), /^ready,broken: yaml\.syntax/);
    assert.equal(piece, 4, 'before each file, before one that was read is compiled, and at the end');
  });

  it('names anew what clashed, once the other file is gone, and only then', () => {
    const path = folder({ 'a-b.yaml': manifest(''), 'a_b.yaml': manifest(''), 'c.yaml': manifest('') });
    const before = loadCatalogue(path, supply());
    writeFileSync(join(path, 'a_b.yaml'), manifest('modez: []'));
    assert.deepEqual(again(path, supply(), before, ['a_b.yaml']), { 'a-b': 'same', a_b: 'same', c: 'same' });
    writeFileSync(join(path, 'new.yaml'), manifest(''));
    assert.deepEqual(again(path, supply(), before, []), { 'a-b': 'same', a_b: 'same', c: 'same', new: 'ready' });
    rmSync(join(path, 'a-b.yaml'));
    const found = again(path, supply(), before, []);
    assert.match(found.a_b ?? '', /^broken: manifest\.unknown: "modez"/);
    assert.deepEqual({ ...found, a_b: '' }, { a_b: '', c: 'same', new: 'ready' });
  });
});

describe('the id of a file', () => {
  const table: [file: string, id: string][] = [
    ['destinations/my-crm.yaml', 'my-crm'],
    ['my-crm.yml', 'my-crm'],
    ['C:\\folder\\my-crm.yaml', 'my-crm'],
  ];
  for (const [file, id] of table) it(file, () => assert.equal(idOf(file), id));
});
