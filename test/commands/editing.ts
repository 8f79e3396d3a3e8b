/** A folder of destinations that is edited in every way people and machines edit one, and what should be served of it. */

import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { later } from './running.ts';

/** Ids that come and go. */
export const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Mounted as Kubernetes mounts a ConfigMap: links through `..data`, which is a link too. */
export const MOUNTED = ['k', 'l'];
/** Never changed. */
export const STEADY = 'steady';
export const STEADY_VERSION = 7777;

export function manifest(version: number): string {
  return `version: 1
name: Edited
connection: { url: https://api.example.com, concurrency: 2, headers: { X-Version: "${version}" } }
lookups:
  kept: { get: /kept, cache: 10m }
fields:
  - { id: email, label: Email, identifier: true }
  - { id: version, label: "${version}" }
sync: { add: save }
requests:
  save:
    put: "/rows/{{ record.email }}"
    json: { version: ${version}, call: "{{ row.call }}", kept: "{{ lookups.kept }}" }
`;
}

/** With a fault that is known by its version. */
export function broken(version: number): string {
  return manifest(version).replace('put:', `pst${version}:`);
}

/** Where the fault of a broken manifest stands. */
export const FAULT_AT = '12:5';

/** What should be seen of a destination. */
export interface Expected {
  /** The version that answers. */
  readonly version: number;
  /** The version of the file, where it has a fault. */
  readonly faulty?: number | undefined;
}

export type Kind = 'good' | 'broken' | 'slow' | 'renamed' | 'removed' | 'added' | 'beside' | 'ignored' | 'mounted' | 'anew';
export const KINDS: readonly Kind[] = [
  ...(['good', 'good', 'good', 'slow', 'slow', 'broken', 'broken'] as const),
  ...(['renamed', 'removed', 'added', 'added', 'beside', 'ignored', 'mounted', 'anew'] as const),
];

export class EditedFolder {
  readonly path: string;
  readonly #aside: string;
  readonly #chance: () => number;
  readonly expected = new Map<string, Expected>();
  /** Ids with a .yml beside their .yaml. */
  readonly doubled = new Set<string>();
  /** How often an id came or went: a call over such a time may be refused. */
  readonly moves = new Map<string, number>();
  /** The versions that were served when all was as expected. */
  readonly settled = new Map<string, number>();
  readonly #texts = new Map<string, string>();
  #version = 0;
  #mounts = 0;

  /** @param root a folder for the destinations and for what is moved there */
  constructor(root: string, chance: () => number) {
    this.path = join(root, 'destinations');
    this.#aside = join(root, 'aside');
    this.#chance = chance;
    mkdirSync(this.path);
    for (const id of IDS.slice(0, 4)) this.#good(id);
    this.#write(STEADY, manifest(STEADY_VERSION), { version: STEADY_VERSION });
    this.#mount();
    this.#link();
  }

  file(id: string): string {
    return join(this.path, `${id}.yaml`);
  }

