/** Latencies of one run, in ms; quantiles are exact. */
export class Latencies {
  #values: number[] = [];

  add(ms: number): void {
    this.#values.push(ms);
  }
  get count(): number {
    return this.#values.length;
  }
  /** `q` is between 0 and 1. Answers 0 when there are no latencies. */
  quantile(q: number): number {
    if (this.#values.length === 0) return 0;
    this.#values.sort((a, b) => a - b);
    return this.#values[Math.min(this.#values.length - 1, Math.floor(q * this.#values.length))]!;
  }
}
