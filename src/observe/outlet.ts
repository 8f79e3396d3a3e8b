/** Where lines leave: those of one moment are written together, since a write costs more than all else that a line takes. */

/** Milliseconds between two writes that nobody hurries. */
const PAUSE = 100;
/** Characters that may wait: a process that is killed takes what waits with it. */
const MOST = 16 * 1024;

export class Outlet {
  readonly #write: (text: string) => void;
  #waiting = '';
  /** Whether it is settled when what waits is written. */
  #due = false;
  #ended = false;

  /** @param write takes whole lines, in order */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** The first line after a pause leaves within this turn of the event loop, with what is added meanwhile; later ones wait for the next pause. */
  add(line: string): void {
    this.#waiting += line;
    if (this.#ended || this.#waiting.length >= MOST) this.flush();
    else if (!this.#due) {
      this.#due = true;
      setImmediate(this.#turn);
    }
  }

  /** Now. */
  flush(): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') this.#write(text);
  }

  /** What is added from now on does not wait. */
  end(): void {
    this.#ended = true;
    this.flush();
  }

  readonly #turn = (): void => {
    this.#due = this.#waiting !== '';
    // Whoever ends the process sees to what waits.
    if (this.#due) setTimeout(this.#turn, PAUSE).unref();
    this.flush();
  };
}