  /** Makes an edit of this kind, or a good one where there is nothing for it; gives the ids that it was about. */
  async edit(kind: Kind): Promise<readonly string[]> {
    const id = this.#pick(IDS.filter((one) => this.expected.has(one))) ?? 'a';
    const free = this.#pick(IDS.filter((one) => !this.expected.has(one)));
    switch (kind) {
      case 'broken': {
        // What was written since was perhaps never seen, and is no last good version.
        const version = this.expected.has(id) ? this.settled.get(id) : undefined;
        if (version === undefined) return this.#good(id);
        return this.#write(id, broken(++this.#version), { version, faulty: this.#version });
      }
      case 'slow':
        return this.#slow(id);
      case 'renamed':
        return free === undefined ? this.#good(id) : this.#rename(id, free);
      case 'removed':
        return this.#remove(id);
      case 'beside':
        this.doubled.add(id);
        writeFileSync(join(this.path, `${id}.yml`), manifest(9999));
        return [id];
      case 'ignored':
        for (const name of [`.${id}.yaml`, `${id}.yaml~`, `${id}.txt`, `.${id}.yaml.swp`, `${id}.test.yaml`, `${id}.json`])
          writeFileSync(join(this.path, name), this.#chance() < 0.5 ? manifest(8888) : ': {');
        return [id];
      case 'mounted':
        return this.#mount();
      case 'anew':
        return this.#makeAnew();
      case 'added':
        return this.#good(free ?? id);
      case 'good':
        return this.#good(id);
    }
  }

  /** All is served as expected. */
  settle(): void {
    this.settled.clear();
    for (const [id, { version }] of this.expected) this.settled.set(id, version);
  }

  undouble(): void {
    for (const id of this.doubled) unlinkSync(join(this.path, `${id}.yml`));
    this.doubled.clear();
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#chance() * list.length)];
  }

  #good(id: string): string[] {
    if (!this.expected.has(id)) this.#move(id);
    return this.#write(id, manifest(++this.#version), { version: this.#version });
  }

  /** In place, or written elsewhere and moved, as many editors do. */
  #write(id: string, text: string, expected: Expected): string[] {
    this.#texts.set(id, text);
    this.expected.set(id, expected);
    if (this.#chance() < 0.5) writeFileSync(this.file(id), text);
    else {
      writeFileSync(this.#aside, text);
      renameSync(this.#aside, this.file(id));
    }
    return [id];
  }

  async #slow(id: string): Promise<string[]> {
    if (!this.expected.has(id)) this.#move(id);
    const text = manifest(++this.#version);
    this.#texts.set(id, text);
    this.expected.set(id, { version: this.#version });
    const half = Math.floor(this.#chance() * text.length);
    writeFileSync(this.file(id), text.slice(0, half));
    await later(50);
    appendFileSync(this.file(id), text.slice(half));
    return [id];
  }

  #rename(id: string, to: string): string[] {
    const expected = this.expected.get(id);
    // Under another name a broken one has no last good version.
    if (expected === undefined || expected.faulty !== undefined) return this.#good(id);
    this.#move(to);
    this.expected.set(to, expected);
    this.#texts.set(to, this.#texts.get(id) ?? '');
    renameSync(this.file(id), this.file(to));
    this.#forget(id);
    return [id, to];
  }

  #remove(id: string): string[] {
    if (!this.expected.has(id)) return this.#good(id);
    unlinkSync(this.file(id));
    this.#forget(id);
    return [id];
  }

  #forget(id: string): void {
    this.#move(id);
    this.expected.delete(id);
    this.#texts.delete(id);
  }

  #move(id: string): void {
    this.moves.set(id, (this.moves.get(id) ?? 0) + 1);
  }

  /** A new folder with all that is mounted, `..data` swapped over to it at once, and the old one removed: as the kubelet does. */
  #mount(): string[] {
    const stamp = (count: number) => `..2024_01_01_00_00_00.${count}`;
    mkdirSync(join(this.path, stamp(++this.#mounts)));
    for (const id of MOUNTED) {
      this.expected.set(id, { version: ++this.#version });
      writeFileSync(join(this.path, stamp(this.#mounts), `${id}.yaml`), manifest(this.#version));
    }
    symlinkSync(stamp(this.#mounts), join(this.path, '..data_tmp'));
    renameSync(join(this.path, '..data_tmp'), join(this.path, '..data'));
    rmSync(join(this.path, stamp(this.#mounts - 1)), { recursive: true, force: true });
    return MOUNTED;
  }

  #link(): void {
    for (const id of MOUNTED) symlinkSync(join('..data', `${id}.yaml`), this.file(id));
  }

  #makeAnew(): string[] {
    rmSync(this.path, { recursive: true });
    this.doubled.clear();
    mkdirSync(this.path);
    this.#mount();
    this.#link();
    for (const [id, text] of this.#texts) writeFileSync(this.file(id), text);
    return [...this.expected.keys()];
  }
}
