/** A process of the benchmark, and the questions it is asked. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pinned } from './machine.ts';

/** Milliseconds after which a process that was asked to end is ended. */
const PATIENCE = 5000;

export interface Start {
  readonly core?: number | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of Node itself. */
  readonly node?: readonly string[];
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Told every line of its standard output. */
  line?(text: string): void;
}

export class Child {
  readonly process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #name: string;
  #asked = 0;
  #stderr = '';

  /** @param file what Node runs, from here */
  constructor(file: string, { core, env = {}, node = [], args = [], cwd, line }: Start = {}) {
    this.#name = file;
    const script = fileURLToPath(new URL(file, import.meta.url));
    const [command, all] = pinned(core, process.execPath, [...node, script, ...args]);
    this.process = spawn(command, all, {
      // Nothing of the caller's own: neither settings nor what tools add to NODE_OPTIONS.
      env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      ...(cwd !== undefined && { cwd }),
    });
    let unfinished = '';
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop() ?? '';
      if (line !== undefined) for (const one of lines) line(one);
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    this.process.on('message', (message: { id?: number; value?: unknown; error?: string }) => {
      if (message.id === undefined) return;
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.value);
      else waiting?.reject(new Error(`${file}: ${message.error}`));
    });
    this.process.once('close', (code, signal) => this.#fail(`ended (${code ?? signal})`));
    this.process.once('error', (error) => this.#fail(String(error)));
  }

  /** What it answers to a question; its type is what the handler of that name gives. */
  ask<T = undefined>(name: string, argument?: unknown): Promise<T> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject }); // as the handler has it
      this.process.send({ id, name, argument }, (error) => error && reject(error));
    });
  }

  /** The first message that is no answer. */
  async told<T>(): Promise<T> {
    for (;;) {
      const message = await Promise.race([
        once(this.process, 'message').then(([first]) => first),
        once(this.process, 'close').then(() => undefined),
      ]);
      if (message === undefined) throw new Error(`${this.#name} ended before it was ready.\n${this.#stderr}`);
      if (message.id === undefined) return message;
    }
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const closed = once(this.process, 'close');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), PATIENCE);
    this.process.kill('SIGTERM');
    await closed;
    clearTimeout(timer);
  }

  #fail(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(`${this.#name} ${why}.\n${this.#stderr}`));
    this.#waiting.clear();
  }
}
