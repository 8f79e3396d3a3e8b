/** Bytes of JSON, written one value after the other into one piece of memory that is used again. */

import { stringifyJson } from '../numbers.ts';
import type { JsonRows } from './rows.ts';
import { BACKSLASH, COMMA, QUOTE, stands } from './scan.ts';

/** Bytes to begin with: more than the usual batch takes. */
const USUAL = 64 * 1024;
/** What grew beyond this is not kept. */
const KEPT = 1024 * 1024;
/** From so many bytes on a call of Node's to copy them takes less than a loop. */
const LONG = 128;
/** Characters of a text that are written one by one, if they are plain. */
const SHORT = 64;
const SPACE = 32;
const DELETE = 127;

/** JSON that is written already, and stands for a value. */
export class WrittenJson {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export class JsonWriter {
  #bytes = Buffer.allocUnsafeSlow(USUAL);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written. It stays right until more is written. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What was written, to be kept. */
  copied(): Buffer {
    const copy = Buffer.allocUnsafe(this.#length);
    copy.set(this.written);
    return copy;
  }

  /** Takes back what was written behind this length. */
  backTo(length: number): void {
    this.#length = length;
  }

  byte(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = byte;
  }

  /** Closes a list or a map behind whose elements commas stand. */
  close(byte: number): void {
    if (this.#bytes[this.#length - 1] === COMMA) this.#bytes[this.#length - 1] = byte;
    else this.byte(byte);
  }

  copy(from: Uint8Array, start = 0, end = from.length): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) this.#grow(end - start);
    const bytes = this.#bytes;
    if (end - start < LONG)
      for (let at = this.#length, next = start; next < end; at++, next++) bytes[at] = from[next] as number; // it is within
    else bytes.set(from.subarray(start, end), this.#length);
    this.#length = length;
  }

  /** Whether nothing but these bytes was written behind this length. */
  isBehind(length: number, bytes: Uint8Array): boolean {
    return this.#length - length === bytes.length && stands(this.#bytes, length, bytes);
  }

  /** A key with its colon, a value from bytes, and a comma. */
  member(key: Uint8Array, from: Uint8Array, start: number, end: number): void {
    const { length } = key;
    if (end - start >= LONG || this.#length + length + end - start >= this.#bytes.length) {
      this.copy(key);
      this.copy(from, start, end);
      return this.byte(COMMA);
    }
    const bytes = this.#bytes;
    let at = this.#length;
    for (let next = 0; next < length; next++) bytes[at++] = key[next] as number; // it is within, here and below
    for (let next = start; next < end; next++) bytes[at++] = from[next] as number;
    bytes[at++] = COMMA;
    this.#length = at;
  }

  /** The value of a row. */
  place(rows: JsonRows, place: number): void {
    const end = rows.places[place + 1] as number; // its row has it
    if (end < 0) this.value(rows.valueAt(place));
    else this.copy(rows.bytes, rows.places[place], end);
  }

  /** @param value what `stringifyJson` takes, or `WrittenJson` */
  value(value: unknown): void {
    if (typeof value === 'string') this.#string(value);
    else if (value instanceof WrittenJson) this.copy(value.bytes);
    else this.#text(stringifyJson(value));
  }

  #string(text: string): void {
    const begun = this.#length;
    if (text.length > SHORT) return this.#text(stringifyJson(text));
    if (begun + SHORT + 2 > this.#bytes.length) this.#grow(SHORT + 2);
    const bytes = this.#bytes;
    let at = begun;
    bytes[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (!isPlain(code)) return this.#text(stringifyJson(text));
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.#length = at;
  }

  #text(text: string): void {
    const most = text.length < USUAL ? 3 * text.length : Buffer.byteLength(text); // a UTF-16 unit takes three bytes at most
    if (this.#length + most > this.#bytes.length) this.#grow(most);
    this.#length += this.#bytes.write(text, this.#length);
  }

  #grow(by: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + by));
    bytes.set(this.written);
    this.#bytes = bytes;
  }

  /** Makes it ready to be used again. */
  reset(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT) this.#bytes = Buffer.allocUnsafeSlow(USUAL);
  }
}

function isPlain(code: number): boolean {
  return code >= SPACE && code < DELETE && code !== QUOTE && code !== BACKSLASH;
}

const idle: JsonWriter[] = [];

/** Lends a writer to what works at once. */
export function withWriter<T>(work: (out: JsonWriter) => T): T {
  const out = idle.pop() ?? new JsonWriter();
  try {
    return work(out);
  } finally {
    out.reset();
    idle.push(out);
  }
}
