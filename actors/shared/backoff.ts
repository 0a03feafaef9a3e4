/** The pauses between the tries of one piece of work: each is twice the one before, up to `maxMs`. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #unit: (() => number) | undefined;
  #nextMs: number;

  /**
   * `unit` gives a random number in [0, 1): then each pause lies between half of its value and the whole, so that clients
   * which lost the same server do not come back together.
   */
  constructor({ minMs, maxMs, unit }: { minMs: number; maxMs: number; unit?: () => number }) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#unit = unit;
    this.#nextMs = minMs;
  }

  /** The next pause, in ms. */
  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, this.#maxMs);
    return this.#unit ? pauseMs * (0.5 + this.#unit() / 2) : pauseMs;
  }

  /** A try succeeded: the next pause is the shortest again. */
  reset(): void {
    this.#nextMs = this.#minMs;
  }
}
