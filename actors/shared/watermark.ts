/**
 * Which of the numbers 1, 2, 3 … have been seen: all up to `upTo`, and some ahead of a hole. At most `maxAhead` numbers ahead
 * of a hole are remembered; further ones are not, and count as not seen.
 */
export class Watermark {
  readonly #maxAhead: number;
  #upTo: number;
  /** Most watermarks have no hole: then there is no set. */
  #ahead: Set<number> | undefined;

  constructor(upTo = 0, maxAhead: number = Number.POSITIVE_INFINITY) {
    this.#upTo = upTo;
    this.#maxAhead = maxAhead;
  }

  /** Every number up to this one has been seen. */
  get upTo(): number {
    return this.#upTo;
  }

  /** A number above `upTo + 1` has been seen, and `upTo + 1` has not. */
  get hasHole(): boolean {
    return this.#ahead !== undefined;
  }

  has(n: number): boolean {
    return n <= this.#upTo || (this.#ahead?.has(n) ?? false);
  }

  /** Marks one number as seen. False: the number had been seen before. */
  add(n: number): boolean {
    if (this.has(n)) return false;
    if (n === this.#upTo + 1) {
      this.#upTo = n;
      this.#close();
    } else {
      this.#ahead ??= new Set();
      if (this.#ahead.size < this.#maxAhead) this.#ahead.add(n);
    }
    return true;
  }

  /** Marks every number up to `n` as seen. */
  raise(n: number): void {
    if (n <= this.#upTo) return;
    this.#upTo = n;
    for (const ahead of this.#ahead ?? []) if (ahead <= n) this.#ahead?.delete(ahead);
    this.#close();
  }

  #close(): void {
    while (this.#ahead?.delete(this.#upTo + 1)) this.#upTo += 1;
    if (this.#ahead?.size === 0) this.#ahead = undefined;
  }
}
