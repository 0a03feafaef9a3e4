// Seeded random numbers: a whole run follows from one seed.
import type { Random } from "../../actors/runtime/ports.ts";

export class Prng implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    // Neighbouring seeds differ in few bits, and so would their first numbers.
    for (let i = 0; i < 8; i += 1) this.#next();
  }

  /** 0 ≤ x < 1. */
  unit(): number {
    return this.#next() / 2 ** 32;
  }
  /** 0 ≤ x < n, whole. */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }
  between(from: number, to: number): number {
    return from + this.unit() * (to - from);
  }
  chance(probability: number): boolean {
    return this.unit() < probability;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
  hex(bits: number): string {
    let text = "";
    while (text.length < bits / 4) text += this.#next().toString(16).padStart(8, "0");
    return text.slice(0, bits / 4);
  }
  /** A separate stream, so that more draws in one part do not change the others. */
  fork(): Prng {
    return new Prng(this.#next());
  }

  /** SplitMix32. */
  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  }
}
