/** Bytes as they come, held in little more memory than they are long. */

import { TextDecoder } from 'node:util';

/**
 * Bytes. A piece below it is copied into a block, since a server may send a byte at a time, and the least piece weighs
 * some hundred bytes; one above it is kept as it is. zlib's own size, so that what it gives is not copied.
 */
const BLOCK = 16_384;

export class Pieces {
  readonly #pieces: Buffer[] = [];
  #block: Buffer | undefined;
  #used = 0;

  add(piece: Buffer): void {
    // Most answers come in one.
    if (piece.length >= BLOCK || (this.#pieces.length === 0 && this.#block === undefined)) {
      this.#seal();
      // A piece keeps all of the memory that it was received in.
      this.#pieces.push(piece.length * 2 < piece.buffer.byteLength ? Buffer.from(piece) : piece);
      return;
    }
    if (this.#used + piece.length > BLOCK) this.#seal();
    this.#block ??= Buffer.allocUnsafe(BLOCK);
    this.#used += piece.copy(this.#block, this.#used);
  }

  /** Everything as text; nothing is held afterwards. */
  text(contentType: string): string {
    this.#seal();
    return decoder(contentType).decode(this.#whole());
  }

  /** The pieces are let go at once, since they take as much again. */
  #whole(): Buffer {
    const pieces = this.#pieces.splice(0);
    const [first] = pieces;
    return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
  }

  drop(): void {
    this.#pieces.length = 0;
    this.#block = undefined;
  }

  #seal(): void {
    if (this.#block === undefined) return;
    this.#pieces.push(this.#used < BLOCK ? Buffer.from(this.#block.subarray(0, this.#used)) : this.#block);
    this.#block = undefined;
    this.#used = 0;
  }
}

const utf8 = new TextDecoder();

function decoder(contentType: string): TextDecoder {
  const label = /;\s*charset\s*=\s*"?([^\s";,]+)/i.exec(contentType)?.[1];
  if (label === undefined || /^utf-?8$/i.test(label)) return utf8;
  try {
    return new TextDecoder(label);
  } catch {
    // UTF-8 is what is nearly always meant by a label that no standard knows.
    return utf8;
  }
}
