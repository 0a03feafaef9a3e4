// One clock per shard. A stamp has 53 bits, so it is a safe integer: ms since 2025 (41) · shard (8) · counter (4).
// Stamps of a shard rise strictly, whatever the wall clock does, and a new owner goes on above the last commit's stamp.

export const stampEpochMs = Date.UTC(2025, 0, 1);
const counterSize = 16;
const shardSize = 256;
const msUnit = counterSize * shardSize;

export class ShardClock {
  #ms = 0;
  #counter = 0;
  readonly #shard: number;

  constructor(shard: number) {
    this.#shard = shard;
  }

  /** A new stamp, above all before it. After 16 stamps in one ms the counter goes over into the next ms. */
  next(nowMs: number): number {
    const ms = nowMs - stampEpochMs;
    if (ms > this.#ms) {
      this.#ms = ms;
      this.#counter = 0;
    } else if (this.#counter === counterSize - 1) {
      this.#ms += 1;
      this.#counter = 0;
    } else this.#counter += 1;
    return this.last();
  }

  last(): number {
    return this.#ms * msUnit + this.#shard * counterSize + this.#counter;
  }

  /** Later stamps are above this one: it stands in the log already. */
  raiseTo(stamp: number): void {
    if (stamp <= this.last()) return;
    this.#ms = Math.floor(stamp / msUnit);
    this.#counter = stamp % counterSize;
  }
}

export function msOfStamp(stamp: number): number {
  return Math.floor(stamp / msUnit) + stampEpochMs;
}

export function shardOfStamp(stamp: number): number {
  return Math.floor(stamp / counterSize) % shardSize;
}
