/** Rowpost as its users start it: a process of its own, with an environment and folders of its own. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

export const ROWPOST = fileURLToPath(new URL('../../bin/rowpost.js', import.meta.url));
export const DESTINATIONS = fileURLToPath(new URL('../../destinations', import.meta.url));

export type Files = Readonly<Record<string, string>>;
export type Env = Readonly<Record<string, string>>;

/** Nothing of the caller's own: neither settings nor wishes about colours. */
function environment(env: Env): Env {
  return { PATH: process.env.PATH ?? '', HOME: tmpdir(), ...env };
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function rowpost(args: readonly string[], { cwd = tmpdir(), env = {} }: { cwd?: string; env?: Env } = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [ROWPOST, ...args],
      { cwd, env: environment({ NO_COLOR: '1', ...env }), timeout: 60_000 },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** A temporary folder with these files; gone when the tests are over. */
export function folder(files: Files): string {
  const path = mkdtempSync(join(tmpdir(), 'rowpost-'));
  after(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

export interface Line extends Record<string, unknown> {
  readonly level: string;
  readonly message: string;
}

export interface Serving {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** All that was written so far. */
  readonly out: { stdout: string; stderr: string };
  lines(): Line[];
  /** When the log tells of every call that was answered here. */
  told(): Promise<void>;
  /** Resolves with the exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  call(id: string, method: string, params?: unknown, headers?: Env): Promise<Answered>;
  post(id: string, body: string, init?: { headers?: Env; signal?: AbortSignal }): Promise<Answered>;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** `serve` on a free port of the loopback address, listening. @param under a command that runs another */
export async function serve(env: Env, args: readonly string[] = [], under: readonly string[] = []): Promise<Serving> {
  const [command = '', ...rest] = [...under, process.execPath, ROWPOST, 'serve', ...args];
  const child = spawn(command, rest, {
    cwd: tmpdir(),
    env: environment({ PORT: '0', HOST: '127.0.0.1', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    out.stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]: (number | string)[]) => code ?? signal ?? '');
  after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });

  const lines = () =>
    out.stdout
      .split('\n')
      .slice(0, -1)
      .map((line): Line => JSON.parse(line));
  const listening = () => lines().find(({ message }) => message === 'listening');
  while (listening() === undefined) {
    if (child.exitCode !== null) throw new Error(`serve ended before it listened:\n${out.stdout}${out.stderr}`);
    await later(10);
  }
  const url = String(listening()?.url);

  let answered = 0;
  async function post(
    id: string,
    body: string,
    { headers = {}, signal }: { headers?: Env; signal?: AbortSignal } = {},
  ): Promise<Answered> {
    const response = await fetch(`${url}/hightouch/${id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      ...(signal && { signal }),
    });
    const text = await response.text();
    answered++;
    return { status: response.status, text };
  }
  const told = () => until(() => lines().filter(({ message }) => message === 'call').length >= answered);
  const call: Serving['call'] = (id, method, params, headers = {}) =>
    post(id, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), { headers });
  return { url, port: Number(new URL(url).port), child, out, lines, told, ended, call, post };
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The number of the connection that it came by, from 1. */
  readonly connection: number;
}

export interface Api {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly ApiRequest[];
}

/** What an API answers; undefined leaves the request without an answer. */
export type ApiAnswer = (request: ApiRequest, count: number) => Promise<ApiReply | undefined> | ApiReply | undefined;
interface ApiReply {
  readonly status: number;
  readonly headers?: Env;
  readonly body?: string;
}

/** An API on this machine. */
export async function api(answer: ApiAnswer): Promise<Api> {
  const requests: ApiRequest[] = [];
  const connections = new Map<unknown, number>();
  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const { method = '', url: path = '', headers, socket } = incoming;
    const connection = connections.get(socket) ?? connections.size + 1;
    connections.set(socket, connection);
    const request = { method, path, headers, body: Buffer.concat(chunks).toString('utf8'), connection };
    requests.push(request);
    const reply = await answer(request, requests.length);
    if (reply === undefined) return;
    outgoing.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    outgoing.end(reply.body ?? '{}');
  };
  // A caller that hung up needs no answer.
  const server = createServer((incoming, outgoing) => void respond(incoming, outgoing).catch(() => outgoing.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo; // a TCP server's address is an object
  return { url: `http://127.0.0.1:${port}`, port, requests };
}

export function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until something holds; a test that waits in vain fails by the runner's own limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await later(5);
}
