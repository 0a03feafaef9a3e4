// Shards that this host should own and has not got for so long that an operator should know: their actors do not answer.
import type { Clock } from "../ports.ts";

const reportAfterMs = 15_000;

export class Unowned {
  #clock: Clock;
  #report: (message: string) => void;
  /** By shard: since when, or when it was reported last; and what the last try to take it came to. */
  #since = new Map<number, { atMs: number; last: string }>();

  constructor(clock: Clock, report: (message: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** No host owns the shard, as far as this one knows. Called again and again. */
  note(shard: number): void {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#since.get(shard);
    if (!known) {
      this.#since.set(shard, { atMs: nowMs, last: "it was not looked at" });
    } else if (nowMs - known.atMs >= reportAfterMs) {
      known.atMs = nowMs;
      this.#report(`shard ${shard} has had no owner for ${reportAfterMs / 1_000} s: ${known.last}`);
    }
  }

  looked(shard: number, outcome: string): void {
    const known = this.#since.get(shard);
    if (known) known.last = outcome;
  }

  forget(shard: number): void {
    this.#since.delete(shard);
  }
}
