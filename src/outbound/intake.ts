/** What a connection brings, before undici's parser sees it: counted, without interim answers, and held back while what came before is taken. */

import type { Socket } from 'node:net';

/** Who awaits an answer. */
export interface Awaiting {
  /** More has come than its answer may take, or another protocol. */
  flooded(): void;
  /** All that has come so far was parsed. */
  lull(): void;
}

/** How an answer begins that is not the final one: RFC 9110 section 15.2. */
const INTERIM = Buffer.from('HTTP/1.1 1');
/** Where the version's last digit stands, which may be another. */
const MINOR = 7;
/** Bytes that tell 101, which changes the protocol, from the others. */
const STATUS = 12;
const END = '\r\n\r\n';
const NOTHING = Buffer.alloc(0);

/** Reads from the socket in undici's place: `read` is what its parser takes everything from. */
export class Intake {
  readonly #socket: Socket;
  readonly #read: () => Buffer | null;
  #awaiting: Awaiting | undefined;
  /** Bytes that may still come. */
  #left = 0;
  /** Whether the beginning of an answer comes next. */
  #fresh = true;
  /** Whether the rest of an interim answer comes next. */
  #skipping = false;
  /** The last that has come, where it takes more to tell what it is. */
  #part: Buffer | undefined;
  #held = false;

  constructor(socket: Socket) {
    const read = socket.read.bind(socket);
    this.#socket = socket;
    this.#read = read;
    // `read(0)` is Node's own way to have more fetched; it gives nothing.
    socket.read = (size) => (size === 0 ? read(0) : this.#next());
  }

  /** A request leaves: so many bytes may come. */
  begin(awaiting: Awaiting, bytes: number): void {
    this.#awaiting = awaiting;
    this.#left = bytes;
    this.#fresh = true;
  }

  /** So many more may come. */
  more(bytes: number): void {
    this.#left += bytes;
  }

  /** Nothing is awaited. */
  end(): void {
    this.#awaiting = undefined;
    this.go();
  }

  /** No more is given until it is let go. undici's own way to pause fails an assertion where the connection breaks meanwhile. */
  hold(): void {
    this.#held = true;
  }

  go(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#socket.emit('readable');
  }

  #next(): Buffer | null {
    while (!this.#held) {
      const piece = this.#read();
      if (piece === null) {
        this.#awaiting?.lull();
        return null;
      }
      // What nobody asked for would be read for ever, or taken for the answer to the next request.
      if (this.#awaiting === undefined) {
        this.#socket.destroy();
        return null;
      }
      this.#left -= piece.length;
      const rest = this.#left < 0 ? undefined : this.#fresh ? this.#final(piece) : piece;
      if (rest === undefined) {
        this.#awaiting.flooded();
        return null;
      }
      if (rest.length > 0) return rest;
    }
    return null;
  }

  /**
   * What is left once interim answers are taken out, which undici breaks the connection for (100 Continue) though clients are to bear them;
   * undefined where the protocol is changed.
   */
  #final(piece: Buffer): Buffer | undefined {
    let bytes = this.#part === undefined ? piece : Buffer.concat([this.#part, piece]);
    this.#part = undefined;
    while (bytes.length > 0) {
      if (!this.#skipping && !beginsInterim(bytes)) {
        this.#fresh = false;
        return bytes;
      }
      if (!this.#skipping && bytes.length < STATUS) {
        this.#part = bytes;
        return NOTHING;
      }
      if (!this.#skipping && bytes.toString('latin1', INTERIM.length, STATUS) === '01') return undefined;
      const end = bytes.indexOf(END);
      this.#skipping = end < 0;
      if (this.#skipping) this.#part = bytes.subarray(-(END.length - 1));
      bytes = this.#skipping ? NOTHING : bytes.subarray(end + END.length);
    }
    return NOTHING;
  }
}

/** Whether it is the beginning of an interim answer, or may become one. */
function beginsInterim(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, INTERIM.length);
  for (let at = 0; at < length; at++) if (at !== MINOR && bytes[at] !== INTERIM[at]) return false;
  return true;
}
