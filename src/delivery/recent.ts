/** How often something happened lately. */

/** Parts of the time that is looked back on; what is older goes part by part. */
const PARTS = 10;

export class Recent {
  readonly #part: number;
  readonly #counts = new Array<number>(PARTS).fill(0);
  /** The part that is counted in, from the beginning of the clock. */
  #current = 0;
  #total = 0;

  /** @param span milliseconds that are looked back on */
  constructor(span: number) {
    this.#part = span / PARTS;
  }

  /** @param now milliseconds of a clock that only grows */
  add(now: number): void {
    this.#forget(now);
    const at = this.#current % PARTS;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total++;
  }

  count(now: number): number {
    this.#forget(now);
    return this.#total;
  }

  /** The most of one part. */
  peak(now: number): number {
    this.#forget(now);
    return Math.max(...this.#counts);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  #forget(now: number): void {
    const part = Math.floor(now / this.#part);
    for (let gone = Math.min(PARTS, part - this.#current); gone > 0; gone--) {
      const at = (part - gone + 1) % PARTS;
      this.#total -= this.#counts[at] ?? 0;
      this.#counts[at] = 0;
    }
    this.#current = Math.max(this.#current, part);
  }
}
